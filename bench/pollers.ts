/**
 * The picture of the guide: what one wait costs with select, poll and epoll, against the number of idle
 * connections.
 *
 *   node dist/bench/pollers.js [--rounds N] [--quick]
 *
 * It writes docs/guide/pollers.svg and bench/results/pollers.json. The connections are real ones over loopback,
 * both ends in this process. A byte waits in each active one and is never read, so that every wait reports it
 * again: nothing is measured but the wait itself, and the look at what it found.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { errnoName } from '../src/errno.ts'
import { EpollPoller } from '../src/loop/epoll.ts'
import { PollPoller } from '../src/loop/poll.ts'
import { type Poller, READABLE } from '../src/loop/poller.ts'
import { SelectPoller } from '../src/loop/select.ts'
import {
  AF_INET,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOCKADDR_IN,
  SOCKADDR_STORAGE_BYTES,
} from '../src/sys/constants.ts'
import { accept4, bindTo, connect, type Fd, getsockname, listen, send, socket } from '../src/sys/libc.ts'
import { lineChart } from './chart.ts'
import { cores, descriptorLimit, machine, median, pinSelf } from './measure.ts'
import { PACKAGE } from './servers.ts'

const POLLERS: Readonly<Record<string, () => Poller>> = {
  epoll: () => new EpollPoller(),
  poll: () => new PollPoller(),
  select: () => new SelectPoller(),
}

const IDLE = [0, 100, 300, 1000, 3000, 10_000]
const ACTIVE = [1, 64]

/** One point of one round: long enough for the clock of getrusage(2), short enough to interleave. */
const POINT_MICROS = 80_000
const FIRST_WAITS = 16

interface Point {
  poller: string
  active: number
  idle: number
  /** CPU µs of one wait, by round. */
  samples: number[]
}

function must(what: string, result: number): number {
  if (result < 0) throw new Error(`${what}: ${errnoName(result)}`)
  return result
}

/** The two ends of new connections over loopback, in the order they were made. */
function connectionEnds(ends: number): Fd[] {
  const address = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
  const name = address.subarray(0, SOCKADDR_IN.sizeBytes)
  name.writeUInt16LE(AF_INET, 0)
  name.set([127, 0, 0, 1], SOCKADDR_IN.address)
  const listener = must('socket', socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC))
  must('bind', bindTo(listener, name))
  must('listen', listen(listener, 16))
  must('getsockname', getsockname(listener, name))
  const fds: Fd[] = []
  while (fds.length < ends) {
    const client = must('socket', socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC))
    must('connect', connect(client, name))
    fds.push(client, must('accept4', accept4(listener, Buffer.alloc(SOCKADDR_STORAGE_BYTES), SOCK_NONBLOCK)))
  }
  return fds
}

/** Ends in which a byte waits: each end of a connection makes the other one readable. */
function activeEnds(count: number): Fd[] {
  const fds = connectionEnds(count + (count % 2))
  const byte = Buffer.from('!')
  for (const fd of fds) must('send', send(fd, byte, 1))
  return fds.slice(0, count)
}

/** CPU µs of one wait, and of looking at what it found. */
function costOfOneWait(poller: Poller, expected: number): number {
  let waits = FIRST_WAITS
  for (;;) {
    const before = process.cpuUsage()
    for (let i = 0; i < waits; i++) {
      const ready = poller.wait(0)
      if (ready !== expected) throw new Error(`${poller.name} found ${ready} of ${expected}`)
      for (let j = 0; j < ready; j++) if (poller.readyFor(j) !== READABLE) throw new Error('not readable')
    }
    const { user, system } = process.cpuUsage(before)
    if (user + system >= POINT_MICROS) return (user + system) / waits
    waits = Math.ceil(waits * Math.min(16, 1.2 * (POINT_MICROS / Math.max(user + system, 1000))))
  }
}

function measurePoint(make: () => Poller, active: readonly Fd[], idle: readonly Fd[]): number {
  const poller = make()
  try {
    for (const fd of active) poller.watch(fd, READABLE)
    for (const fd of idle) poller.watch(fd, READABLE)
    return costOfOneWait(poller, active.length)
  } finally {
    for (const fd of [...active, ...idle]) poller.forget(fd)
    poller.close()
  }
}

function measureAll(rounds: number, idleCounts: readonly number[]): Point[] {
  const active = activeEnds(Math.max(...ACTIVE))
  const idle = connectionEnds(Math.max(...idleCounts))
  const points = Object.keys(POLLERS).flatMap(poller =>
    ACTIVE.flatMap(count =>
      idleCounts.map(i => ({ poller, active: count, idle: i, samples: [] as number[] })),
    ),
  )
  for (let round = 0; round < rounds; round++) {
    for (const point of points) {
      const fds = [active.slice(0, point.active), idle.slice(0, point.idle)] as const
      point.samples.push(measurePoint(POLLERS[point.poller]!, ...fds))
    }
    console.error(`· round ${round + 1} of ${rounds}`)
  }
  return points
}

function chartOf(points: readonly Point[], idleCounts: readonly number[]): string {
  const { cpu, node, kernel } = machine()
  return lineChart({
    title: 'select · poll · epoll',
    yLabel: 'µs CPU / wait',
    xLabel: 'connexions inactives · idle connections',
    xTicks: idleCounts,
    panels: ACTIVE.map(active => ({
      title: active === 1 ? '1 active' : `${active} actives · ${active} active`,
      curves: Object.keys(POLLERS).map(name => ({
        name,
        points: points
          .filter(point => point.poller === name && point.active === active)
          .map(point => [point.idle, median(point.samples)] as const),
      })),
    })),
    note: `${new Date().toISOString().slice(0, 10)}, Linux ${kernel}, ${cpu}, Node ${node}`,
  })
}

function main(): void {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, quick: { type: 'boolean', default: false } },
  })
  const rounds = values.quick ? 1 : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a whole number, found "${values.rounds}"`)
  const spare = Math.max(...ACTIVE) + 100
  const idleCounts = IDLE.filter(idle => idle + spare <= descriptorLimit())
  if (idleCounts.length < IDLE.length) {
    console.error(`! ulimit -Hn is ${descriptorLimit()}: no more than ${idleCounts.at(-1)} idle connections`)
  }
  const pinned = cores()
  if (pinned !== null) pinSelf(pinned.server)

  const points = measureAll(rounds, idleCounts)
  for (const { poller, active, idle, samples } of points) {
    console.log(
      `${poller.padEnd(7)} ${String(active).padStart(3)} active ${String(idle).padStart(6)} idle  ${median(samples).toFixed(2).padStart(9)} µs`,
    )
  }
  const guide = join(PACKAGE, 'docs/guide')
  const results = join(PACKAGE, 'bench/results')
  mkdirSync(guide, { recursive: true })
  mkdirSync(results, { recursive: true })
  writeFileSync(join(guide, 'pollers.svg'), chartOf(points, idleCounts))
  writeFileSync(join(results, 'pollers.json'), `${JSON.stringify({ machine: machine(), points }, null, 2)}\n`)
}

main()
