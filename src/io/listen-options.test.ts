import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Descriptors } from '../../test/descriptors.ts'
import * as constants from '../sys/constants.ts'
import { type Fd, getsockopt } from '../sys/libc.ts'
import { type Address, inetAddress, unixAddress } from './address.ts'
import { changeListenOptions, type ListenOptions } from './listen-options.ts'
import { openListener } from './listener.ts'

const { SOL_SOCKET, IPPROTO_TCP } = constants
const LOOPBACK = inetAddress('127.0.0.1', 0)

function opened(fds: Descriptors, options: ListenOptions, address: Address = LOOPBACK): Fd {
  const fd = openListener(address, options)
  assert.ok(typeof fd === 'number', JSON.stringify(fd))
  return fds.own(fd)
}

const ALL: ListenOptions = {
  receiveBytes: 20_000,
  sendBytes: 30_000,
  keepAlive: { idleSeconds: 1800, intervalSeconds: 20, count: 3 },
  deferSeconds: 7,
  fastOpen: 12,
}

/** The kernel counts its own bookkeeping into a buffer: twice what was asked for (socket(7)). */
const ALL_AS_READ: [level: number, name: number, value: number][] = [
  [SOL_SOCKET, constants.SO_RCVBUF, 40_000],
  [SOL_SOCKET, constants.SO_SNDBUF, 60_000],
  [SOL_SOCKET, constants.SO_KEEPALIVE, 1],
  [IPPROTO_TCP, constants.TCP_KEEPIDLE, 1800],
  [IPPROTO_TCP, constants.TCP_KEEPINTVL, 20],
  [IPPROTO_TCP, constants.TCP_KEEPCNT, 3],
  [IPPROTO_TCP, constants.TCP_DEFER_ACCEPT, 7],
  [IPPROTO_TCP, constants.TCP_FASTOPEN, 12],
]

describe('options of a listening socket', () => {
  it('are set before it listens', () => {
    using fds = new Descriptors()
    const fd = opened(fds, ALL)
    for (const [level, name, value] of ALL_AS_READ)
      assert.equal(getsockopt(fd, level, name), value, `${name}`)
  })

  it('change while it listens', () => {
    using fds = new Descriptors()
    const fd = opened(fds, {})
    changeListenOptions(fd, LOOPBACK, ALL)
    for (const [level, name, value] of ALL_AS_READ)
      assert.equal(getsockopt(fd, level, name), value, `${name}`)
    changeListenOptions(fd, LOOPBACK, { keepAlive: false, fastOpen: 0 })
    assert.equal(getsockopt(fd, SOL_SOCKET, constants.SO_KEEPALIVE), 0)
    assert.equal(getsockopt(fd, IPPROTO_TCP, constants.TCP_FASTOPEN), 0)
    assert.equal(getsockopt(fd, IPPROTO_TCP, constants.TCP_DEFER_ACCEPT), 7, 'not mentioned')
  })

  it('are left alone when nothing is said of them', () => {
    using fds = new Descriptors()
    const fd = opened(fds, {})
    assert.equal(getsockopt(fd, SOL_SOCKET, constants.SO_KEEPALIVE), 0)
    assert.equal(getsockopt(fd, IPPROTO_TCP, constants.TCP_DEFER_ACCEPT), 0)
    changeListenOptions(fd, LOOPBACK, { keepAlive: true })
    assert.equal(getsockopt(fd, SOL_SOCKET, constants.SO_KEEPALIVE), 1)
  })

  it('of a Unix socket are its buffers', () => {
    using fds = new Descriptors()
    const directory = mkdtempSync(join(tmpdir(), 'veille-options-'))
    const fd = opened(fds, ALL, unixAddress(join(directory, 'socket')))
    assert.equal(getsockopt(fd, SOL_SOCKET, constants.SO_SNDBUF), 60_000)
    rmSync(directory, { recursive: true })
  })
})
