import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { REFUSALS, REFUSALS_IN_HTTP } from './refusal-cases.ts'
import { problemsIn, type SiteText } from './site-stub.ts'

const CASES: readonly (readonly [text: SiteText, sentence: string])[] = [
  ...REFUSALS.map(([server, sentence]) => [{ server }, sentence] as const),
  ...REFUSALS_IN_HTTP.map(([http, sentence]) => [{ server: '', http }, sentence] as const),
]

function wordsOf({ server, http = '' }: SiteText): string {
  return server + http
}

describe('what is wrong', () => {
  for (const [text, sentence] of CASES) {
    it(`${wordsOf(text)} is told in nginx’s words`, () => {
      const [first] = problemsIn(text)
      const told = first?.severity === 'warning' ? `warn: ${first.summary}` : first?.summary
      assert.equal(told, sentence)
      assert.notEqual(first?.place, null)
    })
  }

  it('has a sentence for a stranger, too', () => {
    const bare = CASES.filter(([text]) => problemsIn(text)[0]?.expected === '')
    assert.deepEqual(
      bare.map(([text]) => wordsOf(text)).filter(text => !/[[(*]/.test(text)),
      [],
    )
  })
})
