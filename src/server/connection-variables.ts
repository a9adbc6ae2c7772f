/**
 * Variables about a connection: its two ends, its age, what a balancer said of it, and what the kernel knows of its speed.
 *
 *   CONNECTION_ROWS, CONNECTION_FAMILIES      for `core-variables.ts`
 */

import type { Address } from '../io/address.ts'
import { epochSeconds } from '../io/log-time.ts'
import { addressBytes } from '../io/network.ts'
import type { TcpInfo } from '../io/socket-info.ts'
import type { Exchange } from './exchange.ts'
import { clientText } from './log-context.ts'
import type { ConnectionFacts } from './responder.ts'
import type { VariableFamily, VariableRow } from './variables.ts'

const factsOf = (x: Exchange): ConnectionFacts => x.responder.facts

export const CONNECTION_ROWS: readonly VariableRow[] = [
  { name: 'scheme', doc: '`http` or `https`.', get: x => (x.isSecure ? 'https' : 'http') },
  {
    name: 'https',
    doc: '`on` where the connection is one of TLS, otherwise empty.',
    get: x => (x.isSecure ? 'on' : ''),
  },
  {
    name: 'remote_addr',
    doc: 'The address of the client; `unix:` for one that came by a Unix socket.',
    get: x => clientText(x.peer),
  },
  {
    name: 'remote_port',
    doc: 'The port of the client; empty for a Unix socket.',
    get: x => portOf(x.peer),
  },
  {
    name: 'binary_remote_addr',
    doc: 'The address of the client as 4 octets of IPv4 or 16 of IPv6, each a character: short keys for tables of clients.',
    isOctets: true,
    get: x => binaryOf(x.peer),
  },
  {
    name: 'server_addr',
    doc: 'The address that the connection came to: the one of this machine, also where `listen` names all of them. Of a Unix socket `unix:` and its path.',
    get: x => hostOf(factsOf(x).localAddress),
  },
  {
    name: 'server_port',
    doc: 'The port that the connection came to; empty for a Unix socket.',
    get: x => portOf(factsOf(x).localAddress),
  },
  {
    name: 'connection',
    doc: 'The number of the connection, from 1, in this process.',
    get: x => String(factsOf(x).serial),
  },
  {
    name: 'connection_requests',
    doc: 'How many requests have come by the connection, this one included.',
    get: x => String(factsOf(x).requestCount),
  },
  {
    name: 'connection_time',
    doc: 'Seconds, with milliseconds, since the connection was accepted.',
    get: x => epochSeconds(factsOf(x).now - factsOf(x).openedAt),
  },
  {
    name: 'pipe',
    doc: '`p` when the request had come before the answer to the one before it was finished (RFC 9112 §9.3.2), otherwise `.`.',
    get: x => (factsOf(x).isPipelined ? 'p' : '.'),
  },
  {
    name: 'proxy_protocol_addr',
    doc: 'The address of the client as the PROXY protocol tells it; no value on listeners without `proxy_protocol`.',
    get: x => proxied(x, 'source', hostOf),
  },
  {
    name: 'proxy_protocol_port',
    doc: 'The port of the client as the PROXY protocol tells it.',
    get: x => proxied(x, 'source', portOf),
  },
  {
    name: 'proxy_protocol_server_addr',
    doc: 'The address that the client has connected to, as the PROXY protocol tells it.',
    get: x => proxied(x, 'destination', hostOf),
  },
  {
    name: 'proxy_protocol_server_port',
    doc: 'The port that the client has connected to, as the PROXY protocol tells it.',
    get: x => proxied(x, 'destination', portOf),
  },
  {
    name: 'tcpinfo_rtt',
    doc: 'The time of a round trip to the client, in microseconds, as the kernel has measured it (tcp(7)).',
    get: x => tcpInfo(x, 'rttMicroseconds'),
  },
  {
    name: 'tcpinfo_rttvar',
    doc: 'How much that time varies, in microseconds.',
    get: x => tcpInfo(x, 'rttvarMicroseconds'),
  },
  {
    name: 'tcpinfo_snd_cwnd',
    doc: 'How many segments may be on their way to the client: the congestion window.',
    get: x => tcpInfo(x, 'sndCwnd'),
  },
  {
    name: 'tcpinfo_rcv_space',
    doc: 'The bytes for which the kernel has made room for what the client sends.',
    get: x => tcpInfo(x, 'rcvSpaceBytes'),
  },
]

export const CONNECTION_FAMILIES: readonly VariableFamily[] = [
  {
    prefix: 'proxy_protocol_tlv_',
    doc: 'A further fact of the PROXY protocol’s version 2, by its name or its number: `alpn`, `authority`, `unique_id`, `netns`, `ssl_version`, `ssl_cn`, `ssl_cipher`, `ssl_sig_alg`, `ssl_key_alg`, `ssl_verify`, or as in `0xea` and `ssl_0x21`.',
    isOctets: true,
    member: name => x => factsOf(x).proxy?.tlv(name) ?? null,
  },
]

function hostOf(address: Address): string {
  return 'path' in address ? `unix:${address.path}` : address.host
}

function portOf(address: Address): string {
  return 'path' in address || address.port === 0 ? '' : String(address.port)
}

function binaryOf(address: Address): string {
  return 'path' in address ? clientText(address) : Buffer.from(addressBytes(address)).toString('latin1')
}

/** A balancer that speaks for itself names nobody. */
function proxied(
  x: Exchange,
  end: 'source' | 'destination',
  part: (address: Address) => string,
): string | null {
  const address = factsOf(x).proxy?.[end] ?? null
  return address === null ? null : part(address)
}

function tcpInfo(x: Exchange, name: keyof TcpInfo): string | null {
  const info = factsOf(x).tcpInfo()
  return info === null ? null : String(info[name])
}
