import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Backoff } from './backoff.ts'

it('the first death costs no wait, those that follow at once more and more', () => {
  const backoff = new Backoff()
  const delays = Array.from({ length: 11 }, () => backoff.delayAfter(30))
  assert.deepEqual(delays, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000])
})

it('a life of some length makes it forgotten', () => {
  const backoff = new Backoff()
  for (let i = 0; i < 5; i++) backoff.delayAfter(30)
  assert.equal(backoff.delayAfter(6000), 0)
  assert.equal(backoff.delayAfter(30), 0)
  assert.equal(backoff.delayAfter(30), 100)
})
