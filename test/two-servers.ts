/**
 * The same configuration on nginx and on veille, and the same requests to both.
 *
 *   const servers = await twoServers(prefix, 'http { server { listen 127.0.0.1:PORT; … } }')
 *   const { nginx, veille } = await servers.ask('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
 *   await servers.close()
 *   const server = await oneServer('veille', prefix, http)     one alone, for tests that also run where there is no nginx: { port, close }
 *
 * Both run as one process in the foreground, with the same prefix. In their answers the port is PORT again; left out is what names the
 * server, the time, or the way in which an answer is framed.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { MAIN } from './command-process.ts'
import { freePort } from './free-ports.ts'
import { connect } from './raw-client.ts'
import { readResponse } from './responses.ts'

export interface PlainAnswer {
  readonly status: number
  /** Sorted lines, their names in lower case. */
  readonly fields: readonly string[]
  readonly content: string
}

/** One of them. */
export interface OneServer {
  readonly port: number
  readonly pid: number
  close(): Promise<void>
}

/** Differ from server to server, or from moment to moment. */
const LEFT_OUT = ['server', 'date', 'etag', 'connection', 'keep-alive', 'transfer-encoding', 'content-length']

const GUARD_MS = 30_000

export interface TwoServers {
  /** @param request as it goes over the wire; null: closed without an answer */
  ask(request: string): Promise<{ nginx: PlainAnswer | null; veille: PlainAnswer | null }>
  close(): Promise<void>
}

/** @param prefix a directory, in which `logs` is made @param http the block, with PORT for the port */
export async function twoServers(prefix: string, http: string): Promise<TwoServers> {
  const started = await Promise.allSettled([
    oneServer('nginx', prefix, http),
    oneServer('veille', prefix, http),
  ])
  const servers = started.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  const close = async (): Promise<void> => void (await Promise.all(servers.map(one => one.close())))
  for (const one of started) {
    if (one.status === 'fulfilled') continue
    await close()
    throw one.reason
  }
  return {
    async ask(request) {
      const answers = await Promise.all(servers.map(({ port }) => answerOf(request, port)))
      return { nginx: answers[0]!, veille: answers[1]! }
    },
    close,
  }
}

/** As `twoServers`, of which it may be either. */
export async function oneServer(
  program: 'nginx' | 'veille',
  prefix: string,
  http: string,
): Promise<OneServer> {
  mkdirSync(join(prefix, 'logs'), { recursive: true })
  const port = await freePort()
  const child =
    program === 'nginx'
      ? start('nginx', [], prefix, http, port)
      : start(process.execPath, [MAIN], prefix, http, port)
  const close = async (): Promise<void> => {
    if (!isRunning(child)) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  try {
    await listens(child, port)
  } catch (error) {
    await close()
    throw error
  }
  return { port, pid: child.pid!, close }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

/** What nginx makes at its start, though nothing here needs it. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

function start(
  program: string,
  before: readonly string[],
  prefix: string,
  http: string,
  port: number,
): ChildProcess {
  const name = before.length === 0 ? 'nginx' : 'veille'
  const temporary = TEMPORARY.map(one => `${one}_temp_path logs/${one};`).join(' ')
  const own = name === 'nginx' ? `access_log off; ${temporary}` : 'access_log off;'
  const text = `daemon off;
master_process off;
pid logs/${name}.pid;
error_log logs/${name}.log info;
events { worker_connections 64; }
${http.replace('{', `{ ${own}`).replaceAll('PORT', String(port))}
`
  const path = join(prefix, `${name}.conf`)
  writeFileSync(path, text)
  return spawn(program, [...before, '-p', prefix, '-c', path, '-e', `logs/${name}.log`], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
}

async function listens(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + GUARD_MS
  // Warnings too, which are of no interest in a server that starts.
  let words = ''
  child.stderr!.setEncoding('utf8').on('data', text => {
    words += text
  })
  while (Date.now() < deadline) {
    if (!isRunning(child)) throw new Error(`${child.spawnfile} has ended at once: ${child.exitCode} ${words}`)
    if (await accepts(port)) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${child.spawnfile} does not listen`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connectSocket({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function answerOf(request: string, port: number): Promise<PlainAnswer | null> {
  const client = await connect({ port })
  client.send(request.replace('\r\n', '\r\nConnection: close\r\n'))
  const bytes = await client.atEnd().catch(() => client.bytes)
  client.end()
  if (bytes.length === 0) return null
  const isHeadOnly = request.startsWith('HEAD ')
  const response = readResponse(bytes, 0, { isHeadOnly, isLast: true })
  if (response === null) throw new Error(`no whole answer: ${bytes.toString('latin1')}`)
  const fields = response.fields
    .map(([name, value]) => `${name.toLowerCase()}: ${value.replaceAll(String(port), 'PORT')}`)
    .filter(line => !LEFT_OUT.includes(line.slice(0, line.indexOf(':'))))
    .sort()
  return { status: response.status, fields, content: response.content.toString() }
}
