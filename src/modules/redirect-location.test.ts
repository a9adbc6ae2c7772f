import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeOf, type StubOptions } from '../../test/exchange-stub.ts'
import { placed } from '../../test/feature-stub.ts'
import { siteOf } from '../../test/site-stub.ts'
import { inetAddress } from '../io/address.ts'
import { VirtualServer } from '../server/routing.ts'
import { locationText, redirect, redirects, validReference } from './redirect-location.ts'

function told(text: string, target: string, options: StubOptions = {}, host = 'A.example'): string {
  const { location } = placed([redirects], { location: text })
  const server = new VirtualServer({ name: 'first.example', location })
  return locationText(exchangeOf(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, { server, ...options }), target)
}

const odd = { local: inetAddress('192.0.2.1', 8080) }

describe('the location of a redirect', () => {
  it('names scheme, host and port for a path of this server', () => {
    assert.equal(told('', '/x'), 'http://a.example/x')
    assert.equal(told('', '/x', odd), 'http://a.example:8080/x')
    assert.equal(told('', '/x', odd, 'a.example:99'), 'http://a.example:8080/x')
    assert.equal(told('', '/x', { ...odd, isSecure: true }), 'https://a.example:8080/x')
    assert.equal(
      told('', '/x', { isSecure: true, local: inetAddress('192.0.2.1', 443) }),
      'https://a.example/x',
    )
    assert.equal(told('', '//evil.example/', odd), 'http://a.example:8080//evil.example/')
  })

  it('leaves every other reference alone', () => {
    for (const target of ['', 'x', '?a=b', 'https://b.example/x', 'mailto:a@b.example']) {
      assert.equal(told('', target, odd), target)
    }
  })

  it('follows absolute_redirect, server_name_in_redirect and port_in_redirect', () => {
    assert.equal(told('absolute_redirect off;', '/x', odd), '/x')
    assert.equal(told('absolute_redirect off;', '//evil.example/', odd), '/.//evil.example/')
    assert.equal(told('server_name_in_redirect on;', '/x', odd), 'http://first.example:8080/x')
    assert.equal(told('port_in_redirect off;', '/x', odd), 'http://a.example/x')
  })

  it('names our own address to a client that asked for no host', () => {
    const { location } = placed([redirects], {})
    const x = exchangeOf('GET / HTTP/1.0\r\n\r\n', { location, local: inetAddress('::1', 8080) })
    assert.equal(locationText(x, '/x'), 'http://[::1]:8080/x')
  })

  it('is a path where there is no configuration', () => {
    assert.equal(locationText(exchangeOf('GET /', odd), '/x'), '/x')
  })

  it('holds what may stand in a URI only', () => {
    assert.equal(validReference('/a b\r\nX: y/é/€/😀'), '/a%20b%0D%0AX:%20y/%C3%A9/%E2%82%AC/%F0%9F%98%80')
    assert.equal(validReference('/"<>\\^`{|}\x7f'), '/%22%3C%3E%5C%5E%60%7B%7C%7D%7F')
    const valid = "/%20-._~:/?#[]@!$&'()*+,;=09AZaz"
    assert.equal(validReference(valid), valid)
  })

  it('escapes the octets of a query, wherever that has been', () => {
    const site = siteOf(`
      absolute_redirect off;
      location /return { return 301 /n?$args; }
      location /whole { return 301 /n$request_uri; }
      location /set { set $args "$args&é"; return 301 /n?$args; }
      location /redirect { rewrite ^ /n?é redirect; }
      location /rewrite { rewrite ^ /return?é; }
      location /try { try_files /none /return?é=$arg_a; }`)
    const query = '?a="\xC3\xA9'
    const leads = (path: string): string | null => site.ask(`GET ${path}${query}`).answerField('location')
    assert.equal(leads('/return'), '/n?a=%22%C3%A9')
    assert.equal(leads('/whole'), '/n/whole?a=%22%C3%A9')
    assert.equal(leads('/set'), '/n?a=%22%C3%A9&%C3%A9')
    assert.equal(leads('/redirect'), '/n?%C3%A9&a=%22%C3%A9')
    assert.equal(leads('/rewrite'), '/n?%C3%A9&a=%22%C3%A9')
    assert.equal(leads('/try'), '/n?%C3%A9=%22%C3%A9')
  })

  it('is sent with the page for its status', () => {
    const { location } = placed([redirects], {})
    const x = exchangeOf('GET /', { location })
    redirect(x, 308, '/x')
    assert.equal(x.status, 308)
    assert.equal(x.answerField('location'), 'http://localhost/x')
  })
})
