/**
 * The input of one connection that is not understood yet: half a request, or requests behind one that is still being answered.
 *
 *   const rest = InputRest.of(bytes, start, end)   copies what is left in the scratch buffer
 *   rest.room()                                    where to receive more, behind what is there
 *   rest.advance(understood) / rest.extend(n)      forget from the front, add at the end
 *   rest.drop()                                    the buffer goes back to the free list
 *
 * Its buffer doubles when it is full. It has no limit of its own: whoever understands the bytes refuses what grows too large.
 */

import { giveBuffer, takeBuffer } from './buffers.ts'

export class InputRest {
  bytes: Buffer
  start = 0
  end: number

  private constructor(bytes: Buffer, end: number) {
    this.bytes = bytes
    this.end = end
  }

  static of(bytes: Buffer, start: number, end: number): InputRest {
    const own = takeBuffer(2 * (end - start))
    return new InputRest(own, bytes.copy(own, 0, start, end))
  }

  /** @returns at least one free byte */
  room(): Buffer {
    if (this.end === this.bytes.length) this.makeRoom()
    return this.bytes.subarray(this.end)
  }

  extend(receivedBytes: number): void {
    this.end += receivedBytes
  }

  /** @param understood index of the first byte that is still of interest */
  advance(understood: number): void {
    this.start = understood
  }

  get isEmpty(): boolean {
    return this.start === this.end
  }

  drop(): void {
    giveBuffer(this.bytes)
  }

  /** What is there moves to the front, of a larger buffer unless at least half of this one is free by that. */
  private makeRoom(): void {
    const old = this.bytes
    const sizeBytes = this.end - this.start
    if (this.start < old.length / 2) this.bytes = takeBuffer(2 * sizeBytes)
    old.copy(this.bytes, 0, this.start, this.end)
    if (this.bytes !== old) giveBuffer(old)
    this.start = 0
    this.end = sizeBytes
  }
}
