import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { randomFrom } from '../../test/pieces.ts'
import { Pace } from './pace.ts'

/** Sends all it may at `now`, and at most `most`. */
function send(pace: Pace, now: number, most: number): number {
  const n = Math.min(most, pace.allowance(now))
  if (n > 0) pace.count(n, now)
  return n
}

describe('a pace', () => {
  it('lets a second’s worth go at once, and the same after each second', () => {
    const pace = new Pace(1000, 0, 500)
    assert.equal(send(pace, 500, 5000), 1000)
    assert.equal(pace.nextAt, 1500)
    assert.equal(send(pace, 1499, 5000), 0)
    assert.equal(send(pace, 1500, 5000), 1000)
    assert.equal(send(pace, 2500, 5000), 1000)
  })

  it('lets go what may leave before anything is counted, and a second’s worth with it', () => {
    const pace = new Pace(1000, 20_000, 0)
    assert.equal(send(pace, 0, 15_000), 15_000)
    assert.equal(pace.nextAt, 0, 'that took no time')
    assert.equal(send(pace, 0, 15_000), 6000)
    assert.equal(pace.nextAt, 1000)
    assert.equal(send(pace, 1000, 15_000), 1000)
  })

  it('saves up what a slow answer leaves unused', () => {
    const pace = new Pace(1000, 0, 0)
    assert.equal(send(pace, 9000, 100_000), 10_000)
    assert.equal(pace.nextAt, 19_000)
    assert.equal(send(pace, 19_000, 100_000), 10_000)
  })

  it('does not hold back what is less than a share', () => {
    const pace = new Pace(1000, 0, 0)
    for (let i = 0; i < 10; i++) assert.equal(send(pace, 0, 100), 100)
    assert.equal(pace.nextAt, 1000)
    assert.equal(send(pace, 999, 100), 0)
    assert.equal(send(pace, 1000, 100), 100)
  })

  it('lets a socket that took less than it might take the rest later', () => {
    const pace = new Pace(1000, 0, 0)
    assert.equal(send(pace, 0, 700), 700)
    assert.equal(send(pace, 50, 700), 350)
    assert.equal(pace.nextAt, 1100)
    assert.equal(send(pace, 1100, 5000), 1050)
  })

  it('lets a byte go at a time when there are no more in a second', () => {
    const pace = new Pace(1, 0, 0)
    for (let now = 0; now < 5000; now += 1000) assert.equal(send(pace, now, 100), 1)
    assert.equal(pace.allowance(4999), 0)
  })

  it('says when there will be a byte, when it is asked in between', () => {
    const pace = new Pace(2, 0, 0)
    assert.equal(send(pace, 0, 100), 2)
    pace.change(1, 0)
    assert.equal(pace.allowance(1000), 0)
    assert.ok(pace.nextAt > 1000)
    assert.equal(pace.allowance(pace.nextAt), 1)
  })

  it('counts what has left when the rate changes', () => {
    const pace = new Pace(1000, 0, 0)
    send(pace, 0, 1000)
    pace.change(3000, 0)
    assert.equal(send(pace, 1000, 100_000), 5000)
    pace.change(500, 0)
    assert.equal(pace.allowance(2667), 0, 'more has left than it would have let')
    assert.ok(pace.nextAt > 10_000)
  })

  it('keeps to its rate whenever it is asked, whatever the socket takes', () => {
    const random = randomFrom(5)
    for (let i = 0; i < 200; i++) {
      const rate = 1 + random(10_000_000)
      const after = random(2) * random(1_000_000)
      const pace = new Pace(rate, after, 0)
      let sent = 0
      for (let now = 0; now < 20_000; now += 1 + random(300)) {
        while (now >= pace.nextAt) {
          const n = send(pace, now, 1 + random(2_000_000))
          if (n === 0) break
          sent += n
        }
        assert.ok(sent <= after + rate * (now / 1000 + 1), `${sent} bytes after ${now} ms at ${rate}`)
      }
    }
  })

  it('reaches its rate when everything is taken', () => {
    for (const rate of [7, 1000, 123_456, 5_000_000, 900_000_000]) {
      const pace = new Pace(rate, 0, 0)
      let sent = 0
      for (let now = 0; now <= 10_000; now++) sent += send(pace, now, 2_000_000)
      const expected = Math.min(11 * rate, 2_000_000 * 10_001)
      assert.ok(sent <= expected && sent >= 0.9 * expected, `${sent} of ${expected} bytes at ${rate}`)
    }
  })
})
