/**
 * What comes of a peer on its way to the client: at the peer's pace as long as the client keeps up; beyond that it waits in a spool, or the
 * peer has to wait.
 *
 *   const relay = new UpstreamRelay(x, rules, source, head, limits, who)
 *   relay.begin(content)              the head is whole
 *   relay.take(bytes)                 more content
 *   relay.end()                       that was all of it
 *   relay.giveUp(status, words)
 *   relay.abandon()                   nobody waits for it any more
 */

import { errnoForLog } from '../errno.ts'
import { Spool, type SpoolLimits } from '../io/spool.ts'
import type { Exchange } from '../server/exchange.ts'
import type { CgiResponseHead } from '../upstream/cgi-response.ts'
import { type AnswerSource, RelayedAnswer, type RelayRules } from './relayed-answer.ts'

/** The conversation that the bytes come from. */
export interface RelaySource {
  pause(): void
  resume(): void
  /** The answer is complete, or not wanted: nothing more is taken. */
  onAnswerOver(): void
}

export class UpstreamRelay implements AnswerSource {
  private readonly x: Exchange
  private readonly answer: RelayedAnswer
  private readonly source: RelaySource
  /** null: the peer waits for the client. */
  private readonly spool: Spool | null
  private readonly who: string
  private isWaiting = false
  private hasEnded = false
  private isAbandoned = false

  /** @param limits null: without a spool @param who gives the output, for the log */
  constructor(
    x: Exchange,
    rules: RelayRules,
    source: RelaySource,
    head: CgiResponseHead,
    limits: SpoolLimits | null,
    who: string,
  ) {
    this.x = x
    this.source = source
    this.who = who
    this.spool = limits === null ? null : new Spool(limits)
    this.answer = new RelayedAnswer(x, rules, this, who, head)
  }

  get isOver(): boolean {
    return this.answer.isOver
  }

  /** @param content what has come behind the head */
  begin(content: Buffer | null): void {
    this.answer.takeHead(content)
  }

  take(bytes: Buffer): void {
    if (this.isAbandoned || this.answer.isOver) return
    if (!this.isWaiting) this.answer.take(bytes)
    else if (this.spool !== null) this.store(bytes, this.spool)
    else this.answer.take(bytes)
  }

  end(): void {
    this.hasEnded = true
    if (!this.isWaiting) this.answer.end()
  }

  /** What waits is given back; the rest goes nowhere. */
  abandon(): void {
    this.isAbandoned = true
    this.spool?.close()
  }

  /** It can come to no end, as the log knows. */
  giveUp(status: number, words: string): void {
    this.answer.giveUp(status, words)
  }

  private store(bytes: Buffer, spool: Spool): void {
    const failed = spool.add(bytes)
    if (failed < 0) {
      this.x.log.crit(`the temporary file for the answer of ${this.who} takes no more ${errnoForLog(failed)}`)
      this.giveUp(500, 'the answer could not be stored')
    } else if (spool.isFull) this.source.pause()
  }

  // AnswerSource

  pauseOutput(): void {
    this.isWaiting = true
    if (this.spool === null) this.source.pause()
  }

  /** Everything that was given to the client's connection has left. */
  resumeOutput(): void {
    this.isWaiting = false
    this.spool?.settle()
    this.give()
    if (this.isWaiting || this.answer.isOver) {
      if (this.spool?.isFull === false) this.source.resume()
      return
    }
    if (this.hasEnded) this.answer.end()
    else this.source.resume()
  }

  endOutput(): void {
    this.spool?.close()
    this.source.onAnswerOver()
  }

  private give(): void {
    const { spool, answer } = this
    while (spool !== null && !this.isWaiting && !answer.isOver) {
      const next = spool.next()
      if (next === null) return
      if (Buffer.isBuffer(next)) answer.take(next)
      else answer.takeFile(next.file, next.offset, next.sizeBytes)
    }
  }
}
