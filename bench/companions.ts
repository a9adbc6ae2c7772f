/**
 * The processes that answer behind a server: what a configuration passes its requests to.
 *
 *   prepareCompanion('fcgiwrap', place)        the files it needs, which those may need too who do without it
 *   await startCompanion('fcgiwrap', place)    listens when this resolves
 *   companion.pid, companion.stop()
 *   missingCompanion(name)                     what to install, or null
 *   endCompanions()                            all that still run, at once
 *
 *   fcgiwrap   runs CGI programs for nginx, which cannot, on the server's core
 *   php-fpm    one pool for every server that is compared; it shares the load's core and counts for nobody
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PROCESSES } from './configurations.ts'
import { onCore, processTree } from './measure.ts'
import { besideSources, findProgram, type Place } from './servers.ts'

export type CompanionName = 'fcgiwrap' | 'php-fpm'

const START_LIMIT_MS = 5000

interface Row {
  readonly programs: readonly string[]
  readonly missing: string
  /** Also the name of its socket, in the scratch folder. */
  readonly socket: string
  prepare(place: Place): void
  command(program: string, place: Place): string[]
}

const ROWS: Readonly<Record<CompanionName, Row>> = {
  fcgiwrap: {
    programs: ['fcgiwrap'],
    missing: 'no fcgiwrap: CGI behind nginx is not measured. On Debian: apt install fcgiwrap',
    socket: 'fcgiwrap.socket',
    prepare: makeHello,
    command: (program, { scratch, cores }) =>
      onCore(cores?.server, [program, '-c', String(PROCESSES), '-s', `unix:${scratch}/fcgiwrap.socket`]),
  },
  'php-fpm': {
    programs: ['php-fpm', 'php-fpm8.4', 'php-fpm8.3', 'php-fpm8.2'],
    missing: 'no php-fpm: FastCGI is not measured. On Debian: apt install php-fpm',
    socket: 'php.socket',
    prepare: ({ scratch }) => {
      copyFileSync(besideSources('servers/hello.php'), join(scratch, 'hello.php'))
      writeFileSync(join(scratch, 'php-fpm.conf'), poolText(scratch))
    },
    command: (program, { scratch, cores }) =>
      onCore(cores?.load, [program, '-n', '-F', '-R', '-y', join(scratch, 'php-fpm.conf')]),
  },
}

function poolText(scratch: string): string {
  const rights = process.geteuid?.() === 0 ? ['user = nobody', 'group = nogroup'] : []
  const pool = ['pm = static', `pm.max_children = ${PROCESSES}`, `listen = ${scratch}/php.socket`]
  return ['[global]', 'error_log = /dev/stderr', '[www]', ...rights, 'listen.mode = 0666', ...pool, ''].join(
    '\n',
  )
}

/** The CGI program that nginx has run by fcgiwrap, and veille runs itself. */
function makeHello({ scratch }: Place): void {
  const path = join(scratch, 'hello')
  if (!existsSync(path)) execFileSync('cc', ['-O2', '-o', path, besideSources('servers/hello.c')])
}

export function missingCompanion(name: CompanionName): string | null {
  const { programs, missing } = ROWS[name]
  return programs.some(program => findProgram(program) !== null) ? null : missing
}

const running = new Set<Companion>()

export class Companion {
  readonly pid: number
  private readonly process: ChildProcess

  constructor(process: ChildProcess) {
    this.process = process
    this.pid = process.pid!
    running.add(this)
    process.once('exit', () => running.delete(this))
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return
    const ended = once(this.process, 'exit')
    this.kill()
    await ended
  }

  /** With its children: fcgiwrap leaves them behind. */
  kill(): void {
    for (const pid of processTree(this.pid)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
  }
}

export function endCompanions(): void {
  for (const companion of running) companion.kill()
}

export function prepareCompanion(name: CompanionName, place: Place): void {
  ROWS[name].prepare(place)
}

export async function startCompanion(name: CompanionName, place: Place): Promise<Companion> {
  const row = ROWS[name]
  const program = row.programs.map(findProgram).find(path => path !== null)
  if (program === undefined || program === null) throw new Error(row.missing)
  const socket = join(place.scratch, row.socket)
  rmSync(socket, { force: true })
  const [command, ...args] = row.command(program, place)
  const companion = new Companion(spawn(command!, args, { stdio: 'ignore' }))
  for (const end = performance.now() + START_LIMIT_MS; !existsSync(socket); await sleep(5)) {
    if (companion.hasEnded || performance.now() > end) throw new Error(`${name} does not start`)
  }
  // nginx's worker connects as another user when the master is root.
  chmodSync(socket, 0o666)
  return companion
}
