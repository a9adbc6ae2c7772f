/**
 * Bytes that come faster than they leave: so many wait in memory, then in a temporary file, then whoever brings them has to wait.
 *
 *   spool.add(bytes)      0, or `-errno` when the file takes no more
 *   spool.isFull          no more, for now
 *   spool.next()          what comes next, bytes or a piece of the file; null when nothing waits
 *   spool.settle()        everything that was given has left: the file may be used from its start again
 *   spool.close()
 *
 *     memory  [ 1 ][ 2 ][ 3 ]        as long as a byte waits in the file, what comes goes behind it
 *     file    [ given ][ 4  5  6 ]
 *
 * A piece of the file is given as a whole, and sent without passing through this process (sendfile(2)).
 */

import type { OpenFile } from './file.ts'

export interface SpoolLimits {
  readonly memoryBytes: number
  /** 0: no file. */
  readonly fileBytes: number
  /** @returns a file of size 0 that can be written, or `-errno`; called once, when it is needed */
  open(): OpenFile | number
}

export interface FilePiece {
  readonly file: OpenFile
  readonly offset: number
  readonly sizeBytes: number
}

export class Spool {
  private readonly limits: SpoolLimits
  private chunks: Buffer[] = []
  private memoryBytes = 0
  private file: OpenFile | null = null
  /** Of the file: up to where it was given, and written. */
  private givenAt = 0
  private writtenAt = 0

  constructor(limits: SpoolLimits) {
    this.limits = limits
  }

  get isEmpty(): boolean {
    return this.memoryBytes === 0 && !this.hasFileBytes
  }

  get isFull(): boolean {
    const { memoryBytes, fileBytes } = this.limits
    const isMemoryFull = this.hasFileBytes || this.memoryBytes >= memoryBytes
    return isMemoryFull && this.writtenAt >= fileBytes
  }

  /** @param bytes are the caller's again after the call; a last one may go beyond the limits */
  add(bytes: Buffer): number {
    if (bytes.length === 0) return 0
    const isMemoryFull = this.hasFileBytes || this.memoryBytes >= this.limits.memoryBytes
    if (isMemoryFull && this.limits.fileBytes > 0) return this.write(bytes)
    this.chunks.push(Buffer.from(bytes))
    this.memoryBytes += bytes.length
    return 0
  }

  next(): Buffer | FilePiece | null {
    const chunk = this.chunks.shift()
    if (chunk !== undefined) {
      this.memoryBytes -= chunk.length
      return chunk
    }
    if (this.file === null || !this.hasFileBytes) return null
    const offset = this.givenAt
    this.givenAt = this.writtenAt
    return { file: this.file, offset, sizeBytes: this.writtenAt - offset }
  }

  settle(): void {
    if (this.hasFileBytes) return
    this.givenAt = 0
    this.writtenAt = 0
  }

  close(): void {
    this.chunks = []
    this.memoryBytes = 0
    this.settleAll()
    this.file?.release()
    this.file = null
  }

  private get hasFileBytes(): boolean {
    return this.givenAt < this.writtenAt
  }

  private settleAll(): void {
    this.givenAt = this.writtenAt
    this.settle()
  }

  private write(bytes: Buffer): number {
    if (this.file === null) {
      const file = this.limits.open()
      if (typeof file === 'number') return file
      this.file = file
    }
    const failed = this.file.write(bytes, this.writtenAt)
    if (failed < 0) return failed
    this.writtenAt += bytes.length
    return 0
  }
}
