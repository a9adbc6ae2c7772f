/**
 * What a connection has still to send, in order: bytes, and pieces of files. It exists only while the socket takes less than
 * there is; then it is worked off share by share, whenever the socket is writable; by the strict rules of readiness one call is a share.
 *
 *   queue.addBytes(bytes)                     kept by reference: the caller does not change them any more
 *   queue.addCopy(bytes)                      the caller's again after the call; copies share buffers of the free list (`buffers.ts`)
 *   queue.addFile(file, offset, size)         retains the file until it is sent or dropped
 *   queue.send(transport, fd, most, copies)   sends one share
 *   queue.memoryBytes                         what it holds in memory; files count nothing
 *   queue.drop()                              gives everything back
 */

import { MSG_MORE } from '../sys/constants.ts'
import { type Fd, pread } from '../sys/libc.ts'
import { giveBuffer, takeBuffer } from './buffers.ts'
import type { OpenFile } from './file.ts'
import type { SendTransport } from './transport.ts'

/** The share of one connection in one iteration. Two megabytes are what a socket's buffer takes at most by default (tcp(7)). */
export const SHARE_BYTES = 2 * 1024 * 1024
/** What is read at once of a file that is not sent by sendfile; as much as a pair of nginx's `output_buffers`. */
const COPY_BYTES = 64 * 1024

/** The file has become shorter than what was promised of it; the exchange can only be cut. Outside the range of errno. */
export const FILE_SHRANK = -4096

/** Of small pieces, so much leaves together where one call must do. */
const JOINED_BYTES = 256 * 1024

/** Read into, sent from, and read again where the socket has not taken it: no connection owns one. */
const copied = Buffer.alloc(COPY_BYTES)
/** The same for pieces that are joined; made when it is needed. */
let joined: Buffer | null = null

interface Piece {
  /** Either bytes or a file. */
  readonly bytes: Buffer | null
  readonly file: OpenFile | null
  /** The bytes are a buffer of the free list; what is copied next goes behind `end`, as far as there is room. */
  readonly isCopy: boolean
  /** What is left of it: from `at` (in the bytes, or in the file) to `end`. */
  at: number
  end: number
}

export class SendQueue {
  memoryBytes = 0
  private readonly pieces: Piece[] = []

  get isEmpty(): boolean {
    return this.pieces.length === 0
  }

  addBytes(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.pieces.push({ bytes, file: null, isCopy: false, at: 0, end: bytes.length })
    this.memoryBytes += bytes.length
  }

  addCopy(bytes: Buffer): void {
    this.memoryBytes += bytes.length
    const last = this.pieces.at(-1)
    let copied = 0
    if (last?.isCopy === true) {
      copied = bytes.copy(last.bytes!, last.end)
      last.end += copied
    }
    const left = bytes.length - copied
    if (left === 0) return
    const own = takeBuffer(left)
    bytes.copy(own, 0, copied)
    this.pieces.push({ bytes: own, file: null, isCopy: true, at: 0, end: left })
  }

  addFile(file: OpenFile, offset: number, sizeBytes: number): void {
    if (sizeBytes === 0) return
    const end = offset + sizeBytes
    this.pieces.push({ bytes: null, file: file.retain(), isCopy: false, at: offset, end })
  }

  /**
   * Sends until the socket takes no more, the share is used up, or nothing is left.
   * @param mostBytes the share
   * @param copies files are read and sent, rather than by sendfile
   * @returns bytes sent, or the `-errno` that ended the connection, or `FILE_SHRANK`
   */
  send(transport: SendTransport, fd: Fd, mostBytes = SHARE_BYTES, copies = false): number {
    if (transport.isStrict) return this.sendOnce(transport, fd, mostBytes, copies)
    let sent = 0
    while (this.pieces.length > 0 && sent < mostBytes) {
      const piece = this.pieces[0]!
      const isCopied = copies && piece.file !== null
      const most = isCopied ? Math.min(mostBytes - sent, COPY_BYTES) : mostBytes - sent
      const wanted = Math.min(piece.end - piece.at, most)
      const n = this.sendSome(transport, fd, piece, wanted, isCopied, sent + wanted < mostBytes)
      if (transport.mustWait(n)) break
      if (n < 0) return n
      this.advance(piece, n)
      sent += n
      if (n < wanted) break
    }
    return sent
  }

  /** One call, if the poller allows one: for a large piece, or for small ones that are joined. */
  private sendOnce(transport: SendTransport, fd: Fd, mostBytes: number, copies: boolean): number {
    const piece = this.pieces[0]
    if (piece === undefined || !transport.maySend(fd)) return 0
    const wanted = Math.min(piece.end - piece.at, mostBytes)
    const isSentAlone = piece.file === null ? wanted >= JOINED_BYTES / 2 : !isJoined(piece, copies)
    const n = isSentAlone
      ? this.sendSome(transport, fd, piece, wanted, false, wanted < mostBytes)
      : this.sendJoined(transport, fd, mostBytes, copies)
    let left = n
    while (left > 0) {
      const first = this.pieces[0]!
      const taken = Math.min(left, first.end - first.at)
      this.advance(first, taken)
      left -= taken
    }
    return n
  }

  private sendJoined(transport: SendTransport, fd: Fd, mostBytes: number, copies: boolean): number {
    joined ??= Buffer.alloc(JOINED_BYTES)
    const most = Math.min(mostBytes, JOINED_BYTES)
    let length = 0
    let isWhole = true
    for (const piece of this.pieces) {
      const sizeBytes = piece.end - piece.at
      const wanted = Math.min(sizeBytes, most - length)
      if (wanted === 0 || !isJoined(piece, copies)) {
        isWhole = false
        break
      }
      const n = copyPiece(piece, joined.subarray(length, length + wanted))
      if (n <= 0 && length === 0) return n === 0 ? FILE_SHRANK : n
      length += Math.max(n, 0)
      if (n < sizeBytes) {
        isWhole = false
        break
      }
    }
    return transport.send(fd, joined, length, isWhole || length === mostBytes ? 0 : MSG_MORE)
  }

  drop(): void {
    for (const piece of this.pieces) giveBack(piece)
    this.pieces.length = 0
    this.memoryBytes = 0
  }

  /** @param goesOn this share has room for more: the kernel may wait for it before it sends a segment that is not full */
  private sendSome(
    transport: SendTransport,
    fd: Fd,
    piece: Piece,
    wanted: number,
    isCopied: boolean,
    goesOn: boolean,
  ): number {
    const isLast = this.pieces.length === 1 && piece.at + wanted === piece.end
    const flags = goesOn && !isLast ? MSG_MORE : 0
    if (isCopied) return sendCopy(transport, fd, piece, wanted, flags)
    if (piece.file !== null) {
      const n = transport.sendFile(fd, piece.file.fd, piece.at, wanted)
      return n === 0 ? FILE_SHRANK : n
    }
    const rest = piece.at === 0 ? piece.bytes! : piece.bytes!.subarray(piece.at)
    return transport.send(fd, rest, wanted, flags)
  }

  private advance(piece: Piece, sentBytes: number): void {
    piece.at += sentBytes
    if (piece.bytes !== null) this.memoryBytes -= sentBytes
    if (piece.at < piece.end) return
    giveBack(piece)
    this.pieces.shift()
  }
}

function giveBack({ bytes, file, isCopy }: Piece): void {
  file?.release()
  if (isCopy) giveBuffer(bytes!)
}

function sendCopy(transport: SendTransport, fd: Fd, piece: Piece, wanted: number, flags: number): number {
  const n = pread(piece.file!.fd, copied.subarray(0, wanted), piece.at)
  if (n === 0) return FILE_SHRANK
  return n < 0 ? n : transport.send(fd, copied, n, n < wanted ? 0 : flags)
}

/** What sendfile sends has a call of its own, however small the share is. */
function isJoined({ file, at, end }: Piece, copies: boolean): boolean {
  return file === null || copies || end - at <= COPY_BYTES
}

/** @returns how much was copied: less than there is room for only of a file that has become shorter, or an `-errno` of reading it */
function copyPiece({ bytes, file, at }: Piece, room: Buffer): number {
  if (file !== null) return pread(file.fd, room, at)
  return bytes!.copy(room, 0, at, at + room.length)
}
