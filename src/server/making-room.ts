/**
 * Room for new connections when there are as many as there may be: those that have waited longest for a request are ended. So clients
 * that connect and say nothing keep nobody out, as with nginx's `worker_connections`.
 *
 *   new MakingRoom(loop, connections, log).begin(reason)     accepting pauses; the rest happens in a moment, when what has come is read
 *
 * Nobody is ended who has had less than a second for his request. Connections between two requests go first, then those with half a
 * head; what is being answered stays.
 */

import type { Log } from '../log.ts'
import type { Continuation, Loop } from '../loop/loop.ts'
import type { HttpConnection } from './http-connection.ts'

/** A request comes with its connection, or a human reader later. */
const SPARED_MS = 1000
/** nginx's numbers: an eighth of those that wait, but not more than this at once. */
const MOST_ENDED = 32
/** At the limit each connection that ends is followed by another pause: the log tells of it once in a while. */
const TELL_MS = 1000

export class MakingRoom implements Continuation {
  private readonly loop: Loop
  private readonly connections: ReadonlySet<HttpConnection>
  private readonly log: Log
  private reason = ''
  private isDue = false
  private toldAt = Number.NEGATIVE_INFINITY

  constructor(loop: Loop, connections: ReadonlySet<HttpConnection>, log: Log) {
    this.loop = loop
    this.connections = connections
    this.log = log
  }

  /** Not at once: a request may have come already, in the very iteration that found no room. */
  begin(reason: string): void {
    this.reason = reason
    if (!this.isDue) this.loop.again(this)
    this.isDue = true
  }

  onTurn(): void {
    this.isDue = false
    const open = this.connections.size
    const ended = this.longestWaiting()
    for (const connection of ended) connection.endForRoom()
    this.tell(open, ended.length)
  }

  onFailure(error: unknown): void {
    this.log.error(`making room for connections: ${error}`)
  }

  private longestWaiting(): HttpConnection[] {
    const before = this.loop.now - SPARED_MS
    const waiting = [...this.connections].filter(one => one.isWaiting && one.waitsSince <= before)
    const idle = waiting.filter(one => one.isIdle)
    const candidates = idle.length > 0 ? idle : waiting
    candidates.sort((a, b) => a.waitsSince - b.waitsSince)
    return candidates.slice(0, Math.max(1, Math.min(MOST_ENDED, candidates.length >> 3)))
  }

  private tell(open: number, ended: number): void {
    if (this.loop.now - this.toldAt < TELL_MS) return
    this.toldAt = this.loop.now
    const what = ended === 0 ? '' : `; ${ended} that waited longest for a request are closed`
    this.log.warn(`accepting pauses: ${this.reason}; ${open} connections are open${what}`)
  }
}
