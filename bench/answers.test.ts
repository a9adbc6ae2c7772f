import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Answers } from './answers.ts'

const SMALL = 'HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!'
const EMPTY = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'

test('answers are counted whole, wherever the bytes are cut', () => {
  const bytes = Buffer.from(SMALL + EMPTY + SMALL)
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second += 7) {
      const answers = new Answers()
      answers.feed(bytes.subarray(0, first))
      answers.feed(bytes.subarray(first, second))
      answers.feed(bytes.subarray(second))
      assert.equal(answers.complete, 3, `cut at ${first} and ${second}`)
      assert.equal(answers.bytes, bytes.length)
      assert.deepEqual(answers.last, {
        status: 200,
        contentBytes: 13,
        answerBytes: SMALL.length,
        closes: true,
      })
    }
  }
})

test('an answer that has no content needs no length (RFC 9110 §15.3.5)', () => {
  const answers = new Answers()
  const bytes = 'HTTP/1.1 204 No Content\r\nServer: a\r\n\r\n'
  answers.feed(Buffer.from(bytes + SMALL))
  assert.equal(answers.complete, 2)
  assert.equal(answers.bytes, bytes.length + SMALL.length)
})

test('an answer without its last byte is not counted', () => {
  const answers = new Answers()
  answers.feed(Buffer.from(EMPTY + SMALL.slice(0, -1)))
  assert.equal(answers.complete, 1)
  assert.equal(answers.last?.status, 404)
})

test('what has no known length, or is no answer, is refused', () => {
  assert.throws(() => new Answers().feed(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), /without Content-Length/)
  assert.throws(() => new Answers().feed(Buffer.from('GET / HTTP/1.1\r\n\r\n')), /not an HTTP\/1.1 answer/)
})
