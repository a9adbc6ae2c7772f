/**
 * The addresses at which the servers of a site listen: who answers at each, and which sockets that takes.
 *
 *   const endpoints = new Endpoints(context, matchers, resolve)
 *   endpoints.add(server, listens, names)     for each server block, in the order of the file
 *   endpoints.sockets()                       what is to be opened, and who answers there
 *
 * An address of its own and the same port on every address share the socket of the latter; who is meant is then told by the address
 * that a connection came to (ngx_http_init_listening). Several servers at one address are told apart by their names.
 */

import type { Block } from '../config/block.ts'
import type { Place } from '../config/source.ts'
import { type Address, formatAddress } from '../io/address.ts'
import type { ListenOptions } from '../io/listen-options.ts'
import { type Endpoint, HeadPool } from '../server/endpoint.ts'
import { HostNames } from '../server/host-names.ts'
import type { Matcher } from '../server/matcher.ts'
import { Hosts, type VirtualServer } from '../server/routing.ts'
import type { ServerName } from './blocks.ts'
import type { Context } from './context.ts'
import { headLimitsOf, headTable } from './limits.ts'
import { addressesOf, type Listen } from './listen.ts'
import { type Matchers, regexOfName } from './matchers.ts'
import { warnOfFirst } from './traps.ts'

export interface SiteSocket {
  readonly address: Address
  readonly options: ListenOptions
  readonly endpoint: Endpoint
  /** For connections that came to one of these addresses, by `formatAddress`; null when there are none. */
  readonly others: ReadonlyMap<string, Endpoint> | null
}

export interface ServerAtAddress {
  readonly server: VirtualServer
  readonly block: Block
  readonly names: readonly ServerName[]
}

/** One address and port. */
interface Gathering {
  readonly address: Address
  readonly text: string
  readonly servers: ServerAtAddress[]
  fallback: ServerAtAddress | null
  fallbackAt: Place | null
  options: ListenOptions
  optionsAt: Place | null
  isBound: boolean
  speaksProxyProtocol: boolean
}

export class Endpoints {
  private readonly context: Context
  private readonly matchers: Matchers
  private readonly resolve: (name: string) => readonly string[]
  private readonly gatherings = new Map<string, Gathering>()

  constructor(context: Context, matchers: Matchers, resolve: (name: string) => readonly string[]) {
    this.context = context
    this.matchers = matchers
    this.resolve = resolve
  }

  add(one: ServerAtAddress, listens: readonly Listen[]): void {
    /** Address → where it was first listened on. */
    const own = new Map<string, Place>()
    for (const listen of listens) {
      const addresses = addressesOf(listen, this.resolve)
      if (addresses.length === 0) this.reportNoHost(listen)
      for (const address of addresses) {
        const text = formatAddress(address)
        const first = own.get(text)
        if (first !== undefined) {
          this.reportTwice(listen, text, first)
          break
        }
        own.set(text, listen.place)
        this.take(this.gatheringOf(address, text), listen, one)
      }
    }
  }

  private reportNoHost({ place, text }: Listen): void {
    this.context.problems.error(
      place,
      `host not found in "${text}" of the "listen" directive`,
      'expected a port, address:port, [IPv6]:port or unix:/path; a name is asked for when the configuration is read',
    )
  }

  private reportTwice({ place }: Listen, address: string, first: Place): void {
    const isSpelling = place.source.text.slice(place.offset, place.offset + place.length) !== address
    this.context.problems.error(
      place,
      `a duplicate listen ${address}`,
      `a server listens on an address once${isSpelling ? `, however it is written: this is ${address} too` : ''}`,
      [{ words: 'the first one is here', place: first }],
    )
  }

  private gatheringOf(address: Address, text: string): Gathering {
    const known = this.gatherings.get(text)
    if (known !== undefined) return known
    const made: Gathering = {
      address,
      text,
      servers: [],
      fallback: null,
      fallbackAt: null,
      options: {},
      optionsAt: null,
      isBound: false,
      speaksProxyProtocol: false,
    }
    this.gatherings.set(text, made)
    return made
  }

  private take(gathering: Gathering, listen: Listen, one: ServerAtAddress): void {
    const { problems } = this.context
    gathering.servers.push(one)
    gathering.isBound ||= listen.isBound
    gathering.speaksProxyProtocol ||= listen.speaksProxyProtocol
    if (listen.setsOptions) {
      if (gathering.optionsAt !== null) {
        problems.error(
          listen.place,
          `duplicate listen options for ${gathering.text}`,
          'options of a socket are given once, by one of the servers that share it',
          [{ words: 'the first ones are here', place: gathering.optionsAt }],
        )
      }
      gathering.optionsAt = listen.place
      gathering.options = listen.options
    } else if (gathering.optionsAt === null) gathering.options = { ...listen.options, ...gathering.options }
    if (!listen.isDefault) return
    if (gathering.fallback !== null) {
      problems.error(
        listen.place,
        `a duplicate default server for ${gathering.text}`,
        "one server answers for the hosts that are nobody's name",
        [{ words: 'the first one is here', place: gathering.fallbackAt! }],
      )
    }
    gathering.fallback = one
    gathering.fallbackAt = listen.place
  }

  sockets(): SiteSocket[] {
    const all = [...this.gatherings.values()]
    const wildcards = new Map(all.filter(isWildcard).map(one => [socketKey(one.address), one] as const))
    const shared = new Map<Gathering, Map<string, Endpoint>>()
    const own: Gathering[] = []
    for (const one of all) {
      const wildcard = wildcards.get(socketKey(one.address))
      if (wildcard === undefined || wildcard === one || one.isBound) own.push(one)
      else {
        const others = shared.get(wildcard) ?? new Map<string, Endpoint>()
        shared.set(wildcard, others.set(one.text, this.endpointOf(one)))
      }
    }
    return own.map(one => ({
      address: one.address,
      options: one.options,
      endpoint: this.endpointOf(one),
      others: shared.get(one) ?? null,
    }))
  }

  /** Once all else is right: where nobody is said to answer for unknown hosts. */
  warnOfDefaults(): void {
    for (const { text, servers, fallback } of this.gatherings.values()) {
      if (fallback === null) warnOfFirst(text, servers, this.context.problems)
    }
  }

  private endpointOf(gathering: Gathering): Endpoint {
    const fallback = gathering.fallback ?? gathering.servers[0]!
    const settings = fallback.block.settings(headTable)
    return {
      hosts: this.hostsOf(gathering, fallback.server),
      heads: new HeadPool(headLimitsOf(settings)),
      headTimeoutMs: settings.client_header_timeout,
      speaksProxyProtocol: gathering.speaksProxyProtocol,
    }
  }

  private hostsOf(gathering: Gathering, fallback: VirtualServer): Hosts {
    const names = new HostNames<VirtualServer>()
    const regexes: (readonly [Matcher, VirtualServer])[] = []
    /** Name → where it was first given. */
    const places = new Map<string, Place>()
    const isSingle = gathering.servers.length === 1
    for (const { server, names: own } of gathering.servers) {
      for (const name of own) {
        if (regexOfName(name.text) !== null) {
          const matcher = this.matchers.at(name.place)
          if (matcher !== null) regexes.push([matcher, server])
          continue
        }
        const added = names.add(name.text, server)
        if (added === 'ok') places.set(name.text.toLowerCase(), name.place)
        else if (added === 'invalid') this.reportInvalid(name, gathering, isSingle)
        else if (names.find(name.text.toLowerCase()) !== server) this.reportConflict(name, gathering, places)
      }
    }
    // What a name captures is wanted also where there is no choice.
    return new Hosts(fallback, names, regexes, isSingle && regexes.length === 0)
  }

  private reportConflict(
    { text, place }: ServerName,
    { text: address }: Gathering,
    places: Map<string, Place>,
  ): void {
    const first = places.get(text.toLowerCase())
    const who = text === '' ? 'without a name' : 'of this name'
    this.context.problems.warn(
      place,
      `conflicting server name "${text}" on ${address}, ignored`,
      `another server ${who} is at this address, and answers`,
      first === undefined ? [] : [{ words: 'the first one is here', place: first }],
    )
  }

  /** A single server answers to all names, so nginx does not look at them. */
  private reportInvalid({ text, place }: ServerName, { text: address }: Gathering, isSingle: boolean): void {
    const expected = text.includes('..')
      ? 'between two dots stands a label'
      : 'a star stands for the whole first label, *.example.org, or the whole last one, www.example.*'
    const summary = `invalid server name or wildcard "${text}" on ${address}`
    if (isSingle) this.context.problems.warn(place, summary, expected)
    else this.context.problems.error(place, summary, expected)
  }
}

function isWildcard({ address }: Gathering): boolean {
  return 'host' in address && (address.host === '0.0.0.0' || address.host === '::')
}

function socketKey(address: Address): string {
  return 'port' in address ? `${address.family} ${address.port}` : address.path
}
