import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { indentOf, lineOf, placeAt } from './source.ts'

describe('a place', () => {
  function lies(text: string, offset: number, line: number, column: number): void {
    it(`${offset} of ${JSON.stringify(text)} is ${line}:${column}`, () => {
      const place = placeAt({ name: 'x', text }, offset, 0)
      assert.deepEqual([place.line, place.column], [line, column])
    })
  }
  lies('', 0, 1, 1)
  lies('ab', 1, 1, 2)
  lies('ab', 2, 1, 3)
  lies('a\nb', 1, 1, 2)
  lies('a\nb', 2, 2, 1)
  lies('a\n', 2, 2, 1)
  lies('a\r\nb', 3, 2, 1)
  lies('a\rb', 2, 1, 3)
  lies('\tb', 1, 1, 2)
  lies('é\u{1f600}x', 3, 1, 3)
  lies('\u{1f600}\n\u{1f600}\u{1f600}x', 7, 2, 3)
  lies('e\u0301x', 2, 1, 3)
})

describe('the line of a place', () => {
  function has(text: string, offset: number, expected: string): void {
    it(`${offset} of ${JSON.stringify(text)}`, () => {
      const { start, end } = lineOf(placeAt({ name: 'x', text }, offset, 0))
      assert.equal(text.slice(start, end), expected)
    })
  }
  has('a\nbc\nd', 3, 'bc')
  has('a\r\nbc\r\n', 0, 'a')
  has('a\r\nbc\r\n', 4, 'bc')
  has('a\n', 2, '')
  has('', 0, '')
})

describe('the indentation of a place', () => {
  it('counts what stands before the first word of its line', () => {
    const source = { name: 'x', text: 'a\n\t b c' }
    assert.deepEqual(indentOf(placeAt(source, 0, 1)), { indent: 0, isFirst: true })
    assert.deepEqual(indentOf(placeAt(source, 4, 1)), { indent: 2, isFirst: true })
    assert.deepEqual(indentOf(placeAt(source, 6, 1)), { indent: 2, isFirst: false })
  })
})
