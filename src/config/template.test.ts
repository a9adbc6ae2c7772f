// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of a configuration are written so
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems } from './diagnostic.ts'
import { readStatements, type Word } from './lexer.ts'
import { type Part, parseTemplate, placeOfVariable } from './template.ts'

/** The second word of a directive as written. */
function wordOf(written: string): Word {
  return readStatements({ name: 'x', text: `return\n${written};` }, new Problems())[0]!.words[1]!
}

/** `a|$uri|b` */
function shown(parts: readonly Part[]): string {
  return parts.map(part => (typeof part === 'string' ? part : `$${part.variable}`)).join('|')
}

function reads(written: string, expected: string): void {
  it(written, () => {
    const problems = new Problems()
    assert.equal(shown(parseTemplate(wordOf(written), problems).parts), expected)
    assert.deepEqual(problems.list, [])
  })
}

function refuses(written: string, column: number, summary: string): void {
  it(`${written}: ${summary}`, () => {
    const problems = new Problems()
    parseTemplate(wordOf(written), problems)
    const found = problems.list.map(({ place, summary }) => [place?.line, place?.column, summary])
    assert.deepEqual(found, [[2, column, summary]])
  })
}

describe('a value with variables', () => {
  reads('abc', 'abc')
  reads('""', '')
  reads('$uri', '$uri')
  reads('$uri$args', '$uri|$args')
  reads('$scheme://$host', '$scheme|://|$host')
  reads('a${b}c', 'a|$b|c')
  reads('$arg_x-$http_x_y.z', '$arg_x|-|$http_x_y|.z')
  reads('$1$2a', '$1|$2|a')
  reads('$12', '$1|2')
  reads('$9x_y', '$9|x_y')
  reads('$URI', '$URI')
  reads('$_', '$_')
  reads('$0', '$0')
  reads('"$a\\"$b"', '$a|"|$b')
})

describe('a "$" that begins no variable', () => {
  refuses('$', 1, 'invalid variable name')
  refuses('ab$', 3, 'invalid variable name')
  refuses('"ab$-"', 4, 'invalid variable name')
  refuses('$$', 1, 'invalid variable name')
  refuses('"\\$"', 3, 'invalid variable name')
  refuses('"\u{1f600}${}"', 3, 'invalid variable name')
  refuses('"${"', 2, 'invalid variable name')
  refuses('"a${b"', 3, 'the closing bracket in "b" variable is missing')
  refuses('"${a-}"', 2, 'the closing bracket in "a" variable is missing')
  refuses('"${-}"', 2, 'the closing bracket in "" variable is missing')
  refuses('"a\\"${b"', 1, 'the closing bracket in "b" variable is missing')
  refuses('$é', 1, 'invalid variable name')
})

describe('digits in brackets', () => {
  refuses('"${1}"', 2, 'unknown "1" variable')
  refuses('"${12}"', 2, 'unknown "12" variable')
})

function finds(written: string, name: string, column: number, length: number): void {
  it(`$${name} in ${written}`, () => {
    const template = parseTemplate(wordOf(written), new Problems())
    const place = placeOfVariable(template, name)
    assert.deepEqual([place.line, place.column, place.length], [2, column, length])
  })
}

describe('the place of a variable', () => {
  finds('"a $uri"', 'uri', 4, 4)
  finds('"$urin ${uri}"', 'uri', 8, 6)
  finds('$uri', 'args', 1, 4)
})
