/**
 * The client for what wrk cannot do, in a process of its own. One argument, a JSON `ClientTask`; one line of
 * JSON per report on the standard output.
 *
 *   hold   opens connections, asks once on each, reports {"held":n}, keeps them until its input closes, then
 *          reports {"lost":n}. With `slowly`, it reads one chunk of the answer per second, never the whole.
 *   post   sends POST (or PUT) after POST for some seconds, each with its whole content, and reports what was completed
 *          in the form of wrk.lua
 *
 * wrk cannot send a large content to a server that answers before it has read it: it starts the next request
 * in the middle of the last.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Answers } from './answers.ts'

export type ClientTask =
  | { do: 'hold'; port: number; path: string; connections: number; slowly: boolean }
  | Posting

interface Posting {
  do: 'post'
  port: number
  path: string
  method: 'POST' | 'PUT'
  connections: number
  contentBytes: number
  seconds: number
}

/** How many connections may be on their way at once: less than any listener's backlog. */
const OPENING = 200
const SLOW_MS = 1000

function report(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

function fail(error: Error): never {
  report({ error: error.message })
  process.exit(1)
}

async function hold(task: ClientTask & { do: 'hold' }): Promise<void> {
  const request = `GET ${task.path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  let lost = 0
  let next = 0
  async function openSome(): Promise<void> {
    while (next++ < task.connections) {
      const socket = await (task.slowly ? askAndStall(task.port, request) : ask(task.port, request))
      socket.once('close', () => lost++)
    }
  }
  await Promise.all(Array.from({ length: OPENING }, openSome))
  report({ held: task.connections })
  process.stdin.resume().once('end', () => {
    report({ lost })
    process.exit(0)
  })
}

/** Resolves when the answer has come whole. */
function ask(port: number, request: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const answers = new Answers()
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed before the answer was whole')))
    socket.on('data', chunk => {
      answers.feed(chunk)
      if (answers.complete > 0) resolve(socket)
    })
  })
}

/** Resolves when the answer has begun, and then takes a chunk per second. */
function askAndStall(port: number, request: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed in the middle of the answer')))
    socket.on('data', () => {
      socket.pause()
      resolve(socket)
      setTimeout(() => socket.resume(), SLOW_MS)
    })
  })
}

async function post(task: Posting): Promise<void> {
  const head = `${task.method} ${task.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${task.contentBytes}\r\n\r\n`
  const request = Buffer.concat([Buffer.from(head), Buffer.alloc(task.contentBytes, 'x')])
  const begin = performance.now()
  const clients = Array.from({ length: task.connections }, () => new Poster(task.port, request))
  await sleep(task.seconds * 1000)
  for (const client of clients) client.goesOn = false
  await Promise.all(clients.map(client => client.done))
  const failed = { connect: 0, read: 0, write: 0, timeout: 0 }
  report({
    seconds: (performance.now() - begin) / 1000,
    requests: clients.reduce((sum, client) => sum + client.answers.complete, 0),
    bytes: clients.reduce((sum, client) => sum + client.answers.bytes, 0),
    refused: clients.reduce((sum, client) => sum + client.refused, 0),
    failed,
  })
}

/** One connection that begins the next request when the last is sent whole and answered whole. */
class Poster {
  readonly answers = new Answers()
  readonly done: Promise<void>
  refused = 0
  goesOn = true
  #begun = 0
  #sent = 0
  #socket: Socket
  #request: Buffer

  constructor(port: number, request: Buffer) {
    this.#request = request
    this.#socket = connect(port, '127.0.0.1', () => this.#send())
    this.#socket.on('data', chunk => {
      this.answers.feed(chunk)
      this.#nextWhenBoth()
    })
    this.done = new Promise(resolve => this.#socket.once('close', () => resolve()))
    this.#socket.once('error', fail)
    this.#socket.once('end', () => fail(new Error('the server closed the connection after a POST')))
  }

  #send(): void {
    this.#begun++
    this.#socket.write(this.#request, () => {
      this.#sent++
      this.#nextWhenBoth()
    })
  }

  #nextWhenBoth(): void {
    if (this.#sent < this.#begun || this.answers.complete < this.#begun) return
    if ((this.answers.last?.status ?? 0) >= 400) this.refused++
    if (this.goesOn) this.#send()
    else this.#socket.destroy()
  }
}

const task: ClientTask = JSON.parse(process.argv[2] ?? '{}')
await (task.do === 'hold' ? hold(task) : post(task)).catch(fail)
