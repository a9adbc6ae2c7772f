/**
 * The fuzzer at length, by command:
 *
 *   npm run fuzz -- --cases 1000000 --seed 7 --poller poll
 *
 *   --cases N     how many (100,000)
 *   --seed S      which ones; the same seed makes the same cases (taken from the clock, and said)
 *   --first I     the number of the first case; a failure names seed and number (0)
 *   --poller P    select, poll or epoll (epoll)
 *   --configured  to a server with a configuration, instead of one that only reads
 */

import { parseArgs } from 'node:util'
import type { PollerName } from '../../src/loop/poller.ts'
import { startConfigured } from './configured-fuzzer.ts'
import { startFuzzer } from './fuzzer.ts'

const BATCH = 5000

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    first: { type: 'string', default: '0' },
    poller: { type: 'string', default: 'epoll' },
    configured: { type: 'boolean', default: false },
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
if (values.configured) await runConfigured()
else await runReading()

async function runReading(): Promise<void> {
  const fuzzer = await startFuzzer(values.poller as PollerName)
  const { tally } = fuzzer
  await inBatches(
    fuzzer,
    () => `${tally.cases} cases, ${tally.requests} requests`,
    () => {
      console.log(`none failed; ${tally.refused} messages were refused, ${tally.vanished} clients vanished`)
      for (const [why, times] of tally.differences) console.log(`  ${String(times).padStart(6)}  ${why}`)
    },
  )
}

async function runConfigured(): Promise<void> {
  const fuzzer = await startConfigured(values.poller as PollerName)
  const { tally } = fuzzer
  await inBatches(
    fuzzer,
    () => `${tally.cases} cases, ${tally.answers} answers`,
    () => {
      console.log(`none failed; ${tally.vanished} clients vanished; answers by their status:`)
      for (const [status, times] of [...tally.statuses].sort()) console.log(`  ${status} ${times}`)
    },
  )
}

interface Runner {
  run(seed: number, first: number, count: number): Promise<void>
  close(): Promise<void>
}

async function inBatches(fuzzer: Runner, progress: () => string, tellEnd: () => void): Promise<void> {
  try {
    for (let done = 0; done < cases; done += BATCH) {
      await fuzzer.run(seed, first + done, Math.min(BATCH, cases - done))
      const { rss } = process.memoryUsage()
      console.log(`${progress()}, ${rss >> 20} MB`)
    }
    tellEnd()
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  } finally {
    await fuzzer.close()
  }
}
