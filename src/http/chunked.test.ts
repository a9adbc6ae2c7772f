import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { POISONS, piecesOf, poisoned } from '../../test/pieces.ts'
import { CHUNK_END, ChunkedDecoder, chunkSizeLine, lastChunk } from './chunked.ts'
import {
  BAD_CHUNK_END,
  BAD_CHUNK_EXTENSION,
  BAD_CHUNK_SIZE,
  BAD_FIELD_NAME,
  BAD_FIELD_VALUE,
  BAD_LINE_END,
  CHUNK_EXTENSIONS_TOO_LARGE,
  CHUNK_TOO_LARGE,
  FIELD_LINE_TOO_LONG,
  FIELDS_TOO_LARGE,
  FOLDED_LINE,
  isRefusal,
  TOO_MANY_FIELDS,
} from './refusals.ts'

/** Stands before the byte that earns a refusal. */
const MARK = '▶'

interface Decoded {
  data: string
  isDone: boolean
  /** A refusal, or 0. */
  refusal: number
  /** How many bytes were read, or had come when the refusal was told. */
  length: number
  trailers: [string, string][]
}

/** Each piece is given once, in a buffer of its own; what it held is gone when the next one comes. */
function decode(message: Buffer, pieces: number[], poison: number): Decoded {
  const decoder = new ChunkedDecoder()
  const outcome: Decoded = { data: '', isDone: false, refusal: 0, length: 0, trailers: [] }
  for (const length of pieces) {
    const piece = message.subarray(outcome.length, length)
    const { bytes, start, end } = poisoned(piece, piece.length, poison)
    for (let at = start; at < end && !decoder.isDone; ) {
      const next = decoder.read(bytes, at, end)
      if (isRefusal(next)) return { ...outcome, refusal: next, length }
      assert.ok(next > at || decoder.isDone, 'it goes on')
      assert.ok(at <= decoder.dataStart && decoder.dataStart <= decoder.dataEnd && decoder.dataEnd <= next)
      outcome.data += bytes.toString('latin1', decoder.dataStart, decoder.dataEnd)
      outcome.length += next - at
      at = next
    }
    bytes.fill(poison)
    if (decoder.isDone) break
  }
  return { ...outcome, isDone: decoder.isDone, trailers: [...decoder.trailers.entries()] }
}

function decodeInPieces(text: string): Decoded {
  const message = Buffer.from(text, 'latin1')
  const whole = decode(message, [message.length], POISONS[0]!)
  for (const poison of POISONS) {
    for (const pieces of piecesOf(message.length)) {
      const outcome = decode(message, pieces, poison)
      assert.equal(
        outcome.refusal,
        whole.refusal,
        `in pieces ${pieces.slice(0, 3)} of ${JSON.stringify(text)}`,
      )
      if (whole.refusal === 0) assert.deepEqual(outcome, whole)
    }
  }
  return whole
}

function decodes(text: string, data: string, ...trailers: [string, string][]): void {
  const expected = { data, isDone: true, refusal: 0, length: text.length, trailers }
  assert.deepEqual(decodeInPieces(text), expected)
  assert.deepEqual(decodeInPieces(`${text}0\r\nGET / HTTP/1.1`), expected, 'what follows is not touched')
}

function refuses(marked: string, code: number): void {
  const at = marked.indexOf(MARK)
  assert.ok(at >= 0, 'the case says which byte earns the refusal')
  const text = marked.replace(MARK, '')
  assert.equal(decodeInPieces(text).refusal, code, JSON.stringify(text))
  const byteByByte = Array.from({ length: text.length }, (_, i) => i + 1)
  const { length } = decode(Buffer.from(text, 'latin1'), byteByByte, POISONS[2]!)
  assert.equal(length, at + 1, `told after ${JSON.stringify(text.slice(0, length))}`)
}

const END = '0\r\n\r\n'

describe('chunks (RFC 9112 §7.1)', () => {
  it('are sizes and data', () => {
    decodes(END, '')
    decodes(`5\r\nhello\r\n${END}`, 'hello')
    decodes(`1\r\na\r\n2\r\nbc\r\n${END}`, 'abc')
    decodes(`4\r\n\r\n\r\n\r\n${END}`, '\r\n\r\n')
    decodes(`a\r\n0123456789\r\nA\r\n0123456789\r\n${END}`, '01234567890123456789')
    decodes(`1F\r\n${'x'.repeat(31)}\r\n${END}`, 'x'.repeat(31))
  })

  it('may be written with zeros in front', () => {
    decodes(`0005\r\nhello\r\n0000\r\n\r\n`, 'hello')
    decodes(`${'0'.repeat(30)}1\r\na\r\n${END}`, 'a')
    refuses(`${'0'.repeat(256)}▶0`, CHUNK_TOO_LARGE)
  })

  it('have sizes that are hexadecimal digits', () => {
    for (const text of [
      '▶\r\n',
      '▶\n',
      '▶ 5\r\n',
      '▶-5\r\n',
      '▶+5\r\n',
      '▶g\r\n',
      '▶;a\r\n',
      '▶\0',
      '0▶x5\r\n',
      '1▶_0\r\n',
      '5▶,5\r\n',
      '5▶.0\r\n',
      '5▶h\r\n',
    ]) {
      refuses(text, BAD_CHUNK_SIZE)
    }
    refuses('1\r\na\r\n▶\r\n', BAD_CHUNK_SIZE)
    refuses('5▶\nhello', BAD_LINE_END)
    refuses('5\r▶hello', BAD_LINE_END)
    refuses('5\r▶\r\n', BAD_LINE_END)
    refuses('0▶\n\n', BAD_LINE_END)
  })

  it('have sizes that can be counted', () => {
    refuses('2000000000000▶0\r\n', CHUNK_TOO_LARGE) // 2^53
    refuses('FFFFFFFFFFFFF▶F', CHUNK_TOO_LARGE)
    refuses('10000000000000▶000\r\n', CHUNK_TOO_LARGE)
    const decoder = new ChunkedDecoder()
    const large = Buffer.from('1fffffffffffff\r\n')
    assert.equal(decoder.read(large, 0, large.length), large.length)
    assert.equal(decoder.announcedBytes, Number.MAX_SAFE_INTEGER)
    for (const size of [2 ** 31, 2 ** 32, 2 ** 32 + 5]) {
      decoder.reset()
      const bytes = Buffer.from(`${size.toString(16)}\r\nabc`)
      assert.equal(decoder.read(bytes, 0, bytes.length), bytes.length)
      assert.equal(decoder.dataEnd - decoder.dataStart, 3)
      assert.equal(decoder.announcedBytes, size)
    }
  })

  it('are added up without overflow', () => {
    const decoder = new ChunkedDecoder()
    const first = Buffer.from('1\r\na\r\n1fffffffffffff\r\n')
    assert.equal(decoder.read(first, 0, first.length), 4)
    assert.equal(decoder.read(first, 4, first.length), CHUNK_TOO_LARGE)
  })

  it('end directly with CR LF', () => {
    refuses('1\r\na▶b\r\n', BAD_CHUNK_END)
    refuses('1\r\na▶\n', BAD_CHUNK_END)
    refuses('1\r\na\r▶\r\n', BAD_CHUNK_END)
    refuses('1\r\na▶0\r\n\r\n', BAD_CHUNK_END)
    refuses('2\r\na\r▶\n0\r\n\r\n', BAD_CHUNK_END)
  })

  it('may be many', () => {
    const text = `${'1\r\na\r\n'.repeat(100_000)}${END}`
    const { data, isDone } = decode(Buffer.from(text), [text.length], 0)
    assert.ok(isDone)
    assert.equal(data.length, 100_000)
  })

  it('are nothing before their end has come', () => {
    for (let length = 0; length < END.length; length++)
      assert.ok(!decodeInPieces(END.slice(0, length)).isDone)
  })
})

describe('chunk extensions (RFC 9112 §7.1.1)', () => {
  it('are ignored', () => {
    for (const extension of [
      ';a',
      ';a=b',
      ';a="b"',
      ';a=""',
      ';a;b;c=d',
      ' ;a',
      '\t; \ta',
      ';a =b',
      ';a= b',
      ';a\t=\t"b" ;c',
      ';a ;b',
      ';a="b;c=\t\xff"',
      ';a="\\"\\\\\\\t"',
      ";!#$%&'*+-.^_`|~=!#$%&'*+-.^_`|~",
      ';a="[\\]~!#"',
    ]) {
      decodes(`1${extension}\r\nx\r\n0${extension}\r\n\r\n`, 'x')
    }
  })

  it('keep to their grammar', () => {
    for (const text of [
      '5 ▶\r\n',
      '5 ▶5\r\n',
      '5\t▶a',
      '5;▶\r\n',
      '5; ▶\r\n',
      '5;▶;a\r\n',
      '5;▶=a\r\n',
      '5;▶"a"\r\n',
      '5;a=▶\r\n',
      '5;a= ▶\r\n',
      '5;a=▶;b\r\n',
      '5;a ▶b\r\n',
      '5;a ▶\r\n',
      '5;a=b▶=c\r\n',
      '5;a=b ▶\r\n',
      '5;a=b ▶c\r\n',
      '5;a="b"▶c\r\n',
      '5;a="b▶\r\n',
      '5;a="b▶\n',
      '5;a="\\▶\r',
      '5;a="▶\x7f',
      '5;a="\\▶\0',
      '5;a▶,b\r\n',
      '5;a▶\x80\r\n',
      '5;a=b▶"\r\n',
      '5;a▶\0',
      '5;a="b"▶"c"',
    ]) {
      refuses(text, BAD_CHUNK_EXTENSION)
    }
    refuses('5;a▶\n', BAD_LINE_END)
    refuses('5;a=b▶\n', BAD_LINE_END)
    refuses('5;a="b"▶\n', BAD_LINE_END)
    refuses('5;a\r▶x', BAD_LINE_END)
  })

  it('are bounded, all of a message together', () => {
    decodes(`1;${'a'.repeat(16_000)}\r\nx\r\n${END}`, 'x')
    refuses(`1;${'a'.repeat(16_384)}▶a`, CHUNK_EXTENSIONS_TOO_LARGE)
    // A name of seven bytes and the CR behind it: eight in each of 2048 chunks are 16 KiB.
    const chunk = '1;1234567\r\nx\r\n'
    const enough = Buffer.from(chunk.repeat(2048) + END)
    assert.equal(decode(enough, [enough.length], 0).isDone, true)
    const tooMuch = Buffer.from(chunk.repeat(2049) + END)
    assert.equal(decode(tooMuch, [tooMuch.length], 0).refusal, CHUNK_EXTENSIONS_TOO_LARGE)
  })
})

describe('trailers (RFC 9112 §7.1.2)', () => {
  it('are fields', () => {
    decodes('0\r\nA: b\r\n\r\n', '', ['A', 'b'])
    decodes(
      '1\r\nx\r\n0;e\r\nA: b\r\nContent-Length:\t9 \r\nA:\r\n\r\n',
      'x',
      ['A', 'b'],
      ['Content-Length', '9'],
      ['A', ''],
    )
    const many = Array.from({ length: 200 }, (_, i): [string, string] => [`N${i}`, 'x'.repeat(i)])
    decodes(`0\r\n${many.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`, '', ...many)
  })

  it('keep to the rules of fields', () => {
    refuses('0\r\nA▶ : b\r\n\r\n', BAD_FIELD_NAME)
    refuses('0\r\n▶ A: b\r\n\r\n', FOLDED_LINE)
    refuses('0\r\nA: b\r\n▶ c\r\n\r\n', FOLDED_LINE)
    refuses('0\r\nA: ▶\0\r\n\r\n', BAD_FIELD_VALUE)
    refuses('0\r\nA: b▶\n\r\n', BAD_LINE_END)
    refuses('0\r\n▶\n', BAD_LINE_END)
    refuses('0\r\n\r▶x', BAD_LINE_END)
    refuses('0\r\nA: b\r\n\r▶\r', BAD_LINE_END)
    refuses('0\r\n5▶\r\nhello', BAD_FIELD_NAME)
  })

  it('have the limits of fields', () => {
    refuses(`0\r\nA: ${'b'.repeat(8188)}▶b`, FIELD_LINE_TOO_LONG)
    refuses(`0\r\n${'A:\r\n'.repeat(1000)}▶A:\r\n`, TOO_MANY_FIELDS)
    refuses(`0\r\n${`A: ${'b'.repeat(8187)}\r\n`.repeat(3)}A: ${'b'.repeat(8187)}\r▶\n`, FIELDS_TOO_LARGE)
  })

  it('own their bytes', () => {
    const decoder = new ChunkedDecoder()
    const bytes = Buffer.from('0\r\nA: b\r\nHost: c\r\n\r\n')
    assert.equal(decoder.read(bytes, 0, bytes.length), bytes.length)
    bytes.fill(0)
    assert.equal(decoder.trailers.get('a'), 'b')
    assert.equal(decoder.trailers.get('host'), 'c')
  })
})

describe('a decoder', () => {
  it('can be used again, after whatever', () => {
    const decoder = new ChunkedDecoder()
    const first = Buffer.from('3;a="b"\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n')
    const second = Buffer.from('1\r\nz\r\n0\r\n\r\n')
    for (let length = 0; length <= first.length; length++) {
      for (let at = 0; at < length && !decoder.isDone; ) at = decoder.read(first, at, length)
      decoder.reset()
      let data = ''
      for (
        let at = 0;
        at < second.length;
        data += second.toString('latin1', decoder.dataStart, decoder.dataEnd)
      ) {
        at = decoder.read(second, at, second.length)
      }
      assert.equal(data, 'z')
      assert.ok(decoder.isDone)
      assert.equal(decoder.announcedBytes, 1)
      assert.equal(decoder.trailers.count, 0)
      decoder.reset()
    }
  })

  it('counts extensions anew', () => {
    const decoder = new ChunkedDecoder()
    const bytes = Buffer.from(`0;${'a'.repeat(16_000)}\r\n\r\n`)
    for (let times = 0; times < 3; times++) {
      assert.equal(decoder.read(bytes, 0, bytes.length), bytes.length)
      decoder.reset()
    }
  })
})

describe('encoding', () => {
  it('is what the decoder reads', () => {
    const parts = ['a', 'b'.repeat(16), 'c'.repeat(300)]
    const text = parts.map(part => chunkSizeLine(part.length) + part + CHUNK_END).join('') + lastChunk()
    assert.ok(text.includes('12c\r\nccc'))
    decodes(text, parts.join(''))
  })

  it('puts trailers behind the last chunk', () => {
    const decoder = new ChunkedDecoder()
    const text = `1\r\na\r\n${lastChunk('X-A: b\r\n')}`
    const bytes = Buffer.from(text)
    const at = decoder.read(bytes, 0, bytes.length)
    assert.equal(decoder.read(bytes, at, bytes.length), bytes.length)
    assert.equal(decoder.trailers.get('x-a'), 'b')
  })
})
