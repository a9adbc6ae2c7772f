/**
 * Mutations of good messages, the same in every run, against readers so slow and simple that they can be checked by
 * eye: the grammar of the RFC as regular expressions. Both must accept the same messages, and cutting must not matter.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mutated, poisoned, randomFrom, randomPieces } from '../../test/pieces.ts'
import { ChunkedDecoder } from './chunked.ts'
import { INCOMPLETE, isRefusal, refusalOf } from './refusals.ts'
import { RequestHead } from './request-head.ts'
import { checkRequest, RequestFacts } from './request-rules.ts'

const CASES = 12_000

const TCHAR = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]"
const VALUE = '[\\t\\x20-\\x7e\\x80-\\xff]*'
const FIELDS = `(?:${TCHAR}+:${VALUE}\\r\\n)*\\r\\n`
const QUERY = '\\?[!"$-~\\x80-\\xff]*'
const TARGET = `(?:(?:[!"$&->@-[\\]-~\\x80-\\xff]|%[0-9A-Fa-f]{2})+(?:${QUERY})?|${QUERY})`
const METHOD = `(?:OPTIONS |${TCHAR}{1,32} (?!\\*))`
const HEAD = new RegExp(`^(?:\\r\\n){0,16}${METHOD}${TARGET} HTTP/1\\.[0-9]\\r\\n${FIELDS}`)
const QUOTED = '"(?:[\\t !\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"'
const EXTENSIONS = `(?:[ \\t]*;[ \\t]*${TCHAR}+(?:[ \\t]*=[ \\t]*(?:${TCHAR}+|${QUOTED}))?)*`
const SIZE_LINE = new RegExp(`^([0-9A-Fa-f]+)${EXTENSIONS}\\r\\n`)
const TRAILERS = new RegExp(`^${FIELDS}`)

/** @returns the length of the message, or -1 when this is none, or not yet one; and the data */
function slowlyDecoded(text: string): [length: number, data: string] {
  let data = ''
  for (let rest = text; ; ) {
    const line = SIZE_LINE.exec(rest)
    if (line === null) return [-1, '']
    const size = Number.parseInt(line[1]!, 16)
    rest = rest.slice(line[0].length)
    if (size === 0) {
      const trailers = TRAILERS.exec(rest)
      return trailers === null ? [-1, ''] : [text.length - rest.length + trailers[0].length, data]
    }
    if (rest.slice(size, size + 2) !== '\r\n') return [-1, '']
    data += rest.slice(0, size)
    rest = rest.slice(size + 2)
  }
}

const facts = new RequestFacts()

/** All that there is to know about a head, or about its refusal. */
function readHead(message: Buffer, pieces: number[]): { result: number; words: string } {
  const head = new RequestHead()
  let result = INCOMPLETE
  for (const length of pieces) {
    const { bytes, start, end } = poisoned(message, length, length)
    const at = head.parse(bytes, start, end)
    result = at >= 0 ? at - start : at
    if (result !== INCOMPLETE) break
  }
  if (isRefusal(result)) return { result, words: refusalOf(result).words }
  if (result === INCOMPLETE) return { result, words: 'more' }
  const checked = checkRequest(head, false, facts)
  if (isRefusal(checked)) return { result, words: refusalOf(checked).words }
  checkFacts()
  return {
    result,
    words: JSON.stringify([head.method, head.targetText(), [...head.fields.entries()], facts]),
  }
}

/** What must hold of a request that passed, whatever was sent. */
function checkFacts(): void {
  const { path, host } = facts.target
  assert.match(path, /^\//)
  assert.doesNotMatch(path, /\/\/|\/\.\.?(?:\/|$)|[\0-\x1f\x7f\\]/)
  assert.doesNotMatch(host, /[\0-\x20"#/<>?@\\^`{|}\x7f-\xff]|[A-Z]/)
  assert.ok(facts.framing >= 0)
}

const HEADS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  '\r\nPOST /a/./b%20c/..?d=%2f HTTP/1.1\r\nHost: a.b:80\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\nhello',
  'OPTIONS * HTTP/1.0\r\nConnection: keep-alive, \tx\r\nConnection: close\r\n\r\n',
  'GET http://[::1.2.3.4]:8/x HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: ,chunked\r\nX:\r\nY: "\xe9\\" \t\r\n\r\n',
  'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nA: b\r\n\r\n',
]

const CHUNKS = [
  '0\r\n\r\n',
  '5\r\nhello\r\n1;a=b\r\nx\r\n0\r\n\r\nGET',
  '3 ;a = "b\\"c" ; d\r\n\r\n\r\r\n00b;e\r\n0123456789a\r\n00;x\r\nA: b\r\nContent-Length:\t1\r\n\r\n',
]

function decodeChunks(message: Buffer, pieces: number[]): { result: number; words: string } {
  const decoder = new ChunkedDecoder()
  let data = ''
  let done = 0
  for (const length of pieces) {
    const piece = message.subarray(done, length)
    const { bytes, start, end } = poisoned(piece, piece.length, length)
    for (let at = start; at < end && !decoder.isDone; ) {
      const next = decoder.read(bytes, at, end)
      if (isRefusal(next)) return { result: next, words: refusalOf(next).words }
      data += bytes.toString('latin1', decoder.dataStart, decoder.dataEnd)
      done += next - at
      at = next
    }
    if (decoder.isDone) break
  }
  if (!decoder.isDone) return { result: INCOMPLETE, words: 'more' }
  return { result: done, words: JSON.stringify([data, [...decoder.trailers.entries()]]) }
}

describe('fuzzing', () => {
  it('heads: as the grammar says, in any pieces', () => {
    const random = randomFrom(20261123)
    let accepted = 0
    for (let i = 0; i < CASES; i++) {
      const message = mutated(Buffer.from(HEADS[i % HEADS.length]!, 'latin1'), random)
      const text = message.toString('latin1')
      const whole = readHead(message, [message.length])
      const match = HEAD.exec(text)
      assert.equal(
        whole.result >= 0 ? whole.result : -1,
        match === null ? -1 : match[0].length,
        JSON.stringify(text),
      )
      const pieces = randomPieces(message.length, random)
      assert.deepEqual(readHead(message, pieces), whole, `in pieces ${pieces} of ${JSON.stringify(text)}`)
      if (whole.result >= 0) accepted++
    }
    assert.ok(
      accepted > CASES / 10 && accepted < CASES,
      `${accepted} accepted: the mutations are too mild or too wild`,
    )
  })

  it('chunks: as the grammar says, in any pieces', () => {
    const random = randomFrom(9112)
    let accepted = 0
    for (let i = 0; i < CASES; i++) {
      const message = mutated(Buffer.from(CHUNKS[i % CHUNKS.length]!, 'latin1'), random)
      const text = message.toString('latin1')
      const whole = decodeChunks(message, [message.length])
      const [length, data] = slowlyDecoded(text)
      assert.equal(whole.result >= 0 ? whole.result : -1, length, JSON.stringify(text))
      if (length >= 0) assert.equal(JSON.parse(whole.words)[0], data)
      const pieces = randomPieces(message.length, random)
      assert.deepEqual(decodeChunks(message, pieces), whole, `in pieces ${pieces} of ${JSON.stringify(text)}`)
      if (length >= 0) accepted++
    }
    assert.ok(
      accepted > CASES / 10 && accepted < CASES,
      `${accepted} accepted: the mutations are too mild or too wild`,
    )
  })
})
