/** Variables, added fields and counters of a configuration: what nginx answers, veille answers. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type TwoServers, twoServers } from '../two-servers.ts'
import { missing } from './programs.ts'

const prefix = mkdtempSync(join(tmpdir(), 'veille-variables-'))

/** Those that have the same value on both servers. */
const VARIABLES = [
  ['uri', 'document_uri', 'request_uri', 'args', 'query_string', 'is_args', 'arg_x', 'arg_page_id'],
  ['request', 'request_method', 'server_protocol', 'request_length', 'request_completion', 'host'],
  ['server_name', 'remote_user', 'http_x_a', 'http_x_b', 'http_cookie', 'http_host', 'cookie_a', 'cookie_b'],
  ['content_length', 'content_type', 'sent_http_content_type', 'sent_http_x_before', 'sent_http_connection'],
  ['scheme', 'https', 'remote_addr', 'binary_remote_addr', 'server_addr', 'connection_requests', 'pipe'],
  [
    'proxy_protocol_addr',
    'status',
    'bytes_sent',
    'body_bytes_sent',
    'limit_rate',
    'hostname',
    'time_iso8601',
  ],
].flat()

const lines = VARIABLES.map(name => `${name}=[\${${name}}]`).join('\n')

const HTTP = `http {
  add_header X-Outer "of http";
  server {
    listen 127.0.0.1:PORT;
    server_name first.example second.example;
    location / { return 200 "${lines}"; }
    location /underscores/ { return 200 "$http_x_a|$http_x_b"; }
    location /set/args { set $args "x=2&y"; return 200 "$args|$is_args|$arg_x|$query_string|$request_uri"; }
    location /set/rate { set $limit_rate 4k; return 200 "$limit_rate"; }
    location /rewritten { rewrite ^/rewritten(.*)$ /new$1?x=1; }
    location /fields/ {
      add_header X-Before "$uri";
      add_header X-After "$sent_http_x_before|$sent_http_x_outer|$status";
      add_header X-Empty $arg_none;
      add_header X-Always "$status" always;
      location /fields/204 { return 204; }
      location /fields/301 { return 301 /to; }
      location /fields/403 { return 403; }
      location /fields/none { add_header "" ""; return 200; }
      location /fields/text { add_header X-Length $sent_http_content_length; return 200 "text"; }
      location /fields/error { error_page 403 /fields/text; return 403; }
      location /fields/if { if ($arg_a) { add_header X-If yes; return 200; } return 201; }
    }
    location /expires/epoch { expires epoch; return 200; }
    location /expires/max { expires max; add_header Cache-Control public; return 200; }
    location /expires/zero { expires 0; add_header X-Same "$sent_http_cache_control"; return 200; }
    location /expires/past { expires -1h; return 200; }
    location /expires/variable { expires $arg_e; return 200; }
    location /expires/error { expires max; return 404; }
    location /pixel { empty_gif; }
    location /status { stub_status; }
  }
  server { listen 127.0.0.1:PORT; server_name under.score; underscores_in_headers on;
    location / { return 200 "$http_x_a|$http_x_b|$server_name"; } }
}`

const head = (line: string, ...fields: string[]): string =>
  `${[`${line} HTTP/1.1`, 'Host: first.example', ...fields].join('\r\n')}\r\n\r\n`

const REQUESTS = [
  head('GET /'),
  head('GET /a%20b/./c//d?x=1&X=2'),
  head('GET /?'),
  head('GET /%C3%A9?page_id=7&x=%C3%A9', 'X-A: caf\xc3\xa9', 'X_B: 1'),
  head('GET /a', 'Cookie: a=1; B=2;b=3', 'X-A: one', 'X-B: '),
  head('GET /a', 'Cookie: ab=1,  b = x y ; c', 'Authorization: Basic YW5uOnNlY3JldA=='),
  head('GET /a', 'Authorization: basic   YW5u'),
  head('GET /a', 'Authorization: Basic OnNlY3JldA=='),
  'GET http://Second.Example:81/a?x=y HTTP/1.1\r\nHost: first.example\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: First.Example.:8080\r\n\r\n',
  'GET /a HTTP/1.0\r\n\r\n',
  head('POST /a', 'Content-Length: 3', 'Content-Type: text/x').concat('abc'),
  head('GET /set/args?x=1'),
  head('GET /set/rate'),
  head('GET /rewritten/a?b'),
  ...['204', '301', '403', 'none', 'text', 'error', 'if', 'if?a=1', 'missing'].map(one =>
    head(`GET /fields/${one}`),
  ),
  ...['epoch', 'max', 'zero', 'past', 'error'].map(one => head(`GET /expires/${one}`)),
  ...['max', 'epoch', 'off', 'soon', '', '@x'].map(e => head(`GET /expires/variable?e=${e}`)),
  head('GET /pixel'),
  head('HEAD /pixel'),
  head('POST /pixel', 'Content-Length: 0'),
  head('GET /pixel', 'If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT'),
  head('GET /pixel', 'If-Modified-Since: Mon, 28 Sep 1970 06:00:01 GMT'),
  head('HEAD /status'),
  head('GET /status'),
  head('GET /a', 'X_A: 1').replace('first.example', 'under.score'),
]

/** nginx's pages of errors and redirects look otherwise; a field of ours tells more of a 405. */
function comparable(content: string): string {
  return /^<(?:html|!doctype)/i.test(content) ? '(a page)' : content
}

describe('beside nginx', { skip: missing('nginx') }, () => {
  let servers: TwoServers
  before(async () => {
    servers = await twoServers(prefix, HTTP)
  })
  after(async () => {
    await servers?.close()
    rmSync(prefix, { recursive: true })
  })

  for (const request of REQUESTS) {
    it(request.split('\r\n\r\n')[0]!.replaceAll('\r\n', ' · '), async () => {
      const { nginx, veille } = await servers.ask(request)
      assert.ok(nginx !== null && veille !== null)
      assert.equal(veille.status, nginx.status)
      assert.equal(timeless(comparable(veille.content)), timeless(comparable(nginx.content)))
      const { status } = nginx
      const fields = (all: readonly string[]): string[] =>
        all.filter(line => !isOfPage(line, status)).map(timeless)
      assert.deepEqual(fields(veille.fields), fields(nginx.fields))
    })
  }
})

/** The types of pages differ, and `Allow` is missing from nginx's 405. */
function isOfPage(line: string, status: number): boolean {
  return line.startsWith('allow: ') || (status >= 300 && line.startsWith('content-type: '))
}

/** The two are asked within the same second, or not, and have had other connections while they were started. */
function timeless(text: string): string {
  return text
    .replace(/time_iso8601=\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/, 'time_iso8601=[')
    .replace(/^Active connections(?:.|\n)*/, numbers => numbers.replace(/\d+/g, 'N'))
    .replace(/^expires: (?!.* (?:1970|2037) ).*/, 'expires: near')
}
