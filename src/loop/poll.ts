/**
 * Readiness by poll(2): one array of `struct pollfd`, each a descriptor, what it is watched for, and what it is ready for.
 *
 * The array stays packed: a descriptor that is no longer watched gives its place to the last one. There is no highest
 * descriptor as with select, but each wait still makes the kernel look at every entry.
 */

import { POLLERR, POLLFD, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from '../sys/constants.ts'
import { type Fd, poll } from '../sys/libc.ts'
import { FAILED, type Poller, READABLE, type Readiness, WRITABLE } from './poller.ts'

const FIRST_ENTRIES = 64
/** An entry as 16-bit words: the descriptor (2), events, revents. */
const ENTRY_WORDS = POLLFD.sizeBytes / 2
const EVENTS = POLLFD.events / 2
const REVENTS = POLLFD.revents / 2

export class PollPoller implements Poller {
  readonly name = 'poll'
  private entries = Buffer.alloc(FIRST_ENTRIES * POLLFD.sizeBytes)
  /** The same bytes as words and as descriptors. */
  private words = wordsOf(this.entries)
  private fds = fdsOf(this.entries)
  private count = 0
  /** Where a descriptor's entry is: `placeOf[fd]`; -1 or undefined when it is not watched. */
  private readonly placeOf: number[] = []
  private readonly ready: Fd[] = []
  private readonly readyBits: Readiness[] = []

  watch(fd: Fd, interest: Readiness): void {
    const place = this.placeOf[fd] ?? -1
    if (interest === 0) {
      if (place >= 0) this.remove(fd, place)
      return
    }
    const at = place >= 0 ? place : this.append(fd)
    this.words[at * ENTRY_WORDS + EVENTS] =
      ((interest & READABLE) !== 0 ? POLLIN : 0) | ((interest & WRITABLE) !== 0 ? POLLOUT : 0)
  }

  share(_fd: Fd): void {}

  forget(fd: Fd): void {
    this.watch(fd, 0)
  }

  wait(timeoutMs: number): number {
    const n = poll(this.entries, this.count, timeoutMs)
    return n <= 0 ? n : this.collect(n)
  }

  readyFd(i: number): Fd {
    return this.ready[i]!
  }

  readyFor(i: number): Readiness {
    return this.readyBits[i]!
  }

  close(): void {
    this.count = 0
  }

  private collect(found: number): number {
    let n = 0
    for (let e = 0; n < found && e < this.count; e++) {
      const revents = this.words[e * ENTRY_WORDS + REVENTS]!
      if (revents === 0) continue
      const events = this.words[e * ENTRY_WORDS + EVENTS]!
      // An error or a hang-up comes unasked; it counts as readiness for whatever is watched.
      const bits = (revents & (POLLERR | POLLHUP)) !== 0 ? events : revents
      this.ready[n] = this.fds[e * 2]!
      this.readyBits[n] =
        ((bits & POLLIN) !== 0 ? READABLE : 0) |
        ((bits & POLLOUT) !== 0 ? WRITABLE : 0) |
        ((bits & POLLNVAL) !== 0 ? FAILED : 0)
      n++
    }
    return n
  }

  private append(fd: Fd): number {
    if (this.count * POLLFD.sizeBytes === this.entries.length) this.grow()
    const at = this.count++
    this.fds[at * 2] = fd
    this.placeOf[fd] = at
    return at
  }

  /** The last entry moves into the gap. */
  private remove(fd: Fd, place: number): void {
    const last = --this.count
    const moved = this.fds[last * 2]!
    this.fds[place * 2] = moved
    this.fds[place * 2 + 1] = this.fds[last * 2 + 1]!
    this.placeOf[moved] = place
    this.placeOf[fd] = -1
  }

  private grow(): void {
    const larger = Buffer.alloc(this.entries.length * 2)
    this.entries.copy(larger)
    this.entries = larger
    this.words = wordsOf(larger)
    this.fds = fdsOf(larger)
  }
}

function wordsOf(entries: Buffer): Uint16Array {
  return new Uint16Array(entries.buffer, entries.byteOffset, entries.length / 2)
}

function fdsOf(entries: Buffer): Int32Array {
  return new Int32Array(entries.buffer, entries.byteOffset, entries.length / 4)
}
