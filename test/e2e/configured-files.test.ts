/**
 * Files, errors and methods of a configuration, as clients meet them: the same facts for veille and, where it is installed, for nginx.
 */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect } from '../raw-client.ts'
import { fieldValue, type Response, readAll } from '../responses.ts'
import { type OneServer, oneServer } from '../two-servers.ts'
import { missing } from './programs.ts'

/** More than 32 bits can count. */
const LARGE_BYTES = 5_000_000_000

/** What a name may look like; a slash and NUL are all that cannot be in one. */
const ODD_NAMES = [
  'plain.txt',
  'two words.txt',
  '100%.txt',
  '%20.txt',
  'a#b?c.txt',
  'a&b<c>"d"\'e\'.txt',
  'a+b=c;d,e.txt',
  'c:d.txt',
  '-rf',
  '~tilde',
  'é ü 茶.txt',
  '$uri{}[]|^`.txt',
]

const TYPES: readonly (readonly [name: string, type: string])[] = [
  ['a.html', 'text/html'],
  ['a.HTML', 'text/html'],
  ['a.css', 'text/css'],
  ['a.js', 'text/javascript'],
  ['a.min.js', 'text/javascript'],
  ['a.svg', 'image/svg+xml'],
  ['a.ico', 'image/x-icon'],
  ['a.woff2', 'font/woff2'],
  ['a.wasm', 'application/wasm'],
  ['a.mp4', 'video/mp4'],
  ['a.tar.gz', 'application/gzip'],
  ['a', 'application/octet-stream'],
  ['a.', 'application/octet-stream'],
  ['a.unknown', 'application/octet-stream'],
]

const OWN_PAGES = [400, 403, 404, 405, 413, 414, 416, 418, 500, 501, 505]

const HTTP = `http {
  types {
    text/html html; text/css css; text/javascript js; image/svg+xml svg; image/x-icon ico; font/woff2 woff2;
    application/wasm wasm; video/mp4 mp4; application/gzip gz; text/plain txt;
  }
  default_type application/octet-stream;
  client_max_body_size 100;
  lingering_timeout 100ms;
  server {
    listen 127.0.0.1:PORT;
    server_name a.example;
    root html;
    ${OWN_PAGES.map(status => `error_page ${status} /own/${status}.html;`).join(' ')}
    location /kapouet { alias other; }
    location /foo { root prefixed; }
    location /names/ { alias names/; autoindex on; }
    location /json/ { alias names/; autoindex on; autoindex_format json; }
    location /loop { rewrite ^ /loop last; }
    location /teapot { return 418; }
    location /forbidden { deny all; }
    location /gone { error_page 410 /nowhere.html; return 410; }
    location /round { error_page 404 /round/and/round; }
    location = /moved { return 301 /a.html; }
    location = /found { return 302 http://elsewhere.example/; }
    location = /see { return 303 /a.html; }
    location = /kept { return 307 /a.html; }
    location = /forever { return 308 /a.html; }
    location = /text { return 200 "text"; }
    location = /nothing { return 204; }
  }
}`

/** @param request one or more, whose last one ends the connection */
async function answersTo(port: number, request: string, methods?: readonly string[]): Promise<Response[]> {
  const client = await connect({ port })
  client.send(request)
  const answers = readAll(await client.atEnd(), methods)
  client.destroy()
  return answers
}

function lines(line: string, fields: readonly string[]): string {
  return [`${line} HTTP/1.1`, 'Host: a.example', ...fields, '', ''].join('\r\n')
}

async function ask(port: number, line: string, ...fields: string[]): Promise<Response> {
  const [answer] = await answersTo(port, lines(line, [...fields, 'Connection: close']), [line.split(' ')[0]!])
  return answer!
}

for (const program of ['veille', 'nginx'] as const) {
  describe(`the files of ${program}`, { skip: program === 'nginx' && missing('nginx') }, () => {
    const prefix = mkdtempSync(join(tmpdir(), 'veille-configured-'))
    let server: OneServer
    const get = (target: string, ...fields: string[]) => ask(server.port, `GET ${target}`, ...fields)
    const write = (name: string, content: string): void => {
      mkdirSync(join(prefix, name, '..'), { recursive: true })
      writeFileSync(join(prefix, name), content)
    }

    before(async () => {
      for (const [name] of TYPES) write(`html/${name}`, `file ${name}`)
      for (const name of ODD_NAMES) write(`names/${name}`, `named ${name}`)
      for (const status of OWN_PAGES) write(`html/own/${status}.html`, `own ${status}`)
      write('html/sub/index.html', 'index')
      write('html/bare/x.txt', 'x')
      write('other/pouic/toto/pouet', 'pouet')
      write('prefixed/foo/a.txt', 'foo')
      write('prefixed/foobar/a.txt', 'foobar')
      write('html/large', '')
      truncateSync(join(prefix, 'html/large'), LARGE_BYTES)
      server = await oneServer(program, prefix, HTTP)
    })
    after(async () => {
      await server.close()
      rmSync(prefix, { recursive: true })
    })

    it('have the types of their names', async () => {
      for (const [name, type] of TYPES) {
        const answer = await get(`/${name}`)
        assert.equal(answer.content.toString(), `file ${name}`)
        assert.equal(fieldValue(answer, 'content-type'), type, name)
      }
    })

    it('lie where root and alias say', async () => {
      const found = async (target: string): Promise<string> => {
        const { status, content } = await get(target)
        return status === 200 ? content.toString() : String(status)
      }
      assert.equal(await found('/kapouet/pouic/toto/pouet'), 'pouet')
      assert.equal(await found('/foo/a.txt'), 'foo')
      // A prefix ends where it ends, not at a slash.
      assert.equal(await found('/foobar/a.txt'), 'foobar')
      assert.equal(await found('/fo/a.txt'), '404')
    })

    it('are told with their true size, however large', async () => {
      const { status, fields } = await ask(server.port, 'HEAD /large')
      assert.equal(status, 200)
      assert.equal(fieldValue({ fields }, 'content-length'), String(LARGE_BYTES))
      const part = await get('/large', `Range: bytes=${LARGE_BYTES - 3}-`)
      assert.equal(part.status, 206)
      assert.equal(
        fieldValue(part, 'content-range'),
        `bytes ${LARGE_BYTES - 3}-${LARGE_BYTES - 1}/${LARGE_BYTES}`,
      )
      assert.deepEqual(part.content, Buffer.alloc(3))
    })

    it('are listed with links that lead to them', async () => {
      const page = (await get('/names/')).content.toString()
      const links = [...page.matchAll(/href="([^"]*)"/g)]
        .map(([, link]) => link!.replaceAll('&amp;', '&').replaceAll('&#39;', "'"))
        .filter(link => !link.startsWith('data:') && link !== '../')
      const base = `http://a.example:${server.port}/names/`
      const contents: string[] = []
      for (const link of links) {
        const { pathname, search, hash } = new URL(link, base)
        assert.equal(search + hash, '', link)
        contents.push((await get(pathname)).content.toString())
      }
      assert.deepEqual(contents.toSorted(), ODD_NAMES.map(name => `named ${name}`).toSorted())
    })

    it('are listed for programs by their names', async () => {
      const list = JSON.parse((await get('/json/')).content.toString()) as { name: string; size: number }[]
      assert.deepEqual(list.map(({ name }) => name).toSorted(), ODD_NAMES.toSorted())
      for (const { name, size } of list) assert.equal(size, Buffer.byteLength(`named ${name}`))
    })

    it('are not there for what has no file, and errors have the pages that are named for them', async () => {
      const errors: [status: number, Response][] = [
        [400, await get('/%zz')],
        [403, await get('/forbidden')],
        [403, await get('/bare/')],
        [404, await get('/none')],
        [404, await get('/a.html/')],
        [405, await ask(server.port, 'POST /a.html')],
        [405, await ask(server.port, 'DELETE /a.html')],
        [413, await ask(server.port, 'POST /text', 'Content-Length: 101')],
        [414, await get(`/${'a'.repeat(9000)}`)],
        [416, await get('/a.html', 'Range: bytes=99-')],
        [418, await get('/teapot')],
        [501, await ask(server.port, 'POST /text', 'Transfer-Encoding: gzip')],
      ]
      for (const [status, answer] of errors) {
        assert.equal(answer.status, status)
        assert.equal(answer.content.toString(), `own ${status}`)
        assert.equal(fieldValue(answer, 'content-type'), 'text/html')
      }
    })

    it('are not looked for without an end when the page of an error is an error', async () => {
      for (const [target, status] of [
        ['/gone', 404],
        ['/round', 404],
        ['/loop', 500],
      ] as const) {
        const answer = await get(target)
        assert.equal(answer.status, status, target)
        assert.match(answer.content.toString(), new RegExp(`<title>${status} `))
      }
    })

    it('move as return says, for every method', async () => {
      const places = {
        '/moved': [301, '/a.html'],
        '/see': [303, '/a.html'],
        '/kept': [307, '/a.html'],
        '/forever': [308, '/a.html'],
        '/found': [302, 'http://elsewhere.example/'],
      } as const
      for (const [target, [status, location]] of Object.entries(places)) {
        for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
          const answer = await ask(server.port, `${method} ${target}`)
          assert.equal(answer.status, status)
          const whole = location.startsWith('/') ? `http://a.example:${server.port}${location}` : location
          assert.equal(fieldValue(answer, 'location'), whole)
        }
      }
    })

    it('are told by HEAD as GET would tell them', async () => {
      const targets = '/a.html /none /bare/ /sub /sub/ /moved /text /nothing /teapot /forbidden'.split(' ')
      const told = ({ fields }: Response) => fields.filter(([name]) => name !== 'Date')
      for (const target of targets) {
        const [head, whole] = [await ask(server.port, `HEAD ${target}`), await get(target)]
        assert.equal(head.status, whole.status, target)
        assert.deepEqual(told(head), told(whole), target)
        assert.equal(head.content.length, 0)
      }
    })

    it('answer the next request, whatever content the one before had', async () => {
      const next = lines('GET /text', ['Connection: close'])
      const chunked = '3\r\nabc\r\n0\r\n\r\n'
      for (const request of [
        `${lines('GET /a.html', ['Content-Length: 3'])}abc`,
        `${lines('GET /a.html', ['Transfer-Encoding: chunked'])}${chunked}`,
        `${lines('POST /a.html', ['Content-Length: 3'])}abc`,
        `${lines('POST /kept', ['Content-Length: 3'])}abc`,
        `${lines('POST /none', ['Transfer-Encoding: chunked'])}${chunked}`,
        `${lines('DELETE /forbidden', ['Content-Length: 3'])}abc`,
      ]) {
        const answers = await answersTo(server.port, request + next)
        assert.equal(answers.length, 2, request)
        assert.equal(answers[1]!.content.toString(), 'text')
      }
    })
  })
}
