/**
 * An answer that is told instead of sent.
 *
 *   const told = new ToldAnswer(peer, localAddress)
 *   told.steps                     what happened to the request, in order
 *   await told.ended
 *   told.summary()                 the answer: status, fields, and what its content is
 */

import { visible } from '../config/diagnostic.ts'
import { reasonPhrase } from '../http/status.ts'
import type { Address } from '../io/address.ts'
import type { OpenFile } from '../io/file.ts'
import { Loop } from '../loop/loop.ts'
import { OWN_PAGE } from '../modules/plain-error-page.ts'
import { ACTIVE } from '../server/counters.ts'
import type { Exchange } from '../server/exchange.ts'
import type { ConnectionFacts, ContentConsumer, Responder } from '../server/responder.ts'

/** What is shown of a content. */
const SHOWN_BYTES = 300

export class ToldAnswer implements Responder {
  readonly facts: ConnectionFacts
  /** Nothing is done on it; see `Exchange.isRehearsal`. */
  readonly loop = new Loop()
  readonly isSecure = false
  readonly isCongested = false
  readonly isFlowing = true
  /** What happened to the request, in order. */
  readonly steps: string[] = []
  readonly ended: Promise<void>
  private finishNow: () => void = () => {}
  private outcome = ''
  private fields = ''
  private length = 0
  /** The beginning of it. */
  private shown: Buffer = Buffer.alloc(0)
  /** See `Exchange.origin`. */
  private origin = ''

  constructor(peer: Address, localAddress: Address) {
    this.ended = new Promise(resolve => {
      this.finishNow = resolve
    })
    this.facts = {
      peer,
      localAddress,
      serial: 1,
      requestCount: 1,
      receivedBytes: 0,
      now: performance.now(),
      openedAt: performance.now(),
      isPipelined: false,
      isPersistent: true,
      isWatched: false,
      countsAs: ACTIVE,
      proxy: null,
      tcpInfo: () => null,
    }
  }

  summary(): string {
    const parts = [this.outcome]
    if (this.fields !== '')
      parts.push(
        ...this.fields
          .trimEnd()
          .split('\r\n')
          .map(one => `  ${one}`),
      )
    if (this.length > 0) parts.push('', ...this.contentLines())
    return `${parts.join('\n')}\n`
  }

  private contentLines(): string[] {
    const count = this.length === 1 ? '1 byte' : `${this.length} bytes`
    const what = this.origin === '' ? 'of content' : `of ${this.origin}`
    const lines = shownLines(this.shown, this.shown.length >= this.length)
    return lines.length === 0 ? [`${count} ${what}`] : [`${count} ${what}:`, ...lines]
  }

  /** The request was refused before there was an exchange. */
  refuse(status: number, words: string): void {
    this.steps.push(`refused before anybody is asked: ${words}`)
    this.outcome = `${status} ${reasonPhrase(status)}`
    this.finishNow()
  }

  setLimits(): void {}

  refuseContent(x: Exchange): void {
    x.fail(413)
  }

  drop(x: Exchange): void {
    this.outcome = x.rehearsed === '' ? 'no answer: the connection is closed' : x.rehearsed
    this.finishNow()
  }

  begin(x: Exchange): void {
    this.outcome = `${x.status} ${reasonPhrase(x.status)}`.trim()
    this.fields = x.preparedLines + x.addedLines + x.appendedLines
    this.origin = x.origin
    if (x.rateBytes !== null && x.rateBytes > 0) this.steps.push(`limit_rate: ${x.rateBytes} bytes a second`)
  }

  /** Of the server's own pages nothing is shown: they say what stands above. */
  write(x: Exchange, bytes: Buffer): void {
    this.length += bytes.length
    const room = SHOWN_BYTES - this.shown.length
    if (room > 0 && !x.origin.startsWith(OWN_PAGE))
      this.shown = Buffer.concat([this.shown, bytes.subarray(0, room)])
  }

  writeFile(_x: Exchange, _file: OpenFile, _offset: number, sizeBytes: number): void {
    this.length += sizeBytes
  }

  end(): void {
    this.finishNow()
  }

  cut(_x: Exchange, words: string): void {
    this.outcome = `the answer is cut: ${words}`
    this.finishNow()
  }

  readContent(_x: Exchange, consumer: ContentConsumer): void {
    consumer.onContentEnd()
  }

  pauseContent(): void {}

  resumeContent(): void {}
}

/** @returns none for what is no text */
function shownLines(bytes: Buffer, isWhole: boolean): string[] {
  const text = bytes.toString('utf8')
  // A character may have been cut at the end of what is shown.
  if (bytes.length === 0 || /[\0\ufffd]/.test(text.slice(0, -1))) return []
  const lines = text.replace(/\n$/, '').split('\n')
  return [...lines.map(line => `  | ${visible(line)}`), ...(isWhole ? [] : ['  | …'])]
}
