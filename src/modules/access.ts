/**
 * `allow` and `deny`: who may come, by address. The first rule that holds for the client decides; without one it may
 * (`ngx_http_access_module.c`).
 *
 * A block that has any rule has only its own; one without has those of the block outside.
 */

import type { Block } from '../config/block.ts'
import { type Call, listOf, oneOf } from '../config/directive.ts'
import { lineName } from '../config/source.ts'
import type { Address } from '../io/address.ts'
import { contains, hasLowBits, type Network, parseNetwork } from '../io/network.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'

/** null for everybody. */
type Clients = Network | null

const PLACES = ['http', 'server', 'location', 'limit_except']
const SYNTAX = 'address | CIDR | unix: | all'

const table = {
  allow: listOf<Clients>({
    in: PLACES,
    syntax: SYNTAX,
    takes: [1, 1],
    doc: 'Lets these clients in: an address, a network such as 192.0.2.0/24 or 2001:db8::/32, those of Unix sockets, or all. The first line of allow and deny that holds for a client decides.',
    read: readClients,
  }),
  deny: listOf<Clients>({
    in: PLACES,
    syntax: SYNTAX,
    takes: [1, 1],
    doc: 'Keeps these clients out, with 403.',
    read: readClients,
  }),
  satisfy: oneOf(['all', 'any'], {
    in: ['http', 'server', 'location'],
    initial: 'all',
    doc: 'Whether a client needs the consent of all who say something about access, or of one of them.',
    withoutEffect: 'allow and deny are the only ones that are here',
  }),
}

function readClients(call: Call): Clients | undefined {
  const text = call.text(0)
  if (text === 'all') return null
  const network = parseNetwork(text)
  if (network === null) return call.fail(0, `invalid parameter "${text}"`, adviceFor(text))
  if (hasLowBits(network)) {
    const expected = 'bits behind the prefix count for nothing: is it one address that is meant?'
    call.warn(0, `low address bits of ${text} are meaningless`, expected)
  }
  return network
}

function adviceFor(text: string): string {
  if (/^\[.*\]$/.test(text)) return `an address stands without brackets: ${text.slice(1, -1)}`
  return 'expected an address, a network such as 192.0.2.0/24, unix: or all; names are not looked up'
}

export const access = defineFeature({
  name: 'access',
  nginxModules: ['ngx_http_access_module'],
  table,
  bind(_settings, { block, site }): Module | null {
    const owner = ownerOf(block)
    if (owner === null) return null
    const known = site.shared('access', () => new Map<Block, Access>())
    const made = known.get(owner) ?? new Access(rulesOf(owner))
    known.set(owner, made)
    return made
  },
})

interface Rule {
  readonly isAllowed: boolean
  readonly clients: Clients
  /** As it is written, and where. */
  readonly words: string
}

function isRule(name: string): boolean {
  return name === 'allow' || name === 'deny'
}

/** The nearest block that has rules. */
function ownerOf(block: Block): Block | null {
  for (let one: Block | null = block; one !== null; one = one.parent) {
    if (one.has(table, 'allow') || one.has(table, 'deny')) return one
  }
  return null
}

/** Both directives in the order in which they stand. */
function rulesOf({ entries }: Block): Rule[] {
  return entries
    .filter(({ name }) => isRule(name))
    .map(({ name, value, directive }) => ({
      isAllowed: name === 'allow',
      clients: value as Clients,
      words: `${name} ${directive.args[0]!.text} (${lineName(directive.place)})`,
    }))
}

class Access implements Module {
  readonly name = 'access'
  private readonly rules: readonly Rule[]
  /** The client before this one: the requests of a connection have the same. */
  private lastPeer: Address | null = null
  private wasAllowed = true

  constructor(rules: readonly Rule[]) {
    this.rules = rules
  }

  access(x: Exchange): Outcome {
    const { peer } = x
    if (x.isTraced) this.tell(x)
    if (peer !== this.lastPeer) {
      this.lastPeer = peer
      this.wasAllowed = this.allows(peer)
    }
    if (this.wasAllowed) return DECLINED
    x.log.error('access forbidden by rule')
    x.fail(403)
    return HANDLED
  }

  private allows(peer: Address): boolean {
    return this.ruleFor(peer)?.isAllowed !== false
  }

  private ruleFor(peer: Address): Rule | undefined {
    return this.rules.find(({ clients }) => clients === null || contains(clients, peer))
  }

  private tell(x: Exchange): void {
    const rule = this.ruleFor(x.peer)
    const client = 'host' in x.peer ? x.peer.host : 'a client on this machine'
    x.tell(`access: ${rule === undefined ? 'no rule' : rule.words} holds for ${client}`)
  }
}
