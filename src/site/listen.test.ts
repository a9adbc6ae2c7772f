import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems } from '../config/diagnostic.ts'
import { Call } from '../config/directive.ts'
import { parseConfiguration } from '../config/parser.ts'
import { formatAddress } from '../io/address.ts'
import { addressesOf, defaultListen, type Listen, readListen } from './listen.ts'

/** @param args what follows `listen` */
function read(args: string): { listen: Listen | undefined; problems: string[] } {
  const problems = new Problems()
  const files = { read: () => ({ text: `listen ${args};` }), glob: () => [] }
  const [directive] = parseConfiguration('/x', files, problems).tree
  const listen = readListen(new Call(directive!, 'server', { prefix: '/', folder: '/' }, problems))
  return { listen, problems: problems.list.map(({ severity, summary }) => `${severity}: ${summary}`) }
}

function rightly(args: string): Listen {
  const { listen, problems } = read(args)
  assert.deepEqual(problems, [])
  return listen!
}

const KNOWN: Readonly<Record<string, readonly string[]>> = { localhost: ['127.0.0.1', '::1'] }

function comesTo(args: string, ...addresses: string[]): void {
  it(`${args} is ${addresses.join(' and ') || 'nothing'}`, () => {
    const found = addressesOf(rightly(args), name => KNOWN[name] ?? [])
    assert.deepEqual(found.map(formatAddress), addresses)
  })
}

describe('the addresses of listen', () => {
  comesTo('80', '0.0.0.0:80')
  comesTo('08080', '0.0.0.0:8080')
  comesTo('*', '0.0.0.0:80')
  comesTo('*:8080', '0.0.0.0:8080')
  comesTo('127.0.0.1', '127.0.0.1:80')
  comesTo('127.0.0.1:8080', '127.0.0.1:8080')
  comesTo('[::]:8080', '[::]:8080')
  comesTo('[::1]', '[::1]:80')
  comesTo('8080-8082', '0.0.0.0:8080', '0.0.0.0:8081', '0.0.0.0:8082')
  comesTo('8080-8080', '0.0.0.0:8080')
  comesTo('[::1]:81-82', '[::1]:81', '[::1]:82')
  comesTo('localhost', '127.0.0.1:80', '[::1]:80')
  comesTo('localhost:81-82', '127.0.0.1:81', '127.0.0.1:82', '[::1]:81', '[::1]:82')
  comesTo('nobody', ...[])
  comesTo('8080-')
  comesTo('unix:/run/x.sock', 'unix:/run/x.sock')

  it('are those of port 80 without any, for who may have it', () => {
    const { place } = rightly('80')
    const [address] = addressesOf(defaultListen(place), () => [])
    assert.equal(formatAddress(address!), process.getuid?.() === 0 ? '0.0.0.0:80' : '0.0.0.0:8000')
  })
})

function refuses(args: string, reason: string): void {
  it(`${args}: ${reason}`, () => {
    const text = args.split(' ')[0]
    assert.deepEqual(read(args), {
      listen: undefined,
      problems: [`error: ${reason.replace('…', `in "${text}" of the "listen" directive`)}`],
    })
  })
}

/** As nginx 1.22 says them. */
describe('an address that is none', () => {
  for (const text of [
    '0',
    '65536',
    '123456',
    '127.0.0.1:',
    '*:',
    ':80:',
    'a:b',
    '[::1]:',
    '[::1]:x',
    '::1',
    '::1:80',
  ]) {
    refuses(text, 'invalid port …')
  }
  for (const text of ['80-65536', '0-80', 'a:80-', 'a:1-2-3']) refuses(text, 'invalid port …')
  for (const text of ['90-80', '127.0.0.1:90-80', '[::1]:2-1']) refuses(text, 'invalid port range …')
  for (const text of ['[::1', '[::1]80', '80/x', '80?x', 'http://a:80', 'a/']) refuses(text, 'invalid host …')
  for (const text of [':80', '[]:80']) refuses(text, 'no host …')
  for (const text of ['[::g]', '[127.0.0.1]:80', '[x]:80']) refuses(text, 'invalid IPv6 address …')
  refuses('80,', 'host not found …')
  refuses('unix:', 'no path in the unix domain socket …')
  refuses(`unix:/${'a'.repeat(107)}`, 'too long path in the unix domain socket …')
  refuses('', 'no host …')
})

function sets(args: string, expected: Partial<Listen>): void {
  it(args, () => {
    const listen = rightly(args)
    for (const [name, value] of Object.entries(expected))
      assert.deepEqual(listen[name as keyof Listen], value, name)
  })
}

describe('a parameter of listen', () => {
  sets('80', {
    isDefault: false,
    speaksProxyProtocol: false,
    setsOptions: false,
    isBound: false,
    options: {},
  })
  sets('80 default_server', { isDefault: true, setsOptions: false, isBound: false })
  sets('80 default', { isDefault: true })
  sets('80 proxy_protocol', { speaksProxyProtocol: true, setsOptions: false })
  sets('80 bind', { setsOptions: true, isBound: true, options: {} })
  sets('80 backlog=5 rcvbuf=64k sndbuf=1m fastopen=0', {
    options: { backlog: 5, receiveBytes: 65536, sendBytes: 1048576, fastOpen: 0 },
    setsOptions: true,
    isBound: true,
  })
  sets('80 reuseport deferred', { options: { reusePort: true, deferSeconds: 1 } })
  sets('[::]:80', { options: { ipv6Only: true }, setsOptions: false })
  sets('[::]:80 ipv6only=off', { options: { ipv6Only: false }, setsOptions: true })
  sets('80 so_keepalive=off', { options: { keepAlive: false } })
  sets('80 so_keepalive=30m::10', {
    options: { keepAlive: { idleSeconds: 1800, intervalSeconds: undefined, count: 10 } },
  })
  sets('80 so_keepalive=:5', {
    options: { keepAlive: { idleSeconds: undefined, intervalSeconds: 5, count: undefined } },
  })
})

describe('a parameter that is none', () => {
  for (const word of ['backlog=0', 'backlog=-1', 'backlog=', 'backlog=x'])
    refuses(`80 ${word}`, `invalid backlog "${word}"`)
  for (const word of ['rcvbuf=1g', 'rcvbuf=']) refuses(`80 ${word}`, `invalid rcvbuf "${word}"`)
  refuses('80 sndbuf=x', 'invalid sndbuf "sndbuf=x"')
  refuses('80 fastopen=-1', 'invalid fastopen "fastopen=-1"')
  for (const value of ['x', '::', ':::', '1:2:x', 'on:off:1', '']) {
    refuses(`80 so_keepalive=${value}`, `invalid so_keepalive value: "${value}"`)
  }
  refuses('[::]:80 ipv6only=ox', 'invalid ipv6only flags "ox"')
  for (const word of ['ipv6only=yes', 'ssl', 'http2', 'setfib=1', 'deferred=1', 'backlog', 'x', '81']) {
    refuses(`[::]:80 ${word}`, `invalid parameter "${word}"`)
  }

  it('is told of beside others', () => {
    assert.equal(read('80 x backlog=0 ssl').problems.length, 3)
  })
})

describe('a parameter that says nothing', () => {
  for (const args of ['unix:/x reuseport', 'unix:/x deferred', '80 ipv6only=on']) {
    it(args, () => {
      const { listen, problems } = read(args)
      assert.deepEqual(
        [listen?.setsOptions, problems.length, problems[0]?.startsWith('warning: ')],
        [false, 1, true],
      )
    })
  }
})
