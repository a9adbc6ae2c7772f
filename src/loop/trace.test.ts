import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Trace } from './trace.ts'

/** The size of the ring; a power of two that the file keeps to itself. */
const ENTRIES = 16384

function read(trace: Trace, sequence: number): { seen: number[]; next: number } {
  const seen: number[] = []
  const next = trace.since(sequence, (_kind, a) => seen.push(a))
  return { seen, next }
}

describe('the trace', () => {
  it('gives each entry once to somebody who asks again and again', () => {
    const trace = new Trace()
    assert.deepEqual(read(trace, 0), { seen: [], next: 0 })
    trace.record(1, 10, -5, 1.5)
    trace.record(2, 20, 0, 2.5)
    const entries: number[][] = []
    const next = trace.since(0, (...entry) => entries.push(entry))
    assert.deepEqual(entries, [
      [1, 10, -5, 1.5],
      [2, 20, 0, 2.5],
    ])
    assert.deepEqual(read(trace, next), { seen: [], next: 2 })
    trace.record(3, 30, 0, 3)
    assert.deepEqual(read(trace, next), { seen: [30], next: 3 })
  })

  it('overwrites the oldest entries, and gives what is still there', () => {
    const trace = new Trace()
    for (let i = 0; i < ENTRIES + 10; i++) trace.record(1, i, 0, 0)
    const { seen, next } = read(trace, 0)
    assert.equal(next, ENTRIES + 10)
    assert.equal(seen.length, ENTRIES)
    assert.equal(seen[0], 10)
    assert.equal(seen.at(-1), ENTRIES + 9)
  })
})
