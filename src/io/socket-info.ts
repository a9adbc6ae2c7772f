/**
 * What the kernel tells of a socket that is open.
 *
 *   localAddress(fd)     the address that it is bound to
 *   tcpInfo(fd)          round trips, window and space of a TCP connection
 *   isListening(fd)
 */

import {
  IPPROTO_TCP,
  SO_ACCEPTCONN,
  SOCKADDR_STORAGE_BYTES,
  SOL_SOCKET,
  TCP_INFO,
  TCP_INFO_LAYOUT,
} from '../sys/constants.ts'
import { type Fd, getsockname, getsockopt, getsockoptBytes } from '../sys/libc.ts'
import { type Address, addressOf } from './address.ts'

/** @returns the address that the socket is bound to; of port 0 the kernel has made another */
export function localAddress(fd: Fd): Address {
  const bytes = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
  const sizeBytes = getsockname(fd, bytes)
  return addressOf(bytes, Math.max(sizeBytes, 0))
}

/** Is it a socket, and does it listen? See socket(7), SO_ACCEPTCONN. */
export function isListening(fd: Fd): boolean {
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN) === 1
}

/** As `struct tcp_info` has it (tcp(7)). */
export interface TcpInfo {
  /** Round trip, smoothed, and how much it varies. */
  readonly rttMicroseconds: number
  readonly rttvarMicroseconds: number
  /** What may be on its way, in segments. */
  readonly sndCwnd: number
  readonly rcvSpaceBytes: number
}

/** @returns null for what is no TCP socket */
export function tcpInfo(fd: Fd): TcpInfo | null {
  const bytes = Buffer.alloc(TCP_INFO_LAYOUT.sizeBytes)
  if (getsockoptBytes(fd, IPPROTO_TCP, TCP_INFO, bytes) < bytes.length) return null
  return {
    rttMicroseconds: bytes.readUInt32LE(TCP_INFO_LAYOUT.rtt),
    rttvarMicroseconds: bytes.readUInt32LE(TCP_INFO_LAYOUT.rttvar),
    sndCwnd: bytes.readUInt32LE(TCP_INFO_LAYOUT.sndCwnd),
    rcvSpaceBytes: bytes.readUInt32LE(TCP_INFO_LAYOUT.rcvSpace),
  }
}
