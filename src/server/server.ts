/**
 * A server: its listeners, its connections, and its end.
 *
 *   const server = new Server(loop, outbox, modules, limits, log)
 *   server.listen(fd)               begins to accept on a listening descriptor
 *   server.end(graceMs, done)       no new connections; running answers finish, the rest is cut after the grace
 *
 * It makes an `HttpConnection` of each accepted socket and holds what they all share: limits, the free list of heads, the
 * heads of responses.
 */

import { errnoName, errnoWords } from '../errno.ts'
import { DEFAULT_HEAD_LIMITS, RequestHead } from '../http/request-head.ts'
import { RequestFacts } from '../http/request-rules.ts'
import { type Address, formatAddress } from '../io/address.ts'
import {
  Connection,
  type ConnectionLimits,
  type ConnectionSetting,
  DEFAULT_CONNECTION_LIMITS,
  type Failure,
} from '../io/connection.ts'
import { Listener, type ListenerOwner } from '../io/listener.ts'
import type { Outbox } from '../io/outbox.ts'
import { plain } from '../io/transport.ts'
import type { Log } from '../log.ts'
import { Deadline } from '../loop/deadlines.ts'
import type { Loop } from '../loop/loop.ts'
import { HttpConnection, type HttpLimits, type HttpSurroundings } from './http-connection.ts'
import type { Module } from './module.ts'
import { Phases } from './phases.ts'
import { ResponseHeads } from './response-heads.ts'

export interface ServerLimits extends HttpLimits, ConnectionLimits {
  /** Beyond it, accepting pauses. */
  connections: number
}

/** nginx's defaults, by the names of its directives: client_max_body_size, client_header_timeout, client_body_timeout, … */
export const DEFAULT_LIMITS: ServerLimits = {
  ...DEFAULT_HEAD_LIMITS,
  ...DEFAULT_CONNECTION_LIMITS,
  contentBytes: 1024 * 1024,
  headTimeoutMs: 60_000,
  contentTimeoutMs: 60_000,
  idleTimeoutMs: 75_000,
  requestsPerConnection: 1000,
  connections: Number.POSITIVE_INFINITY,
}

/** At the limit of connections each one that ends is followed by another pause: the log tells of it once in a while. */
const PAUSE_LOG_MS = 1000

/** Heads in the free list: those of connections whose request arrives in pieces. */
const MOST_FREE_HEADS = 64

export class Server implements ListenerOwner, HttpSurroundings {
  readonly limits: ServerLimits
  readonly phases: Phases
  readonly facts = new RequestFacts()
  readonly responseHeads: ResponseHeads
  readonly listeners: Listener[] = []
  isEnding = false
  private readonly loop: Loop
  private readonly log: Log
  private readonly setting: ConnectionSetting
  private readonly connections = new Set<HttpConnection>()
  private readonly freeHeads: RequestHead[] = []
  private ending: Ending | null = null
  /** When the log last told of a pause. */
  private pausedAt = Number.NEGATIVE_INFINITY

  constructor(loop: Loop, outbox: Outbox, modules: readonly Module[], limits: ServerLimits, log: Log) {
    this.loop = loop
    this.limits = limits
    this.log = log
    this.responseHeads = new ResponseHeads(loop)
    this.setting = { loop, outbox, transport: plain, limits }
    this.phases = new Phases(modules, (module, error) => log.error(`module ${module}: ${stackOf(error)}`))
  }

  /**
   * @param fd a listening, non-blocking socket; the server closes it at its end
   * @param isInherited see `Listener`
   */
  listen(fd: number, isInherited = false): Listener {
    const listener = new Listener(fd, this.loop, this, isInherited)
    this.listeners.push(listener)
    return listener
  }

  get connectionCount(): number {
    return this.connections.size
  }

  /**
   * Listening stops at once. Idle connections are closed, others after the answer in hand.
   * @param graceMs what is still open then is cut
   * @param done is called once, when everything is closed
   */
  end(graceMs: number, done: () => void): void {
    this.isEnding = true
    for (const listener of this.listeners) listener.close()
    this.ending = new Ending(this.loop, this.loop.now + graceMs, () => this.cutAll(), this.log, done)
    for (const connection of this.connections) connection.endSoon()
    this.noteIfEmpty()
  }

  /** Everything that is still open is cut. */
  cutAll(): void {
    for (const { connection } of this.connections) connection.abort(null)
  }

  // ListenerOwner

  mayAccept(): boolean {
    return this.connections.size < this.limits.connections
  }

  onAccept(fd: number, peer: Address): void {
    const connection = new HttpConnection(new Connection(fd, peer, this.setting), this)
    this.connections.add(connection)
  }

  onPause(reason: string): void {
    if (this.loop.now - this.pausedAt < PAUSE_LOG_MS) return
    this.pausedAt = this.loop.now
    this.log.warn(`accepting pauses: ${reason}; ${this.connections.size} connections are open`)
  }

  // HttpSurroundings

  takeHead(): RequestHead {
    return this.freeHeads.pop() ?? new RequestHead(this.limits)
  }

  giveHead(head: RequestHead): void {
    head.reset()
    if (this.freeHeads.length < MOST_FREE_HEADS) this.freeHeads.push(head)
  }

  onConnectionClosed(connection: HttpConnection, failure: Failure): void {
    this.connections.delete(connection)
    for (const listener of this.listeners) if (listener.isPaused) listener.resume()
    if (failure !== null) this.logFailure(connection.peer, failure)
    this.noteIfEmpty()
  }

  private logFailure(peer: Address, failure: NonNullable<Failure>): void {
    const from = formatAddress(peer)
    if ('error' in failure)
      this.log.error(`connection from ${from} ended by our mistake: ${stackOf(failure.error)}`)
    else if ('errno' in failure) {
      this.log.debug(`connection from ${from}: ${errnoWords(failure.errno)} (${errnoName(failure.errno)})`)
    } else this.log.info(`connection from ${from} cut: ${failure.words}`)
  }

  private noteIfEmpty(): void {
    if (this.connections.size > 0 || this.ending === null) return
    const { ending } = this
    this.ending = null
    this.phases.close()
    ending.finish()
  }
}

/** The limit of a graceful end. */
class Ending extends Deadline {
  private readonly loop: Loop
  private readonly cut: () => void
  private readonly log: Log
  private readonly done: () => void

  constructor(loop: Loop, at: number, cut: () => void, log: Log, done: () => void) {
    super()
    this.loop = loop
    this.cut = cut
    this.log = log
    this.done = done
    loop.deadlines.set(this, at)
  }

  onDeadline(): void {
    this.cut()
  }

  onFailure(error: unknown): void {
    this.log.error(`the end of the server: ${stackOf(error)}`)
  }

  finish(): void {
    this.loop.deadlines.clear(this)
    this.done()
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
