/** The order of names, and that it does not depend on where the runs are cut. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { naturalOrder, type Sortable } from './natural-order.ts'

function ordered(entries: readonly Sortable[]): string[] {
  return [...naturalOrder(entries)].filter(entry => entry !== null).map(entry => entry.name)
}

/** The names stand in the right order; they are handed over in the wrong one. */
function keepsOrder(...names: string[]): void {
  test(`orders ${names.join(' < ')}`, () => {
    const entries = names.map(name => ({ name, isDirectory: false }))
    assert.deepEqual(ordered(entries.toReversed()), names)
  })
}

keepsOrder('file1', 'file2', 'file10', 'file100')
keepsOrder('1', '2', '10', 'a')
keepsOrder('v1.2.9', 'v1.2.10', 'v1.10.0')
keepsOrder('a', 'a b', 'a1', 'a2b', 'a10', 'ab')
keepsOrder('0', '00', '001', '01', '1', '2')
keepsOrder('apple', 'Banana', 'cherry')
keepsOrder('README', 'Readme', 'readme')
keepsOrder('eclair', 'Éclair', 'éclair', 'etude', 'z')
keepsOrder('.a', 'a')
keepsOrder('9'.repeat(40), `1${'0'.repeat(40)}`)

test('directories stand before files', () => {
  const entries = [
    { name: 'a', isDirectory: false },
    { name: 'z', isDirectory: true },
  ]
  assert.deepEqual(ordered(entries), ['z', 'a'])
})

test('entries beyond one run are merged in order, with a rest after each run but the last', () => {
  const entries = Array.from({ length: 9_000 }, (_, i) => ({
    name: `n${(i * 7919) % 9_000}`,
    isDirectory: false,
  }))
  const all = [...naturalOrder(entries)]
  assert.equal(all.filter(entry => entry === null).length, 4)
  assert.deepEqual(
    ordered(entries),
    entries.map((_, i) => `n${i}`),
  )
})

test('no entries give nothing', () => {
  assert.deepEqual([...naturalOrder([])], [])
})
