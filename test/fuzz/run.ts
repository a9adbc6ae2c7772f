/**
 * The fuzzer at length, by command:
 *
 *   npm run fuzz -- --cases 1000000 --seed 7 --poller poll
 *
 *   --cases N     how many (100,000)
 *   --seed S      which ones; the same seed makes the same cases (taken from the clock, and said)
 *   --first I     the number of the first case; a failure names seed and number (0)
 *   --poller P    select, poll or epoll (epoll)
 */

import { parseArgs } from 'node:util'
import type { PollerName } from '../../src/loop/poller.ts'
import { startFuzzer } from './fuzzer.ts'

const BATCH = 5000

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    first: { type: 'string', default: '0' },
    poller: { type: 'string', default: 'epoll' },
  },
})

function numberOf(name: 'cases' | 'seed' | 'first'): number {
  const number = Number(values[name])
  if (Number.isSafeInteger(number) && number >= 0) return number
  console.error(`--${name} takes a whole number, found "${values[name]}"`)
  process.exit(2)
}

const [cases, seed, first] = [numberOf('cases'), numberOf('seed'), numberOf('first')]
console.log(`${cases} cases of seed ${seed} on ${values.poller}`)
const fuzzer = await startFuzzer(values.poller as PollerName)
try {
  for (let done = 0; done < cases; done += BATCH) {
    await fuzzer.run(seed, first + done, Math.min(BATCH, cases - done))
    const { rss } = process.memoryUsage()
    console.log(`${fuzzer.tally.cases} cases, ${fuzzer.tally.requests} requests, ${rss >> 20} MB`)
  }
  const { tally } = fuzzer
  console.log(`none failed; ${tally.refused} messages were refused, ${tally.vanished} clients vanished`)
  for (const [why, times] of tally.differences) console.log(`  ${String(times).padStart(6)}  ${why}`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  await fuzzer.close()
}
