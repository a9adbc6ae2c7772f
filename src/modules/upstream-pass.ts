/**
 * `fastcgi_pass`, `scgi_pass`, `uwsgi_pass`: what the three have in common once their settings are read.
 *
 *   bindPass(place, settings, protocol)     the module of a block; null where nothing is passed on
 */

import type { Block } from '../config/block.ts'
import type { SettingsOf, Table } from '../config/directive.ts'
import { ENOENT } from '../errno.ts'
import type { Exchange } from '../server/exchange.ts'
import type { BindPlace, SiteContext } from '../server/feature.ts'
import { HANDLED, type Module, type Outcome } from '../server/module.ts'
import type { Value } from '../server/variables.ts'
import type { CgiRules } from '../upstream/cgi-response.ts'
import { callLimits } from '../upstream/peer-call.ts'
import type { Peers } from '../upstream/peers.ts'
import type { Dialogue } from '../upstream/wire.ts'
import { contentStoreAt } from './client-body.ts'
import { HIDDEN_FIELDS, type RelayRules } from './relayed-answer.ts'
import { temporaryFoldersOf } from './temporary-folders.ts'
import { readPeerAddress } from './upstream-address.ts'
import { type Upstreams, upstreamsOf } from './upstream-block.ts'
import { UpstreamExchange } from './upstream-exchange.ts'
import { UpstreamParams } from './upstream-params.ts'
import type { UpstreamPlan } from './upstream-plan.ts'
import { type PassRule, type UpstreamSettings, withoutPrefix } from './upstream-rows.ts'

/** What differs. */
export interface Protocol {
  /** Of its directives, and in logs: `fastcgi`. */
  readonly scheme: string
  readonly dialogue: Dialogue
  /** Connections are kept for the next request, where there is room for them. */
  readonly keepsOpen: boolean
  readonly caught: readonly string[]
}

/** As in nginx, an `if` or `limit_except` has what the location around it is passed to. */
export function passAt<T extends Table>(
  { block, kind }: BindPlace,
  table: T,
  passOf: (settings: SettingsOf<T>) => PassRule | null,
): PassRule | null {
  const own = passOf(block.settings(table))
  const isPart = kind === 'if' || kind === 'limit_except'
  return own ?? (isPart ? passOutside(block, table, passOf) : null)
}

function passOutside<T extends Table>(
  { parent }: Block,
  table: T,
  passOf: (settings: SettingsOf<T>) => PassRule | null,
): PassRule | null {
  return parent === null || parent.context === 'server' ? null : passOf(parent.settings(table))
}

export function bindPass(
  place: BindPlace,
  settings: object,
  pass: PassRule,
  protocol: Protocol,
): Module | null {
  const { site } = place
  const plan = planOf(place, withoutPrefix(settings, protocol.scheme), protocol)
  const upstreams = upstreamsOf(site)
  const peers = peersOf(pass, upstreams, site)
  if (peers === undefined) return null
  return peers === null
    ? new VariablePass(protocol, plan, site.compile(pass.target), upstreams)
    : new FixedPass(protocol, plan, peers)
}

/** @returns null when it is known with the request only; undefined when it is wrong */
function peersOf(
  { target, addresses }: PassRule,
  upstreams: Upstreams,
  site: SiteContext,
): Peers | null | undefined {
  if (!target.parts.every(part => typeof part === 'string')) return null
  const text = withoutScheme(target.text)
  if (addresses !== null) return upstreams.at(text, addresses)
  const named = upstreams.find(text)
  if (named !== null) return named
  const mistake = readPeerAddress(text, null)
  if ('summary' in mistake) {
    const expected = `${mistake.expected}, or the name of an "upstream" block`
    site.problems.error(target.place, mistake.summary, expected)
  }
  return undefined
}

function withoutScheme(text: string): string {
  return text.replace(/^uwsgi:\/\//, '')
}

function planOf(place: BindPlace, settings: UpstreamSettings, protocol: Protocol): UpstreamPlan {
  const { scheme, dialogue, keepsOpen, caught } = protocol
  const head: CgiRules = { headBytes: settings.buffer_size, mayHaveStatusLine: true, mayBeEmpty: true }
  return {
    scheme,
    dialogue,
    params: new UpstreamParams(settings.param, place.site),
    call: {
      connectTimeoutMs: settings.connect_timeout,
      readTimeoutMs: settings.read_timeout,
      limits: callLimits(settings.send_timeout),
      from: settings.bind === 'off' ? null : settings.bind,
      keepAlive: settings.socket_keepalive,
      keepsOpen,
    },
    relay: relayRulesOf(settings, head),
    head,
    isBuffered: settings.buffering,
    heedsBuffering: !settings.ignore_headers.includes('x-accel-buffering'),
    spool: spoolOf(place, settings, scheme),
    next: settings.next_upstream.has('off') ? new Set() : settings.next_upstream,
    nextTries: settings.next_upstream_tries,
    nextTimeoutMs: settings.next_upstream_timeout,
    ignoresAbort: settings.ignore_client_abort,
    store: contentStoreAt(place),
    storesContent: settings.request_buffering,
    passesContent: settings.pass_request_body,
    passesFields: settings.pass_request_headers,
    caught,
  }
}

function relayRulesOf(settings: UpstreamSettings, head: CgiRules): RelayRules {
  const shown = new Set(settings.pass_header)
  const hidden = [...HIDDEN_FIELDS, ...settings.hide_header].filter(name => !shown.has(name))
  return {
    hidden: new Set(hidden),
    ignored: new Set(settings.ignore_headers),
    interceptsErrors: settings.intercept_errors,
    redirectsLocally: false,
    head,
  }
}

function spoolOf({ site }: BindPlace, settings: UpstreamSettings, scheme: string): UpstreamPlan['spool'] {
  const { temp_path: path, buffers, max_temp_file_size: fileBytes } = settings
  const memoryBytes = buffers.count * buffers.sizeBytes
  // A folder that nothing is written to need not be there.
  if (fileBytes === 0) return { memoryBytes, fileBytes, open: () => -ENOENT }
  const folders = temporaryFoldersOf(site)
  const folder = path === null ? folders.standard(site, `${scheme}_temp`) : folders.at(path)
  return { memoryBytes, fileBytes, open: () => folder.open() }
}

abstract class Pass implements Module {
  readonly name: string
  readonly takesAnyMethod = true
  readonly addsSlash = true
  protected readonly plan: UpstreamPlan

  constructor({ scheme }: Protocol, plan: UpstreamPlan) {
    this.name = scheme
    this.plan = plan
  }

  content(x: Exchange): Outcome {
    const peers = this.peersFor(x)
    if (peers === null) x.fail(502)
    else if (x.isRehearsal) x.rehearse(`asks ${this.plan.scheme}://${peers.name}`)
    else new UpstreamExchange(x, this.plan, peers).begin()
    return HANDLED
  }

  abstract peersFor(x: Exchange): Peers | null
}

class FixedPass extends Pass {
  private readonly peers: Peers

  constructor(protocol: Protocol, plan: UpstreamPlan, peers: Peers) {
    super(protocol, plan)
    this.peers = peers
  }

  peersFor(): Peers {
    return this.peers
  }

  close(): void {
    this.peers.close()
  }
}

/** What the request's variables come to is looked up for each request; names of hosts are not. */
class VariablePass extends Pass {
  private readonly target: Value
  private readonly upstreams: Upstreams

  constructor(protocol: Protocol, plan: UpstreamPlan, target: Value, upstreams: Upstreams) {
    super(protocol, plan)
    this.target = target
    this.upstreams = upstreams
  }

  peersFor(x: Exchange): Peers | null {
    const text = withoutScheme(this.target.of(x))
    return this.upstreams.find(text) ?? this.addressed(x, text)
  }

  private addressed(x: Exchange, text: string): Peers | null {
    const isName = !text.startsWith('unix:') && !/^(\[.*\]|[\d.]+):/.test(text)
    const addresses = isName ? null : readPeerAddress(text, null)
    if (addresses !== null && !('summary' in addresses)) return this.upstreams.passing(text, addresses)
    const words = isName ? `no resolver defined to resolve ${text.replace(/:\d*$/, '')}` : addresses!.summary
    x.log.error(words)
    return null
  }

  close(): void {
    this.upstreams.close()
  }
}
