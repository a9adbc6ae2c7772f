/**
 * The experiment: what does the second client notice of a slow first one?
 *
 *   npm run step blocking          the slow client pauses for a second in the middle of its request
 *   npm run step blocking 3000     for three seconds
 *
 *   this process                        two servers, each a process of its own
 *     slow client   ── half ── … ── half ─▶   blocking:      accept, recv until complete, send, close; then the next one
 *     quick client  ── all ───────────────▶   non-blocking:  one loop, which reads from whoever is ready
 *
 * The servers do the same work, and neither of them computes anything worth mentioning. They differ in where they sleep. They
 * are processes of their own because a blocking call would put the clients, which are in this process, to sleep as well.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { errnoName } from '../../src/errno.ts'
import { inetAddress, sockaddrOf } from '../../src/io/address.ts'
import { READABLE } from '../../src/loop/poller.ts'
import { SelectPoller } from '../../src/loop/select.ts'
import {
  AF_INET,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOCKADDR_IN,
  SOCKADDR_STORAGE_BYTES,
} from '../../src/sys/constants.ts'
import {
  accept4,
  bindTo,
  close,
  type Fd,
  getsockname,
  listen,
  recv,
  send,
  socket,
} from '../../src/sys/libc.ts'

const SERVERS = { blocking: serveBlocking, 'non-blocking': serveByLoop }
type ServerName = keyof typeof SERVERS

const USUAL_PAUSE_MS = 1000
const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nHello World\n')
const buffer = Buffer.alloc(4096)
const peer = Buffer.alloc(SOCKADDR_STORAGE_BYTES)

// The two servers

/** Serves one client from its beginning to its end, and sleeps wherever that client makes it wait. */
function serveBlocking(): never {
  const listener = openListener(0)
  for (;;) {
    const client = must('accept', accept4(listener, peer, SOCK_CLOEXEC))
    let head = ''
    while (!isComplete(head)) {
      // Here it sleeps while the slow client pauses. The quick one is connected, its request lies complete in the kernel,
      // and nobody looks at it.
      const n = recv(client, buffer)
      if (n <= 0) break
      head += buffer.toString('latin1', 0, n)
    }
    if (isComplete(head)) send(client, answer, answer.length)
    close(client)
  }
}

/** Serves whoever is ready, for as long as there is something to do without waiting. */
function serveByLoop(): never {
  const listener = openListener(SOCK_NONBLOCK)
  const heads = new Map<Fd, string>()
  const poller = new SelectPoller()
  poller.watch(listener, READABLE)
  for (;;) {
    // Here it sleeps, and only here, and anybody can wake it.
    const ready = must('select', poller.wait(-1))
    for (let i = 0; i < ready; i++) {
      const fd = poller.readyFd(i)
      if (fd === listener) {
        const client = accept4(listener, peer, SOCK_NONBLOCK | SOCK_CLOEXEC)
        if (client < 0) continue
        heads.set(client, '')
        poller.watch(client, READABLE)
        continue
      }
      const n = recv(fd, buffer)
      const head = heads.get(fd)! + buffer.toString('latin1', 0, Math.max(n, 0))
      heads.set(fd, head)
      if (n > 0 && !isComplete(head)) continue
      if (isComplete(head)) send(fd, answer, answer.length)
      poller.forget(fd)
      heads.delete(fd)
      close(fd)
    }
  }
}

function isComplete(head: string): boolean {
  return head.includes('\r\n\r\n')
}

/** Steps 1 and 2 explain each of these lines. Prints the port, which the parent process waits for. */
function openListener(flags: number): Fd {
  const fd = must('socket', socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags))
  must('bind', bindTo(fd, sockaddrOf(inetAddress('127.0.0.1', 0))))
  must('listen', listen(fd, 16))
  const bound = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
  must('getsockname', getsockname(fd, bound))
  console.log(bound.readUInt16BE(SOCKADDR_IN.port))
  return fd
}

function must(call: string, result: number): number {
  if (result >= 0) return result
  throw new Error(`${call}: ${errnoName(result)}`)
}

// The two clients, and the clock

interface Waits {
  slowMs: number
  quickMs: number
  first: 'slow' | 'quick'
}

async function measure(name: ServerName, pauseMs: number): Promise<Waits> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [port] = await once(createInterface({ input: child.stdout! }), 'line')
  const order: ('slow' | 'quick')[] = []
  const slow = await Client.connect(Number(port))
  // The slow client stands in the queue of the listening socket before the quick one begins.
  const quick = await Client.connect(Number(port))
  const slowEnds = slow.ask(pauseMs).finally(() => order.push('slow'))
  const quickEnds = quick.ask(0).finally(() => order.push('quick'))
  const [slowMs, quickMs] = await Promise.all([slowEnds, quickEnds])
  child.kill()
  return { slowMs, quickMs, first: order[0]! }
}

class Client {
  private readonly socket: ReturnType<typeof createConnection>

  private constructor(port: number) {
    this.socket = createConnection(port, '127.0.0.1')
  }

  static async connect(port: number): Promise<Client> {
    const client = new Client(port)
    await once(client.socket, 'connect')
    return client
  }

  /** @returns milliseconds from the first byte of the request to the end of the answer */
  async ask(pauseMs: number): Promise<number> {
    const { socket } = this
    const begin = performance.now()
    const ended = once(socket.resume(), 'end')
    socket.write('GET / HTTP/1.1\r\n')
    if (pauseMs > 0) await pause(pauseMs)
    socket.write('Host: 127.0.0.1\r\n\r\n')
    await ended
    return performance.now() - begin
  }
}

const children: ChildProcess[] = []

async function experiment(pauseMs: number): Promise<void> {
  process.on('exit', () => {
    for (const child of children) child.kill()
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  console.log(
    `Two clients are connected, the slow one first. It sends half of its request, pauses for ${pauseMs} ms, and sends the\n` +
      'other half. The quick one sends all of its request at once. How long does each wait for its answer?\n',
  )
  const blocking = await measure('blocking', pauseMs)
  const byLoop = await measure('non-blocking', pauseMs)
  console.log('                        slow client   quick client   answered first')
  console.log(row('blocking', blocking))
  console.log(row('non-blocking, one loop', byLoop))
  console.log(`
The slow client waits for its own pause, whoever serves it. The quick one has nothing to do with that pause, and yet it
waits ${ms(blocking.quickMs)} for the blocking server: its request lay in the kernel all that time, while the server slept in a recv
for the other client. The loop sleeps as well, but in select, which either of the two can end: ${ms(byLoop.quickMs)}.`)
}

function row(name: string, waits: Waits): string {
  return `${name.padEnd(22)}${ms(waits.slowMs).padStart(13)}${ms(waits.quickMs).padStart(15)}   ${waits.first}`
}

function ms(duration: number): string {
  return `${duration < 10 ? duration.toFixed(1) : Math.round(duration)} ms`
}

const asked = process.argv[2] ?? ''
if (asked in SERVERS) SERVERS[asked as ServerName]()
else await experiment(Number(asked) || USUAL_PAUSE_MS)
