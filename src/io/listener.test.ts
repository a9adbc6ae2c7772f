import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Descriptors, descriptorLimits, type FakeClock, fakeClock, POLLERS } from '../../test/descriptors.ts'
import {
  EADDRINUSE,
  EBADF,
  ECONNABORTED,
  ECONNREFUSED,
  EINTR,
  EINVAL,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  EPERM,
  errnoName,
} from '../errno.ts'
import { Loop } from '../loop/loop.ts'
import type { PollerName } from '../loop/poller.ts'
import { TRACE_ACCEPT } from '../loop/trace.ts'
import {
  AF_INET,
  AF_UNIX,
  F_GETFD,
  F_GETFL,
  FD_CLOEXEC,
  IPPROTO_TCP,
  O_NONBLOCK,
  SHUT_RDWR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  TCP_NODELAY,
} from '../sys/constants.ts'
import { bind } from '../sys/ffi.ts'
import * as libc from '../sys/libc.ts'
import { scripted } from '../sys/scripted.ts'
import { type Address, formatAddress, inetAddress, sockaddrOf, unixAddress } from './address.ts'
import {
  type AcceptOptions,
  inheritedListeners,
  Listener,
  type ListenerOwner,
  type ListenFailure,
  type ListenOptions,
  localAddress,
  openListener,
} from './listener.ts'

/** fcntl.h */
const F_DUPFD = 0
const LOOPBACK = inetAddress('127.0.0.1', 0)

function opened(address: Address, options?: ListenOptions): libc.Fd {
  const fd = openListener(address, options)
  assert.ok(typeof fd === 'number', `a descriptor, not ${JSON.stringify(fd)}`)
  return fd
}

function failure(address: Address, options?: ListenOptions): ListenFailure {
  const fd = openListener(address, options)
  assert.ok(typeof fd !== 'number', 'a failure')
  return fd
}

/** A loop with one listener, which this class owns. */
class Bench implements ListenerOwner {
  readonly fds = new Descriptors()
  readonly clock: FakeClock = fakeClock()
  readonly loop: Loop
  readonly listener: Listener
  readonly pauses: string[] = []
  readonly peers: Address[] = []
  most = Number.POSITIVE_INFINITY
  onAccepted: () => void = () => {}

  constructor(poller: PollerName, address: Address = LOOPBACK, options: AcceptOptions = {}) {
    this.loop = new Loop({ poller, clock: this.clock })
    this.listener = new Listener(opened(address), this.loop, this, options)
  }

  mayAccept(): boolean {
    return this.peers.length < this.most
  }

  onAccept(fd: libc.Fd, peer: Address): void {
    this.fds.own(fd)
    this.peers.push(peer)
    this.onAccepted()
  }

  onPause(reason: string): void {
    this.pauses.push(reason)
  }

  connect(): libc.Fd {
    const { address } = this.listener
    const fd = this.fds.own(libc.socket(address.family, SOCK_STREAM | SOCK_CLOEXEC))
    assert.equal(libc.connect(fd, sockaddrOf(address)), 0)
    return fd
  }

  turn(times = 1): void {
    for (let i = 0; i < times; i++) this.loop.iterate(0)
  }

  pass(ms: number): void {
    this.clock.now += ms
    this.turn()
  }

  [Symbol.dispose](): void {
    this.listener.close()
    this.loop.close()
    this.fds[Symbol.dispose]()
  }
}

/** setrlimit(2): only this test wants it. */
const setrlimit = bind<(resource: number, limits: BigUint64Array) => number>(
  'int setrlimit(int resource, void *limits)',
)
const RLIMIT_NOFILE = 7

/** The process may have `most` descriptors. @returns what takes that back */
function lowerLimit(most: number): () => void {
  const [soft, hard] = descriptorLimits()
  const set = (limit: number): number =>
    setrlimit(RLIMIT_NOFILE, new BigUint64Array([limit, hard].map(BigInt)))
  assert.equal(set(most), 0)
  return () => void set(soft)
}

/** A directory for one test. */
class Place {
  readonly path = mkdtempSync(join(tmpdir(), 'veille-listener-'))

  file(name: string): string {
    return join(this.path, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

for (const poller of POLLERS) {
  describe(`a listener (${poller})`, () => {
    it('accepts, and says who has come', () => {
      using bench = new Bench(poller)
      const local = localAddress(bench.connect())
      bench.turn()
      assert.deepEqual(bench.peers, [local])
    })

    it('accepts at most 64 connections in one iteration', () => {
      using bench = new Bench(poller)
      for (let i = 0; i < 150; i++) bench.connect()
      const counts = [1, 2, 3, 4].map(() => {
        bench.turn()
        return bench.peers.length
      })
      assert.deepEqual(counts, [64, 128, 150, 150])
    })

    it('accepts one connection in one iteration when it is told so, and loses none', () => {
      using bench = new Bench(poller, LOOPBACK, { acceptsPerIteration: 1 })
      for (let i = 0; i < 3; i++) bench.connect()
      const counts = [1, 2, 3, 4].map(() => {
        bench.turn()
        return bench.peers.length
      })
      assert.deepEqual(counts, [1, 2, 3, 3])
    })

    it('that is shared with other processes accepts, pauses, goes on and ends like any other', () => {
      using bench = new Bench(poller, LOOPBACK, { isShared: true })
      bench.most = 1
      for (let i = 0; i < 2; i++) bench.connect()
      bench.turn(3)
      assert.deepEqual([bench.peers.length, bench.listener.isPaused], [1, true])
      bench.most = 2
      bench.listener.resume()
      bench.turn()
      assert.equal(bench.peers.length, 2)
      bench.listener.close()
      bench.turn()
      assert.equal(bench.loop.watched, 0)
    })

    it('gives connections that do not block, are not inherited, and send at once', () => {
      using bench = new Bench(poller)
      bench.connect()
      const accepted: libc.Fd[] = []
      bench.onAccept = fd => void accepted.push(bench.fds.own(fd))
      bench.turn()
      assert.ok((libc.fcntl(accepted[0]!, F_GETFL) & O_NONBLOCK) !== 0)
      assert.equal(libc.fcntl(accepted[0]!, F_GETFD), FD_CLOEXEC)
      assert.notEqual(libc.getsockopt(accepted[0]!, IPPROTO_TCP, TCP_NODELAY), 0)
    })

    for (const errno of [EMFILE, ENFILE, ENOBUFS, ENOMEM]) {
      it(`pauses for half a second without spinning: ${errnoName(errno)}`, () => {
        using bench = new Bench(poller)
        bench.connect()
        using system = scripted({ accept4: [-errno] })
        bench.turn()
        assert.equal(bench.listener.isPaused, true)
        assert.match(bench.pauses[0]!, new RegExp(`^${errnoName(errno)}: `))
        bench.turn(10)
        assert.equal(system.calls.accept4, 1, 'nobody asks again')
        bench.pass(499)
        assert.equal(bench.listener.isPaused, true)
        bench.pass(1)
        assert.equal(bench.listener.isPaused, false)
        bench.turn()
        assert.equal(bench.peers.length, 1)
        assert.equal(bench.pauses.length, 1)
      })
    }

    it('pauses when the process really has no descriptors left, and goes on when one is free', () => {
      using bench = new Bench(poller)
      bench.connect()
      const restore = lowerLimit(bench.fds.own(libc.socket(AF_UNIX, SOCK_STREAM)) + 10)
      const taken: libc.Fd[] = []
      try {
        for (let fd = 0; fd >= 0; ) {
          fd = libc.socket(AF_UNIX, SOCK_STREAM)
          if (fd >= 0) taken.push(fd)
        }
        bench.turn(3)
      } finally {
        restore()
        for (const fd of taken) libc.close(fd)
      }
      assert.equal(bench.pauses.length, 1)
      assert.match(bench.pauses[0]!, /^EMFILE/)
      bench.listener.resume()
      bench.turn()
      assert.equal(bench.peers.length, 1)
    })

    it('pauses when its owner has enough, and goes on when the owner says so', () => {
      using bench = new Bench(poller)
      bench.most = 2
      for (let i = 0; i < 3; i++) bench.connect()
      bench.turn(3)
      assert.equal(bench.peers.length, 2)
      assert.deepEqual(bench.pauses, ['as many connections as allowed'])
      bench.most = 4
      bench.listener.resume()
      bench.turn()
      assert.equal(bench.peers.length, 3)
      assert.equal(bench.loop.deadlines.size, 0)
    })

    it('passes over connections that are gone before they are accepted, and signals', () => {
      using bench = new Bench(poller)
      bench.connect()
      using _system = scripted({ accept4: [-ECONNABORTED, -EINTR, -ECONNABORTED] })
      bench.turn()
      assert.equal(bench.peers.length, 1)
      assert.deepEqual(bench.pauses, [])
    })

    it('tries again after an error of one connection', () => {
      using bench = new Bench(poller)
      bench.connect()
      using _system = scripted({ accept4: [-EPERM] })
      bench.turn()
      assert.equal(bench.peers.length, 0)
      bench.turn()
      assert.equal(bench.peers.length, 1)
      assert.deepEqual(bench.pauses, [])
    })

    it('does not spin when somebody has shut its socket down', () => {
      using bench = new Bench(poller)
      libc.shutdown(bench.listener.fd, SHUT_RDWR)
      using system = scripted()
      bench.turn(5)
      assert.equal(system.calls.accept4, 1)
      assert.match(bench.pauses[0]!, /^EINVAL/)
    })

    it('may be closed while it accepts', () => {
      using bench = new Bench(poller)
      for (let i = 0; i < 3; i++) bench.connect()
      bench.onAccepted = () => bench.listener.close()
      bench.turn(2)
      assert.equal(bench.peers.length, 1)
      bench.listener.resume()
      bench.listener.onFailure(new Error('late'))
      bench.turn()
      assert.equal(bench.loop.watched, 0)
      assert.equal(bench.loop.deadlines.size, 0)
      assert.equal(libc.fcntl(bench.listener.fd, F_GETFD), -EBADF)
    })

    it('pauses when an owner throws', () => {
      using bench = new Bench(poller)
      bench.connect()
      bench.onAccepted = () => {
        throw new Error('ours')
      }
      bench.turn()
      assert.deepEqual(bench.pauses, ['Error: ours'])
      assert.equal(bench.listener.isPaused, true)
    })

    it('of a Unix socket takes its path away at its end', () => {
      using place = new Place()
      const path = place.file('x.sock')
      using bench = new Bench(poller, unixAddress(path))
      bench.connect()
      bench.turn()
      assert.deepEqual(bench.peers, [unixAddress(path)])
      bench.listener.close()
      assert.equal(existsSync(path), false)
    })

    it('that is inherited leaves the path where it is, and is heard no more', () => {
      using place = new Place()
      const path = place.file('x.sock')
      using bench = new Bench(poller, unixAddress(path), { isInherited: true })
      // Whoever has passed the socket on still holds it.
      bench.fds.own(libc.fcntl(bench.listener.fd, F_DUPFD))
      bench.connect()
      bench.turn()
      bench.listener.close()
      bench.turn()
      assert.equal(existsSync(path), true)
      const late = bench.fds.own(libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC))
      assert.equal(libc.connect(late, sockaddrOf(unixAddress(path))), 0)
      assert.equal(bench.loop.iterate(0), 0, 'the loop is not kept awake')
    })

    it('traces whom it accepts', () => {
      using bench = new Bench(poller)
      bench.connect()
      bench.loop.trace.on = true
      bench.turn()
      const accepted: number[] = []
      bench.loop.trace.since(0, (kind, _fd, listener) => {
        if (kind === TRACE_ACCEPT) accepted.push(listener)
      })
      assert.deepEqual(accepted, [bench.listener.fd])
    })
  })
}

describe('openListener', () => {
  it('takes a free port for port 0, and IPv4 together with IPv6 for [::]', () => {
    const fd = opened(inetAddress('::', 0))
    const address = localAddress(fd)
    assert.ok(address.family !== AF_UNIX && address.port > 0 && address.host === '::')
    const client = libc.socket(AF_INET, SOCK_STREAM)
    assert.equal(libc.connect(client, sockaddrOf(inetAddress('127.0.0.1', address.port))), 0)
    libc.close(client)
    libc.close(fd)
  })

  it('leaves IPv4 alone when it is told so', () => {
    const fd = opened(inetAddress('::', 0), { ipv6Only: true })
    const { port } = localAddress(fd) as { port: number }
    const client = libc.socket(AF_INET, SOCK_STREAM)
    assert.equal(libc.connect(client, sockaddrOf(inetAddress('127.0.0.1', port))), -ECONNREFUSED)
    libc.close(client)
    libc.close(fd)
  })

  it('says which call failed', () => {
    const fd = opened(LOOPBACK)
    assert.deepEqual(failure(localAddress(fd)), { call: 'bind', errno: EADDRINUSE })
    libc.close(fd)
    using _system = scripted({ socket: [-EMFILE], listen: [-EINVAL] })
    assert.deepEqual(failure(LOOPBACK), { call: 'socket', errno: EMFILE })
    assert.deepEqual(failure(LOOPBACK), { call: 'listen', errno: EINVAL })
  })

  it('shares a port among several sockets when each of them says so', () => {
    const first = opened(LOOPBACK, { reusePort: true })
    const address = localAddress(first)
    const second = opened(address, { reusePort: true })
    assert.equal(failure(address).errno, EADDRINUSE)
    assert.equal(formatAddress(localAddress(second)), formatAddress(address))
    libc.close(first)
    libc.close(second)
  })

  it('replaces the path of a Unix socket that nobody listens on', () => {
    using place = new Place()
    const address = unixAddress(place.file('x.sock'))
    libc.close(opened(address))
    assert.ok(lstatSync(address.path).isSocket(), 'left from a server that died')
    libc.close(opened(address))
  })

  it('refuses the path of a Unix socket that somebody listens on', () => {
    using place = new Place()
    const address = unixAddress(place.file('x.sock'))
    const live = opened(address, { backlog: 1 })
    assert.deepEqual(failure(address), { call: 'bind', errno: EADDRINUSE })
    // Also when its queue is full: connect(2) says EAGAIN then.
    const clients = Array.from({ length: 4 }, () => {
      const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK)
      libc.connect(fd, sockaddrOf(address))
      return fd
    })
    assert.deepEqual(failure(address), { call: 'bind', errno: EADDRINUSE })
    assert.ok(existsSync(address.path))
    for (const fd of [live, ...clients]) libc.close(fd)
  })

  it('never removes what is not a socket', () => {
    using place = new Place()
    const path = place.file('precious')
    writeFileSync(path, 'content')
    assert.deepEqual(failure(unixAddress(path)), { call: 'bind', errno: EADDRINUSE })
    assert.equal(readFileSync(path, 'utf8'), 'content')
    const link = place.file('link')
    symlinkSync(path, link)
    assert.deepEqual(failure(unixAddress(link)), { call: 'bind', errno: EADDRINUSE })
    assert.equal(readFileSync(link, 'utf8'), 'content')
  })
})

describe('inheritedListeners', () => {
  const none: [string, NodeJS.ProcessEnv][] = [
    ['no variables', {}],
    ['those of another process', { LISTEN_FDS: '1', LISTEN_PID: '1' }],
    ['no process', { LISTEN_FDS: '1' }],
    ['no number', { LISTEN_FDS: 'x', LISTEN_PID: String(process.pid) }],
    ['an endless number', { LISTEN_FDS: 'Infinity', LISTEN_PID: String(process.pid) }],
    ['a huge number', { LISTEN_FDS: '99999999999', LISTEN_PID: String(process.pid) }],
    ['a negative number', { LISTEN_FDS: '-1', LISTEN_PID: String(process.pid) }],
    ['descriptors that do not listen', { LISTEN_FDS: '2', LISTEN_PID: String(process.pid) }],
  ]
  for (const [name, env] of none) {
    it(`finds none: ${name}`, () => {
      assert.deepEqual(inheritedListeners(env), [])
      assert.deepEqual(env, {}, 'the variables are taken away')
    })
  }

  it('finds the sockets that a service manager has opened', () => {
    const listening = opened(LOOPBACK)
    const module = fileURLToPath(import.meta.resolve('./listener.js'))
    const script = `
      process.env.LISTEN_PID = String(process.pid)
      const { inheritedListeners, localAddress } = await import(${JSON.stringify(module)})
      const { fcntl } = await import(${JSON.stringify(fileURLToPath(import.meta.resolve('../sys/libc.js')))})
      const fds = inheritedListeners()
      console.log(JSON.stringify({
        fds, left: process.env.LISTEN_FDS, address: localAddress(fds[0]),
        flags: [fcntl(3, ${F_GETFD}), fcntl(3, ${F_GETFL}) & ${O_NONBLOCK}],
      }))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      // Descriptor 4 does not listen, and is not taken.
      stdio: ['ignore', 'pipe', 'pipe', listening, 'ignore'],
      env: { ...process.env, LISTEN_FDS: '2' },
      encoding: 'utf8',
    })
    assert.deepEqual(JSON.parse(stdout || `"${stderr}"`), {
      fds: [3],
      address: localAddress(listening),
      flags: [FD_CLOEXEC, O_NONBLOCK],
    })
    libc.close(listening)
  })
})
