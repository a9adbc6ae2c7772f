/**
 * `npm run acceptance`: the published acceptance case at full size, as a table.
 *
 *   npm run acceptance -- [--poller epoll|poll|select] [--strict] [--scale 1] [--program sh|c] [--processes 2]
 *
 * Ends with 1 when a check has failed. Full size takes a few minutes: 11 GB go to the server, and come back.
 */

import { parseArgs } from 'node:util'
import type { PollerName } from '../../src/loop/poller.ts'
import { playCase, sizeAt } from './case.ts'
import { serveSite } from './served-site.ts'
import type { Program } from './site.ts'

interface Choice {
  readonly poller: PollerName
  readonly isStrict: boolean
  readonly scale: number
  readonly program: Program
  readonly processes: number
}

function choice(): Choice {
  const { values } = parseArgs({
    options: {
      poller: { type: 'string', default: 'epoll' },
      strict: { type: 'boolean', default: false },
      scale: { type: 'string', default: '1' },
      program: { type: 'string', default: 'sh' },
      processes: { type: 'string', default: '2' },
    },
  })
  const { poller, program, strict } = values
  const scale = Number(values.scale)
  const processes = Number(values.processes)
  if (poller !== 'epoll' && poller !== 'poll' && poller !== 'select')
    throw new Error(`--poller takes epoll, poll or select, not ${poller}`)
  if (program !== 'sh' && program !== 'c') throw new Error(`--program takes sh or c, not ${program}`)
  if (!(scale > 0 && scale <= 1))
    throw new Error(`--scale takes a number above 0, up to 1, not ${values.scale}`)
  if (!Number.isInteger(processes) || processes < 1) throw new Error('--processes takes a number from 1')
  return { poller, isStrict: strict, scale, program, processes }
}

async function main(): Promise<void> {
  const { scale, processes, ...options } = choice()
  console.log(`${options.poller}, strict_readiness ${options.isStrict ? 'on' : 'off'}, scale ${scale}\n`)
  await using served = await serveSite(options)
  const begin = performance.now()
  let failed = 0
  for await (const { title, fault, ms, note } of playCase(served.target, sizeAt(scale, processes))) {
    if (fault !== null) failed++
    const words = [fault, note].filter(text => text !== null && text !== '').join(' · ')
    console.log(`${fault === null ? '✓' : '✗'} ${(ms / 1000).toFixed(2).padStart(7)} s  ${title}  ${words}`)
  }
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  console.log(
    `\n${failed === 0 ? 'Everything is as published' : `${failed} checks failed`}, after ${seconds} s.`,
  )
  if (failed === 0) return
  process.exitCode = 1
  console.log(served.words())
}

await main()
