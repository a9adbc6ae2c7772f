/**
 * Whose request a trusted proxy passes on, by X-Forwarded-For (`ngx_http_get_forwarded_addr`).
 *
 *   forwardedAddress(x, peer, proxies, isRecursive)     the client; `peer` where that is no proxy of ours
 *   parseForwarded('192.0.2.1:8080')                    an address, perhaps with a port; null for what is none
 *
 * Each proxy adds who came to it at the end, so the list is read from there: its last address is the client, or, recursively, the
 * last one that is not a proxy of ours.
 */

import { isIP } from 'node:net'
import { type Address, inetAddress } from '../io/address.ts'
import { contains, type Network } from '../io/network.ts'
import type { Exchange } from '../server/exchange.ts'

export function forwardedAddress(
  x: Exchange,
  peer: Address,
  proxies: readonly Network[],
  isRecursive: boolean,
): Address {
  const isTrusted = (address: Address): boolean => proxies.some(network => contains(network, address))
  if (!isTrusted(peer)) return peer
  let client = peer
  for (const text of forwardedTexts(x).reverse()) {
    const address = parseForwarded(text)
    if (address === null) return client
    client = address
    if (!isRecursive || !isTrusted(client)) return client
  }
  return client
}

/** nginx takes spaces for commas. */
function forwardedTexts(x: Exchange): string[] {
  const value = x.fields.get('x-forwarded-for') ?? ''
  return value.split(/[ ,]+/).filter(text => text !== '')
}

export function parseForwarded(text: string): Address | null {
  const found = /^\[(.*)\]:(\d+)$|^([^:]*):(\d+)$/.exec(text)
  const [, six, sixPort, four, fourPort] = found ?? []
  const [host, port] = [six ?? four ?? text, Number(sixPort ?? fourPort ?? 0)]
  if (isIP(host) === 0 || host.includes('%') || port > 65535) return null
  return found !== null && port === 0 ? null : inetAddress(host, port)
}
