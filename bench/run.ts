/**
 * `npm run bench`: veille beside nginx, node:http, Bun and the floor, in one interleaved run.
 *
 *   node dist/bench/run.js [--only name,name] [--servers name,name] [--rounds N] [--seconds S] [--save name] [--quick]
 *
 * Every server is asked in turn, round after round, and medians are compared, so that a busy neighbour disturbs
 * all alike. Compared is the CPU time of the server, not requests per second: on a shared machine only that is a
 * property of the server. What is measured stands in workloads.ts, how in experiments.ts.
 *
 * A benchmark is not a test: a missed budget is said, not failed. Wrong or missing answers do fail the run.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { type MetricResult, medianOf } from './budget.ts'
import { ratioChart } from './chart.ts'
import { endCompanions, missingCompanion } from './companions.ts'
import { Bench, type Sample, type Sizes } from './experiments.ts'
import { endLoads } from './load.ts'
import { type Cores, cores, descriptorLimit, machine, pinSelf } from './measure.ts'
import { type Failure, figure, jsonOf, type Report, tableOf } from './report.ts'
import { endEverything, findProgram, KINDS, PACKAGE, POLLERS, type ServerKind } from './servers.ts'
import { makeSite } from './site.ts'
import { FULL, QUICK, WORKLOADS, type Workload } from './workloads.ts'

/** Descriptors that a server or client needs beside its idle connections. */
const SPARE_DESCRIPTORS = 600

const HELP = `node dist/bench/run.js [options]
  --only name,name   of: ${WORKLOADS.map(workload => workload.name).join(' ')}
  --servers name,…   of: ${KINDS.map(kind => kind.name).join(' ')} (all that are installed)
  --rounds N         rounds of each workload (${FULL.rounds})
  --seconds S        whole seconds of load in one round (1)
  --save name        results/<name>.json and .svg (latest for a whole run, otherwise partial)
  --quick            one short round: shows that everything works, decides nothing`

interface Options {
  workloads: readonly Workload[]
  servers: readonly ServerKind[]
  rounds: number
  sizes: Sizes
  /** The name of the result. Only all workloads and servers in full replace the published one. */
  save: string
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      servers: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '1' },
      save: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    process.exit(0)
  }
  const isWhole = !values.quick && values.only === undefined && values.servers === undefined
  const preset = values.quick ? QUICK : FULL
  return {
    workloads: chosen('workload', WORKLOADS, values.only),
    servers: chosen('server', KINDS, values.servers),
    rounds: wholeNumber('--rounds', values.rounds ?? String(preset.rounds)),
    sizes: { ...preset, seconds: wholeNumber('--seconds', values.seconds) },
    save: values.save ?? (isWhole ? 'latest' : 'partial'),
  }
}

/** Those whose names stand in the list; all of them without one. */
function chosen<T extends { name: string }>(
  what: string,
  all: readonly T[],
  list: string | undefined,
): readonly T[] {
  if (list === undefined) return all
  const names = list.split(',')
  const unknown = names.find(name => !all.some(one => one.name === name))
  if (unknown !== undefined) throw new Error(`no ${what} "${unknown}"\n${HELP}`)
  return all.filter(one => names.includes(one.name))
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`${option} takes a whole number from 1, found "${text}"`)
  return Number(text)
}

/** Fewer connections where the system allows fewer descriptors, and a word about it. */
function withinDescriptors(sizes: Sizes): Sizes {
  const limit = descriptorLimit()
  if (limit >= sizes.idle + SPARE_DESCRIPTORS) return sizes
  const idle = Math.max(100, limit - SPARE_DESCRIPTORS)
  console.error(`! ulimit -Hn is ${limit}: ${idle} idle connections instead of ${sizes.idle}`)
  return { ...sizes, idle }
}

function findServers(wanted: readonly ServerKind[]): { kinds: readonly ServerKind[]; skipped: string[] } {
  const kinds = wanted.filter(kind => kind.version() !== null)
  const skipped = wanted.filter(kind => !kinds.includes(kind)).map(kind => kind.missing)
  for (const word of skipped) console.error(`! ${word}`)
  return { kinds, skipped }
}

interface Measured {
  results: MetricResult[]
  failures: Failure[]
}

/** All rounds of one workload. A server that fails is left out of its further rounds, and named. */
async function measure(
  bench: Bench,
  workload: Workload,
  kinds: readonly ServerKind[],
  rounds: number,
): Promise<Measured> {
  const failures: Failure[] = []
  const samples = new Map<string, (Sample | null)[]>(kinds.map(kind => [kind.name, []]))

  async function attempt(kind: ServerKind, step: () => Promise<void>): Promise<void> {
    if (failures.some(failure => failure.server === kind.name)) return
    try {
      await step()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      failures.push({ workload: workload.name, server: kind.name, reason })
      console.error(`✗ ${workload.name}: ${kind.name}: ${reason}`)
    }
  }

  for (const kind of kinds) await attempt(kind, () => workload.experiment.prepare(bench, kind))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < kinds.length; i++) {
      // Nobody is always first: each round begins with the next server.
      const kind = kinds[(i + round) % kinds.length]!
      samples.get(kind.name)![round] = null
      await attempt(kind, async () => {
        samples.get(kind.name)![round] = await workload.experiment.measure(bench, kind)
      })
    }
  }
  return { results: resultsOf(workload, samples), failures }
}

function resultsOf(workload: Workload, samples: ReadonlyMap<string, (Sample | null)[]>): MetricResult[] {
  return workload.metrics.map(({ figure, title, unit, must = null, aim = null }) => {
    const byServer = [...samples].map(([server, list]) => [
      server,
      list.map(sample => sample?.[figure] ?? null),
    ])
    const name = workload.metrics.length === 1 ? workload.name : `${workload.name}-${figure}`
    return { name, title, unit, must, aim, samples: Object.fromEntries(byServer) }
  })
}

function progress(results: readonly MetricResult[]): void {
  for (const result of results) {
    const values = Object.keys(result.samples).map(server => `${server} ${figure(medianOf(result, server))}`)
    console.error(`· ${result.name} (${result.unit}): ${values.join(' · ')}`)
  }
}

/** Everything ends with the harness: by pid, also on Ctrl-C, and whatever went wrong. */
function makeScratch(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'veille-bench-'))
  // nginx's worker reads it as another user when the master is root.
  chmodSync(scratch, 0o755)
  process.once('exit', () => {
    endLoads()
    endEverything()
    endCompanions()
    rmSync(scratch, { recursive: true, force: true })
  })
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  return scratch
}

function write(report: Report, name: string): void {
  const folder = join(PACKAGE, 'bench/results')
  const base = join(folder, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${base}.json`, jsonOf(report))
  writeFileSync(`${base}.svg`, ratioChart(report))
  console.log(`\n${relative(process.cwd(), base)}.json and .svg are written.`)
}

function say(report: Report): void {
  console.log(`
CPU µs of the server per request, where the unit is µs; medians of interleaved rounds.
/nginx and /floor: veille beside them, the median of each round's ratio. Never compare times of two runs.

${tableOf(report)}`)
  for (const { workload, server, reason } of report.failures) {
    console.log(`FAILED ${workload}, ${server}: ${reason}`)
  }
}

function pin(): Cores | null {
  const pinned = cores()
  if (pinned === null) console.error('! one core, or no taskset: server and load disturb each other')
  else pinSelf(pinned.load)
  return pinned
}

function emptyReport(kinds: readonly ServerKind[], skipped: string[], { rounds, sizes }: Options): Report {
  return {
    when: new Date().toISOString(),
    machine: machine(),
    columns: kinds.map(({ name, title, version }) => ({ name, title, version: version() ?? '' })),
    skipped,
    settings: { rounds, seconds: sizes.seconds, idleConnections: sizes.idle, slowReaders: sizes.slow },
    results: [],
    failures: [],
  }
}

async function main(): Promise<void> {
  const options = readOptions()
  if (findProgram('wrk') === null) throw new Error('no wrk to make the load. On Debian: apt install wrk')
  const pinned = pin()
  const { kinds, skipped } = findServers(options.servers)
  options.sizes = withinDescriptors(options.sizes)
  const scratch = makeScratch()
  const connections = options.sizes.idle + SPARE_DESCRIPTORS
  const bench = new Bench({ root: makeSite(scratch), scratch, cores: pinned, connections }, options.sizes)
  const report = emptyReport(kinds, skipped, options)
  console.error(report.columns.map(column => `${column.title} ${column.version}`).join(' · '))

  const pollers = kinds.some(kind => kind.name === 'veille') ? POLLERS : []
  for (const workload of options.workloads) {
    const lack = workload.needs === undefined ? null : missingCompanion(workload.needs)
    if (lack !== null) {
      report.skipped.push(lack)
      console.error(`! ${lack}`)
      continue
    }
    const able = workload.isConfigured ? kinds.filter(kind => kind.isConfigured) : kinds
    const subjects = workload.everyPoller ? [...able, ...pollers] : able
    const rounds = Math.min(options.rounds, workload.roundsAtMost ?? options.rounds)
    const { results, failures } = await measure(bench, workload, subjects, rounds)
    report.results.push(...results)
    report.failures.push(...failures)
    progress(results)
    await bench.stopConfigured()
  }
  await bench.stopResidents()
  say(report)
  write(report, options.save)
  process.exitCode = report.failures.length > 0 ? 1 : 0
}

await main().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
