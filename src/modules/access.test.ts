import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { siteOf } from '../../test/site-stub.ts'
import { type Address, inetAddress, unixAddress } from '../io/address.ts'

const clients: readonly [name: string, peer: Address][] = [
  ['near', inetAddress('192.0.2.7', 5000)],
  ['far', inetAddress('198.51.100.7', 5000)],
  ['six', inetAddress('2001:db8::7', 5000)],
  ['unix', unixAddress('')],
]

/** Those that are let in. */
function admitted(server: string): string[] {
  const site = siteOf(`error_page 404 =200 /found; location = /found { allow all; return 200; }\n${server}`)
  return clients.filter(([, peer]) => site.ask('GET /x', { peer }).status === 200).map(([name]) => name)
}

describe('allow and deny', () => {
  it('are asked in the order in which they stand, and the first that holds decides', () => {
    assert.deepEqual(admitted('allow 192.0.2.0/24; deny all;'), ['near'])
    assert.deepEqual(admitted('deny 192.0.2.7; allow 192.0.2.0/24; allow unix:; deny all;'), ['unix'])
    assert.deepEqual(admitted('allow 2001:db8::/32; deny ::/0; deny 0.0.0.0/0;'), ['six', 'unix'])
  })

  it('let in whom no rule is about', () => {
    assert.deepEqual(admitted(''), ['near', 'far', 'six', 'unix'])
    assert.deepEqual(admitted('deny 192.0.2.7;'), ['far', 'six', 'unix'])
  })

  it('hold inside as well, where nothing is said; otherwise only what is said there', () => {
    assert.deepEqual(admitted('deny all; location / { }'), [])
    assert.deepEqual(admitted('allow 192.0.2.7; deny all; location / { deny 198.51.100.0/24; }'), [
      'near',
      'six',
      'unix',
    ])
  })

  it('say so in the log', () => {
    const site = siteOf('deny all;')
    assert.equal(site.ask('GET /').status, 403)
    assert.deepEqual(site.lines, ['error: access forbidden by rule'])
  })
})
