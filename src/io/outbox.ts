/**
 * Where the answers of one connection are put together before they leave in one send: heads, small contents, the answers to
 * several pipelined requests. One buffer for a whole loop, in the hands of one connection at a time.
 *
 *   outboxOf(loop)              the one of a loop, made when it is first asked for
 *   outbox.claim(sender)        the buffer is the sender's now; what another one left in it is sent first
 *   outbox.room(n)              makes sure that `n` bytes fit
 *   outbox.addText / addBytes
 *   outbox.flush()              hands the bytes to their sender; the loop does it at the end of each iteration
 *
 * It is what spares an idle connection an output buffer, and a busy one a system call per answer.
 */

import type { Loop } from '../loop/loop.ts'

export interface Sender {
  /** Sends `bytes[0..length)`. They are overwritten afterwards: what does not leave must be copied. */
  sendCollected(bytes: Buffer, length: number): void
}

/** `latin1Write` is what `write(…, 'latin1')` calls in the end; @types/node does not name it. */
type Latin1Buffer = Buffer & { latin1Write(text: string, offset: number): number }

/** The answers to some hundred pipelined requests, or a head and a small content. */
export const OUTBOX_BYTES = 64 * 1024

export class Outbox {
  readonly bytes = Buffer.alloc(OUTBOX_BYTES) as Latin1Buffer
  length = 0
  private sender: Sender | null = null

  /** In a loop: a send that fails ends its connection, whose end may make somebody else write, also here. */
  claim(sender: Sender): void {
    while (this.sender !== sender) {
      if (this.length === 0) this.sender = sender
      else this.flush()
    }
  }

  isHeldBy(sender: Sender): boolean {
    return this.sender === sender && this.length > 0
  }

  /** @param sizeBytes at most OUTBOX_BYTES */
  room(sizeBytes: number): void {
    if (this.length + sizeBytes <= OUTBOX_BYTES) return
    const sender = this.sender!
    this.flush()
    this.claim(sender)
  }

  /** Each character becomes the byte of its code: names and values of fields are checked to have no others. */
  addText(text: string): void {
    this.length += this.bytes.latin1Write(text, this.length)
  }

  addBytes(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  flush(): void {
    const { sender, length } = this
    this.sender = null
    this.length = 0
    if (sender !== null && length > 0) sender.sendCollected(this.bytes, length)
  }
}

const outboxes = new WeakMap<Loop, Outbox>()

export function outboxOf(loop: Loop): Outbox {
  const known = outboxes.get(loop)
  if (known !== undefined) return known
  const outbox = new Outbox()
  outboxes.set(loop, outbox)
  const before = loop.flush
  loop.flush = () => {
    before()
    outbox.flush()
  }
  return outbox
}
