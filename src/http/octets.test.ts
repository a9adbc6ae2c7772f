import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { octetsOf, textOf } from './octets.ts'

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

describe('octets as text', () => {
  it('are decoded where they are UTF-8', () => {
    assert.equal(textOf('plain'), 'plain')
    assert.equal(textOf('\xc3\xa9\xe2\x82\xac'), 'é€')
  })

  it('stay as they are where they are not', () => {
    for (const octets of ['\xe9', 'a\xc3', '\xc0\xaf']) assert.equal(textOf(octets), octets)
  })
})
