/**
 * A client that says exactly the bytes it is told, and hears every byte that comes: what a test needs that plays a
 * client of another kind than curl.
 *
 *   const client = await connect(place)          a port of the loopback interface, or the path of a Unix socket
 *   client.send(bytes)                           a string stands for its octets (latin1)
 *   await client.until(bytes => …)               all that has come, once it satisfies the condition
 *   await client.atEnd()                         all that has come, once the server has closed its side
 *   client.end()                                 closes our side; reset() cuts with RST; destroy() forgets everything
 *   await serverHasRead()                        time for a server of this process to read what was sent
 *   await eventually(condition, words)           turns of the loop until it holds
 *   connectAndSend(port, text)                   a bare socket that nobody reads from; the caller closes it
 *
 * Nothing here waits for a time: what takes longer than the guard is a hang, and fails with what had come until then.
 */

import assert from 'node:assert/strict'
import { createConnection, type NetConnectOpts, type Socket } from 'node:net'
import { sockaddrOf } from '../src/io/address.ts'
import { AF_INET, SOCK_CLOEXEC, SOCK_STREAM } from '../src/sys/constants.ts'
import * as libc from '../src/sys/libc.ts'

/** Not a measure of speed: only a test that would otherwise hang for ever meets it. */
const GUARD_MS = 30_000

export type Place = { readonly port: number; readonly host?: string } | { readonly path: string }

export async function connect(place: Place, options: Partial<NetConnectOpts> = {}): Promise<RawClient> {
  const host = '127.0.0.1'
  const socket = createConnection({
    host,
    ...place,
    allowHalfOpen: true,
    noDelay: true,
    ...options,
  } as NetConnectOpts)
  const client = new RawClient(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return client
}

export class RawClient {
  readonly socket: Socket
  /** The server has closed its side, after what came before. */
  hasEnded = false
  /** The connection is gone, in one way or another. */
  isClosed = false
  /** What the system said when it broke: ECONNRESET and the like. */
  failure: NodeJS.ErrnoException | null = null
  private received = Buffer.alloc(4096)
  private receivedBytes = 0
  private readonly waiting = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', bytes => {
      this.keep(bytes)
      this.tell()
    })
    socket.on('end', () => {
      this.hasEnded = true
      this.tell()
    })
    socket.on('error', error => {
      this.failure = error
      this.tell()
    })
    socket.on('close', () => {
      this.isClosed = true
      this.tell()
    })
  }

  /** Everything that has come so far. */
  get bytes(): Buffer {
    return this.received.subarray(0, this.receivedBytes)
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }

  send(bytes: string | Uint8Array): void {
    if (this.socket.writable)
      this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  end(): void {
    this.socket.end()
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** @returns all that has come, once `condition` holds for it; rejects when it never will, since the connection is over */
  until(condition: (bytes: Buffer) => boolean): Promise<Buffer> {
    return this.wait(() => condition(this.bytes))
  }

  /** Until this text has come `count` times. */
  untilText(text: string, count = 1): Promise<Buffer> {
    let found = 0
    let from = 0
    return this.until(bytes => {
      for (let at = bytes.indexOf(text, from); at >= 0; at = bytes.indexOf(text, from)) {
        found++
        from = at + text.length
      }
      from = Math.max(from, bytes.length - text.length)
      return found >= count
    })
  }

  /** @returns all that has come; rejects when the connection was reset instead of ended */
  atEnd(): Promise<Buffer> {
    return this.wait(() => this.hasEnded)
  }

  /** Until the connection is gone, gracefully or not. @returns whether it was graceful */
  async gone(): Promise<boolean> {
    await this.wait(() => this.hasEnded || this.isClosed).catch(() => {})
    return this.hasEnded && this.failure === null
  }

  private keep(bytes: Buffer): void {
    const needed = this.receivedBytes + bytes.length
    if (needed > this.received.length) {
      const larger = Buffer.alloc(2 * needed)
      this.bytes.copy(larger)
      this.received = larger
    }
    bytes.copy(this.received, this.receivedBytes)
    this.receivedBytes = needed
  }

  private wait(condition: () => boolean): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null): void => {
        clearTimeout(guard)
        this.waiting.delete(look)
        if (error === null) resolve(this.bytes)
        else reject(error)
      }
      const look = (): void => {
        if (condition()) settle(null)
        else if (this.hasEnded || this.isClosed || this.failure !== null)
          settle(this.broken('the connection is over'))
      }
      const guard = setTimeout(() => settle(this.broken('nothing more comes')), GUARD_MS)
      this.waiting.add(look)
      look()
    })
  }

  private broken(why: string): Error {
    const failure = this.failure === null ? '' : ` (${this.failure.code ?? this.failure.message})`
    return new Error(
      `${why}${failure} after ${this.bytes.length} bytes: ${JSON.stringify(this.text.slice(-2000))}`,
    )
  }

  private tell(): void {
    for (const look of [...this.waiting]) look()
  }
}

/**
 * Bytes that were sent through loopback nearly always lie in the server's socket when `write` returns, and two turns of Node's loop
 * hold at least one iteration of ours between them. Under load the kernel may deliver a little later: a test whose result
 * depends on it waits for the effect instead, with `eventually`.
 */
export async function serverHasRead(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise(resolve => setImmediate(resolve))
}

/** Turns of the loop, far more than anything can need that was set in motion in this process. */
const TURNS = 50_000

export async function eventually(condition: () => boolean, words: () => string): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    if (condition()) return
    await serverHasRead()
  }
  assert.fail(words())
}

/** When this returns, the connection waits to be accepted and the text lies in it: the loop of this process has had no turn. */
export function connectAndSend(port: number, text: string): libc.Fd {
  const fd = libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC)
  assert.equal(libc.connect(fd, sockaddrOf({ family: AF_INET, host: '127.0.0.1', port })), 0)
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length > 0) assert.equal(libc.send(fd, bytes, bytes.length, 0), bytes.length)
  return fd
}
