import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { variablesManual } from './variables-manual.ts'

it('docs/variables.md is up to date', () => {
  const root = dirname(createRequire(import.meta.url).resolve('veille/package.json'))
  const written = readFileSync(join(root, 'docs/variables.md'), 'utf8')
  assert.ok(written === variablesManual(), 'run npm run generate')
})
