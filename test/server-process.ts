/**
 * A server in a process of its own, for tests that need other limits or rights than those of the test, or a process whose CPU and
 * memory are the server's alone.
 *
 *   await inOwnProcess({ root, poller }, { openFiles: 64 }, async child => {
 *     child.port, child.lines         where it listens; what it has said in its log
 *     await child.report()            its descriptors, memory and CPU, and how many connections it has
 *   })                                ended in order, or the test fails
 *
 * The file is also the child's program.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createLog, type ServeOptions, serve } from '../src/index.ts'
import { answering } from './answering-modules.ts'

/** What can be said in JSON. */
export type ChildOptions = Omit<ServeOptions, 'modules' | 'log' | 'accessLog'>

export interface ChildLimits {
  /** RLIMIT_NOFILE. */
  readonly openFiles?: number
  /** Rights are given away before the first request, not before the port is opened. */
  readonly uid?: number
}

export interface Report {
  readonly descriptors: number
  readonly connections: number
  readonly rssBytes: number
  readonly cpuMs: number
  /** Of the child's clock, to relate `cpuMs` to. */
  readonly atMs: number
}

/** What the child knows best; the rest is read in proc(5), since a server without descriptors could not. */
type OwnReport = Pick<Report, 'connections' | 'cpuMs' | 'atMs'>

type Message = { port: number } | { line: string } | { report: OwnReport }

export class ServerProcess {
  port = 0
  readonly lines: string[] = []
  private readonly child: ChildProcess
  private lastReport: OwnReport | null = null
  private readonly listeners = new Set<() => void>()

  constructor(child: ChildProcess) {
    this.child = child
    child.on('message', (message: Message) => {
      if ('port' in message) this.port = message.port
      else if ('line' in message) this.lines.push(message.line)
      else this.lastReport = message.report
      for (const listener of this.listeners) listener()
    })
    child.on('exit', () => {
      for (const listener of this.listeners) listener()
    })
  }

  async report(): Promise<Report> {
    this.lastReport = null
    this.child.send('report')
    await this.until(() => this.lastReport !== null)
    const place = `/proc/${this.child.pid}`
    const rssBytes = 4096 * Number(readFileSync(`${place}/statm`, 'utf8').split(' ')[1])
    return { ...this.lastReport!, rssBytes, descriptors: readdirSync(`${place}/fd`).length }
  }

  /** Until something is so that the child's messages can change. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const isOver = this.child.exitCode !== null || this.child.signalCode !== null
        if (!condition() && !isOver) return
        this.listeners.delete(look)
        if (condition()) resolve()
        else reject(new Error(`the server has ended: ${this.lines.join('\n')}`))
      }
      this.listeners.add(look)
      look()
    })
  }

  /** Whatever has become of it. */
  kill(): void {
    this.child.kill('SIGKILL')
  }

  async stop(): Promise<void> {
    this.child.send('stop')
    const [code] = await once(this.child, 'exit')
    assert.equal(code, 0, `the server ended with ${code}: ${this.lines.join('\n')}`)
  }
}

export async function inOwnProcess(
  options: ChildOptions,
  limits: ChildLimits,
  work: (child: ServerProcess) => Promise<void>,
): Promise<void> {
  const child = await start(options, limits)
  try {
    await work(child)
    await child.stop()
  } finally {
    child.kill()
  }
}

async function start(options: ChildOptions, limits: ChildLimits): Promise<ServerProcess> {
  const program = [process.execPath, fileURLToPath(import.meta.url), JSON.stringify({ options, limits })]
  const ulimit = limits.openFiles === undefined ? '' : `ulimit -n ${limits.openFiles}; `
  const child = spawn('/bin/sh', ['-c', `${ulimit}exec "$0" "$@"`, ...program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const server = new ServerProcess(child)
  await server.until(() => server.port !== 0)
  return server
}

async function run(options: ChildOptions, limits: ChildLimits): Promise<void> {
  const send = (message: Message): void => void process.send?.(message)
  const say = (line: string): void => send({ line })
  const log = createLog('info', (_level, words) => say(words))
  const server = await serve({ listen: '127.0.0.1:0', ...options, modules: [answering], log })
  if (limits.uid !== undefined) process.setuid?.(limits.uid)
  process.on('message', message => {
    if (message === 'stop') void server.close(0).then(() => process.disconnect())
    else send({ report: reportOf(server.connectionCount) })
  })
  const address = server.addresses[0]!
  send({ port: 'port' in address ? address.port : -1 })
}

function reportOf(connections: number): OwnReport {
  const { user, system } = process.cpuUsage()
  return { connections, cpuMs: (user + system) / 1000, atMs: performance.now() }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { options, limits } = JSON.parse(process.argv[2]!) as { options: ChildOptions; limits: ChildLimits }
  await run(options, limits)
}
