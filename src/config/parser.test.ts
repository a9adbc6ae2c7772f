import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems } from './diagnostic.ts'
import { type Directive, type Files, parseConfiguration } from './parser.ts'

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
  reads('a;b c;', 'a;b c;')
  reads('a{b{c d;}}e;', 'a{b{c d;}}e;')
  reads('include more/b.conf;c;', 'b1;b2{c;}c;', {
    '/etc/more/b.conf': 'b1; b2 { include c; }',
    '/etc/c': 'c;',
  })
  reads('types{include /t*;}', 'types{x 1;y 2;}', { '/t1': 'x 1;', '/t2': 'y 2;' })
})

describe('mistakes', () => {
  finds('a;;b;', ['1:3 unexpected ";"'], 'a;b;')
  finds('a{b}c;', ['1:7 unexpected end of file, expecting "}"'], 'a{b}c;}')
  finds('a{b }c;', ['1:5 unexpected "}"'], 'a{b;}c;')
  finds('a;}b;', ['1:3 unexpected "}"'], 'a;b;')
  finds('a{b;', ['1:5 unexpected end of file, expecting "}"'], 'a{b;}')
  finds('{a;}b;', ['1:1 unexpected "{"'], 'b;')
  finds('include;', ['1:1 invalid number of arguments in "include" directive'])
  finds('include x;', ['1:9 open() "/etc/x" failed (2: No such file or directory)'])
  finds('include main.conf;', ['1:9 "/etc/main.conf" includes itself'])
})
