/**
 * What it costs to run a program: by our own loop (`io/child.ts`) and by Node's `child_process`, in one process that is small and in one
 * that has touched much memory.
 *
 *   node dist/bench/programs.js [--rounds N] [--quick]
 *
 *   held      µs in which the loop stands still for one start: nobody else is served meanwhile
 *   whole     µs from the start of /bin/true until it is reaped and its pipes are closed
 *   through   MB/s through `tr a-z A-Z`: in by one pipe, out by another, both ends in our loop
 *
 * Each round measures everything once; medians are shown, and written to bench/results/programs.json.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { errnoName } from '../src/errno.ts'
import { type ChildEvents, type ChildOptions, startChild } from '../src/io/child.ts'
import { childCount } from '../src/io/children.ts'
import { Loop } from '../src/loop/loop.ts'
import { machine, median } from './measure.ts'
import { PACKAGE } from './servers.ts'

const TRUE: ChildOptions = { program: '/bin/true', args: [], directory: '/', environment: ['A=b'] }
const UPPER: ChildOptions = { program: '/usr/bin/tr', args: ['a-z', 'A-Z'], directory: '/', environment: [] }
const BALLAST_BYTES = 500_000_000
const PIECE = Buffer.alloc(64 * 1024, 'abcdefgh')

interface Start {
  readonly heldMicros: number
  readonly wholeMicros: number
}

type Starter = (loop: Loop) => Start | Promise<Start>

const nothing = (): void => {}
const DEAF: ChildEvents = {
  onOutput: nothing,
  onOutputEnd: nothing,
  onErrorOutput: nothing,
  onInputDrained: nothing,
  onInputBroken: nothing,
  onExit: nothing,
  onFailure(error) {
    throw error
  },
}

function micros(since: number): number {
  return (performance.now() - since) * 1000
}

function startOurs(loop: Loop): Start {
  const at = performance.now()
  const child = startChild(loop, TRUE, DEAF)
  const heldMicros = micros(at)
  if (typeof child === 'number') throw new Error(`/bin/true: ${errnoName(child)}`)
  while (childCount(loop) > 0) loop.iterate(-1)
  return { heldMicros, wholeMicros: micros(at) }
}

async function startNodes(): Promise<Start> {
  const at = performance.now()
  const child = spawn(TRUE.program, { cwd: TRUE.directory, env: { A: 'b' }, detached: true })
  const heldMicros = micros(at)
  await once(child, 'close')
  return { heldMicros, wholeMicros: micros(at) }
}

/** MB/s, both ways counted once. */
function throughTr(loop: Loop, sizeBytes: number): number {
  let sent = 0
  let received = 0
  const child = startChild(loop, UPPER, {
    ...DEAF,
    onOutput: bytes => {
      received += bytes.length
    },
    onInputDrained: feed,
  })
  if (typeof child === 'number') throw new Error(`tr: ${errnoName(child)}`)
  const { input } = child
  function feed(): void {
    for (; sent < sizeBytes && !input.isCongested; sent += PIECE.length) input.write(PIECE)
    if (sent >= sizeBytes) input.end()
  }
  const at = performance.now()
  feed()
  while (childCount(loop) > 0) loop.iterate(-1)
  if (received !== sent) throw new Error(`${sent} bytes went in, ${received} came out`)
  return sent / micros(at)
}

const STARTERS: Readonly<Record<string, Starter>> = { veille: startOurs, child_process: startNodes }

type Samples = Record<string, number[]>

async function measureStarts(samples: Samples, loop: Loop, starts: number, size: string): Promise<void> {
  for (const [name, start] of Object.entries(STARTERS)) {
    const all: Start[] = []
    for (let i = 0; i < starts; i++) all.push(await start(loop))
    add(samples, `held, ${size}, ${name}, µs`, median(all.map(one => one.heldMicros)))
    add(samples, `whole, ${size}, ${name}, µs`, median(all.map(one => one.wholeMicros)))
  }
}

function add(samples: Samples, what: string, value: number): void {
  samples[what] ??= []
  samples[what].push(value)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, quick: { type: 'boolean', default: false } },
  })
  const rounds = values.quick ? 1 : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a whole number, found "${values.rounds}"`)
  const [starts, throughBytes] = values.quick ? [20, 20_000_000] : [200, 200_000_000]
  const samples: Samples = {}
  const loop = new Loop()
  for (let round = 0; round < rounds; round++) {
    await measureStarts(samples, loop, starts, 'small')
    add(samples, 'through tr, veille, MB/s', throughTr(loop, throughBytes))
  }
  const ballast = Buffer.alloc(BALLAST_BYTES, 1)
  for (let round = 0; round < rounds; round++) await measureStarts(samples, loop, starts, '500 MB')
  for (const [what, all] of Object.entries(samples))
    console.log(`${what.padEnd(40)}${median(all).toFixed(0).padStart(8)}`)
  const results = join(PACKAGE, 'bench/results')
  mkdirSync(results, { recursive: true })
  const report = { machine: machine(), ballastBytes: ballast.length, samples }
  if (!values.quick) writeFileSync(join(results, 'programs.json'), `${JSON.stringify(report, null, 2)}\n`)
}

await main()
