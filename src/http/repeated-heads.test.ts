/**
 * Heads and sections that come again are recognised instead of read. Whatever came before, in whatever pieces, what is found must
 * be what an instance without a past finds.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { INCOMPLETE } from './refusals.ts'
import { RequestHead } from './request-head.ts'
import { checkRequest, RequestFacts } from './request-rules.ts'

const AGENT = `User-Agent: ${'veille '.repeat(30)}\r\n`

const HEADS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: b\r\n\r\n',
  'GET / HTTP/1.0\r\nHost: a\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n',
  '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
  `GET /1 HTTP/1.1\r\nHost: a\r\n${AGENT}Connection: close\r\n\r\n`,
  `GET /two HTTP/1.1\r\nHost: a\r\n${AGENT}Connection: close\r\n\r\n`,
  `GET /two HTTP/1.1\r\nHost: a\r\n${AGENT}Connection: closX\r\n\r\n`,
  `POST /p HTTP/1.1\r\nHost: a\r\n${AGENT}Content-Length: 12\r\n\r\n`,
  `POST /p HTTP/1.1\r\nHost: a\r\n${AGENT}Content-Length: 13\r\n\r\n`,
  `GET /%41/../b HTTP/1.1\r\nHost: a\r\nX: 1\r\nx: 2\r\n${AGENT}\r\n`,
  // Refused while they are read, or when they are checked.
  'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
  'GET  / HTTP/1.1\r\n\r\n',
  `GET /two HTTP/1.1\r\nHost: a\r\n${AGENT}Bad\x00: close\r\n\r\n`,
  'GET / HTTP/1.1\r\n\r\n',
  'GET /.. HTTP/1.1\r\nHost: a\r\n\r\n',
]

/** Everything that a head and its check tell. */
function told(head: RequestHead, facts: RequestFacts, bytes: Buffer, start: number, cuts: number[]): unknown {
  head.reset()
  let result = INCOMPLETE
  for (const end of [...cuts, bytes.length]) {
    if (result === INCOMPLETE) result = head.parse(bytes, start, end)
  }
  if (result < 0) return result
  const checked = checkRequest(head, false, facts)
  const line = [head.method, head.versionMinor, head.targetText(), head.queryText(), head.lineText()]
  const fields = [...head.fields.entries()]
  const known = ['host', 'connection', 'content-length', 'x'].map(name => head.fields.get(name))
  if (checked !== 0) return [result - start, line, fields, known, checked]
  const { target, ...others } = facts
  return [result - start, line, fields, known, { ...target }, { ...others }]
}

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state / 0x80000000
  }
}

describe('a head that comes again', () => {
  it('is recognised', () => {
    const head = new RequestHead()
    const bytes = Buffer.from(HEADS[6]!, 'latin1')
    for (const expected of [false, true, true]) {
      head.reset()
      assert.equal(head.parse(bytes, 0, bytes.length), bytes.length)
      assert.equal(head.isRepeated, expected)
    }
    head.reset()
    assert.equal(head.isRepeated, false)
  })

  it('tells what an instance without a past tells, after any others and in any pieces', () => {
    const next = random(20261123)
    const reused = new RequestHead()
    const others = new RequestHead()
    const facts = new RequestFacts()
    let recognised = 0
    for (let i = 0; i < 20_000; i++) {
      const text = HEADS[Math.floor(next() * next() * HEADS.length)]!
      const start = Math.floor(next() * 5)
      const bytes = Buffer.from('?'.repeat(start) + text, 'latin1')
      const cuts = next() < 0.3 ? [start + 1 + Math.floor(next() * (text.length - 1))] : []
      // Two instances and one object of facts, as the connections of a server have them.
      const head = next() < 0.8 ? reused : others
      const actual = told(head, facts, bytes, start, cuts)
      if (head.isRepeated) recognised++
      assert.deepEqual(actual, told(new RequestHead(), new RequestFacts(), bytes, start, []), text)
    }
    assert.ok(recognised > 1000, `${recognised} were recognised`)
  })

  it('is not taken for one that is longer, shorter, or cut off', () => {
    const head = new RequestHead()
    const whole = Buffer.from('GET /abc HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1')
    head.parse(whole, 0, whole.length)
    head.reset()
    assert.equal(head.parse(whole, 0, whole.length - 1), INCOMPLETE)
    assert.equal(head.parse(whole, 0, whole.length), whole.length)
    assert.ok(!head.isRepeated)
    head.reset()
    const longer = Buffer.concat([whole, whole])
    assert.equal(head.parse(longer, 0, longer.length), whole.length)
    assert.ok(head.isRepeated)
  })
})
