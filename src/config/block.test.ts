import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Block, evaluate, type Language } from './block.ts'
import { Problems } from './diagnostic.ts'
import { blockRow, count, custom, flag, listOf, type Table, template, text } from './directive.ts'
import { parseConfiguration } from './parser.ts'
import type { Template } from './template.ts'

const EVERYWHERE = ['main', 'outer', 'inner']

const table = {
  name: text({ in: EVERYWHERE, initial: 'none', doc: '' }),
  number: count({ in: ['inner', 'main'], initial: 0, doc: '' }),
  own: flag({ in: EVERYWHERE, initial: false, isInherited: false, doc: '' }),
  field: listOf<string>({
    in: EVERYWHERE,
    syntax: 'name value',
    takes: [2, 2],
    doc: '',
    read: call => `${call.text(0)}=${call.text(1)}`,
  }),
  alone: listOf<string>({
    in: EVERYWHERE,
    isInherited: false,
    initial: ['default'],
    syntax: 'word ...',
    takes: [1, 9],
    doc: '',
    read: call => (call.text(0) === 'wrong' ? call.fail(0, 'it is wrong') : call.text(0)),
  }),
  value: template({ in: EVERYWHERE, initial: null, doc: '' }),
}

const other = { quiet: flag({ in: EVERYWHERE, initial: false, doc: '' }) }

const blocks = {
  outer: blockRow<string>({
    in: ['main'],
    syntax: 'name { ... }',
    takes: [1, 1],
    block: 'outer',
    doc: '',
    read: call => (call.text(0) === 'wrong' ? call.fail(0, 'it is wrong') : call.text(0)),
  }),
  inner: blockRow<true>({
    in: ['outer', 'inner'],
    syntax: '{ ... }',
    takes: [0, 0],
    block: { outer: 'inner', inner: 'innermost' },
    doc: '',
    read: () => true,
  }),
  once: blockRow<true>({
    in: ['main'],
    syntax: '{ ... }',
    takes: [0, 0],
    block: 'outer',
    isOnce: true,
    doc: '',
    read: () => true,
  }),
  rows: custom<readonly string[]>({
    in: EVERYWHERE,
    initial: [],
    syntax: '{ ... }',
    takes: [0, 0],
    doc: '',
    read: call => call.rows.map(row => row.name),
  }),
}
const withRows: Table = { ...blocks, rows: { ...blocks.rows, block: 'rows' } }
const deep = { leaf: flag({ in: ['innermost'], initial: false, doc: '' }) }

const LANGUAGE: Language = {
  tables: [table, other, withRows, deep],
  elsewhere: new Map([['proxy', 'proxy_module']]),
  foreign: name => (name === 'else' ? 'there is none' : null),
}

function read(source: string, templates: Template[] = []): { main: Block; problems: string[] } {
  const problems = new Problems()
  const files = { read: () => ({ text: source }), glob: () => [] }
  const { tree } = parseConfiguration('/x', files, problems)
  const main = evaluate(tree, LANGUAGE, { prefix: '/p/', folder: '/f/' }, problems, templates)
  const told = problems.list.map(
    ({ place, summary, expected }) =>
      `${place?.line}:${place?.column} ${summary}${expected === '' ? '' : ` | ${expected}`}`,
  )
  return { main, problems: told }
}

function rightly(source: string): Block {
  const { main, problems } = read(source)
  assert.deepEqual(problems, [])
  return main
}

function innerOf(main: Block): Block {
  return main.blocks('outer')[0]!.blocks('inner')[0]!
}

describe('settings', () => {
  it('are what the rows say where nothing is said', () => {
    const main = rightly('')
    assert.deepEqual(main.settings(table), {
      name: 'none',
      number: 0,
      own: false,
      field: [],
      alone: ['default'],
      value: null,
    })
  })

  it('hold in the blocks inside until these say otherwise', () => {
    const main = rightly('name a; outer x { inner { } inner { name b; } }')
    const names = main
      .blocks('outer')[0]!
      .blocks('inner')
      .map(inner => inner.settings(table).name)
    assert.deepEqual([main.settings(table).name, ...names], ['a', 'a', 'b'])
  })

  it('hold also behind the blocks that stand before them', () => {
    assert.equal(innerOf(rightly('outer x { inner { } } name late;')).settings(table).name, 'late')
  })

  it('are replaced as a whole where they are lists', () => {
    const main = rightly('field a 1; field b 2; outer x { inner { field c 3; } }')
    assert.deepEqual(main.settings(table).field, ['a=1', 'b=2'])
    assert.deepEqual(main.blocks('outer')[0]!.settings(table).field, ['a=1', 'b=2'])
    assert.deepEqual(innerOf(main).settings(table).field, ['c=3'])
  })

  it('hold in their own block only where they are not inherited', () => {
    const main = rightly('own on; alone a; alone b; outer x { inner { own on; } }')
    assert.deepEqual([main.settings(table).own, main.settings(table).alone], [true, ['a', 'b']])
    const outer = main.blocks('outer')[0]!
    assert.deepEqual([outer.settings(table).own, outer.settings(table).alone], [false, ['default']])
    assert.equal(innerOf(main).settings(table).own, true)
  })

  it('are one object for all blocks that say the same', () => {
    const main = rightly('name a; outer x { quiet on; inner { } inner { own on; } inner { name b; } }')
    const [plain, own, named] = main.blocks('outer')[0]!.blocks('inner')
    assert.equal(plain!.settings(table), main.settings(table))
    assert.equal(plain!.settings(other), main.blocks('outer')[0]!.settings(other))
    assert.notEqual(own!.settings(table), main.settings(table))
    assert.notEqual(named!.settings(table), main.settings(table))
    assert.equal(named!.settings(table), named!.settings(table))
  })

  it('of one table do not depend on those of another', () => {
    const inner = innerOf(rightly('outer x { quiet on; inner { name b; } }'))
    assert.deepEqual([inner.settings(other).quiet, inner.settings(table).name], [true, 'b'])
  })
})

describe('a block', () => {
  it('knows what opened it, in which it stands, and what stands in it, in order', () => {
    const main = rightly('outer x {\n name a;\n inner { }\n field b 1;\n field b 2;\n}')
    const [outer] = main.blocks('outer')
    assert.deepEqual(
      [outer!.context, outer!.value, outer!.parent, outer!.directive?.place.line],
      ['outer', 'x', main, 1],
    )
    assert.deepEqual(
      outer!.entries.map(({ name, value }) => [name, value]),
      [
        ['name', 'a'],
        ['inner', true],
        ['field', 'b=1'],
        ['field', 'b=2'],
      ],
    )
    assert.equal(outer!.line('field')?.place.line, 5)
    assert.equal(outer!.line('own'), null)
    assert.deepEqual([outer!.has(table, 'name'), outer!.has(table, 'own')], [true, false])
    assert.equal(innerOf(main).has(table, 'name'), false)
  })

  it('has its context from the one outside where the row says so', () => {
    const main = rightly('outer x { inner { inner { leaf on; } } }')
    const innermost = innerOf(main).blocks('inner')[0]!
    assert.deepEqual([innermost.context, innermost.settings(deep).leaf], ['innermost', true])
  })

  it('of rows is read by its own row', () => {
    const { value, block } = rightly('rows { a 1; b; }').entries[0]!
    assert.deepEqual([value, block], [['a', 'b'], null])
  })
})

describe('values with variables', () => {
  it('are handed out, also those of blocks that are refused', () => {
    const templates: Template[] = []
    read('value $a; outer wrong { value b; inner { value "$c d"; } }', templates)
    assert.deepEqual(
      templates.map(one => one.text),
      ['$a', 'b', '$c d'],
    )
  })
})

function refuses(source: string, ...expected: string[]): void {
  it(source.replaceAll('\n', '⏎'), () => assert.deepEqual(read(source).problems, expected))
}

describe('a directive that is unknown', () => {
  refuses('nam a;', '1:1 unknown directive "nam" | did you mean "name"?')
  refuses('something a;', '1:1 unknown directive "something" | docs/directives.md lists all that there are')
  refuses(
    'proxy a;',
    `1:1 unknown directive "proxy" | "proxy" belongs to nginx's proxy_module, which veille does not have`,
  )
  refuses('proxi a;', '1:1 unknown directive "proxi" | did you mean "proxy"?')
  refuses('else { a b; }', '1:1 unknown directive "else" | there is none')
  refuses('outer x { inne { } }', '1:11 unknown directive "inne" | did you mean "inner"?')
})

describe('a directive in another place', () => {
  refuses(
    'outer x {\nnumber 1; }',
    '2:1 "number" directive is not allowed here | "number" may stand in "inner" and the main context; this is "outer", opened in line 1',
  )
  refuses(
    'inner { name a; }',
    '1:1 "inner" directive is not allowed here | "inner" may stand in "outer" and "inner"; this is the main context',
  )
})

describe('a directive said twice', () => {
  refuses(
    'name a;\nname b;',
    '2:1 "name" directive is duplicate | "name" may stand only once in the main context',
  )
  refuses(
    'outer x { name a; name b; }',
    '1:19 "name" directive is duplicate | "name" may stand only once in this block',
  )
  refuses(
    'once { } once { }',
    '1:10 "once" directive is duplicate | "once" may stand only once in the main context',
  )
  refuses('name a; outer x { name b; inner { name c; } } outer y { name d; }')
})

describe('a directive of another shape', () => {
  refuses(
    'name { }',
    '1:6 directive "name" is not terminated by ";" | "name" opens no block; its line ends with a semicolon',
  )
  refuses(
    'outer x;',
    '1:8 directive "outer" has no opening "{" | "outer" opens a block: a "{" belongs here, and a "}" behind what stands in it',
  )
  refuses(
    'name;',
    '1:1 invalid number of arguments in "name" directive | "name" takes one argument, found none, as in: name string;',
  )
  refuses(
    'name a b;',
    '1:8 invalid number of arguments in "name" directive | "name" takes one argument, found 2; a value with spaces in it stands in quotes',
  )
  refuses(
    'name = a;',
    '1:6 invalid number of arguments in "name" directive | "name" takes one argument, found 2; its value follows without "="',
  )
  refuses(
    'field a;',
    '1:1 invalid number of arguments in "field" directive | "field" takes 2 arguments, found 1, as in: field name value;',
  )
  refuses(
    'outer { }',
    '1:1 invalid number of arguments in "outer" directive | "outer" takes one argument, found none',
  )
  refuses(
    'outer x { inner y { } }',
    '1:17 invalid number of arguments in "inner" directive | "inner" takes no argument, found 1',
  )
  refuses(
    'alone;',
    '1:1 invalid number of arguments in "alone" directive | "alone" takes 1 to 9 arguments, found none, as in: alone word ...;',
  )
})

describe('reading on behind a mistake', () => {
  refuses(
    'nam a;\nouter wrong {\n  names b;\n  inner {\n    own maybe;\n  }\n}\nalone wrong;\nown on;',
    '1:1 unknown directive "nam" | did you mean "name"?',
    '2:7 it is wrong',
    '3:3 unknown directive "names" | did you mean "name"?',
    '5:9 invalid value "maybe" in "own" directive, it must be "on" or "off" | expected on or off',
    '8:7 it is wrong',
  )

  it('leaves out what is wrong, and keeps what is right', () => {
    const { main } = read('alone a; alone wrong; alone b; name a; name b; outer wrong { } outer y { }')
    assert.deepEqual(main.settings(table).alone, ['a', 'b'])
    assert.equal(main.settings(table).name, 'a')
    assert.deepEqual(
      main.blocks('outer').map(block => block.value),
      ['y'],
    )
  })
})
