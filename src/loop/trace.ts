/**
 * What the loop did, as numbers in a ring of typed arrays: the loop writes, the inspector (and a test) reads.
 *
 *   trace.on = true                    begin to record
 *   trace.record(KIND, a, b, now)      one entry; the oldest is overwritten
 *   trace.since(sequence, visit)       every entry not older than `sequence` that is still there
 *
 * Switched off it costs one comparison of a boolean per place that records. Nothing is allocated after the first entry.
 */

/** One wait: a = milliseconds slept, b = descriptors ready. */
export const TRACE_WAIT = 1
/** One dispatched readiness: a = fd, b = readiness. */
export const TRACE_DISPATCH = 2
/** A connection was accepted: a = its fd, b = the listener's fd. */
export const TRACE_ACCEPT = 3
/** Bytes came in: a = fd, b = how many (0: the peer closed its side; negative: -errno). EAGAIN is not recorded. */
export const TRACE_RECEIVE = 4
/** Bytes went out: a = fd, b = how many (negative: -errno). */
export const TRACE_SEND = 5
/** A connection changed its half states: a = fd, b = reading * 16 + writing. */
export const TRACE_STATE = 6
/** A descriptor was closed: a = fd. */
export const TRACE_CLOSE = 7
/** Deadlines that had come were called: a = how many stay in the heap. */
export const TRACE_DEADLINES = 8

const ENTRIES = 16384

export class Trace {
  on = false
  /** How many entries were ever written; entry `s` lies at `s % ENTRIES`. */
  sequence = 0
  private kinds = new Uint8Array(0)
  private numbers = new Int32Array(0)
  private times = new Float64Array(0)

  record(kind: number, a: number, b: number, now: number): void {
    if (this.kinds.length === 0) this.allocate()
    const at = this.sequence++ % ENTRIES
    this.kinds[at] = kind
    this.numbers[2 * at] = a
    this.numbers[2 * at + 1] = b
    this.times[at] = now
  }

  /** @returns the sequence number to ask from next time */
  since(sequence: number, visit: (kind: number, a: number, b: number, at: number) => void): number {
    for (let s = Math.max(sequence, this.sequence - ENTRIES, 0); s < this.sequence; s++) {
      const at = s % ENTRIES
      visit(this.kinds[at]!, this.numbers[2 * at]!, this.numbers[2 * at + 1]!, this.times[at]!)
    }
    return this.sequence
  }

  private allocate(): void {
    this.kinds = new Uint8Array(ENTRIES)
    this.numbers = new Int32Array(2 * ENTRIES)
    this.times = new Float64Array(ENTRIES)
  }
}
