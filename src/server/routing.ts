/**
 * Which server block, then which location.
 *
 *   hosts.assign(x)              the server of a listening address whose name fits the host that is asked for
 *   server.locate(x)             its location for the path, or null: then its own settings hold
 *
 * Names: the exact one, then the longest `*.example.org`, then the longest `www.example.*`, then the first regular expression, then the default server
 * (ngx_http_find_virtual_server). Locations: the exact one, else the longest prefix, unless that does not want to be
 * overruled (`^~`) the first regular expression, and then the same among the locations nested in what was found
 * (ngx_http_core_find_location).
 */

import type { Exchange } from './exchange.ts'
import { HostNames } from './host-names.ts'
import { type Location, whereIs } from './location.ts'
import type { Matcher } from './matcher.ts'
import { RegexPlaces } from './regex-places.ts'

/** A location as it is found, and the locations within. */
export interface Place {
  readonly location: Location
  readonly nested: Locations | null
}

export interface PrefixPlace extends Place {
  readonly prefix: string
  /** `^~`: regular expressions are not asked. */
  readonly isFinal: boolean
}

export interface RegexPlace extends Place {
  readonly matcher: Matcher
}

interface Prefix extends PrefixPlace {
  /** The longest other prefix of this prefix, by its index; -1 for none. */
  readonly parent: number
}

/** The locations of one block. */
export class Locations {
  private readonly exact: ReadonlyMap<string, Location>
  /** Sorted: what precedes a path is its longest prefix, or one of the parents of that is. */
  private readonly prefixes: readonly Prefix[]
  private readonly regexes: RegexPlaces | null
  /** Of the last `find`: no regular expression of a block outside may overrule what was found. */
  private isSettled = false

  constructor(
    exact: ReadonlyMap<string, Location>,
    prefixes: readonly PrefixPlace[],
    regexes: readonly RegexPlace[],
  ) {
    this.exact = exact
    this.prefixes = withParents(prefixes)
    this.regexes = regexes.length === 0 ? null : new RegexPlaces(regexes)
  }

  find(x: Exchange): Location | null {
    this.isSettled = false
    const { path } = x
    const exact = this.exact.get(path)
    if (exact !== undefined) {
      if (x.isTraced) x.tell(`location ${exact.name}${whereIs(exact)} is this very path`)
      return this.settle(exact)
    }
    const place = this.longestPrefix(path)
    if (place === null) return this.findRegex(x)
    const { nested } = place
    if (x.isTraced) tellPrefix(x, place)
    const found = nested?.find(x) ?? place.location
    if (nested?.isSettled === true) return this.settle(found)
    return place.isFinal ? found : (this.findRegex(x) ?? found)
  }

  private settle(location: Location): Location {
    this.isSettled = true
    return location
  }

  private findRegex(x: Exchange): Location | null {
    const place = this.regexes?.find(x) ?? null
    return place === null ? null : this.settle(place.nested?.find(x) ?? place.location)
  }

  private longestPrefix(path: string): PrefixPlace | null {
    const { prefixes } = this
    let low = 0
    let high = prefixes.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (prefixes[middle]!.prefix <= path) low = middle + 1
      else high = middle
    }
    let at = low - 1
    while (at >= 0 && !path.startsWith(prefixes[at]!.prefix)) at = prefixes[at]!.parent
    return at < 0 ? null : prefixes[at]!
  }
}

function tellPrefix(x: Exchange, { location, isFinal }: PrefixPlace): void {
  const why = isFinal ? ', and ^~ keeps regular expressions from being asked' : ''
  x.tell(`location ${location.name}${whereIs(location)} is the longest prefix of the path${why}`)
}

function withParents(places: readonly PrefixPlace[]): Prefix[] {
  const sorted = [...places].sort((a, b) => (a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : 0))
  const made: Prefix[] = []
  for (const place of sorted) {
    let parent = made.length - 1
    while (parent >= 0 && !place.prefix.startsWith(made[parent]!.prefix)) parent = made[parent]!.parent
    made.push({ ...place, parent })
  }
  return made
}

export const NO_LOCATIONS = new Locations(new Map(), [], [])

export interface VirtualServerOptions {
  /** `$server_name`: the first name, '' for none. */
  readonly name: string
  /** The settings of the block itself: what is rewritten before a location is looked for, and what holds where there is none. */
  readonly location: Location
  readonly locations?: Locations
  /** `@name` → location. */
  readonly named?: ReadonlyMap<string, Location>
  readonly mergesSlashes?: boolean
}

export class VirtualServer {
  readonly name: string
  readonly location: Location
  readonly named: ReadonlyMap<string, Location>
  /** Empty segments of a path are left out. */
  readonly mergesSlashes: boolean
  private readonly locations: Locations

  constructor(options: VirtualServerOptions) {
    this.name = options.name
    this.location = options.location
    this.locations = options.locations ?? NO_LOCATIONS
    this.named = options.named ?? new Map()
    this.mergesSlashes = options.mergesSlashes ?? true
  }

  locate(x: Exchange): Location {
    return this.locations === NO_LOCATIONS ? this.location : (this.locations.find(x) ?? this.location)
  }
}

/** The servers of one listening address. */
export class Hosts {
  /** For requests whose host is nobody's name, and for those that name none. */
  readonly fallback: VirtualServer
  /** Is there nothing to choose? */
  readonly isSingle: boolean
  private readonly names: HostNames<VirtualServer>
  private readonly regexes: readonly (readonly [matcher: Matcher, server: VirtualServer])[]
  /** The name that the request before this one asked for, and what was found. */
  private lastHost: string | null = null
  private lastServer: VirtualServer

  constructor(
    fallback: VirtualServer,
    names: HostNames<VirtualServer> = new HostNames(),
    regexes: readonly (readonly [matcher: Matcher, server: VirtualServer])[] = [],
    isSingle = true,
  ) {
    this.fallback = fallback
    this.names = names
    this.regexes = regexes
    this.isSingle = isSingle
    this.lastServer = fallback
  }

  assign(x: Exchange): void {
    const { host } = x
    if (host === this.lastHost && !x.isTraced) {
      x.enterServer(this.lastServer)
      return
    }
    const named = this.names.find(host)
    if (named !== undefined) {
      if (x.isTraced) tellServer(x, named, `the host "${host}" is one of its names`)
      this.remember(host, named)
      x.enterServer(named)
      return
    }
    if (host !== '') {
      for (const [matcher, server] of this.regexes) {
        if (!matcher.match(x, host)) continue
        if (x.isTraced) tellServer(x, server, `the host "${host}" matches ~${matcher.source}`)
        // Not remembered: what it captured belongs to this exchange.
        x.enterServer(server)
        return
      }
    }
    if (x.isTraced) {
      const why = host === '' ? 'no host is asked for' : `the host "${host}" is nobody's name here`
      tellServer(x, this.fallback, `${why}, and it is the default`)
    }
    this.remember(host, this.fallback)
    x.enterServer(this.fallback)
  }

  private remember(host: string, server: VirtualServer): void {
    this.lastHost = host
    this.lastServer = server
  }
}

function tellServer(x: Exchange, { name, location }: VirtualServer, why: string): void {
  x.tell(`server ${name === '' ? 'without a name' : `"${name}"`}${whereIs(location)}: ${why}`)
}
