/**
 * The programming interface.
 *
 *   import { serve } from 'veille'
 *
 *   const server = await serve({ root: './site', listen: 8080 })
 *   console.log(server.url)
 *   await server.close()
 *
 * The command (`main.ts`) is a thin layer over it, with the same options under the same names. Beside the folder, modules of
 * your own can answer: see `Module`.
 */

import { resolve } from 'node:path'
import { errnoName, errnoWords } from './errno.ts'
import { type Address, type Endpoint, formatAddress, formatHost, parseEndpoint } from './io/address.ts'
import { openDirectory } from './io/file.ts'
import { isListening, type ListenOptions } from './io/listener.ts'
import { closeAll, openEndpoint } from './io/open-endpoint.ts'
import { type Log, SILENT } from './log.ts'
import type { PollerName } from './loop/poller.ts'
import { type ReadinessCounts, readinessCounts } from './loop/readiness-account.ts'
import { type Site, siteModules } from './modules/folder.ts'
import type { AccessLogOptions } from './modules/folder-log.ts'
import { type Place, takeLoop } from './server/main-loop.ts'
import type { Module } from './server/module.ts'
import { DEFAULT_LIMITS, Server, type ServerLimits, singleEndpoint } from './server/server.ts'

export type { Address } from './io/address.ts'
export { createLog, type Level, type Log, type LogContext } from './log.ts'
export type { ReadinessCounts } from './loop/readiness-account.ts'
export type { AccessLogForm, AccessLogOptions } from './modules/folder-log.ts'
export { Exchange } from './server/exchange.ts'
export { DECLINED, HANDLED, type Module, type Outcome } from './server/module.ts'
export type { ContentConsumer } from './server/responder.ts'
export type { ServerLimits } from './server/server.ts'

export interface ServeOptions extends Pick<ListenOptions, 'backlog' | 'reusePort' | 'ipv6Only'> {
  /** The folder to be served. Default: the current one. */
  root?: string
  /**
   * Where to listen: a port, `'host:port'`, `'[::1]:port'`, `'unix:/path'`, or several of them. Port 0 takes a free one.
   * A port without host means every address of the machine. Default: `'localhost:0'`.
   */
  listen?: number | string | readonly (number | string)[]
  /** Listening sockets that are open already, as a service manager passes them; used in addition to `listen`. */
  listenFds?: readonly number[]
  /** How to wait for readiness. Default: `'epoll'`. All servers of a thread share one. */
  poller?: PollerName
  /**
   * The strict rules of readiness (`docs/readiness.md`): nothing is received or sent before the poller has said so, once per connection and
   * iteration; `RunningServer.readiness` counts. Default: false. All servers of a thread keep the same.
   */
  strictReadiness?: boolean
  /** The prefix under which the folder appears, `/docs/`. Default: `/`. */
  base?: string
  /** Names of index pages, in order. Default: `['index.html']`. */
  index?: readonly string[]
  /** List directories that have no index page; otherwise they answer 403. Default: true. */
  listing?: boolean
  /** Serve and list names that begin with a dot. Default: false; `/.well-known/` is always served. */
  dotfiles?: boolean
  /** Let symbolic links lead out of the folder. Default: false. */
  followLinks?: boolean
  /** Send `name.br`, `name.zst`, `name.gz` in place of `name` to clients that accept them. Default: true. */
  precompressed?: boolean
  /** For applications that make their own pages: navigations to what is not there get this file. `true`: index.html. */
  spa?: boolean | string
  /** Let pages of every origin read the answers. Default: false. */
  cors?: boolean
  /** `Cache-Control` of what was found: seconds, a whole value, or null for none. Default: `'no-cache'`, which means: ask again. */
  cache?: number | string | null
  /** Modules of your own; they are asked before the folder. */
  modules?: readonly Module[]
  /** See `ServerLimits`; nginx's defaults. */
  limits?: Partial<ServerLimits>
  /** One line per request. Default: none. */
  accessLog?: AccessLogOptions | null
  /** What the server says about itself. Default: nothing. */
  log?: Log
}

export interface RunningServer {
  /** Of the first address, such as `http://localhost:8080/`. */
  readonly url: string
  readonly addresses: readonly Address[]
  readonly connectionCount: number
  /** What its thread has done upon readiness, and without; null unless `strictReadiness` is on. */
  readonly readiness: ReadinessCounts | null
  /**
   * Ends gracefully: listening stops at once, running answers finish, idle connections are closed.
   * @param graceMs what is still open after it is cut; default 10 seconds
   */
  close(graceMs?: number): Promise<void>
  /** Whether the server alone keeps the process alive. Default: yes. */
  reference(yes: boolean): void
}

/** A mistake in the options, or something that the system refuses; its message is a whole sentence for a user. */
export class ServeError extends Error {
  override readonly name = 'ServeError'
  /** `EADDRINUSE` and the like, '' when no system call failed. */
  readonly code: string

  constructor(message: string, code = '', cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** @throws {ServeError} */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  const endpoints = endpointsOf(options)
  const site = siteOf(options)
  const fds: number[] = []
  try {
    for (const fd of options.listenFds ?? []) {
      if (!isListening(fd)) throw new ServeError(`descriptor ${fd} is not a listening socket`)
    }
    const limits = { ...DEFAULT_LIMITS, ...options.limits }
    const modules = siteModules(site, options.modules ?? [])
    const poller = pollerOf(options)
    for (const endpoint of endpoints) fds.push(...(await openEndpoint(endpoint, options)))
    const place = takeLoop(poller, options.strictReadiness === true ? { isStrict: true } : null)
    const log = options.log ?? SILENT
    const server = new Server(place.loop, place.outbox, { log, modules, mostConnections: limits.connections })
    const endpoint = singleEndpoint(modules, limits, log)
    for (const fd of options.listenFds ?? []) server.listen(fd, endpoint, true)
    for (const fd of fds) server.listen(fd, endpoint)
    return running(server, place, site.base)
  } catch (error) {
    closeAll(fds)
    site.directory.release()
    const { message, code } = error as NodeJS.ErrnoException
    throw new ServeError(message, code, error)
  }
}

function running(server: Server, place: Place, base: string): RunningServer {
  const addresses = server.listeners.map(listener => listener.address)
  let closed: Promise<void> | null = null
  return {
    url: urlOf(addresses[0]!, base),
    addresses,
    get connectionCount() {
      return server.connectionCount
    },
    get readiness() {
      const { account } = place.loop
      return account === null ? null : readinessCounts([account.cells])
    },
    close(graceMs = 10_000) {
      closed ??= new Promise(done => server.end(graceMs, () => place.release(done)))
      return closed
    },
    reference: yes => place.reference(yes),
  }
}

/** As a person types it; a wildcard address is reached as localhost. */
function urlOf(address: Address, base: string): string {
  if ('path' in address) return formatAddress(address)
  const isWildcard = address.host === '::' || address.host === '0.0.0.0'
  return `http://${isWildcard ? 'localhost' : formatHost(address.host)}:${address.port}${base}`
}

function pollerOf({ poller = 'epoll' }: ServeOptions): PollerName {
  if (poller === 'select' || poller === 'poll' || poller === 'epoll') return poller
  throw new ServeError(`"${String(poller)}" is no poller: expected select, poll or epoll`)
}

function siteOf(options: ServeOptions): Site {
  const cacheControl = cacheControlOf(options.cache)
  const root = resolve(options.root ?? '.')
  const directory = openDirectory(root, options.followLinks)
  if (typeof directory === 'number') {
    throw new ServeError(`cannot serve ${root}: ${errnoWords(directory)}`, errnoName(directory))
  }
  return {
    directory,
    base: normalBase(options.base),
    index: options.index ?? ['index.html'],
    listing: options.listing ?? true,
    dotfiles: options.dotfiles ?? false,
    precompressed: options.precompressed ?? true,
    spa: options.spa === true ? 'index.html' : options.spa || null,
    cors: options.cors ?? false,
    cacheControl,
    accessLog: options.accessLog ?? null,
  }
}

function cacheControlOf(cache: ServeOptions['cache']): string | null {
  if (cache === undefined) return 'no-cache'
  if (typeof cache !== 'number') return cache
  if (!(cache >= 0)) throw new ServeError(`cache takes a number of seconds, found ${cache}`)
  return `public, max-age=${Math.floor(cache)}`
}

/** From slash to slash. */
function normalBase(base = '/'): string {
  return `/${base}/`.replace(/\/+/g, '/')
}

function endpointsOf(options: ServeOptions): Endpoint[] {
  const given = options.listen ?? (options.listenFds?.length ? [] : 'localhost:0')
  const list = typeof given === 'number' || typeof given === 'string' ? [given] : given
  if (list.length === 0 && !options.listenFds?.length)
    throw new ServeError('there is no address to listen on')
  return list.map(one => {
    const endpoint = parseEndpoint(String(one))
    if (typeof endpoint === 'string') throw new ServeError(endpoint)
    return endpoint
  })
}
