import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems, renderDiagnostic, visible } from './diagnostic.ts'
import { COMMAND_LINE, placeAt } from './source.ts'

/** What is printed about the first `marked` of a text. */
function printed(text: string, marked: string, expected: string, name = '/etc/x.conf'): string {
  const problems = new Problems()
  problems.error(placeAt({ name, text }, text.indexOf(marked), marked.length), 'wrong', expected)
  return renderDiagnostic(problems.list[0]!)
}

describe('what is printed', () => {
  it("is nginx's sentence, the place, the line, and what would be right", () => {
    assert.equal(
      printed('a;\n  root /x\n}', 'root', 'write it so'),
      'nginx: [emerg] wrong in /etc/x.conf:2\n' +
        '  /etc/x.conf:2:3\n' +
        '    2 |   root /x\n' +
        '      |   ^^^^ write it so\n',
    )
  })

  it('has nothing below the caret when there is nothing to add', () => {
    assert.match(printed('root', 'root', ''), /\| {1}\^{4}\n$/)
  })

  it('says "in command line" of what -g gave', () => {
    assert.match(printed('a', 'a', '', COMMAND_LINE), /^nginx: \[emerg\] wrong in command line\n/)
  })

  it('names no place when no file could be opened', () => {
    const problems = new Problems()
    problems.error(null, 'open() "/x" failed')
    problems.error(null, 'open() "/y" failed', 'is it there?')
    assert.deepEqual(problems.list.map(renderDiagnostic), [
      'nginx: [emerg] open() "/x" failed\n',
      'nginx: [emerg] open() "/y" failed\n  is it there?\n',
    ])
  })

  it('tells a warning from an error', () => {
    const problems = new Problems()
    problems.warn(placeAt({ name: 'x', text: 'a' }, 0, 1), 'odd')
    assert.match(renderDiagnostic(problems.list[0]!), /^nginx: \[warn\] odd in x:1\n/)
    assert.equal(problems.hasErrors, false)
  })

  it('shows what else has to do with it', () => {
    const source = { name: 'x', text: 'a {\nb;' }
    const problems = new Problems()
    problems.error(placeAt(source, 6, 0), 'unexpected end of file', 'a "}" is missing', [
      { words: 'opened here', place: placeAt(source, 0, 1) },
    ])
    assert.equal(
      renderDiagnostic(problems.list[0]!),
      'nginx: [emerg] unexpected end of file in x:2\n' +
        '  x:2:3\n' +
        '    2 | b;\n' +
        '      |   ^ a "}" is missing\n' +
        '  x:1:1\n' +
        '    1 | a {\n' +
        '      | - opened here\n',
    )
  })
})

describe('the caret', () => {
  /** The line as it is shown and the one below it. */
  function marks(text: string, marked: string, line: string, below: string): void {
    it(JSON.stringify(text), () => {
      const lines = printed(text, marked, '').split('\n')
      assert.deepEqual(lines.slice(2, 4), [`    1 | ${line}`, `      | ${below}`])
    })
  }
  marks('\ta\tb c;', 'b', '\ta\tb c;', '\t \t^')
  marks('\u{1f600}é b;', 'b', '\u{1f600}é b;', '   ^')
  marks('a\r\n', 'a', 'a', '^')
  marks('a\x1b[31mb c;', 'c', 'a\\x1b[31mb c;', '           ^')
  marks('a "b\nc";', '"b\nc"', 'a "b', '  ^^')
  marks('a\u202eb\u00a0c;', '\u00a0', 'a\\u202eb\\xa0c;', '        ^^^^')
  marks(
    `${'x'.repeat(100)} y ${'z'.repeat(100)}`,
    'y',
    `… ${'x'.repeat(59)} y ${'z'.repeat(58)} …`,
    `${' '.repeat(62)}^`,
  )
  marks(
    `${'x'.repeat(69)}y${'z'.repeat(69)}`,
    'y',
    `${'x'.repeat(69)}y${'z'.repeat(69)}`,
    `${' '.repeat(69)}^`,
  )
  marks(`a ${'y'.repeat(200)}`, 'y'.repeat(200), `a ${'y'.repeat(60)} …`, `  ${'^'.repeat(60)}`)
  marks(`${'\u{1f600}'.repeat(100)}y`, 'y', `… ${'\u{1f600}'.repeat(30)}y`, `${' '.repeat(32)}^`)

  it('leaves its words a line of their own where there is no room', () => {
    const words = 'w'.repeat(100)
    assert.match(printed(`${' '.repeat(30)}a`, 'a', words), new RegExp(`\\^\\n {6}\\| ${words}\\n$`))
  })
})

describe('text from outside', () => {
  function shows(text: string, expected: string): void {
    it(expected, () => assert.equal(visible(text), expected))
  }
  shows('plain é \u{1f600}', 'plain é \u{1f600}')
  shows('a\tb\r\n', 'a\\tb\\r\\n')
  shows('\0\x1b\x7f\x9b', '\\x00\\x1b\\x7f\\x9b')
  shows('\u200b\u202e\u2028\ufeff', '\\u200b\\u202e\\u2028\\ufeff')
  shows('\ud800', '\\ud800')
  shows('\u{e0001}', '\\u{e0001}')
})

describe('problems', () => {
  const source = { name: 'x', text: 'abc' }

  it('are the same when they say the same of the same place', () => {
    const problems = new Problems()
    for (let i = 0; i < 2; i++) {
      problems.error(placeAt(source, 0, 1), 'wrong')
      problems.error(placeAt(source, 1, 1), 'wrong')
      problems.error(placeAt(source, 0, 1), 'bad')
    }
    assert.equal(problems.list.length, 3)
  })

  it('come in the order in which their places are read', () => {
    const main = { name: 'main', text: 'include x;\nb;' }
    const extra = { name: COMMAND_LINE, text: 'c;' }
    const problems = new Problems()
    problems.opened(main, null)
    problems.error(placeAt(main, 11, 1), '4')
    problems.error(placeAt(main, 8, 1), '1')
    problems.opened(source, placeAt(main, 8, 1))
    problems.error(null, '5')
    problems.error(placeAt(source, 2, 1), '3')
    problems.error(placeAt(source, 1, 1), '2')
    problems.opened(extra, null)
    problems.error(placeAt(extra, 0, 1), '0')
    assert.equal(problems.list.map(({ summary }) => summary).join(''), '012345')
  })

  it('are counted when there are too many to read', () => {
    const problems = new Problems()
    for (let i = 0; i < 600; i++) problems.warn(null, `odd ${i}`)
    problems.error(null, 'wrong')
    assert.equal(problems.list.length, 501)
    assert.equal(problems.list.at(-1)?.summary, '101 more problems are not shown')
    assert.equal(problems.hasErrors, true)
  })
})
