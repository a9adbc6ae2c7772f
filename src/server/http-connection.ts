/**
 * HTTP/1.1 over one connection: read a head, let the exchange be answered, read or discard its content, and begin again.
 *
 * The reading half, which this file keeps:
 *
 *   AWAITING_HEAD ──head complete──▶ IN_CONTENT ──content complete──▶ HOLDING ──answer over──▶ AWAITING_HEAD
 *        │                               └── answer over first: the content is discarded ──────────┘
 *        └── a refusal, a limit, a deadline: one error answer, then OVER
 *
 * The writing half is `answer-writer.ts`, the progress of the exchange (`exchange.ts`) and of the connection (`io/connection.ts`). The connection is
 * reused exactly when both halves are done and neither side has said `close` (RFC 9112 §9.3).
 *
 * One exchange at a time: pipelined requests wait in the connection's rest, so answers leave in order (RFC 9112 §9.3.2). Answers
 * that are ready at once still leave together in one send, because they meet in the loop's outbox.
 */

import { CR, LF, latin1 } from '../http/bytes.ts'
import { NO_CONTENT } from '../http/framing.ts'
import { CONTENT_TOO_LARGE, INCOMPLETE, isRefusal, OK, refusalOf } from '../http/refusals.ts'
import { RequestHead } from '../http/request-head.ts'
import { checkRequest, type RequestFacts } from '../http/request-rules.ts'
import { mayHaveContent } from '../http/status.ts'
import { ASTERISK_FORM, pathOf, Target } from '../http/target.ts'
import { type Address, formatAddress } from '../io/address.ts'
import type { Connection, Driver, Failure } from '../io/connection.ts'
import type { OpenFile } from '../io/file.ts'
import { ProxyHeader, parseProxyHeader, proxyRefusalWords } from '../io/proxy-protocol.ts'
import { type TcpInfo, tcpInfo } from '../io/socket-info.ts'
import type { Loop } from '../loop/loop.ts'
import { AnswerWriter } from './answer-writer.ts'
import { ACTIVE, type Counters, HANDLED, READING, REQUESTS, WRITING } from './counters.ts'
import type { Endpoint } from './endpoint.ts'
import { ANSWERED, ANSWERING, Exchange, UNANSWERED } from './exchange.ts'
import type { ExchangeLimits } from './location.ts'
import type { Phases } from './phases.ts'
import { HELD, RequestContent } from './request-content.ts'
import type { ConnectionFacts, ContentConsumer, Responder } from './responder.ts'
import type { ResponseHeads } from './response-heads.ts'

/** What the connections of a server share. */
export interface HttpSurroundings {
  readonly phases: Phases
  /** Overwritten by each request; whoever keeps something copies it. */
  readonly facts: RequestFacts
  /** The server ends: every answer is the last one of its connection. */
  readonly isEnding: boolean
  readonly responseHeads: ResponseHeads
  readonly counters: Counters
  onConnectionClosed(connection: HttpConnection, failure: Failure): void
}

const AWAITING_HEAD = 0
const IN_CONTENT = 1
const HOLDING = 2
const OVER = 3
/** Before the first head: who the connection comes from, where a balancer says so. */
const AWAITING_PROXY = 4
type Reading = typeof AWAITING_HEAD | typeof IN_CONTENT | typeof HOLDING | typeof OVER | typeof AWAITING_PROXY

/** Requests in one buffer can ask for much more than they are long: others come between, once so much has been sent for them. */
const SENT_BYTES_PER_TURN = 2 * 1024 * 1024

/** How long a server that ends waits for the first request of a connection: it comes with the handshake, or is lost and sent again. */
const FIRST_REQUEST_MS = 1000

/** So much of what a client sends ahead is taken while its request is worked for: that is how one notices that it is gone. */
const MOST_AHEAD_BYTES = 16 * 1024

/** Stands for a head that was refused before it was complete. */
const NO_HEAD = new RequestHead()

export class HttpConnection implements Driver, Responder, ConnectionFacts {
  readonly connection: Connection
  readonly isSecure = false
  requestCount = 0
  private readonly surroundings: HttpSurroundings
  private readonly endpoint: Endpoint
  private readonly writer: AnswerWriter
  /** Those of the location of the last exchange. */
  private limits: ExchangeLimits
  readonly openedAt: number
  isPipelined = false
  readonly isWatched: boolean
  proxy: ProxyHeader | null = null
  /** As `counters` have it: READING, WRITING, or ACTIVE for neither. */
  countsAs: typeof READING | typeof WRITING | typeof ACTIVE = ACTIVE
  private reading: Reading = AWAITING_HEAD
  /** The head that is being read; null between two requests, so that an idle connection owns none. */
  private head: RequestHead | null = null
  private exchange: Exchange | null = null
  private content: RequestContent | null = null
  /** What the client has said of this connection's future, and what we have. */
  private clientPersists = true
  private persists = true
  private isHttp10 = false
  /** The read deadline is that of the head that is awaited: the first one, or one that has begun. */
  private isHeadDue = true
  /** `onInput` is at work: it looks at what is next by itself. */
  private isInInput = false
  /** The consumer of the content is behind. */
  private isContentPaused = false
  /** The client has closed its side while its request was worked for. */
  private isHalfClosed = false
  /** What had been given to be sent when the silence began that is being waited for. */
  private sentBeforeSilence = 0
  /** While it waits for a request: since when. */
  waitsSince: number
  /** When the first byte of the head in hand came. */
  private headBegunAt = 0
  /** The request before is over, and bytes of the next have already come. */
  private isNextHere = false

  /** @param isWatched everything about it is logged (`debug_connection`) */
  constructor(connection: Connection, surroundings: HttpSurroundings, endpoint: Endpoint, isWatched = false) {
    this.isWatched = isWatched
    this.connection = connection
    this.surroundings = surroundings
    this.endpoint = endpoint
    this.writer = new AnswerWriter(connection)
    this.limits = endpoint.hosts.fallback.location.limits
    this.openedAt = connection.loop.now
    this.waitsSince = this.openedAt
    if (endpoint.speaksProxyProtocol) this.reading = AWAITING_PROXY
    connection.driver = this
    surroundings.counters.add(HANDLED)
    surroundings.counters.add(ACTIVE)
    connection.setReadDeadline(connection.loop.now + endpoint.headTimeoutMs)
  }

  get facts(): ConnectionFacts {
    return this
  }

  get loop(): Loop {
    return this.connection.loop
  }

  get serial(): number {
    return this.connection.serial
  }

  get localAddress(): Address {
    return this.connection.localAddress
  }

  get receivedBytes(): number {
    return this.connection.receivedBytes
  }

  get peer(): Address {
    return this.connection.peer
  }

  get now(): number {
    return this.connection.loop.now
  }

  get isPersistent(): boolean {
    return this.persists
  }

  tcpInfo(): TcpInfo | null {
    return tcpInfo(this.connection.fd)
  }

  get isIdle(): boolean {
    return (
      this.reading === AWAITING_HEAD &&
      this.exchange === null &&
      this.head === null &&
      !this.connection.hasRest
    )
  }

  /**
   * No further request than those that are here, and the first one of a connection that has just been made: it is on its way, and its
   * client has no reason to ask again. What is idle closes with `endIfIdle`, when everything that had come was read.
   */
  endSoon(): void {
    this.persists = false
    if (!this.isIdle || this.requestCount > 0) return
    const { now } = this.connection.loop
    const lastAt = this.openedAt + this.endpoint.headTimeoutMs
    this.connection.setReadDeadline(Math.min(now + FIRST_REQUEST_MS, lastAt))
  }

  /** For a request, or the rest of its head. */
  get isWaiting(): boolean {
    const awaits = this.reading === AWAITING_HEAD || this.reading === AWAITING_PROXY
    return awaits && this.exchange === null && (this.head !== null || !this.connection.hasRest)
  }

  /** There are too many of us. Half a request gets no answer: it would take time to be read. */
  endForRoom(): void {
    if (this.isIdle) this.connection.finish(false)
    else this.connection.abort({ words: 'its request did not come in time, and others want to connect' })
  }

  endIfIdle(): void {
    if (this.isIdle && this.requestCount > 0) this.endConnection(false)
  }

  // Input

  onInput(bytes: Buffer, start: number, end: number): number {
    this.isInInput = true
    let at = start
    const stopAt = this.connection.sentBytes + SENT_BYTES_PER_TURN
    while (at < end) {
      const next = this.step(bytes, at, end)
      if (next === at) break
      at = next
      if (at < end && this.exchange === null && this.reading === AWAITING_HEAD) this.isNextHere = true
      if (this.connection.sentBytes > stopAt) {
        this.connection.askForTurn()
        break
      }
    }
    this.isInInput = false
    this.settleHead()
    this.awaitNext(end - at)
    this.noteStage()
    return at
  }

  /** @returns how far it came; `at` when more bytes are needed, or the exchange must go on first */
  private step(bytes: Buffer, at: number, end: number): number {
    if (this.reading === AWAITING_HEAD) return this.readHead(bytes, at, end)
    if (this.reading === AWAITING_PROXY) return this.readProxyHeader(bytes, at, end)
    if (this.reading === IN_CONTENT)
      return this.isContentPaused ? at : this.takeContent(this.content!, bytes, at, end)
    return this.reading === OVER ? end : at
  }

  private readProxyHeader(bytes: Buffer, at: number, end: number): number {
    const header = new ProxyHeader()
    const next = parseProxyHeader(bytes, at, end, header)
    if (next === INCOMPLETE) return at
    if (next < 0) {
      const { log } = this.endpoint.hosts.fallback.location
      log.error(`${proxyRefusalWords(next)} from ${formatAddress(this.peer)}`)
      this.endConnection(true)
      return end
    }
    this.proxy = header
    this.reading = AWAITING_HEAD
    return next
  }

  private readHead(bytes: Buffer, at: number, end: number): number {
    this.head ??= this.endpoint.heads.take()
    const { head } = this
    if (!head.hasBegun) this.headBegunAt = this.connection.loop.now
    const next = head.parse(bytes, at, end)
    if (next === INCOMPLETE) return at
    if (isRefusal(next)) {
      this.refuse(head, next, 0, lineIn(bytes, at, end))
      return end
    }
    this.beginExchange(head, next - at)
    return next
  }

  private beginExchange(head: RequestHead, headBytes: number): void {
    const { facts, phases } = this.surroundings
    const code = checkRequest(head, this.isSecure, facts)
    if (code !== OK) {
      this.refuse(head, code, headBytes, '')
      return
    }
    this.isHeadDue = false
    this.isHttp10 = head.versionMinor === 0
    this.clientPersists = facts.mayPersist
    this.persists = facts.mayPersist
    this.reading = HOLDING
    const x = this.newExchange(head, facts.target, facts.framing)
    x.requestBytes = headBytes
    if (facts.framing !== NO_CONTENT) {
      this.reading = IN_CONTENT
      this.content = new RequestContent(x, facts.framing, facts.expectsContinue, this.limits.contentBytes)
    }
    if (!this.endpoint.hosts.isSingle) this.endpoint.hosts.assign(x)
    if (!x.server.mergesSlashes) this.keepSlashes(x)
    phases.run(x)
  }

  /** The head was read before its server was known. */
  private keepSlashes(x: Exchange): void {
    if (!x.rawPath.includes('//')) return
    const path = pathOf(x.rawPath, false)
    if (typeof path === 'string') x.path = path
  }

  private newExchange(head: RequestHead, target: Target, contentLength: number): Exchange {
    const { now } = this.connection.loop
    const { phases, counters } = this.surroundings
    this.requestCount++
    counters.add(REQUESTS)
    this.isPipelined = this.isNextHere
    this.isNextHere = false
    const server = this.endpoint.hosts.fallback
    const isAboutServer = target.form === ASTERISK_FORM
    const x = new Exchange(head, target, contentLength, now, this, phases, server, isAboutServer)
    x.begunAt = this.headBegunAt
    this.exchange = x
    if (this.limits !== server.location.limits) this.setLimits(server.location.limits)
    return x
  }

  /** One error answer, whatever was wrong with the message; nothing behind it is read as a request. */
  private refuse(head: RequestHead, code: number, headBytes: number, line: string): void {
    this.isHttp10 = false
    const x = this.newExchange(head, refusedTarget(head.targetText()), NO_CONTENT)
    x.requestBytes = headBytes
    x.refusedLine = line
    if (!head.isComplete) x.head = NO_HEAD
    this.answerRefusal(x, code)
  }

  private answerRefusal(x: Exchange, code: number): void {
    const { status, words } = refusalOf(code)
    this.persists = false
    this.clientPersists = true
    this.reading = OVER
    // The page for it may take its time.
    this.connection.setReadDeadline(Number.POSITIVE_INFINITY)
    x.fail(status, words)
  }

  /**
   * At the end of `onInput` the read buffer will be overwritten: an exchange that is not over gets a head of its own. Only a head
   * that has begun and is not complete stays with the connection.
   */
  private settleHead(): void {
    const { head, exchange } = this
    if (head === null) return
    if (exchange !== null && exchange.head === head) exchange.head = head.detachedCopy()
    if (exchange !== null || !head.hasBegun) this.releaseHead()
  }

  private releaseHead(): void {
    if (this.head !== null) this.endpoint.heads.give(this.head)
    this.head = null
  }

  private takeContent(content: RequestContent, bytes: Buffer, at: number, end: number): number {
    const next = content.take(bytes, at, end)
    if (isRefusal(next)) {
      this.breakOffContent(next)
      return end
    }
    if (content.isComplete) this.endContent()
    return next
  }

  private endContent(): void {
    this.content = null
    // Set by the answer that ended while its content was still coming.
    if (this.reading === IN_CONTENT) this.reading = this.exchange === null ? AWAITING_HEAD : HOLDING
  }

  /** The framing is broken, or the content too large, while somebody reads it or it is being discarded. */
  private breakOffContent(code: number): void {
    const x = this.exchange
    this.persists = false
    this.reading = OVER
    if (x === null) this.endConnection(true)
    else if (x.progress === UNANSWERED) this.answerInstead(x, () => this.answerRefusal(x, code))
    else x.cut(refusalOf(code).words)
  }

  /** Whoever waits for the content is told that it does not come, before the page that says so is looked for: a program may make it. */
  private answerInstead(x: Exchange, answer: () => void): void {
    x.interrupt()
    this.connection.setReadDeadline(Number.POSITIVE_INFINITY)
    answer()
    if (x.progress === ANSWERED) x.abandon()
  }

  /** What is waited for now, and until when. @param aheadBytes received, and not understood yet */
  private awaitNext(aheadBytes = this.connection.restBytes): void {
    const { connection } = this
    if (connection.isClosed || this.reading === OVER || this.reading === AWAITING_PROXY) return
    const { limits } = this
    const { now } = connection.loop
    if (this.reading === AWAITING_HEAD && this.exchange === null) {
      if (this.isHeadDue) return
      this.isHeadDue = this.head?.hasBegun === true
      this.waitsSince = now
      connection.setReadDeadline(now + (this.isHeadDue ? this.endpoint.headTimeoutMs : limits.idleTimeoutMs))
    } else if (this.reading === IN_CONTENT && this.content!.mode !== HELD && !this.isContentPaused) {
      connection.setReadDeadline(now + limits.contentTimeoutMs)
    } else {
      if (aheadBytes >= MOST_AHEAD_BYTES || this.isContentPaused) connection.pause()
      connection.setReadDeadline(
        this.isHalfClosed ? now + limits.halfClosedTimeoutMs : Number.POSITIVE_INFINITY,
      )
    }
  }

  onInputEnd(): void {
    if (this.reading === IN_CONTENT && !this.holdsContent) this.onContentCut()
    else if (this.exchange === null) this.endConnection(false)
    else this.onHalfClosed()
  }

  /** What has come of the content was not wanted yet: perhaps all of it is there. The end of input is told again behind it. */
  private get holdsContent(): boolean {
    return (this.content!.mode === HELD || this.isContentPaused) && this.connection.hasRest
  }

  /** Nothing more will come of a client that waits for its answer, or is gone: the next byte that it is sent would tell. */
  private onHalfClosed(): void {
    this.isHalfClosed = true
    this.sentBeforeSilence = this.writer.givenBytes
    this.connection.setReadDeadline(this.connection.loop.now + this.limits.halfClosedTimeoutMs)
  }

  /** @returns whether somebody still works for the client, or it still takes what there is */
  private goesOnHalfClosed(): boolean {
    const given = this.writer.givenBytes
    if (given === this.sentBeforeSilence && this.connection.isFlowing) return false
    this.onHalfClosed()
    return true
  }

  /** The client has stopped in the middle of a content that it had announced: the request is not processed. */
  private onContentCut(): void {
    const x = this.exchange
    this.reading = OVER
    this.persists = false
    if (x === null) this.endConnection(false)
    else if (x.progress === UNANSWERED) {
      this.answerInstead(x, () =>
        x.fail(400, 'The content of the request ended before its announced length.'),
      )
      if (this.exchange === x && !this.connection.isClosed) this.onHalfClosed()
    } else if (x.progress === ANSWERING) this.connection.abort(null)
    // Otherwise the answer is whole, and only waits for the socket to take it.
  }

  onReadDeadline(): void {
    const x = this.exchange
    if (this.isHalfClosed) {
      if (!this.goesOnHalfClosed())
        this.connection.abort({ words: 'the client has closed its side, and nothing came for it' })
      return
    }
    if (this.reading === IN_CONTENT && x !== null && x.progress === UNANSWERED) {
      this.persists = false
      this.reading = OVER
      this.answerInstead(x, () => x.fail(408))
    } else if (this.reading === IN_CONTENT && x?.progress === ANSWERING) {
      x.cut('the content of the request did not come, and its answer had begun')
    } else if (this.reading === AWAITING_HEAD && this.head?.hasBegun === true) {
      this.persists = false
      const late = this.newExchange(NO_HEAD, refusedTarget(''), NO_CONTENT)
      this.reading = OVER
      late.fail(408)
    } else this.endConnection(false)
  }

  onDrained(): void {
    const x = this.exchange
    if (x === null) return
    if (x.progress === ANSWERED) this.endExchange(x)
    else x.onDrained?.()
  }

  onClosed(failure: Failure): void {
    const x = this.exchange
    this.enterStage(ACTIVE)
    this.surroundings.counters.add(ACTIVE, -1)
    this.reading = OVER
    this.exchange = null
    this.content = null
    if (x !== null) {
      x.unsentBytes = this.writer.givenBytes - this.connection.sentBytes
      x.abandon()
      this.surroundings.phases.log(x)
    }
    this.releaseHead()
    this.surroundings.onConnectionClosed(this, failure)
  }

  // Responder

  setLimits(limits: ExchangeLimits): void {
    if (limits === this.limits) return
    this.limits = limits
    this.connection.setLimits(limits)
    this.connection.setNoDelay(limits.noDelay)
    if (this.content !== null) this.content.limitBytes = limits.contentBytes
  }

  refuseContent(x: Exchange): void {
    this.answerRefusal(x, CONTENT_TOO_LARGE)
  }

  drop(x: Exchange): void {
    this.persists = false
    this.reading = OVER
    this.exchange = null
    this.surroundings.phases.log(x)
    if (this.limits.resetsTimedOut) this.connection.abort(null)
    else this.connection.finish(false)
  }

  begin(x: Exchange, lengthBytes: number | null): void {
    const mayChunk = !this.isHttp10 && this.limits.mayChunk
    const isChunked = mayChunk && (lengthBytes === null || (x.hasTrailers && x.sendsContent))
    x.isChunked = isChunked && mayHaveContent(x.status)
    if (lengthBytes === null && !mayChunk) this.persists = false
    if (this.content !== null && !this.canDiscard(this.content)) this.persists = false
    if (this.persists && !this.mayContinue(x)) this.persists = false
    if (x.rateBytes !== null && x.rateBytes > 0) this.connection.setRate(x.rateBytes, x.rateAfterBytes)
    const connectionLine = this.connectionLine()
    this.writer.begin(x, this.surroundings.responseHeads.bytesOf(x, isChunked, connectionLine), isChunked)
  }

  /** As far as it is for us to say. */
  private mayContinue(x: Exchange): boolean {
    const { limits } = this
    return (
      this.requestCount < limits.requestsPerConnection &&
      limits.idleTimeoutMs > 0 &&
      !this.surroundings.isEnding &&
      this.connection.loop.now - this.openedAt < limits.connectionTimeMs &&
      (limits.distrusts === null || !limits.distrusts(x))
    )
  }

  private connectionLine(): string {
    if (!this.persists) return 'Connection: close\r\n'
    const { keepAliveFieldSeconds } = this.limits
    if (keepAliveFieldSeconds > 0) {
      return `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveFieldSeconds}\r\n`
    }
    return this.isHttp10 ? 'Connection: keep-alive\r\n' : ''
  }

  write(x: Exchange, bytes: Buffer, isLent: boolean): void {
    this.writer.write(x, bytes, isLent)
  }

  writeFile(x: Exchange, file: OpenFile, offset: number, sizeBytes: number): void {
    this.writer.writeFile(x, file, offset, sizeBytes)
  }

  end(x: Exchange): void {
    if (!this.writer.end(x)) {
      this.cut(x, `an answer of ${x.responseLength} bytes got ${x.sentContentBytes}`)
    } else if (this.exchange === x && this.connection.isFlowing) this.endExchange(x)
  }

  cut(_x: Exchange, words: string): void {
    this.connection.abort({ words })
  }

  readContent(x: Exchange, consumer: ContentConsumer): void {
    const { content } = this
    // What was refused or cut off does not come any more; whoever makes the page for that may ask all the same.
    if (this.exchange !== x || content === null || this.reading === OVER) {
      consumer.onContentEnd()
      return
    }
    if (content.awaitsContinue && content.receivedBytes === 0) {
      this.writer.sendContinue()
      content.awaitsContinue = false
    }
    content.deliverTo(consumer)
    this.goOn()
  }

  pauseContent(x: Exchange): void {
    if (this.exchange !== x) return
    this.isContentPaused = true
    if (!this.isInInput) this.awaitNext()
  }

  /** Who is late means the content of an exchange that is over. */
  resumeContent(x: Exchange): void {
    if (this.exchange !== x) return
    this.isContentPaused = false
    this.goOn()
  }

  get isCongested(): boolean {
    return this.connection.isCongested
  }

  get isFlowing(): boolean {
    return this.connection.isFlowing
  }

  // Between two exchanges

  /** For `stub_status`. A request that is answered at once is never seen in between. */
  private noteStage(): void {
    const stage = this.exchange !== null ? WRITING : this.head?.hasBegun === true ? READING : ACTIVE
    if (stage !== this.countsAs) this.enterStage(stage)
  }

  private enterStage(stage: typeof READING | typeof WRITING | typeof ACTIVE): void {
    const { counters } = this.surroundings
    if (this.countsAs !== ACTIVE) counters.add(this.countsAs, -1)
    if (stage !== ACTIVE) counters.add(stage)
    this.countsAs = stage
  }

  private endExchange(x: Exchange): void {
    this.exchange = null
    this.isContentPaused = false
    if (!this.isInInput && this.content === null && this.connection.hasRest) this.isNextHere = true
    this.surroundings.phases.log(x)
    if (x.rateBytes !== null) this.connection.setRate(0)
    this.head?.reset()
    if (!this.persists || this.surroundings.isEnding) {
      // Who has said `close` and sent the whole request will be silent; everybody else may still be sending.
      this.endConnection(this.clientPersists || (this.content !== null && !this.content.isComplete))
      return
    }
    if (this.content === null) this.reading = AWAITING_HEAD
    else this.content.discard()
    this.goOn()
  }

  /** Outside of `onInput`, which looks by itself: takes up what waits, or sees that the client has ended. */
  private goOn(): void {
    if (this.isInInput || this.connection.isClosed) return
    this.connection.resume()
    this.awaitNext()
    this.noteStage()
  }

  /** Content of a request that is answered without it: read it, or close? A client that awaits 100 may send it or not. */
  private canDiscard(content: RequestContent): boolean {
    return !content.awaitsContinue && !content.isTooLarge
  }

  private endConnection(mayStillReceive: boolean): void {
    this.reading = OVER
    this.connection.finish(mayStillReceive)
  }
}

/** What came of the first line that is not empty, for the log. */
function lineIn(bytes: Buffer, at: number, end: number): string {
  let start = at
  while (start < end && isLineEnd(bytes[start]!)) start++
  let stop = start
  while (stop < end && !isLineEnd(bytes[stop]!)) stop++
  return latin1(bytes, start, stop)
}

function isLineEnd(byte: number): boolean {
  return byte === CR || byte === LF
}

/** Of a request that is not understood, nothing is told but the target as it came, if it came whole: that is for the log. */
function refusedTarget(rawPath: string): Target {
  const target = new Target()
  target.rawPath = rawPath
  return target
}
