/**
 * A referee of the strict rules of readiness (`docs/readiness.md`), who trusts nothing of ours: it stands between `sys/libc.ts` and the
 * system, reads what poll, select and epoll_wait answer, and judges every call that moves bytes by that.
 *
 *   const referee = refereed()           from now on
 *   referee.restore()
 *   referee.breaches                     a sentence for each rule that was broken
 *   referee.operations                   how many calls were judged
 *
 * The rules: a call is made only on a descriptor that the last wait has reported for it; one for each descriptor and wait; and after a
 * negative result, whatever its errno, none at all; but what a server behind us has answered may be received when it takes no more. Judged are sockets that were accepted, listeners, and whatever was ever waited for; the
 * clients of a test are not, nor regular files.
 */

import { EPOLL_EVENT, EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from '../src/sys/constants.ts'
import { type Fd, type Native, native } from '../src/sys/libc.ts'

const READ = 1
const WRITE = 2

export interface Referee {
  readonly breaches: string[]
  readonly operations: number
  restore(): void
}

type Replaced = { [name in keyof Native]?: Native[name] }

export function refereed(): Referee {
  const real = { ...native }
  const judge = new Judge()
  Object.assign(native, { ...waits(real, judge), ...operations(real, judge) } satisfies Replaced)
  return {
    breaches: judge.breaches,
    get operations() {
      return judge.operations
    },
    restore() {
      Object.assign(native, real)
    },
  }
}

class Judge {
  readonly breaches: string[] = []
  operations = 0
  /** What the last wait has said, and what was done since. */
  private readonly told = new Map<Fd, number>()
  private readonly done = new Set<Fd>()
  private readonly judged = new Set<Fd>()
  private readonly accepted = new Set<Fd>()
  private readonly failed = new Map<Fd, string>()

  begin(): void {
    this.told.clear()
    this.done.clear()
  }

  tell(fd: Fd, kinds: number): void {
    if (kinds === 0) return
    this.told.set(fd, (this.told.get(fd) ?? 0) | kinds)
    this.judged.add(fd)
  }

  listens(fd: Fd): void {
    this.judged.add(fd)
  }

  opened(fd: Fd): void {
    if (fd < 0) return
    this.judged.add(fd)
    this.accepted.add(fd)
  }

  closed(fd: Fd): void {
    this.told.delete(fd)
    this.judged.delete(fd)
    this.accepted.delete(fd)
    this.failed.delete(fd)
  }

  judge(call: string, fd: Fd, kind: number, make: () => number): number {
    if (!this.judged.has(fd)) return make()
    this.operations++
    if (((this.told.get(fd) ?? 0) & kind) === 0) this.breaches.push(`${call} of ${fd} without readiness`)
    if (this.done.has(fd)) this.breaches.push(`${call} of ${fd} is the second operation of one iteration`)
    const failure = this.failed.get(fd)
    const isAnswer = call === 'recv' && failure !== 'recv' && !this.accepted.has(fd)
    if (failure !== undefined && !isAnswer)
      this.breaches.push(`${call} of ${fd}, whose ${failure} had failed`)
    this.done.add(fd)
    const n = make()
    if (n < 0 && call !== 'accept4') this.failed.set(fd, call)
    return n
  }
}

function waits(real: Native, judge: Judge) {
  return {
    poll(entries, count, timeoutMs) {
      judge.begin()
      const n = real.poll(entries, count, timeoutMs)
      const view = new DataView(entries.buffer, entries.byteOffset)
      for (let i = 0; i < count && n > 0; i++) {
        const revents = view.getInt16(i * 8 + 6, true)
        const isBroken = (revents & (EPOLLERR | EPOLLHUP)) !== 0
        judge.tell(view.getInt32(i * 8, true), kindsOf(revents, isBroken))
      }
      return n
    },
    select(count, read, write, except, timeout) {
      judge.begin()
      const n = real.select(count, read, write, except, timeout)
      const has = (set: Int32Array, fd: Fd): boolean => (set[fd >> 5]! & (1 << (fd & 31))) !== 0
      for (let fd = 0; fd < count && n > 0; fd++) {
        judge.tell(fd, (has(read, fd) ? READ : 0) | (has(write, fd) ? WRITE : 0))
      }
      return n
    },
    epoll_wait(epfd, events, count, timeoutMs) {
      judge.begin()
      const n = real.epoll_wait(epfd, events, count, timeoutMs)
      const view = new DataView(events.buffer, events.byteOffset)
      for (let i = 0; i < n; i++) {
        const at = i * EPOLL_EVENT.sizeBytes
        const bits = view.getUint32(at, true)
        const isBroken = (bits & (EPOLLERR | EPOLLHUP)) !== 0
        judge.tell(view.getInt32(at + EPOLL_EVENT.data, true), kindsOf(bits, isBroken))
      }
      return n
    },
  } satisfies Replaced
}

/** The bits of poll(2) and epoll(7) are the same. An error is told by the next call, whichever it is. */
function kindsOf(bits: number, isBroken: boolean): number {
  if (isBroken) return READ | WRITE
  return ((bits & EPOLLIN) !== 0 ? READ : 0) | ((bits & EPOLLOUT) !== 0 ? WRITE : 0)
}

function operations(real: Native, judge: Judge) {
  return {
    accept4(listener, address, size, flags) {
      judge.listens(listener)
      const fd = judge.judge('accept4', listener, READ, () => real.accept4(listener, address, size, flags))
      judge.opened(fd)
      return fd
    },
    recv: (fd, ...rest) => judge.judge('recv', fd, READ, () => real.recv(fd, ...rest)),
    read: (fd, ...rest) => judge.judge('read', fd, READ, () => real.read(fd, ...rest)),
    send: (fd, ...rest) => judge.judge('send', fd, WRITE, () => real.send(fd, ...rest)),
    write: (fd, ...rest) => judge.judge('write', fd, WRITE, () => real.write(fd, ...rest)),
    writev: (fd, ...rest) => judge.judge('writev', fd, WRITE, () => real.writev(fd, ...rest)),
    sendfile: (fd, ...rest) => judge.judge('sendfile', fd, WRITE, () => real.sendfile(fd, ...rest)),
    close(fd) {
      judge.closed(fd)
      return real.close(fd)
    },
  } satisfies Replaced
}
