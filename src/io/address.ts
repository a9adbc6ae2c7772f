/**
 * Addresses in their three forms: text, values, and the bytes of a `struct sockaddr`.
 *
 *   parseEndpoint('[::1]:8080')   →  { host: '::1', port: 8080 }        also '8080', ':8080', 'name:80', 'unix:/run/x.sock'
 *   sockaddrOf(address)           →  bytes for bind(2) and connect(2)
 *   addressOf(bytes)              →  an address as accept4(2) and getsockname(2) report it
 *   formatAddress(address)        →  '[::1]:8080'
 *
 * Names are not resolved here: an `Endpoint` may carry one, an `Address` may not.
 */

import { isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { AF_INET, AF_INET6, AF_UNIX, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_UN } from '../sys/constants.ts'

export interface InetAddress {
  readonly family: typeof AF_INET | typeof AF_INET6
  /** IPv4 in dotted form, or IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

export interface UnixAddress {
  readonly family: typeof AF_UNIX
  /** At most 107 bytes: `sun_path` with its final zero. Empty for an unnamed peer. */
  readonly path: string
}

export type Address = InetAddress | UnixAddress

/** What a user writes: a host (name, IPv4, IPv6; `null` for every address of this machine) and port, or a path. */
export type Endpoint = { readonly host: string | null; readonly port: number } | { readonly path: string }

/** @returns the endpoint, or a sentence that says what is wrong with `text` */
export function parseEndpoint(text: string): Endpoint | string {
  if (text.startsWith('unix:')) return parseUnixPath(text.slice(5))
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]/\s]*)):)?(\d+)$/.exec(text)
  if (match === null) {
    return `"${text}" is not an address: expected a port, host:port, [IPv6]:port or unix:/path`
  }
  const [, bracketed, plain, digits] = match
  if (bracketed !== undefined && !isIPv6(bracketed)) return `"${bracketed}" is not an IPv6 address`
  const zone = bracketed?.split('%')[1]
  if (zone !== undefined && scopeOf(zone) === 0) return `"${zone}" is not a network interface with IPv6`
  const port = Number(digits)
  if (port > 65535) return `a port is a number from 0 to 65535, found ${digits}`
  const host = bracketed ?? plain ?? ''
  if (/^[\d.]+$/.test(host) && !isIPv4(host)) return `"${host}" is not an IPv4 address`
  return { host: host === '' || host === '*' ? null : host, port }
}

function parseUnixPath(path: string): Endpoint | string {
  if (path === '') return 'unix: is followed by the path of the socket'
  if (path.includes('\0')) return 'the path of a Unix socket cannot hold a NUL'
  const sizeBytes = Buffer.byteLength(path)
  const most = SOCKADDR_UN.sizeBytes - SOCKADDR_UN.path - 1
  if (sizeBytes > most) {
    return `the path of a Unix socket has at most ${most} bytes, "${path}" has ${sizeBytes}`
  }
  return { path }
}

/** An address in either version, and no name? */
export function isAddress(host: string): boolean {
  return isIPv4(host) || isIPv6(host)
}

/** @param host an address, not a name */
export function inetAddress(host: string, port: number): InetAddress {
  return { family: isIPv4(host) ? AF_INET : AF_INET6, host, port }
}

export function unixAddress(path: string): UnixAddress {
  return { family: AF_UNIX, path }
}

/** The bytes of a `struct sockaddr_in`, `sockaddr_in6` or `sockaddr_un`; see ip(7), ipv6(7), unix(7). */
export function sockaddrOf(address: Address): Buffer {
  if (address.family === AF_UNIX) return sockaddrUn(address.path)
  const layout = address.family === AF_INET ? SOCKADDR_IN : SOCKADDR_IN6
  const bytes = Buffer.alloc(layout.sizeBytes)
  bytes.writeUInt16LE(address.family, 0)
  bytes.writeUInt16BE(address.port, layout.port)
  if (address.family === AF_INET) bytes.set(address.host.split('.').map(Number), SOCKADDR_IN.address)
  else writeIPv6(address.host, bytes)
  return bytes
}

function sockaddrUn(path: string): Buffer {
  const bytes = Buffer.alloc(SOCKADDR_UN.path + Buffer.byteLength(path) + 1)
  bytes.writeUInt16LE(AF_UNIX, 0)
  bytes.write(path, SOCKADDR_UN.path)
  return bytes
}

/** Eight groups of 16 bits, `::` for a run of zeros, perhaps dotted IPv4 at the end, perhaps a zone (RFC 4291 §2.2). */
function writeIPv6(host: string, bytes: Buffer): void {
  const [address = '', zone] = host.split('%')
  const [before = '', after] = address.split('::')
  const head = groupsOf(before)
  const tail = after === undefined ? [] : groupsOf(after)
  const groups = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  for (const [i, group] of groups.entries()) bytes.writeUInt16BE(group, SOCKADDR_IN6.address + 2 * i)
  if (zone !== undefined) bytes.writeUInt32LE(scopeOf(zone), SOCKADDR_IN6.scope)
}

/** A zone is the name or the number of a network interface (RFC 4007 §11.2). @returns its number, 0 for an unknown one */
function scopeOf(zone: string): number {
  if (/^\d{1,9}$/.test(zone)) return Number(zone)
  const found = networkInterfaces()[zone]?.find(one => one.family === 'IPv6' && one.scopeid > 0)
  return found?.family === 'IPv6' ? found.scopeid : 0
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(group => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

/** @param bytes a `struct sockaddr_*` as the kernel filled it @param sizeBytes the size that it reported */
export function addressOf(bytes: Buffer, sizeBytes: number): Address {
  const family = sizeBytes < 2 ? AF_UNIX : bytes.readUInt16LE(0)
  if (family === AF_INET) {
    // Once per connection; `subarray(4, 8).join('.')` takes three times as long.
    const host = `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`
    return { family, host, port: bytes.readUInt16BE(SOCKADDR_IN.port) }
  }
  if (family === AF_INET6) {
    return { family, host: formatIPv6(bytes), port: bytes.readUInt16BE(SOCKADDR_IN6.port) }
  }
  const path = bytes.subarray(SOCKADDR_UN.path, Math.max(sizeBytes, SOCKADDR_UN.path))
  const end = path.indexOf(0)
  return { family: AF_UNIX, path: path.toString('utf8', 0, end < 0 ? path.length : end) }
}

/** The form of RFC 5952: lower case, the longest run of zeros as `::`. An IPv4 peer of a dual socket is shown as IPv4. */
function formatIPv6(bytes: Buffer): string {
  const at = SOCKADDR_IN6.address
  const isMapped =
    bytes.readUInt32BE(at) === 0 && bytes.readUInt32BE(at + 4) === 0 && bytes.readUInt32BE(at + 8) === 0xffff
  if (isMapped) return bytes.subarray(at + 12, at + 16).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + 2 * i))
  const [from, to] = longestZeros(groups)
  const hex = (part: number[]): string => part.map(group => group.toString(16)).join(':')
  return to - from < 2 ? hex(groups) : `${hex(groups.slice(0, from))}::${hex(groups.slice(to))}`
}

/** @returns where the longest run of zeros begins and ends; the first one of equals (RFC 5952 §4.2.3) */
function longestZeros(groups: readonly number[]): [number, number] {
  let longest: [number, number] = [0, 0]
  for (let from = 0, i = 0; i < groups.length; i++) {
    if (groups[i] !== 0) from = i + 1
    else if (i + 1 - from > longest[1] - longest[0]) longest = [from, i + 1]
  }
  return longest
}

export function formatAddress(address: Address): string {
  if (address.family === AF_UNIX) return `unix:${address.path}`
  return `${formatHost(address.host)}:${address.port}`
}

/** A host as it stands in a URL: IPv6 in brackets (RFC 3986 §3.2.2). */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
