/**
 * The loop: one thread, one wait, everybody who is ready gets a turn.
 *
 * One iteration, in this order:
 *   1. time       read the clock, once
 *   2. wait       sleep in the poller until the first descriptor is ready, the next deadline comes, or the caller's own
 *                 timeout is over
 *   3. dispatch   call the watcher of each ready descriptor, then whoever asked for another turn
 *   4. deadlines  call those whose moment has come
 *   5. settle     send what was collected, close what was marked (also before step 2, for what happened between iterations)
 *
 * Nothing is closed before step 5: accept(2) hands out the lowest free number, so a descriptor that is closed in step 3 might
 * come back in the same step, and an event of the old one would reach the new one.
 *
 * A watcher that throws is our own mistake: it is given its error (`onFailure`) and loses its connection; the loop goes on.
 *
 * The loop runs alone (`run`, the teaching steps and the tests), or with Node's libuv as its guest (`node-loop.ts`).
 */

import { EINTR, ENOMEM, errnoName } from '../errno.ts'
import { close, type Fd } from '../sys/libc.ts'
import { AccountedCalls, type Calls, freeCalls } from './calls.ts'
import { Deadlines } from './deadlines.ts'
import { EpollPoller } from './epoll.ts'
import { PollPoller } from './poll.ts'
import { FAILED, type Poller, type PollerName, READABLE, type Readiness, WRITABLE } from './poller.ts'
import { ReadinessAccount } from './readiness-account.ts'
import { SelectPoller } from './select.ts'
import { TRACE_CLOSE, TRACE_DEADLINES, TRACE_DISPATCH, TRACE_WAIT, Trace } from './trace.ts'

/** Whoever owns a descriptor. Each method does a bounded share of work and returns. */
export interface Watcher {
  onReadable(): void
  onWritable(): void
  /** An exception left one of the methods above, or the system cannot watch the descriptor. Must not throw. */
  onFailure(error: unknown): void
}

/** Somebody who has more to do without waiting for readiness; called once per `again`. */
export interface Continuation {
  onTurn(): void
  onFailure(error: unknown): void
}

export interface LoopOptions {
  poller?: PollerName
  /** Milliseconds that never go back; tests put in a clock that they move. */
  clock?: () => number
  /** What is done with descriptors is counted, or held to the strict rules as well: see `Loop.keepAccount`. */
  readiness?: ReadinessMode
}

export interface ReadinessMode {
  readonly isStrict: boolean
  /** READINESS_CELLS of them; shared memory, where other processes are to see them. */
  readonly cells?: Float64Array | undefined
}

export function createPoller(name: PollerName): Poller {
  if (name === 'select') return new SelectPoller()
  if (name === 'poll') return new PollPoller()
  return new EpollPoller()
}

export class Loop {
  readonly poller: Poller
  readonly deadlines = new Deadlines()
  readonly trace = new Trace()
  /** Whoever lives on this loop moves bytes by these. */
  calls: Calls = freeCalls
  /** What the poller says is written down; null: nobody asks. */
  account: ReadinessAccount | null = null
  /** The clock as read at the start of this iteration, in milliseconds. */
  now: number
  /** How many descriptors are watched, or owned though not watched at the moment. */
  watched = 0
  /** Sends what was collected for sending; set by whoever collects (`io/outbox.ts`). */
  flush: () => void = () => {}

  private readonly clock: () => number
  private readonly watchers: (Watcher | null)[] = []
  private readonly interests: Readiness[] = []
  private readonly closing: Fd[] = []
  private continuations: Continuation[] = []
  private continued: Continuation[] = []
  private running = false

  constructor(options: LoopOptions = {}) {
    this.poller = createPoller(options.poller ?? 'epoll')
    this.clock = options.clock ?? (() => performance.now())
    this.now = this.clock()
    if (options.readiness !== undefined) this.keepAccount(options.readiness)
  }

  /** From now on; descriptors that are watched already may go on as before, so this is the first thing that happens to a loop. */
  keepAccount({ isStrict, cells }: ReadinessMode): void {
    this.account = new ReadinessAccount(cells)
    this.calls = new AccountedCalls(this.account, isStrict)
  }

  /**
   * Begins to watch `fd`, in the name of `watcher`, for `interest` (which may be 0).
   * @param isShared see `Poller.share`
   */
  watch(fd: Fd, interest: Readiness, watcher: Watcher, isShared = false): void {
    if (isShared) this.poller.share(fd)
    this.watchers[fd] = watcher
    this.interests[fd] = interest
    this.watched++
    if (interest !== 0) this.poller.watch(fd, interest)
  }

  /** Changes what a watched descriptor is watched for. */
  setInterest(fd: Fd, interest: Readiness): void {
    if (this.interests[fd] === interest) return
    this.interests[fd] = interest
    this.poller.watch(fd, interest)
  }

  /**
   * The descriptor is heard no more, and closed at the end of the iteration.
   * @param isShared see `Poller.forget`
   */
  closeLater(fd: Fd, isShared = false): void {
    this.unwatch(fd)
    if (isShared) this.poller.forget(fd, true)
    this.closing.push(fd)
  }

  /** Stops watching without closing: for descriptors that belong to somebody else. */
  unwatch(fd: Fd): void {
    this.setInterest(fd, 0)
    if (this.watchers[fd] != null) this.watched--
    this.watchers[fd] = null
  }

  /** `continuation` is called after the next dispatch, before which the loop will not sleep. */
  again(continuation: Continuation): void {
    this.continuations.push(continuation)
  }

  /**
   * One iteration.
   * @param timeoutMs the longest it may sleep; -1 for no such bound
   * @returns how many descriptors were ready; at least 0, since a signal (EINTR) counts as none
   */
  iterate(timeoutMs: number): number {
    this.now = this.clock()
    this.settle()
    const n = this.wait(timeoutMs)
    if (this.account !== null) this.account.begin(this.poller, n)
    this.dispatch(n)
    if (this.continuations.length > 0) this.continueAll()
    if (this.deadlines.next <= this.now) this.expire()
    this.settle()
    if (this.account !== null) this.account.end()
    return n
  }

  /** Iterates until `stop()`, or until nothing is watched, no deadline is set and nobody wants another turn. */
  run(): void {
    this.running = true
    while (this.running && this.hasWork) this.iterate(-1)
  }

  private get hasWork(): boolean {
    return this.watched > 0 || this.deadlines.size > 0 || this.continuations.length > 0
  }

  stop(): void {
    this.running = false
  }

  /** Gives the poller back. Descriptors that are still watched belong to their watchers. */
  close(): void {
    this.settle()
    this.poller.close()
  }

  private wait(timeoutMs: number): number {
    const sleepMs = this.sleepMs(timeoutMs)
    const n = this.poller.wait(sleepMs)
    // A signal, or no memory for the sets just now (select(2), poll(2)): nothing is ready, the next iteration asks again.
    if (n < 0 && n !== -EINTR && n !== -ENOMEM) throw new Error(`${this.poller.name}: ${errnoName(n)}`)
    if (sleepMs !== 0) {
      const before = this.now
      this.now = this.clock()
      if (this.trace.on) this.trace.record(TRACE_WAIT, this.now - before, n, this.now)
    }
    return Math.max(n, 0)
  }

  /** Rounded up to whole milliseconds: a sleep that ends a fraction too early would be followed by one of 0. */
  private sleepMs(timeoutMs: number): number {
    if (timeoutMs === 0 || this.continuations.length > 0) return 0
    const untilDeadline = Math.ceil(this.deadlines.next - this.now)
    if (untilDeadline === Number.POSITIVE_INFINITY) return timeoutMs
    const bounded = Math.min(Math.max(0, untilDeadline), MAX_SLEEP_MS)
    return timeoutMs < 0 ? bounded : Math.min(timeoutMs, bounded)
  }

  private dispatch(count: number): void {
    const { poller, watchers, interests, trace } = this
    const { isStrict } = this.calls
    for (let i = 0; i < count; i++) {
      const fd = poller.readyFd(i)
      const watcher = watchers[fd]
      if (watcher == null) continue
      const ready = poller.readyFor(i)
      if (trace.on) trace.record(TRACE_DISPATCH, fd, ready, this.now)
      try {
        // An earlier watcher of this round may have changed the interest, and onReadable may have ended it.
        // By the strict rules there is one call for each: what waits to leave goes first, which slows down whoever does not take it.
        const writesOnly = isStrict && (ready & WRITABLE & interests[fd]!) !== 0
        if (!writesOnly && (ready & READABLE & interests[fd]!) !== 0) watcher.onReadable()
        if ((!isStrict || writesOnly) && (ready & WRITABLE & interests[fd]!) !== 0) watcher.onWritable()
        if ((ready & FAILED) !== 0)
          watcher.onFailure(new Error(`${poller.name} cannot watch descriptor ${fd}`))
      } catch (error) {
        watcher.onFailure(error)
      }
    }
  }

  /** Those who ask again while they are called wait for the next iteration. */
  private continueAll(): void {
    const round = this.continuations
    this.continuations = this.continued
    this.continued = round
    for (const continuation of round) {
      try {
        continuation.onTurn()
      } catch (error) {
        continuation.onFailure(error)
      }
    }
    round.length = 0
  }

  private expire(): void {
    this.deadlines.expire(this.now)
    if (this.trace.on) this.trace.record(TRACE_DEADLINES, this.deadlines.size, 0, this.now)
  }

  /** Step 5; also for whoever ends something between two iterations. */
  settle(): void {
    this.flush()
    for (const fd of this.closing) {
      if (this.trace.on) this.trace.record(TRACE_CLOSE, fd, 0, this.now)
      // A program that has just been started may hold a duplicate for a moment, whose events would be taken for the next owner's of the number:
      // a hint too many, which the strict rules cannot bear.
      this.poller.forget(fd, this.calls.isStrict)
      close(fd)
    }
    this.closing.length = 0
  }
}

/** poll and epoll take an `int` of milliseconds; a day is long enough for one sleep. */
const MAX_SLEEP_MS = 86_400_000
