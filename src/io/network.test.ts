import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Address, inetAddress, unixAddress } from './address.ts'
import { contains, hasLowBits, parseNetwork } from './network.ts'

function holds(network: string, address: Address | string): boolean {
  const one = typeof address === 'string' ? inetAddress(address, 4711) : address
  return contains(parseNetwork(network)!, one)
}

describe('a network', () => {
  it('holds the addresses that begin as it does', () => {
    for (const [network, address, isIn] of [
      ['192.0.2.0/24', '192.0.2.255', true],
      ['192.0.2.0/24', '192.0.3.0', false],
      ['10.32.0.0/11', '10.63.255.255', true],
      ['10.32.0.0/11', '10.64.0.0', false],
      ['10.32.0.0/11', '10.31.255.255', false],
      ['10.255.255.255/8', '10.0.0.0', true],
      ['192.0.2.1', '192.0.2.1', true],
      ['192.0.2.1/32', '192.0.2.2', false],
      ['0.0.0.0/0', '255.255.255.255', true],
      ['2001:db8::/33', '2001:db8:7fff::1', true],
      ['2001:db8::/33', '2001:db8:8000::1', false],
      ['::1', '::1', true],
      ['::/0', '::1', true],
    ] as const) {
      assert.equal(holds(network, address), isIn, `${address} in ${network}`)
    }
  })

  it('holds no address of another family', () => {
    assert.equal(holds('::/0', '127.0.0.1'), false)
    assert.equal(holds('0.0.0.0/0', '::1'), false)
    assert.equal(holds('0.0.0.0/0', unixAddress('/a')), false)
    assert.equal(holds('unix:', unixAddress('/a')), true)
    assert.equal(holds('unix:', '127.0.0.1'), false)
  })

  it('says more than it means with bits behind its prefix', () => {
    for (const text of ['192.0.2.1/24', '10.0.0.1/31', '2001:db8::1/32', '128.0.0.0/0']) {
      assert.ok(hasLowBits(parseNetwork(text)!), text)
    }
    for (const text of ['192.0.2.0/24', '192.0.2.1', '10.128.0.0/9', '::/0', '::1', 'unix:']) {
      assert.ok(!hasLowBits(parseNetwork(text)!), text)
    }
  })

  it('is refused when it is none', () => {
    for (const text of [
      '',
      '192.0.2',
      '192.0.2.0/33',
      '::/129',
      '192.0.2.0/',
      '192.0.2.0/a',
      '1.2.3.4/8/8',
      'localhost',
      'fe80::1%lo',
      'unix:/a',
    ]) {
      assert.equal(parseNetwork(text), null, text)
    }
  })
})
