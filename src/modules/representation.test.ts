import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeOf, type StubExchange } from '../../test/exchange-stub.ts'
import { newStatus } from '../io/file.ts'
import {
  type Description,
  PLAIN_RULES,
  Representation,
  type SendingRules,
  StoredFile,
  sendRepresentation,
} from './representation.ts'

const TEN = Buffer.from('0123456789')
const SECOND = Date.UTC(1994, 10, 6, 8, 49, 37) / 1000
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'

function representation(description: Partial<Description> = {}): Representation {
  const status = { ...newStatus(), sizeBytes: 10, modifiedSeconds: SECOND }
  return new Representation(new StoredFile(status, TEN), {
    mediaType: 'text/plain',
    coding: null,
    varies: false,
    hasEtag: true,
    takesRanges: true,
    ...description,
  })
}

interface Asking {
  readonly method?: string
  readonly rules?: Partial<SendingRules>
  readonly description?: Partial<Description>
  readonly errorStatus?: number
}

function sent(fields: string, asking: Asking = {}): StubExchange {
  const { method = 'GET', rules = {}, description = {}, errorStatus = 0 } = asking
  const lines = fields === '' ? '' : `${fields}\r\n`
  const x = exchangeOf(`${method} / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)
  x.errorStatus = errorStatus
  sendRepresentation(x, representation(description), { ...PLAIN_RULES, ...rules })
  return x
}

describe('a representation', () => {
  it('is sent whole, with what describes it', () => {
    const x = sent('')
    assert.equal(x.status, 200)
    assert.equal(x.answerText, '0123456789')
    assert.equal(x.answerField('content-type'), 'text/plain')
    assert.equal(x.answerField('last-modified'), DATE)
    assert.equal(x.answerField('accept-ranges'), 'bytes')
    assert.match(x.answerField('etag')!, /^"[0-9a-f]+-a"$/)
  })

  it('is described to HEAD, with its length and without its bytes', () => {
    const x = sent('', { method: 'HEAD' })
    assert.equal(x.record.lengthBytes, 10)
    assert.equal(x.answerText, '')
  })

  it('is not sent to who has it', () => {
    const x = sent(`If-None-Match: ${representation().etag}`)
    assert.equal(x.status, 304)
    assert.equal(x.answerField('content-type'), null)
    assert.equal(x.answerField('etag'), representation().etag)
  })

  it('says nothing of what a place does not offer', () => {
    const x = sent('Range: bytes=0-1', {
      description: { hasEtag: false, takesRanges: false, mediaType: '' },
    })
    assert.equal(x.status, 200)
    assert.deepEqual(
      x.answerFields.map(([name]) => name),
      ['Last-Modified'],
    )
  })

  it('without an entity tag fits none that a client names', () => {
    assert.equal(sent('If-None-Match: ""', { description: { hasEtag: false } }).status, 200)
    assert.equal(sent('If-Match: "a"', { description: { hasEtag: false } }).status, 412)
  })
})

describe('a part of it', () => {
  it('is what was asked for', () => {
    const x = sent('Range: bytes=2-4')
    assert.equal(x.status, 206)
    assert.equal(x.answerText, '234')
    assert.equal(x.answerField('content-range'), 'bytes 2-4/10')
  })

  it('that lies outside is refused, with the length', () => {
    const x = sent('Range: bytes=10-')
    assert.equal(x.status, 416)
    assert.equal(x.answerField('content-range'), 'bytes */10')
  })

  it('is the whole when more ranges are asked for than the place gives', () => {
    assert.equal(sent('Range: bytes=0-0,2-2', { rules: { mostRanges: 1 } }).answerText, '0123456789')
  })

  it('comes with others in one content', () => {
    const x = sent('Range: bytes=0-0,2-2')
    assert.equal(x.status, 206)
    assert.match(x.answerField('content-type')!, /^multipart\/byteranges; boundary=/)
    assert.equal(x.answerBytes.length, x.record.lengthBytes)
  })
})

describe('If-Modified-Since', () => {
  const since = (date: string, modifiedSince: SendingRules['modifiedSince']): number =>
    sent(`If-Modified-Since: ${date}`, { rules: { modifiedSince } }).status
  it('is compared as the place says', () => {
    assert.deepEqual([since(DATE, 'exact'), since(LATER, 'exact')], [304, 200])
    assert.deepEqual([since(DATE, 'before'), since(LATER, 'before')], [304, 304])
    assert.deepEqual([since(DATE, 'off'), since(LATER, 'off')], [200, 200])
  })
})

describe('the page of an error', () => {
  it('is whole whatever the conditions and ranges of the request, and has no validators', () => {
    for (const fields of ['', 'Range: bytes=0-1', `If-Modified-Since: ${DATE}`, 'If-Match: "a"']) {
      const x = sent(fields, { errorStatus: 404 })
      assert.equal(x.status, 404)
      assert.equal(x.answerText, '0123456789')
      assert.deepEqual(x.answerFields, [['Content-Type', 'text/plain']])
    }
  })

  it('that is to pass for a 200 is answered like one', () => {
    assert.equal(sent('Range: bytes=0-1', { errorStatus: 200 }).status, 206)
  })
})
