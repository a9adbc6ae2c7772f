/**
 * What can be said of a listening socket beside its address: the parameters of nginx's `listen`.
 *
 *   setListenOptions(fd, address, options)      before bind(2): all of them
 *   changeListenOptions(fd, address, options)   on a socket that listens already: those that may still change
 *
 * Both give the calls that failed. Connections inherit the options of the socket that accepted them (tcp(7), socket(7)), so they
 * cost no call per connection. An option that the kernel refuses leaves what was there before: no server stands still for the want
 * of a buffer size.
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
  /** Small pieces are sent at once, instead of waiting until earlier ones are acknowledged (TCP_NODELAY); so it is by default. */
  noDelay?: boolean
  /** Who may connect to a Unix socket: permission bits of its path. Without them the process's umask decides. */
  mode?: number
}

/** `so_keepalive=30m::10`; what is absent stays as the system has it. */
export interface KeepAlive {
  readonly idleSeconds?: number
  readonly intervalSeconds?: number
  readonly count?: number
}

export const DEFAULT_BACKLOG = 511

/** A call that failed while a socket was opened or told its options. */
export interface ListenFailure {
  readonly call: string
  readonly errno: number
}

type Option = readonly [name: string, level: number, option: number, value: number | undefined]

/** @returns the calls that failed */
export function setListenOptions(fd: Fd, address: Address, options: ListenOptions): ListenFailure[] {
  const first: Option[] = []
  if (address.family !== AF_UNIX) first.push(['SO_REUSEADDR', SOL_SOCKET, SO_REUSEADDR, 1])
  if (address.family === AF_INET6)
    first.push(['IPV6_V6ONLY', IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only === true ? 1 : 0])
  return setAll(fd, [...first, ...changeable(address, options)])
}

/**
 * What the options do not mention stays as it is, for the kernel cannot be told to forget, but for `deferSeconds`: then connections
 * are accepted at once again. listen(2) once more sets the backlog.
 * @returns the calls that failed
 */
export function changeListenOptions(fd: Fd, address: Address, options: ListenOptions): ListenFailure[] {
  const failures = setAll(fd, changeable(address, { deferSeconds: 0, ...options }))
  const listening = listen(fd, options.backlog ?? DEFAULT_BACKLOG)
  return listening < 0 ? [...failures, { call: 'listen', errno: -listening }] : failures
}

/** Sizes of buffers are set before listen(2): they bound the window that a peer is offered when it connects (tcp(7)). */
function changeable(address: Address, options: ListenOptions): Option[] {
  const buffers: Option[] = [
    ['SO_RCVBUF', SOL_SOCKET, SO_RCVBUF, options.receiveBytes],
    ['SO_SNDBUF', SOL_SOCKET, SO_SNDBUF, options.sendBytes],
  ]
  if (address.family === AF_UNIX) return buffers
  return [
    ...buffers,
    ['TCP_NODELAY', IPPROTO_TCP, TCP_NODELAY, options.noDelay === false ? 0 : 1],
    ['SO_REUSEPORT', SOL_SOCKET, SO_REUSEPORT, options.reusePort === true ? 1 : undefined],
    ['TCP_DEFER_ACCEPT', IPPROTO_TCP, TCP_DEFER_ACCEPT, options.deferSeconds],
    ['TCP_FASTOPEN', IPPROTO_TCP, TCP_FASTOPEN, options.fastOpen],
    ...keepAliveOptions(options.keepAlive),
  ]
}

function keepAliveOptions(wish: boolean | KeepAlive | undefined): Option[] {
  if (wish === undefined) return []
  const times = typeof wish === 'boolean' ? {} : wish
  return [
    ['SO_KEEPALIVE', SOL_SOCKET, SO_KEEPALIVE, wish === false ? 0 : 1],
    ['TCP_KEEPIDLE', IPPROTO_TCP, TCP_KEEPIDLE, times.idleSeconds],
    ['TCP_KEEPINTVL', IPPROTO_TCP, TCP_KEEPINTVL, times.intervalSeconds],
    ['TCP_KEEPCNT', IPPROTO_TCP, TCP_KEEPCNT, times.count],
  ]
}

function setAll(fd: Fd, options: readonly Option[]): ListenFailure[] {
  const failures: ListenFailure[] = []
  for (const [name, level, option, value] of options) {
    const result = value === undefined ? 0 : setsockopt(fd, level, option, value)
    if (result < 0) failures.push({ call: `setsockopt(${name})`, errno: -result })
  }
  return failures
}
