/**
 * Readiness by select(2), the oldest way: two sets of descriptors, one to be read and one to be written.
 *
 * A set is a bitmap; FD_SET and FD_ISSET are the two lines marked below. The kernel overwrites the sets with what is
 * ready, so each wait starts from a copy, and each wait makes the kernel look at every descriptor up to the highest.
 * glibc's FD_SETSIZE of 1024 is a limit of its `fd_set` type, not of the system call: on Linux the kernel reads
 * bitmaps of any size, so ours grow.
 */

import { EBADF } from '../errno.ts'
import { F_GETFD } from '../sys/constants.ts'
import { type Fd, fcntl, select } from '../sys/libc.ts'
import { FAILED, type Poller, READABLE, type Readiness, WRITABLE } from './poller.ts'

/** Even, and so are all later sizes: the kernel reads and writes the bitmaps in words of 64 bits. */
const FIRST_WORDS = 32

export class SelectPoller implements Poller {
  readonly name = 'select'
  /** The interest sets, one bit per descriptor. */
  private readSet = new Int32Array(FIRST_WORDS)
  private writeSet = new Int32Array(FIRST_WORDS)
  /** Copies that the kernel overwrites. */
  private readable = new Int32Array(FIRST_WORDS)
  private writable = new Int32Array(FIRST_WORDS)
  /** One more than the highest descriptor watched: select's first argument. */
  private count = 0
  private readonly ready: Fd[] = []
  private readonly readyBits: Readiness[] = []

  watch(fd: Fd, interest: Readiness): void {
    const word = fd >> 5
    const bit = 1 << (fd & 31)
    if (word >= this.readSet.length) this.grow(word + 1)
    // FD_SET and FD_CLR
    if ((interest & READABLE) !== 0) this.readSet[word]! |= bit
    else this.readSet[word]! &= ~bit
    if ((interest & WRITABLE) !== 0) this.writeSet[word]! |= bit
    else this.writeSet[word]! &= ~bit
    if (interest !== 0) this.count = Math.max(this.count, fd + 1)
    else if (fd + 1 === this.count) this.lowerCount()
  }

  share(_fd: Fd): void {}

  forget(fd: Fd): void {
    if (fd < this.count) this.watch(fd, 0)
  }

  wait(timeoutMs: number): number {
    const words = (this.count + 31) >> 5
    for (let w = 0; w < words; w++) {
      this.readable[w] = this.readSet[w]!
      this.writable[w] = this.writeSet[w]!
    }
    const n = select(this.count, this.readable, this.writable, timeoutMs)
    if (n === -EBADF) return this.collectClosed()
    return n <= 0 ? n : this.collect(words)
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

  /** FD_ISSET, for every descriptor at once: words without a bit are skipped. select counts bits, we count descriptors. */
  private collect(words: number): number {
    let n = 0
    for (let w = 0; w < words; w++) {
      const read = this.readable[w]!
      const write = this.writable[w]!
      let either = read | write
      while (either !== 0) {
        const bit = either & -either
        either ^= bit
        this.ready[n] = (w << 5) + 31 - Math.clz32(bit)
        this.readyBits[n] = ((read & bit) !== 0 ? READABLE : 0) | ((write & bit) !== 0 ? WRITABLE : 0)
        n++
      }
    }
    return n
  }

  /** select says that some descriptor is not open, but not which. Their owners are told, as poll tells with POLLNVAL. */
  private collectClosed(): number {
    let n = 0
    for (let fd = 0; fd < this.count; fd++) {
      const isWatched = ((this.readSet[fd >> 5]! | this.writeSet[fd >> 5]!) & (1 << (fd & 31))) !== 0
      if (!isWatched || fcntl(fd, F_GETFD) !== -EBADF) continue
      this.ready[n] = fd
      this.readyBits[n] = FAILED
      n++
    }
    return n
  }

  private lowerCount(): void {
    let w = (this.count - 1) >> 5
    while (w >= 0 && (this.readSet[w]! | this.writeSet[w]!) === 0) w--
    this.count = w < 0 ? 0 : (w << 5) + 32 - Math.clz32(this.readSet[w]! | this.writeSet[w]!)
  }

  private grow(words: number): void {
    const larger = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const set = new Int32Array(Math.max(words + (words & 1), old.length * 2))
      set.set(old)
      return set
    }
    this.readSet = larger(this.readSet)
    this.writeSet = larger(this.writeSet)
    this.readable = larger(this.readable)
    this.writable = larger(this.writable)
  }
}
