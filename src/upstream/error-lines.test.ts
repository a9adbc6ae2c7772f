import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ErrorLines } from './error-lines.ts'

function told(...pieces: (string | Buffer)[]): string[] {
  const list: string[] = []
  const lines = new ErrorLines(words => list.push(words))
  for (const piece of pieces) {
    const bytes = Buffer.from(piece)
    lines.take(bytes)
    bytes.fill(0x21)
  }
  lines.end()
  return list
}

describe('what a program writes to stderr', () => {
  it('is told line by line, however it comes', () => {
    assert.deepEqual(told('one\ntwo\n'), ['one', 'two'])
    assert.deepEqual(told('o', 'ne\nt', 'wo\r\n', '\n\nthree'), ['one', 'two', 'three'])
    assert.deepEqual(told(''), [])
  })

  it('is made printable', () => {
    assert.deepEqual(told('a\x1b[31mb\x00\tc\x7f\rd\n'), ['a\\x1B[31mb\\x00\tc\\x7F\\x0Dd'])
    assert.deepEqual(told('caf\u00e9 \u2028 \u0085\n'), ['caf\u00e9 \\u2028 \\x85'])
    assert.deepEqual(told(Buffer.from('caf\xe9\n', 'latin1')), ['caf\\xE9'])
  })

  it('is told in pieces when a line is long', () => {
    const lines = told('a'.repeat(2500))
    assert.deepEqual(
      lines.map(line => line.length),
      [1024, 1024, 452],
    )
    assert.deepEqual(told(`${'a'.repeat(1024)}\nb\n`), ['a'.repeat(1024), 'b'])
  })

  it('comes to an end', () => {
    const lines = told(...Array.from({ length: 200 }, () => `${'a'.repeat(1000)}\n`))
    assert.equal(lines.length, 66)
    assert.equal(lines.at(-1), '… and more, which is not logged')
  })
})
