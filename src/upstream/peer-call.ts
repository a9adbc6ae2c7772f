/**
 * One request to one peer: a connection, new or kept; the request goes out while the answer comes in; then both are over.
 *
 *   const call = new PeerCall(loop, peers, peer, options, events)
 *   call.start(head, wire)        connects, and sends the head
 *   call.write(bytes)             content, while `isCongested` is false; `events.onInputDrained` says when it is again
 *   call.endContent()
 *   call.pause() / resume()       the answer stays with the peer
 *   call.abandon()                nobody wants the rest
 *
 *   CONNECTING ──▶ TALKING ──answer over──▶ OVER        exactly one of onFinished and onFailed, unless it is abandoned
 *
 * Times measure silence: of the connecting, of a peer that does not take what is sent (`io/connection.ts`), and of one that says nothing once
 * it has the whole request, or has begun to answer.
 *
 * A peer may answer, and close, before it has read everything; what it says is heard all the same.
 */

import { EAGAIN, ECONNREFUSED, EPIPE, ETIMEDOUT, errnoForLog } from '../errno.ts'
import type { Address } from '../io/address.ts'
import { type ConnectAttempt, type ConnectEvents, type ConnectFailure, connectTo } from '../io/connect.ts'
import { type Connection, DEFAULT_CONNECTION_LIMITS, type Driver, type Failure } from '../io/connection.ts'
import type { ConnectionLimits } from '../io/connection-limits.ts'
import type { Loop } from '../loop/loop.ts'
import type { KeptConnection } from './idle-connections.ts'
import type { Peer, Peers } from './peers.ts'
import type { Wire, WireSink } from './wire.ts'

export interface CallOptions {
  readonly connectTimeoutMs: number
  readonly readTimeoutMs: number
  readonly limits: ConnectionLimits
  readonly from: Address | null
  readonly keepAlive: boolean
  /** The peer was asked to leave the connection open. */
  readonly keepsOpen: boolean
}

/** Of connections to peers, for a time in which they take nothing. */
export function callLimits(sendTimeoutMs: number): ConnectionLimits {
  return { ...DEFAULT_CONNECTION_LIMITS, sendTimeoutMs, resetsTimedOut: false, lingering: 'off' }
}

/** What went wrong, as nginx tells them apart for `…_next_upstream`. */
export type FailureKind = 'error' | 'timeout' | 'invalid'

export interface CallFailure {
  readonly kind: FailureKind
  /** nginx's sentence, without what was going on. */
  readonly words: string
  /** `connecting to upstream`, to follow "while". */
  readonly action: string
  readonly level: 'error' | 'crit'
}

export interface CallEvents extends WireSink {
  /** The head is on its way: content may follow. */
  onConnected(): void
  onInputDrained(): void
  onFinished(): void
  onFailed(failure: CallFailure): void
  /** Our own mistake. Must not throw. */
  onMistake(error: unknown): void
}

const IDLE = 0
const CONNECTING = 1
const TALKING = 2
const OVER = 3
type State = typeof IDLE | typeof CONNECTING | typeof TALKING | typeof OVER

export class PeerCall implements Driver, ConnectEvents, WireSink {
  readonly peer: Peer
  /** The connection was kept from another request. */
  isReused = false
  /** Something of the request has been given to the connection. */
  isRequestSent = false
  /** What `onFailed` says was going on when the answer fails to come; its owner changes it when the head is there. */
  action = 'reading response header from upstream'
  connectedAt: number | null = null
  private outputBytes = 0
  private readonly loop: Loop
  private readonly peers: Peers
  private readonly options: CallOptions
  private readonly events: CallEvents
  private state: State = IDLE
  private head: Buffer | null = null
  private wire: Wire | null = null
  private attempt: ConnectAttempt | null = null
  private kept: KeptConnection | null = null
  private sentBefore = 0
  private receivedBefore = 0
  private sentInAll = 0
  private receivedInAll = 0
  private isContentOver = false
  private isPaused = false
  private isAnswered = false
  /** Input is being read: what follows from it waits for the end of that. */
  private isReading = false

  constructor(loop: Loop, peers: Peers, peer: Peer, options: CallOptions, events: CallEvents) {
    this.loop = loop
    this.peers = peers
    this.peer = peer
    this.options = options
    this.events = events
  }

  get isOver(): boolean {
    return this.state === OVER
  }

  get hasWholeRequest(): boolean {
    return this.isContentOver
  }

  /** Of the request, as far as the kernel has taken it. */
  get sentBytes(): number {
    return this.state === TALKING ? this.kept!.connection.sentBytes - this.sentBefore : this.sentInAll
  }

  get receivedBytes(): number {
    return this.state === TALKING
      ? this.kept!.connection.receivedBytes - this.receivedBefore
      : this.receivedInAll
  }

  start(head: Buffer, wire: Wire): void {
    const { peer, peers, loop, options } = this
    this.head = head
    this.wire = wire
    peer.connections++
    peer.unanswered++
    this.state = CONNECTING
    const kept = peers.idle.take(peer)
    if (kept !== null) {
      this.isReused = true
      kept.connection.setLimits(options.limits)
      this.talk(kept)
      return
    }
    const { connectTimeoutMs: timeoutMs, limits, from, keepAlive } = options
    const how = { timeoutMs, limits, from, keepAlive, mayBeDeaf: true }
    this.attempt = connectTo(peer.spec.address, loop, how, this)
  }

  // ConnectEvents

  onConnected(connection: Connection): void {
    this.attempt = null
    this.talk({ connection, openedAt: this.loop.now, requests: 0 })
  }

  onConnectFailed({ call, errno }: ConnectFailure): void {
    this.attempt = null
    const action = 'connecting to upstream'
    if (call === 'wait') {
      this.fail({ kind: 'timeout', words: TIMED_OUT, action, level: 'error' })
      return
    }
    const { address, name } = this.peer.spec
    const where = 'path' in address ? ` to ${name}` : ''
    const level = errno === ECONNREFUSED || errno === ETIMEDOUT || errno === EAGAIN ? 'error' : 'crit'
    this.fail({ kind: 'error', words: `${call}()${where} failed ${errnoForLog(errno)}`, action, level })
  }

  onFailure(error: unknown): void {
    this.abandon()
    this.events.onMistake(error)
  }

  private talk(kept: KeptConnection): void {
    const { connection } = kept
    this.kept = kept
    this.sentBefore = connection.sentBytes
    this.receivedBefore = connection.receivedBytes
    this.connectedAt = this.loop.now
    this.state = TALKING
    connection.driver = this
    connection.write(this.head!)
    this.isRequestSent = true
    if (!this.isOver) this.events.onConnected()
  }

  // The request

  get isCongested(): boolean {
    return this.kept?.connection.isCongested === true
  }

  /** @param bytes are the caller's again after the call */
  write(bytes: Buffer): void {
    if (this.state === TALKING) this.wire!.writeContent(this.kept!.connection, bytes)
  }

  endContent(): void {
    if (this.state !== TALKING) return
    this.wire!.endContent(this.kept!.connection)
    this.isContentOver = true
    this.awaitAnswer()
  }

  // The answer

  pause(): void {
    if (this.state !== TALKING || this.isPaused) return
    this.isPaused = true
    this.kept!.connection.pause()
    this.awaitAnswer()
  }

  resume(): void {
    if (this.state !== TALKING || !this.isPaused) return
    this.isPaused = false
    this.kept!.connection.resume()
    this.awaitAnswer()
  }

  /** No event follows. */
  abandon(): void {
    if (this.state === OVER) return
    this.attempt?.cancel()
    const connection = this.kept?.connection
    this.leave()
    if (connection === undefined || connection.isClosed) return
    if (connection.isFlowing) this.wire!.abort(connection)
    hangUp(connection)
  }

  onInput(bytes: Buffer, start: number, end: number): number {
    this.isReading = true
    const at = this.wire!.read(bytes, start, end, this, this.goesOn)
    this.isReading = false
    if (this.isOver) return end
    if (at < 0) this.fail(this.failure('invalid', `upstream sent ${this.wire!.refusalWords}`))
    else if (this.wire!.isEnded) this.end(at === end)
    else this.awaitAnswer()
    return at < 0 || this.isOver ? end : at
  }

  private readonly goesOn = (): boolean => this.state === TALKING && !this.isPaused

  onOutput(bytes: Buffer): void {
    if (this.isOver) return
    this.noteAnswer()
    this.outputBytes += bytes.length
    this.events.onOutput(bytes)
  }

  onErrorOutput(bytes: Buffer): void {
    if (this.isOver) return
    this.noteAnswer()
    this.events.onErrorOutput(bytes)
  }

  private noteAnswer(): void {
    if (this.isAnswered) return
    this.isAnswered = true
    this.peer.unanswered--
  }

  onInputEnd(): void {
    const isWhole = this.wire!.mayEndHere && this.outputBytes > 0
    if (isWhole) this.end(false)
    else this.fail(this.failure('error', 'upstream prematurely closed connection'))
  }

  /** @param isClean nothing stands behind the end of the answer */
  private end(isClean: boolean): void {
    const { wire, kept, options, peer, peers, loop } = this
    const rejection = wire!.rejectionWords
    if (rejection !== '') {
      this.fail(this.failure('error', `upstream did not process the request: ${rejection}`))
      return
    }
    const { connection } = kept!
    const isReusable =
      options.keepsOpen && isClean && wire!.isReusable && connection.isFlowing && !this.isPaused
    this.leave()
    const next = { connection, openedAt: kept!.openedAt, requests: kept!.requests + 1 }
    if (!isReusable || !peers.idle.keep(peer, next, loop.now)) hangUp(connection)
    this.events.onFinished()
  }

  onDrained(): void {
    if (this.state === TALKING) this.events.onInputDrained()
  }

  onReadDeadline(): void {
    this.fail(this.failure('timeout', TIMED_OUT))
  }

  onClosed(failure: Failure): void {
    if (this.isOver) return
    if (failure !== null && 'error' in failure) this.onFailure(failure.error)
    else if (failure !== null && 'words' in failure) {
      this.fail({ ...this.failure('timeout', TIMED_OUT), action: 'sending request to upstream' })
    } else {
      const errno = failure?.errno ?? EPIPE
      this.fail(this.failure('error', `recv() failed ${errnoForLog(errno)}`))
    }
  }

  /** A peer is silent when it has everything and says nothing; while it is paused, it is we who are. */
  private awaitAnswer(): void {
    if (this.state !== TALKING || this.isReading) return
    const isDue = !this.isPaused && (this.isContentOver || this.isAnswered)
    const at = isDue ? this.loop.now + this.options.readTimeoutMs : Number.POSITIVE_INFINITY
    this.kept!.connection.setReadDeadline(at)
  }

  private failure(kind: FailureKind, words: string): CallFailure {
    return { kind, words, action: this.action, level: 'error' }
  }

  private fail(failure: CallFailure): void {
    if (this.state === OVER) return
    const connection = this.kept?.connection
    this.leave()
    if (connection !== undefined && !connection.isClosed) hangUp(connection)
    this.events.onFailed(failure)
  }

  private leave(): void {
    if (this.state === IDLE) return
    this.sentInAll = this.sentBytes
    this.receivedInAll = this.receivedBytes
    this.noteAnswer()
    this.peer.connections--
    this.state = OVER
  }
}

/** What the peer does not take of a request that is over is not waited for. */
function hangUp(connection: Connection): void {
  if (connection.isFlowing) connection.finish(false)
  else connection.abort(null)
}

const TIMED_OUT = `upstream timed out ${errnoForLog(ETIMEDOUT)}`
