/**
 * Requests to `configured-site.ts`, put together from what has ever been used to get where one should not be.
 *
 *   requestText(random)        one message, whole; most of them are valid
 */

import type { Random } from '../pieces.ts'

/** Others than GET. */
const METHODS = ['HEAD', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'PUT', 'TRACE', 'get', 'MKCOL', 'COPY', 'MOVE']

/** What changes files, where it may. */
const WRITING = ['PUT', 'PUT', 'POST', 'POST', 'DELETE', 'MKCOL', 'COPY', 'MOVE']

const HOSTS = [
  'localhost',
  'example.test',
  'EXAMPLE.test:80',
  'example.test.',
  'a.wild.test',
  'www.example.org',
  'x.example.any',
  'x.a.b.any',
  'x.%2e%2e.any',
  '[::1]',
  'x.secret.any',
]

/** Beginnings of paths: the locations of the site. */
const PLACES =
  `/ /exact /to/ /there/ /elsewhere/ /pot /gone /closed /capture/ /capture/a/ /rewritten/ /asked/ /redirected/ /broken/
/put-together/ /again/ /again/again/ /try/ /named/ /files /files/ /xml/ /script/ /version/1/ /by-name/u /by-name/ua/ /index/ /rooted/ /chosen/
/picture /slowly/ /inside/ /read-only/ /trailer/ /expiring/ /status /logged/ /conditional/ /nested/ /nested/one/ /sub /sub/ /dir /old/
/dav/ /dav/sub/ /up/ /up-there/ /up-here/ /up-here/sub/
/exact-old /list /list/ /sites/ /link.txt /linked /linked/`.split(/\s+/)

/** Where there is something to be had. */
const FOUND =
  `/a.txt /large.bin /sp%20ace.txt /sub/deep/x.css /slowly/large.bin /read-only/a.txt /expiring/a.txt?e=30d /expiring/a.txt?e=modified
/files/one.txt /version/1/two.txt /by-name/uv1/two.txt /broken/a.txt /again/exact?a=b /nested/x.css /put-together/?f=a.txt /try/a.txt /try/none?f=a.txt
/index/?f=a.txt /rewritten/a /asked/a?b=c /conditional/?x=abc1 /logged/?log=a /list/ /xml/ /script/ /gone /trailer/`.split(
    /\s+/,
  )

/** Where there would be something, if one let oneself be led. */
const ATTACKS =
  `/files../secret/secret.txt /files-secret/secret.txt /files../secret.txt /by-name/u../secret/secret.txt /by-name/ufiles/../secret.txt
/put-together/?f=../secret.txt /put-together/?f=/../secret/secret.txt /chosen/secret.txt?f=/../../ /chosen/../secret.txt?f=.. /chosen/secret.txt?f=../secret
/try/none?f=../secret.txt /try/none?f=..%2fsecret.txt /index/?f=../../secret.txt /index/?f=../secret/secret.txt /link.txt /linked/secret.txt /linked/
/version/1/../../secret.txt /version/1/%2e%2e/%2e%2e/secret.txt /logged/?log=../secret-log /logged/?log=../html/log /logged/?log=/../secret/log /../secret.txt /%2e%2e/secret.txt
/gone/?f=../secret.txt /slowly/../../secret.txt /slowly../secret.txt /xml/../../../secret.txt /sub/..%2f..%2fsecret.txt /a.txt/../../secret.txt
/capture/%0d%0aInjected:%20yes/%0aInjected:1 /capture/a/?c=%0d%0aInjected:%20yes /to/%0d%0aInjected:%20yes /redirected/%0d%0aInjected:%20yes
/elsewhere/?to=//elsewhere.test/ /elsewhere/?to=/%5celsewhere.test /old//elsewhere.test/ /redirected//elsewhere.test/ /trailer/%0d%0aInjected:%20yes
/named/%0d%0a%0d%0aInjected /dir%0d%0aInjected:%20yes /expiring/a.txt?e=%0d%0aInjected /sub?%0d%0aInjected:%20yes`.split(
    /\s+/,
  )

/** What may stand in a path or a query, and is the name of something, or tries to become one. */
const PIECES =
  `a a.txt sp%20ace.txt %C3%BC.txt index.html sub sub/ deep/x.css x.css list large.bin one.txt v1/two.txt secret.txt secret/secret.txt
../secret.txt ../secret/secret.txt /../secret/secret.txt .. ../ . ./ // /./ /../ ..%2f..%2fsecret.txt %2e%2e/secret.txt a/../a.txt
%2e%2e%2fsecret.txt ..;/secret.txt -secret/secret.txt html/../../secret/secret.txt ....//secret.txt %252e%252e/
%0d%0aInjected:%20yes %0aInjected:%20yes %0d%0a%0d%0aHTTP/1.1%20200%20Injected %E5%98%8A%E5%98%8DInjected:%20yes %7f %1b[31m
%22 %27 %3Cb%3E $uri $1 $$ %24uri ?a=b & = ;x=y %23 + , ~root/ http://elsewhere.test/ //elsewhere.test/ /%5celsewhere.test/
javascript:alert(1) 30d max epoch modified -1 @15h30m 99999999999d abc123`.split(/\s+/)

/** What no target may hold. */
const WRONG = [
  '<b>',
  '"',
  '{}',
  '#f',
  '%zz',
  '%',
  '\xe9',
  '%00',
  'a%00.txt',
  '%ff',
  '%c0%ae%c0%ae/',
  '..%5csecret.txt',
  '\t',
  '|',
]

const NAMES = ['a', 'to', 'f', 'x', 'c', 'e', 'm', 'log', 'A', 'arg_a', 'p', '']

const DATES = ['Thu, 01 Jan 1970 00:00:00 GMT', 'Sat, 01 Jan 2050 00:00:00 GMT', 'yesterday', '0']

const FIELDS: readonly ((random: Random) => string)[] = [
  random =>
    `User-Agent: ${pick(random, ['bot', 'a"b', 'a\\b', "it's", '\x80\xff', '$jndi', '%0d%0aInjected: yes'])}`,
  random => `Referer: ${pick(random, ['http://a/', '"', '-', `http://${'a'.repeat(300)}/`])}`,
  random => `Accept-Language: ${pick(random, ['de', 'fr-CH, fr;q=0.9', '', '*', '\x80', 'x'.repeat(200)])}`,
  random =>
    `Cookie: ${pick(random, ['a=1', 'a=1; a=2', 'id=7; a="x"', 'a', '=', ';;', `a=${'c'.repeat(random(5000))}`, 'a=\xff'])}`,
  random =>
    `Range: ${pick(random, ['bytes=0-4', 'bytes=-1', 'bytes=5-', 'bytes=0-0,2-3,4-4', 'bytes=9-1', 'bytes=99999-', 'lines=1', 'bytes=a', `bytes=${'0-0,'.repeat(200)}1-1`])}`,
  random => `If-Range: ${pick(random, ['"a"', 'W/"a"', ...DATES])}`,
  random => `If-Modified-Since: ${pick(random, DATES)}`,
  random => `If-Unmodified-Since: ${pick(random, DATES)}`,
  random => `If-None-Match: ${pick(random, ['*', '"a"', 'W/"a", "b"', '"', `"${'e'.repeat(500)}"`])}`,
  random => `If-Match: ${pick(random, ['*', '"a"', ''])}`,
  random => `Connection: ${pick(random, ['close', 'keep-alive', 'x', 'close, Host'])}`,
  random => `Accept-Encoding: ${pick(random, ['gzip', 'identity;q=0', '*;q=0', 'br, gzip;q=x'])}`,
  random => `Expect: ${pick(random, ['100-continue', 'more'])}`,
  random => `X-Forwarded-For: ${pick(random, ['127.0.0.1', '::1, a', '"'])}`,
  random => `X_Under: ${random(10)}`,
  () => 'X-Empty:',
]

export function pick<Item>(random: Random, list: readonly Item[]): Item {
  return list[random(list.length)]!
}

export function requestText(random: Random): string {
  const method = random(3) === 0 ? pick(random, METHODS) : 'GET'
  if (random(10) === 0) return writingText(random)
  const lines = [
    `${method} ${target(random)} HTTP/1.${random(8) === 0 ? 0 : 1}`,
    `Host: ${pick(random, HOSTS)}`,
  ]
  for (let i = random(4); i > 0; i--) lines.push(pick(random, FIELDS)(random))
  return withContent(lines, random)
}

/** To where files may be changed, and nowhere else. */
function writingText(random: Random): string {
  const place = (): string => {
    const start = pick(random, [
      '/dav/',
      '/dav/',
      '/dav/sub/',
      '/up/',
      '/up-there/',
      '/up-here/',
      '/up-here/sub/',
    ])
    return start + piece(random) + (random(3) === 0 ? `/${piece(random)}` : '')
  }
  const lines = [
    `${pick(random, WRITING)} ${place()}${random(4) === 0 ? `?f=${piece(random)}` : ''} HTTP/1.1`,
    'Host: localhost',
  ]
  if (random(2) === 0) lines.push(`Destination: ${random(4) === 0 ? 'http://localhost' : ''}${place()}`)
  if (random(6) === 0) lines.push(`Depth: ${pick(random, ['0', '1', 'infinity', 'x'])}`)
  if (random(6) === 0) lines.push(`Overwrite: ${pick(random, ['T', 'F', 'x'])}`)
  if (random(6) === 0) lines.push(`Content-Disposition: attachment; filename="${piece(random)}"`)
  if (random(6) === 0) lines.push(`Accept: ${pick(random, ['text/html', 'application/json', 'x'])}`)
  if (random(4) === 0) return withForm(lines, random)
  for (let i = random(2); i > 0; i--) lines.push(pick(random, FIELDS)(random))
  return withContent(lines, random)
}

function withForm(lines: string[], random: Random): string {
  const parts = Array.from({ length: random(3) }, () => {
    const file = random(3) === 0 ? '' : `; filename="${piece(random)}"`
    return `--b\r\nContent-Disposition: form-data; name="${random(9)}"${file}\r\n\r\n${pick(random, ['', 'x', '\r\n--', '\r'])}\r\n`
  })
  const end = pick(random, ['--b--\r\n', '--b--', '--b', ''])
  const content = parts.join('') + end
  const head = [
    ...lines,
    'Content-Type: multipart/form-data; boundary=b',
    `Content-Length: ${content.length}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${content}`
}

function withContent(lines: string[], random: Random): string {
  const content = 'c'.repeat(pick(random, [0, 1, 10, 1000, 1100]))
  const how = random(10)
  if (how === 0) {
    const chunks = content === '' ? '' : `${content.length.toString(16)}\r\n${content}\r\n`
    return `${[...lines, 'Transfer-Encoding: chunked'].join('\r\n')}\r\n\r\n${chunks}0\r\n\r\n`
  }
  if (how === 1) return `${[...lines, `Content-Length: ${content.length}`].join('\r\n')}\r\n\r\n${content}`
  return `${lines.join('\r\n')}\r\n\r\n`
}

function target(random: Random): string {
  if (random(3) === 0) return pick(random, random(2) === 0 ? FOUND : ATTACKS)
  let path = pick(random, PLACES)
  for (let i = random(3); i > 0; i--) path += piece(random) + (random(3) === 0 ? '/' : '')
  const isAbsolute = random(20) === 0
  return (isAbsolute ? `http://${pick(random, HOSTS)}` : '') + path + query(random)
}

function piece(random: Random): string {
  return random(40) === 0 ? pick(random, WRONG) : pick(random, PIECES)
}

function query(random: Random): string {
  if (random(2) === 0) return ''
  const parts = Array.from(
    { length: random(4) },
    () => `${pick(random, NAMES)}=${piece(random)}${random(2) === 0 ? piece(random) : ''}`,
  )
  return `?${parts.join('&')}`
}
