/**
 * A little web server that does everything right, or makes the mistakes it is told to: for the examiner to find.
 *
 *   const server = await littleServer(['no-date', 'smuggles'])
 *   server.port, server.otherPort
 *   await server.close()
 *
 * Here is the wire, in Node's sockets: heads, content, connections, deadlines. What it answers is in `little-site.ts`. A mistake is a word;
 * `makes('word')` stands where it would be made. As a program it serves until it is killed, for those who want its process id.
 */

import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { LittleSite, type SiteAnswer, type SiteRequest } from './little-site.ts'

const MOST_HEAD_BYTES = 32 * 1024
const MOST_FIELDS = 200
export const TIMEOUT_MS = 2000

export interface LittleServer {
  readonly port: number
  readonly otherPort: number
  close(): Promise<void>
}

/** What all connections of one server know. */
class State {
  readonly site: LittleSite
  readonly makes: (mistake: string) => boolean
  readonly visits = new Set<Visit>()
  readonly leaked: unknown[] = []
  /** It hears, and answers nobody any more. */
  isDead = false
  silentCount = 0
  requestCount = 0

  constructor(mistakes: readonly string[]) {
    this.makes = mistake => mistakes.includes(mistake)
    this.site = new LittleSite(this.makes)
  }
}

/** One connection. */
class Visit {
  private readonly socket: Socket
  private readonly state: State
  private readonly isOther: boolean
  private rest: Buffer = Buffer.alloc(0)
  private requests = 0
  private isWaiting = false
  private isOver = false
  private hasContinued = false
  private deadline: NodeJS.Timeout | null = null
  private lastTarget = ''

  constructor(socket: Socket, state: State, isOther: boolean) {
    this.socket = socket
    this.state = state
    this.isOther = isOther
    state.visits.add(this)
    socket.on('data', bytes => this.take(bytes))
    socket.on('end', () => this.halfClosed())
    socket.on('error', () => this.gone(true))
    socket.on('close', () => this.gone(false))
    this.await(TIMEOUT_MS)
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** Starts the time within which the next thing has to come. */
  private await(ms: number): void {
    this.stopWaiting()
    if (['no-timeouts', 'one-at-a-time', 'stays-open', 'never-closes', 'endless-head'].some(this.state.makes))
      return
    this.deadline = setTimeout(() => this.socket.destroySoon(), ms)
  }

  private stopWaiting(): void {
    if (this.deadline !== null) clearTimeout(this.deadline)
    this.deadline = null
  }

  private take(bytes: Buffer): void {
    if (this.isOver || this.state.isDead) return
    if (this.state.makes('drops-half-closed')) setTimeout(() => this.read(bytes), 20)
    else if (this.state.makes('one-at-a-time') && this.isBehindOthers())
      setTimeout(() => this.take(bytes), 20)
    else this.read(bytes)
  }

  private isBehindOthers(): boolean {
    const [first] = this.state.visits
    return first !== this
  }

  private read(bytes: Buffer): void {
    if (this.isOver) return
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes])
    this.run()
  }

  private run(): void {
    while (!this.isWaiting && !this.isOver && this.rest.length > 0) {
      const before = this.rest.length
      this.step()
      if (this.rest.length === before) return
    }
  }

  /** One request, if all of it is there. */
  private step(): void {
    const { makes } = this.state
    while (this.rest[0] === 13 && this.rest[1] === 10 && !makes('no-leading-crlf'))
      this.rest = this.rest.subarray(2)
    const end = this.rest.indexOf('\r\n\r\n')
    if (end < 0 || end > MOST_HEAD_BYTES) {
      this.unfinished()
      return
    }
    const text = this.rest.toString('latin1', 0, end)
    const request = headOf(text, makes)
    if (typeof request === 'number') {
      this.refuse(request)
      return
    }
    this.lastTarget = request.target
    const content = this.content(request, end + 4)
    if (content === null) return
    this.rest = makes('forgets-pipelined') ? Buffer.alloc(0) : this.rest.subarray(content.endsAt)
    this.requests++
    this.hasContinued = false
    this.answer({ ...request, content: content.bytes })
  }

  private unfinished(): void {
    const { makes } = this.state
    if (makes('one-packet')) {
      this.refuse(400)
      return
    }
    if (this.rest.includes('\n\n') || /^[^\r]*\n/.test(this.rest.toString('latin1', 0, 200))) {
      this.refuse(400)
      return
    }
    if (/^PRI |^\x16/.test(this.rest.toString('latin1', 0, 4))) {
      this.refuse(400)
      return
    }
    if (this.rest.length > MOST_HEAD_BYTES && !makes('endless-head'))
      this.refuse(this.rest.includes('\r\n') ? 431 : 414)
  }

  /** @returns null when it is not all there, or was refused */
  private content(request: SiteRequest, at: number): { bytes: Buffer; endsAt: number } | null {
    const { makes } = this.state
    const { framing } = request
    const limit = this.state.site.limitOf(request)
    if (framing === 'chunked' && makes('no-chunks')) return this.refused(411)
    if (framing !== 'chunked' && framing > limit && !makes('reads-before-413')) return this.refused(413)
    if (!this.mayContinue(request)) return null
    const read = framing === 'chunked' ? chunksOf(this.rest, at, limit) : lengthOf(this.rest, at, framing)
    if (typeof read === 'number') return this.refused(read)
    if (read === null) this.await(TIMEOUT_MS)
    else if (read.bytes.length > limit) return this.refused(413)
    if (read === null && makes('keeps-half')) this.state.site.keepHalf(request, this.rest.subarray(at))
    return read
  }

  /** RFC 9110 §10.1.1. */
  private mayContinue({ fields, framing, version, method }: SiteRequest): boolean {
    const { makes } = this.state
    const expected = fields.get('expect')
    if (method === 'POST' && framing === 0 && !fields.has('content-length') && makes('waits-for-length'))
      return false
    if (expected === undefined || version === '1.0') return true
    if (!/^100-continue$/i.test(expected)) {
      this.refuse(makes('expect-500') ? 500 : 417)
      return false
    }
    if (!this.hasContinued && framing !== 0 && !makes('no-continue'))
      this.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    this.hasContinued = true
    return true
  }

  private refused(status: number): null {
    this.refuse(status)
    return null
  }

  private refuse(status: number): void {
    const { makes } = this.state
    if (status === 413 && makes('continues-anyway') && !this.hasContinued)
      this.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    const said = makes('says-200') ? 200 : makes('says-500') ? 500 : status
    const content = makes('mute-errors') ? '' : `<p>${said}</p>`
    this.write(
      { status: said, fields: [['Content-Type', 'text/html']], content: Buffer.from(content) },
      'close',
      '',
    )
    if (makes('stays-open')) return
    this.isOver = true
    this.rest = Buffer.alloc(0)
    if (makes('resets-after-413') && status === 413) this.socket.resetAndDestroy()
    else this.socket.end()
  }

  private answer(request: SiteRequest): void {
    const { makes, site } = this.state
    this.stopWaiting()
    this.isWaiting = true
    this.state.requestCount++
    if (makes('leaks-memory')) this.state.leaked.push(Buffer.alloc(512 * 1024, 1))
    if (makes('leaves-children') && this.state.requestCount % 20 === 0)
      this.state.leaked.push(spawn('sleep', ['20'], { stdio: 'ignore' }).unref())
    site.answer(request, this.isOther, answer => this.answered(request, answer))
  }

  private answered(request: SiteRequest, answer: SiteAnswer): void {
    const { makes } = this.state
    this.isWaiting = false
    if (this.isOver || this.state.isDead) return
    const wanted = request.fields.get('connection')?.toLowerCase() ?? ''
    const stays = wanted === 'close' ? false : request.version === '1.1' || wanted === 'keep-alive'
    const said = !stays ? 'close' : request.version === '1.0' ? 'keep-alive' : ''
    this.write(answer, said, request.method)
    const breaks = makes('promises-keep-alive') && said === 'keep-alive'
    if ((!stays && !makes('never-closes')) || makes('closes-always') || breaks) {
      this.isOver = true
      this.socket.end()
      return
    }
    this.await(TIMEOUT_MS)
    this.run()
  }

  private write({ status, fields, content }: SiteAnswer, connection: string, method: string): void {
    const { makes } = this.state
    const date = makes('no-date')
      ? []
      : [`Date: ${makes('old-date') ? new Date(0).toUTCString() : new Date().toUTCString()}`]
    const lines = [
      `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Whatever'}`,
      ...date,
      ...fields
        .filter(([name]) => name !== 'Content-Type' || !makes('no-type'))
        .map(([name, value]) => `${name}: ${value}`),
      ...(status === 204 ? [] : [`Content-Length: ${content.length}`]),
      ...(connection === '' ? [] : [`Connection: ${connection}`]),
    ]
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
    if (method === 'HEAD' && !makes('head-with-content')) return
    const isTaken = this.socket.write(content)
    if (!isTaken && makes('cuts-slow-readers'))
      setTimeout(() => this.socket.writableLength > 0 && this.destroy(), 50)
  }

  private halfClosed(): void {
    if (this.state.makes('drops-half-closed')) this.destroy()
    else if (!this.isWaiting) this.socket.end()
  }

  /** Some servers die of it. */
  private gone(isReset: boolean): void {
    if (!this.state.visits.delete(this)) return
    this.isOver = true
    this.stopWaiting()
    const { makes } = this.state
    if (this.requests === 0 && this.rest.length === 0) this.state.silentCount++
    if (makes(`dies-of-${this.stage(isReset)}`) || (makes('dies-of-many') && this.state.silentCount > 250))
      this.state.isDead = true
  }

  private stage(isReset: boolean): string {
    const text = this.rest.toString('latin1')
    if (this.requests > 0 && this.rest.length === 0)
      return this.lastTarget === '/large.bin'
        ? 'answer'
        : this.requests > 10
          ? 'pipelined'
          : isReset
            ? 'request'
            : ''
    if (text === '') return 'silent'
    if (text.includes('chunked')) return 'chunk'
    if (text.includes('Content-Length')) return 'content'
    return text.includes('\r\n') ? 'head' : 'line'
  }
}

/** @returns the request without its content, or the status that refuses it */
function headOf(text: string, makes: (mistake: string) => boolean): SiteRequest | number {
  const [first, ...lines] = text.split('\r\n')
  if (/[\r\n\0]/.test(text.replaceAll('\r\n', ''))) return 400
  const line = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) (\S+)$/.exec(first!)
  if (line === null) return 400
  const [, method, written, version] = line
  if (method!.length > 50) return 501
  if (!/^HTTP\/\d\.\d$/.test(version!)) return 400
  if (!version!.startsWith('HTTP/1.')) return 505
  const fields = fieldsOf(lines)
  if (typeof fields === 'number') return fields
  if (!fields.has('host') && (version !== 'HTTP/1.0' || makes('needs-host'))) return 400
  const host = fields.get('host') ?? ''
  if (/[^\w.:[\]-]/.test(host)) return 400
  const target = makes('no-absolute') ? written! : written!.replace(/^http:\/\/[^/]+/, '')
  if (target.includes('%00') && !makes('traversal')) return 400
  if (method !== 'CONNECT' && target !== '*' && !/^\/([!$&-;=@-Z_a-z~?[\]]|%[0-9A-Fa-f]{2})*$/.test(target))
    return 400
  const framing = framingOf(method!, fields, makes)
  if (typeof framing === 'object') return framing.refused
  return {
    method: method!,
    target,
    version: version === 'HTTP/1.0' ? '1.0' : '1.1',
    fields,
    host,
    framing,
    content: Buffer.alloc(0),
  }
}

function fieldsOf(lines: readonly string[]): Map<string, string> | number {
  const fields = new Map<string, string>()
  if (lines.length > MOST_FIELDS) return 431
  for (const line of lines) {
    const field = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/.exec(line)
    if (field === null) return 400
    const name = field[1]!.toLowerCase()
    if (fields.has(name) && /^(host|content-length)$/.test(name)) return 400
    fields.set(name, fields.has(name) ? `${fields.get(name)}, ${field[2]}` : field[2]!)
  }
  return fields
}

function framingOf(
  method: string,
  fields: Map<string, string>,
  makes: (mistake: string) => boolean,
): number | 'chunked' | { refused: number } {
  const [length, coding] = [fields.get('content-length'), fields.get('transfer-encoding')]
  if (method === 'GET' && makes('ignores-content-of-get')) return 0
  if (length !== undefined && coding !== undefined) return makes('smuggles') ? 'chunked' : { refused: 400 }
  if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? 'chunked' : { refused: 501 }
  if (length === undefined) return 0
  return /^\d{1,15}$/.test(length) ? Number(length) : { refused: 400 }
}

function lengthOf(bytes: Buffer, at: number, length: number): { bytes: Buffer; endsAt: number } | null {
  return bytes.length < at + length ? null : { bytes: bytes.subarray(at, at + length), endsAt: at + length }
}

/** @returns a status that refuses it; null: not all is there */
function chunksOf(
  bytes: Buffer,
  from: number,
  limit: number,
): { bytes: Buffer; endsAt: number } | number | null {
  const pieces: Buffer[] = []
  let [at, sum] = [from, 0]
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return bytes.length - at > 1000 ? 400 : null
    const line = /^([0-9a-f]{1,10})(;.*)?$/i.exec(bytes.toString('latin1', at, Math.min(lineEnd, at + 1000)))
    if (line === null) return 400
    const size = Number.parseInt(line[1]!, 16)
    sum += size
    if (sum > limit) return 413
    if (size === 0) {
      const end =
        bytes.toString('latin1', lineEnd, lineEnd + 4) === '\r\n\r\n'
          ? lineEnd
          : bytes.indexOf('\r\n\r\n', lineEnd)
      return end < 0 ? null : { bytes: Buffer.concat(pieces), endsAt: end + 4 }
    }
    const dataEnd = lineEnd + 2 + size
    if (bytes.length < dataEnd + 2) return null
    if (bytes.toString('latin1', dataEnd, dataEnd + 2) !== '\r\n') return 400
    pieces.push(bytes.subarray(lineEnd + 2, dataEnd))
    at = dataEnd + 2
  }
}

export async function littleServer(mistakes: readonly string[]): Promise<LittleServer> {
  const state = new State(mistakes)
  const servers = [false, true].map(isOther =>
    createServer({ allowHalfOpen: true, noDelay: true }, socket => {
      if (state.makes('leaks-descriptors')) state.leaked.push(openSync('/dev/null', 'r'))
      new Visit(socket, state, isOther)
    }),
  )
  const [port, otherPort] = await Promise.all(servers.map(listening))
  const busy = state.makes('busy') ? setInterval(() => burn(30), 20) : undefined
  return {
    port: port!,
    otherPort: otherPort!,
    async close() {
      clearInterval(busy)
      state.site.close()
      for (const visit of state.visits) visit.destroy()
      await Promise.all(servers.map(server => new Promise(done => server.close(done))))
    },
  }
}

/** Of the processor's time: others may want it, too. */
function burn(ms: number): void {
  const start = process.cpuUsage()
  while (process.cpuUsage(start).user < ms * 1000);
}

function listening(server: Server): Promise<number> {
  return new Promise(resolve => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { port, otherPort } = await littleServer(process.argv.slice(2))
  process.stdout.write(`${port} ${otherPort}\n`)
}
