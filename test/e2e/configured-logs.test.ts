/** Lines of access logs that a configuration describes: what has no value is a dash, what is empty is empty, in both servers alike. */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { connect } from '../raw-client.ts'
import { oneServer } from '../two-servers.ts'
import { missing } from './programs.ts'

const HTTP = `http {
  map $arg_q $mapped { default ""; 1 one; }
  log_format values '$status $uri [$args] [$arg_q] [$mapped] [$set] [$group] [$http_x] [$cookie_k] [$sent_http_location] [$sent_http_x_a]';
  server {
    listen 127.0.0.1:PORT;
    server_name a.example;
    root html;
    access_log logs/PORT.log values;
    location /set { set $set "$arg_q"; return 204; }
    location /group { if ($uri ~ "^/group(?<group>.*)$") { return 204; } }
    location /moved { return 301 /to; }
    location /field { add_header X-A "$arg_q"; return 204; }
    location /apart { access_log logs/apart-PORT.log values if=$arg_q; return 204; }
    location /silent { access_log off; return 204; }
    location /page { error_page 404 /index.html; }
    location /dropped { return 444; }
  }
}`

const LINES: readonly (readonly [request: string, line: string])[] = [
  ['GET /', '200 /index.html [-] [-] [] [] [-] [-] [-] [-] [-]'],
  ['GET /?', '200 /index.html [-] [-] [] [] [-] [-] [-] [-] [-]'],
  ['GET /?q=', '200 /index.html [q=] [] [] [] [-] [-] [-] [-] [-]'],
  ['GET /?q=1', '200 /index.html [q=1] [1] [one] [] [-] [-] [-] [-] [-]'],
  ['GET /set?q=', '204 /set [q=] [] [] [] [-] [-] [-] [-] [-]'],
  ['GET /set?q=1', '204 /set [q=1] [1] [one] [1] [-] [-] [-] [-] [-]'],
  ['GET /group', '204 /group [-] [-] [] [] [] [-] [-] [-] [-]'],
  ['GET /group/x', '204 /group/x [-] [-] [] [] [/x] [-] [-] [-] [-]'],
  ['GET /field', '204 /field [-] [-] [] [] [-] [-] [-] [-] [-]'],
  ['GET /field?q=%20', '204 /field [q=%20] [%20] [] [] [-] [-] [-] [-] [%20]'],
  ['GET /moved', '301 /moved [-] [-] [] [] [-] [-] [-] [http://a.example:PORT/to] [-]'],
  ['GET /page', '404 /index.html [-] [-] [] [] [-] [-] [-] [-] [-]'],
  ['GET /dropped', '444 /dropped [-] [-] [] [] [-] [-] [-] [-] [-]'],
  ['HEAD /nothing\r\nX: \r\nCookie: k=', '404 /nothing [-] [-] [] [] [-] [] [] [-] [-]'],
]

for (const program of ['veille', 'nginx'] as const) {
  describe(`access logs of ${program}`, { skip: program === 'nginx' && missing('nginx') }, () => {
    const prefix = mkdtempSync(join(tmpdir(), 'veille-logs-'))
    after(() => rmSync(prefix, { recursive: true }))

    it('say what the format says of each request, in their order', async () => {
      mkdirSync(join(prefix, 'html'))
      writeFileSync(join(prefix, 'html/index.html'), 'hello\n')
      const server = await oneServer(program, prefix, HTTP)
      const requests = [
        ...LINES.map(([request]) => request),
        'GET /apart?q=1',
        'GET /apart?q=0',
        'GET /apart',
        'GET /silent',
      ]
      for (const request of requests) {
        const [line, ...fields] = request.split('\r\n')
        const client = await connect({ port: server.port })
        client.send(
          [`${line} HTTP/1.1`, 'Host: a.example', 'Connection: close', ...fields, '', ''].join('\r\n'),
        )
        await client.gone()
        client.destroy()
      }
      await server.close()
      const linesOf = (name: string): string[] =>
        readFileSync(join(prefix, 'logs', name), 'utf8')
          .replaceAll(String(server.port), 'PORT')
          .trim()
          .split('\n')
      assert.deepEqual(
        linesOf(`${server.port}.log`),
        LINES.map(([, line]) => line),
      )
      assert.deepEqual(linesOf(`apart-${server.port}.log`), [
        '204 /apart [q=1] [1] [one] [] [-] [-] [-] [-] [-]',
      ])
    })
  })
}
