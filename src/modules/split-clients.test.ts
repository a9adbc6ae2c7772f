import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemsIn } from '../../test/site-stub.ts'
import { sharesOf } from './split-clients.ts'

function belowOf(...hundredths: (number | null)[]): number[] | undefined {
  return sharesOf(hundredths.map(one => ({ hundredths: one, value: '' })))?.map(({ below }) => below)
}

describe('shares', () => {
  it('are parts of all hashes, one behind the other, each rounded down', () => {
    assert.deepEqual(belowOf(5000, null), [0x7fffffff, Number.POSITIVE_INFINITY])
    assert.deepEqual(belowOf(1, 9999), [429496, 429496 + 4294537798])
    assert.deepEqual(belowOf(10_000), [0xffffffff])
    assert.deepEqual(belowOf(), [])
  })

  it('come to the whole at most', () => {
    assert.equal(belowOf(5000, 5001), undefined)
    assert.equal(belowOf(null, 1), undefined)
    assert.notEqual(belowOf(10_000, null), undefined)
  })

  it('each need a value, which nginx 1.22 does not find out', () => {
    const [first] = problemsIn({ server: '', http: 'split_clients $uri $v { 50%; }' })
    assert.equal(first?.summary, 'invalid number of the split_clients parameters')
  })

  it('behind * are told where * belongs', () => {
    const [first] = problemsIn({ server: '', http: 'split_clients $uri $v { * a; 1% b; }' })
    assert.equal(
      first?.expected,
      'the shares come to more than 100%; * is all that is left, so it stands last',
    )
  })
})
