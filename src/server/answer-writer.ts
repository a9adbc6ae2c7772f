/**
 * The writing half of HTTP/1.1: an answer as the bytes of a connection, with its framing (RFC 9112 §6, §7).
 *
 *   writer.begin(x, head, isChunked)
 *   writer.write(x, bytes) / writer.writeFile(x, file, offset, size)
 *   writer.end(x)                   false: the answer is not what its head has announced, and can only be cut
 *
 * What goes beyond the announced length would be read as the answer to the next request, so it does not leave.
 */

import { CHUNK_END, chunkSizeLine, lastChunk } from '../http/chunked.ts'
import { CONTINUE } from '../http/response-head.ts'
import type { Connection } from '../io/connection.ts'
import type { OpenFile } from '../io/file.ts'
import type { Exchange } from './exchange.ts'

export class AnswerWriter {
  /** What was given to the connection to be sent. */
  givenBytes = 0
  private readonly connection: Connection
  /** Whether the answer in hand is sent in chunks. */
  private isChunked = false

  constructor(connection: Connection) {
    this.connection = connection
  }

  /** 100 (Continue) leaves at once: its client waits for it. */
  sendContinue(): void {
    this.givenBytes += CONTINUE.length
    this.connection.writeText(CONTINUE)
    this.connection.flush()
  }

  begin(x: Exchange, head: Buffer, isChunked: boolean): void {
    this.isChunked = isChunked
    x.sentHeadBytes = head.length
    this.givenBytes += head.length
    this.connection.write(head)
  }

  /** @param isLent the bytes are the caller's again after the call */
  write(x: Exchange, bytes: Buffer, isLent: boolean): void {
    if (bytes.length === 0 || this.isTooMuch(x, bytes.length)) return
    x.sentContentBytes += bytes.length
    this.givenBytes += bytes.length
    if (this.isChunked) this.writeChunk(x, bytes, isLent)
    else if (isLent) this.connection.writeLent(bytes)
    else this.connection.write(bytes)
  }

  private writeChunk(x: Exchange, bytes: Buffer, isLent: boolean): void {
    const line = chunkSizeLine(bytes.length)
    x.sentFramingBytes += line.length + CHUNK_END.length
    this.givenBytes += line.length + CHUNK_END.length
    this.connection.writeFramed(line, bytes, CHUNK_END, isLent)
  }

  writeFile(x: Exchange, file: OpenFile, offset: number, sizeBytes: number): void {
    if (this.isTooMuch(x, sizeBytes)) return
    x.sentContentBytes += sizeBytes
    this.givenBytes += sizeBytes
    if (this.isChunked) this.writeFraming(x, chunkSizeLine(sizeBytes))
    this.connection.writeFile(file, offset, sizeBytes)
    if (this.isChunked) this.writeFraming(x, CHUNK_END)
  }

  /** @returns false when the announced length was not reached */
  end(x: Exchange): boolean {
    if (!x.sendsContent) return true
    if (x.responseLength !== null && x.responseLength !== x.sentContentBytes) return false
    if (this.isChunked) this.writeFraming(x, lastChunk(x.takeTrailers()))
    return true
  }

  private writeFraming(x: Exchange, text: string): void {
    x.sentFramingBytes += text.length
    this.givenBytes += text.length
    this.connection.writeText(text)
  }

  private isTooMuch(x: Exchange, sizeBytes: number): boolean {
    if (x.responseLength === null || x.sentContentBytes + sizeBytes <= x.responseLength) return false
    x.cut(`an answer of ${x.responseLength} bytes got more`)
    return true
  }
}
