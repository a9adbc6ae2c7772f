/**
 * The children of this thread that are not gone yet, so that whoever ends a loop leaves none of them behind.
 *
 *   childCount(loop), isChild(pid)
 *   endChildren(loop, done)      kills them all; `done` when the last is reaped
 *   recordChildren(cells)        where another process can read their numbers
 *
 * Whatever else ends the process (an exception, process.exit()), they are killed with it. Only a signal that Node does not hear of,
 * such as SIGKILL, leaves them alone; they then meet the end of their stdin, and EPIPE when they write, and whoever reads the record
 * can end them.
 */

import { Deadline } from '../loop/deadlines.ts'
import type { Loop } from '../loop/loop.ts'

export interface LivingChild {
  readonly pid: number
  readonly loop: Loop
  /** @param graceMs between SIGTERM and SIGKILL; 0: SIGKILL at once */
  terminate(graceMs: number): void
}

const living = new Set<LivingChild>()
const endings = new Set<Ending>()
let isKilledAtExit = false
/** 0 where there is room. */
let record = new Int32Array(0)

export function recordChildren(cells: Int32Array<ArrayBuffer>): void {
  record = cells
}

function replaceInRecord(before: number, after: number): void {
  const at = record.indexOf(before)
  if (at >= 0) record[at] = after
}

export function addChild(child: LivingChild): void {
  living.add(child)
  replaceInRecord(0, child.pid)
  if (isKilledAtExit) return
  isKilledAtExit = true
  process.once('exit', killAll)
}

export function removeChild(child: LivingChild): void {
  living.delete(child)
  replaceInRecord(child.pid, 0)
  for (const ending of endings) ending.finishIfOver()
}

export function childCount(loop: Loop): number {
  let count = 0
  for (const child of living) if (child.loop === loop) count++
  return count
}

export function isChild(pid: number): boolean {
  for (const child of living) if (child.pid === pid) return true
  return false
}

function killAll(): void {
  for (const child of living) child.terminate(0)
}

/** A process that hangs in the kernel does not die of SIGKILL before that lets it go; nobody waits longer for it. */
const MOST_MS = 1000

/** @param done called at once when there are none, otherwise from within the loop */
export function endChildren(loop: Loop, done: () => void): void {
  for (const child of living) if (child.loop === loop) child.terminate(0)
  if (childCount(loop) === 0) done()
  else endings.add(new Ending(loop, done))
}

class Ending extends Deadline {
  private readonly loop: Loop
  private readonly done: () => void

  constructor(loop: Loop, done: () => void) {
    super()
    this.loop = loop
    this.done = done
    loop.deadlines.set(this, loop.now + MOST_MS)
  }

  finishIfOver(): void {
    if (childCount(this.loop) === 0) this.finish()
  }

  onDeadline(): void {
    this.finish()
  }

  onFailure(): void {}

  private finish(): void {
    endings.delete(this)
    this.loop.deadlines.clear(this)
    this.done()
  }
}
