/**
 * The end of a child, as readiness: a descriptor of the process (pidfd_open(2)) stands in the poller among all the others.
 *
 *   const end = new ProcessEnd(pid, loop, hearer)      `hearer.onProcessEnd(status)` once
 *   end.look()                                         is it over already?
 *   end.reap()                                         the system forgets the process; its number is free
 *
 * What has ended stays a zombie until it is reaped: so long its number, and that of its process group, belong to nobody else.
 * Where the kernel has no such descriptors (before Linux 5.3, some sandboxes) or none to spare, a deadline asks again and again.
 */

import { Deadline } from '../loop/deadlines.ts'
import type { Loop, Watcher } from '../loop/loop.ts'
import { READABLE } from '../loop/poller.ts'
import { type Fd, type ProcessStatus, pidfdOpen, waitProcess } from '../sys/libc.ts'

export type { ProcessStatus } from '../sys/libc.ts'

export interface ProcessEndHearer {
  /** @param status without code and signal when somebody else has reaped the process */
  onProcessEnd(status: ProcessStatus): void
  onFailure(error: unknown): void
}

/** Without a descriptor: how soon after the start it is asked for the first time; then twice as long each time, up to the last. */
const FIRST_ASKED_MS = 5
const LAST_ASKED_MS = 100

export class ProcessEnd extends Deadline implements Watcher {
  readonly pid: number
  hasEnded = false
  isReaped = false
  private readonly loop: Loop
  private readonly hearer: ProcessEndHearer
  /** Negative when there is none. */
  private fd: Fd
  private askAgainMs = FIRST_ASKED_MS

  constructor(pid: number, loop: Loop, hearer: ProcessEndHearer) {
    super()
    this.pid = pid
    this.loop = loop
    this.hearer = hearer
    this.fd = pidfdOpen(pid)
    if (this.fd >= 0) loop.watch(this.fd, READABLE, this)
    else this.askLater()
  }

  onReadable(): void {
    this.look()
  }

  onWritable(): void {}

  onDeadline(): void {
    this.look()
    if (!this.hasEnded) this.askLater()
  }

  /** Of the hearer; or the poller cannot watch the descriptor (`FAILED`). */
  onFailure(error: unknown): void {
    if (this.hasEnded) this.hearer.onFailure(error)
    else {
      this.unwatch()
      this.askLater()
    }
  }

  look(): void {
    if (this.hasEnded) return
    const status: ProcessStatus = { code: null, signal: null }
    const found = waitProcess(this.pid, true, status)
    if (found === 0) return
    this.hasEnded = true
    // ECHILD: it is gone, and its number may be another's.
    this.isReaped = found < 0
    this.unwatch()
    this.loop.deadlines.clear(this)
    this.hearer.onProcessEnd(status)
  }

  reap(): void {
    if (this.isReaped) return
    this.isReaped = true
    waitProcess(this.pid, false, { code: null, signal: null })
  }

  private unwatch(): void {
    if (this.fd >= 0) this.loop.closeLater(this.fd)
    this.fd = -1
  }

  private askLater(): void {
    this.loop.deadlines.set(this, this.loop.now + this.askAgainMs)
    this.askAgainMs = Math.min(2 * this.askAgainMs, LAST_ASKED_MS)
  }
}
