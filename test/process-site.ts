/**
 * A server whose configuration is a file of JSON, for tests of the process model: what stands in `src/process/` knows no other.
 *
 *   { "text": "one", "settings": { "workerProcesses": 2 } }
 *
 *   /            `text`, then the number of the process
 *   /wait        the same, once there is a file `release`
 *   /counts      connections accepted, and open, as all processes count them
 *   /env         the environment
 *   /rights      user, folder, limits, priority and processors, of every thread
 *   /program     starts a program that ends by SIGKILL alone, and tells its number
 *   /reader      starts one that reads until its stdin ends
 *   /heir        starts one that leaves a process behind
 *   /processes   names and states of all that can be seen
 *   /stuck       the process never comes back
 *   /throw       a mistake outside of any request
 *
 * The error log is a file in the same folder; `log` names another.
 */

import { closeSync, existsSync, fchownSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { getPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serve } from '../src/index.ts'
import { inetAddress, parseEndpoint, unixAddress } from '../src/io/address.ts'
import { startChild } from '../src/io/child.ts'
import type { ListenOptions } from '../src/io/listen-options.ts'
import { createLog, type Log } from '../src/log.ts'
import type { Loop } from '../src/loop/loop.ts'
import type {
  Application,
  ListenSpec,
  LoadedConfiguration,
  Logs,
  ProcessSettings,
  Site,
  Surroundings,
} from '../src/process/application.ts'
import { ACCEPTED, ACTIVE, sumOf } from '../src/server/counters.ts'
import type { Exchange } from '../src/server/exchange.ts'
import { HANDLED, type Module } from '../src/server/module.ts'

export interface TestConfiguration {
  readonly text?: string
  /** Addresses, `127.0.0.1:8080` or `unix:/path`. */
  readonly listen: readonly string[]
  readonly listenOptions?: ListenOptions
  readonly settings?: Partial<ProcessSettings>
  readonly log?: string
  /** What a worker does in place of serving: an exit code, or a sentence to throw. */
  readonly atStart?: number | string
}

const DEFAULTS: Omit<ProcessSettings, 'listens' | 'pidPath'> = {
  daemon: false,
  masterProcess: true,
  workerProcesses: 1,
  user: null,
  workerPriority: null,
  workerCpuAffinity: [],
  workerRlimitNofile: null,
  workerRlimitCore: null,
  workerShutdownTimeoutMs: null,
  workingDirectory: null,
  environment: [],
  eventMethod: 'epoll',
}

const RELEASE_LOOK_MS = 5

export const application: Application = {
  name: 'veille',
  version: '0.0.0',
  workerProgram: fileURLToPath(new URL('./process-worker.js', import.meta.url)),
  startLog: createLog('warn', (level, words) => writeSync(2, `veille: [${level}] ${words}\n`)),
  read(log) {
    const path = process.argv[2]!
    try {
      return loaded({ folder: dirname(path), text: readFileSync(path, 'utf8') })
    } catch (error) {
      log.emerg(`${(error as Error).message} in ${path}`)
      return null
    }
  },
  restore: snapshot => loaded(snapshot as TestSnapshot),
}

interface TestSnapshot {
  readonly folder: string
  readonly text: string
}

function loaded(snapshot: TestSnapshot): LoadedConfiguration {
  const { folder, text } = snapshot
  const configuration = JSON.parse(text) as TestConfiguration
  const listens = configuration.listen.map(key => listenSpec(key, configuration.listenOptions ?? {}))
  const settings = { ...DEFAULTS, pidPath: join(folder, 'pid'), ...configuration.settings, listens }
  return {
    settings,
    snapshot,
    makeFolders: () => true,
    openLogs: log => openLogs(join(folder, configuration.log ?? 'error.log'), log),
    serve: surroundings => serveTest(configuration, folder, surroundings),
  }
}

function listenSpec(key: string, options: ListenOptions): ListenSpec {
  const endpoint = parseEndpoint(key)
  if (typeof endpoint === 'string') throw new Error(endpoint)
  const address = 'path' in endpoint ? unixAddress(endpoint.path) : inetAddress(endpoint.host!, endpoint.port)
  return { key, address, options }
}

function openLogs(path: string, complain: Log): Logs | null {
  let fd: number
  try {
    fd = openSync(path, 'a')
  } catch {
    complain.emerg(`open() "${path}" failed`)
    return null
  }
  return {
    log: createLog('debug', (level, words) =>
      writeSync(fd, `[${level}] ${process.pid}#${process.pid}: ${words}\n`),
    ),
    isOnStderr: false,
    stderrPath: path,
    reopen(owner) {
      closeSync(fd)
      fd = openSync(path, 'a')
      if (owner !== null) fchownSync(fd, owner, -1)
    },
    close() {},
    memory: () => '',
  }
}

async function serveTest(
  { text = '', atStart }: TestConfiguration,
  folder: string,
  { sockets, counters, allCounters, workerIndex, logs }: Surroundings,
): Promise<Site> {
  if (typeof atStart === 'number') process.exit(atStart)
  if (atStart !== undefined) throw new Error(atStart)
  const answer = (x: Exchange, content: unknown): void => {
    x.setField('Content-Type', 'application/json')
    x.answer(200, JSON.stringify(content))
  }
  const own = (): unknown => ({ text, pid: process.pid, workerIndex })
  const answers: Readonly<Record<string, (x: Exchange) => void>> = {
    '/': x => answer(x, own()),
    '/wait'(x) {
      const timer = setInterval(() => {
        if (!existsSync(join(folder, 'release'))) return
        clearInterval(timer)
        answer(x, own())
      }, RELEASE_LOOK_MS)
    },
    '/counts'(x) {
      const sum = sumOf(allCounters)
      answer(x, { accepted: sum[ACCEPTED], active: sum[ACTIVE] })
    },
    '/env': x => answer(x, process.env),
    '/rights': x => answer(x, rights()),
    '/program': x => answer(x, { pid: startProgram(x.loop, STUBBORN) }),
    '/heir': x => answer(x, { pid: startProgram(x.loop, 'sleep 1000 &') }),
    '/processes': x => answer(x, processes()),
    '/reader': x => answer(x, { pid: startProgram(x.loop, 'exec cat') }),
    '/stuck'() {
      logs.log.notice('stuck')
      for (;;);
    },
    '/throw'() {
      setImmediate(() => {
        throw new Error('thrown on purpose')
      })
    },
  }
  const module: Module = {
    name: 'test',
    content(x) {
      counters.add(ACCEPTED)
      counters.add(ACTIVE)
      answers[x.path]?.(x)
      return HANDLED
    },
    log: () => counters.add(ACTIVE, -1),
  }
  const listenFds = sockets.map(({ fd }) => fd)
  const server = await serve({ root: folder, listenFds, modules: [module] })
  let isEnding = false
  return {
    endGracefully(graceMs) {
      isEnding = true
      return server.close(graceMs ?? Number.POSITIVE_INFINITY)
    },
    // While it ends gracefully, the end of the process cuts what is open.
    endFast: () => (isEnding ? Promise.resolve() : server.close(0)),
  }
}

const STUBBORN = 'trap "" TERM INT QUIT; while :; do sleep 1000; done'

function startProgram(loop: Loop, script: string): number | null {
  const nothing = (): void => {}
  const child = startChild(
    loop,
    { program: '/bin/sh', args: ['-c', script], directory: '/', environment: ['PATH=/usr/bin:/bin'] },
    {
      onOutput: nothing,
      onOutputEnd: nothing,
      onErrorOutput: nothing,
      onInputDrained: nothing,
      onInputBroken: nothing,
      onExit: nothing,
      onFailure: nothing,
    },
  )
  return typeof child === 'number' ? null : child.pid
}

/** `Z sleep` is a zombie that nobody has waited for. */
function processes(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^\d+ \((.*)\) (.).*$/s, '$2 $1'))
}

/** As proc(5) tells them. */
export interface Rights {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
  readonly folder: string
  readonly openFiles: string
  readonly priorities: readonly number[]
  readonly processors: readonly string[]
}

function rights(): Rights {
  const threads = readdirSync('/proc/self/task')
  const line = (path: string, name: string): string =>
    new RegExp(`^${name}:?\\s+(.*)$`, 'm').exec(readFileSync(path, 'utf8'))![1]!
  return {
    uid: process.getuid!(),
    gid: process.getgid!(),
    groups: process.getgroups!(),
    folder: process.cwd(),
    openFiles: line('/proc/self/limits', 'Max open files').split(/\s+/)[0]!,
    priorities: threads.map(tid => getPriority(Number(tid))),
    processors: threads.map(tid => line(`/proc/self/task/${tid}/status`, 'Cpus_allowed_list')),
  }
}
