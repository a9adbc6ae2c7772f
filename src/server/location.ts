/**
 * Where an exchange is: a block of the configuration, as far as a request needs it. A folder served from the command line is
 * one location; a configuration makes many, also of its `server` and `if` blocks.
 *
 *   location.chain         the modules that have something to do here, by phase
 *   location.limits        what a request here may cost
 *   location.log           where its mistakes are told
 */

import type { SettingsOf, Table } from '../config/directive.ts'
import type { ConnectionLimits } from '../io/connection.ts'
import type { Log } from '../log.ts'
import type { Exchange } from './exchange.ts'
import type { Module } from './module.ts'

/** What holds for a request once it is known where it belongs. */
export interface ExchangeLimits extends ConnectionLimits {
  /** Of one request; beyond it 413. Infinity for no limit. */
  contentBytes: number
  /** Silence while content is expected. */
  contentTimeoutMs: number
  /** The client has closed its side, and may be gone: how long the work for its answer may be silent. */
  halfClosedTimeoutMs: number
  /** Silence between two requests; 0: the connection is not kept. */
  idleTimeoutMs: number
  requestsPerConnection: number
  /** How long a connection may live altogether before its next answer is its last. */
  connectionTimeMs: number
  /** An answer of unknown length may be sent in chunks; else it ends with its connection. */
  mayChunk: boolean
  /** Small pieces leave at once (TCP_NODELAY). */
  noDelay: boolean
  /** Clients whose connections are not kept; null: there are none. */
  distrusts: ((x: Exchange) => boolean) | null
  /** What the field `Keep-Alive` promises, in seconds; 0: there is none. */
  keepAliveFieldSeconds: number
}

/** The modules of a location by phase; a module without a hook costs nothing in that phase. */
export class Chain {
  readonly modules: readonly Module[]
  readonly rewriters: readonly Module[]
  readonly guards: readonly Module[]
  readonly precontents: readonly Module[]
  readonly contents: readonly Module[]
  readonly failures: readonly Module[]
  readonly finishers: readonly Module[]
  readonly loggers: readonly Module[]
  readonly takesAnyMethod: boolean
  /** null: as many as the modules answer. */
  readonly allowedMethods: readonly string[] | null

  /** @param modules in the order in which they are asked */
  constructor(modules: readonly Module[]) {
    this.modules = modules
    this.rewriters = those(modules, 'rewrite')
    this.guards = those(modules, 'access')
    this.precontents = those(modules, 'precontent')
    this.contents = those(modules, 'content')
    this.failures = those(modules, 'failure')
    this.finishers = those(modules, 'fields')
    this.loggers = those(modules, 'log')
    this.takesAnyMethod = modules.some(module => module.takesAnyMethod === true)
    this.allowedMethods = modules.find(module => module.allowedMethods !== undefined)?.allowedMethods ?? null
  }
}

const NOBODY: readonly Module[] = []

/** Ten thousand locations have mostly nobody in most phases: one array for all of them. */
function those(modules: readonly Module[], hook: keyof Module): readonly Module[] {
  const some = modules.filter(module => module[hook] !== undefined)
  return some.length === 0 ? NOBODY : some
}

/** A block's settings of a table; see `config/block.ts`. */
export interface SettingsSource {
  settings<T extends Table>(table: T): SettingsOf<T>
}

export interface LocationOptions {
  /** As the configuration writes it: `= /`, `/files/`, `~ \.php$`, `@fallback`. */
  readonly name: string
  readonly chain: Chain
  readonly limits: ExchangeLimits
  readonly log: Log
  /** Not for requests from outside. */
  readonly isInternal?: boolean
  /** The settings that it was made of, for whoever does not have them at hand, such as variables. */
  readonly block?: SettingsSource | null
  readonly serverLine?: string
  /** Where the configuration says so, `site.conf:12`; '' for what no configuration says. */
  readonly place?: string
  readonly except?: MethodException | null
}

/** `limit_except`: for other methods than these, another location's settings hold. */
export interface MethodException {
  readonly methods: ReadonlySet<string>
  readonly location: Location
}

/** Without a version: that would tell an attacker more than a user (RFC 9110 §10.2.4). */
const SERVER_LINE = 'Server: veille\r\n'

export class Location {
  readonly name: string
  readonly chain: Chain
  readonly limits: ExchangeLimits
  readonly log: Log
  readonly isInternal: boolean
  readonly block: SettingsSource | null
  readonly except: MethodException | null
  readonly place: string
  /** The field `Server` with its CR LF; '' for none. */
  readonly serverLine: string
  /** The log wants to know each step. */
  readonly isTraced: boolean

  constructor(options: LocationOptions) {
    this.name = options.name
    this.chain = options.chain
    this.limits = options.limits
    this.log = options.log
    this.isInternal = options.isInternal ?? false
    this.block = options.block ?? null
    this.except = options.except ?? null
    this.place = options.place ?? ''
    this.serverLine = options.serverLine ?? SERVER_LINE
    this.isTraced = options.log.isOn('debug')
  }
}

/** Where it stands in the configuration, for a trace. */
export function whereIs({ place }: Location): string {
  return place === '' ? '' : ` (${place})`
}
