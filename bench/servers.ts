/**
 * The servers under test: how each is found, started, awaited and ended.
 *
 *   KINDS                   one row per server
 *   POLLERS                 veille once more with the other pollers, for what depends on the poller
 *   start(kind, place, …)   a process that has answered once, pinned to the server's core
 *   RunningServer.stop()    ended by its pid, with all its children
 *   endEverything()         the same for all that still run, at once: for Ctrl-C, and when the harness fails
 *
 * A server that is not installed is skipped with a word that says how to get it.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { delimiter, dirname, extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Answers } from './answers.ts'
import { type ConfigurationName, configurationText } from './configurations.ts'
import { type Cores, onCore, processTree } from './measure.ts'

/** Where things are in one run. */
export interface Place {
  root: string
  scratch: string
  cores: Cores | null
  /** Connections a server must be able to hold. */
  connections: number
}

export interface ServerKind {
  name: string
  title: string
  /** @returns the version, or `null` when it cannot run here. */
  version(): string | null
  /** What to say when it cannot. */
  missing: string
  /** It works by nginx's configuration language; the others answer what `plain` does. */
  isConfigured?: true
  command(port: number, place: Place, configuration: ConfigurationName): string[]
}

const START_LIMIT_MS = 10_000
const STOP_LIMIT_MS = 3_000
const NOT_BUILT = 'no veille: dist/src/index.js is not there; npm run build makes it'

/** The root of the package, whether this file runs as bench/servers.ts or as dist/bench/servers.js. */
export const PACKAGE = packageRoot(dirname(fileURLToPath(import.meta.url)))
const SCRIPT = extname(import.meta.url)

export const KINDS: readonly ServerKind[] = [
  {
    name: 'floor',
    title: 'floor',
    version: () => firstLine('cc', '--version'),
    missing: 'no C compiler (cc): the floor is not measured. On Debian: apt install gcc libc6-dev',
    command: (port, place) => [compiledFloor(place), String(port), place.root],
  },
  {
    name: 'nginx',
    title: 'nginx',
    version: () => firstLine('nginx', '-v')?.replace(/^.*nginx\//, '') ?? null,
    missing: 'no nginx: the budgets that name it cannot be judged. On Debian: apt install nginx-light',
    isConfigured: true,
    command: (port, place, configuration) => [
      findProgram('nginx')!,
      ...configured('nginx', port, place, configuration),
    ],
  },
  {
    name: 'node',
    title: 'node:http',
    version: () => process.version,
    missing: '',
    command: (port, place) => [process.execPath, program('node-http'), String(port), place.root],
  },
  {
    name: 'bun',
    title: 'Bun',
    version: () => firstLine('bun', '--version'),
    missing: 'no bun: it is not measured. To have it: npm install --no-save bun',
    command: (port, place) => [findProgram('bun')!, program('bun'), String(port), place.root],
  },
  veille('veille', 'epoll'),
  {
    name: 'configured',
    title: 'veille -c',
    version: veilleVersion,
    missing: NOT_BUILT,
    isConfigured: true,
    command: (port, place, configuration) => [
      process.execPath,
      join(PACKAGE, 'dist/src/main.js'),
      ...configured('veille', port, place, configuration),
    ],
  },
]

export const POLLERS: readonly ServerKind[] = [
  veille('veille:poll', 'poll'),
  veille('veille:select', 'select'),
]

function veille(name: string, poller: string): ServerKind {
  return {
    name,
    title: name,
    version: veilleVersion,
    missing: NOT_BUILT,
    command: (port, place) => [process.execPath, program('veille'), String(port), place.root, poller],
  }
}

function veilleVersion(): string | null {
  const built = existsSync(join(PACKAGE, 'dist/src/index.js'))
  return built ? JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')).version : null
}

const running = new Set<RunningServer>()

export class RunningServer {
  readonly kind: ServerKind
  readonly port: number
  readonly pid: number
  readonly process: ChildProcess
  #stderr = ''

  constructor(kind: ServerKind, port: number, process: ChildProcess) {
    this.kind = kind
    this.port = port
    this.pid = process.pid!
    this.process = process
    process.stdout!.resume()
    process.stderr!.on('data', text => {
      this.#stderr = (this.#stderr + text).slice(-2000)
    })
    running.add(this)
    process.once('exit', () => running.delete(this))
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  /** What it said last, for the message of a failure. */
  get lastWords(): string {
    return this.#stderr.trim()
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return
    const tree = processTree(this.pid)
    const ended = once(this.process, 'exit')
    this.process.kill('SIGTERM')
    if ((await Promise.race([ended, sleep(STOP_LIMIT_MS, 'late', { ref: false })])) !== 'late') return
    for (const pid of tree) endByPid(pid)
    await ended
  }
}

export function endEverything(): void {
  for (const server of running) for (const pid of processTree(server.pid)) endByPid(pid)
}

function endByPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

export interface Started {
  server: RunningServer
  /** From the start of the process to the last byte of its first answer. */
  firstAnswerMs: number
}

export async function start(
  kind: ServerKind,
  place: Place,
  configuration: ConfigurationName = 'plain',
): Promise<Started> {
  const port = await freePort()
  const [command, ...args] = onCore(place.cores?.server, kind.command(port, place, configuration))
  const begin = performance.now()
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const server = new RunningServer(kind, port, child)
  try {
    while (!(await answersAt(port))) {
      if (server.hasEnded)
        throw new Error(`${kind.name} ended at its start: ${server.lastWords || 'no word'}`)
      if (performance.now() - begin > START_LIMIT_MS) throw new Error(`${kind.name} does not answer`)
      await sleep(1)
    }
    return { server, firstAnswerMs: performance.now() - begin }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** @returns false when nobody listens yet. */
function answersAt(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const answers = new Answers()
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(START_LIMIT_MS, () => socket.destroy(new Error('connected, but there is no answer')))
    socket.once('connect', () => socket.write('GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n'))
    socket.on('data', chunk => {
      answers.feed(chunk)
      if (answers.complete === 0) return
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' ? resolve(false) : reject(error),
    )
    socket.once('close', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

function packageRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : packageRoot(dirname(folder))
}

function program(name: string): string {
  return fileURLToPath(new URL(`./servers/${name}${SCRIPT}`, import.meta.url))
}

/** A file beside the sources that the compiler does not copy. */
export function besideSources(name: string): string {
  return join(PACKAGE, 'bench', name)
}

export function findProgram(name: string): string | null {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    join(PACKAGE, 'node_modules/.bin'),
  ]
  for (const folder of folders) {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return join(folder, name)
    } catch {
      // Not in this folder.
    }
  }
  return null
}

export function firstLine(name: string, ...args: string[]): string | null {
  const path = findProgram(name)
  if (path === null) return null
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' })
  return `${stdout}${stderr}`.trim().split('\n')[0] ?? ''
}

function compiledFloor(place: Place): string {
  const binary = join(place.scratch, 'floor')
  if (!existsSync(binary)) execFileSync('cc', ['-O2', '-o', binary, besideSources('servers/floor.c')])
  return binary
}

/** The arguments that nginx and veille both understand. */
function configured(server: string, port: number, place: Place, configuration: ConfigurationName): string[] {
  const { root, scratch, connections } = place
  const template = readFileSync(besideSources('servers/nginx.conf'), 'utf8')
  const path = join(scratch, `${server}-${port}.conf`)
  writeFileSync(
    path,
    configurationText(template, configuration, { server, port, root, scratch, connections }),
  )
  return ['-e', 'stderr', '-p', scratch, '-c', path]
}
