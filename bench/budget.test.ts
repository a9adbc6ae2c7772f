import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atMost, judge, type MetricResult, medianOf, ratioOf, times } from './budget.ts'

function result(samples: MetricResult['samples'], unit = 'µs'): MetricResult {
  return { name: 'x', title: 'x', unit, samples, must: null, aim: null }
}

test('the ratio is the median of the ratios of each round, not the ratio of the medians', () => {
  const noisy = result({ veille: [6, 60, 7], nginx: [10, 100, 5] })
  assert.equal(ratioOf(noisy, 'veille', 'nginx'), 0.6)
  assert.equal(medianOf(noisy, 'veille'), 7)
})

test('a round in which one of the two failed has no ratio', () => {
  assert.equal(ratioOf(result({ veille: [8, null, 9], nginx: [4, 1, null] }), 'veille', 'nginx'), 2)
  assert.equal(ratioOf(result({ veille: [8], nginx: [null] }), 'veille', 'nginx'), null)
  assert.equal(ratioOf(result({ veille: [8] }), 'veille', 'nginx'), null)
})

test('a budget is met at its limit, and missed by what lies above', () => {
  const even = result({ veille: [5], nginx: [5], floor: [4] })
  assert.deepEqual(judge(times(1, 'nginx'), even, 'veille'), {
    text: '≤ nginx',
    met: true,
    missedByPercent: 0,
  })
  assert.deepEqual(judge(times(1, 'floor'), even, 'veille'), {
    text: '≤ floor',
    met: false,
    missedByPercent: 25,
  })
  assert.deepEqual(judge(atMost(4), even, 'veille'), { text: '≤ 4 µs', met: false, missedByPercent: 25 })
})

test('a percentage above its budget is missed by the difference', () => {
  assert.equal(judge(atMost(10), result({ veille: [14] }, '%'), 'veille').missedByPercent, 4)
})

test('a budget relative to a server that was not measured is not judged', () => {
  assert.equal(judge(times(0.2, 'nginx'), result({ veille: [1] }), 'veille').met, null)
})
