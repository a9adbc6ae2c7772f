/**
 * Connections to peers that wait for the next request (`ngx_http_upstream_keepalive_module.c`): at most so many, those that were used last
 * first.
 *
 *   idle.take(peer)                  one to this peer, or null
 *   idle.keep(peer, kept, now)       false when it may not be kept: the caller closes it then
 *
 * A peer that closes one of them, or says something without being asked, is noticed at once: each is watched.
 */

import type { Connection, Driver } from '../io/connection.ts'
import type { Peer } from './peers.ts'

export interface KeepRules {
  /** How many are kept at most, by this worker, to all peers of one name; 0 for none. */
  readonly most: number
  /** Of one connection, and then it is closed. */
  readonly requests: number
  /** The age after which it is closed with its next answer. */
  readonly lifeMs: number
  /** How long it may wait. */
  readonly idleMs: number
}

export const KEEP_NONE: KeepRules = { most: 0, requests: 1000, lifeMs: 3_600_000, idleMs: 60_000 }

/** A connection with what it has been through. */
export interface KeptConnection {
  readonly connection: Connection
  readonly openedAt: number
  /** Answered so far. */
  readonly requests: number
}

export class IdleConnections {
  private readonly rules: KeepRules
  /** The one that was used last comes last. */
  private waiting: Waiting[] = []

  constructor(rules: KeepRules) {
    this.rules = rules
  }

  get count(): number {
    return this.waiting.length
  }

  /** Whether a request may ask for its connection to be kept. */
  get mayKeep(): boolean {
    return this.rules.most > 0
  }

  take(peer: Peer): KeptConnection | null {
    const found = this.waiting.findLast(one => one.peer === peer)
    if (found === undefined) return null
    this.remove(found)
    found.kept.connection.setReadDeadline(Number.POSITIVE_INFINITY)
    return found.kept
  }

  keep(peer: Peer, kept: KeptConnection, now: number): boolean {
    const { most, requests, lifeMs, idleMs } = this.rules
    if (most === 0 || kept.requests >= requests || now - kept.openedAt >= lifeMs) return false
    // A peer with a process for each connection answers nobody else meanwhile: who waits for it goes first.
    if (peer.unanswered > 0) return false
    if (this.waiting.length >= most) this.waiting[0]!.close()
    this.waiting.push(new Waiting(this, peer, kept))
    kept.connection.setReadDeadline(now + idleMs)
    return true
  }

  remove(one: Waiting): void {
    const at = this.waiting.indexOf(one)
    if (at >= 0) this.waiting.splice(at, 1)
  }

  close(): void {
    for (const one of [...this.waiting]) one.close()
  }
}

/** The driver of a connection that waits: whatever happens to it ends it. */
class Waiting implements Driver {
  readonly peer: Peer
  readonly kept: KeptConnection
  private readonly idle: IdleConnections

  constructor(idle: IdleConnections, peer: Peer, kept: KeptConnection) {
    this.idle = idle
    this.peer = peer
    this.kept = kept
    kept.connection.driver = this
  }

  close(): void {
    this.idle.remove(this)
    this.kept.connection.finish(false)
  }

  onInput(_bytes: Buffer, _start: number, end: number): number {
    this.close()
    return end
  }

  onInputEnd(): void {
    this.close()
  }

  onReadDeadline(): void {
    this.close()
  }

  onDrained(): void {}

  onClosed(): void {
    this.idle.remove(this)
  }
}
