/**
 * The load: what is asked of a server, and proof that it was answered.
 *
 *   verify(port, load)              asks once, compares status and every byte; returns the answer's size
 *   run(server, load, seconds, …)   wrk or the own client; returns the requests that were really completed
 *   hold(server, …)                 connections that stay: idle, or reading slowly
 *
 * Everything that is not as expected throws: a number measured on errors is worse than none.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Answers } from './answers.ts'
import type { ClientTask } from './client.ts'
import { hostOf, LOCATIONS_EACH } from './configurations.ts'
import { type Cores, onCore } from './measure.ts'
import { besideSources, findProgram, type RunningServer } from './servers.ts'
import { contentOf } from './site.ts'

export interface Load {
  path: string
  /** For the hosts of `configurations.ts`: so many servers are asked in turn, spread over all, each for all of its locations. */
  servers?: { asked: number; of: number }
  connections: number
  /** Requests in one write; 1 when absent. */
  pipelined?: number
  /** Field lines besides Host. */
  fields?: readonly string[]
  /** Content of a POST; a GET when absent. */
  contentBytes?: number
  /** Instead of POST. */
  method?: 'PUT'
  /** `own`: the client of bench/client.ts; wrk when absent. */
  client?: 'own'
  /** Count by bytes: requests so long that those cut off at the end matter. */
  byBytes?: true
}

/** What the load generators report. */
interface Completed {
  seconds: number
  requests: number
  bytes: number
  refused: number
  failed: Record<string, number>
}

const CLIENT = fileURLToPath(
  new URL(`./client${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
/** The field line of a request that wants a connection for itself. wrk needs to see it in the answer too. */
export const CLOSE = 'Connection: close'
const ANSWER_LIMIT_MS = 5_000

/** Load generators that still run. */
const running = new Set<ChildProcess>()

export function endLoads(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** @returns the bytes of one answer, which every later answer must have too. */
export async function verify(port: number, load: Load): Promise<number> {
  const expected = contentOf(load.path)
  const count = load.pipelined ?? 1
  const bytes = await exchange(port, requestOf(load).repeat(count), count)
  const answers = new Answers()
  answers.feed(bytes)
  const head = answers.last
  if (head === null || answers.complete !== count)
    throw new Error(`${answers.complete} answers to ${count} requests`)
  if (head.status !== expected.status) throw new Error(`status ${head.status} for ${load.path}`)
  if (load.fields?.includes(CLOSE) && !head.closes) throw new Error('it does not announce that it closes')
  const content = bytes.subarray(bytes.length - head.contentBytes)
  if (expected.content !== null && !expected.content.equals(content)) {
    throw new Error(`wrong content for ${load.path}: ${content.length} bytes`)
  }
  if (bytes.length !== head.answerBytes * count) throw new Error('pipelined answers differ in size')
  return head.answerBytes
}

function requestOf(load: Load): string {
  const content = 'x'.repeat(load.contentBytes ?? 0)
  const host = load.servers === undefined ? 'localhost' : hostOf(0)
  const fields = [`Host: ${host}`, ...(load.fields ?? [])]
  if (content !== '') fields.push(`Content-Length: ${content.length}`)
  const method = content === '' ? 'GET' : (load.method ?? 'POST')
  return `${method} ${load.path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${content}`
}

/** Sends, and takes all that comes until `count` answers are whole; then nothing more may come for a moment. */
function exchange(port: number, request: string, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const answers = new Answers()
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.setTimeout(ANSWER_LIMIT_MS, () =>
      socket.destroy(new Error(`${answers.complete} of ${count} answers came`)),
    )
    socket.once('error', reject)
    socket.once('close', () => {
      if (answers.complete < count) reject(new Error(`closed after ${answers.complete} of ${count} answers`))
      else resolve(Buffer.concat(chunks))
    })
    socket.on('data', chunk => {
      chunks.push(chunk)
      answers.feed(chunk)
      if (answers.complete >= count) setTimeout(() => socket.destroy(), 20)
    })
  })
}

export interface Done {
  /** Completed; a fraction when counted by bytes. */
  requests: number
  seconds: number
}

export async function run(
  server: RunningServer,
  load: Load,
  answerBytes: number,
  seconds: number,
  cores: Cores | null,
): Promise<Done> {
  const command =
    load.client === 'own' ? ownCommand(server.port, load, seconds) : wrkCommand(server.port, load, seconds)
  const completed: Completed = JSON.parse(await lastLine(onCore(cores?.load, command)))
  if (server.hasEnded) throw new Error(`the server ended under load: ${server.lastWords}`)
  mustBeRight(completed, load, answerBytes)
  const requests = load.byBytes ? completed.bytes / answerBytes : completed.requests
  return { requests, seconds: completed.seconds }
}

function ownCommand(port: number, load: Load, seconds: number): string[] {
  const task: ClientTask = {
    ...{ do: 'post', port, path: load.path, connections: load.connections },
    ...{ method: load.method ?? 'POST', contentBytes: load.contentBytes ?? 0, seconds },
  }
  return [process.execPath, CLIENT, JSON.stringify(task)]
}

function wrkCommand(port: number, load: Load, seconds: number): string[] {
  const fields = (load.fields ?? []).flatMap(field => ['-H', field])
  const shape = ['-t', '1', '-c', String(load.connections), '-d', `${seconds}s`, '--timeout', '10s']
  const { asked, of } = load.servers ?? { asked: 0, of: 0 }
  const script = [load.pipelined ?? 1, load.contentBytes ?? 0, asked, of, LOCATIONS_EACH].map(String)
  const url = `http://127.0.0.1:${port}${load.path}`
  return [findProgram('wrk')!, ...shape, ...fields, '-s', besideSources('wrk.lua'), url, '--', ...script]
}

async function lastLine(command: readonly string[]): Promise<string> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
  running.add(child)
  let output = ''
  child.stdout.on('data', text => {
    output += text
  })
  await once(child, 'close')
  running.delete(child)
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  if (child.exitCode !== 0) throw new Error(`the load generator failed: ${last}`)
  return last
}

/** Every answer was expected, and as long as the verified one; only those on their way at the end may lack. */
function mustBeRight(completed: Completed, load: Load, answerBytes: number): void {
  for (const [how, count] of Object.entries(completed.failed)) {
    if (count > 0) throw new Error(`${count} ${how} errors`)
  }
  if (completed.requests === 0 && !load.byBytes)
    throw new Error(`no request for ${load.path} was completed on ${load.connections} connections`)
  const refused = contentOf(load.path).status >= 400 ? completed.requests : 0
  if (completed.refused !== refused) throw new Error(`${completed.refused} answers with status 400 or above`)
  const onTheirWay = load.connections * (load.pipelined ?? 1) + 1
  const excess = completed.bytes / answerBytes - completed.requests
  if (Math.abs(excess) > onTheirWay) {
    throw new Error(`answers of ${completed.bytes / completed.requests} bytes, not ${answerBytes}`)
  }
}

export interface Held {
  /** Closes all; throws when the server had closed some before. */
  release(): Promise<void>
}

export async function hold(
  server: RunningServer,
  what: { path: string; connections: number; slowly: boolean },
  cores: Cores | null,
): Promise<Held> {
  const { connections } = what
  const task: ClientTask = { do: 'hold', port: server.port, ...what }
  const command = onCore(cores?.load, [process.execPath, CLIENT, JSON.stringify(task)])
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
  running.add(child)
  child.once('close', () => running.delete(child))
  const reports = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  async function nextReport(): Promise<{ held?: number; lost?: number; error?: string }> {
    const { value, done } = await reports.next()
    const found = done ? { error: 'the client ended' } : JSON.parse(value)
    if (found.error !== undefined) throw new Error(`${connections} connections: ${found.error}`)
    return found
  }
  await nextReport()
  return {
    async release() {
      child.stdin.end()
      const { lost } = await nextReport()
      if (lost !== 0) throw new Error(`the server closed ${lost} of ${connections} connections`)
    },
  }
}
