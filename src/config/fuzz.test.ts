// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of a configuration are written so
/**
 * Any text is read to its end: nothing is thrown, every problem lies within the text and can be printed, and what is read without
 * a problem says the same when it is printed and read again. Both kinds of texts are the same in every run.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mutated, type Random, randomFrom } from '../../test/pieces.ts'
import { Problems, renderDiagnostic } from './diagnostic.ts'
import type { Word } from './lexer.ts'
import { type Directive, type Files, parseConfiguration } from './parser.ts'
import type { Place } from './source.ts'
import { parseTemplate } from './template.ts'

const CASES = 4000

const GOOD = [
  'user www;\nevents { worker_connections 1k; }\nhttp {\n  include "t{a}.conf";\n  server { listen 80; }\n}\n',
  'http {\n\tlog_format m \'$remote_addr - "$request"\'\n\t\t\'$status\';\n\tmap $a $b { ~^/x\\d{2}$ 1; default ""; }\n}',
  '# c\nserver {\r\n  location ~* "\\.(jpe?g|png)$" { return 200 "a\\n${uri}b"; } # d\r\n  if ($x = \'\') { set $y $1; }\r\n}',
]

/** Signs that mean something, alone and together, and some that mean nothing. */
const PIECES = [
  ...[
    'a',
    'b',
    ' ',
    ' ',
    '\n',
    '\n',
    '\t',
    '\r\n',
    ';',
    ';',
    '{',
    '{',
    '}',
    '}',
    '"',
    "'",
    '\\',
    '#',
    '$',
    '${',
    ')',
  ],
  ...[
    'include ',
    '\\n',
    '\\"',
    '\0',
    '\ufeff',
    '\u{1f600}',
    '\u00a0',
    '\u201c',
    '\ufffd',
    '\ud800',
    '\x1b',
    '  ',
    '"a";\n',
  ],
]

function randomText(random: Random): string {
  // Most texts are without the two signs after which nothing is read.
  const length = random(3) === 0 ? PIECES.length : PIECES.length - 11
  return Array.from({ length: random(60) }, () => PIECES[random(length)]).join('')
}

const MAIN = '/etc/x.conf'

/** Whatever is included is a good text, or cannot be opened. */
function filesAround(text: string): Files {
  return {
    read: path => {
      if (path === MAIN) return { text }
      return path.length % 7 === 0 ? { problem: 'none' } : { text: GOOD[path.length % GOOD.length]! }
    },
    glob: pattern => [pattern.replaceAll('*', 'x'), `${pattern}y`],
  }
}

function parse(text: string, files: Files = filesAround(text)) {
  const problems = new Problems()
  return { ...parseConfiguration(MAIN, files, problems), problems }
}

function assertWithin(place: Place): void {
  const { source, offset, length, line, column } = place
  assert.ok(offset >= 0 && length >= 0 && offset + length <= source.text.length)
  const before = source.text.slice(0, offset).split('\n')
  assert.equal(line, before.length)
  assert.equal(column, [...before.at(-1)!].length + 1)
}

function assertSound(text: string): boolean {
  const { tree, problems } = parse(text)
  for (const problem of problems.list) {
    if (problem.place !== null) assertWithin(problem.place)
    for (const { place } of problem.related) assertWithin(place)
    const shown = renderDiagnostic(problem)
    assert.doesNotMatch(shown, /[\0-\x08\x0b-\x1f\x7f-\x9f\u202e\ufeff]/)
    assert.match(shown, /^nginx: \[(emerg|warn)\] /)
  }
  for (const word of wordsOf(tree)) {
    assertWithin(word.place)
    parseTemplate(word, new Problems())
  }
  return !problems.hasErrors
}

function wordsOf(tree: readonly Directive[]): Word[] {
  return tree.flatMap(({ args, block }) => [...args, ...wordsOf(block ?? [])])
}

/** As a configuration that has every word in quotes. */
function print(tree: readonly Directive[]): string {
  return tree
    .map(({ name, args, block }) => {
      const words = [name, ...args.map(({ text }) => text)].map(quoted).join(' ')
      return `${words}${block === null ? ';' : ` {\n${print(block)}}`}\n`
    })
    .join('')
}

function quoted(text: string): string {
  return `"${text.replace(/["'\\]/g, '\\$&')}"`
}

interface Outline {
  readonly words: readonly string[]
  readonly block: readonly Outline[] | null
}

function outline(tree: readonly Directive[]): Outline[] {
  return tree.map(({ name, args, block }) => ({
    words: [name, ...args.map(({ text }) => text)],
    block: block === null ? null : outline(block),
  }))
}

/** What an include was replaced by must not be read as one again. */
const NO_FILES: Files = { read: () => ({ problem: 'none' }), glob: () => [] }

function assertRoundTrip(text: string): void {
  const { tree } = parse(text)
  const printed = print(tree)
  const files: Files = {
    ...NO_FILES,
    read: path => (path === MAIN ? { text: printed } : { problem: 'none' }),
  }
  const again = parse(printed, files)
  assert.deepEqual(
    again.problems.list.filter(({ summary }) => summary !== 'invalid UTF-8'),
    [],
  )
  assert.deepEqual(outline(again.tree), outline(tree))
}

describe('fuzzing', () => {
  it('random texts are read to their end', () => {
    const random = randomFrom(20261125)
    let right = 0
    for (let i = 0; i < CASES; i++) if (assertSound(randomText(random))) right++
    assert.ok(right > 10, `only ${right} are right: nothing but mistakes was tried`)
  })

  it('random bytes are read to their end', () => {
    const random = randomFrom(7)
    for (let i = 0; i < CASES / 4; i++) {
      assertSound(Buffer.from(Array.from({ length: random(200) }, () => random(256))).toString('utf8'))
    }
  })

  it('mutations of good configurations are read to their end', () => {
    const random = randomFrom(9)
    let right = 0
    for (let i = 0; i < CASES; i++) {
      const text = mutated(Buffer.from(GOOD[i % GOOD.length]!), random).toString('utf8')
      if (assertSound(text)) right++
    }
    assert.ok(
      right > CASES / 20 && right < CASES,
      `${right} are right: the mutations are too mild or too wild`,
    )
  })

  it('a tree that is printed and read again is the same', () => {
    const random = randomFrom(11)
    for (let i = 0; i < CASES; i++) {
      assertRoundTrip(
        i % 2 === 0 ? randomText(random) : mutated(Buffer.from(GOOD[i % 3]!), random).toString('utf8'),
      )
    }
  })
})

describe('much of the same', () => {
  /** In time that grows with the length, or this test would not end. */
  function ends(what: string, text: string): void {
    it(what, () => {
      const { problems } = parse(text, { ...NO_FILES, read: () => ({ text }) })
      assert.ok(problems.hasErrors)
    })
  }
  const MUCH = 50_000
  ends('opening braces', '{'.repeat(MUCH))
  ends('blocks', 'a{'.repeat(MUCH))
  ends('closing braces', '}'.repeat(MUCH))
  ends('semicolons', ';'.repeat(MUCH))
  ends('quotes', '"'.repeat(MUCH + 1))
  ends('quotes that are open', 'a "b;\n'.repeat(MUCH))
  ends('quotes that are open of both kinds', `a "b;\nc 'd;\n`.repeat(MUCH / 2))
  ends('backslashes', '\\'.repeat(MUCH + 1))
  ends('dollars', '$'.repeat(MUCH))
  ends('words on one line', 'a '.repeat(MUCH))
  ends('wide characters on one line', '\u{1f600}} '.repeat(MUCH))
  ends('lines', `${'a;\n'.repeat(MUCH)}}`)
})
