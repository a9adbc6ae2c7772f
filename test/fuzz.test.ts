/**
 * A fixed number of the fuzzer's cases (`test/fuzz/`), the same ones in every run, for each poller. At length: `npm run fuzz`.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startConfigured } from './fuzz/configured-fuzzer.ts'
import { startFuzzer } from './fuzz/fuzzer.ts'
import { forEachPoller } from './pollers.ts'

const CASES = 4000
const CONFIGURED_CASES = 2000
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

  test('no request gets out of the roots of a configuration, into its logs or fields, or a 500 out of it', async () => {
    const fuzzer = await startConfigured(poller)
    try {
      await fuzzer.run(SEED, 0, CONFIGURED_CASES)
      // Most kinds of answers were among them, and a good part were no errors.
      const { answers, statuses, vanished } = fuzzer.tally
      assert.ok(answers > CONFIGURED_CASES && statuses.get(200)! > answers / 5)
      assert.ok(statuses.size > 12 && vanished > CONFIGURED_CASES / 40)
    } finally {
      await fuzzer.close()
    }
  })
})
