/**
 * Addresses of peers as a configuration writes them: `127.0.0.1:9000`, `[::1]:9000`, `localhost:9000`, `unix:/run/app.sock`.
 *
 *   readPeerAddress('localhost:9000', null)     its addresses, or what is wrong with it
 *
 * A name may have several: each is a peer. Names are looked up when the configuration is read, and never again.
 */

import {
  type Address,
  formatAddress,
  inetAddress,
  isAddress,
  parseEndpoint,
  unixAddress,
} from '../io/address.ts'
import { addressesOfName } from '../io/lookup.ts'

/** nginx's sentence, and what would be right. */
export interface AddressMistake {
  readonly summary: string
  readonly expected: string
}

export interface PeerAddress {
  /** As logs tell it. */
  readonly name: string
  readonly address: Address
}

const EXPECTED = 'expected host:port, [IPv6]:port or unix:/path'

/** @param standardPort where the text may name none; null: it has to */
export function readPeerAddress(
  text: string,
  standardPort: number | null,
): readonly PeerAddress[] | AddressMistake {
  const hasPort = text.startsWith('unix:') || /:\d+$/.test(text.replace(/^\[[^\]]*\]/, ''))
  if (!hasPort && /:$/.test(text))
    return { summary: `invalid port in upstream "${text}"`, expected: EXPECTED }
  if (!hasPort && standardPort === null)
    return { summary: `no port in upstream "${text}"`, expected: EXPECTED }
  const endpoint = parseEndpoint(hasPort ? text : `${text}:${standardPort}`)
  if (typeof endpoint === 'string')
    return { summary: `invalid host in upstream "${text}"`, expected: endpoint }
  if ('path' in endpoint) {
    const address = unixAddress(endpoint.path)
    return [{ name: formatAddress(address), address }]
  }
  if (endpoint.host === null) return { summary: `no host in upstream "${text}"`, expected: EXPECTED }
  if (endpoint.port === 0)
    return { summary: `invalid port in upstream "${text}"`, expected: 'a port from 1 to 65535' }
  const hosts = isAddress(endpoint.host) ? [endpoint.host] : addressesOfName(endpoint.host)
  if (hosts.length === 0) {
    return {
      summary: `host not found in upstream "${text}"`,
      expected: 'a name is looked up when the configuration is read; is it spelled right, or in /etc/hosts?',
    }
  }
  return hosts.map(host => {
    const address = inetAddress(host, endpoint.port)
    return { name: formatAddress(address), address }
  })
}
