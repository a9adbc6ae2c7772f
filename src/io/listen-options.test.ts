import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Descriptors } from '../../test/descriptors.ts'
import { EINVAL, EPERM } from '../errno.ts'
import * as constants from '../sys/constants.ts'
import { accept4, connect, type Fd, getsockopt, socket, write } from '../sys/libc.ts'
import { type Answer, scripted } from '../sys/scripted.ts'
import { type Address, inetAddress, sockaddrOf, unixAddress } from './address.ts'
import { changeListenOptions, type ListenFailure, type ListenOptions } from './listen-options.ts'
import { localAddress, openListener } from './listener.ts'

const { SOL_SOCKET, IPPROTO_TCP } = constants
const LOOPBACK = inetAddress('127.0.0.1', 0)

function opened(fds: Descriptors, options: ListenOptions, address: Address = LOOPBACK): Fd {
  const fd = openListener(address, options)
  assert.ok(typeof fd === 'number', JSON.stringify(fd))
  return fds.own(fd)
}

function connected(fds: Descriptors, listener: Fd): Fd {
  const near = fds.own(socket(constants.AF_INET, constants.SOCK_STREAM))
  assert.equal(connect(near, sockaddrOf(localAddress(listener))), 0)
  return near
}

/** The far end of a new connection. */
function accepted(fds: Descriptors, listener: Fd): Fd {
  connected(fds, listener)
  return fds.own(accept4(listener, Buffer.alloc(128), 0))
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
    assert.equal(getsockopt(fd, SOL_SOCKET, constants.SO_SNDBUF), 60_000, 'not mentioned')
    assert.equal(getsockopt(fd, IPPROTO_TCP, constants.TCP_DEFER_ACCEPT), 0, 'ends with its mention')
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
  it('leave to the system what they do not name, and make connections send at once', () => {
    using fds = new Descriptors()
    const [plain, some] = [opened(fds, {}), opened(fds, { keepAlive: { count: 3 } })]
    assert.equal(getsockopt(some, IPPROTO_TCP, constants.TCP_KEEPCNT), 3)
    const idle = [plain, some].map(fd => getsockopt(fd, IPPROTO_TCP, constants.TCP_KEEPIDLE))
    assert.equal(idle[0], idle[1])
    assert.equal(getsockopt(accepted(fds, plain), IPPROTO_TCP, constants.TCP_NODELAY), 1)
    const waiting = accepted(fds, opened(fds, { noDelay: false }))
    assert.equal(getsockopt(waiting, IPPROTO_TCP, constants.TCP_NODELAY), 0)
  })

  it('are inherited by connections', () => {
    using fds = new Descriptors()
    const fd = accepted(fds, opened(fds, { ...ALL, deferSeconds: 0 }))
    for (const [level, name, value] of ALL_AS_READ.slice(0, 6))
      assert.equal(getsockopt(fd, level, name), value, `${name}`)
  })

  it('may keep a connection back until it has brought something', () => {
    using fds = new Descriptors()
    const listener = opened(fds, { deferSeconds: 60 })
    const near = connected(fds, listener)
    assert.ok(accept4(listener, Buffer.alloc(128), 0) < 0)
    write(near, Buffer.from('x'))
    fds.own(accept4(listener, Buffer.alloc(128), 0))
  })

  it('give the path of a Unix socket its mode before anybody can connect', () => {
    using fds = new Descriptors()
    const directory = mkdtempSync(join(tmpdir(), 'veille-options-'))
    for (const mode of [0o666, 0o600]) {
      const path = join(directory, mode.toString(8))
      const modes: number[] = []
      const look: Answer = (real, args) => {
        modes.push(statSync(path).mode & 0o777)
        return (real as (...args: unknown[]) => number)(...args)
      }
      using _system = scripted({ listen: [look] })
      opened(fds, { mode }, unixAddress(path))
      assert.deepEqual(modes, [mode])
    }
    rmSync(directory, { recursive: true })
  })

  it('that the system refuses are told, and ignored where they can be', () => {
    using fds = new Descriptors()
    const ignored: ListenFailure[] = []
    // SO_REUSEADDR, TCP_NODELAY, then what is asked for.
    using _system = scripted({ setsockopt: [0, 0, -EINVAL] })
    const fd = openListener(LOOPBACK, { fastOpen: 5 }, ignored)
    assert.ok(typeof fd === 'number')
    fds.own(fd)
    assert.deepEqual(ignored, [{ call: 'setsockopt(TCP_FASTOPEN)', errno: EINVAL }])
  })

  it('without which it would be another socket are not ignored', () => {
    const path = join(tmpdir(), `veille-refused-${process.pid}`)
    using _system = scripted({ setsockopt: [0, 0, -EPERM], chmod: [-EPERM] })
    const expected = { call: 'setsockopt(SO_REUSEPORT)', errno: EPERM }
    assert.deepEqual(openListener(LOOPBACK, { reusePort: true }), expected)
    assert.deepEqual(openListener(unixAddress(path), { mode: 0o600 }), { call: 'chmod', errno: EPERM })
    rmSync(path)
  })

  it('change the backlog by listening once more', () => {
    using fds = new Descriptors()
    const listener = opened(fds, {})
    const backlogs: unknown[] = []
    const note: Answer = (_real, args) => {
      backlogs.push(args[1])
      return 0
    }
    using _system = scripted({ listen: [note, note, -EINVAL] })
    assert.deepEqual(changeListenOptions(listener, LOOPBACK, { backlog: 2048, reusePort: true }), [])
    assert.deepEqual(changeListenOptions(listener, LOOPBACK, {}), [])
    assert.deepEqual(backlogs, [2048, 511])
    assert.equal(getsockopt(listener, SOL_SOCKET, constants.SO_REUSEPORT), 1)
    const expected = [{ call: 'listen', errno: EINVAL }]
    assert.deepEqual(changeListenOptions(listener, LOOPBACK, {}), expected)
  })
})
