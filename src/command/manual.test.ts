import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { helpText, manual, wrap } from './manual.ts'
import { OPTIONS } from './options.ts'

describe('--help', () => {
  it('fits 80 columns, but for the comments of examples', () => {
    const [options] = helpText().split('Examples:')
    assert.deepEqual(
      options!.split('\n').filter(line => line.length > 80),
      [],
    )
  })

  it('has every option, with its words', () => {
    const text = helpText().replace(/\s+/g, ' ')
    for (const { long, words } of OPTIONS) {
      assert.ok(text.includes(` ${long}`), long)
      assert.ok(text.includes(words), words)
    }
  })

  it('puts short names before long ones, and arguments behind', () => {
    assert.match(helpText(), /^ {2}-p, --port <number> {3}The port;/m)
    assert.match(helpText(), /^ {2}--spa\[=file\] {10}For/m)
    assert.match(helpText(), /^ {2}-l, --listen <address>\n {24}The whole/m)
  })
})

describe('words wrapped into lines', () => {
  it('break between words', () => assert.deepEqual(wrap('a bb ccc', 4), ['a bb', 'ccc']))
  it('let a word that is too long stand out', () =>
    assert.deepEqual(wrap('a bbbbbb c', 3), ['a', 'bbbbbb', 'c']))
})

it('docs/command.md is up to date', () => {
  const root = dirname(createRequire(import.meta.url).resolve('veille/package.json'))
  const written = readFileSync(join(root, 'docs/command.md'), 'utf8')
  assert.ok(written === manual(), 'run npm run generate')
})
