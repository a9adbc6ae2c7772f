import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatAddress } from '../io/address.ts'
import { layoutBelow } from './layout.ts'
import { type Reading, readConfiguration } from './reading.ts'

/** @param servers what stands in each */
function read(...servers: string[]): Reading {
  const text = `events { }\nhttp {\n${servers.map(server => `server { ${server} }`).join('\n')}\n}`
  const invocation = {
    layout: layoutBelow('/p'),
    configurationPath: '/p/x.conf',
    globals: null,
    isForeground: false,
  }
  return readConfiguration(invocation, { read: () => ({ text }), glob: () => [] })
}

/** `*:80 { 127.0.0.1:80 }`: a socket, and the addresses that share it. */
function socketsOf({ site }: Reading): string[] {
  return site.sockets.map(({ address, others }) => {
    const shared = [...(others?.keys() ?? [])].join(' ')
    return `${formatAddress(address)}${shared === '' ? '' : ` { ${shared} }`}`
  })
}

function opens(servers: string[], ...sockets: string[]): void {
  it(servers.join(' | '), () => {
    const reading = read(...servers)
    assert.deepEqual(
      reading.problems.list.filter(({ severity }) => severity === 'error'),
      [],
    )
    assert.deepEqual(socketsOf(reading), sockets)
  })
}

describe('the sockets of a site', () => {
  opens(['listen 80; listen 81;'], '0.0.0.0:80', '0.0.0.0:81')
  opens(['listen 80;', 'listen 80;'], '0.0.0.0:80')
  opens(['listen 80;', 'listen [::]:80;'], '0.0.0.0:80', '[::]:80')
  opens(['listen 127.0.0.1:80;', 'listen 127.0.0.2:80;'], '127.0.0.1:80', '127.0.0.2:80')
  opens(['listen 127.0.0.1:80;', 'listen 80;'], '0.0.0.0:80 { 127.0.0.1:80 }')
  opens(
    ['listen 80;', 'listen 127.0.0.1:80; listen 127.0.0.2:80;'],
    '0.0.0.0:80 { 127.0.0.1:80 127.0.0.2:80 }',
  )
  opens(['listen 80;', 'listen 127.0.0.1:80 bind;'], '0.0.0.0:80', '127.0.0.1:80')
  opens(['listen 80;', 'listen 127.0.0.1:80 backlog=5;'], '0.0.0.0:80', '127.0.0.1:80')
  opens(['listen 80;', 'listen [::1]:80; listen [::]:80;'], '0.0.0.0:80', '[::]:80 { [::1]:80 }')
  opens(['listen 80-82;', 'listen 81;'], '0.0.0.0:80', '0.0.0.0:81', '0.0.0.0:82')
  opens(['listen unix:/a;', 'listen unix:/a;', 'listen unix:/b;'], 'unix:/a', 'unix:/b')
})

describe('the options of a socket', () => {
  const optionsOf = (...servers: string[]) => read(...servers).site.sockets.map(({ options }) => options)

  it('are those of whoever says them', () => {
    assert.deepEqual(optionsOf('listen 80;', 'listen 80 backlog=5;', 'listen 80;'), [{ backlog: 5 }])
    assert.deepEqual(optionsOf('listen [::]:80;', 'listen [::]:80 ipv6only=off;', 'listen [::]:80;'), [
      { ipv6Only: false },
    ])
  })

  it('of one address are not those of another that has a socket of its own', () => {
    assert.deepEqual(optionsOf('listen 80 rcvbuf=1k;', 'listen 127.0.0.1:80 rcvbuf=2k;'), [
      { receiveBytes: 1024 },
      { receiveBytes: 2048 },
    ])
  })
})

describe('an address', () => {
  const nameOf = (reading: Reading, index = 0): string =>
    reading.site.sockets[index]!.endpoint.hosts.fallback.name

  it('has the first server for unknown hosts, or the one that says so', () => {
    assert.equal(nameOf(read('listen 80; server_name a;', 'listen 80; server_name b;')), 'a')
    assert.equal(nameOf(read('listen 80; server_name a;', 'listen 80 default_server; server_name b;')), 'b')
  })

  it('that shares a socket has servers of its own', () => {
    const [socket] = read('listen 80; server_name a;', 'listen 127.0.0.1:80; server_name b;').site.sockets
    const other = socket!.others!.get('127.0.0.1:80')!
    assert.deepEqual([socket!.endpoint.hosts.fallback.name, other.hosts.fallback.name], ['a', 'b'])
  })

  it('speaks the PROXY protocol when one of its servers says so', () => {
    const [one, other] = read('listen 80; listen 81;', 'listen 80 proxy_protocol;').site.sockets
    assert.deepEqual([one!.endpoint.speaksProxyProtocol, other!.endpoint.speaksProxyProtocol], [true, false])
  })

  it('has the limits on heads of its default server', () => {
    const [socket] = read(
      'listen 80; client_header_timeout 1s;',
      'listen 80 default_server; client_header_timeout 2s;',
    ).site.sockets
    assert.equal(socket!.endpoint.headTimeoutMs, 2000)
  })

  it('with one server has no choice of hosts', () => {
    const choices = read('listen 80; listen 81;', 'listen 81;').site.sockets.map(
      one => !one.endpoint.hosts.isSingle,
    )
    assert.deepEqual(choices, [false, true])
  })
})

function complains(servers: string[], ...summaries: string[]): void {
  it(servers.join(' | '), () => {
    const { problems } = read(...servers)
    assert.deepEqual(
      problems.list.map(({ severity, summary }) => `${severity}: ${summary}`),
      summaries,
    )
  })
}

describe('servers that get in each other’s way', () => {
  complains(['listen 80; listen 80;'], 'error: a duplicate listen 0.0.0.0:80')
  complains(['listen 80; listen *:80;'], 'error: a duplicate listen 0.0.0.0:80')
  complains(['listen 80-85; listen 83-90;'], 'error: a duplicate listen 0.0.0.0:83')
  complains(
    ['listen 80 default_server;', 'listen 80 default_server;'],
    'warning: conflicting server name "" on 0.0.0.0:80, ignored',
    'error: a duplicate default server for 0.0.0.0:80',
  )
  complains(
    ['listen 80 bind; server_name a;', 'listen 80 bind; server_name b;'],
    'error: duplicate listen options for 0.0.0.0:80',
  )
  complains(
    ['listen 80; server_name a.test;', 'listen 80; server_name A.test;'],
    'warning: conflicting server name "A.test" on 0.0.0.0:80, ignored',
  )
  complains(['listen 80; server_name a.test a.test;'])
  complains(['listen 80; server_name a.test;', 'listen 81; server_name a.test;'])
  complains(['listen 80;', 'listen 80;'], 'warning: conflicting server name "" on 0.0.0.0:80, ignored')
  complains(
    ['listen no-such-host.invalid:80;'],
    'error: host not found in "no-such-host.invalid:80" of the "listen" directive',
  )
})
