/**
 * `debug_connection`: connections from some addresses are logged in every detail, whatever the level of the error log.
 *
 *   const watched = parseDebugConnection('192.0.2.0/24')        a network, or what is wrong with it
 *   log.withContext(context, levelFor(networks, peer))
 *
 * The place of the error log that tells most gets their lines, as with nginx.
 */

import type { Address } from '../io/address.ts'
import { contains, type Network, parseNetwork } from '../io/network.ts'
import type { Level } from '../log.ts'

/** @returns the network, or a sentence in nginx's manner */
export function parseDebugConnection(text: string): Network | string {
  return parseNetwork(text) ?? `"${text}" is not an address, a network such as 192.0.2.0/24, or unix:`
}

/** @returns the level of a connection from `peer`; undefined for the log's own */
export function levelFor(networks: readonly Network[], peer: Address): Level | undefined {
  for (const network of networks) if (contains(network, peer)) return 'debug'
  return undefined
}
