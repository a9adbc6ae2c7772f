/**
 * Counters in memory that all processes of one master see, and which rows of it are free.
 *
 *   const shared = new SharedCounters(workers)      in the master
 *   const row = shared.takeRow()                    for a worker that is to be started
 *   shared.giveRow(row)                             the worker has ended: its connections are gone, what it has done stays counted
 *   countersAt(fd, sizeBytes)                       in the worker: all rows, one of which is its own
 *   programsAt(fd, sizeBytes, row)                  in the worker: numbers of the programs that run for it (`io/children.ts`)
 *   shared.takePrograms(row)                        in the master, when a worker could not end them itself
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
import { FIRST_PROCESS } from './orphans.ts'

/** A row fills lines of the processor's cache, so that no process slows down its neighbour: one, and two for what its loop counts. */
const ROW_CELLS = 24
const READINESS_AT = 8 * Float64Array.BYTES_PER_ELEMENT
const PROGRAMS_AT = ROW_CELLS * Float64Array.BYTES_PER_ELEMENT
/** What is beyond is not known to the master. */
const PROGRAMS = 256
const ROW_BYTES = PROGRAMS_AT + PROGRAMS * Int32Array.BYTES_PER_ELEMENT
/** Workers of that many configurations may be ending at once. */
const GENERATIONS = 16
const LEAST_ROWS = 64

export class SharedCounters {
  readonly fd: Fd
  readonly sizeBytes: number
  readonly rows: readonly Counters[]
  private readonly buffer: ArrayBuffer
  /** How many processes count in each row. */
  private readonly users: number[]

  /** @throws when the system has no memory left */
  constructor(workers: number) {
    const count = Math.max(LEAST_ROWS, GENERATIONS * workers)
    this.sizeBytes = count * ROW_BYTES
    const { fd, buffer } = createSharedMemory('veille-counters', this.sizeBytes)
    this.fd = fd
    this.buffer = buffer
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
    programsOf(this.buffer, row).fill(0)
  }

  /** @returns none when another process uses the same row, which then cannot be told from its neighbour; they are forgotten */
  takePrograms(row: number): number[] {
    if (this.users[row]! > 1) return []
    const cells = programsOf(this.buffer, row)
    const pids = [...cells].filter(pid => pid > FIRST_PROCESS)
    cells.fill(0)
    return pids
  }
}

/** @throws when the descriptor cannot be mapped */
export function programsAt(fd: Fd, sizeBytes: number, row: number): Int32Array<ArrayBuffer> {
  return programsOf(mapSharedMemory(fd, sizeBytes), row)
}

function programsOf(buffer: ArrayBuffer, row: number): Int32Array<ArrayBuffer> {
  return new Int32Array(buffer, row * ROW_BYTES + PROGRAMS_AT, PROGRAMS)
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
