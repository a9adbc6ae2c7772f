/**
 * Networks: addresses that begin with the same bits.
 *
 *   parseNetwork('192.0.2.0/24')     also '192.0.2.1', '2001:db8::/32', 'unix:'; null for what is none
 *   contains(network, address)
 *   hasLowBits(network)              192.0.2.1/24 says more than it means
 *   addressBytes(address)            4 or 16 of them
 *
 * An IPv4 client of an IPv6 socket counts as IPv4, as `io/address.ts` shows it. Names are not looked up.
 */

import { isIP } from 'node:net'
import { AF_INET, AF_UNIX, SOCKADDR_IN, SOCKADDR_IN6 } from '../sys/constants.ts'
import { type Address, inetAddress, sockaddrOf, unixAddress } from './address.ts'

export interface Network {
  readonly family: Address['family']
  /** Of the address that was written; those behind `prefixBits` count for nothing. */
  readonly bytes: Uint8Array
  readonly prefixBits: number
}

export function parseNetwork(text: string): Network | null {
  if (text === 'unix:') return { family: AF_UNIX, bytes: addressBytes(unixAddress('')), prefixBits: 0 }
  const [host = '', prefix, ...more] = text.split('/')
  // A zone belongs to one machine's interface, not to a network.
  if (more.length > 0 || isIP(host) === 0 || host.includes('%')) return null
  const address = inetAddress(host, 0)
  const bytes = addressBytes(address)
  const prefixBits = prefix === undefined ? bytes.length * 8 : readPrefix(prefix)
  return prefixBits <= bytes.length * 8 ? { family: address.family, bytes, prefixBits } : null
}

function readPrefix(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY
}

export function contains(network: Network, address: Address): boolean {
  if (address.family !== network.family) return false
  const { bytes, prefixBits } = network
  const other = addressBytes(address)
  const whole = prefixBits >> 3
  for (let i = 0; i < whole; i++) if (bytes[i] !== other[i]) return false
  const rest = prefixBits & 7
  return rest === 0 || (bytes[whole]! ^ other[whole]!) >> (8 - rest) === 0
}

/** Are there bits behind the prefix? */
export function hasLowBits({ bytes, prefixBits }: Network): boolean {
  return bytes.some((byte, i) => (byte & (0xff >> Math.min(8, Math.max(0, prefixBits - 8 * i)))) !== 0)
}

/** Of the address alone, in network byte order; none of a Unix socket. */
export function addressBytes(address: Address): Uint8Array {
  if (address.family === AF_UNIX) return new Uint8Array(0)
  const layout = address.family === AF_INET ? SOCKADDR_IN : SOCKADDR_IN6
  const length = address.family === AF_INET ? 4 : 16
  return sockaddrOf(address).subarray(layout.address, layout.address + length)
}
