/**
 * `upstream name { server …; }`: several peers behind one name (ngx_http_upstream_module).
 *
 *   upstreamsOf(site)                 the peers of all names
 *   upstreams.find('backend')         null when there is no block of this name
 *   upstreams.at('127.0.0.1:9000')    the same object for all who name the address
 *
 * Each worker counts failures and connections for itself.
 */

import type { Block } from '../config/block.ts'
import {
  blockRow,
  type Call,
  custom,
  listOf,
  readCount,
  readDurationMs,
  type SettingsOf,
} from '../config/directive.ts'
import { parseInteger, parseMilliseconds } from '../config/units.ts'
import { defineFeature, type SiteContext } from '../server/feature.ts'
import { KEEP_NONE, type KeepRules } from '../upstream/idle-connections.ts'
import { type PeerSpec, Peers } from '../upstream/peers.ts'
import { type PeerAddress, readPeerAddress } from './upstream-address.ts'

/** nginx's port of a `server` that names none, whatever is spoken there. */
const STANDARD_PORT = 80

const IN_UPSTREAM = ['upstream']

const table = {
  upstream: blockRow<string>({
    in: ['http'],
    syntax: 'name { … }',
    takes: [1, 1],
    block: 'upstream',
    doc: 'Servers behind one name, for `fastcgi_pass`, `scgi_pass` and `uwsgi_pass`. They are asked in turn, by their weights; one that fails rests for a while, and the request goes to the next. Each worker counts for itself.',
    read: call => call.text(0),
  }),
  server: listOf<readonly PeerSpec[]>({
    in: IN_UPSTREAM,
    syntax: 'address [parameters]',
    takes: [1, Number.POSITIVE_INFINITY],
    isInherited: false,
    doc: 'A server of the group: host and port (80 where none is named), or unix: and a path. `weight=n`: how often it is asked beside the others (1). `max_fails=n` within `fail_timeout=time`: then it rests for that time (1, 10s; 0: never). `max_conns=n`: connections at the same time, of each worker. `backup`: only when the others cannot be asked. `down`: not at all.',
    read: readServer,
  }),
  keepalive: custom<number>({
    in: IN_UPSTREAM,
    syntax: 'connections',
    takes: [1, 1],
    initial: 0,
    default: null,
    isInherited: false,
    doc: 'So many idle connections to all servers of the group are kept by each worker, those that were used last. For FastCGI, `fastcgi_keep_conn` has to be on.',
    read: call =>
      readCount(call, 0, 1, 1_000_000, `invalid value "${call.text(0)}" in "keepalive" directive`),
  }),
  keepalive_requests: custom<number>({
    in: IN_UPSTREAM,
    syntax: 'number',
    takes: [1, 1],
    initial: KEEP_NONE.requests,
    isInherited: false,
    doc: 'Of one connection to a server of the group; then it is closed.',
    read: call => readCount(call, 0, 0, Number.MAX_SAFE_INTEGER),
  }),
  keepalive_time: timeRow(
    KEEP_NONE.lifeMs,
    '1h',
    'The age after which a connection to a server of the group is closed.',
  ),
  keepalive_timeout: timeRow(
    KEEP_NONE.idleMs,
    '60s',
    'How long an idle connection to a server of the group is kept.',
  ),
}

function timeRow(initial: number, standard: string, doc: string) {
  return custom<number>({
    in: IN_UPSTREAM,
    syntax: 'timeout',
    takes: [1, 1],
    initial,
    default: standard,
    isInherited: false,
    doc,
    read: call => readDurationMs(call, 0),
  })
}

type Settings = SettingsOf<typeof table>

export const upstreamBlock = defineFeature({
  name: 'upstream',
  nginxModules: ['ngx_http_upstream_module', 'ngx_http_upstream_keepalive_module'],
  table,
  declare(site) {
    const upstreams = upstreamsOf(site)
    for (const block of site.http.blocks('upstream')) upstreams.define(block, site)
  },
})

// The rows of `server`

function readServer(call: Call): readonly PeerSpec[] | undefined {
  const addresses = readPeerAddress(call.text(0), STANDARD_PORT)
  if ('summary' in addresses) return call.fail(0, addresses.summary, addresses.expected)
  const parameters = { weight: 1, max_fails: 1, fail_timeout: 10_000, max_conns: 0, backup: 0, down: 0 }
  for (let i = 1; i < call.args.length; i++) if (!readParameter(call, i, parameters)) return undefined
  return addresses.map(one => specOf(one, parameters))
}

interface Parameters {
  weight: number
  max_fails: number
  fail_timeout: number
  max_conns: number
  backup: number
  down: number
}

function readParameter(call: Call, index: number, to: Parameters): boolean {
  const text = call.text(index)
  const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? []
  const number =
    value === undefined ? 1 : name === 'fail_timeout' ? parseMilliseconds(value) : parseInteger(value)
  const isWord = name === 'backup' || name === 'down'
  const isKnown = Object.hasOwn(to, name) && isWord === (value === undefined)
  if (isKnown && number !== null && (name !== 'weight' || number > 0)) {
    to[name as keyof Parameters] = number
    return true
  }
  call.fail(
    index,
    `invalid parameter "${text}"`,
    'a server takes weight=number, max_fails=number, fail_timeout=time, max_conns=number, backup and down',
  )
  return false
}

function specOf({ name, address }: PeerAddress, parameters: Parameters): PeerSpec {
  return {
    name,
    address,
    weight: parameters.weight,
    maxFails: parameters.max_fails,
    failTimeoutMs: parameters.fail_timeout,
    maxConnections: parameters.max_conns,
    isBackup: parameters.backup === 1,
    isDown: parameters.down === 1,
  }
}

/** Of an address that stands for itself. */
const ALONE: Parameters = { weight: 1, max_fails: 1, fail_timeout: 10_000, max_conns: 0, backup: 0, down: 0 }

/**
 * Where no block says how many connections are kept. A process of PHP that waits for the next request on a connection answers nobody else,
 * so they are few, and not for long.
 */
const KEEP_SOME: KeepRules = { ...KEEP_NONE, most: 8, idleMs: 10_000 }

const MOST_FROM_REQUESTS = 64

export class Upstreams {
  private readonly named = new Map<string, Peers>()
  private readonly addressed = new Map<string, Peers>()
  private readonly fromRequests = new Map<string, Peers>()

  find(name: string): Peers | null {
    return this.named.get(name) ?? null
  }

  /** @param addresses what `text` was read as */
  at(text: string, addresses: readonly PeerAddress[]): Peers {
    const known = this.addressed.get(text)
    if (known !== undefined) return known
    const specs = addresses.map(one => specOf(one, ALONE))
    const peers = new Peers(text, specs, KEEP_SOME)
    this.addressed.set(text, peers)
    return peers
  }

  /** As `at`, for an address that only a request has named: of these, few are remembered. */
  passing(text: string, addresses: readonly PeerAddress[]): Peers {
    const known = this.addressed.get(text) ?? this.fromRequests.get(text)
    if (known !== undefined) return known
    if (this.fromRequests.size === MOST_FROM_REQUESTS) this.forget()
    const peers = new Peers(
      text,
      addresses.map(one => specOf(one, ALONE)),
      KEEP_SOME,
    )
    this.fromRequests.set(text, peers)
    return peers
  }

  close(): void {
    this.forget()
    for (const peers of [...this.named.values(), ...this.addressed.values()]) peers.close()
  }

  private forget(): void {
    for (const peers of this.fromRequests.values()) peers.close()
    this.fromRequests.clear()
  }

  define(block: Block, { problems }: SiteContext): void {
    const name = block.value as string
    const settings: Settings = block.settings(table)
    const specs = settings.server.flat()
    const { place } = block.directive!.args[0]!
    if (this.named.has(name)) problems.error(place, `duplicate upstream "${name}"`, 'each name stands once')
    if (specs.length === 0 && !block.directive!.block!.some(one => one.name === 'server')) {
      problems.error(
        place,
        'no servers are inside upstream',
        'it needs at least one line such as: server 127.0.0.1:9000;',
      )
    } else if (specs.length > 0 && specs.every(({ isBackup }) => isBackup)) {
      problems.error(place, `no servers in upstream "${name}"`, 'at least one of them is no backup')
    }
    this.named.set(name, new Peers(name, specs, keepRulesOf(settings)))
  }
}

function keepRulesOf(settings: Settings): KeepRules {
  return {
    most: settings.keepalive,
    requests: settings.keepalive_requests,
    lifeMs: settings.keepalive_time,
    idleMs: settings.keepalive_timeout,
  }
}

export function upstreamsOf(site: SiteContext): Upstreams {
  return site.shared('upstreams', () => new Upstreams())
}
