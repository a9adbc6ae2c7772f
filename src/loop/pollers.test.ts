/** One suite for every poller: what `poller.ts` promises of all three. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Descriptors, descriptorLimits, drain, fill, POLLERS } from '../../test/descriptors.ts'
import { EINTR } from '../errno.ts'
import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLLEXCLUSIVE,
  SHUT_WR,
  SO_LINGER,
  SOL_SOCKET,
} from '../sys/constants.ts'
import * as libc from '../sys/libc.ts'
import { type Answer, scripted } from '../sys/scripted.ts'
import { FAILED, NOTHING, type Poller, READABLE, type Readiness, WRITABLE } from './poller.ts'
import { SelectPoller } from './select.ts'

const BOTH = READABLE | WRITABLE
const ENOSPC = 28
/** fcntl.h: the tests' stand-in for a process that holds the same socket. */
const F_DUPFD = 0
const X = Buffer.from('x')

/** What one look finds: descriptor → readiness. */
function look(poller: Poller): Map<libc.Fd, Readiness> {
  return readyOf(poller, poller.wait(0))
}

function readyOf(poller: Poller, n: number): Map<libc.Fd, Readiness> {
  assert.ok(n >= 0, `wait gave ${n}`)
  const ready = Array.from({ length: n }, (_, i): [number, number] => [poller.readyFd(i), poller.readyFor(i)])
  const found = new Map(ready)
  assert.equal(found.size, n, 'each descriptor once')
  return found
}

for (const name of POLLERS) {
  describe(`the poller ${name}`, () => {
    it('says its name', () => {
      using fds = new Descriptors()
      assert.equal(fds.poller(name).name, name)
    })

    it('finds nothing where nothing is watched', () => {
      using fds = new Descriptors()
      assert.equal(fds.poller(name).wait(0), 0)
    })

    for (const kind of ['pair', 'tcpPair'] as const) {
      it(`reports both kinds of readiness of a socket (${kind})`, () => {
        using fds = new Descriptors()
        const poller = fds.poller(name)
        const [near, far] = fds[kind]()
        poller.watch(far, BOTH)
        assert.deepEqual(look(poller), new Map([[far, WRITABLE]]))
        libc.write(near, X)
        assert.deepEqual(look(poller), new Map([[far, BOTH]]))
        poller.watch(far, READABLE)
        assert.deepEqual(look(poller), new Map([[far, READABLE]]))
        drain(far)
        assert.deepEqual(look(poller), new Map())
        poller.watch(far, WRITABLE)
        fill(far)
        assert.deepEqual(look(poller), new Map())
      })
    }

    it('reports both ends of a pipe', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [reading, writing] = fds.pipe()
      poller.watch(reading, READABLE)
      poller.watch(writing, WRITABLE)
      assert.deepEqual(look(poller), new Map([[writing, WRITABLE]]))
      libc.write(writing, X)
      assert.deepEqual(
        look(poller),
        new Map([
          [reading, READABLE],
          [writing, WRITABLE],
        ]),
      )
      fill(writing)
      assert.deepEqual(look(poller), new Map([[reading, READABLE]]))
    })

    it('is level-triggered: what is not consumed is reported again', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [near, far] = fds.pair()
      poller.watch(far, READABLE)
      libc.write(near, Buffer.from('xy'))
      for (let i = 0; i < 3; i++) assert.deepEqual(look(poller), new Map([[far, READABLE]]))
      libc.read(far, Buffer.alloc(1))
      assert.deepEqual(look(poller), new Map([[far, READABLE]]))
      libc.read(far, Buffer.alloc(1))
      assert.deepEqual(look(poller), new Map())
    })

    it('takes the last of several changes of interest', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [near, far] = fds.pair()
      libc.write(near, X)
      poller.watch(far, READABLE)
      poller.watch(far, NOTHING)
      assert.deepEqual(look(poller), new Map())
      poller.watch(far, WRITABLE)
      poller.watch(far, READABLE)
      assert.deepEqual(look(poller), new Map([[far, READABLE]]))
      poller.watch(far, NOTHING)
      poller.watch(far, BOTH)
      assert.deepEqual(look(poller), new Map([[far, BOTH]]))
    })

    it('makes no system call to change an interest', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [, far] = fds.pair()
      using system = scripted()
      poller.watch(far, READABLE)
      poller.watch(far, WRITABLE)
      poller.forget(far)
      assert.deepEqual(
        Object.values(system.calls).filter(n => n > 0),
        [],
      )
    })

    it('watches no more what is watched for nothing, even a hang-up', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [near, far] = fds.pair()
      poller.watch(far, READABLE)
      look(poller)
      poller.watch(far, NOTHING)
      fds.close(near)
      assert.deepEqual(look(poller), new Map())
    })

    it('reports the end of input as readable', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [near, far] = fds.tcpPair()
      poller.watch(far, READABLE)
      libc.shutdown(near, SHUT_WR)
      assert.deepEqual(look(poller), new Map([[far, READABLE]]))
      assert.equal(libc.read(far, Buffer.alloc(1)), 0)
    })

    for (const interest of [READABLE, WRITABLE, BOTH]) {
      it(`reports a reset as readiness for what is watched (${interest})`, () => {
        using fds = new Descriptors()
        const poller = fds.poller(name)
        const [near, far] = fds.tcpPair()
        fill(far)
        poller.watch(far, interest)
        assert.deepEqual(look(poller), new Map())
        libc.setsockoptBytes(near, SOL_SOCKET, SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]))
        fds.close(near)
        assert.deepEqual(look(poller), new Map([[far, interest]]))
      })

      it(`reports a hang-up as readiness for what is watched (${interest})`, () => {
        using fds = new Descriptors()
        const poller = fds.poller(name)
        const [near, far] = fds.pair()
        fill(far)
        poller.watch(far, interest)
        assert.deepEqual(look(poller), new Map())
        fds.close(near)
        assert.deepEqual(look(poller), new Map([[far, interest]]))
      })
    }

    it('tells the writer of a pipe that nobody reads', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [reading, writing] = fds.pipe()
      fill(writing)
      poller.watch(writing, WRITABLE)
      assert.deepEqual(look(poller), new Map())
      fds.close(reading)
      assert.deepEqual(look(poller), new Map([[writing, WRITABLE]]))
    })

    it('watches thousands of descriptors, beyond FD_SETSIZE', () => {
      using fds = new Descriptors()
      const most = Math.min(3000, descriptorLimits()[0] - 200)
      const poller = fds.poller(name)
      const pairs = Array.from({ length: Math.floor(most / 2) }, () => fds.pair())
      for (const [, far] of pairs) poller.watch(far, READABLE)
      assert.deepEqual(look(poller), new Map())
      const written = pairs.filter((_, i) => i % 7 === 0 || i === pairs.length - 1)
      for (const [near] of written) libc.write(near, X)
      const found = new Map<number, number>()
      // epoll reports at most so many at once; the others wait until these are read.
      while (found.size < written.length) {
        const some = look(poller)
        assert.ok(some.size > 0)
        for (const [fd, readiness] of some) found.set(fd, readiness)
        for (const fd of some.keys()) drain(fd)
      }
      assert.deepEqual([...found.keys()].sort(), written.map(([, far]) => far).sort())
      assert.ok([...found.values()].every(readiness => readiness === READABLE))
      // From the top down, as select's count goes.
      for (const [near, far] of pairs.reverse()) {
        libc.write(near, X)
        assert.equal(look(poller).get(far), READABLE)
        poller.forget(far)
        fds.close(far)
      }
      assert.deepEqual(look(poller), new Map())
    })

    it('knows the next owner of a number from the last', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [near, far] = fds.pair()
      poller.watch(far, READABLE)
      libc.write(near, X)
      assert.deepEqual(look(poller), new Map([[far, READABLE]]))
      poller.forget(far)
      fds.close(far)
      const [reading, writing] = fds.pipe()
      assert.equal(reading, far, 'the lowest free number is given again')
      libc.write(writing, X)
      assert.deepEqual(look(poller), new Map(), 'the new one is not watched')
      poller.watch(reading, READABLE)
      assert.deepEqual(look(poller), new Map([[reading, READABLE]]))
    })

    it('forgets a number that is closed and used again before the next wait', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [, far] = fds.pair()
      poller.watch(far, BOTH)
      poller.forget(far)
      fds.close(far)
      const [reading, writing] = fds.pipe()
      assert.equal(reading, far)
      libc.write(writing, X)
      poller.watch(reading, READABLE)
      assert.deepEqual(look(poller), new Map([[reading, READABLE]]))
    })

    it('forgets what it has never known', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      poller.forget(5000)
      assert.deepEqual(look(poller), new Map())
    })

    it('sleeps for the time given and not longer than until somebody is ready', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [near, far] = fds.pair()
      poller.watch(far, READABLE)
      const before = performance.now()
      assert.equal(poller.wait(20), 0)
      assert.ok(performance.now() - before >= 19)
      libc.write(near, X)
      // Without end: this test ends only because of the byte.
      assert.deepEqual(readyOf(poller, poller.wait(-1)), new Map([[far, READABLE]]))
      assert.deepEqual(readyOf(poller, poller.wait(1_000_000)), new Map([[far, READABLE]]))
    })

    it('gives a signal back as EINTR, and goes on', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [near, far] = fds.pair()
      poller.watch(far, READABLE)
      libc.write(near, X)
      using _system = scripted({ select: [-EINTR], poll: [-EINTR], epoll_wait: [-EINTR] })
      assert.equal(poller.wait(-1), -EINTR)
      assert.deepEqual(look(poller), new Map([[far, READABLE]]))
    })

    it('reports what is shared with other processes as anything else, however its interest changes', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [near, far] = fds.pair()
      poller.share(far)
      poller.watch(far, READABLE)
      assert.deepEqual(look(poller), new Map())
      libc.write(near, X)
      assert.deepEqual(look(poller), new Map([[far, READABLE]]))
      for (const interest of [BOTH, WRITABLE, READABLE, NOTHING, READABLE]) {
        poller.watch(far, interest)
        assert.equal(look(poller).get(far) ?? NOTHING, interest)
      }
      poller.forget(far, true)
      fds.close(far)
      const [, next] = fds.pair()
      assert.equal(next, far + 1, 'its number is given again, and the next one')
      assert.deepEqual(look(poller), new Map())
    })

    it('tells the owner of a descriptor that is not open, and nobody else', () => {
      using fds = new Descriptors()
      const poller = fds.poller(name)
      const [near, far] = fds.pair()
      const [, gone] = fds.pair()
      fds.close(gone)
      poller.watch(far, READABLE)
      poller.watch(gone, READABLE)
      libc.write(near, X)
      assert.equal(look(poller).get(gone), FAILED)
      poller.watch(gone, NOTHING)
      assert.deepEqual(look(poller), new Map([[far, READABLE]]))
    })
  })
}

describe('the poller epoll', () => {
  it('tells the owner that the system refuses to watch it, and nobody else', () => {
    using fds = new Descriptors()
    const poller = fds.poller('epoll')
    const [near, far] = fds.pair()
    const [, refused] = fds.pair()
    libc.write(near, X)
    using _system = scripted({ epoll_ctl: [-ENOSPC] })
    poller.watch(refused, READABLE)
    poller.watch(far, READABLE)
    // Without end: the refusal is told at once.
    assert.deepEqual(
      readyOf(poller, poller.wait(-1)),
      new Map([
        [far, READABLE],
        [refused, FAILED],
      ]),
    )
    assert.deepEqual(look(poller), new Map([[far, READABLE]]), 'told once')
  })

  it('tells of a refusal even when the wait is interrupted', () => {
    using fds = new Descriptors()
    const poller = fds.poller('epoll')
    const [, refused] = fds.pair()
    using _system = scripted({ epoll_ctl: [-ENOSPC], epoll_wait: [-EINTR] })
    poller.watch(refused, READABLE)
    assert.deepEqual(readyOf(poller, poller.wait(-1)), new Map([[refused, FAILED]]))
  })

  it('lets a descriptor be watched again that the system has refused', () => {
    using fds = new Descriptors()
    const poller = fds.poller('epoll')
    const [near, far] = fds.pair()
    using _system = scripted({ epoll_ctl: [-ENOSPC] })
    poller.watch(far, READABLE)
    libc.write(near, X)
    assert.deepEqual(look(poller), new Map([[far, FAILED]]))
    poller.watch(far, NOTHING)
    poller.watch(far, READABLE)
    assert.deepEqual(look(poller), new Map([[far, READABLE]]))
  })

  it('asks for one of those who share a descriptor, and changes none of them in place, which the kernel refuses', () => {
    using fds = new Descriptors()
    const poller = fds.poller('epoll')
    const [near, far] = fds.pair()
    const operations: unknown[] = []
    const note: Answer = (real, args) => {
      operations.push(args[1])
      const events = (args[3] as Buffer).readInt32LE(0)
      assert.ok(args[1] !== EPOLL_CTL_ADD || (events & EPOLLEXCLUSIVE) !== 0)
      return (real as (...args: unknown[]) => number)(...args)
    }
    using _system = scripted({ epoll_ctl: [note, note, note, note] })
    poller.share(far)
    for (const interest of [READABLE, BOTH, NOTHING]) {
      poller.watch(far, interest)
      look(poller)
    }
    assert.deepEqual(operations, [EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_ADD, EPOLL_CTL_DEL])
    fds.close(near)
  })

  it('costs no epoll_ctl for what is watched and closed between two waits', () => {
    using fds = new Descriptors()
    const poller = fds.poller('epoll')
    const [, far] = fds.pair()
    using system = scripted()
    poller.watch(far, READABLE)
    poller.forget(far)
    poller.wait(0)
    assert.equal(system.calls.epoll_ctl, 0)
  })

  it('is not kept awake by a closed socket that another process holds', () => {
    using fds = new Descriptors()
    const poller = fds.poller('epoll')
    const [near, far] = fds.pair()
    fds.own(libc.fcntl(far, F_DUPFD))
    poller.watch(far, READABLE)
    libc.write(near, X)
    assert.deepEqual(look(poller), new Map([[far, READABLE]]))
    poller.forget(far, true)
    fds.close(far)
    assert.deepEqual(look(poller), new Map())
  })
})

describe('the poller select', () => {
  it('gives the kernel whole words of 64 bits, whichever descriptor comes first', () => {
    for (const fd of [0, 31, 63, 64, 1023, 1024, 2070, 2080, 4999, 5025, 9999]) {
      const poller = new SelectPoller()
      poller.watch(fd, READABLE)
      let sizes: number[] = []
      using _system = scripted({
        select: [
          (_real, args) => {
            sizes = args.slice(1, 3).map(set => (set as Int32Array).length * 32)
            assert.equal(args[0], fd + 1)
            return 0
          },
        ],
      })
      assert.equal(poller.wait(0), 0)
      assert.ok(sizes.length === 2 && sizes.every(bits => bits % 64 === 0 && bits > fd), `${fd}: ${sizes}`)
    }
  })

  it('looks at no descriptor above the highest that is watched', () => {
    const poller = new SelectPoller()
    const counts: unknown[] = []
    const note = (_real: unknown, args: unknown[]): number => {
      counts.push(args[0])
      return 0
    }
    using _system = scripted({ select: [note, note, note, note, note] })
    poller.watch(70, READABLE)
    poller.watch(31, WRITABLE)
    poller.watch(0, READABLE)
    for (const fd of [70, 31, 0]) {
      poller.wait(0)
      poller.watch(fd, NOTHING)
    }
    poller.wait(0)
    assert.deepEqual(counts, [71, 32, 1, 0])
  })
})
