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
    const own = new Set<string>()
    for (const listen of listens) {
      const addresses = addressesOf(listen, this.resolve)
      if (addresses.length === 0) {
        this.context.problems.error(
          listen.place,
          `host not found in "${listen.text}" of the "listen" directive`,
          'expected a port, address:port, [IPv6]:port or unix:/path',
        )
      }
      for (const address of addresses) {
        const text = formatAddress(address)
        if (own.has(text)) {
          this.context.problems.error(
            listen.place,
            `a duplicate listen ${text}`,
            'a server listens on an address once',
          )
        } else this.take(this.gatheringOf(address, text), listen, one)
        own.add(text)
      }
    }
  }

  private gatheringOf(address: Address, text: string): Gathering {
    const known = this.gatherings.get(text)
    if (known !== undefined) return known
    const made: Gathering = {
      address,
      text,
      servers: [],
      fallback: null,
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
      )
    }
    gathering.fallback = one
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
    for (const { server, names: own } of gathering.servers) {
      for (const { text, place } of own) {
        if (regexOfName(text) !== null) {
          const matcher = this.matchers.at(place)
          if (matcher !== null) regexes.push([matcher, server])
          continue
        }
        const added = names.add(text, server)
        if (added === 'invalid') this.reportInvalid(text, place)
        else if (added === 'duplicate' && names.find(text) !== server) {
          this.context.problems.warn(
            place,
            `conflicting server name "${text}" on ${gathering.text}, ignored`,
            'another server has this name at this address, and answers',
          )
        }
      }
    }
    // What a name captures is wanted also where there is no choice.
    const isSingle = gathering.servers.length === 1 && regexes.length === 0
    return new Hosts(fallback, names, regexes, isSingle)
  }

  private reportInvalid(text: string, place: Place): void {
    this.context.problems.error(
      place,
      `server name "${text}" is invalid`,
      'a star stands for the whole first label, *.example.org, or the whole last one, www.example.*',
    )
  }
}

function isWildcard({ address }: Gathering): boolean {
  return 'host' in address && (address.host === '0.0.0.0' || address.host === '::')
}

function socketKey(address: Address): string {
  return 'port' in address ? `${address.family} ${address.port}` : address.path
}
