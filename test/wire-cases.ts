/**
 * What comes back for single requests on a connection, from nginx and from veille, with the same configuration (`WIRE_HTTP`): the table
 * that `e2e/configured-wire.test.ts` holds against both.
 *
 *   WIRE_GROUPS    each with the heading of docs/differences.md that says why the two are not always the same
 *
 * An outcome is the statuses in their order, then `open` when the connection stayed. nginx is 1.22.
 */

export type WireRow = readonly [words: string, bytes: string, nginx: string, veille?: string]

export interface WireGroup {
  readonly heading: string
  readonly rows: readonly WireRow[]
}

export const WIRE_HTTP = `http {
  client_max_body_size 100;
  lingering_timeout 100ms;
  types { text/html html; }
  server {
    listen 127.0.0.1:PORT;
    server_name a.example;
    root html;
    location = /probe { return 204; }
    location /text { return 200 "text"; }
    location /limited { limit_except GET { deny all; } }
    location = /redirect { return 307 /to; }
  }
}`

const HOST = 'Host: a.example\r\n'

/** @param line without the version */
function ask(line: string, ...fields: string[]): string {
  return `${line} HTTP/1.1\r\n${HOST}${fields.map(field => `${field}\r\n`).join('')}\r\n`
}

const withHost = (host: string): string => `GET /text HTTP/1.1\r\nHost: ${host}\r\n\r\n`
const withVersion = (version: string): string => `GET / ${version}\r\n${HOST}\r\n`
const post = (length: string, content = 'abc'): string => `${ask('POST /text', length)}${content}`
const coded = (coding: string): string => post(`Transfer-Encoding: ${coding}`, '0\r\n\r\n')
const chunks = (bytes: string): string => post('Transfer-Encoding: chunked', bytes)
const fields = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-${i}: 1`)

/** Answered first with a probe behind it, which is answered as well where the connection stays. */
export const PROBE = ask('GET /probe', 'Connection: close')

export const WIRE_GROUPS: readonly WireGroup[] = [
  {
    heading: 'Lines and versions',
    rows: [
      ['a request', ask('GET /'), '200 open'],
      ['two in one piece', ask('GET /') + ask('GET /text'), '200 200 open'],
      ['an empty line before', `\r\n${ask('GET /')}`, '200 open'],
      ['three empty lines before', `\r\n\r\n\r\n${ask('GET /')}`, '200 open'],
      ['lines that end in LF', ask('GET /').replaceAll('\r\n', '\n'), '200 open', '400'],
      ['two spaces', `GET  / HTTP/1.1\r\n${HOST}\r\n`, '200 open', '400'],
      ['a tab for a space', `GET\t/ HTTP/1.1\r\n${HOST}\r\n`, '400'],
      ['a space at the end', `GET / HTTP/1.1 \r\n${HOST}\r\n`, '200 open', '400'],
      ['HTTP/0.9', 'GET /text\r\n', '0.9', '400'],
      ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', '200'],
      ['HTTP/1.0 that stays', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', '200 open'],
      ['HTTP/1.2', withVersion('HTTP/1.2'), '200 open'],
      ['HTTP/1.10', withVersion('HTTP/1.10'), '200 open', '400'],
      ['HTTP/2.0', withVersion('HTTP/2.0'), '505'],
      ['HTTP/9.9', withVersion('HTTP/9.9'), '505'],
      ['HTTP/0.9 written out', withVersion('HTTP/0.9'), '400', '505'],
      ['http/1.1', withVersion('http/1.1'), '400'],
      ['HTTP/1', withVersion('HTTP/1'), '400'],
      ['HTTP/1.x', withVersion('HTTP/1.x'), '400'],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400'],
      ['a hello of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', '400'],
    ],
  },
  {
    heading: 'Methods',
    rows: [
      ...['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map(
        method => [`${method} of a file`, ask(`${method} /`), '405 open'] as const,
      ),
      ...['PROPFIND', 'LOCK', 'FOO', 'M-SEARCH', 'A_B'].map(
        method => [`${method} of a file`, ask(`${method} /`), '405 open', '501 open'] as const,
      ),
      ['HEAD of a file', ask('HEAD /'), '200 open'],
      ['HEAD of nothing', ask('HEAD /nothing'), '404 open'],
      ['HEAD of a folder', ask('HEAD /sub'), '301 open'],
      ['POST to nothing', ask('POST /nothing'), '404 open'],
      ['small letters', ask('get /'), '400', '501 open'],
      ['a digit', ask('G3T /'), '400', '501 open'],
      ['ten thousand letters', ask(`${'A'.repeat(10_000)} /`), '414', '501'],
      ['TRACE', ask('TRACE /'), '405', '405 open'],
      ['OPTIONS *', ask('OPTIONS *'), '400', '204 open'],
      ['OPTIONS of a text', ask('OPTIONS /text'), '200 open'],
      ['FOO of a text', ask('FOO /text'), '200 open'],
      ['CONNECT', ask('CONNECT a.example:80'), '400', '501'],
      ['CONNECT with a path', ask('CONNECT /'), '405', '400'],
      ['POST where it is not allowed', ask('POST /limited/'), '403 open'],
      ['OPTIONS where it is not allowed', ask('OPTIONS /limited/'), '403 open'],
      ['POST that is redirected', `${ask('POST /redirect', 'Content-Length: 3')}abc`, '307 open'],
      ['POST without a length', ask('POST /text'), '200 open'],
    ],
  },
  {
    heading: 'Request targets',
    rows: [
      ['http://a.example/', ask('GET http://a.example/'), '200 open'],
      ['another host than Host', ask('GET http://b.example/'), '200 open'],
      ['HTTP://a.example/', ask('GET HTTP://a.example/'), '200 open'],
      ['no path', ask('GET http://a.example'), '200 open'],
      ['a query without a path', ask('GET http://a.example?x'), '200 open'],
      ['https', ask('GET https://a.example/'), '200 open', '421'],
      ['ftp', ask('GET ftp://a.example/'), '200 open', '400'],
      ['a user', ask('GET http://u@a.example/'), '400'],
      ['no host', ask('GET http:///'), '400'],
      ['nothing', `GET  HTTP/1.1\r\n${HOST}\r\n`, '400'],
      ['no slash', ask('GET index.html'), '400'],
      ['a space', ask('GET /a b.txt'), '400'],
      ['NUL', ask('GET /a\0b'), '400'],
      ['dots', ask('GET /./sub/../index.html'), '200 open'],
      ['two slashes', ask('GET //index.html'), '200 open'],
      ['/sub/..', ask('GET /sub/..'), '200 open'],
      ['/.', ask('GET /.'), '200 open'],
      ['/...', ask('GET /...'), '404 open'],
      ['a slash behind a file', ask('GET /index.html/'), '404 open'],
      ['/..', ask('GET /..'), '400'],
      ['/../../etc/passwd', ask('GET /../../etc/passwd'), '400'],
      ['the same, escaped', ask('GET /%2e%2e/%2e%2e/etc/passwd'), '400'],
      ['the same, escaped twice', ask('GET /%252e%252e/etc/passwd'), '404 open'],
      ['..;', ask('GET /..;/x'), '404 open'],
      ['escaped slashes', ask('GET /a/..%2f..%2fetc'), '400', '404'],
      ['one escaped slash', ask('GET /sub%2findex.html'), '200 open', '404'],
      ['an escaped backslash', ask('GET /sub%5cindex.html'), '404 open', '404'],
      ['%00', ask('GET /%00'), '400', '404'],
      ['%0a', ask('GET /%0a'), '404 open', '404'],
      ['%zz', ask('GET /%zz'), '400'],
      ['%', ask('GET /%'), '400'],
      ['not UTF-8', ask('GET /%ff'), '404 open', '400'],
      ['too long for UTF-8', ask('GET /%c0%ae%c0%ae/x'), '404 open', '400'],
      ['brackets in a query', ask('GET /?x[]=1'), '200 open'],
      ...['%zz', '100%', 'a|b', '{a}', '"a"', '<b>', 'a^b', '\xc3\xa9'].map(
        text => [`${text} in a query`, ask(`GET /?x=${text}`), '200 open'] as const,
      ),
      ...['a|b', 'a^b', '{a}', '"a"', '<b>', '\xc3\xa9'].map(
        text => [`${text} in a path`, ask(`GET /${text}`), '404 open'] as const,
      ),
      ['a\\b in a path', ask('GET /a\\b'), '404 open', '400'],
      ['a fragment', ask('GET /#a'), '200 open', '400'],
      ['a fragment behind a query', ask('GET /?a#b'), '200 open', '400'],
    ],
  },
  {
    heading: 'Hosts',
    rows: [
      ['none', 'GET / HTTP/1.1\r\n\r\n', '400'],
      ['two lines', ask('GET /', 'Host: a.example'), '400'],
      ...['', 'a b', 'a/b', '..', 'a..b'].map(host => [`"${host}"`, withHost(host), '400'] as const),
      ...['a_b', 'a,b', 'a:', 'a:80', '[::1]:80', 'A.', '%41'].map(
        host => [`"${host}"`, withHost(host), '200 open'] as const,
      ),
      ...['u@a', 'a:b', '"a"', '[::1', '[x]', '\xc3\xa9.example', '<a>'].map(
        host => [`"${host}"`, withHost(host), '200 open', '400'] as const,
      ),
    ],
  },
  {
    heading: 'Field lines',
    rows: [
      ['no colon', ask('GET /', 'abc'), '200 open', '400'],
      ['a space before the colon', ask('GET /', 'X : a'), '400'],
      ['no name', ask('GET /', ': a'), '400'],
      ['a parenthesis in the name', ask('GET /', 'X(a: 1'), '200 open', '400'],
      ['an underscore in the name', ask('GET /', 'X_a: 1'), '200 open'],
      ['a folded line', ask('GET /', 'X: a', ' b'), '400'],
      ['no value', ask('GET /', 'X:'), '200 open'],
      ['a tab in the value', ask('GET /', 'X: a\tb'), '200 open'],
      ['a byte above 127', ask('GET /', 'X: \xe9'), '200 open'],
      ['NUL', ask('GET /', 'X: a\0b'), '400'],
      ['a bare CR', ask('GET /', 'X: a\rb'), '400'],
      ['other control characters', ask('GET /', 'X: a\x01b\x7f'), '200 open', '400'],
      [
        'two lines of Content-Type',
        ask('POST /text', 'Content-Type: a/b', 'Content-Type: c/d'),
        '200 open',
        '400',
      ],
      ['two lines of Authorization', ask('GET /', 'Authorization: a', 'Authorization: b'), '400', '200 open'],
      ['two lines of User-Agent', ask('GET /', 'User-Agent: a', 'User-Agent: b'), '200 open'],
      ['close among others', ask('GET /', 'Connection: keep-alive, close'), '200'],
      ['CONNECTION: CLOSE', ask('GET /', 'CONNECTION: CLOSE'), '200'],
      ['an upgrade', ask('GET /', 'Connection: Upgrade', 'Upgrade: websocket'), '200 open'],
      ['100-continue without content', ask('GET /', 'Expect: 100-continue'), '100 200 open', '200 open'],
      ['another expectation', ask('GET /', 'Expect: other'), '200 open', '417'],
    ],
  },
  {
    heading: 'Sizes of a head',
    rows: [
      ['a target of 7,000 bytes', ask(`GET /?${'a'.repeat(7000)}`), '200 open'],
      ['a target of 9,000 bytes', ask(`GET /?${'a'.repeat(9000)}`), '414'],
      ['a target of 40,000 bytes', ask(`GET /?${'a'.repeat(40_000)}`), '414'],
      ['a field of 7,000 bytes', ask('GET /', `X: ${'a'.repeat(7000)}`), '200 open'],
      ['a field of 9,000 bytes', ask('GET /', `X: ${'a'.repeat(9000)}`), '400', '431'],
      ['a field of 40,000 bytes', ask('GET /', `X: ${'a'.repeat(40_000)}`), '400', '431'],
      ['300 fields', ask('GET /', ...fields(300)), '200 open'],
      ['5,000 fields', ask('GET /', ...fields(5000)), '400', '431'],
    ],
  },
  {
    heading: 'Content and its length',
    rows: [
      ['three bytes', post('Content-Length: 3'), '200 open'],
      ['of a GET', `${ask('GET /', 'Content-Length: 3')}abc`, '200 open'],
      [
        'of a GET, in chunks',
        `${ask('GET /', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`,
        '200 open',
      ],
      ['of a POST to a file', `${ask('POST /', 'Content-Length: 3')}abc`, '405 open'],
      ['as much as allowed', post('Content-Length: 100', 'a'.repeat(100)), '200 open'],
      ['more than allowed', post('Content-Length: 101', ''), '413'],
      ['003', post('Content-Length: 003'), '200 open'],
      ...['abc', '-1', '+3', '3, 3', '0x3', '', '3 3'].map(
        length => [`Content-Length: "${length}"`, post(`Content-Length: ${length}`), '400'] as const,
      ),
      ['twenty digits', post('Content-Length: 99999999999999999999', ''), '400', '413'],
      ['two lines, alike', post('Content-Length: 3\r\nContent-Length: 3'), '400'],
      ['two lines, not alike', post('Content-Length: 3\r\nContent-Length: 4'), '400'],
      ['a length and chunks', post('Content-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), '400'],
      ...['gzip', 'gzip, chunked', 'identity', 'xchunked'].map(
        coding => [`Transfer-Encoding: ${coding}`, coded(coding), '501'] as const,
      ),
      ...['chunked, chunked', '"chunked"', 'chunked;q=1', ''].map(
        coding => [`Transfer-Encoding: ${coding}`, coded(coding), '501', '400'] as const,
      ),
      ['CHUNKED', coded('CHUNKED'), '200 open'],
      ['two lines of chunked', coded('chunked\r\nTransfer-Encoding: chunked'), '400'],
      ['chunks in HTTP/1.0', 'POST /text HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', '400'],
      ['chunks', chunks('3;a=b\r\nabc\r\n0003\r\ndef\r\n000\r\nX: y\r\n\r\n'), '200 open'],
      ['no size of a chunk', chunks('zz\r\nabc\r\n0\r\n\r\n'), '400'],
      ['a negative size', chunks('-3\r\nabc\r\n0\r\n\r\n'), '400'],
      ['a size of 17 digits', chunks('fffffffffffffffff\r\nabc'), '400'],
      ['no line end behind a chunk', chunks('3\r\nabcX0\r\n\r\n'), '400'],
      ['LF behind a chunk', chunks('3\nabc\n0\n\n'), '200 open', '400'],
      ['a space behind a size', chunks('3 \r\nabc\r\n0\r\n\r\n'), '200 open', '400'],
      ['chunks beyond what is allowed', chunks(`65\r\n${'a'.repeat(101)}\r\n0\r\n\r\n`), '200 open', '413'],
      ['100-continue', post('Expect: 100-continue\r\nContent-Length: 3'), '100 200 open', '200'],
    ],
  },
  {
    heading: 'Ranges',
    rows: [
      ['a part', ask('GET /', 'Range: bytes=0-2'), '206 open'],
      ['beyond the end', ask('GET /', 'Range: bytes=9-'), '416 open'],
      ['no range', ask('GET /', 'Range: bytes=a-b'), '416 open', '200 open'],
      ['two lines', ask('GET /', 'Range: bytes=0-1', 'Range: bytes=1-2'), '206 open', '200 open'],
      ['any tag', ask('GET /', 'If-None-Match: *'), '304 open'],
    ],
  },
]
