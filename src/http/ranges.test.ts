import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type ByteRange,
  contentRange,
  IGNORED,
  multipartEnd,
  multipartHead,
  multipartLength,
  multipartType,
  rangeLength,
  rangesOf,
  UNSATISFIABLE,
  unsatisfiedRange,
} from './ranges.ts'

const SIZE = 1000

/** `expected` is written as `0-4 10-19`. */
function gives(value: string, expected: string, size: number = SIZE): void {
  it(`${value} of ${size} → ${expected}`, () => {
    const ranges = rangesOf(value, size)
    assert.ok(typeof ranges !== 'number', `${ranges}`)
    assert.equal(ranges.map(({ first, last }) => `${first}-${last}`).join(' '), expected)
  })
}

function ignores(value: string, size: number = SIZE): void {
  it(`ignores ${value} of ${size}`, () => assert.equal(rangesOf(value, size), IGNORED))
}

function is416(value: string, size: number = SIZE): void {
  it(`416: ${value} of ${size}`, () => assert.equal(rangesOf(value, size), UNSATISFIABLE))
}

describe('one range', () => {
  gives('bytes=0-4', '0-4')
  gives('bytes=0-0', '0-0')
  gives('bytes=999-999', '999-999')
  gives('bytes=500-', '500-999')
  gives('bytes=0-', '0-999')
  gives('bytes=0-999', '0-999')
  gives('bytes=0-1000', '0-999')
  gives('bytes=990-5000', '990-999')
  gives('bytes=-1', '999-999')
  gives('bytes=-500', '500-999')
  gives('bytes=-1000', '0-999')
  gives('bytes=-1001', '0-999')
  gives('bytes=000-004', '0-4')
  gives('BYTES=0-4', '0-4')
  gives('Bytes= 0-4', '0-4')
  gives('bytes=\t0-4 ,', '0-4')
  gives('bytes=0-0', '0-0', 1)
})

describe('numerals of any length', () => {
  gives('bytes=0-18446744073709551615', '0-999')
  gives('bytes=1-18446744073709551616', '1-999')
  gives('bytes=-18446744073709551616', '0-999')
  gives(`bytes=5-${'9'.repeat(400)}`, '5-999')
  gives(`bytes=-${'9'.repeat(400)}`, '0-999')
  gives(`bytes=${'0'.repeat(400)}7-9`, '7-9')
  gives(`bytes=7-${'0'.repeat(400)}9`, '7-9')
  is416('bytes=18446744073709551616-')
  is416('bytes=9007199254740993-9007199254740994')
  is416('bytes=18446744073709551615-18446744073709551616')
  is416(`bytes=${'9'.repeat(400)}-`)
  ignores('bytes=9007199254740993-9007199254740992') // equal as doubles
  ignores('bytes=18446744073709551616-18446744073709551615')
  ignores(`bytes=1${'0'.repeat(400)}-${'9'.repeat(400)}`)
  gives('bytes=9007199254740990-', '9007199254740990-9007199254740990', Number.MAX_SAFE_INTEGER)
})

describe('nothing there', () => {
  is416('bytes=1000-')
  is416('bytes=1000-1000')
  is416('bytes=1001-2000')
  is416('bytes=-0')
  is416('bytes=-000')
  is416('bytes=1000-, -0')
  ignores('bytes=0-', 0)
  ignores('bytes=0-0', 0)
  ignores('bytes=-5', 0)
  ignores('bytes=5-', 0)
})

describe('bad syntax and other units', () => {
  ignores('')
  ignores('bytes')
  ignores('bytes=')
  ignores('bytes=,')
  ignores('bytes=-')
  ignores('bytes=4-0')
  ignores('bytes=0-4, 9-8')
  ignores('bytes=2000-1999')
  ignores('bytes=a-b')
  ignores('bytes=0-b')
  ignores('bytes=0x0-0x4')
  ignores('bytes=+0-4')
  ignores('bytes=0--4')
  ignores('bytes=0-4-')
  ignores('bytes=--5')
  ignores('bytes=0 - 4')
  ignores('bytes=0- 4')
  ignores('bytes=1.0-4')
  ignores('bytes=0-1e2')
  ignores('bytes=0')
  ignores('bytes=0-4;5-9')
  ignores('bytes=0-4, garbage')
  ignores('bytes="0-4"')
  ignores('bytes=*')
  ignores('bytes=0–4')
  ignores('bytes=٠-٤')
  ignores('bytes 0-4')
  ignores('bytes =0-4')
  ignores(' bytes=0-4')
  ignores('bytes:0-4')
  ignores('=0-4')
  ignores('byte=0-4')
  ignores('xbytes=0-4')
  ignores('lines=0-4')
  ignores('none=0-4')
  ignores('bytes=0-4, bytes=6-9') // two field lines
})

describe('several ranges', () => {
  gives('bytes=0-4,10-19', '0-4 10-19')
  gives('bytes=0-999, 4500-5499, -1000', '0-999 4500-5499 9000-9999', 10_000)
  gives('bytes=0-0,-1', '0-0 999-999')
  gives('bytes=-1,0-0', '999-999 0-0')
  gives('bytes=, 0-4 ,,\t10-19,', '0-4 10-19')
  gives('bytes=0-4,2000-', '0-4')
  gives('bytes=2000-,0-4,-0', '0-4')
  gives('bytes=0-4,5-9', '0-4 5-9') // they touch
})

describe('overlapping ranges', () => {
  gives('bytes=0-4,4-9', '0-9')
  gives('bytes=500-700,601-999', '500-999')
  gives('bytes=601-999,500-700', '500-999')
  gives('bytes=0-99,10-19', '0-99')
  gives('bytes=0-4,0-4', '0-4')
  gives('bytes=0-,0-,0-', '0-999')
  gives('bytes=0-1,-1000', '0-999')
  gives('bytes=900-910,0-9,5-20,905-920,-3', '900-920 0-20 997-999')
  gives('bytes=20-29,40-49,0-9,25-45', '20-49 0-9')
  gives('bytes=0-9,20-29,40-49,5-44', '0-49')
})

describe('too many ranges', () => {
  const list = (count: number) => `bytes=${Array.from({ length: count }, (_, i) => `${2 * i}-${2 * i}`)}`
  it('gives 200', () => assert.equal(Object.keys(rangesOf(list(200), SIZE)).length, 200))
  ignores(list(201))
  ignores(`bytes=${'0-,'.repeat(5000)}`)
  gives(`bytes=${','.repeat(5000)}0-4`, '0-4')

  it('never gives more bytes than there are, each once', () => {
    let seed = 7
    const below = (n: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % n
    }
    for (let round = 0; round < 500; round++) {
      const size = 1 + below(60)
      const asked = Array.from({ length: 1 + below(8) }, () => {
        const first = below(70)
        return [`${first}-${first + below(20)}`, `${first}-`, `-${below(9)}`][below(3)]
      })
      const ranges = rangesOf(`bytes=${asked}`, size)
      const given = new Uint8Array(size)
      for (const { first, last } of ranges === UNSATISFIABLE || ranges === IGNORED ? [] : ranges) {
        for (let i = first; i <= last; i++) given[i]!++
      }
      assert.deepEqual(given, wanted(asked as string[], size), `${asked} of ${size}`)
    }
  })
})

/** The bytes that a request asks for, found the slow way. */
function wanted(specs: string[], size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => {
    const isIn = (spec: string) => {
      const [first = '', last = ''] = spec.split('-')
      if (first === '') return i >= size - Number(last)
      return i >= Number(first) && (last === '' || i <= Number(last))
    }
    return specs.some(isIn) ? 1 : 0
  })
}

describe('answers', () => {
  it('says which bytes these are', () => {
    assert.equal(contentRange({ first: 42, last: 1233 }, 1234), 'bytes 42-1233/1234')
    assert.equal(rangeLength({ first: 42, last: 1233 }), 1192)
    assert.equal(unsatisfiedRange(1234), 'bytes */1234')
  })

  it('puts several ranges into one content', () => {
    const file = 'abcdefghijklmnopqrstuvwxyz'
    const ranges = rangesOf('bytes=0-2,-3', file.length) as ByteRange[]
    const parts = ranges.map(
      range =>
        multipartHead('B0', 'text/plain', range, file.length) + file.slice(range.first, range.last + 1),
    )
    const content = parts.join('') + multipartEnd('B0')
    assert.equal(
      content,
      [
        '',
        '--B0',
        'Content-Type: text/plain',
        'Content-Range: bytes 0-2/26',
        '',
        'abc',
        '--B0',
        'Content-Type: text/plain',
        'Content-Range: bytes 23-25/26',
        '',
        'xyz',
        '--B0--',
        '',
      ].join('\r\n'),
    )
    assert.equal(multipartLength('B0', 'text/plain', ranges, file.length), content.length)
    assert.equal(multipartType('B0'), 'multipart/byteranges; boundary=B0')
  })
})

describe('the most ranges', () => {
  it('may be fewer, or none', () => {
    assert.equal(rangesOf('bytes=0-0,2-2,4-4', 10, 2), IGNORED)
    assert.deepEqual(rangesOf('bytes=0-0,2-2', 10, 2), [
      { first: 0, last: 0 },
      { first: 2, last: 2 },
    ])
    assert.equal(rangesOf('bytes=0-0', 10, 0), IGNORED)
  })
})
