/**
 * `geo`: a variable whose value depends on an address, by default the client's (`ngx_http_geo_module.c`).
 *
 * An address that cannot be had, of a client by a Unix socket or from a variable that holds none, counts as 255.255.255.255.
 */

import { isIP } from 'node:net'
import { blockRow, type Call } from '../config/directive.ts'
import type { Directive } from '../config/parser.ts'
import type { Place } from '../config/source.ts'
import { type Address, inetAddress } from '../io/address.ts'
import { hasLowBits, type Network, parseNetwork } from '../io/network.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature, type SiteContext } from '../server/feature.ts'
import type { Getter } from '../server/variables.ts'
import { AddressRanges, parseAddressRange, rangeText } from './address-ranges.ts'
import { checkRow, type DefinedVariable, defineVariable, readVariableName } from './defined-variable.ts'
import { forwardedAddress } from './forwarded-address.ts'
import { addressKey, NetworkTable } from './network-table.ts'

/** Values by the key of an address (network-table.ts). */
type Lookup = (key: string) => string

interface GeoRule extends DefinedVariable {
  /** The variable that holds the address, and where it is named; null for the client's. */
  readonly source: { readonly name: string; readonly place: Place } | null
  readonly lookup: Lookup
  /** Whose X-Forwarded-For is believed. */
  readonly proxies: readonly Network[]
  readonly isRecursive: boolean
}

const table = {
  geo: blockRow<GeoRule>({
    in: ['http'],
    syntax: '[$address] $variable { network value; ... }',
    takes: [1, 2],
    block: 'rows',
    doc: 'Defines the variable by an address: the client’s, or the one that another variable holds. A line gives the value of a network such as 192.0.2.0/24 or 2001:db8::/32, and the smallest network that the address is in decides. default is the value of all others; without it that is empty. delete takes a network out again, for lines that were read from a file: include. With the line ranges, which stands first, lines are ranges of IPv4 addresses, 192.0.2.0-192.0.2.63, and a later range may lie within an earlier one. With lines proxy network, a client in these networks is a proxy, and the address is the last one of its X-Forwarded-For; with proxy_recursive the last one that is no such proxy. volatile: computed each time anew, otherwise once for a request. Values are texts without variables. Addresses that cannot be had count as 255.255.255.255.',
    read: readGeo,
  }),
}

export const geo = defineFeature({
  name: 'geo',
  nginxModules: ['ngx_http_geo_module'],
  table,
  declare(site) {
    for (const rule of site.http.settings(table).geo) defineVariable(site, rule, getterOf(rule, site))
  },
})

// Reading

function readGeo(call: Call): GeoRule | undefined {
  const isOfOther = call.args.length === 2
  const sourceName = isOfOther ? readVariableName(call, 0) : null
  const name = readVariableName(call, isOfOther ? 1 : 0)
  const lines = new GeoLines(call)
  for (const row of call.rows) lines.take(row)
  if (name === undefined || sourceName === undefined) return undefined
  const source = sourceName === null ? null : { name: sourceName, place: call.args[0]!.place }
  const doc = `Defined with geo, by ${source === null ? 'the address of the client' : `$${sourceName}`}.`
  const { proxies, isRecursive, isVolatile } = lines
  const { place } = call.args.at(-1)!
  return { name, place, doc, isVolatile, source, lookup: lines.lookup(), proxies, isRecursive }
}

class GeoLines {
  readonly proxies: Network[] = []
  isRecursive = false
  isVolatile = false
  private readonly call: Call
  private entries: Entries | null = null

  constructor(call: Call) {
    this.call = call
  }

  lookup(): Lookup {
    return this.entries?.lookup() ?? (() => '')
  }

  take(row: Directive): void {
    if (row.args.length === 0 && row.block === null && this.takeWord(row)) return
    if (!checkRow(this.call, row, 'geo')) return
    const { name, args, place } = row
    const { text, place: valuePlace } = args[0]!
    if (name === 'proxy') this.takeProxy(text, valuePlace)
    else {
      this.entries ??= new NetworkEntries(this.call)
      if (name === 'default') this.entries.setDefault(text, place)
      else if (name === 'delete') this.entries.delete(text, valuePlace)
      else this.entries.set(name, text, place)
    }
  }

  private takeWord({ name, place }: Directive): boolean {
    if (name === 'proxy_recursive') this.isRecursive = true
    else if (name === 'volatile') this.isVolatile = true
    else if (name === 'ranges') this.beginRanges(place)
    else return false
    return true
  }

  private beginRanges(place: Place): void {
    if (this.entries === null) this.entries = new RangeEntries(this.call)
    else if (this.entries instanceof NetworkEntries) {
      this.call.fail(
        place,
        'the "ranges" directive must be the first directive inside "geo" block',
        'put it before the lines that are to be read as ranges',
      )
    }
  }

  private takeProxy(text: string, place: Place): void {
    const network = readNetwork(this.call, text, place)
    if (network !== null) this.proxies.push(network)
  }
}

interface Entries {
  setDefault(value: string, place: Place): void
  set(text: string, value: string, place: Place): void
  delete(text: string, place: Place): void
  lookup(): Lookup
}

class NetworkEntries implements Entries {
  private readonly call: Call
  private readonly networks = new NetworkTable<string>()

  constructor(call: Call) {
    this.call = call
  }

  /** The default is the value of the two networks that hold all addresses. */
  setDefault(value: string, place: Place): void {
    const [four, six] = EVERYBODY.map(network => this.networks.set(network, value))
    this.warnOfTwo('default', value, four ?? six, place)
  }

  set(text: string, value: string, place: Place): void {
    const network = readNetwork(this.call, text, place)
    if (network !== null) this.warnOfTwo(text, value, this.networks.set(network, value), place)
  }

  private warnOfTwo(text: string, value: string, old: string | undefined, place: Place): void {
    if (old === undefined) return
    this.call.warn(
      place,
      `duplicate network "${text}", value: "${value}", old value: "${old}"`,
      'the later line holds',
    )
  }

  delete(text: string, place: Place): void {
    const network = readNetwork(this.call, text, place)
    if (network !== null && !this.networks.delete(network)) {
      const expected = 'only a network that a line before has given, as it is, can be deleted'
      this.call.warn(place, `no network "${text}" to delete`, expected)
    }
  }

  lookup(): Lookup {
    const lookup = this.networks.lookup()
    return key => lookup.find(key) ?? ''
  }
}

const EVERYBODY = ['0.0.0.0/0', '::/0'].map(text => parseNetwork(text)!)

class RangeEntries implements Entries {
  private readonly call: Call
  private readonly ranges = new AddressRanges<string>()
  private fallback: string | null = null

  constructor(call: Call) {
    this.call = call
  }

  setDefault(value: string, place: Place): void {
    if (this.fallback !== null) {
      const summary = `duplicate default geo range value: "${value}", old value: "${this.fallback}"`
      this.call.warn(place, summary, 'the later line holds')
    }
    this.fallback = value
  }

  set(text: string, value: string, place: Place): void {
    const range = this.read(text, place)
    if (range === null) return
    const added = this.ranges.add(range, value)
    if (added.kind === 'replaced') {
      const summary = `duplicate range "${text}", value: "${value}", old value: "${added.old}"`
      this.call.warn(place, summary, 'the later line holds')
    } else if (added.kind === 'overlap') {
      const expected = 'a later range may lie within an earlier one, but not reach beyond it'
      this.call.fail(place, `range "${text}" overlaps "${rangeText(added.other)}"`, expected)
    }
  }

  delete(text: string, place: Place): void {
    const range = this.read(text, place)
    if (range !== null && !this.ranges.delete(range)) {
      const expected = 'only a range that a line before has given, as it is, can be deleted'
      this.call.warn(place, `no address range "${text}" to delete`, expected)
    }
  }

  private read(text: string, place: Place): ReturnType<typeof parseAddressRange> {
    const range = parseAddressRange(text)
    if (range === null) this.call.fail(place, `invalid range "${text}"`, rangeAdvice(text))
    return range
  }

  lookup(): Lookup {
    const { ranges } = this
    const fallback = this.fallback ?? ''
    // The line of IPv4 addresses is all that there is; others stand at its end.
    return key => ranges.find(key.length === 4 ? numberOfKey(key) : 0xffffffff) ?? fallback
  }
}

function rangeAdvice(text: string): string {
  if (text.includes(':')) return 'ranges are of IPv4 addresses; networks of IPv6 need a geo without "ranges"'
  if (text.includes('/')) return 'behind "ranges", lines are ranges: 192.0.2.0-192.0.2.255'
  return 'expected two IPv4 addresses, the lower first: 192.0.2.0-192.0.2.255'
}

function numberOfKey(key: string): number {
  return [...key].reduce((number, char) => number * 256 + char.charCodeAt(0), 0)
}

function readNetwork(call: Call, text: string, place: Place): Network | null {
  const network = text === 'unix:' ? null : parseNetwork(text)
  if (network === null) {
    call.fail(
      place,
      `invalid network "${text}"`,
      parseAddressRange(text) === null
        ? 'expected an address or a network such as 192.0.2.0/24; names are not looked up'
        : 'ranges can be given behind the line "ranges;", which stands first',
    )
  } else if (hasLowBits(network)) {
    const expected = 'bits behind the prefix count for nothing: is it one address that is meant?'
    call.warn(place, `low address bits of ${text} are meaningless`, expected)
  }
  return network
}

// Looking up

/** What nginx's INADDR_NONE comes to. */
const NO_ADDRESS = '\xff\xff\xff\xff'

function getterOf({ source, lookup, proxies, isRecursive }: GeoRule, site: SiteContext): Getter {
  if (source === null && proxies.length === 0) return ofClient(lookup)
  const addressOf = source === null ? (x: Exchange) => x.peer : compileAddress(source, site)
  return x => {
    const address = addressOf(x)
    return lookup(address === null ? NO_ADDRESS : keyOf(forwardedAddress(x, address, proxies, isRecursive)))
  }
}

function keyOf(address: Address): string {
  return addressKey(address) || NO_ADDRESS
}

/** The requests of a connection have one client: it is looked up once. */
function ofClient(lookup: Lookup): Getter {
  let last: Address | null = null
  let value = ''
  return ({ peer }) => {
    if (peer !== last) {
      last = peer
      value = lookup(keyOf(peer))
    }
    return value
  }
}

function compileAddress(
  { name, place }: { readonly name: string; readonly place: Place },
  site: SiteContext,
): (x: Exchange) => Address | null {
  const value = site.compile({ text: `$${name}`, parts: [{ variable: name }], place })
  return x => {
    const text = value.of(x)
    return isIP(text) === 0 || text.includes('%') ? null : inetAddress(text, 0)
  }
}
