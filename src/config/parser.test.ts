import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems } from './diagnostic.ts'
import { type Directive, type Files, parseConfiguration } from './parser.ts'
import { COMMAND_LINE } from './source.ts'

/** Files that exist in a test only; a pattern finds those that begin as it does before its "*". */
function filesOf(texts: Record<string, string>): Files {
  return {
    read: path => {
      const text = texts[path]
      return text === undefined
        ? { problem: `open() "${path}" failed (2: No such file or directory)` }
        : { text }
    },
    glob: pattern =>
      Object.keys(texts)
        .filter(path => path.startsWith(pattern.slice(0, pattern.indexOf('*'))))
        .sort(),
  }
}

function parse(text: string, others: Record<string, string> = {}) {
  const problems = new Problems()
  const files = filesOf({ '/etc/main.conf': text, ...others })
  return { ...parseConfiguration('/etc/main.conf', files, problems), problems }
}

/** `a(b,c){…}`, without spaces. */
function outline(tree: readonly Directive[]): string {
  return tree
    .map(({ name, args, block }) => {
      const words = [name, ...args.map(({ text }) => text)].join(' ')
      return words + (block === null ? ';' : `{${outline(block)}}`)
    })
    .join('')
}

function reads(text: string, expected: string, others?: Record<string, string>): void {
  it(JSON.stringify(text), () => {
    const { tree, problems } = parse(text, others)
    assert.equal(outline(tree), expected)
    assert.deepEqual(problems.list, [])
  })
}

/** @param expected `line:column summary` of each problem */
function finds(text: string, expected: string[], tree?: string): void {
  it(`finds what is wrong in ${JSON.stringify(text)}`, () => {
    const result = parse(text)
    assert.deepEqual(
      result.problems.list.map(({ place, summary }) => `${place!.line}:${place!.column} ${summary}`),
      expected,
    )
    if (tree !== undefined) assert.equal(outline(result.tree), tree)
  })
}

describe('a tree of directives', () => {
  reads('', '')
  reads('# nothing\n', '')
  reads('a;b c;', 'a;b c;')
  reads('a{b{c d;}}e;', 'a{b{c d;}}e;')
  reads('"a" "b c" {}', 'a b c{}')

  it('knows where each directive begins and what ends it', () => {
    const { tree } = parse('a\n  b\n{\n c d;}')
    const places = [tree[0]!, tree[0]!.block![0]!].map(({ place, end }) => [
      `${place.line}:${place.column}`,
      `${end.line}:${end.column}`,
    ])
    assert.deepEqual(places, [
      ['1:1', '3:1'],
      ['4:2', '4:5'],
    ])
  })
})

describe('include', () => {
  reads('include more/b.conf;c;', 'b1;b2{c;}c;', {
    '/etc/more/b.conf': 'b1; b2 { include c; }',
    '/etc/c': 'c;',
  })
  reads('types{include /t*;}', 'types{x 1;y 2;}', { '/t1': 'x 1;', '/t2': 'y 2;' })
  reads('include /none/*.conf;a;', 'a;')
  reads('a{include b;}c{include b;}', 'a{b;}c{b;}', { '/etc/b': 'b;' })
  reads('"include" "b c";', 'b;', { '/etc/b c': 'b;' })
  reads('\\include b;', '\\include b;')
  finds('include;', ['1:1 invalid number of arguments in "include" directive'], '')
  finds('include a b;', ['1:1 invalid number of arguments in "include" directive'], '')
  finds('a;include {b;}c;', ['1:11 directive "include" is not terminated by ";"'], 'a;c;')
  finds('include x;', ['1:9 open() "/etc/x" failed (2: No such file or directory)'], '')
  finds('a;include main.conf;b;', ['1:11 "/etc/main.conf" includes itself'], 'a;b;')
  finds('include m*;', ['1:9 "/etc/main.conf" includes itself'], '')

  it('names each file once, in the order of opening', () => {
    const { sources } = parse('include b; include a; include b;', {
      '/etc/a': '',
      '/etc/b': 'include c;',
      '/etc/c': '',
    })
    assert.deepEqual(
      sources.map(({ name }) => name),
      ['/etc/main.conf', '/etc/b', '/etc/c', '/etc/a'],
    )
  })

  it('wants each file to be whole by itself', () => {
    const { problems, tree } = parse('a { include b; }', { '/etc/b': 'c; } d {' })
    assert.deepEqual(
      problems.list.map(({ place, summary }) => `${place?.source.name}:${place?.column} ${summary}`),
      ['/etc/b:4 unexpected "}"', '/etc/b:9 unexpected end of file, expecting "}"'],
    )
    assert.equal(outline(tree), 'a{c;d{}}')
  })

  it('reports what is wrong with a file once, however often it is included', () => {
    const { problems } = parse('a { include b; } c { include b; }', { '/etc/b': '; ;' })
    assert.equal(problems.list.length, 2)
  })

  it('goes through a circle of two once', () => {
    const { problems } = parse('include b;', { '/etc/b': 'x; include main.conf;' })
    assert.deepEqual(
      problems.list.map(({ expected }) => expected),
      ['this would never end: /etc/main.conf → /etc/b → /etc/main.conf'],
    )
  })

  it('stops where files include one another too deep', () => {
    const files: Files = { read: path => ({ text: `include ${path}x; a;` }), glob: () => [] }
    const problems = new Problems()
    parseConfiguration('/x', files, problems)
    assert.deepEqual(
      problems.list.map(({ summary }) => summary),
      ['too many nested includes'],
    )
  })

  it('stops where files that include two each make too much', () => {
    const leaf = 'a;'.repeat(30_000)
    const files: Files = {
      read: path => ({ text: path.length < 4 ? `include ${path}x;`.repeat(9) : leaf }),
      glob: () => [],
    }
    const problems = new Problems()
    parseConfiguration('/x', files, problems)
    assert.deepEqual(
      problems.list.map(({ summary }) => summary),
      ['too many directives'],
    )
  })

  it('is relative to the folder of the main file, whichever file it stands in', () => {
    const { problems } = parse('include d/b;', { '/etc/d/b': 'include c;', '/etc/c': '' })
    assert.deepEqual(problems.list, [])
  })
})

describe('mistakes', () => {
  finds('a;;b;', ['1:3 unexpected ";"'], 'a;b;')
  finds('a{b}c;', ['1:7 unexpected end of file, expecting "}"'], 'a{b}c;}')
  finds('a{b }c;', ['1:5 unexpected "}"'], 'a{b;}c;')
  finds('a;}b;', ['1:3 unexpected "}"'], 'a;b;')
  finds('a{b;', ['1:5 unexpected end of file, expecting "}"'], 'a{b;}')
  finds('{a;}b;', ['1:1 unexpected "{"'], 'b;')
  finds(
    'a "b"c;;\nd{e }}\nf "g',
    [
      '1:6 unexpected "c"',
      '1:8 unexpected ";"',
      '2:5 unexpected "}"',
      '2:6 unexpected "}"',
      '3:5 unexpected end of file, expecting ";" or "}"',
    ],
    'a b;d{e;}f g;',
  )
  finds('a{'.repeat(101) + '}'.repeat(101), ['1:202 too many nested blocks'])

  it('begin with the file that cannot be opened, without a place', () => {
    const problems = new Problems()
    const problem = 'open() "/etc/x" failed (13: Permission denied)'
    const { tree, sources } = parseConfiguration(
      '/etc/x',
      { read: () => ({ problem }), glob: () => [] },
      problems,
    )
    assert.deepEqual([tree, sources], [[], []])
    assert.deepEqual(
      problems.list.map(({ place, summary }) => [place, summary]),
      [[null, problem]],
    )
  })
})

describe('the text of -g', () => {
  function parseWith(extra: string) {
    const problems = new Problems()
    const files = filesOf({ '/etc/main.conf': 'a;', '/etc/b': 'b;' })
    const source = { name: COMMAND_LINE, text: extra }
    return { ...parseConfiguration('/etc/main.conf', files, problems, source), problems }
  }

  it('comes before the file, and is none', () => {
    const { tree, sources } = parseWith('c; include b;')
    assert.equal(outline(tree), 'c;b;a;')
    assert.deepEqual(
      sources.map(({ name }) => name),
      ['/etc/b', '/etc/main.conf'],
    )
  })

  function refuses(extra: string, summary: string): void {
    it(`is refused: ${extra}`, () => {
      const { tree, problems } = parseWith(extra)
      assert.deepEqual(
        problems.list.map(problem => problem.summary),
        [summary],
      )
      assert.match(outline(tree), /a;$/)
    })
  }
  refuses('daemon off', 'unexpected end of parameter, expecting ";"')
  refuses('events { }', 'block directives are not supported in -g option')
  refuses('events {', 'block directives are not supported in -g option')
  refuses('}', 'unexpected "}"')
})
