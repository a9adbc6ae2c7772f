/**
 * Under which URLs the listening addresses can be reached.
 *
 *   urlsOf(addresses, '/docs/')                  one per address, for scripts
 *   reachableUrls(addresses, interfaces, base)   for people: from this machine, and from others
 *
 * A listener on every address is reached as localhost here, and by each address of an interface elsewhere.
 */

import type { NetworkInterfaceInfo } from 'node:os'
import type { Address } from '../index.ts'
import { formatHost } from '../io/address.ts'

/** As os.networkInterfaces() gives them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

export function urlsOf(addresses: readonly Address[], base: string): string[] {
  const urls = addresses.map(address => {
    if ('path' in address) return `unix:${address.path}`
    return urlOf(isWildcard(address.host) ? 'localhost' : address.host, address.port, base)
  })
  return [...new Set(urls)]
}

export interface ReachableUrls {
  local: string[]
  network: string[]
}

export function reachableUrls(
  addresses: readonly Address[],
  interfaces: Interfaces,
  base: string,
): ReachableUrls {
  const local = new Set<string>()
  const network = new Set<string>()
  for (const address of addresses) {
    if ('path' in address) local.add(`unix:${address.path}`)
    else if (isWildcard(address.host)) {
      local.add(urlOf('localhost', address.port, base))
      const hosts = hostsOf(interfaces, address.host === '::')
      for (const host of hosts) network.add(urlOf(host, address.port, base))
    } else (isLoopback(address.host) ? local : network).add(urlOf(address.host, address.port, base))
  }
  return { local: [...local], network: [...network] }
}

function urlOf(host: string, port: number, base: string): string {
  return `http://${formatHost(host)}${port === 80 ? '' : `:${port}`}${base}`
}

function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0'
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.')
}

/** IPv4 first, because it can be typed. Of the several IPv6 addresses that an interface may have, one is enough. */
function hostsOf(interfaces: Interfaces, withIPv6: boolean): string[] {
  const outer = Object.values(interfaces).map(infos => (infos ?? []).filter(info => !info.internal))
  const v4 = outer.flatMap(infos => infos.filter(({ family }) => family === 'IPv4'))
  const v6 = outer.flatMap(infos => infos.filter(isGlobalIPv6).slice(0, 1))
  return [...v4, ...(withIPv6 ? v6 : [])].map(({ address }) => address)
}

/** Link-local addresses (fe80::/10, RFC 4291 §2.5.6) need a zone, which URLs of browsers cannot carry. */
function isGlobalIPv6({ family, address }: NetworkInterfaceInfo): boolean {
  return family === 'IPv6' && !/^fe[89ab]/i.test(address)
}
