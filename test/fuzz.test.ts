/**
 * A fixed number of the fuzzer's cases (`test/fuzz/`), the same ones in every run, for each poller. At length: `npm run fuzz`.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFuzzer } from './fuzz/fuzzer.ts'
import { forEachPoller } from './pollers.ts'

const CASES = 4000
const SEED = 1

forEachPoller(poller => {
  test('no bytes crash it, hold it, make it spin, or are read in another way than llhttp does', async () => {
    const fuzzer = await startFuzzer(poller)
    try {
      await fuzzer.run(SEED, 0, CASES)
      // The cases are worth something: a good part are requests, a good part are not, and differences were met.
      const { requests, refused, vanished, differences } = fuzzer.tally
      assert.ok(requests > CASES / 3 && refused > CASES / 3 && vanished > CASES / 20 && differences.size > 3)
    } finally {
      await fuzzer.close()
    }
  })
})
