import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CONTINUE, fieldLine, statusLine } from './response-head.ts'

describe('a response head', () => {
  it('begins with the status, and a space even where there is no phrase (RFC 9112 §4)', () => {
    assert.equal(statusLine(200), 'HTTP/1.1 200 OK\r\n')
    assert.equal(statusLine(404), 'HTTP/1.1 404 Not Found\r\n')
    assert.equal(statusLine(299), 'HTTP/1.1 299 \r\n')
    assert.equal(CONTINUE, 'HTTP/1.1 100 Continue\r\n\r\n')
  })

  it('may have words of its own', () => {
    assert.equal(statusLine(418, 'I am a teapot'), 'HTTP/1.1 418 I am a teapot\r\n')
    assert.equal(statusLine(404, 'caf\xe9'), 'HTTP/1.1 404 caf\xe9\r\n')
    assert.throws(() => statusLine(404, 'a\r\nb'), TypeError)
  })

  it('has fields that are one line each', () => {
    assert.equal(fieldLine('ETag', '"1"'), 'ETag: "1"\r\n')
    assert.equal(fieldLine('X', ''), 'X: \r\n')
    assert.equal(fieldLine('X', 'caf\xe9\tau lait'), 'X: caf\xe9\tau lait\r\n')
  })

  for (const name of ['', 'X Y', 'X:', 'X\r\nY', 'é']) {
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      assert.throws(() => fieldLine(name, 'v'), TypeError)
    })
  }

  for (const value of ['a\r\nSet-Cookie: b', 'a\nb', 'a\0b', 'a\x7fb', '見張り']) {
    it(`refuses the value ${JSON.stringify(value)}`, () => {
      assert.throws(() => fieldLine('X', value), TypeError)
    })
  }
})
