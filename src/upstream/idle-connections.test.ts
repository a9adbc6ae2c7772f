import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Descriptors, type FakeClock, fakeClock } from '../../test/descriptors.ts'
import { forEachPoller } from '../../test/pollers.ts'
import { inetAddress, unixAddress } from '../io/address.ts'
import { Connection, DEFAULT_CONNECTION_LIMITS } from '../io/connection.ts'
import { outboxOf } from '../io/outbox.ts'
import { Loop } from '../loop/loop.ts'
import type { PollerName } from '../loop/poller.ts'
import * as libc from '../sys/libc.ts'
import { IdleConnections, KEEP_NONE, type KeepRules, type KeptConnection } from './idle-connections.ts'
import { Peer } from './peers.ts'

function peerOf(name: string): Peer {
  return new Peer({
    name,
    address: inetAddress('127.0.0.1', 1),
    weight: 1,
    maxFails: 1,
    failTimeoutMs: 1,
    maxConnections: 0,
    isBackup: false,
    isDown: false,
  })
}

class Bench {
  readonly loop: Loop
  readonly clock: FakeClock = fakeClock()
  readonly idle: IdleConnections
  private readonly fds: Descriptors

  constructor(poller: PollerName, fds: Descriptors, rules: Partial<KeepRules> = {}) {
    this.fds = fds
    this.loop = new Loop({ poller, clock: this.clock })
    this.idle = new IdleConnections({ ...KEEP_NONE, most: 2, ...rules })
  }

  /** A connection, and the descriptor of its other end. */
  connection(requests = 1): [KeptConnection, libc.Fd] {
    const [near, far] = this.fds.pair()
    const { loop } = this
    const setting = { loop, outbox: outboxOf(loop), transport: loop.calls, limits: DEFAULT_CONNECTION_LIMITS }
    const connection = new Connection(this.fds.disown(near), unixAddress(''), setting)
    return [{ connection, openedAt: this.clock.now, requests }, far]
  }

  turn(): void {
    this.loop.iterate(0)
  }
}

forEachPoller(poller => {
  it('what was used last is taken first, and only for its peer', () => {
    using fds = new Descriptors()
    const bench = new Bench(poller, fds)
    const [a, b] = [peerOf('a'), peerOf('b')]
    const [first] = bench.connection()
    const [second] = bench.connection()
    assert.ok(bench.idle.keep(a, first, 1000))
    assert.ok(bench.idle.keep(a, second, 1000))
    assert.equal(bench.idle.take(b), null)
    assert.equal(bench.idle.take(a), second)
    assert.equal(bench.idle.take(a), first)
    assert.equal(bench.idle.take(a), null)
    for (const { connection } of [first, second]) connection.finish(false)
    bench.turn()
    bench.loop.close()
  })

  it('of too many, the one that was not used for longest is closed', () => {
    using fds = new Descriptors()
    const bench = new Bench(poller, fds)
    const a = peerOf('a')
    const kept = [bench.connection(), bench.connection(), bench.connection()].map(([one]) => one)
    for (const one of kept) assert.ok(bench.idle.keep(a, one, 1000))
    assert.deepEqual(
      kept.map(({ connection }) => connection.isClosed),
      [true, false, false],
    )
    bench.idle.close()
    assert.equal(bench.idle.count, 0)
    assert.ok(kept.every(({ connection }) => connection.isClosed))
    bench.turn()
    bench.loop.close()
  })

  it('one that its peer closes, or that says something unasked, is kept no longer', () => {
    using fds = new Descriptors()
    const bench = new Bench(poller, fds)
    const a = peerOf('a')
    const [closed, far] = bench.connection()
    const [talking, other] = bench.connection()
    bench.idle.keep(a, closed, 1000)
    bench.idle.keep(a, talking, 1000)
    fds.close(far)
    libc.write(other, Buffer.from('?'))
    bench.turn()
    assert.deepEqual([closed.connection.isClosed, talking.connection.isClosed], [true, true])
    assert.equal(bench.idle.take(a), null)
    bench.turn()
    bench.loop.close()
  })

  it('none waits longer than it may', () => {
    using fds = new Descriptors()
    const bench = new Bench(poller, fds, { idleMs: 100 })
    const a = peerOf('a')
    const [kept] = bench.connection()
    bench.idle.keep(a, kept, bench.clock.now)
    bench.clock.now += 99
    bench.turn()
    assert.ok(!kept.connection.isClosed)
    bench.clock.now += 1
    bench.turn()
    assert.ok(kept.connection.isClosed)
    assert.equal(bench.idle.count, 0)
    bench.turn()
    bench.loop.close()
  })

  it('one that has answered enough, is too old, or is waited for by others, is not kept', () => {
    using fds = new Descriptors()
    const bench = new Bench(poller, fds, { requests: 3, lifeMs: 1000 })
    const a = peerOf('a')
    const { now } = bench.clock
    const [worn] = bench.connection(3)
    const [fresh] = bench.connection(2)
    assert.equal(bench.idle.keep(a, worn, now), false)
    assert.equal(bench.idle.keep(a, fresh, now + 1000), false)
    a.unanswered = 1
    assert.equal(bench.idle.keep(a, fresh, now), false)
    a.unanswered = 0
    assert.ok(bench.idle.keep(a, fresh, now))
    assert.equal(new IdleConnections(KEEP_NONE).keep(a, worn, now), false)
    worn.connection.finish(false)
    bench.idle.close()
    bench.turn()
    bench.loop.close()
  })
})
