/**
 * The client that everybody has: curl, asked to do what people do with it. `missing('curl')` says how to get it.
 */

import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { forEachWay } from '../pollers.ts'
import { connect } from '../raw-client.ts'
import { type Serving, serving } from '../serving.ts'
import { sparseFile } from '../sites.ts'
import { missing } from './programs.ts'

const run = promisify(execFile)
const GIGABYTE = 1024 ** 3

const PAGE = `<!doctype html><title>A page</title>${'<p>Some text that can be compressed.</p>\n'.repeat(200)}`
const FILES = {
  'index.html': '<!doctype html><title>Home</title>\n',
  'hello.txt': 'Hello, world!',
  'page.html': PAGE,
  'page.html.br': brotliCompressSync(PAGE),
  'page.html.gz': gzipSync(PAGE),
  'sub/index.html': 'sub',
  'list/b.txt': 'b',
  'list/a 1.txt': 'a',
  '404.html': '<!doctype html>This site has no such page.\n',
}

/** The server is in this process, so curl must not be waited for in a way that blocks. */
async function curl(...args: string[]): Promise<string> {
  const { stdout } = await run('curl', ['-sS', '--max-time', '60', ...args], { maxBuffer: GIGABYTE })
  return stdout
}

forEachWay(way => {
  const options = { ...way, files: FILES }
  const it = (name: string, work: (s: Serving) => Promise<void>): void => {
    test(name, { skip: missing('curl') }, () => serving(options, work))
  }

  it('a file, and its head', async s => {
    assert.equal(await curl(`${s.url}hello.txt`), 'Hello, world!')
    assert.match(await curl('-I', `${s.url}hello.txt`), /^HTTP\/1\.1 200 OK\r\n.*\r\nContent-Length: 13\r\n/s)
  })

  it('several files on one connection', async s => {
    const count = await curl(
      '-o',
      '/dev/null',
      '-o',
      '/dev/null',
      '-w',
      '%{num_connects} ',
      `${s.url}hello.txt`,
      s.url,
    )
    assert.equal(count, '1 0 ')
  })

  it('HTTP/1.0', async s => {
    assert.equal(await curl('--http1.0', `${s.url}hello.txt`), 'Hello, world!')
  })

  it('a range, the rest of a download, several ranges', async s => {
    assert.equal(await curl('-r', '0-4', `${s.url}hello.txt`), 'Hello')
    const part = join(s.root, 'part')
    writeFileSync(part, 'Hello')
    await curl('-C', '-', '-o', part, `${s.url}hello.txt`)
    assert.equal(readFileSync(part, 'utf8'), 'Hello, world!')
    assert.match(
      await curl('-r', '0-1,7-8', `${s.url}hello.txt`),
      /Content-Range: bytes 7-8\/13\r\n\r\nwo\r\n--/,
    )
  })

  it('only if it has changed: by tag, and by date', async s => {
    const tag = join(s.root, 'tag')
    await curl('--etag-save', tag, '-o', '/dev/null', `${s.url}hello.txt`)
    const status = ['-o', '/dev/null', '-w', '%{http_code}']
    assert.equal(await curl('--etag-compare', tag, ...status, `${s.url}hello.txt`), '304')
    assert.equal(await curl('-z', '3 Jan 2026', ...status, `${s.url}hello.txt`), '304')
    assert.equal(await curl('-z', '3 Jan 2025', ...status, `${s.url}hello.txt`), '200')
  })

  it('a directory without its slash', async s => {
    const followed = await curl(
      '-L',
      '-w',
      ' %{http_code} %{num_redirects} %{url_effective}',
      `${s.url}sub?a=b`,
    )
    assert.equal(followed, `sub 200 1 ${s.url}sub/?a=b`)
  })

  it('a file that was compressed beforehand', async s => {
    assert.equal(await curl('--compressed', `${s.url}page.html`), PAGE)
    const head = await curl('-I', '-H', 'Accept-Encoding: gzip', `${s.url}page.html`)
    assert.match(head, /\r\nContent-Encoding: gzip\r\n/)
    assert.match(head, new RegExp(`\r\nContent-Length: ${FILES['page.html.gz'].length}\r\n`))
    assert.equal(await curl(`${s.url}page.html`), PAGE)
  })

  it('a listing as a page and as data', async s => {
    const html = await curl(`${s.url}list/`)
    assert.match(html, /href="\.\/a%201\.txt".*href="\.\/b\.txt"/s)
    const json = JSON.parse(await curl('-H', 'Accept: application/json', `${s.url}list/`))
    assert.match(JSON.stringify(json), /"a 1\.txt".*"b\.txt"/)
  })

  it('what is not there gets the page of the site', async s => {
    const answer = await curl('-w', ' %{http_code}', `${s.url}nowhere`)
    assert.equal(answer, '<!doctype html>This site has no such page.\n 404')
  })

  it('out of the root, by all the usual ways', async s => {
    for (const path of [
      '../etc/passwd',
      '..%2f..%2f..%2fetc/passwd',
      '%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      'sub/../../../../etc/passwd',
      '..%5c..%5cetc/passwd',
      '%252e%252e/%252e%252e/etc/passwd',
      '....//....//etc/passwd',
      '%c0%ae%c0%ae/etc/passwd',
      '/etc/passwd',
      'etc/passwd%00.html',
      '..;/etc/passwd',
    ]) {
      const answer = await curl('--path-as-is', '-w', ' %{http_code}', s.url + path)
      assert.match(answer, / (400|403|404)$/, path)
      assert.doesNotMatch(answer, /root:/, path)
    }
  })

  it('methods', async s => {
    const status = ['-o', '/dev/null', '-w', '%{http_code}', `${s.url}hello.txt`]
    assert.equal(await curl('-X', 'DELETE', ...status), '405')
    assert.equal(await curl('-d', 'a=b', ...status), '405')
    assert.equal(await curl('-T', join(s.root, 'page.html'), ...status), '405')
    assert.equal(await curl('-X', 'OPTIONS', ...status), '204')
    assert.equal(await curl('-X', 'FOO', ...status), '501')
  })

  it('content, with and without asking first; too much of it, by length and in chunks', async s => {
    const body = join(s.root, 'body')
    sparseFile(s.root, 'body', 900_000)
    const status = [
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} %{size_download}',
      '--data-binary',
      `@${body}`,
      `${s.url}echo`,
    ]
    for (const expect of ['100-continue', ''])
      assert.equal(await curl('-H', `Expect: ${expect}`, ...status), '200 900000')
    sparseFile(s.root, 'body', 64 * 1024 * 1024)
    for (const field of ['Expect: 100-continue', 'Expect:']) {
      assert.match(await curl('-H', field, ...status), /^413 /)
      assert.match(await curl('-H', field, '-H', 'Transfer-Encoding: chunked', ...status), /^413 /)
    }
  })

  it('two gigabytes and more, in flat memory', async s => {
    sparseFile(s.root, 'huge', 2 * GIGABYTE + 10)
    appendFileSync(join(s.root, 'huge'), 'the end')
    const before = process.memoryUsage.rss()
    const size = await curl('-o', '/dev/null', '-w', '%{size_download}', `${s.url}huge`)
    assert.equal(size, String(2 * GIGABYTE + 17))
    const grown = process.memoryUsage.rss() - before
    assert.ok(grown < 32 * 1024 * 1024, `${grown >> 20} MB more`)
    assert.equal(await curl('-r', `${2 * GIGABYTE + 10}-`, `${s.url}huge`), 'the end')
    assert.equal(await curl('-r', '-3', `${s.url}huge`), 'end')
  })

  test('through a Unix socket', { skip: missing('curl') }, async () => {
    const path = join(execFileSync('mktemp', ['-d']).toString().trim(), 'socket')
    await serving({ ...options, listen: ['127.0.0.1:0', `unix:${path}`] }, async () => {
      assert.equal(await curl('--unix-socket', path, 'http://localhost/hello.txt'), 'Hello, world!')
      const client = await connect({ path })
      client.send('GET /hello.txt HTTP/1.0\r\n\r\n')
      assert.match((await client.atEnd()).toString(), /Hello, world!$/)
      client.end()
    })
    await assert.rejects(connect({ path }), { code: 'ENOENT' }, 'the path is gone with the server')
  })

  test('IPv6', { skip: missing('curl') || !hasIPv6() }, () =>
    serving({ ...options, listen: '[::1]:0' }, async s => {
      assert.match(s.url, /^http:\/\/\[::1\]:\d+\/$/)
      assert.equal(await curl('-g', `${s.url}hello.txt`), 'Hello, world!')
      writeFileSync(join(s.root, 'seen'), '')
    }),
  )
})

function hasIPv6(): boolean {
  return readFileSync('/proc/net/if_inet6', 'utf8').includes('00000000000000000000000000000001')
}
