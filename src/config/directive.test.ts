import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { evaluate } from './block.ts'
import { Problems } from './diagnostic.ts'
import {
  type AnyRow,
  absolute,
  blockRow,
  Call,
  count,
  custom,
  duration,
  flag,
  listOf,
  oneOf,
  readOffset,
  size,
  suggestion,
  template,
  text,
} from './directive.ts'
import { parseConfiguration } from './parser.ts'

const IN = ['main']

function directiveOf(source: string) {
  const files = { read: () => ({ text: source }), glob: () => [] }
  return parseConfiguration('/x', files, new Problems()).tree[0]!
}

/** What a row makes of a line, and what it says about it. */
function readBy(row: AnyRow, source: string): { value: unknown; problem: string | null } {
  const problems = new Problems()
  const call = new Call(directiveOf(source), 'main', { prefix: '/p/', folder: '/f/' }, problems)
  const value = row.read(call)
  const [problem] = problems.list
  if (problem === undefined) return { value, problem: null }
  const { place, summary, expected } = problem
  return { value, problem: `${place?.column} ${summary}${expected === '' ? '' : ` | ${expected}`}` }
}

function reads(row: AnyRow, cases: Readonly<Record<string, unknown>>): void {
  for (const [source, value] of Object.entries(cases)) {
    it(`reads ${source}`, () => assert.deepEqual(readBy(row, source), { value, problem: null }))
  }
}

function refuses(row: AnyRow, cases: Readonly<Record<string, string>>): void {
  for (const [source, problem] of Object.entries(cases)) {
    it(`refuses ${source}`, () => assert.deepEqual(readBy(row, source), { value: undefined, problem }))
  }
}

const SIZE =
  '"x" directive invalid value | expected a size: a whole number of bytes, or with k or m behind it, such as 8k'
const OFFSET = SIZE.replace('k or m', 'k, m or g')
const TIME =
  '"x" directive invalid value | expected a time: seconds, or numbers with w, d, h, m, s and ms behind them in this order, such as 1m30s'

describe('a flag', () => {
  const row = flag({ in: IN, initial: false, doc: '' })
  reads(row, { 'x on;': true, 'x OFF;': false, 'x "On";': true })
  const summary = (word: string): string =>
    `3 invalid value "${word}" in "x" directive, it must be "on" or "off" | expected on or off`
  refuses(row, {
    'x yes;': summary('yes'),
    'x of;': `${summary('of')}; did you mean "off"?`,
    'x "";': summary(''),
  })
})

describe('a size', () => {
  reads(size({ in: IN, initial: 0, doc: '' }), { 'x 0;': 0, 'x 8k;': 8192, 'x 1M;': 1048576 })
  refuses(size({ in: IN, initial: 0, doc: '' }), {
    'x 1g;': `3 ${SIZE}; did you mean "1024m"?`,
    'x 10MB;': `3 ${SIZE}; did you mean "10m"?`,
    'x -1;': `3 ${SIZE}`,
  })
  const row = custom({
    in: IN,
    initial: 0,
    syntax: 'size',
    takes: [1, 1],
    doc: '',
    read: call => readOffset(call, 0),
  })
  reads(row, { 'x 2g;': 2 ** 31 })
  refuses(row, { 'x 1.5g;': `3 ${OFFSET}; did you mean "1536m"?`, 'x 99999999999999999999;': `3 ${OFFSET}` })
})

describe('a duration', () => {
  const row = duration({ in: IN, initial: 0, doc: '' })
  reads(row, { 'x 0;': 0, 'x 30;': 30_000, 'x 500ms;': 500, 'x "1h 30m";': 5_400_000 })
  refuses(row, { 'x soon;': `3 ${TIME}`, 'x 5min;': `3 ${TIME}; did you mean "5m"?`, 'x "";': `3 ${TIME}` })
})

describe('a number', () => {
  reads(count({ in: IN, initial: 0, doc: '' }), {
    'x 0;': 0,
    'x 0042;': 42,
    'x 9007199254740991;': 2 ** 53 - 1,
  })
  const row = count({ in: IN, initial: 5, least: 1, most: 9, doc: '' })
  const summary = '3 "x" directive invalid number | expected a whole number from 1 to 9'
  reads(row, { 'x 1;': 1, 'x 9;': 9 })
  refuses(row, {
    'x 0;': summary,
    'x 10;': summary,
    'x -1;': summary,
    'x 1.5;': summary,
    'x "";': summary,
    'x 1k;': summary,
  })
  refuses(count({ in: IN, initial: 0, doc: '' }), {
    'x 9007199254740992;': '3 "x" directive invalid number | expected a whole number from 0',
  })
})

describe('a word of several', () => {
  const row = oneOf(['exact', 'before', 'off'], { in: IN, initial: 'exact', doc: '' })
  reads(row, { 'x before;': 'before', 'x "off";': 'off' })
  const expected = 'expected one of exact, before, off'
  refuses(row, {
    'x befor;': `3 invalid value "befor" | ${expected}; did you mean "before"?`,
    'x Off;': `3 invalid value "Off" | ${expected}; did you mean "off"?`,
    'x never;': `3 invalid value "never" | ${expected}`,
  })
})

describe('a text and a template', () => {
  reads(text({ in: IN, initial: '', doc: '' }), { 'x "a $b";': 'a $b' })

  it('a template has its parts', () => {
    const { value } = readBy(template({ in: IN, initial: null, doc: '' }), 'x a$b;')
    assert.deepEqual((value as { parts: unknown }).parts, ['a', { variable: 'b' }])
  })
})

describe('a row', () => {
  it('has the default that its initial value says, or none', () => {
    const rows = [
      flag({ in: IN, initial: true, doc: '' }),
      count({ in: IN, initial: 7, doc: '' }),
      size({ in: IN, initial: 8192, default: '8k', doc: '' }),
      text({ in: IN, initial: 'a', default: null, doc: '' }),
      listOf<string>({ in: IN, syntax: '', takes: [1, 1], doc: '', read: () => undefined }),
    ]
    assert.deepEqual(
      rows.map(row => row.default),
      ['on', '7', '8k', null, null],
    )
  })

  it('is inherited unless it says otherwise, but for blocks', () => {
    const item = { in: IN, syntax: '', takes: [0, 0], doc: '', read: () => true } as const
    const rows = [
      flag({ in: IN, initial: true, doc: '' }),
      flag({ in: IN, initial: true, isInherited: false, doc: '' }),
      listOf(item),
      blockRow({ ...item, block: 'x' }),
      blockRow({ ...item, block: 'rows', isInherited: true }),
    ]
    assert.deepEqual(
      rows.map(row => row.isInherited),
      [true, false, true, false, true],
    )
  })

  it('has the forms of its syntax', () => {
    const row = custom({ in: IN, initial: 0, syntax: ['a', 'b c'], takes: [1, 2], doc: '', read: () => 1 })
    assert.deepEqual(
      [row.syntax, oneOf(['a', 'b'], { in: IN, initial: 'a', doc: '' }).syntax],
      [['a', 'b c'], ['a | b']],
    )
  })
})

describe('a call', () => {
  it('has the texts of its arguments, and nothing behind the last', () => {
    const call = new Call(directiveOf('x "a b" c;'), 'main', { prefix: '/p/', folder: '/f/' }, new Problems())
    assert.deepEqual([call.name, call.text(0), call.text(1), call.text(2)], ['x', 'a b', 'c', ''])
  })

  it('counts relative paths from the prefix', () => {
    const call = new Call(
      directiveOf('x logs/a /b;'),
      'main',
      { prefix: '/p/', folder: '/f/' },
      new Problems(),
    )
    assert.deepEqual([call.path(0), call.path(1), absolute('/q/', '../c')], ['/p/logs/a', '/b', '/q/../c'])
  })

  it('tells of mistakes where an argument stands, or its name for what is missing or the whole', () => {
    const problems = new Problems()
    const call = new Call(directiveOf('x a b;'), 'main', { prefix: '/p/', folder: '/f/' }, problems)
    assert.equal(call.fail(1, 'one'), undefined)
    call.fail(7, 'two')
    call.fail(null, 'three', 'more')
    call.warn(call.args[0]!.place, 'four')
    assert.deepEqual(
      problems.list.map(({ place, summary, severity, expected }) => [
        place?.column,
        summary,
        severity,
        expected,
      ]),
      [
        [1, 'two', 'error', ''],
        [1, 'three', 'error', 'more'],
        [3, 'four', 'warning', ''],
        [5, 'one', 'error', ''],
      ],
    )
  })

  it('has the rows of a block, and none where there is no block', () => {
    const rows = (source: string): string[] =>
      new Call(directiveOf(source), 'main', { prefix: '/', folder: '/' }, new Problems()).rows.map(
        ({ name }) => name,
      )
    assert.deepEqual([rows('x { a b; c; }'), rows('x;')], [['a', 'c'], []])
  })
})

describe('a suggestion', () => {
  it('says what is expected, and what is near', () => {
    assert.equal(suggestion('redd', ['red', 'blue'], 'a colour'), 'expected a colour; did you mean "red"?')
    assert.equal(suggestion('green', ['red', 'blue'], 'a colour'), 'expected a colour')
  })
})

describe('a directive without effect', () => {
  it('is checked all the same', () => {
    const table = { x: count({ in: IN, initial: 0, doc: '', withoutEffect: 'there is none' }) }
    const problems = new Problems()
    const main = evaluate(
      [directiveOf('x many;')],
      { tables: [table], elsewhere: new Map() },
      { prefix: '/', folder: '/' },
      problems,
    )
    assert.deepEqual([problems.list.length, main.settings(table).x], [1, 0])
  })
})
