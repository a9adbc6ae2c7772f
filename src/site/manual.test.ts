import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { ELSEWHERE } from '../modules/elsewhere.ts'
import { directivesManual } from './manual.ts'
import { TABLES } from './reading.ts'

const rows = TABLES.flatMap(table => Object.entries(table))

describe('the tables of directives', () => {
  it('have words for each row: a sentence, and the same directive in one context once', () => {
    const seen = new Set<string>()
    for (const [name, row] of rows) {
      assert.match(row.doc, /^\S.*\.$/s, name)
      assert.ok(row.in.length > 0 && row.syntax.length > 0, name)
      assert.ok(row.takes[0] <= row.takes[1], name)
      for (const context of row.in) {
        assert.ok(!seen.has(`${context} ${name}`), `${name} in ${context} twice`)
        seen.add(`${context} ${name}`)
      }
    }
  })

  it('have nothing that is said to be missing', () => {
    assert.deepEqual(
      rows.map(([name]) => name).filter(name => ELSEWHERE.has(name)),
      [],
    )
  })

  it('are all in the manual', () => {
    const manual = directivesManual()
    for (const [name] of rows) assert.ok(manual.includes(`\n### ${name}\n`), name)
  })

  it('are what docs/directives.md tells', () => {
    const root = dirname(createRequire(import.meta.url).resolve('veille/package.json'))
    const written = readFileSync(join(root, 'docs/directives.md'), 'utf8')
    assert.ok(written === directivesManual(), 'run npm run generate')
  })
})
