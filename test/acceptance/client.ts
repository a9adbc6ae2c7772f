/**
 * One client of the acceptance case, as its authors wrote theirs: one connection for as long as the server keeps it, contents always
 * chunked, even when they are empty, and the last CRLF in a packet of its own.
 *
 *   const client = new Client(port)
 *   await client.fault(request, expected)   null when the answer is to the byte what is expected; or what is wrong with it
 *   client.connections                      how many it has opened so far
 *   client.close()
 *
 * It holds no content: it sends laps (content.ts) and compares what comes with laps.
 */

import { connect, type Socket } from 'node:net'
import { type AnswerHead, AnswerReader, type AnswerSink } from './answer-reader.ts'
import { Comparison, chunk, contentOf, lap, lapBytes, upperLap, wireLap } from './content.ts'

export interface Request {
  readonly method: string
  readonly path: string
  /** Whole lines. */
  readonly fields?: readonly string[]
  /** Of laps; none at all when absent. */
  readonly contentBytes?: number
}

export interface Expected {
  /** One of them. */
  readonly statuses: readonly number[]
  /** Names in lower case. */
  readonly fields?: Readonly<Record<string, string>>
  /** The content. When neither is given, it may be any. */
  readonly text?: string
  /** The content is so many bytes of laps in upper case. */
  readonly upperBytes?: number
}

/** Nothing sent and nothing come: only what hangs meets it. */
const SILENCE_MS = 60_000

const TEXT_LIMIT_BYTES = 64 * 1024
const LAST_CHUNK = Buffer.from('0\r\n')
const LAST_CRLF = Buffer.from('\r\n')

/** Where every connection of this process receives: what came is read before the next call. */
const scratch = Buffer.alloc(256 * 1024)

/** What one answer turned out to be. */
class Answer {
  head: AnswerHead | null = null
  text = ''
  readonly comparison: Comparison | null

  constructor(expected: Expected) {
    this.comparison = expected.upperBytes === undefined ? null : new Comparison(upperLap)
  }

  take(bytes: Buffer, start: number, end: number): void {
    if (this.comparison !== null) this.comparison.take(bytes, start, end)
    else if (this.text.length < TEXT_LIMIT_BYTES) this.text += bytes.toString('latin1', start, end)
  }

  faultBeside(expected: Expected): string | null {
    const { status, fields } = this.head!
    if (!expected.statuses.includes(status))
      return `status ${status} instead of ${expected.statuses.join(' or ')}`
    for (const [name, value] of Object.entries(expected.fields ?? {})) {
      const found = fields.get(name)
      if (found !== value) return `${name}: ${found ?? 'no such field'} instead of ${value}`
    }
    if (expected.text !== undefined && this.text !== expected.text)
      return `the content is ${JSON.stringify(this.text.slice(0, 80))}`
    if (this.comparison === null || this.comparison.count === expected.upperBytes) return null
    if (this.comparison.count < 0) return 'a byte of the content is wrong'
    return `${this.comparison.count} bytes of content instead of ${expected.upperBytes}`
  }
}

export class Client implements AnswerSink {
  connections = 0
  private readonly port: number
  private socket: Socket | null = null
  private reader: AnswerReader
  private answer: Answer | null = null
  /** Ends the wait for an answer: null, or what went wrong. */
  private settle: (fault: string | null) => void = () => {}

  constructor(port: number) {
    this.port = port
    this.reader = new AnswerReader(this)
  }

  /** Follows a redirection within the server, as every client does that is used for such a test. */
  async fault(request: Request, expected: Expected): Promise<string | null> {
    const answer = new Answer(expected)
    const fault = await this.ask(request, answer)
    if (fault !== null) return fault
    const target =
      request.method === 'GET' && answer.head!.status === 301
        ? answer.head!.fields.get('location')
        : undefined
    if (target === undefined) return answer.faultBeside(expected)
    const path = target.replace(/^http:\/\/[^/]+/, '')
    return path === request.path ? 'a redirection to itself' : this.fault({ ...request, path }, expected)
  }

  close(): void {
    this.socket?.destroy()
    this.socket = null
  }

  private async ask(request: Request, answer: Answer): Promise<string | null> {
    const socket = this.socket ?? this.open()
    this.answer = answer
    this.reader.expect(request.method)
    const answered = new Promise<string | null>(resolve => {
      this.settle = resolve
    })
    const sent = this.send(socket, request)
    const fault = await answered
    this.settle = () => {}
    // An answer that closes says that the rest of the content is not wanted.
    if (fault !== null || answer.head!.closes) this.close()
    await sent
    return fault
  }

  private open(): Socket {
    this.connections++
    this.reader = new AnswerReader(this)
    const { reader } = this
    const onread = {
      buffer: scratch,
      callback(count: number, bytes: Uint8Array): boolean {
        reader.take(bytes as Buffer, count)
        return true
      },
    }
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true, onread })
    socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('silence')))
    socket.once('error', error => this.lost(socket, error.message))
    socket.once('end', () => this.lost(socket, null))
    socket.resume()
    this.socket = socket
    return socket
  }

  private lost(socket: Socket, words: string | null): void {
    if (socket !== this.socket) return
    this.socket = null
    socket.destroy()
    if (words === null) this.reader.end()
    else this.settle(words)
  }

  private async send(socket: Socket, request: Request): Promise<void> {
    const { method, path, fields = [], contentBytes } = request
    const framing = contentBytes === undefined ? [] : ['Transfer-Encoding: chunked']
    const lines = [`${method} ${path} HTTP/1.1`, `Host: localhost:${this.port}`, ...framing, ...fields]
    await written(socket, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`))
    if (contentBytes === undefined) return
    for (let left = Math.floor(contentBytes / lapBytes); left > 0; left--) await written(socket, wireLap)
    const rest = chunk(contentOf(contentBytes % lapBytes, lap))
    if (rest.length > 0) await written(socket, rest)
    await written(socket, LAST_CHUNK)
    await written(socket, LAST_CRLF)
  }

  onHead(head: AnswerHead): void {
    this.answer!.head = head
  }

  onContent(bytes: Buffer, start: number, end: number): void {
    this.answer!.take(bytes, start, end)
  }

  onAnswer(): void {
    this.settle(null)
  }

  onFault(words: string): void {
    this.settle(words)
  }
}

/** Until the kernel has it; or at once when there is no connection any more, which the reader's side reports. */
function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise(resolve => {
    if (socket.destroyed) resolve()
    else socket.write(bytes, () => resolve())
  })
}
