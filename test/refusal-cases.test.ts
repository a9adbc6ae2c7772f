import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { REFUSALS } from './refusal-cases.ts'
import { problemsIn } from './site-stub.ts'

describe('what is wrong', () => {
  for (const [text, sentence] of REFUSALS) {
    it(`${text} is told in nginx’s words`, () => {
      const [first] = problemsIn(text)
      const told = first?.severity === 'warning' ? `warn: ${first.summary}` : first?.summary
      assert.equal(told, sentence)
      assert.notEqual(first?.place, null)
    })
  }

  it('has a sentence for a stranger, too', () => {
    const bare = REFUSALS.filter(([text]) => problemsIn(text)[0]?.expected === '')
    assert.deepEqual(
      bare.map(([text]) => text).filter(text => !/[[(*]/.test(text)),
      [],
    )
  })
})
