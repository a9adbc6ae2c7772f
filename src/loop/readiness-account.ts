/**
 * What the poller has said, and what was done upon it: numbers that show whether a server keeps to the strict rules of readiness
 * (`docs/readiness.md`), kept only where somebody asks for them.
 *
 *   account.begin(poller, n)      the wait is over: these descriptors are ready
 *   account.isFree(fd, kind)      the poller has said so in this iteration, and nothing was done with the descriptor since
 *   account.note(fd, kind)        a call that moves bytes is made now
 *   account.noteAccept(fd)        a connection is taken from a listener
 *   account.end()                 the iteration is over: what the poller has said holds no more
 *
 * It judges by what the poller has reported, not by what anybody intends, so it counts alike in either mode. The cells may lie in memory
 * that other processes see.
 */

import type { Fd } from '../sys/libc.ts'
import { type Poller, READABLE, type Readiness } from './poller.ts'

/** In the order of their cells, under the names by which they are told. */
export const READINESS_NAMES = [
  'iterations',
  'waits',
  'accepts',
  'reads',
  'writes',
  'accepts_without_readiness',
  'reads_without_readiness',
  'writes_without_readiness',
  'most_accepts_per_listener_and_iteration',
  'most_operations_per_client_and_iteration',
  'decisions_by_errno',
] as const
export type ReadinessName = (typeof READINESS_NAMES)[number]
export const READINESS_CELLS = READINESS_NAMES.length

const ITERATIONS = 0
const WAITS = 1
const ACCEPTS = 2
const READS = 3
const WRITES = 4
/** What was done without readiness is counted so much further on than what was done. */
const WITHOUT = 3
const MOST_ACCEPTS = 8
const MOST_OPERATIONS = 9
const DECISIONS = 10

export class ReadinessAccount {
  readonly cells: Float64Array
  /** Two for each iteration: one while it lasts, one for what happens before the next. */
  private period = 0
  /** By descriptor: when the poller has last spoken of it, and what it said. */
  private readonly toldIn: number[] = []
  private readonly toldFor: Readiness[] = []
  /** By descriptor: when something was last done with it, and how much in that period. */
  private readonly doneIn: number[] = []
  private readonly done: number[] = []

  constructor(cells: Float64Array = new Float64Array(READINESS_CELLS)) {
    this.cells = cells
  }

  begin(poller: Poller, count: number): void {
    this.period++
    this.cells[WAITS]!++
    for (let i = 0; i < count; i++) {
      const fd = poller.readyFd(i)
      this.toldIn[fd] = this.period
      this.toldFor[fd] = poller.readyFor(i)
    }
  }

  end(): void {
    this.period++
    this.cells[ITERATIONS]!++
  }

  isFree(fd: Fd, kind: Readiness): boolean {
    return this.isTold(fd, kind) && this.doneIn[fd] !== this.period
  }

  note(fd: Fd, kind: Readiness): void {
    this.count(kind === READABLE ? READS : WRITES, fd, kind, MOST_OPERATIONS)
  }

  noteAccept(fd: Fd): void {
    this.count(ACCEPTS, fd, READABLE, MOST_ACCEPTS)
  }

  /** An errno was looked at to tell what to do next with a descriptor. */
  noteDecision(): void {
    this.cells[DECISIONS]!++
  }

  private isTold(fd: Fd, kind: Readiness): boolean {
    return this.toldIn[fd] === this.period && (this.toldFor[fd]! & kind) !== 0
  }

  private count(cell: number, fd: Fd, kind: Readiness, most: number): void {
    const { cells, period } = this
    cells[cell]!++
    if (!this.isTold(fd, kind)) cells[cell + WITHOUT]!++
    const done = this.doneIn[fd] === period ? this.done[fd]! + 1 : 1
    this.doneIn[fd] = period
    this.done[fd] = done
    if (done > cells[most]!) cells[most] = done
  }
}

export type ReadinessCounts = Readonly<Record<ReadinessName, number>>

/** Of several processes together: sums, but for what is the most of something. */
export function readinessCounts(all: Iterable<Float64Array>): ReadinessCounts {
  const sum = new Float64Array(READINESS_CELLS)
  for (const cells of all) {
    for (let i = 0; i < READINESS_CELLS; i++) {
      const isMost = i === MOST_ACCEPTS || i === MOST_OPERATIONS
      sum[i] = isMost ? Math.max(sum[i]!, cells[i]!) : sum[i]! + cells[i]!
    }
  }
  return Object.fromEntries(READINESS_NAMES.map((name, i) => [name, sum[i]!])) as ReadinessCounts
}
