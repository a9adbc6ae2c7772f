import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inetAddress, unixAddress } from '../io/address.ts'
import { contains, type Network, parseNetwork } from '../io/network.ts'
import { addressKey, NetworkTable } from './network-table.ts'

function tableOf(...networks: string[]): NetworkTable<string> {
  const table = new NetworkTable<string>()
  for (const text of networks) table.set(parseNetwork(text)!, text)
  return table
}

function found(table: NetworkTable<string>, host: string): string | undefined {
  return table.lookup().find(addressKey(inetAddress(host, 0)))
}

describe('a table of networks', () => {
  it('gives the value of the smallest network that an address is in, whatever was set first', () => {
    const texts = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3/32', '10.1.255.0/24', '10.2.0.0/16']
    for (const table of [tableOf(...texts), tableOf(...texts.toReversed())]) {
      const expected: [host: string, network: string | undefined][] = [
        ['9.255.255.255', undefined],
        ['10.0.0.0', '10.0.0.0/8'],
        ['10.1.1.255', '10.1.0.0/16'],
        ['10.1.2.2', '10.1.2.0/24'],
        ['10.1.2.3', '10.1.2.3/32'],
        ['10.1.2.4', '10.1.2.0/24'],
        ['10.1.3.0', '10.1.0.0/16'],
        ['10.1.255.255', '10.1.255.0/24'],
        ['10.2.0.0', '10.2.0.0/16'],
        ['10.3.0.0', '10.0.0.0/8'],
        ['11.0.0.0', undefined],
      ]
      for (const [host, network] of expected) assert.equal(found(table, host), network, host)
    }
  })

  it('keeps IPv4 and IPv6 apart, and takes IPv4 that is written as IPv6 for IPv4', () => {
    const table = tableOf('0.0.0.0/0', '2001:db8::/32', '2001:db8::1')
    assert.equal(found(table, '255.255.255.255'), '0.0.0.0/0')
    assert.equal(found(table, '::ffff:192.0.2.1'), '0.0.0.0/0')
    assert.equal(found(table, '::1'), undefined)
    assert.equal(found(table, '2001:db8::1'), '2001:db8::1')
    assert.equal(found(table, '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'), '2001:db8::/32')
    assert.equal(found(table, '2001:db9::'), undefined)
    assert.equal(table.lookup().find(addressKey(unixAddress(''))), undefined)
  })

  it('tells which value a network had, and takes networks out', () => {
    const table = tableOf('10.0.0.0/8', '10.1.0.0/16')
    assert.equal(table.set(parseNetwork('10.9.9.9/8')!, 'new'), '10.0.0.0/8')
    assert.equal(table.set(parseNetwork('10.0.0.0/9')!, 'half'), undefined)
    assert.ok(table.delete(parseNetwork('10.0.0.0/9')!))
    assert.ok(!table.delete(parseNetwork('10.0.0.0/9')!))
    assert.equal(found(table, '10.0.0.1'), 'new')
  })

  it('finds what asking each network would find', () => {
    let seed = 1
    const below = (limit: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * limit)
    }
    const host = (): string => [10, below(3), below(4), below(256)].join('.')
    const networks = Array.from({ length: 60 }, () => parseNetwork(`${host()}/${8 + below(25)}`)!)
    const table = new NetworkTable<Network>()
    for (const network of networks) table.set(network, network)
    const lookup = table.lookup()
    for (let i = 0; i < 2000; i++) {
      const address = inetAddress(host(), 0)
      const around = networks.filter(network => contains(network, address))
      const bits = Math.max(-1, ...around.map(({ prefixBits }) => prefixBits))
      assert.equal(lookup.find(addressKey(address))?.prefixBits ?? -1, bits, address.host)
    }
  })
})
