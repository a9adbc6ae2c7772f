/**
 * An answer that is told instead of sent: who would have written what, and from which file.
 */

import { readlinkSync } from 'node:fs'
import { reasonPhrase } from '../http/status.ts'
import type { Address } from '../io/address.ts'
import type { OpenFile } from '../io/file.ts'
import { ACTIVE } from '../server/counters.ts'
import type { Exchange } from '../server/exchange.ts'
import type { ConnectionFacts, ContentConsumer, Responder } from '../server/responder.ts'

/** What is shown of a content. */
const SHOWN_BYTES = 300

export class ToldAnswer implements Responder {
  readonly facts: ConnectionFacts
  readonly isSecure = false
  readonly isCongested = false
  /** What happened to the request, in order. */
  readonly steps: string[] = []
  readonly ended: Promise<void>
  private finishNow: () => void = () => {}
  private outcome = ''
  private fields = ''
  private length = 0
  private shown = ''
  private file: string | null = null

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
    if (this.file !== null) parts.push('', `from the file ${this.file}, ${this.length} bytes`)
    else if (this.length > 0) parts.push('', ...shownLines(this.shown, this.length))
    return `${parts.join('\n')}\n`
  }

  finish(): void {
    this.finishNow()
  }

  setLimits(): void {}

  refuseContent(x: Exchange): void {
    x.fail(413)
  }

  drop(): void {
    this.outcome = 'no answer: the connection is closed'
    this.finish()
  }

  begin(x: Exchange): void {
    this.outcome = `${x.status} ${reasonPhrase(x.status)}`.trim()
    this.fields = x.preparedLines + x.addedLines + x.appendedLines
  }

  write(_x: Exchange, bytes: Buffer): void {
    this.length += bytes.length
    if (this.shown.length < SHOWN_BYTES) this.shown += bytes.toString('utf8', 0, SHOWN_BYTES)
  }

  writeFile(_x: Exchange, file: OpenFile, _offset: number, sizeBytes: number): void {
    this.length += sizeBytes
    this.file = readlinkSync(`/proc/self/fd/${file.fd}`)
  }

  end(): void {
    this.finish()
  }

  cut(_x: Exchange, words: string): void {
    this.outcome = `the answer is cut: ${words}`
    this.finish()
  }

  readContent(_x: Exchange, consumer: ContentConsumer): void {
    consumer.onContentEnd()
  }

  pauseContent(): void {}

  resumeContent(): void {}
}

function shownLines(text: string, length: number): string[] {
  const isWhole = Buffer.byteLength(text) >= length
  const visible = text.slice(0, SHOWN_BYTES).replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, '?')
  const lines = visible.split('\n').map(one => `  | ${one}`)
  return [`${length} bytes of content:`, ...lines, ...(isWhole ? [] : ['  | …'])]
}
