import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mayHaveContent, reasonPhrase, STATUS_PHRASES } from './status.ts'

describe('status codes', () => {
  it('have the phrases of RFC 9110, not of its ancestors', () => {
    assert.equal(reasonPhrase(200), 'OK')
    assert.equal(reasonPhrase(413), 'Content Too Large')
    assert.equal(reasonPhrase(414), 'URI Too Long')
    assert.equal(reasonPhrase(422), 'Unprocessable Content')
    assert.equal(reasonPhrase(299), '')
  })

  it('are of three digits, with phrases that can stand on a status line', () => {
    for (const [status, phrase] of Object.entries(STATUS_PHRASES)) {
      assert.match(status, /^[1-5]\d\d$/)
      assert.match(phrase, /^[A-Za-z -]+$/)
    }
  })

  it('say whether there is content', () => {
    const without = Object.keys(STATUS_PHRASES)
      .map(Number)
      .filter(status => !mayHaveContent(status))
    assert.deepEqual(without, [100, 101, 102, 103, 104, 204, 205, 304])
  })
})
