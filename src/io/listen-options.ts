/**
 * What can be said of a listening socket beside its address: the parameters of nginx's `listen`.
 *
 *   setListenOptions(fd, address, options)      before bind(2): all of them
 *   changeListenOptions(fd, address, options)   on a socket that listens already: those that may still change
 *
 * Connections inherit the options of the socket that accepted them (tcp(7), socket(7)), so they cost no call per connection. An
 * option that the kernel refuses leaves what was there before: no server stands still for the want of a buffer size.
 */

import {
  AF_INET6,
  AF_UNIX,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_KEEPALIVE,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SOL_SOCKET,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
} from '../sys/constants.ts'
import { type Fd, listen, setsockopt } from '../sys/libc.ts'
import type { Address } from './address.ts'

export interface ListenOptions {
  /** Connections that the kernel completes before they are accepted (listen(2)); nginx's default on Linux is 511. */
  backlog?: number
  /** Several processes accept on one port, and the kernel shares out connections (SO_REUSEPORT, socket(7)). */
  reusePort?: boolean
  /** An IPv6 socket takes IPv6 only. Without it `[::]` takes IPv4 as well. */
  ipv6Only?: boolean
  /** SO_RCVBUF and SO_SNDBUF; without them the kernel chooses, and changes its mind as it learns. */
  receiveBytes?: number
  sendBytes?: number
  /** Whether silent peers are asked if they still live, and when; without it the system's own setting holds. */
  keepAlive?: boolean | KeepAlive
  /** A connection is accepted when its first bytes are there, or after so many seconds (TCP_DEFER_ACCEPT, tcp(7)). */
  deferSeconds?: number
  /** Connections that may bring data before the handshake is complete (TCP_FASTOPEN, RFC 7413); 0 turns it off. */
  fastOpen?: number
}

/** `so_keepalive=30m::10`; what is absent stays as the system has it. */
export interface KeepAlive {
  readonly idleSeconds?: number
  readonly intervalSeconds?: number
  readonly count?: number
}

export const DEFAULT_BACKLOG = 511

export function setListenOptions(fd: Fd, address: Address, options: ListenOptions): void {
  if (address.family !== AF_UNIX) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
    if (options.reusePort === true) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1)
    if (address.family === AF_INET6)
      setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only === true ? 1 : 0)
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1)
  }
  setChangeable(fd, address, options)
}

/** What the options do not mention stays as it is: the kernel cannot be told to forget. listen(2) again sets the backlog. */
export function changeListenOptions(fd: Fd, address: Address, options: ListenOptions): void {
  setChangeable(fd, address, options)
  listen(fd, options.backlog ?? DEFAULT_BACKLOG)
}

function setChangeable(fd: Fd, address: Address, options: ListenOptions): void {
  const { receiveBytes, sendBytes, keepAlive, deferSeconds, fastOpen } = options
  const set = (level: number, name: number, value: number | undefined): void => {
    if (value !== undefined) setsockopt(fd, level, name, value)
  }
  set(SOL_SOCKET, SO_RCVBUF, receiveBytes)
  set(SOL_SOCKET, SO_SNDBUF, sendBytes)
  if (address.family === AF_UNIX) return
  set(IPPROTO_TCP, TCP_DEFER_ACCEPT, deferSeconds)
  set(IPPROTO_TCP, TCP_FASTOPEN, fastOpen)
  if (keepAlive === undefined) return
  set(SOL_SOCKET, SO_KEEPALIVE, keepAlive === false ? 0 : 1)
  if (typeof keepAlive === 'boolean') return
  set(IPPROTO_TCP, TCP_KEEPIDLE, keepAlive.idleSeconds)
  set(IPPROTO_TCP, TCP_KEEPINTVL, keepAlive.intervalSeconds)
  set(IPPROTO_TCP, TCP_KEEPCNT, keepAlive.count)
}
