import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { describe, it } from 'node:test'
import { randomFrom } from '../../test/pieces.ts'
import { AF_INET, AF_INET6, AF_UNIX } from '../sys/constants.ts'
import {
  addressOf,
  type Endpoint,
  formatAddress,
  formatHost,
  inetAddress,
  parseEndpoint,
  sockaddrOf,
  unixAddress,
} from './address.ts'

function means(text: string, endpoint: Endpoint): void {
  it(`"${text}" means ${JSON.stringify(endpoint)}`, () => assert.deepEqual(parseEndpoint(text), endpoint))
}

function refuses(text: string, words: RegExp): void {
  it(`refuses ${JSON.stringify(text).slice(0, 60)}: ${words}`, () => {
    const answer = parseEndpoint(text)
    assert.ok(typeof answer === 'string', `a sentence, not ${JSON.stringify(answer)}`)
    assert.match(answer, words)
  })
}

/** Through the bytes of a sockaddr and back. */
function roundTrip(host: string, port = 80): string {
  const bytes = sockaddrOf(inetAddress(host, port))
  return formatAddress(addressOf(bytes, bytes.length))
}

function writes(host: string, text: string): void {
  it(`writes ${host} as ${text}`, () => assert.equal(roundTrip(host), text))
}

describe('what a user writes', () => {
  means('8080', { host: null, port: 8080 })
  means(':8080', { host: null, port: 8080 })
  means('*:8080', { host: null, port: 8080 })
  means('0', { host: null, port: 0 })
  means('65535', { host: null, port: 65535 })
  means('00080', { host: null, port: 80 })
  means('127.0.0.1:80', { host: '127.0.0.1', port: 80 })
  means('localhost:3000', { host: 'localhost', port: 3000 })
  means('a-b.example:1', { host: 'a-b.example', port: 1 })
  means('[::1]:80', { host: '::1', port: 80 })
  means('[::]:80', { host: '::', port: 80 })
  means('[2001:DB8::1]:80', { host: '2001:DB8::1', port: 80 })
  means('[::ffff:1.2.3.4]:80', { host: '::ffff:1.2.3.4', port: 80 })
  means('[fe80::1%2]:80', { host: 'fe80::1%2', port: 80 })
  means('unix:/run/x.sock', { path: '/run/x.sock' })
  means('unix:x', { path: 'x' })
  means(`unix:/${'p'.repeat(106)}`, { path: `/${'p'.repeat(106)}` })

  refuses('', /is not an address: expected a port, host:port, \[IPv6\]:port or unix:\/path/)
  refuses('localhost', /"localhost" is not an address/)
  refuses('127.0.0.1', /is not an address/)
  refuses('::1', /is not an address/)
  refuses('::1:8080', /is not an address/)
  refuses('[::1]', /is not an address/)
  refuses('[::1]8080', /is not an address/)
  refuses('http://localhost:80', /is not an address/)
  refuses('localhost:', /is not an address/)
  refuses('localhost:http', /is not an address/)
  refuses('-1', /is not an address/)
  refuses('80 ', /is not an address/)
  refuses('a b:80', /is not an address/)
  refuses('80.5', /is not an address/)
  refuses('1e3', /is not an address/)
  refuses('[]:80', /"" is not an IPv6 address/)
  refuses('[1.2.3.4]:80', /"1\.2\.3\.4" is not an IPv6 address/)
  refuses('[:::1]:80', /":::1" is not an IPv6 address/)
  refuses('[1:2:3:4:5:6:7:8:9]:80', /is not an IPv6 address/)
  refuses('999.1.1.1:80', /"999\.1\.1\.1" is not an IPv4 address/)
  refuses('1.2.3:80', /"1\.2\.3" is not an IPv4 address/)
  refuses('01.2.3.4:80', /is not an IPv4 address/)
  refuses('65536', /a port is a number from 0 to 65535, found 65536/)
  refuses('localhost:80800', /from 0 to 65535, found 80800/)
  refuses('99999999999999999999', /from 0 to 65535/)
  refuses('unix:', /unix: is followed by the path of the socket/)
  refuses(`unix:/${'p'.repeat(107)}`, /has at most 107 bytes, ".*" has 108/)
  refuses(`unix:/${'é'.repeat(54)}`, /has at most 107 bytes, ".*" has 109/)
  refuses('unix:/a\0b', /NUL/)
  refuses('[fe80::1%nosuch0]:80', /"nosuch0" is not a network interface/)
})

describe('addresses as text', () => {
  writes('127.0.0.1', '127.0.0.1:80')
  writes('255.255.255.255', '255.255.255.255:80')
  writes('::', '[::]:80')
  writes('::1', '[::1]:80')
  writes('1::', '[1::]:80')
  // RFC 5952 §4.1: no leading zeros; §4.3: lower case.
  writes('2001:0DB8:0000:0000:0000:0000:0000:0001', '[2001:db8::1]:80')
  writes('2001:DB8:AAAA:bbbb:CcCc:0:0f0:1', '[2001:db8:aaaa:bbbb:cccc:0:f0:1]:80')
  // §4.2.1: as short as possible; §4.2.2: one zero alone stays.
  writes('2001:db8:0:1:1:1:1:1', '[2001:db8:0:1:1:1:1:1]:80')
  writes('0:1:2:3:4:5:6:7', '[0:1:2:3:4:5:6:7]:80')
  writes('1:2:3:4:5:6:7:0', '[1:2:3:4:5:6:7:0]:80')
  // §4.2.3: the longest run, the first one of equals.
  writes('2001:0:0:1:0:0:0:1', '[2001:0:0:1::1]:80')
  writes('2001:db8:0:0:1:0:0:1', '[2001:db8::1:0:0:1]:80')
  writes('0:0:1:0:0:0:0:0', '[0:0:1::]:80')
  writes('1:0:0:0:0:0:0:8', '[1::8]:80')
  // A zero at the end of a group is not a zero group.
  writes('10:0:0:1:0:0:0:1', '[10:0:0:1::1]:80')
  writes('100:0:0:20:0:0:0:3', '[100:0:0:20::3]:80')
  writes('a0:0:b:0:0:c0:0:0', '[a0:0:b::c0:0:0]:80')
  // An IPv4 peer of a socket for both.
  writes('::ffff:10.1.2.3', '10.1.2.3:80')
  writes('::10.1.2.3', '[::a01:203]:80')
  writes('64:ff9b::1.2.3.4', '[64:ff9b::102:304]:80')

  it('puts IPv6 into brackets where it stands in a URL', () => {
    assert.equal(formatHost('::1'), '[::1]')
    assert.equal(formatHost('127.0.0.1'), '127.0.0.1')
    assert.equal(formatHost('localhost'), 'localhost')
  })

  it('are read as they are written, for every address', () => {
    const random = randomFrom(7)
    for (let i = 0; i < 5000; i++) {
      const group = (): number => (random(3) > 0 ? 0 : random(0x10000) >> random(16))
      const groups = Array.from({ length: 8 }, group)
      const long = groups.map(g => g.toString(16).padStart(4, '0')).join(':')
      const port = random(65536)
      const bytes = sockaddrOf(inetAddress(long, port))
      const short = addressOf(bytes, bytes.length)
      assert.ok(short.family === AF_INET6 && short.port === port)
      if (!short.host.includes(':')) continue
      // The second opinion: WHATWG's serializer follows RFC 5952 too.
      assert.equal(`[${short.host}]`, new URL(`http://[${long}]/`).hostname)
      assert.deepEqual(sockaddrOf(short), bytes, `${long} became ${short.host}`)
      assert.deepEqual(parseEndpoint(formatAddress(short)), { host: short.host, port })
    }
  })
})

describe('addresses as the bytes of a sockaddr', () => {
  it('are those of ip(7)', () => {
    const bytes = sockaddrOf(inetAddress('1.2.3.4', 0x1234))
    assert.deepEqual([...bytes], [AF_INET, 0, 0x12, 0x34, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  it('are those of ipv6(7), with the scope of a zone', () => {
    const bytes = sockaddrOf(inetAddress('fe80::1%7', 80))
    assert.equal(bytes.length, 28)
    assert.deepEqual([...bytes.subarray(0, 8)], [AF_INET6, 0, 0, 80, 0, 0, 0, 0])
    assert.equal(bytes.toString('hex', 8, 24), 'fe800000000000000000000000000001')
    assert.equal(bytes.readUInt32LE(24), 7)
  })

  it('take the number of a network interface for its name', () => {
    const withScope = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
      list.flatMap(one => (one.family === 'IPv6' && one.scopeid ? [{ name, scope: one.scopeid }] : [])),
    )
    for (const { name, scope } of withScope) {
      assert.equal(sockaddrOf(inetAddress(`fe80::1%${name}`, 80)).readUInt32LE(24), scope)
    }
  })

  it('are those of unix(7)', () => {
    const bytes = sockaddrOf(unixAddress('/tmp/é'))
    assert.deepEqual([...bytes], [AF_UNIX, 0, ...Buffer.from('/tmp/é'), 0])
    assert.deepEqual(addressOf(bytes, bytes.length), { family: AF_UNIX, path: '/tmp/é' })
    assert.equal(formatAddress(unixAddress('/tmp/é')), 'unix:/tmp/é')
  })

  it('of a path without its final zero, of an unnamed and of an abstract socket are understood', () => {
    const path = sockaddrOf(unixAddress('/tmp/x'))
    assert.deepEqual(addressOf(path, path.length - 1), { family: AF_UNIX, path: '/tmp/x' })
    assert.deepEqual(addressOf(Buffer.alloc(128, AF_UNIX), 0), { family: AF_UNIX, path: '' })
    assert.deepEqual(addressOf(Buffer.from([AF_UNIX, 0]), 2), { family: AF_UNIX, path: '' })
    assert.deepEqual(addressOf(Buffer.from([AF_UNIX, 0, 0, 65, 66]), 5), { family: AF_UNIX, path: '' })
  })
})
