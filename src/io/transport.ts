/**
 * How the bytes of a connection travel: straight through its socket, or (another implementation of the same four
 * calls) through TLS. Results are those of `sys/libc.ts`: counts, or `-errno`.
 */

import { type Fd, recv, send, sendfile, writePair } from '../sys/libc.ts'

export interface Transport {
  /** @returns bytes received, 0 at the end of input, or `-errno` */
  receive(fd: Fd, buffer: Uint8Array): number
  /** Sends the first `sizeBytes` bytes. @param flags MSG_MORE: more follows at once */
  send(fd: Fd, buffer: Uint8Array, sizeBytes: number, flags: number): number
  /** Sends two buffers without joining them. @returns bytes taken of both together */
  sendPair(fd: Fd, first: Uint8Array, firstBytes: number, second: Uint8Array): number
  /** @returns bytes sent from `offset` of the file, 0 when the file is shorter than that */
  sendFile(fd: Fd, file: Fd, offset: number, sizeBytes: number): number
}

export const plain: Transport = {
  receive: recv,
  send,
  sendPair: writePair,
  sendFile: sendfile,
}
