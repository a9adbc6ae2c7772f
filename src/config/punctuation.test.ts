import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems } from './diagnostic.ts'
import { readStatements } from './lexer.ts'
import { setRight } from './punctuation.ts'
import { COMMAND_LINE, type Place } from './source.ts'

function read(text: string, name: string) {
  const problems = new Problems()
  const statements = setRight(readStatements({ name, text }, problems), problems)
  const shown = statements
    .map(({ words, terminator }) => words.map(word => word.text).join(' ') + terminator.replace('end', ''))
    .join('')
  return { shown, problems }
}

function at(place: Place | null): string {
  return `${place?.line}:${place?.column}`
}

/**
 * @param lines joined by line feeds
 * @param complaints `line:column summary`, each followed by the places that it points to
 * @param expected the statements as they are read on
 */
function sets(lines: string[], complaints: string[], expected: string, name = 'x.conf'): void {
  it(lines.join('⏎'), () => {
    const { shown, problems } = read(lines.join('\n'), name)
    const found = problems.list.map(({ place, summary, related }) =>
      [at(place), summary, ...related.map(other => at(other.place))].join(' '),
    )
    assert.deepEqual(found, complaints)
    assert.equal(shown, expected)
  })
}

describe('a ";" that is missing', () => {
  sets(['a{b c}', '}'], ['2:1 unexpected "}" 1:5'], 'a{b c};}')
  sets(['a{b }'], ['1:5 unexpected "}"'], 'a{b;}')
  sets(['a{"b"}'], ['1:6 unexpected "}"'], 'a{b;}')
  sets(['a b'], ['1:4 unexpected end of file, expecting ";" or "}"'], 'a b;')
  sets(['a b', ''], ['2:1 unexpected end of file, expecting ";" or "}" 1:3'], 'a b;')
  sets(['a b'], ['1:4 unexpected end of parameter, expecting ";"'], 'a b;', COMMAND_LINE)
})

describe('a ";" that is one too many', () => {
  sets([';a;;'], ['1:1 unexpected ";"', '1:4 unexpected ";"'], 'a;')
  sets(['a{;}'], ['1:3 unexpected ";"'], 'a{}')
  sets(['a b;', '{c;}'], ['2:1 unexpected "{" 1:4'], 'a b{c;}')
})

describe('a block without a name', () => {
  sets(['{a;}'], ['1:1 unexpected "{"'], '{a;}')
  sets(['a{}', '{b;}'], ['2:1 unexpected "{"'], 'a{}{b;}')
  sets(['a{{b;}}'], ['1:3 unexpected "{"'], 'a{{b;}}')
})

describe('a "}" that is missing', () => {
  const END = 'unexpected end of file, expecting "}"'
  sets(['a{b;'], [`1:5 ${END} 1:1`], 'a{b;}')
  sets(['a{b{'], [`1:5 ${END} 1:3 1:1`], 'a{b{}}')
  sets(['a {', '  b {', '    c;', '}', ''], [`5:1 ${END} 2:3 4:1`], 'a{b{c;}}')
  sets(
    ['a {', '  b {', '    c;', '  d {', '    e;', '  }', '  f;', '}'],
    [`8:2 ${END} 2:3 4:3`],
    'a{b{c;}d{e;}f;}',
  )
  sets(['a {', '  b;', 'c {', '  d;', '}'], [`5:2 ${END} 1:1 3:1`], 'a{b;}c{d;}')
  sets(
    ['a {', '  b {', '    c;', '  d {', '    e;', '}', 'f;'],
    [`7:3 ${END} 2:3 4:3 4:3 6:1`],
    'a{b{c;}d{e;}}f;',
  )
  sets(['a {', 'b {', 'c;', '}', 'd {', 'e;', '}'], [`7:2 ${END} 1:1`], 'a{b{c;}d{e;}}')
  sets(['a {', '  b;', 'c;', '}', 'd {'], [`5:4 ${END} 5:1`], 'a{b;c;}d{}')
  sets(['a {', '    b {', '  c;', '}', '  d;'], [`5:5 ${END} 2:5 4:1`], 'a{b{c;}}d;')
})

describe('a "}" that is one too many', () => {
  sets(['a;}b;'], ['1:3 unexpected "}"'], 'a;b;')
  sets(['}}'], ['1:1 unexpected "}"', '1:2 unexpected "}"'], '')
  sets(['a {', '  b {', '    c;', '  }', '  }', '  d;', '}'], ['7:1 unexpected "}" 5:3'], 'a{b{c;}d;}')
  sets(['a {', 'b {', '}', '}', '}', 'c;'], ['5:1 unexpected "}"'], 'a{b{}}c;')
  sets(['a {', '  }', '}', 'c;'], ['3:1 unexpected "}" 2:3'], 'a{}c;')

  it('ends the reading when there are many', () => {
    const { shown, problems } = read(`a;${'}'.repeat(1000)}b;`, 'x')
    assert.equal(shown, 'a;')
    assert.equal(problems.list.length, 21)
  })
})

describe('a regular expression with braces and without quotes', () => {
  sets(
    ['a{', 'location ~ ^/\\d{4}/ {', '}', '}'],
    ['2:17 unknown directive "4}/"'],
    'a{location ~ ^/\\d{4}/{}}',
  )
  sets(
    ['rewrite /(\\d{1,3})-(\\d{2,})$ /x;'],
    ['1:13 directive "rewrite" is not terminated by ";"'],
    'rewrite /(\\d{1,3})-(\\d{2,})$ /x;',
  )
  sets(['map{', '~a{2} 1;', '}'], ['2:3 unexpected "{"'], 'map{~a{2} 1;}')
  sets(['a b{4} c;}'], ['1:4 directive "a" is not terminated by ";"', '1:10 unexpected "}"'], 'a b{4} c;')
  sets(['a b {4} c;}'], [], 'a b{4} c;}')
  sets(['a "b"{4;}'], [], 'a b{4;}')
  sets(['a "b{4}";'], [], 'a b{4};')
})
