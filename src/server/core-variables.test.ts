import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, describe, it } from 'node:test'
import { exchangeOf, locationWith, type StubOptions } from '../../test/exchange-stub.ts'
import { placed } from '../../test/feature-stub.ts'
import { Problems } from '../config/diagnostic.ts'
import { inetAddress, unixAddress } from '../io/address.ts'
import { ProxyHeader, parseProxyHeader } from '../io/proxy-protocol.ts'
import { createLog } from '../log.ts'
import { coreVariables } from './core-variables.ts'
import type { Exchange } from './exchange.ts'
import { defineFeature } from './feature.ts'
import { requestFieldsTable } from './field-variables.ts'
import { VirtualServer } from './routing.ts'

const variables = coreVariables()
const { rows, families } = variables.all
/** Those that some test below has asked for. */
const seen = new Set<string>()

function valueIn(name: string, x: Exchange): string | null {
  const row = variables.find(name)
  assert.ok(row !== null, `no $${name}`)
  seen.add(rows.includes(row) ? name : families.find(({ prefix }) => row.name.startsWith(prefix))!.prefix)
  return row.get(x)
}

function shows(
  name: string,
  expected: string | null,
  request: string | Exchange = 'GET /',
  options: StubOptions = {},
): void {
  const x = typeof request === 'string' ? exchangeOf(request, options) : request
  assert.equal(valueIn(name, x), expected, `$${name}`)
}

const withFields = (...lines: string[]): string =>
  `GET / HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`

/** After the work, which may answer. */
function exchangeAfter(request: string, work: (x: Exchange) => void, options: StubOptions = {}): Exchange {
  const x = exchangeOf(request, options)
  work(x)
  return x
}

describe('variables of the target', () => {
  it('$uri and $document_uri are decoded, and follow rewrites', () => {
    for (const name of ['uri', 'document_uri']) {
      shows(name, '/a b', 'GET /x/../a%20b?c=d')
      const rewritten = exchangeAfter('GET /a', x => x.rewriteTo('/b', null))
      shows(name, '/b', rewritten)
    }
  })

  it('$request_uri is what came', () => {
    shows('request_uri', '/x/../a%20b?c=d', 'GET /x/../a%20b?c=d')
    shows('request_uri', '/a', 'GET http://b/a HTTP/1.1\r\nHost: b\r\n\r\n')
    const rewritten = exchangeAfter('GET /a?b', x => x.rewriteTo('/c', 'd'))
    shows('request_uri', '/a?b', rewritten)
  })

  it('$args and $query_string are the query, raw', () => {
    for (const name of ['args', 'query_string']) {
      shows(name, 'a=%20&b', 'GET /?a=%20&b')
      shows(name, null, 'GET /?')
      shows(name, null, 'GET /')
    }
  })

  it('$args can be set', () => {
    const x = exchangeOf('GET /?a=b')
    variables.find('args')!.set!(x, 'c=d')
    shows('query_string', 'c=d', x)
    variables.find('args')!.set!(x, '')
    shows('is_args', '', x)
    assert.equal(x.query, null)
  })

  it('$is_args is a question mark where one is needed', () => {
    shows('is_args', '?', 'GET /?a')
    shows('is_args', '', 'GET /?')
    shows('is_args', '', 'GET /')
  })

  it('$arg_… is the first argument of that name, raw', () => {
    const cases: [query: string, value: string | null][] = [
      ['x=1', '1'],
      ['X=1', '1'],
      ['y=2&x=%201&x=3', '%201'],
      ['xx=1', null],
      ['ax=1', null],
      ['x', null],
      ['x&x=2', '2'],
      ['x=', ''],
      ['x==&', '='],
      ['a=x=1', null],
      ['', null],
    ]
    for (const [query, value] of cases) shows('arg_x', value, `GET /?${query}`)
    shows('arg_x', null)
    shows('ARG_X', '1', 'GET /?x=1')
    shows('arg_page_id', '7', 'GET /?page_id=7')
  })
})

describe('variables of the request', () => {
  it('$request is its line', () => {
    shows('request', 'GET /a%20?b HTTP/1.0', 'GET /a%20?b HTTP/1.0\r\n\r\n')
    shows('request', 'GET http://b/a HTTP/1.1', 'GET http://b/a HTTP/1.1\r\nHost: b\r\n\r\n')
  })

  it('$request_method and $server_protocol are two of its words', () => {
    shows('request_method', 'DELETE', 'DELETE /')
    shows('server_protocol', 'HTTP/1.1')
    shows('server_protocol', 'HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n')
  })

  it('$request_length counts head and content', () => {
    const head = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    shows('request_length', String(head.length), head)
    const more = exchangeAfter(head, x => {
      x.requestBytes += 10
    })
    shows('request_length', String(head.length + 10), more)
  })

  it('$request_time and $connection_time are seconds with milliseconds', () => {
    const facts = { now: 12_345.678, openedAt: 10_000 }
    shows('request_time', '2.095', 'GET /', { startedAt: 10_250, facts })
    shows('request_time', '0.000', 'GET /', { startedAt: 12_345.678, facts })
    shows('connection_time', '2.345', 'GET /', { facts })
  })

  it('$request_id is random, and stays', () => {
    const x = exchangeOf('GET /')
    const id = valueIn('request_id', x)!
    assert.match(id, /^[\da-f]{32}$/)
    shows('request_id', id, x)
    assert.notEqual(valueIn('request_id', exchangeOf('GET /')), id)
  })

  it('$request_completion is OK behind a whole answer', () => {
    shows('request_completion', '')
    const whole = exchangeAfter('GET /', x => x.answer(200, 'a'))
    shows('request_completion', 'OK', whole)
    const begun = exchangeAfter('GET /', x => x.begin(200, 5))
    shows('request_completion', '', begun)
    const lost = exchangeAfter('GET /', x => {
      x.answer(200, 'a')
      x.abandon()
    })
    shows('request_completion', '', lost)
    const dropped = exchangeAfter('GET /', x => x.drop())
    shows('request_completion', '', dropped)
  })

  it('$host is named by the line, the field, or the server', () => {
    const server = new VirtualServer({ name: 'own.example', location: locationWith([]) })
    shows('host', 'b.example', 'GET http://B.example:81/ HTTP/1.1\r\nHost: a\r\n\r\n', { server })
    shows('host', 'a.example', 'GET / HTTP/1.1\r\nHost: A.example:8080\r\n\r\n', { server })
    shows('host', 'own.example', 'GET / HTTP/1.0\r\n\r\n', { server })
    shows('server_name', 'own.example', 'GET /', { server })
  })

  it('$request_port is the port that was named with it', () => {
    const cases: [request: string, port: string][] = [
      ['GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n', '8080'],
      ['GET / HTTP/1.1\r\nHost: [::1]:81\r\n\r\n', '81'],
      ['GET http://b:82/?http://c:83 HTTP/1.1\r\nHost: a:8080\r\n\r\n', '82'],
      ['GET http://b/ HTTP/1.1\r\nHost: a:8080\r\n\r\n', ''],
      ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', ''],
      ['GET / HTTP/1.0\r\n\r\n', ''],
    ]
    for (const [request, port] of cases) {
      shows('request_port', port, request)
      shows('is_request_port', port === '' ? '' : ':', request)
    }
  })

  it('$remote_user is the name of Basic credentials', () => {
    const credentials = (text: string): string => Buffer.from(text).toString('base64')
    const cases: [field: string, name: string | null][] = [
      [`Basic ${credentials('ann:secret')}`, 'ann'],
      [`basic  ${credentials('jörg:a:b')}`, 'j\xc3\xb6rg'],
      [`Basic ${credentials(':secret')}`, null],
      [`Basic ${credentials('ann')}`, null],
      ['Basic !', null],
      [`Bearer ${credentials('ann:secret')}`, null],
    ]
    for (const [field, name] of cases) shows('remote_user', name, withFields(`Authorization: ${field}`))
    shows('remote_user', null)
  })
})

describe('variables of request fields', () => {
  it('$http_… is a field, in any case, with dashes for underscores', () => {
    shows('http_user_agent', 'curl/8', withFields('USER-agent: curl/8'))
    shows('http_x_a_b', 'c', withFields('X-A-B: c'))
    shows('http_host', 'a:80', 'GET / HTTP/1.1\r\nHost: a:80\r\n\r\n')
    shows('http_x_a', null)
    shows('http_x_a', '', withFields('X-A:'))
  })

  it('$http_… joins the lines of a field', () => {
    shows('http_x_forwarded_for', '1, 2', withFields('X-Forwarded-For: 1', 'X-Forwarded-For: 2'))
    shows('http_cookie', 'a=b; c=d', withFields('Cookie: a=b', 'Cookie: c=d'))
  })

  it('$http_… gives octets, of which a template makes text', () => {
    const problems = new Problems()
    const template = { text: '$http_x', parts: [{ variable: 'http_x' }], place: null as never }
    const value = variables.compile(template, name => problems.error(null, name))
    for (const [octets, text] of [
      ['\xc3\xa9', 'é'],
      ['\xe9', '\xe9'],
    ] as const) {
      const x = exchangeOf(withFields(`X: ${octets}`))
      shows('http_x', octets, x)
      assert.equal(value.of(x), text)
    }
  })

  it('$http_… sees names with underscores only where the server wants it', () => {
    const request = withFields('X-A: 1', 'X_A: 2', 'x.a: 3')
    shows('http_x_a', '1', request)
    const fields = defineFeature({ name: 'fields', nginxModules: [], table: requestFieldsTable })
    for (const http of ['underscores_in_headers on;', 'ignore_invalid_headers off;']) {
      const { location } = placed([fields], { http })
      shows('http_x_a', '1, 2', request, { location })
      shows('http_x_b', null, request, { location })
    }
    const { location } = placed([fields], { http: 'underscores_in_headers off;' })
    shows('http_x_a', '1', request, { location })
  })

  it('$cookie_… is the first cookie of that name', () => {
    const cases: [field: string, value: string | null][] = [
      ['a=1; b=2', '2'],
      ['B=2', '2'],
      ['bb=1; b=2;b=3', '2'],
      ['b =  2', '2'],
      ['a=1, b=2', '2'],
      ['b=1,2; a=3', '1,2'],
      ['a=1,b=2', '2'],
      ['b=', ''],
      ['b', null],
      ['ab=1', null],
    ]
    for (const [field, value] of cases) shows('cookie_b', value, withFields(`Cookie: ${field}`))
    shows('cookie_b', '2', withFields('Cookie: a=1', 'Cookie: b=2'))
    shows('cookie_b', null)
  })

  it('$content_length and $content_type are fields', () => {
    const request = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Type: text/x\r\n\r\nabc'
    shows('content_length', '3', request)
    shows('content_type', 'text/x', request)
    shows('content_length', null)
    shows('content_type', null)
  })
})

describe('variables of the connection', () => {
  it('$scheme and $https tell of TLS', () => {
    shows('scheme', 'http')
    shows('https', '')
    shows('scheme', 'https', 'GET /', { isSecure: true })
    shows('https', 'on', 'GET /', { isSecure: true })
  })

  it('name both ends', () => {
    const options = { peer: inetAddress('192.0.2.7', 5000), local: inetAddress('2001:db8::1', 8080) }
    shows('remote_addr', '192.0.2.7', 'GET /', options)
    shows('remote_port', '5000', 'GET /', options)
    shows('binary_remote_addr', '\xc0\x00\x02\x07', 'GET /', options)
    shows('server_addr', '2001:db8::1', 'GET /', options)
    shows('server_port', '8080', 'GET /', options)
    const peer = inetAddress('2001:db8::1', 1)
    shows('binary_remote_addr', `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01`, 'GET /', { peer })
  })

  it('name the path of a Unix socket', () => {
    const options = { peer: unixAddress(''), local: unixAddress('/run/x.sock') }
    shows('remote_addr', 'unix:', 'GET /', options)
    shows('remote_port', '', 'GET /', options)
    shows('binary_remote_addr', 'unix:', 'GET /', options)
    shows('server_addr', 'unix:/run/x.sock', 'GET /', options)
    shows('server_port', '', 'GET /', options)
  })

  it('count', () => {
    const facts = { serial: 12, requestCount: 3, isPipelined: true }
    shows('connection', '12', 'GET /', { facts })
    shows('connection_requests', '3', 'GET /', { facts })
    shows('pipe', 'p', 'GET /', { facts })
    shows('pipe', '.')
  })

  it('tell what a balancer has said', () => {
    const proxy = new ProxyHeader()
    const line = Buffer.from('PROXY TCP4 198.51.100.1 198.51.100.2 1000 443\r\n')
    assert.equal(parseProxyHeader(line, 0, line.length, proxy), line.length)
    proxy.tlvs = Buffer.from([0x01, 0, 2, 0x68, 0x32])
    const facts = { proxy }
    const expected = {
      addr: '198.51.100.1',
      port: '1000',
      server_addr: '198.51.100.2',
      server_port: '443',
      tlv_alpn: 'h2',
      tlv_0x01: 'h2',
      tlv_authority: null,
    }
    for (const [name, value] of Object.entries(expected)) {
      shows(`proxy_protocol_${name}`, value, 'GET /', { facts })
      shows(`proxy_protocol_${name}`, null)
    }
    shows('proxy_protocol_addr', null, 'GET /', { facts: { proxy: new ProxyHeader() } })
  })

  it('tell what the kernel has measured', () => {
    const info = { rttMicroseconds: 1, rttvarMicroseconds: 2, sndCwnd: 3, rcvSpaceBytes: 4 }
    const facts = { tcpInfo: () => info }
    for (const [name, value] of [
      ['rtt', '1'],
      ['rttvar', '2'],
      ['snd_cwnd', '3'],
      ['rcv_space', '4'],
    ]) {
      shows(`tcpinfo_${name}`, value!, 'GET /', { facts })
      shows(`tcpinfo_${name}`, null)
    }
  })
})

describe('variables of the answer', () => {
  it('$status is 000 before, and 499 for a client that has left', () => {
    shows('status', '000')
    const left = exchangeAfter('GET /', x => x.abandon())
    shows('status', '499', left)
    const found = exchangeAfter('GET /', x => x.answer(204, null))
    shows('status', '204', found)
    const failed = exchangeAfter('GET /', x => x.fail(404))
    shows('status', '404', failed)
    const odd = exchangeAfter('GET /', x => x.answer(7, null))
    shows('status', '007', odd)
  })

  it('$body_bytes_sent and $bytes_sent tell what has left', () => {
    const x = exchangeAfter('GET /', x => x.answer(200, 'abc'))
    shows('body_bytes_sent', '3', x)
    shows('bytes_sent', String(x.sentHeadBytes + 3), x)
    x.sentFramingBytes = 10
    x.unsentBytes = 5
    shows('body_bytes_sent', '8', x)
    shows('bytes_sent', String(x.sentHeadBytes + 8), x)
    x.unsentBytes = 20
    shows('body_bytes_sent', '0', x)
  })

  it('$limit_rate can be set to a size', () => {
    const errors: string[] = []
    const log = createLog('error', (_level, words) => errors.push(words))
    const x = exchangeOf('GET /', { location: locationWith([], { log }) })
    shows('limit_rate', '0', x)
    const { set } = variables.find('limit_rate')!
    set!(x, '4k')
    shows('limit_rate', '4096', x)
    set!(x, 'fast')
    shows('limit_rate', '4096', x)
    assert.deepEqual(errors, ['invalid $limit_rate "fast"'])
  })

  it('$sent_http_… is a field of it, from wherever it came', () => {
    const x = exchangeOf('GET /')
    x.setPreparedLines('ETag: "1"\r\nX-A: 1\r\n')
    x.addField('x-a', '2')
    x.appendPreparedLines('X-A: 3\r\n')
    shows('sent_http_x_a', '1, 2, 3', x)
    shows('sent_http_etag', '"1"', x)
    shows('sent_http_a', null, x)
    shows('sent_http_content_type', null, x)
  })

  it('$sent_http_content_length and $sent_http_transfer_encoding tell its framing', () => {
    const whole = exchangeAfter('GET /', x => x.answer(200, 'abc'))
    shows('sent_http_content_length', '3', whole)
    shows('sent_http_transfer_encoding', null, whole)
    const open = exchangeAfter('GET /', x => x.begin(200, null))
    shows('sent_http_content_length', null, open)
    shows('sent_http_transfer_encoding', 'chunked', open)
    const none = exchangeAfter('GET /', x => x.answer(204, null))
    shows('sent_http_content_length', null, none)
  })

  it('$sent_http_connection and $sent_http_keep_alive tell what follows it', () => {
    const facts = { isPersistent: false }
    shows('sent_http_connection', 'keep-alive')
    shows('sent_http_connection', 'close', 'GET /', { facts })
    const upgraded = exchangeAfter('GET /', x => x.begin(101, null))
    shows('sent_http_connection', 'upgrade', upgraded)
    shows('sent_http_keep_alive', null)
    const x = exchangeOf('GET /')
    Object.assign(x.location, { limits: { ...x.location.limits, keepAliveFieldSeconds: 20 } })
    shows('sent_http_keep_alive', 'timeout=20', x)
  })

  it('$sent_trailer_… is a line that followed it', () => {
    const x = exchangeOf('GET /')
    x.promiseTrailers(() => 'X-Sum: 1\r\n')
    x.answer(200, 'a')
    shows('sent_trailer_x_sum', '1', x)
    shows('sent_trailer_x', null, x)
  })
})

describe('variables of the process', () => {
  it('tell the time', () => {
    const x = exchangeOf('GET /')
    const before = Date.now()
    const msec = Number(valueIn('msec', x)) * 1000
    assert.ok(msec >= before - 1 && msec <= Date.now() + 1)
    assert.match(valueIn('time_local', x)!, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$/)
    assert.match(valueIn('time_iso8601', x)!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/)
  })

  it('tell where we are', () => {
    shows('hostname', hostname().toLowerCase())
    shows('pid', String(process.pid))
    shows('nginx_version', '1.31.5')
    assert.match(valueIn('veille_version', exchangeOf('GET /'))!, /^\d+\.\d+\.\d+/)
  })
})

describe('the table of variables', () => {
  after(() => {
    const unseen = [...rows.map(row => row.name), ...families.map(family => family.prefix)].filter(
      name => !seen.has(name),
    )
    assert.deepEqual(unseen, [], 'each has a case above')
  })

  it('has words for each', () => {
    for (const { doc } of [...rows, ...families]) assert.match(doc, /^\S.*[.…]$/)
  })
})
