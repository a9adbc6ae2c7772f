/**
 * Host names of a configuration, while it is read.
 *
 *   addressesOfName('localhost')     ['127.0.0.1', '::1']
 */

import { socketAddressesOf } from '../sys/resolver.ts'
import { addressOf } from './address.ts'

/** @returns in the order in which the system prefers them; none when nobody knows the name */
export function addressesOfName(name: string): string[] {
  const addresses = socketAddressesOf(name).map(bytes => addressOf(bytes, bytes.length))
  return [...new Set(addresses.flatMap(address => ('host' in address ? [address.host] : [])))]
}
