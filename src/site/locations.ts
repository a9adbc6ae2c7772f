/**
 * Blocks become locations: the features of each block are bound, and what can be found by a path is put where it is found.
 *
 *   const builder = new LocationBuilder(context, features, matchers, options)
 *   builder.bind(block, 'server', null)       the block itself as a place
 *   builder.locations(block, named)           what is in it
 */

import type { Block } from '../config/block.ts'
import { lineName, type Place as SourcePlace } from '../config/source.ts'
import type { Log } from '../log.ts'
import { redirect } from '../modules/redirect-location.ts'
import type { Feature, LocationMatch, PlaceKind } from '../server/feature.ts'
import { Chain, Location } from '../server/location.ts'
import type { Module } from '../server/module.ts'
import { Locations, NO_LOCATIONS, type PrefixPlace, type RegexPlace } from '../server/routing.ts'
import { blocksTable } from './blocks.ts'
import type { Context } from './context.ts'
import { limitsOf, limitsTable } from './limits.ts'
import type { Matchers } from './matchers.ts'

export interface BlockLook {
  /** The error log of a block. */
  logOf(block: Block): Log
  /** The field `Server` of answers from a block, with its CR LF. */
  serverLineOf(block: Block): string
}

export class LocationBuilder {
  /** All modules that were made: some hold files, which they give back at the end. */
  readonly modules: Module[] = []
  private readonly context: Context
  private readonly features: readonly Feature[]
  private readonly matchers: Matchers
  private readonly look: BlockLook

  constructor(context: Context, features: readonly Feature[], matchers: Matchers, look: BlockLook) {
    this.context = context
    this.features = features
    this.matchers = matchers
    this.look = look
  }

  /** A block as a place for requests. The blocks of `if` and `limit_except` in it come first: its own modules refer to them. */
  bind(block: Block, kind: PlaceKind, match: LocationMatch | null): Location {
    for (const inner of block.blocks('if')) this.bind(inner, 'if', match)
    const [except] = block.blocks('limit_except')
    const exception = except === undefined ? null : this.bind(except, 'limit_except', match)
    const log = this.look.logOf(block)
    const modules: Module[] = []
    const place = { kind, block, site: this.context, log, match }
    for (const feature of this.features) {
      const source = feature.isHandler === true && kind === 'if' ? block.parent! : block
      const module = feature.bind?.(source.settings(feature.table), place) ?? null
      if (module !== null) modules.push(module)
    }
    for (const module of modules) if (module.close !== undefined) this.modules.push(module)
    const location = new Location({
      name: nameOf(kind, match),
      chain: new Chain(modules),
      limits: limitsOf(block.settings(limitsTable)),
      log,
      isInternal: kind === 'location' && block.settings(blocksTable).internal,
      block,
      place: placeOf(block),
      serverLine: this.look.serverLineOf(block),
      except:
        exception === null ? null : { methods: except!.value as ReadonlySet<string>, location: exception },
    })
    this.context.rememberLocation(block, location)
    return location
  }

  /** The locations in a server or in a location. */
  locations(block: Block, named: Map<string, Location>): Locations {
    const inner = block.blocks('location')
    if (inner.length === 0) return NO_LOCATIONS
    const exact = new Map<string, Location>()
    const prefixes: PrefixPlace[] = []
    const regexes: RegexPlace[] = []
    const seen = new Map<string, SourcePlace>()
    for (const one of inner) {
      const match = one.value as LocationMatch
      if (!this.mayStand(block, one, match, seen)) continue
      const location = this.bind(one, 'location', match)
      const nested = this.locations(one, named)
      const place = { location, nested: nested === NO_LOCATIONS ? null : nested }
      if (match.kind === 'exact') exact.set(match.path, location)
      else if (match.kind === 'named') named.set(match.name, location)
      else if (match.kind === 'regex') {
        const matcher = this.matchers.at(one.directive!.args.at(-1)!.place)
        if (matcher !== null) regexes.push({ ...place, matcher })
      } else {
        prefixes.push({ ...place, prefix: match.path, isFinal: match.kind === 'final-prefix' })
      }
    }
    this.addSlashes(exact, prefixes)
    return new Locations(exact, prefixes, regexes)
  }

  /** `/app` leads to `location /app/` where that is answered as a whole, and nobody else is meant (`auto_redirect` of nginx). */
  private addSlashes(exact: Map<string, Location>, prefixes: readonly PrefixPlace[]): void {
    const taken = new Set(prefixes.map(({ prefix }) => prefix))
    for (const { prefix, location } of prefixes) {
      const path = prefix.slice(0, -1)
      const isMeant = prefix.endsWith('/') && location.chain.modules.some(module => module.addsSlash === true)
      if (!isMeant || path === '' || taken.has(path) || exact.has(path)) continue
      exact.set(path, slashLocation(location, prefix))
    }
  }

  /** The rules of `ngx_http_core_location` for what may stand within what, and twice. */
  private mayStand(
    outside: Block,
    block: Block,
    match: LocationMatch,
    seen: Map<string, SourcePlace>,
  ): boolean {
    const { place } = block.directive!.args.at(-1)!
    const name = match.kind === 'regex' ? match.source : match.kind === 'named' ? match.name : match.path
    const fail = (summary: string, expected: string): boolean => {
      this.context.problems.error(place, summary, expected)
      return false
    }
    if (outside.context === 'location') {
      const around = outside.value as LocationMatch
      if (around.kind === 'exact') {
        return fail(
          `location "${name}" cannot be inside the exact location "${around.path}"`,
          'an exact location matches one path, so there is nothing to find within it',
        )
      }
      if (around.kind === 'named') {
        return fail(
          `location "${name}" cannot be inside the named location "${around.name}"`,
          'a named location is found by its name only',
        )
      }
      if (match.kind === 'named') {
        return fail(
          `named location "${name}" can be on the server level only`,
          'move it out of the location around it',
        )
      }
      const aroundName = around.kind === 'regex' ? around.source : around.path
      if (match.kind !== 'regex' && !name.startsWith(aroundName)) {
        return fail(`location "${name}" is outside location "${aroundName}"`, outsideAdvice(around, name))
      }
    }
    if (match.kind === 'regex') return true
    const key = `${match.kind === 'final-prefix' ? 'prefix' : match.kind} ${name}`
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, place)
      return true
    }
    const related = [{ words: 'the first one is here', place: first }]
    if (match.kind === 'named') {
      // nginx takes the first without a word.
      this.context.problems.warn(place, `duplicate location "${name}"`, 'the first one holds', related)
    } else {
      const expected = 'a location may stand once; put what belongs to it into one block'
      this.context.problems.error(place, `duplicate location "${name}"`, expected, related)
    }
    return false
  }
}

/** What is decided before the content is asked for does not concern a redirect; its fields, its page and the log are those of the location. */
function slashLocation(location: Location, path: string): Location {
  const late = location.chain.modules.map(({ name, failure, fields, log }, i) => {
    const module = location.chain.modules[i]!
    return {
      name,
      ...(failure === undefined ? {} : { failure: failure.bind(module) }),
      ...(fields === undefined ? {} : { fields: fields.bind(module) }),
      ...(log === undefined ? {} : { log: log.bind(module) }),
    }
  })
  const slash: Module = {
    name: 'slash',
    takesAnyMethod: true,
    content: x => redirect(x, 301, x.query === null ? path : `${path}?${x.query}`),
  }
  return new Location({ ...location, chain: new Chain([slash, ...late]), except: null })
}

function outsideAdvice(around: LocationMatch, name: string): string {
  if (around.kind === 'regex') return 'within a regular expression only regular expressions can be nested'
  const near = 'path' in around && /^\w/.test(name) ? `, as in "${around.path}${name}"` : ''
  return `no path could ever reach it: a nested location begins with the path of the one around it${near}`
}

function placeOf({ directive }: Block): string {
  return directive === null ? '' : lineName(directive.place)
}

function nameOf(kind: PlaceKind, match: LocationMatch | null): string {
  if (match === null) return ''
  const inner = kind === 'if' ? ' (if)' : kind === 'limit_except' ? ' (limit_except)' : ''
  if (match.kind === 'regex') return `${match.isCaseless ? '~*' : '~'} "${match.source}"${inner}`
  if (match.kind === 'named') return `${match.name}${inner}`
  const sign = match.kind === 'exact' ? '= ' : match.kind === 'final-prefix' ? '^~ ' : ''
  return `${sign}"${match.path}"${inner}`
}
