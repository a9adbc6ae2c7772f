/**
 * A server: its listeners, its connections, and its end.
 *
 *   const server = new Server(loop, outbox, options)
 *   server.listen(fd, endpoint)     begins to accept on a listening descriptor, for the sites of that endpoint
 *   server.end(graceMs, done)       no new connections; running answers finish, the rest is cut after the grace
 *
 * It makes an `HttpConnection` of each accepted socket and holds what they all share: the phases, the
 * heads of responses, the counters.
 */

import { errnoName, errnoWords } from '../errno.ts'
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from '../http/request-head.ts'
import { RequestFacts } from '../http/request-rules.ts'
import { type Address, formatAddress } from '../io/address.ts'
import {
  Connection,
  type ConnectionSetting,
  DEFAULT_CONNECTION_LIMITS,
  type Failure,
} from '../io/connection.ts'
import { watchedRoom } from '../io/descriptor-room.ts'
import { Listener, type ListenerOwner, localAddress } from '../io/listener.ts'
import type { Network } from '../io/network.ts'
import type { Outbox } from '../io/outbox.ts'
import type { Log } from '../log.ts'
import { Deadline } from '../loop/deadlines.ts'
import type { Continuation, Loop } from '../loop/loop.ts'
import { ACCEPTED, Counters } from './counters.ts'
import { levelFor } from './debug-connection.ts'
import { type Endpoint, HeadPool } from './endpoint.ts'
import { HttpConnection, type HttpSurroundings } from './http-connection.ts'
import { Chain, type ExchangeLimits, Location } from './location.ts'
import { logContextOfConnection } from './log-context.ts'
import { MakingRoom } from './making-room.ts'
import type { Module } from './module.ts'
import { Phases } from './phases.ts'
import { ResponseHeads } from './response-heads.ts'
import { Hosts, VirtualServer } from './routing.ts'

export interface ServerLimits extends HeadLimits, ExchangeLimits {
  /** See `Endpoint`. */
  headTimeoutMs: number
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
  halfClosedTimeoutMs: 5000,
  idleTimeoutMs: 75_000,
  requestsPerConnection: 1000,
  connectionTimeMs: 3_600_000,
  keepAliveFieldSeconds: 0,
  mayChunk: true,
  noDelay: true,
  distrusts: null,
  connections: Number.POSITIVE_INFINITY,
}

/** One site for every host and every path: a folder, or a program's own modules. */
export function singleEndpoint(modules: readonly Module[], limits: ServerLimits, log: Log): Endpoint {
  const location = new Location({ name: '/', chain: new Chain(modules), limits, log })
  return {
    hosts: new Hosts(new VirtualServer({ name: '', location })),
    heads: new HeadPool(limits),
    headTimeoutMs: limits.headTimeoutMs,
    speaksProxyProtocol: false,
  }
}

/** What a connection gets from the listener that accepts it. */
interface Admission {
  readonly endpoint: Endpoint
  readonly setting: ConnectionSetting
  /** By the address that a connection came to, where that makes a difference. */
  readonly others: ReadonlyMap<string, Admission> | null
}

export interface ServerOptions {
  readonly log: Log
  /** Beyond it, accepting pauses. */
  readonly mostConnections: number
  /** Those whose `close` is called at the end. */
  readonly modules: readonly Module[]
  readonly counters?: Counters
  /** Connections from there are logged in every detail. */
  readonly watched?: readonly Network[]
}

const NO_NETWORKS: readonly Network[] = []

export class Server implements ListenerOwner, HttpSurroundings {
  readonly phases: Phases
  readonly facts = new RequestFacts()
  readonly responseHeads: ResponseHeads
  readonly counters: Counters
  readonly listeners: Listener[] = []
  isEnding = false
  private readonly loop: Loop
  private readonly log: Log
  private readonly outbox: Outbox
  private readonly options: ServerOptions
  private readonly admissions = new Map<Listener, Admission>()
  private readonly connections = new Set<HttpConnection>()
  private ending: Ending | null = null
  private readonly makingRoom: MakingRoom
  /** So many descriptors the loop may watch. */
  private readonly mostWatched: number

  constructor(loop: Loop, outbox: Outbox, options: ServerOptions) {
    this.loop = loop
    this.outbox = outbox
    this.options = options
    this.log = options.log
    this.counters = options.counters ?? new Counters()
    this.responseHeads = new ResponseHeads(loop)
    this.makingRoom = new MakingRoom(loop, this.connections, options.log)
    this.mostWatched = watchedRoom(loop)
    this.phases = new Phases((module, error, x) => {
      const log = x === null ? options.log : x.log
      log.error(`module ${module}: ${stackOf(error)}`)
    })
  }

  /**
   * @param fd a listening, non-blocking socket; the server closes it at its end
   * @param isInherited see `Listener`
   * @param others for connections that came to one of these addresses, by `formatAddress`
   */
  listen(
    fd: number,
    endpoint: Endpoint,
    isInherited = false,
    others: ReadonlyMap<string, Endpoint> | null = null,
  ): Listener {
    const listener = new Listener(fd, this.loop, this, { isInherited, isShared: isInherited })
    this.listeners.push(listener)
    const byAddress = [...(others ?? [])].map(([text, one]) => [text, this.admissionOf(one, null)] as const)
    this.admissions.set(listener, this.admissionOf(endpoint, others === null ? null : new Map(byAddress)))
    return listener
  }

  private admissionOf(endpoint: Endpoint, others: Admission['others']): Admission {
    const { loop, outbox } = this
    const { limits } = endpoint.hosts.fallback.location
    return { endpoint, setting: { loop, outbox, transport: loop.calls, limits }, others }
  }

  get connectionCount(): number {
    return this.connections.size
  }

  /**
   * Listening stops at once. What has come is still read and answered; then idle connections are closed, others after the answer
   * in hand.
   * @param graceMs what is still open then is cut
   * @param done is called once, when everything is closed
   */
  end(graceMs: number, done: () => void): void {
    this.isEnding = true
    for (const listener of this.listeners) listener.close()
    this.ending = new Ending(this, this.loop, this.loop.now + graceMs, this.log, done)
    for (const connection of this.connections) connection.endSoon()
    this.noteIfEmpty()
  }

  /** The second step of the end, when there was a turn for what had come. */
  endIdle(): void {
    for (const connection of this.connections) connection.endIfIdle()
  }

  /** Everything that is still open is cut. */
  cutAll(): void {
    for (const { connection } of this.connections) connection.abort(null)
  }

  // ListenerOwner

  mayAccept(): boolean {
    return this.connections.size < this.options.mostConnections && this.loop.watched < this.mostWatched
  }

  onAccept(fd: number, peer: Address, listener: Listener): void {
    const admission = this.admissions.get(listener)!
    const { endpoint, setting } = admission.others?.get(formatAddress(localAddress(fd))) ?? admission
    this.counters.add(ACCEPTED)
    const isWatched = levelFor(this.options.watched ?? NO_NETWORKS, peer) === 'debug'
    const connection = new Connection(fd, peer, setting)
    this.connections.add(new HttpConnection(connection, this, endpoint, isWatched))
  }

  onPause(reason: string): void {
    this.makingRoom.begin(reason)
  }

  // HttpSurroundings

  onConnectionClosed(connection: HttpConnection, failure: Failure): void {
    this.connections.delete(connection)
    for (const listener of this.listeners) if (listener.isPaused) listener.resume()
    if (failure !== null) this.logFailure(connection, failure)
    this.noteIfEmpty()
  }

  private logFailure(connection: HttpConnection, failure: NonNullable<Failure>): void {
    const least = connection.isWatched ? 'debug' : undefined
    const log = this.log.withContext(logContextOfConnection(connection), least)
    const from = formatAddress(connection.peer)
    if ('error' in failure) {
      log.error(`connection from ${from} ended by our mistake: ${stackOf(failure.error)}`)
    } else if ('errno' in failure) {
      log.info(`connection from ${from}: ${errnoWords(failure.errno)} (${errnoName(failure.errno)})`)
    } else log.info(`connection from ${from} cut: ${failure.words}`)
  }

  private noteIfEmpty(): void {
    if (this.connections.size > 0 || this.ending === null) return
    const { ending } = this
    this.ending = null
    this.phases.close(this.options.modules)
    ending.finish()
  }
}

/** A graceful end: its next step, and its limit. */
class Ending extends Deadline implements Continuation {
  private readonly server: Server
  private readonly loop: Loop
  private readonly log: Log
  private readonly done: () => void

  constructor(server: Server, loop: Loop, at: number, log: Log, done: () => void) {
    super()
    this.server = server
    this.loop = loop
    this.log = log
    this.done = done
    loop.deadlines.set(this, at)
    loop.again(this)
  }

  onTurn(): void {
    this.server.endIdle()
  }

  onDeadline(): void {
    this.server.cutAll()
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
