/**
 * What stands outside of `http`: processes, rights, logs, and how events are waited for.
 *
 *   mainTable                         rows of the main context and of `events`
 *   processSettingsOf(main, …)        what the process model wants to know (`process/application.ts`)
 */

import { availableParallelism } from 'node:os'
import type { Block } from '../config/block.ts'
import type { Problems } from '../config/diagnostic.ts'
import {
  absolute,
  blockRow,
  type Call,
  count,
  custom,
  duration,
  flag,
  listOf,
  readCount,
  readDurationMs,
  readOffset,
  readWord,
  suggestion,
  text,
} from '../config/directive.ts'
import { parseInteger } from '../config/units.ts'
import type { Network } from '../io/network.ts'
import type { PollerName } from '../loop/poller.ts'
import type { EnvironmentRule, ListenSpec, ProcessSettings, WorkerUser } from '../process/application.ts'
import { parseDebugConnection } from '../server/debug-connection.ts'
import { type ErrorPlace, parseErrorLog } from '../server/error-log-places.ts'
import { groupOf, userOf } from '../sys/users.ts'
import type { Invocation } from './reading.ts'

const MAIN = ['main']
const EVENTS = ['events']

/** `auto`, or as many as are said. */
function readWorkers(call: Call): number | 'auto' | undefined {
  const text = call.text(0)
  if (text === 'auto') return 'auto'
  if (/^\d/.test(text)) return readCount(call, 0, 1, 1024, `"${call.name}" directive invalid value`)
  return call.fail(
    0,
    `"${call.name}" directive invalid value`,
    suggestion(text, ['auto'], 'a number of workers, or auto'),
  )
}

/** `0101`: the lowest bit is the first processor. `auto` gives each worker one of its own, perhaps of those in a mask. */
function readAffinity(call: Call): Affinity | undefined {
  const words = call.args.map(arg => arg.text)
  const isAuto = words[0] === 'auto'
  const masks = isAuto ? words.slice(1) : words
  if (isAuto && masks.length > 1) {
    return call.fail(
      2,
      `invalid number of arguments in "${call.name}" directive`,
      'auto takes one mask at the most',
    )
  }
  const sets: number[][] = []
  for (const [i, mask] of masks.entries()) {
    if (!/^[01]{1,1024}$/.test(mask)) {
      return call.fail(
        isAuto ? i + 1 : i,
        `invalid character "${/[^01]/.exec(mask)?.[0] ?? mask}" in "${call.name}"`,
        'a mask is made of 0 and 1, one for each processor, the first one at the right',
      )
    }
    sets.push([...mask].reverse().flatMap((bit, cpu) => (bit === '1' ? [cpu] : [])))
  }
  return { isAuto, sets }
}

export interface Affinity {
  readonly isAuto: boolean
  readonly sets: readonly (readonly number[])[]
}

const POLLERS: readonly PollerName[] = ['epoll', 'poll', 'select']
/** Those of other systems. */
const FOREIGN_POLLERS = ['kqueue', 'eventport', '/dev/poll', 'devpoll', 'iocp']

function readUse(call: Call): PollerName | undefined {
  const name = call.text(0)
  const poller = POLLERS.find(one => one === name)
  if (poller !== undefined) return poller
  const expected = FOREIGN_POLLERS.includes(name)
    ? `this system has ${POLLERS.join(', ')}`
    : suggestion(name, POLLERS, `one of ${POLLERS.join(', ')}`)
  return call.fail(0, `invalid event type "${name}"`, expected)
}

function readUser(call: Call): WorkerUser | null | undefined {
  if (process.geteuid?.() !== 0) {
    call.warn(
      null,
      'the "user" directive makes sense only if the master process runs with super-user privileges, ignored',
      'the workers have the rights of who starts the server',
    )
    return null
  }
  const [name, group] = call.args.map(arg => arg.text) as [string, string | undefined]
  const user = userOf(name)
  if (user === null) return call.fail(0, `getpwnam("${name}") failed`, 'there is no user of this name here')
  const gid = groupOf(group ?? name)
  if (gid === null) {
    return call.fail(
      group === undefined ? 0 : 1,
      `getgrnam("${group ?? name}") failed`,
      'there is no group of this name here; a second argument names another one',
    )
  }
  return { name, uid: user.uid, gid }
}

function readEnv(call: Call): EnvironmentRule {
  const text = call.text(0)
  const equals = text.indexOf('=')
  return equals < 0
    ? { name: text, value: null }
    : { name: text.slice(0, equals), value: text.slice(equals + 1) }
}

function readPriority(call: Call): number | undefined {
  const text = call.text(0)
  if (/^[+-]?\d{1,3}$/.test(text)) return Math.min(20, Math.max(-20, Number(text)))
  return call.fail(
    0,
    `"${call.name}" directive invalid number`,
    'expected a number from -20, which is most urgent, to 20',
  )
}

function readErrorLog(call: Call): ErrorPlace | undefined {
  const place = parseErrorLog(call.args.map(arg => arg.text))
  if ('mistake' in place) return call.fail(place.at, place.mistake, place.expected)
  if (place.target.kind !== 'file') return place
  if (place.target.path === 'off') {
    call.warn(
      0,
      'error_log cannot be switched off',
      'this writes to a file named "off"; "/dev/null emerg" comes nearest',
    )
  }
  return { ...place, target: { kind: 'file', path: absolute(call.surroundings.prefix, place.target.path) } }
}

function readThreadPool(call: Call): string | undefined {
  for (let i = 1; i < call.args.length; i++) {
    const [name, value = ''] = call.text(i).split('=', 2) as [string, string?]
    if (name !== 'threads' && name !== 'max_queue') {
      const expected = suggestion(
        name,
        ['threads', 'max_queue'],
        'threads=number, and perhaps max_queue=number',
      )
      return call.fail(i, `invalid parameter "${call.text(i)}"`, expected)
    }
    const number = parseInteger(value)
    if (number === null || (number === 0 && name === 'threads')) {
      return call.fail(i, `invalid ${name} value "${call.text(i)}"`, `as in ${name}=32`)
    }
  }
  if (call.args.some(({ text }) => text.startsWith('threads='))) return call.text(0)
  return call.fail(null, `"${call.name}" must have "threads" parameter`, 'as in threads=32')
}

function readNetwork(call: Call): Network | undefined {
  const network = parseDebugConnection(call.text(0))
  if (typeof network !== 'string') return network
  return call.fail(0, `host not found in debug_connection "${call.text(0)}"`, network)
}

export const mainTable = {
  daemon: flag({
    in: MAIN,
    initial: true,
    doc: 'The server goes into the background as soon as it listens.',
  }),
  master_process: flag({
    in: MAIN,
    initial: true,
    doc: 'A master that holds the sockets, and workers that serve. off: one process does both, for containers and for development.',
  }),
  worker_processes: custom<number | 'auto'>({
    in: MAIN,
    initial: 1,
    syntax: 'number | auto',
    takes: [1, 1],
    doc: 'How many workers serve; auto: as many as there are processors.',
    read: readWorkers,
  }),
  worker_cpu_affinity: custom<Affinity | null>({
    in: MAIN,
    initial: null,
    default: null,
    syntax: ['cpumask ...', 'auto [cpumask]'],
    takes: [1, Number.POSITIVE_INFINITY],
    doc: 'On which processors each worker runs: a mask for the first, the second and so on; the last holds for all that follow. auto: each on one of its own.',
    read: readAffinity,
  }),
  worker_priority: custom<number | null>({
    in: MAIN,
    initial: null,
    default: '0',
    syntax: 'number',
    takes: [1, 1],
    doc: 'How urgent workers are to the system, as nice(1) counts: from -20 to 20.',
    read: readPriority,
  }),
  worker_rlimit_nofile: custom<number | null>({
    in: MAIN,
    initial: null,
    default: null,
    syntax: 'number',
    takes: [1, 1],
    doc: 'How many descriptors a worker may have open (RLIMIT_NOFILE).',
    read: call => readCount(call, 0, 1, 2 ** 30),
  }),
  worker_rlimit_core: custom<number | null>({
    in: MAIN,
    initial: null,
    default: null,
    syntax: 'size',
    takes: [1, 1],
    doc: 'How large the core file of a worker may become (RLIMIT_CORE).',
    read: call => readOffset(call, 0),
  }),
  worker_shutdown_timeout: custom<number | null>({
    in: MAIN,
    initial: null,
    default: null,
    syntax: 'time',
    takes: [1, 1],
    doc: 'How long a worker that ends gracefully may go on with what it has in hand; then its connections are cut.',
    read: call => readDurationMs(call, 0),
  }),
  user: custom<WorkerUser | null>({
    in: MAIN,
    initial: null,
    default: 'nobody',
    syntax: 'user [group]',
    takes: [1, 2],
    doc: "Whose rights the workers have; the second word is their group, else the group of the user's name, and of the default its own. Without root's rights it is not followed, and -t says so.",
    read: readUser,
  }),
  env: listOf<EnvironmentRule>({
    in: MAIN,
    syntax: 'variable[=value]',
    takes: [1, 1],
    default: 'TZ',
    doc: 'What workers keep of the environment, or get in it; all else is taken from them.',
    read: readEnv,
  }),
  pid: custom<string | null>({
    in: MAIN,
    initial: null,
    default: 'logs/nginx.pid',
    syntax: 'file',
    takes: [1, 1],
    doc: 'The file that tells the number of the main process. It is written when all sockets listen, and goes with the process.',
    read: call => call.path(0),
  }),
  lock_file: text({
    in: MAIN,
    initial: '',
    default: 'logs/nginx.lock',
    syntax: 'file',
    doc: 'A prefix for the names of lock files.',
    withoutEffect: 'nothing is locked by files here',
  }),
  working_directory: custom<string | null>({
    in: MAIN,
    initial: null,
    default: null,
    syntax: 'directory',
    takes: [1, 1],
    doc: 'Where workers are: core files are written there.',
    read: call => call.text(0),
  }),
  error_log: listOf<ErrorPlace>({
    in: ['main', 'http', 'server', 'location'],
    syntax:
      'file | stderr | syslog:server=address[,parameter=value] | memory:size [debug | info | notice | warn | error | crit | alert | emerg] [format=text | json]',
    takes: [1, 3],
    default: 'logs/error.log error',
    doc: 'Where mistakes are told, from which level on; several lines, several places. memory: keeps the last lines, and shows them when the process ends badly. format=json is an extension: an object per line.',
    read: readErrorLog,
  }),
  thread_pool: listOf<string>({
    in: MAIN,
    syntax: 'name threads=number [max_queue=number]',
    takes: [2, 3],
    default: 'default threads=32 max_queue=65536',
    doc: 'Threads for aio.',
    withoutEffect: 'Node has threads of its own for what may block (UV_THREADPOOL_SIZE)',
    read: readThreadPool,
  }),
  pcre_jit: flag({
    in: MAIN,
    initial: false,
    doc: 'Regular expressions as machine code.',
    withoutEffect: 'the engine always compiles those that are used often',
  }),
  timer_resolution: duration({
    in: MAIN,
    initial: 0,
    default: null,
    doc: 'How often the clock is read.',
    withoutEffect: 'the clock is read once in each iteration',
  }),
  debug_points: custom<string>({
    in: MAIN,
    initial: '',
    default: null,
    syntax: 'abort | stop',
    takes: [1, 1],
    doc: 'What happens when an internal check fails.',
    withoutEffect: 'a failed check is logged with its stack, and costs its connection',
    read: call => readWord(call, 0, ['abort', 'stop']),
  }),
  events: blockRow<true>({
    in: MAIN,
    syntax: '{ ... }',
    takes: [0, 0],
    block: 'events',
    isOnce: true,
    doc: 'How connections are waited for.',
    read: () => true,
  }),
  worker_connections: custom<number>({
    in: EVENTS,
    initial: 512,
    syntax: 'number',
    takes: [1, 1],
    read: call => readCount(call, 0, 1, 2 ** 30, `invalid number "${call.text(0)}"`),
    doc: 'How many connections a worker has at the most; at that limit accepting pauses, and those that wait longest for a request are closed. A quarter of the descriptors that a process may open (`worker_rlimit_nofile`) are kept for files.',
  }),
  use: custom<PollerName>({
    in: EVENTS,
    initial: 'epoll',
    syntax: 'epoll | poll | select',
    takes: [1, 1],
    doc: 'The call in which the loop sleeps.',
    read: readUse,
  }),
  multi_accept: flag({
    in: EVENTS,
    initial: false,
    doc: 'Several connections are accepted in one iteration.',
    withoutEffect: 'up to 64 are accepted in one iteration, which costs nothing when there are fewer',
  }),
  strict_readiness: flag({
    in: EVENTS,
    initial: false,
    doc: 'The strict rules that students of network programming know: nothing is received, sent or accepted before the poller has said so in this very iteration, a descriptor gets one such call in each, and a call that fails ends its connection, whatever errno says. It costs some speed and changes no answer; `readiness_status` shows whether the rules are kept. nginx does not have it.',
  }),
  accept_mutex: flag({
    in: EVENTS,
    initial: false,
    doc: 'Workers take turns to accept.',
    withoutEffect: 'the kernel wakes one of them (EPOLLEXCLUSIVE), or shares connections out (reuseport)',
  }),
  accept_mutex_delay: duration({
    in: EVENTS,
    initial: 500,
    default: '500ms',
    doc: 'How long a worker waits for its turn.',
    withoutEffect: 'there are no turns',
  }),
  worker_aio_requests: count({
    in: EVENTS,
    initial: 32,
    doc: 'Asynchronous reads at a time.',
    withoutEffect: 'there are none',
  }),
  debug_connection: listOf<Network>({
    in: EVENTS,
    syntax: 'address | CIDR | unix:',
    takes: [1, 1],
    doc: 'Connections from there are logged in every detail, whatever the level of the error log.',
    read: readNetwork,
  }),
}

/** The `events` block, or what holds without one. */
export function eventsOf(main: Block): Block {
  return main.blocks('events')[0] ?? main
}

/** @param listens of the site that was built */
export function processSettingsOf(
  main: Block,
  { layout, isForeground }: Pick<Invocation, 'layout' | 'isForeground'>,
  listens: readonly ListenSpec[],
): ProcessSettings {
  const settings = main.settings(mainTable)
  const workerProcesses =
    settings.worker_processes === 'auto' ? availableParallelism() : settings.worker_processes
  return {
    daemon: settings.daemon && !isForeground,
    masterProcess: settings.master_process && !isForeground,
    workerProcesses,
    user: settings.user ?? nobody(),
    pidPath: settings.pid ?? layout.pidPath,
    workerPriority: settings.worker_priority,
    workerCpuAffinity: affinityOf(settings.worker_cpu_affinity, workerProcesses),
    workerRlimitNofile: settings.worker_rlimit_nofile,
    workerRlimitCore: settings.worker_rlimit_core,
    workerShutdownTimeoutMs: settings.worker_shutdown_timeout,
    workingDirectory: settings.working_directory,
    environment: settings.env,
    eventMethod: eventsOf(main).settings(mainTable).use,
    listens,
  }
}

/** Whose rights workers have when nobody says so: not those of root, which a mistake of ours would hand out. */
function nobody(): WorkerUser | null {
  const name = 'nobody'
  const user = process.geteuid?.() === 0 ? userOf(name) : null
  return user === null ? null : { name, ...user }
}

/** `auto` goes around: more workers than processors begin with the first one again. */
function affinityOf(affinity: Affinity | null, workers: number): (readonly number[])[] {
  if (affinity === null) return []
  if (!affinity.isAuto) return [...affinity.sets]
  const all = affinity.sets[0] ?? Array.from({ length: availableParallelism() }, (_, cpu) => cpu)
  return Array.from({ length: workers }, (_, i) => [all[i % all.length]!])
}

/** What nginx asks for. */
export function checkMain(main: Block, problems: Problems): void {
  if (main.blocks('events').length === 0) {
    problems.error(null, 'no "events" section in configuration', 'add the block: events { }')
  }
}
