/**
 * The content of one request, as it arrives: counted, taken out of its transfer coding, and given to whoever asked for it.
 *
 *   HELD        nobody has asked yet: the bytes stay where they are
 *   DELIVERED   a consumer takes them
 *   DISCARDED   the answer is given without them; they are read so that the next request can be found
 *
 *   content.take(bytes, at, end)   how far it came, or a refusal
 *   content.isComplete             the next byte belongs to the next request
 */

import { ChunkedDecoder } from '../http/chunked.ts'
import { CHUNKED } from '../http/framing.ts'
import { CONTENT_TOO_LARGE, isRefusal } from '../http/refusals.ts'
import type { Exchange } from './exchange.ts'
import type { ContentConsumer } from './responder.ts'

export const HELD = 0
export const DELIVERED = 1
export const DISCARDED = 2
export type ContentMode = typeof HELD | typeof DELIVERED | typeof DISCARDED

export class RequestContent {
  mode: ContentMode = HELD
  /** Bytes of content so far, without their coding. */
  receivedBytes = 0
  /** The client waits for 100 (Continue), and has neither got it nor begun without it. */
  awaitsContinue: boolean
  /** Whose request it belongs to; its bytes are counted there, coding included. */
  private readonly x: Exchange
  private consumer: ContentConsumer | null = null
  /** Of a content with a length: what is still to come. */
  private remaining: number
  private readonly decoder: ChunkedDecoder | null
  /** Beyond it, it is refused. */
  limitBytes: number

  /** @param framing bytes of content, or CHUNKED @param limitBytes beyond which it is refused */
  constructor(x: Exchange, framing: number, awaitsContinue: boolean, limitBytes: number) {
    this.x = x
    this.remaining = framing
    this.decoder = framing === CHUNKED ? new ChunkedDecoder() : null
    this.awaitsContinue = awaitsContinue
    this.limitBytes = limitBytes
  }

  get isComplete(): boolean {
    return this.decoder === null ? this.remaining === 0 : this.decoder.isDone
  }

  /** Too large by what the client has announced. */
  get isTooLarge(): boolean {
    const announced =
      this.decoder === null ? this.remaining + this.receivedBytes : this.decoder.announcedBytes
    return announced > this.limitBytes
  }

  deliverTo(consumer: ContentConsumer): void {
    if (this.consumer !== null) throw new Error('the content of this request already has a consumer')
    this.consumer = consumer
    this.mode = DELIVERED
    if (this.isComplete) consumer.onContentEnd()
  }

  discard(): void {
    this.mode = DISCARDED
    this.consumer = null
  }

  /** @returns how far it came from `at`, or a refusal; nothing is taken while the content is HELD */
  take(bytes: Buffer, at: number, end: number): number {
    if (this.mode === HELD) return at
    this.awaitsContinue = false
    return this.decoder === null
      ? this.takeLength(bytes, at, end)
      : this.takeChunks(this.decoder, bytes, at, end)
  }

  private takeLength(bytes: Buffer, at: number, end: number): number {
    const next = Math.min(end, at + this.remaining)
    this.remaining -= next - at
    this.x.requestBytes += next - at
    this.deliver(bytes, at, next)
    if (this.remaining === 0) this.consumer?.onContentEnd()
    return next
  }

  /** Stops when the consumer wants no more for now, which it can only say between two spans. */
  private takeChunks(decoder: ChunkedDecoder, bytes: Buffer, at: number, end: number): number {
    const next = decoder.read(bytes, at, end)
    if (isRefusal(next)) return next
    this.x.requestBytes += next - at
    if (this.isTooLarge) return CONTENT_TOO_LARGE
    this.deliver(bytes, decoder.dataStart, decoder.dataEnd)
    if (decoder.isDone) this.consumer?.onContentEnd()
    return next
  }

  private deliver(bytes: Buffer, start: number, end: number): void {
    if (start === end) return
    this.receivedBytes += end - start
    this.consumer?.onContent(bytes.subarray(start, end))
  }
}
