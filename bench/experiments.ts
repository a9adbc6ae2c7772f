/**
 * What is done to a server to learn one kind of number. Each experiment measures one server once; run.ts
 * repeats it in interleaved rounds and takes medians.
 *
 *   cpuPerRequest(load)   CPU µs per request, and requests per second, on a server that stays for the whole run, or as long as its configuration is in use
 *   besideMany            CPU per request for ten of 1,000 servers with 10,000 locations, and its growth from ten of ten
 *   besideIdle            a fresh server: memory per idle connection, CPU per request beside them, and its growth
 *   slowReaders           a fresh server: memory per connection that reads slowly
 *   startUp(name)         from the start of the process until the first answer
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Companion, type CompanionName, prepareCompanion, startCompanion } from './companions.ts'
import {
  CONFIGURATIONS,
  type Configuration,
  type ConfigurationName,
  FEW_SERVERS,
  LOCATIONS_EACH,
  MANY_SERVERS,
  pathOf,
} from './configurations.ts'
import { type Done, hold, type Load, run, verify } from './load.ts'
import { coreMicros, cpuMicros, residentKb } from './measure.ts'
import { type Place, type RunningServer, type ServerKind, start } from './servers.ts'

/** Figures by name; run.ts says which of them are shown. */
export type Sample = Record<string, number>

export interface Experiment {
  /** Once per server, before its first sample: checks answers, warms up. Throws when an answer is wrong. */
  prepare(bench: Bench, kind: ServerKind): Promise<void>
  measure(bench: Bench, kind: ServerKind): Promise<Sample>
}

export interface Sizes {
  seconds: number
  warmUp: boolean
  idle: number
  slow: number
}

const SMALL: Load = { path: '/hello', connections: 64 }
const MANY: Load = { path: '/hello', connections: 512 }
const LARGE: Load = { path: '/10m.txt', connections: 1 }

/** Until the kernel has delivered, the server has gone idle and V8 has done what it puts off. */
const SETTLE_MS = 500

/** Servers of one run, and what every experiment needs to know. */
export class Bench {
  readonly place: Place
  readonly sizes: Sizes
  #residents = new Map<string, RunningServer>()
  #companions = new Map<CompanionName, Companion>()

  constructor(place: Place, sizes: Sizes) {
    this.place = place
    this.sizes = sizes
  }

  /** The server of this kind that stays, warm; started anew if it has ended. */
  async resident(kind: ServerKind, configuration: ConfigurationName = 'plain'): Promise<RunningServer> {
    const name = `${kind.name} ${configuration}`
    const there = this.#residents.get(name)
    if (there !== undefined && !there.hasEnded) return there
    await this.#startCompanion(kind, configuration)
    const { server } = await start(kind, this.place, configuration)
    this.#residents.set(name, server)
    await this.run(server, SMALL, await verify(server.port, SMALL))
    return server
  }

  /** One for all servers, or only for nginx, which cannot do without. */
  async #startCompanion(kind: ServerKind, configuration: ConfigurationName): Promise<void> {
    const { companion }: Configuration = CONFIGURATIONS[configuration]
    if (companion === undefined) return
    const { name, of } = companion
    prepareCompanion(name, this.place)
    if ((of === 'nginx' && kind.name !== 'nginx') || this.#companions.has(name)) return
    this.#companions.set(name, await startCompanion(name, this.place))
  }

  /** A server of its own for `use`, ended afterwards. */
  async withFresh<T>(kind: ServerKind, use: (server: RunningServer) => Promise<T>): Promise<T> {
    const { server } = await start(kind, this.place)
    try {
      return await use(server)
    } finally {
      await server.stop()
    }
  }

  /** Those that other workloads do not ask. */
  async stopConfigured(): Promise<void> {
    await this.#stop(name => !name.endsWith(' plain'))
  }

  async stopResidents(): Promise<void> {
    await this.#stop(() => true)
  }

  async #stop(isMeant: (name: string) => boolean): Promise<void> {
    const meant = [...this.#residents].filter(([name]) => isMeant(name))
    await Promise.all(meant.map(([, server]) => server.stop()))
    for (const [name] of meant) this.#residents.delete(name)
    await Promise.all([...this.#companions.values()].map(companion => companion.stop()))
    this.#companions.clear()
  }

  run(server: RunningServer, load: Load, answerBytes: number): Promise<Done> {
    return run(server, load, answerBytes, this.sizes.seconds, this.place.cores)
  }

  /** CPU µs of the server per request completed. */
  async cpuPerRequest(server: RunningServer, load: Load, answerBytes: number): Promise<number> {
    return (await this.costs(server, load, answerBytes)).cpu
  }

  /** The same, how many requests a second, and how long the server's core was busy for each: whoever works for the server counts. */
  async costs(server: RunningServer, load: Load, answerBytes: number): Promise<Sample & { cpu: number }> {
    const core = this.place.cores?.server
    const busyBefore = core === undefined ? 0 : coreMicros(core)
    const before = cpuMicros(server.pid)
    const { requests, seconds } = await this.run(server, load, answerBytes)
    const cpu = (cpuMicros(server.pid) - before) / requests
    const rate = requests / seconds
    return core === undefined
      ? { cpu, rate }
      : { cpu, rate, core: (coreMicros(core) - busyBefore) / requests }
  }
}

export function cpuPerRequest(load: Load, configuration: ConfigurationName = 'plain'): Experiment {
  const answerBytes = new Map<string, number>()
  return {
    async prepare(bench, kind) {
      const server = await bench.resident(kind, configuration)
      answerBytes.set(kind.name, await verify(server.port, load))
      if (bench.sizes.warmUp) await bench.run(server, load, answerBytes.get(kind.name)!)
    },
    async measure(bench, kind) {
      const server = await bench.resident(kind, configuration)
      return bench.costs(server, load, answerBytes.get(kind.name)!)
    },
  }
}

/**
 * On a fresh server, since memory that an earlier peak has left behind would hide what a connection needs; but a
 * warm one, since code that is compiled meanwhile would count as memory of connections. CPU without the idle ones
 * is taken before and after, so that a server that is still getting faster gains nothing from the order.
 */
export const besideIdle: Experiment = {
  async prepare() {},
  measure(bench, kind) {
    return bench.withFresh(kind, async server => {
      const answerBytes = await verify(server.port, SMALL)
      if (bench.sizes.warmUp) await bench.run(server, MANY, answerBytes)
      await bench.run(server, SMALL, answerBytes)
      const before = await bench.cpuPerRequest(server, SMALL, answerBytes)
      const idle = { path: SMALL.path, connections: bench.sizes.idle, slowly: false }
      const { memory, cpu } = await whileHeld(bench, server, idle, async memory => {
        return { memory, cpu: await bench.cpuPerRequest(server, SMALL, answerBytes) }
      })
      const after = await bench.cpuPerRequest(server, SMALL, answerBytes)
      return { memory, cpu, growth: (cpu / ((before + after) / 2) - 1) * 100 }
    })
  },
}

export const slowReaders: Experiment = {
  async prepare() {},
  measure(bench, kind) {
    return bench.withFresh(kind, async server => {
      await bench.run(server, MANY, await verify(server.port, MANY))
      await verify(server.port, LARGE)
      const slow = { path: LARGE.path, connections: bench.sizes.slow, slowly: true }
      return whileHeld(bench, server, slow, async memory => ({ memory }))
    })
  },
}

export function startUp(configuration: ConfigurationName = 'plain'): Experiment {
  return {
    async prepare() {},
    async measure(bench, kind) {
      const { server, firstAnswerMs } = await start(kind, bench.place, configuration)
      await server.stop()
      return { start: firstAnswerMs }
    },
  }
}

/** Every location of servers that are spread over all. */
export function everyLocation(asked: number, of: number): Load {
  return { path: pathOf(LOCATIONS_EACH - 1), servers: { asked, of }, connections: 64 }
}

/** Both are asked in each round, the one with few before and after, and for as many different things. */
export const besideMany: Experiment = besideFew(
  cpuPerRequest(everyLocation(FEW_SERVERS, FEW_SERVERS), 'few'),
  cpuPerRequest(everyLocation(FEW_SERVERS, MANY_SERVERS), 'many'),
)

function besideFew(few: Experiment, many: Experiment): Experiment {
  return {
    async prepare(bench, kind) {
      await few.prepare(bench, kind)
      await many.prepare(bench, kind)
    },
    async measure(bench, kind) {
      const before = (await few.measure(bench, kind)).cpu!
      const cpu = (await many.measure(bench, kind)).cpu!
      const after = (await few.measure(bench, kind)).cpu!
      return { cpu, growth: (cpu / ((before + after) / 2) - 1) * 100 }
    },
  }
}

/** Opens connections, hands `use` what each added to the server's memory (KB), and closes them. */
async function whileHeld<T>(
  bench: Bench,
  server: RunningServer,
  what: { path: string; connections: number; slowly: boolean },
  use: (kbEach: number) => Promise<T>,
): Promise<T> {
  await sleep(SETTLE_MS)
  const before = residentKb(server.pid)
  const held = await hold(server, what, bench.place.cores)
  await sleep(SETTLE_MS)
  try {
    return await use((residentKb(server.pid) - before) / what.connections)
  } finally {
    await held.release()
    await sleep(SETTLE_MS)
  }
}
