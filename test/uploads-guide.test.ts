/** The configurations that docs/uploads.md shows are accepted, and warned of nowhere. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { problemsIn } from './site-stub.ts'

const GUIDE = readFileSync(fileURLToPath(new URL('../../docs/uploads.md', import.meta.url)), 'utf8')
const BLOCKS = [...GUIDE.matchAll(/```nginx\n([^`]*)```/g)].map(([, text]) => text!)

describe('the guide to uploads', () => {
  it('shows configurations', () => assert.ok(BLOCKS.length >= 3))

  for (const [i, text] of BLOCKS.entries()) {
    it(`has a good configuration ${i + 1}`, () => assert.deepEqual(problemsIn(text), []))
  }
})
