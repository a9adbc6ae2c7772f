/** The same configuration on nginx and on veille, the same FastCGI server behind both: what it is told, and what becomes of its answers. */

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FastcgiPeer, type PeerRequest } from '../scripted-peer.ts'
import { type PlainAnswer, type TwoServers, twoServers } from '../two-servers.ts'
import { missing } from './programs.ts'

const skip = missing('nginx')
const prefix = mkdtempSync(join(tmpdir(), 'veille-fastcgi-nginx-'))
chmodSync(prefix, 0o755)
after(() => rmSync(prefix, { recursive: true }))

/** What follows the path in a request says what the peer answers, with \n for the end of a line. */
const REPLY = 'HTTP_X_REPLY'

function answer(request: PeerRequest): void {
  const reply = request.params.get(REPLY)
  if (reply === 'hang up') request.hangUp()
  else if (reply === undefined) request.reply(`Content-Type: text/plain\n\n${toldOf(request)}`)
  else request.reply(reply.replaceAll('\\n', '\n').replaceAll('\\r', '\r'))
}

/** Everything that a server tells, but for its own name and the order. */
function toldOf(request: PeerRequest): string {
  const lines = [...request.params].filter(([name]) => name !== 'SERVER_SOFTWARE')
  return [
    ...lines.map(([name, value]) => `${name}=${value}\n`).sort(),
    `${request.contentBytes} bytes\n`,
  ].join('')
}

const PARAMS = `
  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_param PATH_INFO $fastcgi_path_info;
  fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method;
  fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length;
  fastcgi_param SCRIPT_NAME $fastcgi_script_name; fastcgi_param REQUEST_URI $request_uri;
  fastcgi_param DOCUMENT_URI $document_uri; fastcgi_param DOCUMENT_ROOT $document_root;
  fastcgi_param SERVER_PROTOCOL $server_protocol; fastcgi_param REQUEST_SCHEME $request_scheme;
  fastcgi_param HTTPS $https if_not_empty; fastcgi_param GATEWAY_INTERFACE CGI/1.1;
  fastcgi_param SERVER_SOFTWARE nginx/$nginx_version; fastcgi_param REMOTE_ADDR $remote_addr;
  fastcgi_param SERVER_ADDR $server_addr; fastcgi_param SERVER_NAME $server_name; fastcgi_param REDIRECT_STATUS 200;`

function site(peer: string): string {
  return `http {
    upstream group { server ${peer}; server 127.0.0.1:1 backup; keepalive 2; }
    types { text/html html; text/plain txt; }
    server {
      listen 127.0.0.1:PORT; server_name site.test; root ${prefix}/site;
      ${PARAMS.replaceAll('$request_scheme', '$scheme')}
      fastcgi_index index.php;
      location / { fastcgi_pass ${peer}; }
      location /group/ { fastcgi_pass group; fastcgi_keep_conn on; }
      location /split/ { fastcgi_split_path_info ^(.+\\.php)(/.*)?$; fastcgi_pass ${peer}; }
      location /variable/ { set $to group; fastcgi_pass $to; }
      location /none/ { fastcgi_pass ${peer}; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; }
      location /own/ { fastcgi_param HTTP_X_OWN "$http_x_own!"; fastcgi_param HTTP_ACCEPT ""; fastcgi_pass ${peer}; }
      location /hide/ { fastcgi_hide_header X-A; fastcgi_pass_header X-Accel-Charset; fastcgi_pass ${peer}; }
      location /ignore/ { fastcgi_ignore_headers X-Accel-Redirect; fastcgi_pass ${peer}; }
      location /intercept/ {
        fastcgi_intercept_errors on; error_page 404 /page.html; error_page 500 503 =200 /page.html; fastcgi_pass ${peer};
      }
      location /not-intercept/ { error_page 404 /page.html; fastcgi_pass ${peer}; }
      location /fallback/ { error_page 502 = @fallback; fastcgi_pass 127.0.0.1:1; }
      location @fallback { fastcgi_pass ${peer}; }
      location /if/ { if ($arg_b) { set $x 1; } if ($arg_c) { fastcgi_pass ${peer}; } return 204; }
      location = /page.html { }
      location /inner/ { internal; root ${prefix}/site; }
      location /head/ { fastcgi_buffer_size 200; fastcgi_buffers 2 200; fastcgi_busy_buffers_size 200; fastcgi_pass ${peer}; }
      location /stream/ { fastcgi_request_buffering off; fastcgi_pass ${peer}; }
      location /group { return 204; }
      location /outer/ { location /outer/inner/ { fastcgi_pass ${peer}; } return 204; }
      location /hidden/ { internal; fastcgi_pass ${peer}; }
      location ~ ^/hide$ { return 204; }
      location /except/ { limit_except GET { deny 192.0.2.1; } fastcgi_pass ${peer}; }
    }
  }`
}

describe('FastCGI beside nginx', { skip }, () => {
  let peer: FastcgiPeer
  let servers: TwoServers

  before(async () => {
    mkdirSync(join(prefix, 'site/inner'), { recursive: true })
    mkdirSync(join(prefix, 'logs'))
    writeFileSync(join(prefix, 'site/page.html'), 'a page')
    writeFileSync(join(prefix, 'site/inner/file.txt'), 'a file')
    peer = await FastcgiPeer.listen(answer)
    servers = await twoServers(prefix, site(peer.address))
  })

  after(async () => {
    await servers?.close()
    await peer?.close()
  })

  /** Pages of the servers' own differ. */
  function comparable(one: PlainAnswer | null): PlainAnswer | null {
    if (one === null || !/<title>|<h1>/.test(one.content)) return one
    return {
      ...one,
      fields: one.fields.filter(line => !line.startsWith('content-')),
      content: 'a page of its own',
    }
  }

  async function same(head: string, reply: string | null = null, content = ''): Promise<PlainAnswer> {
    const lines = [`${head} HTTP/1.1`, 'Host: site.test', ...(reply === null ? [] : [`X-Reply: ${reply}`])]
    if (content !== '') lines.push(`Content-Length: ${content.length}`)
    const { nginx, veille } = await servers.ask(`${lines.join('\r\n')}\r\n\r\n${content}`)
    assert.deepEqual(comparable(veille), comparable(nginx), `${head} ${reply}`)
    return veille ?? assert.fail('no answer')
  }

  it('tells of a request what nginx tells', async () => {
    for (const path of [
      '/',
      '/a/b/',
      '/a%20b/%c3%a9?x=%20&y',
      '/a//b',
      '/group/x',
      '/variable/x',
      '/none/x',
      '/own/x',
      '/split/a.php/x/y',
      '/split/a.php',
      '/split/',
      '/split/a.txt/',
      '/fallback/x',
      '/if/',
      '/if/?c=1',
      '/if/?b=1&c=1',
      '/except/',
    ]) {
      await same(`GET ${path}`)
      await same(`POST ${path}`, null, 'a=b')
    }
    for (const method of ['HEAD', 'PUT', 'DELETE', 'PROPFIND', 'ODD']) await same(`${method} /`)
  })

  it('is found without the slash at the end of its location', async () => {
    for (const path of [
      '/split',
      '/split?a=b',
      '/group',
      '/hide',
      '/outer/inner',
      '/outer',
      '/hidden',
      '/if',
      '/fallback',
    ])
      for (const method of ['GET', 'POST', 'HEAD']) await same(`${method} ${path}`)
  })

  it('tells the fields of a request as nginx does', async () => {
    const fields = [
      'X-Own: 1',
      'Accept: */*',
      'x-lower-CASE: v',
      'X_Under: 1',
      'X.Dot: 1',
      'Content-Type: a/b',
      'Referer: r',
      'X-E:',
    ]
    for (const path of ['/', '/own/'])
      for (const content of ['', 'abc']) {
        const length = content === '' ? [] : [`Content-Length: ${content.length}`]
        const head = [`POST ${path} HTTP/1.1`, 'Host: site.test', ...fields, ...length].join('\r\n')
        const { nginx, veille } = await servers.ask(`${head}\r\n\r\n${content}`)
        assert.deepEqual(veille, nginx)
      }
    const head = 'POST / HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked'
    const { nginx, veille } = await servers.ask(`${head}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`)
    // nginx tells of the coding, which it has taken away.
    const content = nginx?.content.replace('HTTP_TRANSFER_ENCODING=chunked\n', '')
    assert.deepEqual(veille, { ...nginx, content })
  })

  it('makes of an answer what nginx makes of it', async () => {
    for (const reply of [
      'Content-Type: text/plain\\n\\nhello',
      '\\nhello',
      '\\r\\n\\r\\nhello',
      'Status: 404 Gone Fishing\\n\\nhello',
      'Status: 204 None\\n\\n',
      'Status: 304 Same\\n\\n',
      'Status: 200 OK\\r\\nX-A: 1\\r\\n\\r\\nhello',
      'Location: /elsewhere\\n\\n',
      'Location: http://other.test/\\n\\n',
      'Status: 301 Moved\\nLocation: /elsewhere\\n\\nhello',
      'Location: elsewhere\\n\\n',
      'X-A: 1\\nX-A: 2\\nx-b: 3\\n\\nhello',
      'Set-Cookie: a=1\\nSet-Cookie: b=2\\n\\n',
      'Content-Length: 5\\n\\nhello',
      'Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\\nETag: "x"\\n\\nhello',
      'Content-Type: text/html; charset=x\\nExpires: 0\\nCache-Control: no-store\\nVary: *\\n\\nhello',
      'X-Accel-Expires: 1\\nX-Accel-Buffering: no\\nX-Accel-Charset: utf-8\\nX-A: 1\\n\\nhello',
      'X-Accel-Redirect: /inner/file.txt\\nX-A: 1\\nContent-Type: x/y\\nSet-Cookie: c=1\\n\\nnot this',
      'X-Accel-Redirect: /inner/none\\n\\n',
      'X-Accel-Redirect: @fallback\\n\\n',
      'no field\\n\\n',
      'Status: abc\\n\\n',
      'X A: 1\\n\\n',
      'HTTP/1.1 200 OK\\n\\nhello',
      'Status: 200 Cut',
      'hang up',
    ])
      for (const path of ['/', '/hide/', '/ignore/', '/intercept/', '/not-intercept/', '/group/', '/head/'])
        await same(`GET ${path}`, reply)
    await same('HEAD /', 'Content-Length: 5\\n\\n')
    await same('HEAD /', 'Content-Type: text/plain\\n\\n')
    await same('GET /head/', `X-A: ${'a'.repeat(250)}\\n\\n`)
    await same('GET /intercept/', 'Status: 500 Oh\\n\\nits own')
    await same('GET /intercept/', 'Status: 503 No\\n\\nits own')
    await same('GET /intercept/', 'Status: 403 No\\n\\nits own')
  })
})
