/** A Python application behind uWSGI, asked in its own protocol and in SCGI, by veille and by nginx: the answers are the same. */

import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type TwoServers, twoServers } from '../two-servers.ts'
import { missingUwsgi, startUwsgi, type Uwsgi } from '../uwsgi.ts'
import { missing } from './programs.ts'

const APPLICATION = `
def application(environ, start_response):
    path = environ['PATH_INFO']
    body = environ['wsgi.input'].read()
    if path == '/missing':
        start_response('404 Not Here', [('Content-Type', 'text/plain')])
        return [b'nothing']
    if path == '/go':
        start_response('302 Found', [('Location', '/elsewhere')])
        return []
    if path == '/big':
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return (b'0123456789' * 10000 for _ in range(20))
    if path == '/length':
        start_response('200 OK', [('Content-Length', '5'), ('X-A', '1'), ('X-A', '2'), ('Set-Cookie', 'a=1')])
        return [b'hello']
    own = ('SERVER_SOFTWARE', 'REMOTE_PORT', 'SERVER_PORT', 'uwsgi', 'wsgi', 'HTTP_TRANSFER_ENCODING')
    lines = ['%s=%s' % one for one in sorted(environ.items()) if isinstance(one[1], str) and not one[0].startswith(own)]
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [('\\n'.join(lines) + '\\n%d bytes' % len(body)).encode()]
`

const PARAMS = [
  'QUERY_STRING $query_string',
  'REQUEST_METHOD $request_method',
  'CONTENT_TYPE $content_type',
  'REQUEST_URI $request_uri',
  'PATH_INFO $document_uri',
  'DOCUMENT_ROOT $document_root',
  'SERVER_PROTOCOL $server_protocol',
  'REQUEST_SCHEME $scheme',
  'HTTPS $https if_not_empty',
  'REMOTE_ADDR $remote_addr',
  'SERVER_PORT 80',
  'SERVER_NAME $server_name',
]

describe('a Python application behind uWSGI', { skip: missingUwsgi() || missing('nginx') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'veille-uwsgi-'))
  chmodSync(folder, 0o755)
  after(() => rmSync(folder, { recursive: true }))

  for (const protocol of ['uwsgi', 'scgi'] as const)
    describe(protocol, () => {
      let app: Uwsgi
      let servers: TwoServers

      before(async () => {
        app = await startUwsgi(folder, protocol, APPLICATION)
        const own = protocol === 'scgi' ? ['SCGI 1'] : ['CONTENT_LENGTH $content_length']
        const params = [...PARAMS, ...own].map(line => `${protocol}_param ${line};\n`).join('')
        writeFileSync(join(folder, 'params'), params)
        const pass = `${protocol}_pass ${protocol === 'uwsgi' ? 'uwsgi://' : ''}unix:${app.socket};`
        servers = await twoServers(
          folder,
          `http { server { listen 127.0.0.1:PORT; server_name site.test; root ${folder}; include ${folder}/params;
            location / { ${protocol === 'uwsgi' ? pass.replace('uwsgi://', '') : pass} }
            location /stream { ${protocol}_request_buffering off; ${pass} }
            location /none { ${protocol}_pass 127.0.0.1:1; error_page 502 = @app; }
            location @app { ${pass} } } }`,
        )
      })

      after(async () => {
        await servers?.close()
        await app?.close()
      })

      async function same(head: string, content = ''): Promise<void> {
        const length = content === '' ? '' : `Content-Length: ${content.length}\r\n`
        const { nginx, veille } = await servers.ask(
          `${head} HTTP/1.1\r\nHost: site.test\r\n${length}\r\n${content}`,
        )
        assert.deepEqual(veille, nginx, head)
        assert.notEqual(veille, null)
      }

      it('answers the same', async () => {
        for (const path of ['/', '/a%20b?x=%20', '/missing', '/go', '/big', '/length', '/none'])
          await same(`GET ${path}`)
        await same('HEAD /length')
        for (const path of ['/', '/stream', '/none']) {
          await same(`POST ${path}`, 'a=b')
          // To SCGI, nginx tells as the length of a content that is streamed what of it has come so far.
          if (protocol === 'uwsgi' || path !== '/stream') await same(`POST ${path}`, 'x'.repeat(300_000))
        }
      })

      it('is given what comes in chunks with its length', async () => {
        for (const path of ['/', '/stream']) {
          const head = `POST ${path} HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n`
          const { nginx, veille } = await servers.ask(`${head}3\r\nabc\r\n0\r\n\r\n`)
          assert.deepEqual(veille, nginx)
          assert.match(veille!.content, /CONTENT_LENGTH=3\n(.*\n)*3 bytes$/)
        }
      })
    })
})
