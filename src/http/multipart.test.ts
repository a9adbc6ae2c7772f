/** Every case is read whole, cut in two at every byte, and byte by byte: the parts must be the same. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mutated, piecesOf, randomFrom } from '../../test/pieces.ts'
import {
  DEFAULT_MULTIPART_LIMITS,
  type MultipartLimits,
  MultipartReader,
  type PartHead,
} from './multipart.ts'
import * as refusals from './refusals.ts'

const { BAD_DELIMITER, BAD_PART_HEAD, NO_FORM_PART, NO_LAST_BOUNDARY, OK } = refusals
const { PART_HEAD_TOO_LARGE, TOO_MANY_PARTS } = refusals

interface Part {
  readonly head: string
  content: string
  isWhole: boolean
}

interface Seen {
  readonly parts: Part[]
  readonly result: number
}

function read(message: Buffer, ends: readonly number[], boundary: string, limits: MultipartLimits): Seen {
  const parts: Part[] = []
  const reader = new MultipartReader(boundary, limits, {
    onPart({ fields, disposition }: PartHead): number {
      const head = [...fields].map(([name, value]) => `${name}: ${value}`).join('; ')
      parts.push({ head, content: '', isWhole: false })
      return disposition?.parameters.get('name') === 'refused' ? NO_FORM_PART : OK
    },
    onPartBytes(bytes): number {
      assert.ok(bytes.length > 0)
      parts.at(-1)!.content += bytes.toString('latin1')
      return OK
    },
    onPartEnd(): number {
      parts.at(-1)!.isWhole = true
      return OK
    },
  })
  let at = 0
  for (const end of ends) {
    const piece = Buffer.from(message.subarray(at, end))
    const result = reader.read(piece)
    piece.fill('!')
    if (result !== OK) return { parts, result }
    at = end
  }
  return { parts, result: reader.end() }
}

function readCut(text: string, boundary = 'b', limits = DEFAULT_MULTIPART_LIMITS): Seen {
  const message = Buffer.from(text, 'latin1')
  const whole = read(message, [message.length], boundary, limits)
  for (const ends of piecesOf(message.length)) {
    assert.deepEqual(read(message, ends, boundary, limits), whole, `cut at ${ends.slice(0, 3)}`)
  }
  return whole
}

/** @param contents of the parts, without their heads */
function gives(text: string, contents: readonly string[], boundary = 'b'): void {
  const { parts, result } = readCut(text, boundary)
  assert.equal(result, OK)
  assert.deepEqual(
    parts.map(({ content }) => content),
    contents,
  )
  assert.ok(parts.every(({ isWhole }) => isWhole))
}

function refuses(text: string, code: number, limits = DEFAULT_MULTIPART_LIMITS): void {
  assert.equal(readCut(text, 'b', limits).result, code)
}

describe('content with parts', () => {
  it('is given part by part', () => {
    const text = '--b\r\nA: 1\r\n\r\none\r\n--b\r\nA: 2\r\nB: 3\r\n\r\ntwo\r\n--b--\r\n'
    const { parts, result } = readCut(text)
    assert.equal(result, OK)
    assert.deepEqual(parts, [
      { head: 'a: 1', content: 'one', isWhole: true },
      { head: 'a: 2; b: 3', content: 'two', isWhole: true },
    ])
  })

  it('may have nothing in a part, and no head', () => {
    gives('--b\r\nA: 1\r\n\r\n\r\n--b--', [''])
    gives('--b\r\n\r\none\r\n--b--', ['one'])
    gives('--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b--', ['', ''])
  })

  it('may end a part where its head ends', () => gives('--b\r\nA: 1\r\n\r\n--b--', ['']))

  it('may have no part', () => gives('--b--', []))

  it('may have something before and behind it', () => {
    gives('hello\r\n--x\r\n--b\r\n\r\none\r\n--b--\r\nbye\r\n--b\r\nA\r\n', ['one'])
    gives('\r\n--b\r\n\r\none\r\n--b-- and more', ['one'])
  })

  it('may have white space behind a boundary', () =>
    gives('--b \t\r\n\r\none\r\n--b  \r\n\r\ntwo\r\n--b--', ['one', 'two']))

  it('holds what is nearly a boundary', () => {
    for (const content of [
      '\r\n--',
      '\r\n-',
      '\r',
      '\n',
      '\r\r\n',
      '--b',
      'x--b',
      '\n--b',
      '\r--b',
      '\r\n--a',
      '\r\n\r\n--',
      '\r\n-\r\n--\r\n',
      'a\0b\xff',
    ]) {
      gives(`--b\r\n\r\nx${content}\r\n--b--`, [`x${content}`])
      if (content !== '--b') gives(`--b\r\n\r\n${content}\r\n--b--`, [content])
    }
  })

  it('has boundaries of any length, with characters that mean something to a regular expression', () => {
    const boundary = `----WebKitForm'()+_,-./:=?${'x'.repeat(40)}`
    gives(
      `--${boundary}\r\n\r\n\r\n--${boundary.slice(0, -1)}\r\n--${boundary}--`,
      [`\r\n--${boundary.slice(0, -1)}`],
      boundary,
    )
  })

  it('joins the lines of a field', () => {
    const { parts } = readCut('--b\r\nA: 1;\r\n\t2\r\n\r\n\r\n--b--')
    assert.equal(parts[0]!.head, 'a: 1; 2')
  })

  it('is refused when its end is missing', () => {
    for (const text of ['', '--b', '--b\r\n\r\n', '--b\r\n\r\none', '--b\r\n\r\none\r\n--b\r\n', '--b-']) {
      refuses(text, NO_LAST_BOUNDARY)
    }
    refuses('--b\r\n\r\none\r\n--b\r\nA: 1', NO_LAST_BOUNDARY)
  })

  it('is refused when something else stands in the line of a boundary', () => {
    refuses('--bb\r\n\r\n', BAD_DELIMITER)
    refuses('--b\n\r\n', BAD_DELIMITER)
    refuses('--b\r\r\n', BAD_DELIMITER)
    refuses('--b-x', BAD_DELIMITER)
    refuses('--b -', BAD_DELIMITER)
  })

  it('is refused when a head is none', () => {
    refuses('--b\r\nA\r\n\r\n', BAD_PART_HEAD)
    refuses('--b\r\nA : 1\r\n\r\n', BAD_PART_HEAD)
    refuses('--b\r\nA: 1\r\na: 2\r\n\r\n', BAD_PART_HEAD)
    refuses('--b\r\nA: 1\n\r\n\r\n', BAD_PART_HEAD)
    refuses('--b\r\nA: \0\r\n\r\n', BAD_PART_HEAD)
  })

  it('has heads up to a size, and so many parts', () => {
    const limits = { headBytes: 20, parts: 2 }
    gives(`--b\r\nA: ${'x'.repeat(13)}\r\n\r\n\r\n--b--`, [''])
    assert.equal(readCut(`--b\r\nA: ${'x'.repeat(13)}\r\n\r\n\r\n--b--`, 'b', limits).result, OK)
    refuses(`--b\r\nA: ${'x'.repeat(14)}\r\n\r\n\r\n--b--`, PART_HEAD_TOO_LARGE, limits)
    refuses(`--b\r\n${'x'.repeat(1000)}`, PART_HEAD_TOO_LARGE, limits)
    assert.equal(readCut('--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b--', 'b', limits).result, OK)
    refuses('--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b\r\n', TOO_MANY_PARTS, limits)
  })

  it('ends with the first part that nobody wants', () => {
    const refused = '--b\r\nContent-Disposition: form-data; name=refused\r\n\r\nx\r\n--b--'
    const { parts, result } = readCut(refused)
    assert.equal(result, NO_FORM_PART)
    assert.equal(parts[0]!.content, '')
  })

  it('never reads differently for being cut, whatever is wrong with it', () => {
    const random = randomFrom(20)
    const message = Buffer.from(
      'x\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--\r\n-\r\r\n--b \r\n\r\ntwo\r\n--b--\r\n',
    )
    for (let round = 0; round < 300; round++) readCut(mutated(message, random).toString('latin1'))
  })
})
