import assert from 'node:assert/strict'
import { test } from 'node:test'
import { times } from './budget.ts'
import { jsonOf, type Report, tableOf } from './report.ts'

const COLUMNS = ['nginx', 'veille', 'configured'].map(name => ({ name, title: name, version: '1' }))

function report(samples: Record<string, number[]>, unit = 'µs'): Report {
  return {
    when: '2026-01-01T00:00:00Z',
    machine: { cpu: 'x', cores: 2, memoryGb: 4, kernel: '6', node: 'v20' },
    columns: COLUMNS,
    skipped: [],
    settings: {},
    results: [{ name: 'x', title: 'some load', unit, samples, must: times(1, 'nginx'), aim: null }],
    failures: [],
  }
}

function cellsOf(table: string, line: number): string[] {
  return table.split('\n')[line]!.split(/ {2,}/)
}

test('each of the two ways to run veille is judged for itself', () => {
  const table = tableOf(report({ nginx: [10], veille: [12], configured: [9] }))
  assert.deepEqual(cellsOf(table, 2), [
    ...['some load', 'µs', '10.0', '12.0', '9.00'],
    ...['1.20', '0.90', '–', '≤ nginx', 'missed by 20 %', 'met'],
  ])
})

test('a workload of a configuration says nothing of the server without one', () => {
  const table = tableOf(report({ nginx: [10], configured: [9] }))
  assert.deepEqual(cellsOf(table, 2).slice(2, 7), ['10.0', '–', '9.00', '–', '0.90'])
  const { results } = JSON.parse(jsonOf(report({ nginx: [10], configured: [9] })))
  assert.equal(results[0].ratios.configured.nginx, 0.9)
  assert.equal(results[0].verdicts.veille.must.met, null)
})

test('another poller has a line of its own, which is not judged', () => {
  const table = tableOf(report({ nginx: [10], veille: [9], configured: [9], 'veille:select': [20] }))
  assert.deepEqual(cellsOf(table, 3), ['', 'the same with select', 'µs', '20.0', '2.00', '–'])
})

test('there is no ratio of percentages', () => {
  const table = tableOf(report({ nginx: [10], veille: [9], configured: [9] }, '%'))
  assert.deepEqual(cellsOf(table, 2).slice(5, 8), ['–', '–', '–'])
})
