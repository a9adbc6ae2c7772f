import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { octetsOf } from './octets.ts'

describe('text as octets', () => {
  it('leaves ASCII and what came from the wire as it is', () => {
    for (const text of ['', 'GET /a?b="c" \x00\x7f', '\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80']) {
      assert.equal(octetsOf(text), text)
    }
  })

  it('writes Unicode as UTF-8', () => {
    assert.equal(octetsOf('é'), '\xc3\xa9')
    assert.equal(octetsOf('a€'), 'a\xe2\x82\xac')
    assert.equal(octetsOf('😀'), '\xf0\x9f\x98\x80')
  })

  it('takes octets that are no UTF-8 for characters', () => {
    // Alone, cut off, in more octets than needed, a surrogate.
    for (const text of ['\xa9', '\xe2\x82', '\xc0\xaf', '\xed\xa0\x80', '\xf5\x80\x80\x80']) {
      assert.equal(octetsOf(text), Buffer.from(text).toString('latin1'))
    }
  })
})
