/**
 * What a feature is to the configuration: a table of directives, perhaps variables, and how it makes a `Module` of the settings
 * of a block. The core knows no feature by name; `modules/folder.ts` lists them.
 *
 *   export const autoindex = defineFeature({
 *     name: 'autoindex',
 *     nginxModules: ['ngx_http_autoindex_module'],
 *     table: { autoindex: flag({ … }), … },
 *     bind(settings, place) { return settings.autoindex ? new Autoindex(settings, place) : null },
 *   })
 *
 * `bind` is called when the configuration is read, once for each block of `http` that requests can be in, and returns null where there is
 * nothing to do: what is not configured costs no request anything.
 */

import type { Block } from '../config/block.ts'
import type { Problems } from '../config/diagnostic.ts'
import type { SettingsOf, Surroundings, Table } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import type { LogFiles } from '../io/log-files.ts'
import type { Log } from '../log.ts'
import type { Location } from './location.ts'
import type { Module } from './module.ts'
import type { Value, VariableFamily, VariableRow, Variables } from './variables.ts'

export interface Feature<T extends Table = Table> {
  readonly name: string
  /** nginx's modules whose directives these are, for the manual and for `-V`. */
  readonly nginxModules: readonly string[]
  readonly table: T
  readonly variables?: readonly VariableRow[]
  readonly families?: readonly VariableFamily[]
  /** Once, before anything is bound: defines variables of its own (`map`, `set`), checks what spans several directives. */
  declare?(site: SiteContext): void
  /** It answers whatever comes to its location, as `stub_status` does: also what has entered an `if` there. */
  readonly isHandler?: boolean
  /** @returns null when there is nothing to do in this block */
  bind?(settings: SettingsOf<T>, place: BindPlace): Module | null
}

/** A feature among others: what its table is in detail concerns nobody but itself. */
export function defineFeature<const T extends Table>(feature: Feature<T>): Feature {
  return feature as unknown as Feature
}

/** The configuration as a whole, for features. */
export interface SiteContext {
  /** The whole file, and what stands in `http { }`. */
  readonly main: Block
  readonly http: Block
  readonly variables: Variables
  readonly problems: Problems
  readonly surroundings: Surroundings
  /** Where mistakes are told that belong to no location. */
  readonly log: Log
  /** All logs; they are opened when the whole configuration is known to be right. */
  readonly logFiles: LogFiles
  /** Where requests are logged when nobody says where. */
  readonly accessLogPath: string
  /** What they are logged by then, in place of a file: a terminal wants another form. */
  readonly terminalLog?: Module | null
  /** Names that are no variables are reported at their place. */
  compile(template: Template): Value
  /** One object for all who name the same key, such as a file that several blocks write to. */
  shared<T>(key: string, make: () => T): T
  /** The location of a block, once that is bound: of an `if`, before the block around it is. */
  locationOf(block: Block): Location
}

export type PlaceKind = 'server' | 'location' | 'if' | 'limit_except'

/** The block that is bound. */
export interface BindPlace {
  readonly kind: PlaceKind
  readonly block: Block
  readonly site: SiteContext
  /** The block's own error log. */
  readonly log: Log
  /** Of a location or what is in it: how its paths are told, for `alias`. null for a server. */
  readonly match: LocationMatch | null
}

/** How a location is written. */
export type LocationMatch =
  | { readonly kind: 'exact' | 'prefix' | 'final-prefix'; readonly path: string }
  | { readonly kind: 'regex'; readonly source: string; readonly isCaseless: boolean }
  | { readonly kind: 'named'; readonly name: string }
