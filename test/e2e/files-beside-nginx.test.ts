/** Files of a configuration: what nginx answers, veille answers. What differs on purpose is said beside the request. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type PlainAnswer, type TwoServers, twoServers } from '../two-servers.ts'
import { missing } from './programs.ts'

const prefix = mkdtempSync(join(tmpdir(), 'veille-files-'))
/** Whole seconds, long ago. */
const MODIFIED = Date.UTC(2020, 1, 2, 3, 4, 5) / 1000
const DATE = 'Sun, 02 Feb 2020 03:04:05 GMT'
const LATER = 'Sun, 02 Feb 2020 03:04:06 GMT'

function write(name: string, content: string): void {
  const path = join(prefix, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  utimesSync(path, MODIFIED, MODIFIED)
}

const HTTP = `http {
  types { text/html html htm; text/css css; image/png png; }
  server {
    listen 127.0.0.1:PORT;
    server_name first.example;
    location / { root html; }
    location /etag-off { root html; etag off; }
    location /ims/before/ { alias html/; if_modified_since before; }
    location /ims/off/ { alias html/; if_modified_since off; }
    location /ranges/none/ { alias html/; max_ranges 0; }
    location /ranges/one/ { alias html/; max_ranges 1; }
    location /types/own/ { alias html/; types { x/y css; } default_type z/z; }
    location /types/none/ { alias html/; types { } default_type ""; }
    location /alias/ { alias html/dir/; }
    location /noslash { alias html/dir; }
    location = /exact { alias html/page.html; }
    location ~ ^/regex/(.+\\.css)$ { alias html/$1; }
    location ~ ^/regexdir/(.*)$ { alias html/$1; index index.htm; }
    location /nested/ { alias html/dir/; location /nested/sub/ { add_header X-Nested yes; } }
    location /host/ { root sites/$host; }
    location /index/two/ { alias html/; index nothing.html index.htm page.html; }
    location /index/var/ { alias html/; index $arg_i page.html; }
    location /index/abs/ { alias html/; index nothing /dir/index.html; }
    location /try/ { root html; try_files $uri $uri/ /page.html; }
    location /tryalias/ { alias html/; try_files $uri $uri/ =404; }
    location /tryquery { try_files $uri /seen?was=$uri; }
    location /seen { return 200 "$uri $args $request_uri"; }
    location /trynamed { try_files $uri @named; }
    location @named { return 200 "named $uri $args"; }
    location /trycode { try_files $uri =418; }
    location /tryindex { try_files /dir/index.html =404; }
    location /trydir { try_files /dir/ =404; }
    location /tryif { try_files /page.html =404; if ($arg_a) { set $x 1; } }
    location ~ ^/tryregex/(.*)$ { alias html/$1; try_files "" .html =404; }
    location /relative/ { alias html/; absolute_redirect off; }
    location /name/ { alias html/; server_name_in_redirect on; }
    location /noport/ { alias html/; port_in_redirect off; }
    location /links/ { alias html/; disable_symlinks on; }
    location /ownlinks/ { alias html/; disable_symlinks if_not_owner from=$document_root; }
    location /page { error_page 404 /page.html; root html; }
    location /pageok { error_page 404 =200 /page.html; root html; }
    location /inner { internal; root html; }
    location /vars { return 200 "$document_root $request_filename"; }
    location /vars/alias/ { alias html/dir/; return 200 "$document_root $request_filename"; }
    location /list/json/ { alias lists/; autoindex on; autoindex_format json; }
    location /list/jsonp/ { alias lists/; autoindex on; autoindex_format jsonp; }
    location /list/xml/ { alias lists/; autoindex on; autoindex_format xml; autoindex_localtime on; autoindex_exact_size off; }
    location /list/html/ { alias lists/; autoindex on; }
    location /real { root html/linkdir; return 200 "$realpath_root"; }
    location /quiet { root html; log_not_found off; open_file_cache max=10 inactive=1m; open_file_cache_errors on; }
  }
  server { listen 127.0.0.1:PORT; server_name try.example; root html; try_files $uri /page.html; }
  server { listen 127.0.0.1:PORT; server_name plain.example; }
}`

type Request = readonly [line: string, fields?: readonly string[]]

/** Answered alike in every respect. */
const ALIKE: readonly Request[] = [
  ['GET /'],
  ['GET /page.html'],
  ['HEAD /page.html'],
  ['GET /PAGE.html'],
  ['GET /page.html?query'],
  ['GET /a.CSS'],
  ['GET /no-extension'],
  ['GET /.html'],
  ['GET /.hidden'],
  ['GET /dir/.png'],
  ['GET /x.y/no-extension'],
  ['GET /empty.html'],
  ['GET /sp%20ace/%C3%A9.html'],
  ['GET /dir'],
  ['GET /dir?a=b'],
  ['GET /dir/'],
  ['HEAD /dir/'],
  ['GET /dir/?a=b'],
  ['GET /sp%20ace'],
  ['GET /sp%20ace?%20'],
  ['GET /odd%22%3C%3E%5E%60%7B%7C%7D%26%3D%2B%24%2C%3A%3B%40%21%27%28%29%2A~%25%23%3F%5B%5D'],
  ['GET /bare/'],
  ['GET /bare'],
  ['GET /none'],
  ['GET /none/'],
  ['GET /none/none'],
  ['GET /page.html/'],
  ['GET /page.html/none'],
  ['GET /broken'],
  ['GET /loop'],
  ['GET /loop/'],
  ['GET /link.html'],
  ['GET /linkdir/'],
  ['GET /fifo'],
  [`GET /${'a'.repeat(300)}`],
  ['POST /none'],
  ['POST /dir'],
  ['POST /bare/'],
  ['GET /page.html', [`If-Modified-Since: ${DATE}`]],
  ['GET /page.html', [`If-Modified-Since: ${LATER}`]],
  ['GET /page.html', ['If-Modified-Since: yesterday']],
  ['GET /page.html', [`If-Unmodified-Since: ${DATE}`]],
  ['GET /page.html', ['If-Unmodified-Since: Sun, 02 Feb 2020 03:04:04 GMT']],
  ['GET /page.html', ['If-None-Match: "x"']],
  ['GET /page.html', ['If-None-Match: *']],
  ['GET /page.html', ['If-Match: "x"']],
  ['GET /page.html', ['If-Match: *']],
  ['GET /ims/before/page.html', [`If-Modified-Since: ${LATER}`]],
  ['GET /ims/off/page.html', [`If-Modified-Since: ${DATE}`]],
  ['GET /etag-off.html'],
  ['GET /page.html', ['Range: bytes=0-3']],
  ['GET /page.html', ['Range: bytes=-3']],
  ['GET /page.html', ['Range: bytes=5-']],
  ['GET /page.html', ['Range: bytes=100-']],
  ['GET /page.html', ['Range: chars=0-3']],
  ['GET /page.html', ['Range: bytes=0-3', `If-Range: ${DATE}`]],
  ['GET /page.html', ['Range: bytes=0-3', `If-Range: ${LATER}`]],
  ['GET /ranges/none/page.html'],
  ['GET /ranges/none/page.html', ['Range: bytes=0-3']],
  ['GET /ranges/one/page.html', ['Range: bytes=0-3']],
  ['GET /ranges/one/page.html', ['Range: bytes=0-0,2-2']],
  ['GET /types/own/a.css'],
  ['GET /types/own/page.html'],
  ['GET /types/none/page.html'],
  ['GET /alias/'],
  ['GET /alias/index.html'],
  ['GET /alias/sub'],
  ['GET /alias'],
  ['GET /noslash/index.html'],
  ['GET /noslash'],
  ['GET /noslash/'],
  ['GET /noslash../page.html'],
  ['GET /exact'],
  ['GET /exact/'],
  ['GET /regex/a.css'],
  ['GET /regex/none.css'],
  ['GET /regexdir/dir'],
  ['GET /regexdir/'],
  ['GET /nested/sub/f.css'],
  ['GET /nested/index.html'],
  ['GET /host/x.html', ['Host: a.example']],
  ['GET /host/x.html', ['Host: A.example:99']],
  ['GET /host/x.html', ['Host: b.example']],
  ['GET /index/two/'],
  ['GET /index/two/dir/'],
  ['GET /index/two/bare/'],
  ['GET /index/var/?i=a.CSS'],
  ['GET /index/var/?i=/dir/'],
  ['GET /index/var/'],
  ['GET /index/abs/'],
  ['POST /index/abs/none/'],
  ['GET /try/x.css'],
  ['GET /try/deep'],
  ['GET /try/deep/'],
  ['GET /try/none?a'],
  ['GET /tryalias/page.html'],
  ['GET /tryalias/dir'],
  ['GET /tryalias/dir/'],
  ['GET /tryalias/none'],
  ['GET /tryquery/a%20b?c'],
  ['GET /trynamed?x=y'],
  ['GET /tryindex'],
  ['GET /trydir?q'],
  ['GET /tryif'],
  ['GET /tryif?a=1'],
  ['GET /tryregex/page'],
  ['GET /tryregex/page.html'],
  ['GET /tryregex/dir'],
  ['GET /relative/dir'],
  ['GET /name/dir'],
  ['GET /noport/dir'],
  ['GET /links/page.html'],
  ['GET /links/link.html'],
  ['GET /ownlinks/link.html'],
  ['GET /pages/none'],
  ['GET /page/none', ['Range: bytes=0-3', `If-Modified-Since: ${DATE}`]],
  ['POST /page/none'],
  ['GET /pageok/none', ['Range: bytes=0-3']],
  ['GET /inner.html'],
  ['GET /vars'],
  ['GET /vars/alias/x'],
  ['GET /real'],
  ['GET /list/json/'],
  ['HEAD /list/json/'],
  ['POST /list/json/'],
  ['GET /list/json/empty/'],
  ['GET /list/json/with/'],
  ['GET /list/json/none/'],
  ['GET /list/json/names'],
  ['GET /list/jsonp/'],
  ['GET /list/jsonp/?callback=show.list_1'],
  ['GET /list/jsonp/empty/?callback=show%2Elist'],
  ['GET /list/jsonp/?callback=alert(1)'],
  ['GET /list/jsonp/?callback=alert%281%29'],
  [`GET /list/jsonp/?callback=${'a'.repeat(129)}`],
  ['GET /list/xml/'],
  ['GET /list/xml/empty/'],
  ['GET /list/html/with/'],
  ['GET /list/html/none/'],
  ['GET /quiet.html'],
  ['GET /quiet/none'],
  ['GET /quiet/none'],
  ['GET /none', ['Host: try.example']],
  ['GET /dir/', ['Host: try.example']],
  ['GET /', ['Host: plain.example']],
  ['GET /dir', ['Host: plain.example']],
]

interface Difference {
  readonly request: Request
  readonly nginx: Partial<PlainAnswer>
  readonly veille: Partial<PlainAnswer>
}

const DIFFERENT: Readonly<Record<string, readonly Difference[]>> = {
  'a method that files do not take is told which they do (RFC 9110 §15.5.6)': [
    {
      request: ['POST /page.html'],
      nginx: { status: 405, fields: ['content-type: text/html'] },
      veille: { status: 405, fields: ['allow: GET, HEAD', 'content-type: text/html'] },
    },
    {
      request: ['DELETE /none'],
      nginx: { status: 405, fields: ['content-type: text/html'] },
      veille: { status: 405, fields: ['allow: GET, HEAD', 'content-type: text/html'] },
    },
  ],
  'what comes with the request does not climb': [
    { request: ['GET /climb../page.html'], nginx: { status: 200 }, veille: { status: 403 } },
    { request: ['GET /climbregex../page.html'], nginx: { status: 200 }, veille: { status: 403 } },
    { request: ['GET /climbroot/?d=..'], nginx: { status: 404 }, veille: { status: 403 } },
    { request: ['GET /climbtry?f=/../html/page.html'], nginx: { status: 200 }, veille: { status: 404 } },
    { request: ['GET /climbindex/?i=../index.html'], nginx: { status: 200 }, veille: { status: 403 } },
  ],
  'only GET has ranges, and a range that is none is ignored (RFC 9110 §14.2)': [
    {
      request: ['HEAD /page.html', ['Range: bytes=100-']],
      nginx: { status: 416 },
      veille: { status: 200 },
    },
    { request: ['GET /page.html', ['Range: bytes=x']], nginx: { status: 416 }, veille: { status: 200 } },
  ],
  'a directory that is a symbolic link is refused like a file that is one': [
    { request: ['GET /links/linkdir/'], nginx: { status: 404 }, veille: { status: 403 } },
  ],
  'a file with an entity tag that the client has is not sent, whatever it says of dates (RFC 9110 §13.2.2)': [
    {
      request: ['GET /page.html', ['If-None-Match: *', `If-Modified-Since: ${LATER}`]],
      nginx: { status: 200 },
      veille: { status: 304 },
    },
  ],
}

/** Their order by bytes is that of UTF-8, in which what UTF-16 says in two halves is last. */
const LISTED = ['a', 'B', 'b<&">\'', 'back\\slash', 'q"uote', 'n\nl', 'ü', '\ue000', '🏮', ']]>', '.hidden']

const CLIMBING = `
    location /climb { alias html/dir/; }
    location ~ ^/climbregex(.*)$ { alias html/dir/$1; }
    location /climbroot/ { root html/$arg_d; }
    location /climbtry { root html; try_files $arg_f =404; }
    location /climbindex/ { alias html/dir/sub/; index $arg_i; }
`

function requestOf([line, fields = []]: Request): string {
  const hasHost = fields.some(field => field.startsWith('Host:'))
  const lines = hasHost ? fields : ['Host: localhost', ...fields]
  const length = line.startsWith('POST') ? ['Content-Length: 0'] : []
  return [`${line} HTTP/1.1`, ...lines, ...length, '', ''].join('\r\n')
}

/** The pages of errors are our own; and a part says that there are parts, which nginx leaves out. */
function compared(answer: PlainAnswer | null): PlainAnswer | null {
  if (answer === null) return null
  if (answer.status >= 300) return { ...answer, content: '' }
  if (answer.status !== 206) return answer
  return { ...answer, fields: answer.fields.filter(line => line !== 'accept-ranges: bytes') }
}

function assertHas(answer: PlainAnswer | null, expected: Partial<PlainAnswer>): void {
  const known = Object.keys(expected).map(key => [key, answer?.[key as keyof PlainAnswer]])
  assert.deepEqual(Object.fromEntries(known), expected)
}

describe('files', { skip: missing('nginx', 'nginx-light') }, () => {
  let servers: TwoServers

  before(async () => {
    for (const name of ['page.html', 'PAGE.html', 'etag-off.html', 'inner.html', 'quiet.html']) {
      write(`html/${name}`, `This is ${name}.`)
    }
    for (const name of ['a.CSS', 'a.css', 'no-extension', '.html', '.hidden', 'x.y/no-extension']) {
      write(`html/${name}`, name)
    }
    write('html/index.html', 'index')
    write('html/index.htm', 'other index')
    write('html/empty.html', '')
    write('html/dir/index.html', 'index of dir')
    write('html/dir/.png', 'png')
    write('html/dir/sub/f.css', 'css')
    write('html/try/x.css', 'tried')
    write('html/try/deep/index.html', 'deep')
    write('html/sp ace/é.html', 'é')
    write('sites/a.example/host/x.html', 'site a')
    mkdirSync(join(prefix, 'html/bare'))
    mkdirSync(join(prefix, `html/odd"<>^\`{|}&=+$,:;@!'()*~%#?[]`))
    symlinkSync('nowhere', join(prefix, 'html/broken'))
    symlinkSync('loop', join(prefix, 'html/loop'))
    symlinkSync('page.html', join(prefix, 'html/link.html'))
    symlinkSync('dir', join(prefix, 'html/linkdir'))
    execFileSync('mkfifo', [join(prefix, 'html/fifo')])
    for (const [size, name] of LISTED.entries()) write(`lists/${name}`, 'x'.repeat(size))
    write('lists/with/index.html', 'index')
    for (const name of ['empty', 'names']) mkdirSync(join(prefix, 'lists', name))
    symlinkSync('nowhere', join(prefix, 'lists/link to nowhere'))
    symlinkSync('circle', join(prefix, 'lists/circle'))
    symlinkSync('names', join(prefix, 'lists/link'))
    execFileSync('mkfifo', [join(prefix, 'lists/fifo')])
    servers = await twoServers(prefix, HTTP.replace('location / {', `${CLIMBING}location / {`))
  })
  after(async () => {
    await servers?.close()
    rmSync(prefix, { recursive: true })
  })

  for (const request of ALIKE) {
    it(`${request[0].slice(0, 60)} ${request[1]?.join(', ') ?? ''}`, async () => {
      const { nginx, veille } = await servers.ask(requestOf(request))
      assert.deepEqual(compared(veille), compared(nginx))
    })
  }

  for (const [words, differences] of Object.entries(DIFFERENT)) {
    it(words, async () => {
      for (const { request, ...expected } of differences) {
        const { nginx, veille } = await servers.ask(requestOf(request))
        assertHas(nginx, expected.nginx)
        assertHas(veille, expected.veille)
      }
    })
  }
})
