import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Descriptors, fakeClock, openDescriptors } from '../../test/descriptors.ts'
import { forEachPoller } from '../../test/pollers.ts'
import { EADDRNOTAVAIL, ECONNREFUSED, EINPROGRESS, EMFILE, ENOENT, ETIMEDOUT } from '../errno.ts'
import { Loop } from '../loop/loop.ts'
import type { PollerName } from '../loop/poller.ts'
import { IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET, TCP_NODELAY } from '../sys/constants.ts'
import * as libc from '../sys/libc.ts'
import { scripted } from '../sys/scripted.ts'
import { type Address, formatAddress, inetAddress, unixAddress } from './address.ts'
import { type ConnectEvents, type ConnectFailure, type ConnectOptions, connectTo } from './connect.ts'
import { type Connection, DEFAULT_CONNECTION_LIMITS } from './connection.ts'
import { localAddress, openListener } from './listener.ts'

const OPTIONS: ConnectOptions = {
  timeoutMs: 1000,
  limits: DEFAULT_CONNECTION_LIMITS,
  mayBeDeaf: false,
  from: null,
  keepAlive: false,
}

class Outcome implements ConnectEvents {
  connection: Connection | null = null
  failure: ConnectFailure | null = null
  error: unknown = null
  connected: (connection: Connection) => void = () => {}

  onConnected(connection: Connection): void {
    assert.ok(this.connection === null && this.failure === null)
    this.connection = connection
    this.connected(connection)
  }

  onConnectFailed(failure: ConnectFailure): void {
    assert.ok(this.connection === null && this.failure === null)
    this.failure = failure
  }

  onFailure(error: unknown): void {
    this.error = error
  }
}

const folder = mkdtempSync(join(tmpdir(), 'veille-connect-'))
after(() => rmSync(folder, { recursive: true }))

function listenAt(fds: Descriptors, address: Address): Address {
  const fd = openListener(address, { backlog: 5 })
  assert.ok(typeof fd === 'number', `cannot listen on ${formatAddress(address)}`)
  fds.own(fd)
  return localAddress(fd)
}

/** An address where nobody listens. */
function closedPort(): Address {
  using fds = new Descriptors()
  return listenAt(fds, inetAddress('127.0.0.1', 0))
}

function iterate(loop: Loop, outcome: Outcome): void {
  for (let turns = 0; turns < 50 && outcome.connection === null && outcome.failure === null; turns++)
    loop.iterate(100)
}

function attempt(poller: PollerName, address: Address, options: Partial<ConnectOptions> = {}): Outcome {
  const loop = new Loop({ poller })
  const outcome = new Outcome()
  connectTo(address, loop, { ...OPTIONS, ...options }, outcome)
  assert.ok(outcome.connection === null && outcome.failure === null, 'not before it has returned')
  iterate(loop, outcome)
  assert.equal(loop.deadlines.next, Number.POSITIVE_INFINITY)
  loop.close()
  return outcome
}

describe('connecting', () => {
  forEachPoller(poller => {
    it('reaches TCP in both versions, and a Unix socket', () => {
      using fds = new Descriptors()
      const addresses = [
        inetAddress('127.0.0.1', 0),
        inetAddress('::1', 0),
        unixAddress(join(folder, poller)),
      ]
      for (const [i, address] of addresses.map(one => listenAt(fds, one)).entries()) {
        const { connection } = attempt(poller, address)
        assert.ok(connection !== null, formatAddress(address))
        fds.own(connection.fd)
        assert.equal(formatAddress(connection.peer), formatAddress(address))
        if (i < 2) assert.equal(libc.getsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY), 1)
      }
    })

    it('gives a connection that carries bytes both ways', () => {
      using fds = new Descriptors()
      const loop = new Loop({ poller })
      const listener = fds.own(openListener(inetAddress('127.0.0.1', 0), {}) as number)
      const outcome = new Outcome()
      connectTo(localAddress(listener), loop, OPTIONS, outcome)
      iterate(loop, outcome)
      const connection = outcome.connection!
      fds.own(connection.fd)
      const far = fds.own(libc.accept4(listener, Buffer.alloc(128), 0))
      let input = ''
      connection.driver = {
        onInput: (bytes, start, end) => {
          input += bytes.toString('latin1', start, end)
          return end
        },
        onInputEnd() {},
        onDrained() {},
        onReadDeadline() {},
        onClosed() {},
      }
      connection.writeText('ping')
      loop.settle()
      const buffer = Buffer.alloc(10)
      assert.equal(libc.recv(far, buffer), 4)
      libc.write(far, Buffer.from('pong'))
      loop.iterate(100)
      assert.equal(input, 'pong')
      loop.close()
    })

    it('says which call failed, and why', () => {
      const before = openDescriptors()
      assert.deepEqual(attempt(poller, closedPort()).failure, { call: 'connect', errno: ECONNREFUSED })
      const nowhere = unixAddress(join(folder, 'nowhere'))
      assert.deepEqual(attempt(poller, nowhere).failure, { call: 'connect', errno: ENOENT })
      const from = inetAddress('192.0.2.1', 0)
      assert.deepEqual(attempt(poller, closedPort(), { from }).failure, {
        call: 'bind',
        errno: EADDRNOTAVAIL,
      })
      {
        using _ = scripted({ socket: [-EMFILE] })
        assert.deepEqual(attempt(poller, nowhere).failure, { call: 'socket', errno: EMFILE })
      }
      assert.equal(openDescriptors(), before)
    })

    it('does not wait longer than its time', () => {
      using fds = new Descriptors()
      const address = listenAt(fds, inetAddress('127.0.0.1', 0))
      const clock = fakeClock()
      const loop = new Loop({ poller, clock })
      const outcome = new Outcome()
      using _ = scripted({ connect: [-EINPROGRESS] })
      // The socket was never told to connect, so nothing comes of it; select and poll call it ready all the same.
      connectTo(address, loop, { ...OPTIONS, timeoutMs: 500 }, outcome)
      loop.deadlines.expire(clock.now + 499)
      assert.equal(outcome.failure, null)
      loop.deadlines.expire(clock.now + 500)
      assert.deepEqual(outcome.failure, { call: 'wait', errno: ETIMEDOUT })
      loop.close()
    })

    it('ends without a word when it is cancelled, before and while the kernel is at work', () => {
      using fds = new Descriptors()
      const before = openDescriptors()
      const addresses = [
        closedPort(),
        unixAddress(join(folder, 'nowhere')),
        listenAt(fds, unixAddress(join(folder, `cancelled-${poller}`))),
      ]
      const loop = new Loop({ poller })
      const outcome = new Outcome()
      for (const address of addresses) connectTo(address, loop, OPTIONS, outcome).cancel()
      for (let turns = 0; turns < 3; turns++) loop.iterate(0)
      assert.deepEqual([outcome.connection, outcome.failure, loop.watched], [null, null, 0])
      loop.close()
      assert.equal(openDescriptors(), before + 1)
    })

    it('tells whoever throws when it is told', () => {
      using fds = new Descriptors()
      const address = listenAt(fds, inetAddress('127.0.0.1', 0))
      const loop = new Loop({ poller })
      const outcome = new Outcome()
      const mistake = new Error('ours')
      outcome.connected = () => {
        throw mistake
      }
      connectTo(address, loop, OPTIONS, outcome)
      iterate(loop, outcome)
      fds.own(outcome.connection!.fd)
      assert.equal(outcome.error, mistake)
      loop.close()
    })
  })

  it('comes from an address, and is kept alive, where it is told so', () => {
    using fds = new Descriptors()
    const address = listenAt(fds, inetAddress('127.0.0.1', 0))
    const { connection } = attempt('epoll', address, { from: inetAddress('127.0.0.2', 0), keepAlive: true })
    const { fd } = connection!
    fds.own(fd)
    assert.match(formatAddress(connection!.localAddress), /^127\.0\.0\.2:/)
    assert.equal(libc.getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE), 1)
  })

  it('can still hear a peer that does not listen any more', () => {
    using fds = new Descriptors()
    const path = unixAddress(join(folder, 'deaf'))
    const listener = fds.own(openListener(path, {}) as number)
    const loop = new Loop()
    const outcome = new Outcome()
    connectTo(path, loop, { ...OPTIONS, mayBeDeaf: true }, outcome)
    iterate(loop, outcome)
    const connection = outcome.connection!
    const far = libc.accept4(listener, Buffer.alloc(128), 0)
    let input = ''
    connection.driver = {
      onInput: (bytes, start, end) => {
        input += bytes.toString('latin1', start, end)
        return end
      },
      onInputEnd() {
        connection.finish(false)
      },
      onDrained() {},
      onReadDeadline() {},
      onClosed() {
        input += '.'
      },
    }
    libc.write(far, Buffer.from('no more'))
    libc.close(far)
    connection.writeText('more')
    loop.settle()
    assert.ok(!connection.isClosed)
    loop.iterate(100)
    loop.iterate(0)
    assert.equal(input, 'no more.')
    loop.close()
  })
})
