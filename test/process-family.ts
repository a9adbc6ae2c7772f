/**
 * A master with its workers, in a folder of its own, for tests of the process model.
 *
 *   await using family = await familyOf({ text: 'one', settings: { workerProcesses: 2 } })
 *   family.start()                          the process that a person would start; `starter` hears its output and end
 *   await family.serves()                   the answer of whoever takes the connection
 *   family.signal('SIGHUP')                 to the process whose number stands in the pid file
 *   await family.says(/pattern/, times)     until the log has it so often
 *   await family.until(condition)           until something is so that no line tells
 *   family.rewrite({ text: 'two' })
 *
 * `NginxFamily` is the real command with a file in nginx's language. When the test is over every process that the log names is killed by its number, if it is still one of ours.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ask, MAIN, type Running, startProcess } from './command-process.ts'
import { freePort } from './free-ports.ts'
import type { TestConfiguration } from './process-site.ts'
import type { Place } from './raw-client.ts'

const PROGRAM = fileURLToPath(new URL('./process-program.js', import.meta.url))

/** Only what would hang for ever meets it. */
const GUARD_MS = 30_000
const LOOK_MS = 5

export interface Answer {
  readonly text: string
  readonly pid: number
  readonly workerIndex: number
}

export async function familyOf(configuration: Partial<TestConfiguration> = {}): Promise<Family> {
  return new Family(mkdtempSync(join(tmpdir(), 'veille-family-')), await freePort(), configuration)
}

export class Family {
  readonly folder: string
  readonly port: number
  readonly starters: Running[] = []
  private configuration: Partial<TestConfiguration>

  constructor(folder: string, port: number, configuration: Partial<TestConfiguration>) {
    this.folder = folder
    this.port = port
    this.configuration = configuration
    this.rewrite({})
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  rewrite(change: Partial<TestConfiguration>): void {
    this.configuration = {
      listen: [`127.0.0.1:${this.port}`],
      ...this.configuration,
      ...change,
      settings: { ...this.configuration.settings, ...change.settings },
    }
    writeFileSync(this.path('conf.json'), JSON.stringify(this.configuration))
  }

  /** A script and its arguments. */
  protected get command(): string[] {
    return [PROGRAM, this.path('conf.json')]
  }

  start(env: NodeJS.ProcessEnv = {}, more: readonly string[] = []): Running {
    const starter = startProcess(process.execPath, [...this.command, ...more], { env })
    this.starters.push(starter)
    return starter
  }

  /** As a service manager starts it that has opened its sockets already (sd_listen_fds(3)). */
  startActivated(...fds: number[]): Running {
    const script = `LISTEN_PID=$$ LISTEN_FDS=${fds.length} exec "$0" "$@"`
    const command = [process.execPath, ...this.command]
    const starter = startProcess('/bin/sh', ['-c', script, ...command], {
      stdio: ['pipe', 'pipe', 'pipe', ...fds],
    })
    this.starters.push(starter)
    return starter
  }

  /** Starts, and waits until all workers are ready. */
  async started(env: NodeJS.ProcessEnv = {}): Promise<Running> {
    const starter = this.start(env)
    await this.serves()
    return starter
  }

  async request(target: string, place: Place = { port: this.port }): Promise<string> {
    const answer = await ask(place, target)
    return answer.slice(answer.indexOf('\r\n\r\n') + 4)
  }

  /** Asks until somebody answers. */
  async serves(target = '/'): Promise<Answer> {
    let answer = ''
    await this.until(async () => {
      answer = await this.request(target).catch(() => '')
      return answer !== ''
    }, `${target} is answered`)
    return JSON.parse(answer) as Answer
  }

  get pid(): number {
    return Number(readFileSync(this.path('pid'), 'utf8'))
  }

  signal(signal: NodeJS.Signals, pid = this.pid): void {
    process.kill(pid, signal)
  }

  log(name = 'error.log'): string {
    return this.read(name)
  }

  read(name: string): string {
    try {
      return readFileSync(this.path(name), 'utf8')
    } catch {
      return ''
    }
  }

  /** @returns what the first group of each has found */
  async says(pattern: RegExp, times = 1, name = 'error.log'): Promise<string[]> {
    const all = new RegExp(pattern.source, 'g')
    let found: string[] = []
    await this.until(() => {
      found = [...this.log(name).matchAll(all)].map(match => match[1] ?? match[0])
      return found.length >= times
    }, `${pattern} is in the log ${times} times`)
    return found
  }

  /** Numbers of all workers that were ever started. */
  get workers(): number[] {
    return [...this.log().matchAll(/start worker process (\d+)/g)].map(([, pid]) => Number(pid))
  }

  async until(condition: () => boolean | Promise<boolean>, words = String(condition)): Promise<void> {
    for (const end = performance.now() + GUARD_MS; ; ) {
      if (await condition()) return
      if (performance.now() > end) assert.fail(`not so within ${GUARD_MS} ms: ${words}\n${this.told}`)
      await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    }
  }

  async gone(pid: number): Promise<void> {
    await this.until(() => !isAlive(pid), `process ${pid} ends`)
  }

  private get told(): string {
    return `${this.log()}${this.starters.map(({ stdout, stderr }) => stdout.text + stderr.text).join('')}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Masters first, or they would replace their workers.
    // Who has moved the log away may have left the only line there that names a worker.
    const told = this.told + this.log('error.log.1')
    const named = [...told.matchAll(/\] (\d+)#|process (\d+)/g)].map(match => Number(match[1] ?? match[2]))
    const pids = new Set([...this.starters.map(({ pid }) => pid), ...named])
    for (const kind of [/: master process/, /process-program|main\.js|: worker process/])
      for (const pid of pids) if (kind.test(titleOf(pid))) kill(pid)
    for (const starter of this.starters) await starter.exit()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Workers keep the rights of the test, whose folders are nobody else's business. */
export const SAME_RIGHTS = process.geteuid?.() === 0 ? 'user root;' : ''

/** The real command with a configuration in nginx's language. */
export class NginxFamily extends Family {
  protected override get command(): string[] {
    return [MAIN, '-c', this.path('nginx.conf')]
  }

  /** @param main lines of the main context @param http lines of the http block @param rights a `user` line, or none @param events lines of that block */
  configure(main: string, http: string, rights: string = SAME_RIGHTS, events = ''): void {
    const logs = `${rights} pid ${this.path('pid')}; error_log ${this.path('error.log')} notice;`
    const block = `http { access_log ${this.path('access.log')}; ${http} }`
    writeFileSync(this.path('nginx.conf'), `${logs}\n${main}\nevents { ${events} }\n${block}\n`)
  }
}

export async function nginxFamily(): Promise<NginxFamily> {
  return new NginxFamily(mkdtempSync(join(tmpdir(), 'veille-family-')), await freePort(), {})
}

function isAlive(pid: number): boolean {
  // A process that nobody has waited for yet is over as well.
  return /^State:\s+[^ZX]/m.test(readOr(`/proc/${pid}/status`))
}

/** '' for one that is no more. */
export function titleOf(pid: number): string {
  return readOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
