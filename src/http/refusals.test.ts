import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as refusals from './refusals.ts'
import { reasonPhrase } from './status.ts'

const codes = Object.entries(refusals).filter(
  (row): row is [string, number] => typeof row[1] === 'number' && row[0] !== 'OK' && row[0] !== 'INCOMPLETE',
)

describe('refusals', () => {
  it('each have a number of their own, a registered status and a sentence', () => {
    assert.equal(new Set(codes.map(([, code]) => code)).size, codes.length)
    for (const [name, code] of codes) {
      assert.ok(refusals.isRefusal(code), name)
      const { status, words } = refusals.refusalOf(code)
      assert.notEqual(reasonPhrase(status), '', name)
      assert.match(words, /^[A-Z][^<>&"]+\.$/, name)
    }
  })

  it('are no positions, and need no bytes', () => {
    for (const result of [refusals.OK, refusals.INCOMPLETE, 17]) {
      assert.ok(!refusals.isRefusal(result))
      assert.throws(() => refusals.refusalOf(result), RangeError)
    }
  })
})
