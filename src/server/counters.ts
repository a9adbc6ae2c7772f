/**
 * What `stub_status` tells: six numbers of one process, in memory that several processes may see; and beside them those of its loop, which
 * `readiness_status` tells.
 *
 *   counters.add(ACCEPTED)          each process writes its own cells only
 *   sumOf([counters, …])            those of all processes
 *
 * A cell has 64 bits and one writer, so no other process can see half of it.
 */

import { READINESS_CELLS, type ReadinessCounts, readinessCounts } from '../loop/readiness-account.ts'

/** Connections accepted; and those not closed at once for want of room. */
export const ACCEPTED = 0
export const HANDLED = 1
export const REQUESTS = 2
/** Connections now: all, those whose head is being read, those with an exchange. */
export const ACTIVE = 3
export const READING = 4
export const WRITING = 5
export const CELLS = 6
export type Cell = 0 | 1 | 2 | 3 | 4 | 5

export class Counters {
  readonly cells: Float64Array
  /** For the account of a loop (`loop/readiness-account.ts`), where there is one. */
  readonly readiness: Float64Array

  /**
   * @param cells CELLS of them; shared memory, where other processes are to see them
   * @param readiness READINESS_CELLS of them
   */
  constructor(
    cells: Float64Array = new Float64Array(CELLS),
    readiness: Float64Array = new Float64Array(READINESS_CELLS),
  ) {
    this.cells = cells
    this.readiness = readiness
  }

  add(cell: Cell, amount = 1): void {
    this.cells[cell]! += amount
  }
}

export function sumOf(all: Iterable<Counters>): Float64Array {
  const sum = new Float64Array(CELLS)
  for (const { cells } of all) for (let i = 0; i < CELLS; i++) sum[i]! += cells[i]!
  return sum
}

export function readinessOf(all: readonly Counters[]): ReadinessCounts {
  return readinessCounts(all.map(({ readiness }) => readiness))
}
