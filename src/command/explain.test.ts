import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { explain } from './explain.ts'
import { Mistake } from './mistake.ts'

const CONFIGURATION = `events { }
http {
  types { text/html html; text/plain txt; }
  map $http_accept_language $language { default en; ~^de de; }
  server { listen 8080 default_server; server_name _; return 444; }
  server {
    listen 8080;
    server_name example.org www.example.org;
    root html;
    error_page 404 /404.html;
    error_page 403 @no;
    if ($host = www.example.org) {
      return 301 http://example.org$request_uri;
    }
    location / {
      try_files $uri $uri/ =404;
    }
    location /language/ {
      rewrite ^/language/(.*)$ /$language/ last;
    }
    location ~* \\.(png|jpg)$ { expires 30d; }
    location ^~ /img/ { alias files/; }
    location = /status { stub_status; allow 127.0.0.1; deny all; }
    location /private/ { internal; }
    location /list/ { alias html/; autoindex on; index none; }
    location @no { return 403 "go away\\n"; }
    location /loop { rewrite ^ /loop2 last; }
    location /loop2 { rewrite ^ /loop last; }
    location /slow { limit_rate 10k; rewrite ^ /large.bin break; }
    location /read { limit_except GET { deny all; } }
  }
  server { listen 127.0.0.1:8081; server_name ~^(?<sub>.+)\\.dyn\\.org$; location / { return 200 "$sub\\n"; } }
  server { listen 127.0.0.1:8081; server_name app.test; location /app/ { fastcgi_pass 127.0.0.1:9000; } }
}
`

const folder = mkdtempSync(join(tmpdir(), 'veille-explain-'))
const path = join(folder, 'site.conf')
const html = join(folder, 'html')

before(() => {
  for (const name of ['html/docs', 'files']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(path, CONFIGURATION)
  writeFileSync(join(html, 'index.html'), 'hello\n')
  writeFileSync(join(html, '404.html'), 'nothing here\n')
  writeFileSync(join(html, 'a.txt'), 'one two three\n')
  writeFileSync(join(html, 'large.bin'), Buffer.alloc(200_000))
  writeFileSync(join(folder, 'files/one.txt'), 'one\n')
})
after(() => rmSync(folder, { recursive: true }))

async function told(...args: string[]): Promise<string> {
  let text = ''
  const code = await explain(['-c', path, ...args], part => {
    text += part
  })
  assert.equal(code, 0)
  return text
}

/** The lines stand in the explanation, in this order. */
async function tells(args: readonly string[], ...lines: string[]): Promise<void> {
  const all = (await told(...args)).split('\n').map(line => line.trim())
  let at = 0
  for (const line of lines) {
    const found = all.indexOf(line, at)
    assert.ok(found >= 0, `no ${JSON.stringify(line)} in\n${all.join('\n')}`)
    at = found + 1
  }
}

async function refuses(args: readonly string[], words: RegExp): Promise<void> {
  await assert.rejects(
    explain(args, () => {}),
    (error: Error) => error instanceof Mistake && words.test(error.message),
  )
}

describe('veille explain', () => {
  it('tells the whole way of a request, and what its content is', async () => {
    const text = await told('http://www.example.org:8080/a?b=c')
    assert.equal(
      text,
      `GET http://www.example.org:8080/a?b=c
as ${path} has it

  comes in at 0.0.0.0:8080
  server "example.org" (site.conf:6): the host "www.example.org" is one of its names
  if ($host = www.example.org): true for "www.example.org" (site.conf:12)
  return 301 "http://example.org/a?b=c" (site.conf:13)
  answers with 301

301 Moved Permanently
  Content-Type: text/html
  Location: http://example.org/a?b=c

351 bytes of the page that the server itself has for 301
`.replace('351', /(\d+) bytes/.exec(text)![1]!),
    )
  })

  it('names the file, also of a content that is kept in memory, and shows how it begins', () =>
    tells(
      ['http://example.org:8080/'],
      'location "/" (site.conf:15) is the longest prefix of the path',
      'location ~* "\\.(png|jpg)$" (site.conf:21) does not match',
      `try_files: the directory "${html}/" is there`,
      `index: "${html}/index.html" is there`,
      'internal redirect: begins anew with "/index.html"',
      '200 OK',
      `6 bytes of the file "${html}/index.html":`,
      '| hello',
    ))

  it('names a file that is sent from the disk, and shows nothing of what is no text', async () => {
    const target = 'http://example.org:8080/slow'
    await tells([target], 'limit_rate: 10240 bytes a second', `200000 bytes of the file "${html}/large.bin"`)
    assert.doesNotMatch(await told(target), /^ {2}\| /m)
  })

  it('asks no program, but says which one would be asked', async () => {
    await tells(['http://app.test:8081/app/x'], 'asks fastcgi://127.0.0.1:9000')
    await tells(['http://app.test:8081/app?a=b'], '301 Moved Permanently')
  })

  it('follows an alias', () =>
    tells(
      ['http://example.org:8080/img/one.txt'],
      'location ^~ "/img/" (site.conf:22) is the longest prefix of the path, and ^~ keeps regular expressions from being asked',
      `4 bytes of the file "${folder}/files/one.txt":`,
    ))

  it('follows rewrites, and says what a map does to the groups of an expression', () =>
    tells(
      ['http://example.org:8080/language/a', '-H', 'Accept-Language: de'],
      'rewrite "^/language/(.*)$" matches (site.conf:19)',
      'map: for "de" $language is "de"; $1 to $9 are the groups of its expression from here on',
      'the path becomes "/de/"',
      'goes on in location "/"',
    ))

  it('follows errors to their pages', async () => {
    await tells(
      ['http://example.org:8080/none'],
      'fails with 404',
      'error_page shows "/404.html"',
      '404 Not Found',
      `13 bytes of the file "${html}/404.html":`,
    )
    await tells(
      ['http://example.org:8080/private/'],
      'that location is internal, and the path was asked for from outside',
      'fails with 404',
    )
    await tells(
      ['http://example.org:8080/loop'],
      'error log, [error]: rewrite or internal redirection cycle while processing "/loop2"',
      'fails with 500',
      '500 Internal Server Error',
    )
  })

  it('says which rule keeps a client out, or lets it in', async () => {
    await tells(
      ['--from', '192.0.2.1', 'http://example.org:8080/status'],
      'access: deny all (site.conf:23) holds for 192.0.2.1',
      'goes on in location @no, for "/status"',
      'return 403 (site.conf:26)',
      '8 bytes of the text of this return:',
      '| go away',
    )
    await tells(
      ['http://example.org:8080/status'],
      'access: allow 127.0.0.1 (site.conf:23) holds for 127.0.0.1',
      '200 OK',
    )
    await tells(
      ['-X', 'DELETE', 'http://example.org:8080/read'],
      'limit_except: for DELETE its block holds in place of the location',
      'access: deny all (site.conf:30) holds for 127.0.0.1',
    )
  })

  it('says why a file is not sent, or a part of it only', async () => {
    const file = 'http://example.org:8080/a.txt'
    await tells(
      ['-H', 'If-None-Match: *', file],
      'the client has this version already: If-None-Match, or If-Modified-Since',
      '304 Not Modified',
    )
    await tells(
      ['-H', 'If-Match: "x"', file],
      'this is not the version that the client asks about: If-Match, or If-Unmodified-Since',
      '412 Precondition Failed',
    )
    await tells(
      ['-H', 'Range: bytes=0-0', file],
      'the range "bytes=0-0" asks for a part of it',
      '206 Partial Content',
      `1 byte of the file "${html}/a.txt":`,
    )
    await tells(
      ['-H', 'Range: bytes=99-', file],
      'the range "bytes=99-" lies outside of the file',
      'fails with 416',
    )
    await tells(['-H', 'Range: lines=1', file], 'the range "lines=1" is ignored', '200 OK')
  })

  it('waits for a list of files', () =>
    tells(
      ['http://example.org:8080/list/'],
      `autoindex: the directory "${html}/" is listed`,
      '200 OK',
      'Content-Type: text/html; charset=utf-8',
    ))

  it('finds the server by address and name', async () => {
    await tells(
      ['http://nobody.example:8080/'],
      'server "_" (site.conf:5): the host "nobody.example" is nobody\'s name here, and it is the default',
      'return 444: closed without an answer (site.conf:5)',
      'no answer: the connection is closed',
    )
    await tells(
      ['http://a.dyn.org:8081/'],
      'comes in at 127.0.0.1:8081',
      'server "~^(?<sub>.+)\\.dyn\\.org$" (site.conf:32): the host "a.dyn.org" matches ~^(?<sub>.+)\\.dyn\\.org$',
      'return 200 "a\\n" (site.conf:32)',
    )
  })

  it('says what is wrong with a request that no server would take', () =>
    tells(
      ['http://example.org:8080/%zz'],
      'refused before anybody is asked: A percent sign in a path is followed by two hexadecimal digits.',
      '400 Bad Request',
    ))

  it('shows nothing that a terminal would obey', async () => {
    const text = await told('-H', 'Accept-Language: \x9b31m', 'http://example.org:8080/language/')
    assert.match(text, /^ {2}map: for "\\x9b31m" \$language is "en"$/m)
  })

  it('is refused where nobody listens, for https, and for what it does not understand', async () => {
    const c = ['-c', path]
    await refuses(
      [...c, 'http://example.org/'],
      /^nobody listens on port 80; there is 0\.0\.0\.0:8080, 127\.0\.0\.1:8081: try http:\/\/example\.org:8080\/$/,
    )
    await refuses([...c, 'http://192.0.2.1:8081/'], /^nobody listens on port 8081 of 192\.0\.2\.1; there is/)
    await refuses([...c, 'https://example.org/'], /no TLS/)
    await refuses([...c, 'example.org'], /^"example\.org" is no URL: expected http:\/\/host\/path$/)
    await refuses([...c, '-Z', '1', 'http://a/'], /^explain has no option -Z; usage: /)
    await refuses([...c, 'http://a/', '-H'], /^-H takes a value/)
    await refuses([...c, '--from', 'here', 'http://a/'], /^--from takes an address, found "here"/)
    await refuses([...c, 'http://a/', 'http://b/'], /^explain takes one URL/)
    await refuses(c, /^usage: veille explain /)
  })

  it('ends with 1 when the configuration is wrong', async () => {
    const wrong = join(folder, 'wrong.conf')
    writeFileSync(wrong, 'events { }\nhttp { listen 80; }\n')
    const { write } = process.stderr
    let complaint = ''
    process.stderr.write = (text: string | Uint8Array) => {
      complaint += text
      return true
    }
    try {
      assert.equal(await explain(['-c', wrong, 'http://a/'], () => {}), 1)
    } finally {
      process.stderr.write = write
    }
    assert.match(complaint, /^nginx: \[emerg\] "listen" directive is not allowed here in .*wrong\.conf:2\n/)
  })
})
