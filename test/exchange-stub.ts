/**
 * An exchange without a socket, for tests of modules and variables: a real head, the real rules, the real phases; only what it says
 * goes into a record.
 *
 *   const x = exchangeOf('GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n', { location })     it waits in its location
 *   const x = answered('GET /a', { modules: [module] })                           the same, and run to its end
 *   x.run()                                                                       from the first phase on
 *   x.status, x.answerText, x.answerFields, x.answerField('etag')                 what was answered
 *   x.record.isDropped, x.record.cutWords, x.record.hasEnded                      how it ended
 *
 * A request without a field section (`GET /a`) is filled up with version and `Host: localhost`. What a module throws reaches the test.
 * An answer in pieces goes on with `x.write`, `x.end`; after its end the log phase has run.
 */

import assert from 'node:assert/strict'
import { openSync, readSync } from 'node:fs'
import { INCOMPLETE, isRefusal, OK } from '../src/http/refusals.ts'
import { RequestHead } from '../src/http/request-head.ts'
import { checkRequest, RequestFacts } from '../src/http/request-rules.ts'
import { ASTERISK_FORM, type Target } from '../src/http/target.ts'
import { type Address, inetAddress } from '../src/io/address.ts'
import type { OpenFile } from '../src/io/file.ts'
import { type Log, SILENT } from '../src/log.ts'
import { Loop } from '../src/loop/loop.ts'
import { ACTIVE } from '../src/server/counters.ts'
import { Exchange } from '../src/server/exchange.ts'
import { Chain, type ExchangeLimits, Location, type SettingsSource } from '../src/server/location.ts'
import type { Module } from '../src/server/module.ts'
import { Phases } from '../src/server/phases.ts'
import type { ConnectionFacts, ContentConsumer, Responder } from '../src/server/responder.ts'
import { Hosts, VirtualServer } from '../src/server/routing.ts'
import { DEFAULT_LIMITS } from '../src/server/server.ts'

export interface StubOptions {
  /** The place: one of these four. Without any, a location without modules. */
  readonly hosts?: Hosts
  readonly server?: VirtualServer
  readonly location?: Location
  readonly modules?: readonly Module[]
  readonly peer?: Address
  readonly local?: Address
  readonly isSecure?: boolean
  /** When the head was complete, by the loop's clock. */
  readonly startedAt?: number
  /** What else the connection should tell of itself. */
  readonly facts?: Partial<ConnectionFacts>
}

/** A location for a test, of modules in their order. */
export function locationWith(
  modules: readonly Module[],
  options: { name?: string; log?: Log; block?: SettingsSource | null; isInternal?: boolean } = {},
): Location {
  const { name = '/', log = SILENT, block = null, isInternal = false } = options
  return new Location({ name, chain: new Chain(modules), limits: DEFAULT_LIMITS, log, block, isInternal })
}

/** Takes what an exchange says. */
export class Recorder implements Responder {
  readonly facts: ConnectionFacts
  readonly isSecure: boolean
  readonly loop = new Loop()
  isCongested = false
  isFlowing = true
  limits: ExchangeLimits | null = null
  /** The length that the head has announced; null for none. */
  lengthBytes: number | null = null
  readonly pieces: Buffer[] = []
  hasBegun = false
  hasEnded = false
  isDropped = false
  isTooLarge = false
  isPaused = false
  cutWords: string | null = null
  private readonly content: Buffer
  private readonly phases: Phases

  constructor(facts: ConnectionFacts, isSecure: boolean, content: Buffer, phases: Phases) {
    this.facts = facts
    this.isSecure = isSecure
    this.content = content
    this.phases = phases
  }

  setLimits(limits: ExchangeLimits): void {
    this.limits = limits
  }

  refuseContent(x: Exchange): void {
    this.isTooLarge = true
    x.fail(413)
  }

  drop(x: Exchange): void {
    this.isDropped = true
    this.phases.log(x)
  }

  begin(x: Exchange, lengthBytes: number | null): void {
    this.hasBegun = true
    this.lengthBytes = lengthBytes
    const isLengthOpen = lengthBytes === null || x.hasTrailers
    x.isChunked = isLengthOpen && x.sendsContent && x.head.versionMinor > 0
    x.sentHeadBytes = `HTTP/1.1 ${x.status}\r\n${fieldsOf(x)}\r\n`.length
  }

  write(x: Exchange, bytes: Buffer, isLent: boolean): void {
    x.sentContentBytes += bytes.length
    this.pieces.push(isLent ? Buffer.from(bytes) : bytes)
  }

  writeFile(x: Exchange, file: OpenFile, offset: number, sizeBytes: number): void {
    const bytes = Buffer.alloc(sizeBytes)
    const fd = openSync(`/proc/self/fd/${file.fd}`, 'r')
    assert.equal(readSync(fd, bytes, 0, sizeBytes, offset), sizeBytes)
    this.write(x, bytes, false)
  }

  end(x: Exchange): void {
    this.hasEnded = true
    if (x.isChunked) x.takeTrailers()
    this.phases.log(x)
  }

  cut(_x: Exchange, words: string): void {
    this.cutWords = words
  }

  readContent(_x: Exchange, consumer: ContentConsumer): void {
    if (this.content.length > 0) consumer.onContent(this.content)
    consumer.onContentEnd()
  }

  pauseContent(): void {
    this.isPaused = true
  }

  resumeContent(): void {
    this.isPaused = false
  }
}

export class StubExchange extends Exchange {
  readonly record: Recorder
  private readonly chain: Phases

  constructor(
    head: RequestHead,
    target: Target,
    contentLength: number,
    startedAt: number,
    record: Recorder,
    phases: Phases,
    server: VirtualServer,
  ) {
    super(head, target, contentLength, startedAt, record, phases, server, target.form === ASTERISK_FORM)
    this.record = record
    this.chain = phases
  }

  run(): void {
    this.chain.run(this)
  }

  /** The content that was sent. */
  get answerBytes(): Buffer {
    return Buffer.concat(this.record.pieces)
  }

  get answerText(): string {
    return this.answerBytes.toString()
  }

  /** Name and value of each field that modules gave, in order. */
  get answerFields(): [name: string, value: string][] {
    const lines = fieldsOf(this).split('\r\n').slice(0, -1)
    return lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
  }

  /** Its value, of several lines joined with ", "; null when it was not sent. */
  answerField(name: string): string | null {
    const values = this.answerFields.filter(([other]) => other.toLowerCase() === name.toLowerCase())
    return values.length === 0 ? null : values.map(([, value]) => value).join(', ')
  }
}

function fieldsOf(x: Exchange): string {
  return x.preparedLines + x.addedLines + x.appendedLines
}

const USUAL_FACTS: Omit<ConnectionFacts, 'peer' | 'localAddress' | 'receivedBytes'> = {
  serial: 7,
  requestCount: 1,
  now: 0,
  openedAt: 0,
  isPipelined: false,
  isPersistent: true,
  countsAs: ACTIVE,
  isWatched: false,
  proxy: null,
  tcpInfo: () => null,
}

/** @param request a head and perhaps content, or just its first two words */
export function exchangeOf(request: string, options: StubOptions = {}): StubExchange {
  const bytes = Buffer.from(
    request.includes('\r\n') ? request : `${request} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    'latin1',
  )
  const head = new RequestHead()
  const end = head.parse(bytes, 0, bytes.length)
  assert.ok(end !== INCOMPLETE && !isRefusal(end), `no whole head: ${JSON.stringify(request)}`)
  const { isSecure = false, startedAt = 0 } = options
  const told = new RequestFacts()
  const code = checkRequest(head, isSecure, told)
  assert.equal(code, OK, `a request that is refused: ${JSON.stringify(request)}`)

  const peer = options.peer ?? inetAddress('192.0.2.7', 50_000)
  const localAddress = options.local ?? inetAddress('192.0.2.1', 80)
  const facts = { ...USUAL_FACTS, peer, localAddress, receivedBytes: bytes.length, ...options.facts }
  const phases = new Phases((_module, error) => {
    throw error
  })
  const record = new Recorder(facts, isSecure, bytes.subarray(end), phases)
  const hosts = options.hosts ?? new Hosts(serverOf(options))
  const x = new StubExchange(head, told.target, told.framing, startedAt, record, phases, hosts.fallback)
  x.requestBytes = end
  hosts.assign(x)
  return x
}

function serverOf({ server, location, modules = [] }: StubOptions): VirtualServer {
  return server ?? new VirtualServer({ name: 'localhost', location: location ?? locationWith(modules) })
}

/** The same, and run from the first phase on. */
export function answered(request: string, options: StubOptions = {}): StubExchange {
  const x = exchangeOf(request, options)
  x.run()
  return x
}
