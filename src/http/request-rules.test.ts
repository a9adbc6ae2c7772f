import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CHUNKED, NO_CONTENT } from './framing.ts'
import {
  BAD_HOST,
  BAD_TARGET_FORM,
  CODING_IN_HTTP_1_0,
  EXPECTATION_FAILED,
  LENGTH_AND_CODING,
  METHOD_NOT_IMPLEMENTED,
  MISSING_HOST,
  OK,
  PATH_ABOVE_ROOT,
  REPEATED_FIELD,
} from './refusals.ts'
import { RequestHead } from './request-head.ts'
import { checkRequest, RequestFacts } from './request-rules.ts'

const facts = new RequestFacts()

function check(line: string, ...fields: string[]): number {
  const bytes = Buffer.from(`${[line, ...fields].join('\r\n')}\r\n\r\n`, 'latin1')
  const head = new RequestHead()
  assert.equal(head.parse(bytes, 0, bytes.length), bytes.length)
  return checkRequest(head, false, facts)
}

describe('checkRequest', () => {
  it('gives the facts', () => {
    assert.equal(
      check('POST /a/../b?c HTTP/1.1', 'Host: H:1', 'Content-Length: 5', 'Expect: 100-continue'),
      OK,
    )
    const { target, ...others } = facts
    assert.deepEqual([target.path, target.query, target.host], ['/b', 'c', 'h'])
    assert.deepEqual(others, { framing: 5, expectsContinue: true, mayPersist: true })
  })

  it('keeps nothing of the request before', () => {
    assert.equal(
      check('GET http://b/c?d HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked', 'Expect: 100-continue'),
      OK,
    )
    assert.equal(facts.framing, CHUNKED)
    assert.equal(check('GET / HTTP/1.0'), OK)
    const { target, ...others } = facts
    assert.deepEqual(
      { ...target },
      { form: 0, path: '/', rawPath: '/', query: null, authority: null, host: '' },
    )
    assert.deepEqual(others, { framing: NO_CONTENT, expectsContinue: false, mayPersist: false })
  })

  it('expects nothing where no content was announced', () => {
    assert.equal(check('GET / HTTP/1.1', 'Host: h', 'Expect: 100-continue'), OK)
    assert.ok(!facts.expectsContinue)
    assert.equal(check('GET / HTTP/1.1', 'Host: h', 'Expect: 100-continue', 'Content-Length: 0'), OK)
    assert.ok(!facts.expectsContinue)
  })

  it('names the first rule that is broken', () => {
    assert.equal(check('GET /.. HTTP/1.1', 'Content-Length: x'), PATH_ABOVE_ROOT)
    assert.equal(check('GET x HTTP/1.1'), BAD_TARGET_FORM)
    assert.equal(check('CONNECT a:1 HTTP/1.1', 'Host: a:1'), METHOD_NOT_IMPLEMENTED)
    assert.equal(check('CONNECT a HTTP/1.1', 'Host: a'), BAD_TARGET_FORM)
    assert.equal(check('GET / HTTP/1.1', 'Content-Length: 1', 'Transfer-Encoding: chunked'), MISSING_HOST)
    assert.equal(check('GET / HTTP/1.1', 'Host: a b', 'Expect: x'), BAD_HOST)
    assert.equal(check('GET / HTTP/1.1', 'Host: a', 'Content-Type: a/b', 'Content-Type: a/b'), REPEATED_FIELD)
    assert.equal(
      check('GET / HTTP/1.1', 'Host: a', 'Content-Length: 1', 'Transfer-Encoding: a', 'Expect: x'),
      LENGTH_AND_CODING,
    )
    assert.equal(check('GET / HTTP/1.0', 'Transfer-Encoding: chunked'), CODING_IN_HTTP_1_0)
    assert.equal(check('GET / HTTP/1.1', 'Host: a', 'Expect: x'), EXPECTATION_FAILED)
  })
})
