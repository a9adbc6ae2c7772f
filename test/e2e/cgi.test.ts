/**
 * CGI with real programs, on each poller: what they are told, what they may answer, and what is left of them when they, their clients or
 * their time have come to an end. The numbers are those of the list of checks that an examiner goes through.
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, afterEach, before, it } from 'node:test'
import { type CgiFamily, cgiFamily, HOST } from '../cgi-family.ts'
import { forEachPollerAndStrictly } from '../pollers.ts'
import type { RawClient } from '../raw-client.ts'
import type { Response } from '../responses.ts'
import { missing } from './programs.ts'

const SH = '#!/bin/sh\n'
const PLAIN = `${SH}printf 'Content-Type: text/plain\\n\\n'\n`

/** A CGI program of one `printf`. */
const says = (output: string): string => `${SH}printf '${output}'\n`

const FILES: Readonly<Record<string, string>> = {
  'missing.txt': 'my page',
  'teapot.txt': 'my teapot',
  // 55
  'count.sh': `${PLAIN}echo "$REQUEST_METHOD \${CONTENT_LENGTH-none} $(wc -c)"\n`,
  'sum.py':
    'import sys, hashlib\nsys.stdout.write("Content-Type: text/plain\\n\\n" + hashlib.sha256(sys.stdin.buffer.read()).hexdigest())\n',
  'sum.pl':
    'use Digest::SHA qw(sha256_hex); binmode STDIN; local $/; print "Content-Type: text/plain\\n\\n", sha256_hex(<STDIN> // "");\n',
  'sum.php': '<?php echo hash("sha256", file_get_contents("php://input"));',
  // 56
  'env.sh': `${PLAIN}env\n`,
  'fds.sh': `${PLAIN}exec ls -l /proc/self/fd\n`,
  // 57
  'cgi/here.sh': `${PLAIN}cat ./data.txt; echo "$# $0"; echo "$SCRIPT_NAME|$PATH_INFO|$PATH_TRANSLATED|$QUERY_STRING"\n`,
  'cgi/data.txt': 'data\n',
  'cgi/x.py':
    'import os, sys\nprint("Content-Type: text/plain\\n")\nprint(open("./data.txt").read(), sys.argv[1:], os.environ["SCRIPT_NAME"], os.environ.get("PATH_INFO"))\n',
  'full/here.sh': `${PLAIN}echo "$SCRIPT_NAME|$PATH_INFO|$PATH_TRANSLATED"\n`,
  // 58
  'teapot.sh': says('Status: 418 x\\n\\n'),
  'local.sh': says('Location: /env.sh?from=local\\n\\n'),
  'circle.sh': says('Location: /circle.sh\\n\\n'),
  'away.sh': says('Location: http://away.test/\\n\\n'),
  'lf.sh': says('X-A: 1\\nX-B: 2\\n\\nlf'),
  'crlf.sh': says('X-A: 1\\r\\nX-B: 2\\r\\n\\r\\ncrlf'),
  'small.sh': says('Content-Length: 3\\n\\nhello'),
  'large.sh': says('Content-Length: 30\\n\\nhello'),
  'no-head.sh': says('hello, world\\n'),
  'half-head.sh': says('Content-Type: text/plain\\nX-'),
  'silent.sh': `${SH}exit 0\n`,
  'big-head.sh': `${SH}printf 'X-A: 1\\nX-B: '; head -c 1100000 /dev/zero | tr '\\0' a; printf '\\n\\nx'\n`,
  'status-1000.sh': says('Status: 1000\\n\\n'),
  'status-20a.sh': says('Status: 20A\\n\\n'),
  'cookies.sh': says('Set-Cookie: a=1\\nSet-Cookie: b=2\\n\\n'),
  'nph-x.sh': says('HTTP/1.0 203 Mine\\r\\nServer: mine\\r\\nConnection: close\\r\\n\\r\\nnph'),
  'nph-chunked.sh': says(
    'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n3\\r\\nnph\\r\\n0\\r\\n\\r\\n',
  ),
  'post-to-get.sh': says('Location: /count.sh\\n\\n'),
  // 59
  'loop.sh': `${SH}while :; do :; done\n`,
  'stubborn.sh': `${SH}trap '' TERM\nwhile :; do sleep 0.05; done\n`,
  'flood.sh': `${PLAIN}exec cat /dev/zero\n`,
  'grandchild.sh': `${PLAIN}echo one; sleep 3600 &\nexit 0\n`,
  'detached.sh': `${PLAIN}sleep 3600 >/dev/null 2>&1 </dev/null &\necho two\n`,
  'half.sh': `${PLAIN}echo half\nsleep 3600\n`,
  'lingers.sh': `${PLAIN}echo done\nexec >&-\nsleep 3600\n`,
  // 60
  'exit-1.sh': `${SH}echo 'a mistake' >&2\nexit 1\n`,
  'segv.sh': `${SH}kill -SEGV $$\n`,
  'syntax.sh': `${SH}if then fi (\n`,
  'bad-interpreter.sh': '#!/nowhere/interpreter\n',
  'not-executable.sh': 'echo hello\n',
  'no-format.bin.sh': '#!',
  'noisy.sh': `${PLAIN}printf 'one\\033[31m\\ntwo' >&2; head -c 300000 /dev/zero | tr '\\0' x >&2; echo ok\n`,
  // 61
  'deaf.sh': `${SH}exec <&-\nprintf 'Content-Type: text/plain\\n\\nheard nothing'\n`,
  'upper.sh': `${PLAIN}exec tr a-z A-Z\n`,
  'talks-first.sh': `${PLAIN}head -c 1000000 /dev/zero | tr '\\0' a\nwc -c\n`,
  'dav/x.sh': `${SH}echo 'it ran' >&2\n`,
  // 62
  'waits.sh': `${PLAIN}cat >/dev/null; sleep 3600\n`,
  'quick.sh': `${PLAIN}echo quick\n`,
}

const SERVER = `
  cgi .py python3; cgi .pl perl; cgi .php php-cgi; cgi .gone /nowhere/program; cgi .bla /bin/cat;
  cgi_kill_grace 200ms; half_closed_timeout 200ms; error_page 404 /missing.txt;
  location /stream/ { alias HTML/; cgi_request_buffering off; }
  location /full/ { cgi_path_info full; }
  location /quick-timeout/ { alias HTML/; cgi_timeout 300ms; }
  location /few/ { alias HTML/; cgi_processes 2; cgi_queue_timeout 200ms; }
  location /queue/ { alias HTML/; cgi_processes 2; }
  location /get-only/ { alias HTML/; limit_except GET { deny all; } }
  location /uploads/ { alias HTML/; cgi off; }
  location /free/ { cgi_script_must_exist off; cgi .bla HTML/env.sh; }
  location /intercepted/ { alias HTML/; cgi_intercept_errors on; error_page 418 /teapot.txt; }
  location /params/ { alias HTML/; cgi_param A "a b"; cgi_param HTTP_X_A "" ; cgi_param B $arg_b if_not_empty; cgi_hide_header X-A; }
  location /dav/ { dav_methods DELETE; }
  location /bin/ { alias HTML/; cgi_pass $request_filename; }
`

const LARGE = Buffer.alloc(20_000_000)
for (let i = 0; i < LARGE.length; i++) LARGE[i] = 97 + ((i * 7 + (i >> 9)) % 26)

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

function post(target: string, content: Buffer | string, ...fields: string[]): Buffer {
  const bytes = Buffer.from(content)
  const lines = fields.map(field => `${field}\r\n`).join('')
  return Buffer.concat([
    Buffer.from(`POST ${target} HTTP/1.1\r\n${HOST}${lines}Content-Length: ${bytes.length}\r\n\r\n`),
    bytes,
  ])
}

/** In chunks of uneven sizes, the last CR LF apart from the rest. */
function postChunked(target: string, content: Buffer | string, chunkBytes = 30_011): Buffer {
  const bytes = Buffer.from(content)
  const parts = [Buffer.from(`POST ${target} HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`)]
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const part = bytes.subarray(at, at + chunkBytes)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

function text({ content }: Response): string {
  return content.toString('latin1')
}

function field({ fields }: Response, name: string): string[] {
  return fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value)
}

forEachPollerAndStrictly('poll', way => {
  let cgi: CgiFamily
  before(async () => {
    cgi = await cgiFamily(way, FILES, SERVER)
  })
  after(() => cgi[Symbol.asyncDispose]())
  afterEach(() => cgi.isQuiet())

  /** @returns the status, and what is new in the log */
  async function outcome(target: string): Promise<{ status: number; log: string }> {
    const logged = cgi.logged()
    const { status } = await cgi.get(target)
    return { status, log: logged() }
  }

  it('55: content by length and in chunks, stored first or as it comes', async () => {
    assert.equal(text(await cgi.get('/count.sh?a')), 'GET none 0\n')
    assert.equal(text(await cgi.exchange(post('/count.sh', ''))), 'POST 0 0\n')
    assert.equal(text(await cgi.exchange(post('/count.sh', 'hello'))), 'POST 5 5\n')
    assert.equal(text(await cgi.exchange(postChunked('/count.sh', 'hello', 2))), 'POST 5 5\n')
    assert.equal(text(await cgi.exchange(postChunked('/count.sh', ''))), 'POST 0 0\n')
    assert.equal(text(await cgi.exchange(post('/stream/count.sh', 'hello'))), 'POST 5 5\n')
    assert.equal(text(await cgi.exchange(postChunked('/stream/count.sh', 'hello', 2))), 'POST none 5\n')
    assert.equal(text(await cgi.exchange(postChunked('/stream/count.sh', ''))), 'POST none 0\n')
  })

  it('55: HEAD runs without content, and any method gets there', async () => {
    const head = await cgi.exchange(`HEAD /count.sh HTTP/1.1\r\n${HOST}\r\n`)
    assert.deepEqual([head.status, head.content.length], [200, 0])
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'BREW'])
      assert.equal(
        text(await cgi.exchange(`${method} /count.sh HTTP/1.1\r\n${HOST}\r\n`)),
        `${method} none 0\n`,
      )
    assert.equal((await cgi.exchange(`BREW /missing.txt HTTP/1.1\r\n${HOST}\r\n`)).status, 501)
  })

  for (const [extension, program] of [
    ['py', 'python3'],
    ['pl', 'perl'],
    ['php', 'php-cgi'],
  ] as const) {
    it(`55: the same bytes reach ${program}`, { skip: missing(program) }, async () => {
      const content = Buffer.concat([Buffer.from('\0\r\n--x\r\n\xff', 'latin1'), LARGE.subarray(0, 500_000)])
      for (const request of [post(`/sum.${extension}`, content), postChunked(`/sum.${extension}`, content)])
        assert.equal(text(await cgi.exchange(request)), sha256(content))
    })
  }

  it('56: the environment has all of the request, and nothing else', async () => {
    const answer = await cgi.exchange(
      post(
        '/env.sh/in%20fo?q=%41+b&c',
        'hello',
        'Proxy: http://evil.test/',
        'X-Secret: 1',
        'X_Secret: 2',
        'Content-Type: a/b',
        'Cookie: a=1',
        'Cookie: b=2',
      ),
    )
    const lines = text(answer).trim().split('\n').sort()
    const html = cgi.family.path('html')
    const told = Object.fromEntries(
      lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    const { MARK, REMOTE_PORT, SERVER_SOFTWARE, PWD, SHLVL, OLDPWD, _, ...rest } = told
    assert.match(SERVER_SOFTWARE!, /^veille\/\d/)
    assert.match(REMOTE_PORT!, /^\d+$/)
    assert.ok(MARK !== undefined)
    assert.deepEqual(rest, {
      CONTENT_LENGTH: '5',
      CONTENT_TYPE: 'a/b',
      DOCUMENT_ROOT: html,
      DOCUMENT_URI: '/env.sh/in fo',
      GATEWAY_INTERFACE: 'CGI/1.1',
      HTTP_CONNECTION: 'close',
      HTTP_COOKIE: 'a=1; b=2',
      HTTP_HOST: 'localhost',
      HTTP_X_SECRET: '1',
      PATH: '/usr/local/bin:/usr/bin:/bin',
      PATH_INFO: '/in fo',
      PATH_TRANSLATED: `${html}/in fo`,
      QUERY_STRING: 'q=%41+b&c',
      REDIRECT_STATUS: '200',
      REMOTE_ADDR: '127.0.0.1',
      REMOTE_HOST: '127.0.0.1',
      REQUEST_METHOD: 'POST',
      REQUEST_SCHEME: 'http',
      REQUEST_URI: '/env.sh/in%20fo?q=%41+b&c',
      SCRIPT_FILENAME: `${html}/env.sh`,
      SCRIPT_NAME: '/env.sh',
      SERVER_ADDR: '127.0.0.1',
      SERVER_NAME: 'localhost',
      SERVER_PORT: String(cgi.port),
      SERVER_PROTOCOL: 'HTTP/1.1',
    })
  })

  it('56: cgi_param adds to it, and cgi_hide_header takes from the answer', async () => {
    const lines = text(await cgi.get('/params/env.sh', 'X-A: 1')).split('\n')
    assert.ok(
      lines.includes('A=a b') && lines.includes('HTTP_X_A=') && !lines.some(line => line.startsWith('B=')),
    )
    assert.ok(text(await cgi.get('/params/env.sh?b=c')).includes('\nB=c\n'))
    const answer = await cgi.get('/params/lf.sh')
    assert.deepEqual([field(answer, 'x-a'), field(answer, 'x-b')], [[], ['2']])
  })

  it('57: its own directory, its own name, and what follows it in the path', async () => {
    const html = cgi.family.path('html')
    assert.equal(
      text(await cgi.get('/cgi/here.sh/extra/path?q')),
      `data\n0 ${html}/cgi/here.sh\n/cgi/here.sh|/extra/path|${html}/extra/path|q\n`,
    )
    assert.equal(
      text(await cgi.get('/bin/cgi/here.sh/extra')),
      `data\n0 ${html}/cgi/here.sh\n/bin/cgi/here.sh|/extra|${html}/extra|\n`,
    )
    assert.equal(text(await cgi.get('/full/here.sh')), `/full/here.sh|/full/here.sh|${html}/full/here.sh\n`)
    assert.equal(
      text(await cgi.get('/full/here.sh/a')),
      `/full/here.sh|/full/here.sh/a|${html}/full/here.sh/a\n`,
    )
  })

  it('57: the first argument of an interpreter is the program', { skip: missing('python3') }, async () => {
    const html = cgi.family.path('html')
    assert.equal(
      text(await cgi.get('/cgi/x.py/extra')),
      // Python takes the name of the program out of its arguments.
      `data\n [] /cgi/x.py /extra\n`,
    )
    assert.match(
      text(await cgi.get('/free/any/name.bla')),
      new RegExp(`SCRIPT_FILENAME=${html}/free/any/name.bla\n`),
    )
  })

  it('58: a status of its own, redirects of both kinds, LF and CR LF, cookies', async () => {
    const teapot = await cgi.get('/teapot.sh')
    assert.deepEqual([teapot.status, teapot.reason], [418, 'x'])
    assert.match(text(await cgi.get('/local.sh')), /^QUERY_STRING=from=local$/m)
    assert.equal((await cgi.get('/circle.sh')).status, 500)
    const away = await cgi.get('/away.sh')
    assert.deepEqual([away.status, field(away, 'location')], [302, ['http://away.test/']])
    for (const name of ['lf', 'crlf']) {
      const answer = await cgi.get(`/${name}.sh`)
      assert.deepEqual([text(answer), field(answer, 'x-b')], [name, ['2']])
    }
    assert.deepEqual(field(await cgi.get('/cookies.sh'), 'set-cookie'), ['a=1', 'b=2'])
    assert.equal(text(await cgi.exchange(post('/post-to-get.sh', 'hello'))), 'GET none 0\n')
  })

  it('58: a length that is not kept', async () => {
    assert.equal(text(await cgi.get('/small.sh')), 'hel')
    await assert.rejects(cgi.get('/large.sh'), /no whole answer|ECONNRESET/)
  })

  it('58: output that is no answer', async () => {
    for (const name of ['no-head', 'half-head', 'silent', 'big-head', 'status-1000', 'status-20a']) {
      const { status, log } = await outcome(`/${name}.sh`)
      assert.equal(status, 502, name)
      assert.match(log, new RegExp(`\\[error\\] .*CGI program ".*/${name}\\.sh": it`))
    }
  })

  it('58: programs that speak HTTP themselves', async () => {
    const mine = await cgi.get('/nph-x.sh')
    assert.deepEqual([mine.status, mine.reason, text(mine)], [203, 'Mine', 'nph'])
    assert.ok(!field(mine, 'server').includes('mine'))
    assert.equal(text(await cgi.get('/nph-chunked.sh')), 'nph')
  })

  it('58: error pages in place of the program’s', async () => {
    const answer = await cgi.get('/intercepted/teapot.sh')
    assert.deepEqual([answer.status, text(answer)], [418, 'my teapot'])
  })

  it('59: a loop without output is ended when its time is up, while others are served', async () => {
    const logged = cgi.logged()
    const answers = cgi.get('/quick-timeout/loop.sh')
    assert.equal(text(await cgi.get('/quick.sh')), 'quick\n')
    assert.equal((await answers).status, 504)
    assert.match(logged(), /CGI program ".*loop\.sh": it was silent for 0\.3 s/)
  })

  it('59: one that ignores SIGTERM gets SIGKILL', async () => {
    assert.equal((await cgi.get('/quick-timeout/stubborn.sh')).status, 504)
  })

  it('59: one that falls silent in the middle is cut', async () => {
    await assert.rejects(cgi.get('/quick-timeout/half.sh'), /no whole answer|ECONNRESET/)
  })

  it('59: endless output takes no memory, and ends with its client', async () => {
    const client = await cgi.connect()
    client.socket.pause()
    client.send(`GET /flood.sh HTTP/1.1\r\n${HOST}\r\n`)
    const rss = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${cgi.worker}/status`, 'utf8'))![1])
    await cgi.family.until(() => cgi.alive().length > 0, 'it runs')
    for (let i = 0; i < 5; i++) assert.equal(text(await cgi.get('/quick.sh')), 'quick\n')
    assert.ok(rss() < 200_000, `${rss()} kB`)
    client.reset()
  })

  it('59: a grandchild that holds the output, or nothing, does not stay', async () => {
    assert.equal(text(await cgi.get('/grandchild.sh')), 'one\n')
    assert.equal(text(await cgi.get('/detached.sh')), 'two\n')
    assert.equal(text(await cgi.get('/lingers.sh')), 'done\n')
  })

  it('60: what cannot be run, and what fails', async () => {
    for (const [target, status, words] of [
      ['/exit-1.sh', 502, /wrote to stderr: "a mistake"/],
      ['/exit-1.sh', 502, /ended with exit code 1/],
      ['/segv.sh', 502, /it ended without any output/],
      ['/syntax.sh', 502, /wrote to stderr: ".*[Ss]yntax/],
      ['/bad-interpreter.sh', 502, /could not be started/],
      ['/a.gone', 404, /is not found/],
      ['/not-executable.sh', 403, /could not be started: .*\(13: Permission denied\)/],
      ['/missing.sh', 404, /CGI program ".*missing\.sh" is not found \(2: No such file/],
    ] as const) {
      const logged = cgi.logged()
      assert.equal((await cgi.get(target)).status, status, target)
      await cgi.family.until(() => words.test(logged()), `${target}: ${words} in ${logged()}`)
    }
    writeFileSync(cgi.path('a.gone'), 'x')
    const { status, log } = await outcome('/a.gone')
    assert.equal(status, 502)
    assert.match(log, /could not be started: "\/nowhere\/program" \(2: No such file or directory\)/)
    assert.equal(text(await cgi.get('/missing.sh')), 'my page')
  })

  it('60: stderr becomes lines of the log, printable and not too many', async () => {
    const logged = cgi.logged()
    assert.equal(text(await cgi.get('/noisy.sh')), 'ok\n')
    await cgi.family.until(() => logged().includes('and more, which is not logged'))
    assert.match(logged(), /wrote to stderr: "one\\x1B\[31m"/)
    assert.ok(logged().length < 100_000)
  })

  it('61: one that closes its stdin is heard all the same', async () => {
    for (const request of [
      post('/deaf.sh', LARGE),
      postChunked('/stream/deaf.sh', LARGE),
      post('/stream/deaf.sh', LARGE),
    ])
      assert.equal(text(await cgi.exchange(request)), 'heard nothing')
  })

  it('61: both pipes full, and everything arrives', async () => {
    const upper = sha256(Buffer.from(LARGE.toString('latin1').toUpperCase(), 'latin1'))
    for (const request of [
      post('/upper.sh', LARGE),
      postChunked('/stream/upper.sh', LARGE),
      post('/stream/upper.sh', LARGE),
    ])
      assert.equal(sha256((await cgi.exchange(request)).content), upper)
    const { content } = await cgi.exchange(post('/stream/talks-first.sh', LARGE))
    assert.equal(content.subarray(1_000_000).toString(), `${LARGE.length}\n`)
  })

  it('62: the client leaves, before the content is whole, while it waits, and while it reads', async () => {
    const leaves = async (
      request: Buffer | string,
      isThere: (client: RawClient) => Promise<unknown>,
    ): Promise<void> => {
      for (const way of ['reset', 'destroy'] as const) {
        const client = await cgi.connect()
        client.send(request)
        await isThere(client)
        client[way]()
        await cgi.isQuiet()
      }
    }
    const runs = (): Promise<void> => cgi.family.until(() => cgi.alive().length > 0, 'it runs')
    await leaves(post('/stream/waits.sh', LARGE).subarray(0, 100_000), runs)
    await leaves(post('/waits.sh', 'hello'), runs)
    await leaves(`GET /half.sh HTTP/1.1\r\n${HOST}\r\n`, client =>
      client.until(bytes => bytes.includes('half')),
    )
  })

  it('62: a hundred at once, and two hundred in a row', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => cgi.get('/quick.sh')))
    assert.ok(all.every(answer => text(answer) === 'quick\n'))
    const client = await cgi.connect()
    for (let i = 1; i <= 200; i++) {
      client.send(`GET /quick.sh HTTP/1.1\r\n${HOST}\r\n`)
      await client.until(bytes => bytes.toString('latin1').split('\r\n0\r\n\r\n').length > i)
    }
    client.destroy()
  })

  it('62: a program has three descriptors', async () => {
    const crowd = await Promise.all(Array.from({ length: 5 }, () => cgi.connect()))
    for (const client of crowd) client.send(`GET /half.sh HTTP/1.1\r\n${HOST}\r\n`)
    await Promise.all(crowd.map(client => client.until(bytes => bytes.includes('half'))))
    // One more is the directory that is being read.
    const fds = [...text(await cgi.get('/fds.sh')).matchAll(/(\d+) -> (?!\/proc\/)/g)].map(([, fd]) => fd)
    assert.deepEqual(fds, ['0', '1', '2'])
    for (const client of crowd) client.destroy()
  })

  it('62: those who are too many wait, or are told', async () => {
    const crowd = await Promise.all(Array.from({ length: 2 }, () => cgi.connect()))
    for (const client of crowd) client.send(`GET /few/half.sh HTTP/1.1\r\n${HOST}\r\n`)
    await Promise.all(crowd.map(client => client.until(bytes => bytes.includes('half'))))
    const { status, log } = await outcome('/few/quick.sh')
    assert.equal(status, 503)
    assert.match(log, /too many programs run already/)
    assert.equal(text(await cgi.get('/queue/quick.sh')), 'quick\n')
    for (const client of crowd) client.destroy()
    await cgi.isQuiet()
    const queued = await Promise.all(Array.from({ length: 20 }, () => cgi.get('/queue/quick.sh')))
    assert.ok(queued.every(answer => text(answer) === 'quick\n'))
  })

  it('64: a method that the place refuses, and a place whose files are not run', async () => {
    const logged = cgi.logged()
    assert.equal((await cgi.exchange(post('/get-only/exit-1.sh', 'x'))).status, 403)
    assert.doesNotMatch(logged(), /a mistake/)
    assert.equal(text(await cgi.get('/uploads/quick.sh')), FILES['quick.sh'])
    assert.equal((await cgi.exchange(`DELETE /dav/x.sh HTTP/1.1\r\n${HOST}\r\n`)).status, 204)
    assert.equal((await cgi.get('/dav/x.sh')).status, 404)
    assert.doesNotMatch(logged(), /it ran/)
  })
})
