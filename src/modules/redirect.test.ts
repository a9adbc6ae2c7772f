import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeOf, type StubOptions } from '../../test/exchange-stub.ts'
import { placed } from '../../test/feature-stub.ts'
import { inetAddress, unixAddress } from '../io/address.ts'
import { VirtualServer } from '../server/routing.ts'
import { locationOf, redirect, redirectTo } from './redirect.ts'

const HTTP_1_0 = 'GET / HTTP/1.0\r\n\r\n'
const at8080 = inetAddress('192.0.2.1', 8080)

interface Asked extends StubOptions {
  readonly request?: string
  readonly target?: string
}

function told(directives: string, asked: Asked = {}): string {
  const { location } = placed([redirect], { location: directives })
  const server = new VirtualServer({ name: 'first.example', location })
  const { request = 'GET / HTTP/1.1\r\nHost: Asked.example:99\r\n\r\n', target = '/a/' } = asked
  return locationOf(exchangeOf(request, { server, ...asked }), target)
}

describe('a redirect to a path', () => {
  it('names the host that was asked for and the port that was reached', () => {
    assert.equal(told('', { local: at8080 }), 'http://asked.example:8080/a/')
  })

  it('leaves out the usual port', () => {
    assert.equal(told(''), 'http://asked.example/a/')
    assert.equal(
      told('', { local: inetAddress('192.0.2.1', 443), isSecure: true }),
      'https://asked.example/a/',
    )
    assert.equal(told('', { isSecure: true }), 'https://asked.example:80/a/')
  })

  it('names the first name of the server, or no port, where that is said', () => {
    assert.equal(told('server_name_in_redirect on;', { local: at8080 }), 'http://first.example:8080/a/')
    assert.equal(told('port_in_redirect off;', { local: at8080 }), 'http://asked.example/a/')
  })

  it('stays as it is with absolute_redirect off, and never names another host', () => {
    assert.equal(told('absolute_redirect off;', { local: at8080 }), '/a/')
    assert.equal(told('absolute_redirect off;', { target: '//evil.example/' }), '/.//evil.example/')
  })

  it('names our address where no host was asked for', () => {
    assert.equal(told('', { request: HTTP_1_0, local: at8080 }), 'http://192.0.2.1:8080/a/')
    assert.equal(told('', { request: HTTP_1_0, local: inetAddress('::1', 80) }), 'http://[::1]/a/')
    assert.equal(told('', { request: HTTP_1_0, local: unixAddress('/run/x') }), 'http://first.example/a/')
  })

  it('keeps the brackets of an address that was asked for', () => {
    const request = 'GET / HTTP/1.1\r\nHost: [::1]:99\r\n\r\n'
    assert.equal(told('', { request, local: at8080 }), 'http://[::1]:8080/a/')
  })

  it('to somewhere else is left alone', () => {
    assert.equal(told('', { target: 'https://else.example/b' }), 'https://else.example/b')
  })

  it('is answered with its status', () => {
    const x = exchangeOf('GET /')
    redirectTo(x, 301, '/a/')
    assert.equal(x.status, 301)
    assert.equal(x.answerField('location'), 'http://localhost/a/')
  })
})
