import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { describe, it } from 'node:test'
import { inetAddress, unixAddress } from '../io/address.ts'
import { type Interfaces, reachableUrls, urlsOf } from './urls.ts'

function has(family: 'IPv4' | 'IPv6', address: string, internal = false): NetworkInterfaceInfo {
  const common = { address, netmask: '', mac: '', internal, cidr: null }
  return family === 'IPv4' ? { family, ...common } : { family, scopeid: 0, ...common }
}

const INTERFACES: Interfaces = {
  lo: [has('IPv4', '127.0.0.1', true), has('IPv6', '::1', true)],
  eth0: [
    has('IPv4', '192.0.2.7'),
    has('IPv6', 'fe80::1'),
    has('IPv6', '2001:db8::7'),
    has('IPv6', '2001:db8::8'),
  ],
  down: undefined,
  wlan0: [has('IPv6', 'FE80::2'), has('IPv4', '198.51.100.9')],
}

function reaches(addresses: string, local: string[], network: string[]): void {
  it(addresses, () => {
    const list = addresses
      .split(' ')
      .map(host => (host.startsWith('/') ? unixAddress(host) : inetAddress(host, 8080)))
    assert.deepEqual(reachableUrls(list, INTERFACES, '/'), { local, network })
  })
}

describe('who can reach a listener on', () => {
  const here = ['http://localhost:8080/']
  const v4 = ['http://192.0.2.7:8080/', 'http://198.51.100.9:8080/']
  reaches('::', here, [...v4, 'http://[2001:db8::7]:8080/'])
  reaches('0.0.0.0', here, v4)
  reaches('127.0.0.1', ['http://127.0.0.1:8080/'], [])
  reaches('::1 127.0.0.1', ['http://[::1]:8080/', 'http://127.0.0.1:8080/'], [])
  reaches('192.0.2.7', [], ['http://192.0.2.7:8080/'])
  reaches(':: 192.0.2.7', here, [...v4, 'http://[2001:db8::7]:8080/'])
  reaches('/run/veille', ['unix:/run/veille'], [])
})

describe('URLs', () => {
  it('carry the base', () =>
    assert.deepEqual(urlsOf([inetAddress('::1', 81)], '/docs/'), ['http://[::1]:81/docs/']))
  it('leave the port of http out', () =>
    assert.deepEqual(urlsOf([inetAddress('0.0.0.0', 80)], '/'), ['http://localhost/']))
  it('are as many as there are places', () => {
    const addresses = [inetAddress('::', 81), inetAddress('0.0.0.0', 81), unixAddress('/x')]
    assert.deepEqual(urlsOf(addresses, '/'), ['http://localhost:81/', 'unix:/x'])
  })
})
