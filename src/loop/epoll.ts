/**
 * Readiness by epoll(7): the kernel keeps the interest set and gives back only what is ready, so that idle descriptors
 * cost nothing. That is the whole difference to select and poll.
 *
 * A change of interest is a system call here (epoll_ctl(2)). Changes are therefore collected and made at the next wait:
 * a connection that is accepted, answered and closed within one iteration costs none.
 */

import { errnoName } from '../errno.ts'
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLL_EVENT,
  EPOLLERR,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
} from '../sys/constants.ts'
import { close, epollControl, epollCreate, epollWait, type Fd } from '../sys/libc.ts'
import { FAILED, type Poller, READABLE, type Readiness, WRITABLE } from './poller.ts'

/** Descriptors reported by one wait; more are reported by the next. */
const EVENTS_PER_WAIT = 512

export class EpollPoller implements Poller {
  readonly name = 'epoll'
  private readonly epfd: Fd
  private readonly events = Buffer.alloc(EVENTS_PER_WAIT * EPOLL_EVENT.sizeBytes)
  /** The same bytes as 32-bit words: both layouts are a multiple of four. */
  private readonly eventWords = new Int32Array(
    this.events.buffer,
    this.events.byteOffset,
    this.events.length / 4,
  )
  private readonly change = Buffer.alloc(EPOLL_EVENT.sizeBytes)
  private readonly changeWords = new Int32Array(
    this.change.buffer,
    this.change.byteOffset,
    this.change.length / 4,
  )
  /** What each descriptor shall be watched for, and what the kernel knows of it. */
  private readonly wanted: Readiness[] = []
  private readonly applied: Readiness[] = []
  /** Descriptors for which the two may differ; one may stand here twice. */
  private readonly changed: Fd[] = []
  /** Descriptors that other processes watch as well. */
  private readonly shared = new Set<Fd>()
  /** Descriptors that the kernel refused to watch (no memory, or epoll(7)'s max_user_watches): reported by this wait. */
  private readonly refused: Fd[] = []
  /** How many the kernel reported. */
  private found = 0

  /** @throws when the process or the system is out of descriptors */
  constructor() {
    this.epfd = epollCreate(EPOLL_CLOEXEC)
    if (this.epfd < 0) throw new Error(`epoll_create1: ${errnoName(this.epfd)}`)
  }

  watch(fd: Fd, interest: Readiness): void {
    this.wanted[fd] = interest
    if (interest !== (this.applied[fd] ?? 0)) this.changed.push(fd)
  }

  share(fd: Fd): void {
    this.shared.add(fd)
  }

  /**
   * Closing a descriptor takes it out of the kernel's set, so nothing is done here. A child that is being spawned may hold
   * a duplicate for a moment; an event that comes from it finds nobody, or is a hint too many for the next owner of the number.
   * A process that goes on holding it would make the descriptor ready for ever, and nobody could take it out any more.
   */
  forget(fd: Fd, isShared = false): void {
    this.wanted[fd] = 0
    if (isShared) this.apply(fd)
    this.applied[fd] = 0
    this.shared.delete(fd)
  }

  wait(timeoutMs: number): number {
    this.refused.length = 0
    for (const fd of this.changed) this.apply(fd)
    this.changed.length = 0
    const n = epollWait(this.epfd, this.events, EVENTS_PER_WAIT, this.refused.length > 0 ? 0 : timeoutMs)
    this.found = Math.max(n, 0)
    return this.refused.length > 0 ? this.found + this.refused.length : n
  }

  readyFd(i: number): Fd {
    if (i >= this.found) return this.refused[i - this.found]!
    return this.eventWords[(i * EPOLL_EVENT.sizeBytes + EPOLL_EVENT.data) >> 2]!
  }

  readyFor(i: number): Readiness {
    if (i >= this.found) return FAILED
    const bits = this.eventWords[(i * EPOLL_EVENT.sizeBytes) >> 2]!
    // An error or a hang-up comes unasked; it counts as readiness for whatever is watched.
    if ((bits & (EPOLLERR | EPOLLHUP)) !== 0) return this.applied[this.readyFd(i)] ?? 0
    return ((bits & EPOLLIN) !== 0 ? READABLE : 0) | ((bits & EPOLLOUT) !== 0 ? WRITABLE : 0)
  }

  close(): void {
    close(this.epfd)
  }

  private apply(fd: Fd): void {
    const wanted = this.wanted[fd] ?? 0
    const applied = this.applied[fd] ?? 0
    if (wanted === applied) return
    const isShared = this.shared.has(fd)
    this.applied[fd] = wanted
    this.changeWords[0] =
      ((wanted & READABLE) !== 0 ? EPOLLIN : 0) |
      ((wanted & WRITABLE) !== 0 ? EPOLLOUT : 0) |
      (isShared ? EPOLLEXCLUSIVE : 0)
    this.changeWords[EPOLL_EVENT.data >> 2] = fd
    // An exclusive entry cannot be changed (epoll_ctl(2), EINVAL): it is taken out and put in again.
    if (isShared && applied !== 0 && wanted !== 0) epollControl(this.epfd, EPOLL_CTL_DEL, fd, this.change)
    const isNew = applied === 0 || isShared
    const operation = wanted === 0 ? EPOLL_CTL_DEL : isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
    if (epollControl(this.epfd, operation, fd, this.change) < 0 && wanted !== 0) {
      this.applied[fd] = 0
      this.refused.push(fd)
    }
  }
}
