import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Descriptors, fill, POLLERS } from '../../test/descriptors.ts'
import { EAGAIN, EINTR, EPIPE } from '../errno.ts'
import { F_DUPFD_CLOEXEC } from '../sys/constants.ts'
import { close, fcntl, read, write } from '../sys/libc.ts'
import { scripted } from '../sys/scripted.ts'
import { AccountedCalls, NOT_TOLD } from './calls.ts'
import { Loop, type Watcher } from './loop.ts'
import { READABLE, type Readiness, WRITABLE } from './poller.ts'
import { ReadinessAccount, readinessCounts } from './readiness-account.ts'

const BYTE = Buffer.from('x')
const ROOM = Buffer.alloc(10)

/** What a watcher does is what a test says. */
class Doing implements Watcher {
  readonly done: string[] = []
  private readonly read: () => void
  private readonly write: () => void

  constructor(read: () => void = () => {}, write: () => void = () => {}) {
    this.read = read
    this.write = write
  }

  onReadable(): void {
    this.done.push('readable')
    this.read()
  }

  onWritable(): void {
    this.done.push('writable')
    this.write()
  }

  onFailure(error: unknown): void {
    throw error
  }
}

for (const poller of POLLERS) {
  describe(`an account of readiness (${poller})`, () => {
    it('is not told what becomes of a descriptor that is closed, though a program still holds it', () => {
      using fds = new Descriptors()
      const loop = new Loop({ poller, readiness: { isStrict: true } })
      const [near, far] = fds.pair()
      loop.watch(near, READABLE, new Doing())
      loop.iterate(0)
      fds.own(fcntl(near, F_DUPFD_CLOEXEC, near + 1))
      loop.closeLater(fds.disown(near))
      loop.iterate(0)
      const next = new Doing()
      const [again] = fds.pair()
      assert.equal(again, near, 'the number is used again')
      loop.watch(again, READABLE, next)
      assert.equal(write(far, BYTE), 1)
      loop.iterate(0)
      assert.deepEqual(next.done, [])
      loop.close()
    })

    /** A loop that watches one end of a pair of sockets, whose other end has sent two bytes. */
    function setting(
      fds: Descriptors,
      isStrict: boolean,
      interest: Readiness,
      watcher: (loop: Loop, fd: number) => Doing,
    ) {
      const loop = new Loop({ poller, readiness: { isStrict } })
      const [near, far] = fds.pair()
      assert.equal(write(far, Buffer.from('ab')), 2)
      const doing = watcher(loop, near)
      loop.watch(near, interest, doing)
      const counts = (): Record<string, number> => {
        const all = Object.entries(readinessCounts([loop.account!.cells]))
        return Object.fromEntries(
          all.filter(([name, n]) => n > 0 && name !== 'waits' && name !== 'iterations'),
        )
      }
      return { loop, near, far, doing, counts }
    }

    it('counts what is done upon readiness, and what is done without', () => {
      using fds = new Descriptors()
      const { loop, near, counts } = setting(
        fds,
        false,
        READABLE,
        ({ calls }, fd) => new Doing(() => void [calls.receive(fd, ROOM), calls.send(fd, BYTE, 1, 0)]),
      )
      loop.iterate(0)
      assert.deepEqual(counts(), {
        reads: 1,
        writes: 1,
        writes_without_readiness: 1,
        most_operations_per_client_and_iteration: 2,
      })
      assert.equal(loop.calls.receive(near, ROOM), -EAGAIN)
      assert.equal(counts().reads_without_readiness, 1, 'between two iterations nobody is told anything')
      loop.close()
    })

    it('counts each look at an errno', () => {
      using fds = new Descriptors()
      const { loop, counts } = setting(fds, false, 0, () => new Doing())
      assert.ok(loop.calls.mustWait(-EAGAIN) && loop.calls.mustWait(-EINTR) && !loop.calls.mustWait(-EPIPE))
      assert.deepEqual(counts(), { decisions_by_errno: 2 })
      loop.close()
    })

    it('strictly, lets one operation happen, and that upon readiness', () => {
      using fds = new Descriptors()
      const results: number[] = []
      const { loop, near, counts } = setting(
        fds,
        true,
        READABLE,
        ({ calls }, fd) =>
          new Doing(() => {
            results.push(calls.send(fd, BYTE, 1, 0), calls.receive(fd, ROOM.subarray(0, 1)))
            results.push(calls.receive(fd, ROOM), calls.send(fd, BYTE, 1, 0))
          }),
      )
      assert.equal(loop.calls.receive(near, ROOM), NOT_TOLD)
      loop.iterate(0)
      assert.deepEqual(results, [NOT_TOLD, 1, NOT_TOLD, NOT_TOLD])
      assert.deepEqual(counts(), { reads: 1, most_operations_per_client_and_iteration: 1 })
      loop.close()
    })

    it('strictly, calls whoever may both read and write for one of them: to write', () => {
      using fds = new Descriptors()
      const { loop, near, doing } = setting(fds, true, READABLE | WRITABLE, () => new Doing())
      loop.iterate(0)
      assert.deepEqual(doing.done, ['writable'])
      fill(near)
      loop.iterate(0)
      assert.deepEqual(doing.done, ['writable', 'readable'], 'who cannot be written to is read from')
      loop.close()
    })

    it('strictly, holds pipes to the same rule', () => {
      using fds = new Descriptors()
      const loop = new Loop({ poller, readiness: { isStrict: true } })
      const [reading, writing] = fds.pipe()
      const results: number[] = []
      const { calls } = loop
      loop.watch(
        writing,
        WRITABLE,
        new Doing(undefined, () => results.push(calls.write(writing, BYTE), calls.write(writing, BYTE))),
      )
      assert.equal(calls.write(writing, BYTE), NOT_TOLD)
      loop.iterate(0)
      assert.deepEqual(results, [1, NOT_TOLD])
      assert.equal(calls.read(reading, ROOM), NOT_TOLD)
      assert.equal(read(reading, ROOM), 1)
      loop.close()
    })

    it('does not take a descriptor for the one that had its number before', () => {
      using fds = new Descriptors()
      const { loop, near } = setting(
        fds,
        true,
        READABLE,
        ({ calls }, fd) => new Doing(() => void calls.receive(fd, ROOM)),
      )
      loop.iterate(0)
      loop.unwatch(near)
      close(fds.disown(near))
      const [again] = fds.pair()
      assert.equal(again, near)
      assert.equal(loop.calls.send(again, BYTE, 1, 0), NOT_TOLD)
      loop.close()
    })
  })
}

describe('strict calls', () => {
  it('take no errno for a reason to try again', () => {
    const calls = new AccountedCalls(new ReadinessAccount(), true)
    assert.deepEqual(
      [-EAGAIN, -EINTR, -EPIPE, NOT_TOLD].map(n => calls.mustWait(n)),
      [false, false, false, true],
    )
  })

  it('make no call that the poller has not announced', () => {
    const calls = new AccountedCalls(new ReadinessAccount(), true)
    using system = scripted()
    const results = [
      calls.receive(0, ROOM),
      calls.send(0, BYTE, 1, 0),
      calls.sendPair(0, BYTE, 1, BYTE, 0),
      calls.sendFile(0, 0, 0, 1),
      calls.accept(0, ROOM, 0),
      calls.read(0, ROOM),
      calls.write(0, BYTE),
    ]
    assert.deepEqual(new Set(results), new Set([NOT_TOLD]))
    assert.equal(calls.maySend(0), false)
    assert.equal(
      Object.values(system.calls).reduce((sum, n) => sum + n),
      0,
    )
  })
})

describe('the counts of several processes', () => {
  it('are sums, but for what is the most of something', () => {
    const [one, other] = [new ReadinessAccount(), new ReadinessAccount()]
    for (const [account, times] of [
      [one, 2],
      [other, 3],
    ] as const) {
      for (let i = 0; i < times; i++) account.note(7, WRITABLE)
    }
    const sum = readinessCounts([one.cells, other.cells])
    assert.equal(sum.writes, 5)
    assert.equal(sum.most_operations_per_client_and_iteration, 3)
  })
})
