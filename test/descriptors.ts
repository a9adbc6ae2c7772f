/**
 * For tests of whatever lives on descriptors: sockets and pipes made for one test, and closed with it.
 *
 *   using fds = new Descriptors()
 *   const [a, b] = fds.pair()            two connected Unix sockets; tcpPair() two TCP ones
 *   const [reading, writing] = fds.pipe()
 *   fds.close(a)                         before the end of the test
 *
 *   POLLERS                              the names, for suites that run once for each
 *   fakeClock()                          a clock that only the test moves
 *   openDescriptors()                    how many this process has, to see that none is left
 *   descriptorLimits()                   how many it may have
 */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createPoller } from '../src/loop/loop.ts'
import type { Poller, PollerName } from '../src/loop/poller.ts'
import {
  AF_INET,
  AF_UNIX,
  O_CLOEXEC,
  O_NONBLOCK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from '../src/sys/constants.ts'
import * as libc from '../src/sys/libc.ts'

const ALL: readonly PollerName[] = ['select', 'poll', 'epoll']
/** Those that `POLLERS=epoll,poll` in the environment names, or all. */
export const POLLERS = ALL.filter(name => process.env.POLLERS?.split(',').includes(name) ?? true)

/** `struct sockaddr_in` of 127.0.0.1, port 0. */
const LOOPBACK = Buffer.from([AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])

const CONNECTION = SOCK_STREAM | SOCK_CLOEXEC

export class Descriptors {
  private readonly open = new Set<libc.Fd>()
  private readonly pollers: Poller[] = []

  poller(name: PollerName): Poller {
    const poller = createPoller(name)
    this.pollers.push(poller)
    return poller
  }

  /** `fd` is closed with the others. */
  own(fd: libc.Fd): libc.Fd {
    assert.ok(fd >= 0, `a descriptor, not ${fd}`)
    this.open.add(fd)
    return fd
  }

  /** Somebody else closes `fd`. */
  disown(fd: libc.Fd): libc.Fd {
    this.open.delete(fd)
    return fd
  }

  pair(): [libc.Fd, libc.Fd] {
    const fds = new Int32Array(2)
    assert.equal(libc.socketpair(AF_UNIX, CONNECTION | SOCK_NONBLOCK, fds), 0)
    return [this.own(fds[0]!), this.own(fds[1]!)]
  }

  tcpPair(): [libc.Fd, libc.Fd] {
    const listener = libc.socket(AF_INET, CONNECTION)
    assert.equal(libc.bindTo(listener, LOOPBACK), 0)
    assert.equal(libc.listen(listener, 1), 0)
    const address = Buffer.alloc(16)
    assert.equal(libc.getsockname(listener, address), 16)
    const near = this.own(libc.socket(AF_INET, CONNECTION))
    assert.equal(libc.connect(near, address), 0)
    const far = this.own(libc.accept4(listener, Buffer.alloc(128), SOCK_CLOEXEC | SOCK_NONBLOCK))
    libc.close(listener)
    return [near, far]
  }

  /** The reading end, then the writing one. */
  pipe(): [libc.Fd, libc.Fd] {
    const fds = new Int32Array(2)
    assert.equal(libc.pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0)
    return [this.own(fds[0]!), this.own(fds[1]!)]
  }

  close(fd: libc.Fd): void {
    libc.close(this.disown(fd))
  }

  [Symbol.dispose](): void {
    for (const poller of this.pollers) poller.close()
    for (const fd of this.open) libc.close(fd)
    this.open.clear()
  }
}

/** Writes until the socket takes no more. @returns how many bytes it took */
export function fill(fd: libc.Fd): number {
  const bytes = Buffer.alloc(64 * 1024, 'x')
  for (let total = 0; ; ) {
    const n = libc.write(fd, bytes)
    if (n < 0) return total
    total += n
  }
}

/** Reads all there is, from the other end of what was filled. @returns how many bytes */
export function drain(fd: libc.Fd): number {
  const bytes = Buffer.alloc(64 * 1024)
  for (let total = 0; ; ) {
    const n = libc.read(fd, bytes)
    if (n <= 0) return total
    total += n
  }
}

export interface FakeClock {
  (): number
  now: number
}

export function fakeClock(start = 1000): FakeClock {
  const clock = (() => clock.now) as FakeClock
  clock.now = start
  return clock
}

/** How many descriptors this process may have, and how many it may allow itself (Node has raised the first to the second). */
export function descriptorLimits(): [soft: number, hard: number] {
  const line = /Max open files +(\d+) +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))!
  return [Number(line[1]), Number(line[2])]
}

/** One of them is the directory that is being read. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}
