/**
 * What a connection has still to send, in order: bytes, and pieces of files. It exists only while the socket takes less than
 * there is; then it is worked off share by share, whenever the socket is writable.
 *
 *   queue.addBytes(bytes)                     kept by reference: the caller does not change them any more
 *   queue.addFile(file, offset, size)         retains the file until it is sent or dropped
 *   queue.send(transport, fd)                 sends one share
 *   queue.memoryBytes                         what it holds in memory; files count nothing
 *   queue.drop()                              gives everything back
 */

import { EAGAIN, EINTR } from '../errno.ts'
import { MSG_MORE } from '../sys/constants.ts'
import type { Fd } from '../sys/libc.ts'
import type { OpenFile } from './file.ts'
import type { Transport } from './transport.ts'

/** The share of one connection in one iteration. Two megabytes are what a socket's buffer takes at most by default (tcp(7)). */
const SHARE_BYTES = 2 * 1024 * 1024

/** The file has become shorter than what was promised of it; the exchange can only be cut. Outside the range of errno. */
export const FILE_SHRANK = -4096

interface Piece {
  /** Either bytes or a file. */
  readonly bytes: Buffer | null
  readonly file: OpenFile | null
  /** What is left of it: from `at` (in the bytes, or in the file) to `end`. */
  at: number
  readonly end: number
}

export class SendQueue {
  memoryBytes = 0
  private readonly pieces: Piece[] = []

  get isEmpty(): boolean {
    return this.pieces.length === 0
  }

  addBytes(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.pieces.push({ bytes, file: null, at: 0, end: bytes.length })
    this.memoryBytes += bytes.length
  }

  addFile(file: OpenFile, offset: number, sizeBytes: number): void {
    if (sizeBytes === 0) return
    this.pieces.push({ bytes: null, file: file.retain(), at: offset, end: offset + sizeBytes })
  }

  /**
   * Sends until the socket takes no more, the share is used up, or nothing is left.
   * @returns bytes sent, or the `-errno` that ended the connection, or `FILE_SHRANK`
   */
  send(transport: Transport, fd: Fd): number {
    let sent = 0
    while (this.pieces.length > 0 && sent < SHARE_BYTES) {
      const piece = this.pieces[0]!
      const wanted = Math.min(piece.end - piece.at, SHARE_BYTES - sent)
      const n = this.sendSome(transport, fd, piece, wanted)
      if (n === -EAGAIN || n === -EINTR) break
      if (n < 0) return n
      this.advance(piece, n)
      sent += n
      if (n < wanted) break
    }
    return sent
  }

  drop(): void {
    for (const piece of this.pieces) piece.file?.release()
    this.pieces.length = 0
    this.memoryBytes = 0
  }

  private sendSome(transport: Transport, fd: Fd, piece: Piece, wanted: number): number {
    if (piece.file !== null) {
      const n = transport.sendFile(fd, piece.file.fd, piece.at, wanted)
      return n === 0 ? FILE_SHRANK : n
    }
    const rest = piece.at === 0 ? piece.bytes! : piece.bytes!.subarray(piece.at)
    return transport.send(fd, rest, wanted, this.pieces.length > 1 ? MSG_MORE : 0)
  }

  private advance(piece: Piece, sentBytes: number): void {
    piece.at += sentBytes
    if (piece.bytes !== null) this.memoryBytes -= sentBytes
    if (piece.at < piece.end) return
    piece.file?.release()
    this.pieces.shift()
  }
}
