import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { piecesOf, poisoned } from '../../test/pieces.ts'
import {
  abortRequest,
  beginRequest,
  END_OF_STDIN,
  FastcgiReader,
  NOTHING,
  paddingOf,
  protocolStatusWords,
  STDIN_BYTES,
  STDOUT,
  stdinHeader,
} from './fastcgi-records.ts'

const END_BODY = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0])

interface Fields {
  readonly version?: number
  readonly id?: number
  readonly padding?: number
}

function record(
  type: number,
  content: Buffer | string,
  { version = 1, id = 1, padding = 0 }: Fields = {},
): Buffer {
  const body = Buffer.from(content)
  const header = Buffer.from([
    version,
    type,
    id >> 8,
    id & 255,
    body.length >> 8,
    body.length & 255,
    padding,
    0,
  ])
  return Buffer.concat([header, body, Buffer.alloc(padding, 0x21)])
}

interface Answer {
  stdout: string
  stderr: string
  code: number
  words: string
  isStdoutEnded: boolean
  isEnded: boolean
  ends: [number, number]
}

/** What a reader makes of an answer that comes up to each of these places, and how far it came. */
function readIn(answer: Buffer, pieces: readonly number[], poison: number): Answer & { at: number } {
  const reader = new FastcgiReader()
  let stdout = ''
  let stderr = ''
  let at = 0
  for (const length of pieces) {
    const { bytes, start, end } = poisoned(answer, length, poison)
    for (;;) {
      const next = reader.read(bytes, start + at, end)
      if (next < 0)
        return { ...resultOf(reader, stdout, stderr), code: next, words: reader.refusalWords(next), at: 0 }
      at = next - start
      if (reader.stream === NOTHING) break
      const span = bytes.toString('latin1', reader.dataStart, reader.dataEnd)
      if (reader.stream === STDOUT) stdout += span
      else stderr += span
    }
  }
  return { ...resultOf(reader, stdout, stderr), at }
}

function resultOf(reader: FastcgiReader, stdout: string, stderr: string): Answer {
  const { isStdoutEnded, isEnded, protocolStatus, appStatus } = reader
  return { stdout, stderr, code: 0, words: '', isStdoutEnded, isEnded, ends: [protocolStatus, appStatus] }
}

/** The same however it is cut. */
function read(answer: Buffer): Answer & { at: number } {
  const whole = readIn(answer, [answer.length], 0x61)
  for (const pieces of piecesOf(answer.length)) assert.deepEqual(readIn(answer, pieces, 0x00), whole)
  return whole
}

describe('a FastCGI answer', () => {
  it('is what its STDOUT records hold, up to END_REQUEST', () => {
    const answer = read(
      Buffer.concat([record(6, 'Status: 200\n'), record(6, '\nhello'), record(6, ''), record(3, END_BODY)]),
    )
    assert.equal(answer.stdout, 'Status: 200\n\nhello')
    assert.equal(answer.stderr, '')
    assert.ok(answer.isStdoutEnded)
    assert.ok(answer.isEnded)
    assert.deepEqual(answer.ends, [0, 0])
  })

  it('may have padding behind each record, and STDERR in between', () => {
    const answer = read(
      Buffer.concat([
        record(6, 'a', { padding: 7 }),
        record(7, 'oh', { padding: 255 }),
        record(7, '', { padding: 1 }),
        record(6, 'b', { padding: 3 }),
        record(7, ' no'),
        record(3, END_BODY, { padding: 8 }),
      ]),
    )
    assert.equal(answer.stdout, 'ab')
    assert.equal(answer.stderr, 'oh no')
    assert.ok(answer.isEnded)
    assert.ok(!answer.isStdoutEnded)
  })

  it('may have records of the greatest size', () => {
    const content = Buffer.alloc(0xffff, 'x')
    const answer = readIn(record(6, content, { padding: 1 }), [9000, 65_000, 65_544], 0)
    assert.equal(answer.stdout.length, 0xffff)
    assert.equal(answer.at, 8 + 0xffff + 1)
  })

  it('leaves what follows its end where it is', () => {
    const answer = Buffer.concat([record(3, END_BODY, { padding: 2 }), record(6, 'late')])
    assert.equal(read(answer).at, 18)
    assert.equal(read(answer).stdout, '')
  })

  it('tells why a request was not processed', () => {
    const { ends } = read(record(3, Buffer.from([0, 0, 1, 2, 2, 0, 0, 0])))
    assert.deepEqual(ends, [2, 258])
    assert.equal(protocolStatusWords(2), 'it is overloaded')
    assert.equal(protocolStatusWords(77), 'protocol status 77')
  })

  it('is not over when it is cut', () => {
    const answer = Buffer.concat([record(6, 'abc', { padding: 5 }), record(3, END_BODY, { padding: 8 })])
    for (let length = 0; length < 16 + 16; length++) {
      const cut = readIn(answer.subarray(0, length), [length], 0x0a)
      assert.equal(cut.isEnded, false, `${length} bytes`)
    }
  })
})

describe('a record that is none of an answer', () => {
  it('is refused by name', () => {
    const words = (bytes: Buffer) => read(Buffer.concat([record(6, 'a'), bytes])).words
    assert.equal(words(record(6, 'a', { version: 2 })), 'unsupported FastCGI protocol version: 2')
    assert.equal(words(record(5, 'a')), 'invalid FastCGI record type: 5')
    assert.equal(words(record(11, '')), 'invalid FastCGI record type: 11')
    assert.equal(words(record(6, 'a', { id: 2 })), 'unexpected FastCGI request id low byte: 2')
    assert.equal(words(record(6, 'a', { id: 0x301 })), 'unexpected FastCGI request id high byte: 3')
    assert.equal(words(record(6, 'a', { id: 0 })), 'unexpected FastCGI request id low byte: 0')
    assert.equal(words(record(3, 'short')), 'an end of request of 5 bytes in place of 8')
  })
})

interface Parsed {
  readonly type: number
  readonly content: Buffer
}

function recordsIn(bytes: Buffer): Parsed[] {
  const list: Parsed[] = []
  for (let at = 0; at < bytes.length; ) {
    assert.deepEqual([bytes[at], bytes.readUInt16BE(at + 2)], [1, 1])
    const size = bytes.readUInt16BE(at + 4)
    list.push({ type: bytes[at + 1]!, content: bytes.subarray(at + 8, at + 8 + size) })
    at += 8 + size + bytes[at + 6]!
    assert.equal(at % 8, 0)
  }
  return list
}

function pairsIn(bytes: Buffer): [string, string][] {
  const pairs: [string, string][] = []
  let at = 0
  const length = () => {
    const short = bytes[at]!
    at += short < 128 ? 1 : 4
    return short < 128 ? short : bytes.readUInt32BE(at - 4) & 0x7fff_ffff
  }
  const text = (size: number) => {
    at += size
    return bytes.toString('latin1', at - size, at)
  }
  while (at < bytes.length) {
    const [nameBytes, valueBytes] = [length(), length()]
    pairs.push([text(nameBytes), text(valueBytes)])
  }
  return pairs
}

describe('a FastCGI request', () => {
  it('begins as a responder’s, then gives its parameters', () => {
    for (const keepsOpen of [false, true]) {
      const [begin, params, end, ...more] = recordsIn(
        beginRequest(
          [
            ['REQUEST_METHOD', 'GET'],
            ['EMPTY', ''],
          ],
          keepsOpen,
        ),
      )
      assert.equal(begin?.type, 1)
      assert.deepEqual([...begin.content], [0, 1, keepsOpen ? 1 : 0, 0, 0, 0, 0, 0])
      assert.equal(params?.type, 4)
      assert.deepEqual(pairsIn(params.content), [
        ['REQUEST_METHOD', 'GET'],
        ['EMPTY', ''],
      ])
      assert.deepEqual([end?.type, end?.content.length], [4, 0])
      assert.deepEqual(more, [])
    }
  })

  it('may have no parameters', () => {
    assert.deepEqual(
      recordsIn(beginRequest([], false)).map(({ type }) => type),
      [1, 4],
    )
  })

  it('has parameters of any length, over as many records as they take', () => {
    for (const size of [127, 128, 65_000, 65_520, 65_528, 65_536, 200_000]) {
      const pair: [string, string] = ['N'.repeat(Math.min(size, 300)), '\xe9'.repeat(size)]
      const records = recordsIn(beginRequest([pair, ['LAST', 'x']], false))
      const params = records.filter(({ type, content }) => type === 4 && content.length > 0)
      assert.equal(records.length, params.length + 2)
      assert.deepEqual(pairsIn(Buffer.concat(params.map(({ content }) => content))), [pair, ['LAST', 'x']])
    }
  })

  it('gives its content in records that are aligned', () => {
    for (const size of [1, 7, 8, 9, STDIN_BYTES - 1, STDIN_BYTES]) {
      const [stdin] = recordsIn(Buffer.concat([stdinHeader(size), Buffer.alloc(size, 'y'), paddingOf(size)]))
      assert.deepEqual([stdin?.type, stdin?.content.length], [5, size])
    }
    assert.deepEqual([...END_OF_STDIN], [1, 5, 0, 1, 0, 0, 0, 0])
    assert.deepEqual([...abortRequest()], [1, 2, 0, 1, 0, 0, 0, 0])
  })
})
