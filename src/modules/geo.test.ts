import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { siteOf } from '../../test/site-stub.ts'
import { type Address, inetAddress, unixAddress } from '../io/address.ts'

function valueFor(lines: string, peer: Address, request = 'GET /'): string {
  const site = siteOf({ http: `geo $v { ${lines} }`, server: 'location / { return 200 "$v"; }' })
  return site.ask(request, { peer }).answerText
}

describe('geo', () => {
  it('is about the client', () => {
    const lines = 'default far; 192.0.2.0/24 near; 2001:db8::/32 six; 255.255.255.255 nowhere;'
    assert.equal(valueFor(lines, inetAddress('192.0.2.7', 1)), 'near')
    assert.equal(valueFor(lines, inetAddress('198.51.100.1', 1)), 'far')
    assert.equal(valueFor(lines, inetAddress('2001:db8::1', 1)), 'six')
    assert.equal(valueFor(lines, unixAddress('')), 'nowhere')
  })

  it('may be about ranges up to the last address, where clients without IPv4 address stand', () => {
    const lines = 'ranges; default other; 192.0.2.0-192.0.2.9 near; 255.0.0.0-255.255.255.255 last;'
    assert.equal(valueFor(lines, inetAddress('192.0.2.9', 1)), 'near')
    assert.equal(valueFor(lines, inetAddress('192.0.2.10', 1)), 'other')
    assert.equal(valueFor(lines, inetAddress('2001:db8::1', 1)), 'last')
    assert.equal(valueFor(lines, unixAddress('')), 'last')
  })

  it('follows one client of a connection after another', () => {
    const site = siteOf({ http: 'geo $v { 192.0.2.1 one; 192.0.2.2 two; }', server: 'return 200 "$v";' })
    const clients = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.1'].map(host => inetAddress(host, 1))
    const asked = [...clients, clients[0]!].map(peer => site.ask('GET /', { peer }).answerText)
    assert.deepEqual(asked, ['one', 'two', '', 'one', 'one'])
  })

  it('with volatile asks anew', () => {
    const ask = (lines: string): string =>
      siteOf({
        http: `geo $arg_a $v { ${lines} 192.0.2.1 one; 192.0.2.2 two; }`,
        server: 'location / { set $before "$v"; set $args a=192.0.2.2; return 200 "$before $v"; }',
      }).ask('GET /?a=192.0.2.1').answerText
    assert.equal(ask(''), 'one one')
    assert.equal(ask('volatile;'), 'one two')
  })
})
