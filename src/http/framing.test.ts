import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CHUNKED, EXPECTS_CONTINUE, expectation, framingOf, mayPersist, NO_CONTENT } from './framing.ts'
import {
  BAD_CONTENT_LENGTH,
  BAD_TRANSFER_CODING,
  CODING_IN_HTTP_1_0,
  CODING_NOT_IMPLEMENTED,
  CONTENT_TOO_LARGE,
  EXPECTATION_FAILED,
  LENGTH_AND_CODING,
  OK,
  REPEATED_FIELD,
  refusalOf,
} from './refusals.ts'
import { RequestHead } from './request-head.ts'

function headOf(version: string, method: string, lines: string[]): RequestHead {
  const bytes = Buffer.from(
    `${method} / ${version}\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`,
    'latin1',
  )
  const head = new RequestHead()
  assert.equal(head.parse(bytes, 0, bytes.length), bytes.length)
  return head
}

const head = (...lines: string[]) => headOf('HTTP/1.1', 'POST', lines)
const oldHead = (...lines: string[]) => headOf('HTTP/1.0', 'POST', lines)
const length = (text: string) => framingOf(head(`Content-Length:${text}`))
const coding = (...values: string[]) => framingOf(head(...values.map(value => `Transfer-Encoding: ${value}`)))

describe('framing (RFC 9112 §6.3)', () => {
  it('3. is not both length and coding', () => {
    assert.equal(framingOf(head('Content-Length: 3', 'Transfer-Encoding: chunked')), LENGTH_AND_CODING)
    assert.equal(framingOf(head('transfer-encoding:', 'content-length:')), LENGTH_AND_CODING)
  })

  it('4. is chunked once and last', () => {
    assert.equal(coding('chunked'), CHUNKED)
    assert.equal(coding('CHUNKED'), CHUNKED)
    assert.equal(coding(', \tChunked ,,'), CHUNKED)
    assert.equal(coding('', 'chunked', ''), CHUNKED)
    for (const value of [
      '',
      ',',
      'chunked, chunked',
      'chunked, gzip',
      'chunked;q=1',
      'chunked;',
      '"chunked"',
      'chunk ed',
      'chun\tked',
      'chunked\xa0',
      '\x80chunked',
      'chunked, ""',
    ]) {
      assert.equal(coding(value), BAD_TRANSFER_CODING, value)
    }
    assert.equal(coding('chunked', 'chunked'), BAD_TRANSFER_CODING)
    assert.equal(coding('chunked', 'identity'), BAD_TRANSFER_CODING)
  })

  it('4. is refused with other codings', () => {
    for (const value of ['gzip', 'gzip, chunked', 'identity', 'xchunked', 'chunkedx', 'identity, chunked']) {
      assert.equal(coding(value), CODING_NOT_IMPLEMENTED, value)
    }
    assert.equal(coding('gzip', 'chunked'), CODING_NOT_IMPLEMENTED)
    assert.equal(refusalOf(CODING_NOT_IMPLEMENTED).status, 501)
  })

  it('4. has no coding in HTTP/1.0', () => {
    assert.equal(framingOf(oldHead('Transfer-Encoding: chunked')), CODING_IN_HTTP_1_0)
    assert.equal(framingOf(oldHead('Transfer-Encoding: gzip')), CODING_IN_HTTP_1_0)
  })

  it('5. has a length that is decimal digits, once', () => {
    for (const text of [
      '',
      ' ',
      '+3',
      '-1',
      '3 3',
      '3,3',
      '3, 3',
      '0x3',
      '3.0',
      '1e3',
      '1_0',
      'abc',
      '3;',
      '"3"',
      '\xb2',
    ]) {
      assert.equal(length(text), BAD_CONTENT_LENGTH, text)
    }
    assert.equal(framingOf(head('Content-Length: 3', 'Content-Length: 3')), REPEATED_FIELD)
    assert.equal(framingOf(head('Content-Length: 3', 'content-length: 4')), REPEATED_FIELD)
  })

  it('6. is the length', () => {
    assert.equal(length('0'), 0)
    assert.equal(length(' 12\t'), 12)
    assert.equal(length('010'), 10)
    assert.equal(length(`${'0'.repeat(400)}7`), 7)
    assert.equal(length('4294967297'), 4294967297)
    assert.equal(length('9007199254740991'), Number.MAX_SAFE_INTEGER)
    assert.equal(framingOf(oldHead('Content-Length: 5')), 5)
  })

  it('6. is counted without overflow', () => {
    for (const text of [
      '9007199254740992',
      '9007199254740993',
      '18446744073709551616',
      '18446744073709551621',
      '9'.repeat(1000),
    ]) {
      assert.equal(length(text), CONTENT_TOO_LARGE, text)
    }
    assert.equal(length(`${'9'.repeat(1000)}x`), BAD_CONTENT_LENGTH)
    assert.equal(refusalOf(CONTENT_TOO_LARGE).status, 413)
  })

  it('7. is nothing otherwise, whatever the method', () => {
    for (const method of ['GET', 'POST', 'PUT', 'FOO']) {
      assert.equal(
        framingOf(headOf('HTTP/1.1', method, ['Content-Type: a/b', 'Content_Length: 7'])),
        NO_CONTENT,
      )
      assert.equal(framingOf(headOf('HTTP/1.1', method, ['Content-Length: 7'])), 7)
      assert.equal(framingOf(headOf('HTTP/1.1', method, ['Transfer-Encoding: chunked'])), CHUNKED)
    }
  })
})

describe('persistence (RFC 9112 §9.3)', () => {
  it('is the default of HTTP/1.1', () => {
    assert.ok(mayPersist(head()))
    assert.ok(mayPersist(head('Connection: keep-alive')))
    assert.ok(mayPersist(head('Connection: upgrade')))
    assert.ok(mayPersist(head('Connection:')))
    assert.ok(mayPersist(headOf('HTTP/1.7', 'GET', [])))
  })

  it('ends with close, on any line, in any case', () => {
    assert.ok(!mayPersist(head('Connection: close')))
    assert.ok(!mayPersist(head('Connection: foo,CLOSE ,bar')))
    assert.ok(!mayPersist(head('Connection: keep-alive, close')))
    assert.ok(!mayPersist(head('Connection: keep-alive', 'connection: Close')))
    assert.ok(!mayPersist(oldHead('Connection: keep-alive, close')))
    assert.ok(mayPersist(head('Connection: closed')))
  })

  it('is asked for in HTTP/1.0', () => {
    assert.ok(!mayPersist(oldHead()))
    assert.ok(!mayPersist(oldHead('Connection: upgrade')))
    assert.ok(mayPersist(oldHead('Connection: Keep-Alive')))
    assert.ok(mayPersist(oldHead('Connection: a', 'Connection: b, keep-alive')))
  })
})

describe('expectations (RFC 9110 §10.1.1)', () => {
  it('are 100-continue or fail', () => {
    assert.equal(expectation(head('Expect: 100-continue')), EXPECTS_CONTINUE)
    assert.equal(expectation(head('Expect: 100-Continue, ')), EXPECTS_CONTINUE)
    assert.equal(expectation(head('Expect: 200-ok')), EXPECTATION_FAILED)
    assert.equal(expectation(head('Expect: 100-continue', 'Expect: foo=bar')), EXPECTATION_FAILED)
    assert.equal(expectation(head('Expect: 100-continue;a')), EXPECTATION_FAILED)
    assert.equal(refusalOf(EXPECTATION_FAILED).status, 417)
  })

  it('are nothing when empty, absent, or from HTTP/1.0', () => {
    assert.equal(expectation(head()), OK)
    assert.equal(expectation(head('Expect:')), OK)
    assert.equal(expectation(oldHead('Expect: 100-continue')), OK)
    assert.equal(expectation(oldHead('Expect: foo')), OK)
  })
})
