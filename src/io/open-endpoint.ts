/**
 * From what a user writes to listening sockets: names are resolved, a wildcard becomes one socket for IPv6 and IPv4.
 *
 *   await openEndpoint({ host: 'localhost', port: 8080 }, options)     descriptors, at least one
 *   closeAll(fds)                                                      for sockets that no listener has taken over
 */

import { isIP } from 'node:net'
import { EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, errnoName, errnoWords } from '../errno.ts'
import { close, type Fd } from '../sys/libc.ts'
import { type Address, type Endpoint, formatAddress, inetAddress, unixAddress } from './address.ts'
import { type ListenFailure, type ListenOptions, localAddress, openListener } from './listener.ts'

/** Its message is a sentence for a user. */
export class ListenError extends Error {
  /** `EADDRINUSE` and the like. */
  readonly code: string

  constructor(failure: ListenFailure, address: Address) {
    const place = formatAddress(address)
    const { call, errno } = failure
    super(
      errno === EADDRINUSE
        ? `${place} is already in use`
        : `cannot listen on ${place}: ${call}: ${errnoWords(errno)} (${errnoName(errno)})`,
    )
    this.code = errnoName(errno)
  }
}

/** @throws {ListenError} and whatever dns.lookup(3) says of a name */
export async function openEndpoint(endpoint: Endpoint, options: ListenOptions): Promise<Fd[]> {
  if ('path' in endpoint) return [openOrThrow(unixAddress(endpoint.path), options)]
  if (endpoint.host === null) return [openWildcard(endpoint.port, options)]
  return openHosts(await addressesOf(endpoint.host), endpoint.port, options)
}

export function closeAll(fds: readonly Fd[]): void {
  for (const fd of fds) close(fd)
}

function openOrThrow(address: Address, options: ListenOptions): Fd {
  const fd = openListener(address, options)
  if (typeof fd !== 'number') throw new ListenError(fd, address)
  return fd
}

/** `[::]` takes IPv4 as well; where there is no IPv6, IPv4 alone. */
function openWildcard(port: number, options: ListenOptions): Fd {
  const both = openListener(inetAddress('::', port), options)
  if (typeof both === 'number') return both
  if (both.errno !== EAFNOSUPPORT && both.errno !== EADDRNOTAVAIL)
    throw new ListenError(both, inetAddress('::', port))
  return openOrThrow(inetAddress('0.0.0.0', port), options)
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  const { lookup } = await import('node:dns/promises')
  const found = await lookup(host, { all: true })
  return [...new Set(found.map(({ address }) => address))]
}

/** All addresses of a name, on one port; those that this machine does not have are passed over, unless none is left. */
function openHosts(hosts: readonly string[], port: number, options: ListenOptions): Fd[] {
  const fds: Fd[] = []
  let failed: ListenError | null = null
  for (const host of hosts) {
    const address = inetAddress(host, fds.length === 0 ? port : portOf(fds[0]!))
    const fd = openListener(address, options)
    if (typeof fd === 'number') fds.push(fd)
    else failed = new ListenError(fd, address)
    if (failed?.code === 'EADDRINUSE') break
  }
  if (failed !== null && (fds.length === 0 || failed.code === 'EADDRINUSE')) {
    closeAll(fds)
    throw failed
  }
  return fds
}

function portOf(fd: Fd): number {
  const address = localAddress(fd)
  return 'port' in address ? address.port : 0
}
