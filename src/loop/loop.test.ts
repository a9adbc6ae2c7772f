/** Every case runs with each poller. The clock is the test's, and waits are looked at through the scripted system. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Descriptors, type FakeClock, fakeClock, POLLERS } from '../../test/descriptors.ts'
import { EBADF, EINTR } from '../errno.ts'
import { F_GETFD } from '../sys/constants.ts'
import * as libc from '../sys/libc.ts'
import { type Answer, type Script, scripted } from '../sys/scripted.ts'
import { Deadline } from './deadlines.ts'
import { type Continuation, Loop, type Watcher } from './loop.ts'
import { NOTHING, type PollerName, READABLE, WRITABLE } from './poller.ts'
import { TRACE_CLOSE, TRACE_DEADLINES, TRACE_DISPATCH, TRACE_WAIT } from './trace.ts'

const X = Buffer.from('x')

class Probe extends Deadline implements Watcher, Continuation {
  readonly events: string[]
  readonly name: string
  act: (event: string) => void = () => {}

  constructor(name: string, events: string[] = []) {
    super()
    this.name = name
    this.events = events
  }

  onReadable(): void {
    this.note('readable')
  }
  onWritable(): void {
    this.note('writable')
  }
  onTurn(): void {
    this.note('turn')
  }
  override onDeadline(): void {
    this.note('deadline')
  }
  override onFailure(error: unknown): void {
    this.events.push(`${this.name} failure ${(error as Error).message}`)
  }

  private note(event: string): void {
    this.events.push(`${this.name} ${event}`)
    this.act(event)
  }
}

class Bench {
  readonly fds = new Descriptors()
  readonly clock: FakeClock = fakeClock()
  readonly loop: Loop
  readonly events: string[] = []

  constructor(poller: PollerName) {
    this.loop = new Loop({ poller, clock: this.clock })
  }

  probe(name: string): Probe {
    return new Probe(name, this.events)
  }

  /** A watcher whose descriptor is readable and writable. */
  ready(name: string, interest = READABLE): { fd: libc.Fd; probe: Probe } {
    const [near, far] = this.fds.pair()
    libc.write(near, X)
    const probe = this.probe(name)
    this.loop.watch(far, interest, probe)
    return { fd: far, probe }
  }

  [Symbol.dispose](): void {
    this.loop.close()
    this.fds[Symbol.dispose]()
  }
}

/** The milliseconds that each wait was to sleep; -1 without end. Nobody sleeps. */
function sleeps(count: number, slept: (ms: number) => number = () => 0): { script: Script; asked: number[] } {
  const asked: number[] = []
  const answer =
    (timeoutOf: (args: unknown[]) => number): Answer =>
    (_real, args) => {
      const ms = timeoutOf(args)
      asked.push(ms)
      return slept(ms)
    }
  const many = (one: Answer): Answer[] => Array<Answer>(count).fill(one)
  const ofSelect = (args: unknown[]): number => {
    const time = args[4] as BigInt64Array | null
    return time === null ? -1 : Number(time[0]) * 1000 + Number(time[1]) / 1000
  }
  return {
    asked,
    script: {
      select: many(answer(ofSelect)),
      poll: many(answer(args => args[2] as number)),
      epoll_wait: many(answer(args => args[3] as number)),
    },
  }
}

for (const poller of POLLERS) {
  describe(`the loop on ${poller}`, () => {
    it('goes through its five steps in order', () => {
      using bench = new Bench(poller)
      const { loop, events, clock } = bench
      const { fd, probe } = bench.ready('watcher', READABLE | WRITABLE)
      const turn = bench.probe('continuation')
      const late = bench.probe('late')
      probe.act = event => {
        if (event !== 'readable') return
        loop.again(turn)
        loop.deadlines.set(late, clock.now)
      }
      late.act = () => loop.closeLater(fd)
      loop.flush = () => events.push(`flush, ${libc.fcntl(fd, F_GETFD) < 0 ? 'closed' : 'open'}`)
      bench.fds.disown(fd)
      loop.iterate(0)
      assert.deepEqual(events, [
        'flush, open',
        'watcher readable',
        'watcher writable',
        'continuation turn',
        'late deadline',
        'flush, open',
      ])
      assert.equal(libc.fcntl(fd, F_GETFD), -EBADF)
    })

    it('closes nothing in mid-iteration, so that no number comes back in it', () => {
      using bench = new Bench(poller)
      const { loop, events } = bench
      const first = bench.ready('first')
      const second = bench.ready('second')
      const made: libc.Fd[] = []
      for (const { probe } of [first, second]) {
        probe.act = () => {
          for (const { fd } of [first, second]) loop.closeLater(bench.fds.disown(fd))
          made.push(...bench.fds.pair())
          for (const fd of made) loop.watch(fd, READABLE | WRITABLE, bench.probe(`new ${fd}`))
        }
      }
      loop.iterate(0)
      assert.equal(events.length, 1, 'the other was ready, but is heard no more')
      assert.ok(made.every(fd => fd !== first.fd && fd !== second.fd))
      assert.equal(loop.watched, 2)
      loop.iterate(0)
      assert.deepEqual(events.slice(1).sort(), made.map(fd => `new ${fd} writable`).sort())
    })

    it('gives a watcher that throws its error, and goes on with the others', () => {
      using bench = new Bench(poller)
      const all = ['a', 'b', 'c'].map(name => bench.ready(name, READABLE | WRITABLE))
      all[1]!.probe.act = event => {
        if (event === 'readable') throw new Error('ours')
      }
      bench.loop.iterate(0)
      assert.deepEqual(bench.events.toSorted(), [
        'a readable',
        'a writable',
        'b failure ours',
        'b readable',
        'c readable',
        'c writable',
      ])
    })

    it('gives a continuation and a deadline that throw their errors, and goes on', () => {
      using bench = new Bench(poller)
      const { loop, clock, events } = bench
      const [bad, good] = [bench.probe('bad'), bench.probe('good')]
      bad.act = event => {
        throw new Error(event)
      }
      for (const probe of [bad, good]) {
        loop.again(probe)
        loop.deadlines.set(probe, clock.now)
      }
      loop.iterate(0)
      assert.deepEqual(events, [
        'bad turn',
        'bad failure turn',
        'good turn',
        'bad deadline',
        'bad failure deadline',
        'good deadline',
      ])
    })

    it('respects an interest that an earlier watcher has changed', () => {
      using bench = new Bench(poller)
      const [a, b] = [bench.ready('a'), bench.ready('b')]
      a.probe.act = () => bench.loop.setInterest(b.fd, NOTHING)
      b.probe.act = () => bench.loop.setInterest(a.fd, NOTHING)
      bench.loop.iterate(0)
      assert.equal(bench.events.length, 1)
      bench.loop.iterate(0)
      assert.equal(bench.events.length, 2, 'whoever came first is still watched')
      assert.equal(bench.events[0], bench.events[1])
    })

    it('tells nobody that is writable who has ended in being readable', () => {
      using bench = new Bench(poller)
      const { fd, probe } = bench.ready('a', READABLE | WRITABLE)
      probe.act = () => bench.loop.closeLater(bench.fds.disown(fd))
      bench.loop.iterate(0)
      assert.deepEqual(bench.events, ['a readable'])
    })

    it('tells a watcher that its descriptor cannot be watched', () => {
      using bench = new Bench(poller)
      const { events, loop } = bench
      const [, fd] = bench.fds.pair()
      bench.fds.close(fd)
      const probe = bench.probe('gone')
      loop.watch(fd, READABLE, probe)
      loop.iterate(0)
      assert.deepEqual(events, [`gone failure ${poller} cannot watch descriptor ${fd}`])
      loop.unwatch(fd)
    })

    it('counts who is watched, also those that wait for nothing', () => {
      using bench = new Bench(poller)
      const { loop } = bench
      const [a, b] = bench.fds.pair()
      loop.watch(a, READABLE, bench.probe('a'))
      loop.watch(b, NOTHING, bench.probe('b'))
      assert.equal(loop.watched, 2)
      loop.setInterest(a, NOTHING)
      assert.equal(loop.watched, 2)
      loop.unwatch(a)
      loop.unwatch(a)
      loop.closeLater(bench.fds.disown(b))
      assert.equal(loop.watched, 0)
    })

    it('lets those who ask for another turn again wait for the next iteration', () => {
      using bench = new Bench(poller)
      const { loop, events } = bench
      const [a, b] = [bench.probe('a'), bench.probe('b')]
      a.act = () => loop.again(a)
      loop.again(a)
      loop.again(b)
      loop.iterate(0)
      assert.deepEqual(events, ['a turn', 'b turn'])
      loop.iterate(0)
      loop.iterate(0)
      assert.deepEqual(events, ['a turn', 'b turn', 'a turn', 'a turn'])
    })

    it('sleeps until the next deadline, rounded up, and no longer than it is told', () => {
      using bench = new Bench(poller)
      const { loop, clock } = bench
      const late = bench.probe('late')
      const { script, asked } = sleeps(20)
      using _system = scripted(script)
      loop.iterate(-1)
      loop.iterate(70)
      loop.deadlines.set(late, clock.now + 10.2)
      loop.iterate(-1)
      loop.iterate(70)
      loop.iterate(7)
      loop.iterate(0)
      loop.deadlines.set(late, clock.now + 1e9)
      loop.deadlines.clear(late)
      loop.deadlines.set(late, clock.now + 1e9)
      loop.iterate(-1)
      loop.again(bench.probe('eager'))
      loop.iterate(-1)
      loop.deadlines.set(late, clock.now - 5)
      loop.iterate(-1)
      assert.deepEqual(asked, [-1, 70, 11, 11, 7, 0, 86_400_000, 0, 0])
      assert.deepEqual(bench.events, ['eager turn', 'late deadline'])
    })

    it('calls a deadline in the iteration that slept until it', () => {
      using bench = new Bench(poller)
      const { loop, clock, events } = bench
      loop.deadlines.set(bench.probe('late'), clock.now + 10.5)
      const { script } = sleeps(1, ms => {
        clock.now += ms
        return 0
      })
      using _system = scripted(script)
      loop.iterate(-1)
      assert.deepEqual(events, ['late deadline'])
      assert.equal(loop.now, clock.now)
    })

    it('reads the clock once where it does not sleep', () => {
      let reads = 0
      const loop = new Loop({ poller, clock: () => ++reads })
      reads = 0
      loop.iterate(0)
      assert.equal(reads, 1)
      loop.close()
    })

    it('takes a signal for nothing ready', () => {
      using bench = new Bench(poller)
      const { fd } = bench.ready('a')
      using _system = scripted({ select: [-EINTR], poll: [-EINTR], epoll_wait: [-EINTR] })
      assert.equal(bench.loop.iterate(-1), 0)
      assert.deepEqual(bench.events, [])
      assert.equal(bench.loop.iterate(-1), 1)
      assert.deepEqual(bench.events, ['a readable'])
      bench.loop.unwatch(fd)
    })

    it('says which call failed when the system cannot wait at all', () => {
      using bench = new Bench(poller)
      using _system = scripted({ select: [-22], poll: [-22], epoll_wait: [-22] })
      assert.throws(() => bench.loop.iterate(0), new RegExp(`^Error: ${poller}: EINVAL$`))
    })

    it('makes one wait call per iteration, however many are ready', () => {
      using bench = new Bench(poller)
      for (let i = 0; i < 50; i++) bench.ready(String(i))
      using system = scripted()
      bench.loop.iterate(0)
      const { select, poll, epoll_wait } = system.calls
      assert.equal(select + poll + epoll_wait, 1)
      assert.equal(bench.events.length, 50)
    })

    it('runs until it is stopped', () => {
      using bench = new Bench(poller)
      const { probe } = bench.ready('a')
      let left = 3
      probe.act = () => {
        if (--left === 0) bench.loop.stop()
      }
      bench.loop.run()
      assert.equal(bench.events.length, 3)
    })

    it('runs until nothing is left to wait for', () => {
      using bench = new Bench(poller)
      const { loop, clock, events } = bench
      const { fd, probe } = bench.ready('a')
      const late = bench.probe('late')
      const last = bench.probe('last')
      probe.act = () => {
        loop.closeLater(bench.fds.disown(fd))
        loop.deadlines.set(late, clock.now + 1)
        clock.now += 1
      }
      late.act = () => loop.again(last)
      loop.run()
      assert.deepEqual(events, ['a readable', 'late deadline', 'last turn'])
      assert.equal(libc.fcntl(fd, F_GETFD), -EBADF)
    })

    it('closes what was marked when it is closed itself', () => {
      const bench = new Bench(poller)
      const { fd } = bench.ready('a')
      bench.loop.closeLater(bench.fds.disown(fd))
      bench.loop.close()
      assert.equal(libc.fcntl(fd, F_GETFD), -EBADF)
      bench.fds[Symbol.dispose]()
    })

    it('is traced, when somebody looks', () => {
      using bench = new Bench(poller)
      const { loop, clock } = bench
      const { fd, probe } = bench.ready('a')
      probe.act = () => {
        loop.closeLater(bench.fds.disown(fd))
        loop.deadlines.set(bench.probe('late'), clock.now)
      }
      loop.trace.on = true
      loop.iterate(5)
      const seen: number[][] = []
      const next = loop.trace.since(0, (kind, a, b, at) => seen.push([kind, a, b, at]))
      assert.deepEqual(seen, [
        [TRACE_WAIT, 0, 1, clock.now],
        [TRACE_DISPATCH, fd, READABLE, clock.now],
        [TRACE_DEADLINES, 0, 0, clock.now],
        [TRACE_CLOSE, fd, 0, clock.now],
      ])
      loop.iterate(0)
      assert.equal(
        loop.trace.since(next, () => assert.fail('nothing is new')),
        next,
      )
    })

    it('makes no ring while nobody looks', () => {
      using bench = new Bench(poller)
      const { fd } = bench.ready('a')
      bench.loop.iterate(0)
      bench.loop.closeLater(bench.fds.disown(fd))
      bench.loop.iterate(0)
      assert.equal(bench.loop.trace.sequence, 0)
      assert.equal((bench.loop.trace as unknown as { kinds: Uint8Array }).kinds.length, 0)
    })
  })
}
