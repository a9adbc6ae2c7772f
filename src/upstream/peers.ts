/**
 * The servers behind one name, and whose turn it is: weighted round robin, with a rest for those that fail
 * (`ngx_http_upstream_round_robin.c`).
 *
 *   const peers = new Peers('backend', specs, KEEP_NONE)
 *   peers.choose(tried, now)      the next one that was not tried yet, or null when there is none
 *   peers.failed(peer, now)       it did not answer: after `maxFails` within `failTimeoutMs` it rests for that long
 *   peers.succeeded(peer)
 *   peers.idle                    connections that are kept for the next request
 *
 * The smooth kind of round robin: each choice adds to every peer its weight and takes the sum of all from the one that is chosen, so
 * that a peer of weight 5 beside two of weight 1 gets a a b a c a a and not a a a a a b c. Who fails weighs less for a while.
 *
 * Backups are asked when no other is left. A peer that is alone never rests: there would be nobody else to ask. Each worker counts for
 * itself.
 */

import type { Address } from '../io/address.ts'
import { IdleConnections, type KeepRules } from './idle-connections.ts'

export interface PeerSpec {
  /** As logs and `$upstream_addr` tell it: `127.0.0.1:9000`, `unix:/run/app.sock`. */
  readonly name: string
  readonly address: Address
  readonly weight: number
  /** 0: it never rests. */
  readonly maxFails: number
  readonly failTimeoutMs: number
  /** At the same time, by this worker; 0 for no limit. */
  readonly maxConnections: number
  readonly isBackup: boolean
  readonly isDown: boolean
}

export class Peer {
  readonly spec: PeerSpec
  /** In use, by this worker. */
  connections = 0
  /** Of these, how many have not got a byte of an answer. */
  unanswered = 0
  fails = 0
  /** When it last failed; when the time began for which fails are counted. */
  failedAt = Number.NEGATIVE_INFINITY
  checkedAt = Number.NEGATIVE_INFINITY
  /** Below `weight` for a while after a failure. */
  effectiveWeight: number
  currentWeight = 0

  constructor(spec: PeerSpec) {
    this.spec = spec
    this.effectiveWeight = spec.weight
  }
}

export class Peers {
  /** Of the `upstream` block, or the address. */
  readonly name: string
  readonly idle: IdleConnections
  private readonly primaries: readonly Peer[]
  private readonly backups: readonly Peer[]

  constructor(name: string, specs: readonly PeerSpec[], keep: KeepRules) {
    this.name = name
    this.idle = new IdleConnections(keep)
    this.primaries = specs.filter(({ isBackup }) => !isBackup).map(spec => new Peer(spec))
    this.backups = specs.filter(({ isBackup }) => isBackup).map(spec => new Peer(spec))
  }

  /** How many there are to be tried for one request. */
  get count(): number {
    return [...this.primaries, ...this.backups].filter(({ spec }) => !spec.isDown).length
  }

  /** @param now milliseconds of the loop's clock */
  choose(tried: ReadonlySet<Peer>, now: number): Peer | null {
    return this.among(this.primaries, tried, now) ?? this.among(this.backups, tried, now)
  }

  private among(peers: readonly Peer[], tried: ReadonlySet<Peer>, now: number): Peer | null {
    let best: Peer | null = null
    let sum = 0
    for (const peer of peers) {
      if (tried.has(peer) || !this.mayBeAsked(peer, now)) continue
      const { weight } = peer.spec
      peer.currentWeight += peer.effectiveWeight
      sum += peer.effectiveWeight
      if (peer.effectiveWeight < weight) peer.effectiveWeight++
      if (best === null || peer.currentWeight > best.currentWeight) best = peer
    }
    if (best === null) return null
    best.currentWeight -= sum
    if (now - best.checkedAt > best.spec.failTimeoutMs) best.checkedAt = now
    return best
  }

  private mayBeAsked({ spec, fails, checkedAt, connections }: Peer, now: number): boolean {
    if (spec.isDown) return false
    if (spec.maxConnections > 0 && connections >= spec.maxConnections) return false
    return (
      this.isAlone || spec.maxFails === 0 || fails < spec.maxFails || now - checkedAt > spec.failTimeoutMs
    )
  }

  private get isAlone(): boolean {
    return this.primaries.length + this.backups.length === 1
  }

  /** @returns whether it rests from now on */
  failed(peer: Peer, now: number): boolean {
    if (this.isAlone) return false
    const { maxFails, weight } = peer.spec
    peer.fails++
    peer.failedAt = now
    peer.checkedAt = now
    if (maxFails === 0) return false
    peer.effectiveWeight = Math.max(0, peer.effectiveWeight - Math.floor(weight / maxFails))
    return peer.fails >= maxFails
  }

  /** What it failed before is forgotten, when its time of rest has passed since. */
  succeeded(peer: Peer): void {
    if (peer.failedAt < peer.checkedAt) peer.fails = 0
  }

  close(): void {
    this.idle.close()
  }
}
