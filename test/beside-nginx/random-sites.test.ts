import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { missing } from '../e2e/programs.ts'
import { compareRandomSites } from './random-sites.ts'

/** The same in every run; `random-sites.ts` goes on for longer. */
const SEEDS = [1, 2, 3]

describe('random configurations', { skip: missing('nginx') }, () => {
  for (const seed of SEEDS) {
    it(`are answered as nginx does, seed ${seed}`, async () => {
      assert.deepEqual(await compareRandomSites(seed, { servers: 20, requests: 20 }), [])
    })
  }
})
