/**
 * Counters in memory that all processes of one master see, and which rows of it are free.
 *
 *   const shared = new SharedCounters(workers)      in the master
 *   const row = shared.takeRow()                    for a worker that is to be started
 *   shared.giveRow(row)                             the worker has ended: its connections are gone, what it has done stays counted
 *   countersAt(fd, sizeBytes)                       in the worker: all rows, one of which is its own
 *
 * A row that is taken again goes on from where it was: totals grow over reloads and crashes, as nginx's do; what loops count is that of the
 * processes that there are. While old workers end,
 * new ones count beside them; there are rows for many times the workers. Should all be taken, the last one is shared, and may
 * count a little too low.
 */

import { READINESS_CELLS } from '../loop/readiness-account.ts'
import { ACTIVE, CELLS, Counters, READING, WRITING } from '../server/counters.ts'
import type { Fd } from '../sys/libc.ts'
import { createSharedMemory, mapSharedMemory } from '../sys/shared-memory.ts'

/** A row fills lines of the processor's cache, so that no process slows down its neighbour: one, and two for what its loop counts. */
const ROW_CELLS = 24
const READINESS_AT = 8 * Float64Array.BYTES_PER_ELEMENT
const ROW_BYTES = ROW_CELLS * Float64Array.BYTES_PER_ELEMENT
/** Workers of that many configurations may be ending at once. */
const GENERATIONS = 16
const LEAST_ROWS = 64

export class SharedCounters {
  readonly fd: Fd
  readonly sizeBytes: number
  readonly rows: readonly Counters[]
  /** How many processes count in each row. */
  private readonly users: number[]

  /** @throws when the system has no memory left */
  constructor(workers: number) {
    const count = Math.max(LEAST_ROWS, GENERATIONS * workers)
    this.sizeBytes = count * ROW_BYTES
    const { fd, buffer } = createSharedMemory('veille-counters', this.sizeBytes)
    this.fd = fd
    this.rows = rowsOf(buffer)
    this.users = Array<number>(count).fill(0)
  }

  takeRow(): number {
    const free = this.users.indexOf(0)
    const row = free < 0 ? this.users.length - 1 : free
    this.users[row]!++
    return row
  }

  giveRow(row: number): void {
    this.users[row]!--
    if (this.users[row]! > 0) return
    const { cells, readiness } = this.rows[row]!
    for (const cell of [ACTIVE, READING, WRITING]) cells[cell] = 0
    readiness.fill(0)
  }
}

/** @throws when the descriptor cannot be mapped */
export function countersAt(fd: Fd, sizeBytes: number): Counters[] {
  return rowsOf(mapSharedMemory(fd, sizeBytes))
}

function rowsOf(buffer: ArrayBuffer): Counters[] {
  const count = buffer.byteLength / ROW_BYTES
  return Array.from({ length: count }, (_, row) => {
    const at = row * ROW_BYTES
    const readiness = new Float64Array(buffer, at + READINESS_AT, READINESS_CELLS)
    return new Counters(new Float64Array(buffer, at, CELLS), readiness)
  })
}
