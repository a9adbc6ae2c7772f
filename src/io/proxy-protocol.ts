/**
 * The PROXY protocol: what a load balancer says before the first byte of its client, namely who that is (HAProxy's
 * `proxy-protocol.txt`). Version 1 is a line of text, version 2 a binary head with further facts (TLVs).
 *
 *   parseProxyHeader(bytes, at, end, header)   how far it came; INCOMPLETE; or a refusal
 *   header.source, header.destination          null where the balancer speaks for itself (LOCAL, UNKNOWN): the socket's own hold
 *   header.tlv('alpn')                         a fact by its name in nginx's `$proxy_protocol_tlv_…`
 *   isTlvName('alpn')                          whether there can be a fact of that name
 *
 * Pure: it knows no socket. A head that is not complete is parsed anew with more bytes; it costs at most 107 of them to find that
 * out. The peer is believed, so nobody but a listener that is told so asks for this.
 */

import { isIPv4, isIPv6 } from 'node:net'
import { AF_INET, AF_INET6, SOCKADDR_IN6 } from '../sys/constants.ts'
import { addressOf, type InetAddress, inetAddress } from './address.ts'

/** More bytes are needed. */
export const INCOMPLETE = -1
/** What came is no head of this protocol. */
export const NO_PROXY_HEADER = -2
/** Its addresses are not those that it announces. */
export const BAD_PROXY_ADDRESS = -3
/** Longer than a head may be. */
export const PROXY_HEADER_TOO_LARGE = -4
/** A version, command, family or transport that the protocol does not have. */
export const UNKNOWN_PROXY_VERSION = -5
/** Its own checksum says that it was changed on its way (§2.2.3). */
export const BAD_PROXY_CHECKSUM = -6

const WORDS: Readonly<Record<number, string>> = {
  [NO_PROXY_HEADER]: 'no PROXY protocol header',
  [BAD_PROXY_ADDRESS]: 'a PROXY protocol header with a wrong address',
  [PROXY_HEADER_TOO_LARGE]: 'a PROXY protocol header that is too large',
  [UNKNOWN_PROXY_VERSION]: 'a PROXY protocol header of an unknown kind',
  [BAD_PROXY_CHECKSUM]: 'a PROXY protocol header with a wrong checksum',
}

/** For the log. @param code one of the refusals above */
export function proxyRefusalWords(code: number): string {
  return WORDS[code] ?? ''
}

/** §2.1: "PROXY UNKNOWN" with the longest addresses, and CR LF. */
const V1_MOST_BYTES = 107
/** As nginx has it. The protocol allows 64 KiB; what HAProxy sends with certificates stays below a kilobyte. */
const V2_MOST_BYTES = 4096
const V1_START = Buffer.from('PROXY ')
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** §2.2: signature, version and command, family and transport, length of what follows. */
const V2_HEAD_BYTES = 16

const CRC32C = 0x03
const SSL = 0x20
/** Of the SSL fact: a byte of flags, and the result of the verification, come before the facts inside it (§2.2.6). */
const SSL_HEAD_BYTES = 5

/** Facts by the names that nginx gives them; inside of the SSL fact those whose name begins so. */
const TLV_NAMES: Readonly<Record<string, number>> = {
  alpn: 0x01,
  authority: 0x02,
  unique_id: 0x05,
  ssl: SSL,
  netns: 0x30,
  ssl_version: 0x21,
  ssl_cn: 0x22,
  ssl_cipher: 0x23,
  ssl_sig_alg: 0x24,
  ssl_key_alg: 0x25,
}

/** @param name `alpn`, `ssl_cn`, `ssl_verify`, … or a number, as in `0xea` and `ssl_0x21` */
export function isTlvName(name: string): boolean {
  return name === 'ssl_verify' || typeOf(name) !== null
}

function typeOf(name: string): number | null {
  const known = Object.hasOwn(TLV_NAMES, name) ? TLV_NAMES[name] : undefined
  if (known !== undefined) return known
  const match = /^(?:ssl_)?0x([\da-f]{1,2})$/i.exec(name)
  return match === null ? null : Number.parseInt(match[1]!, 16)
}

export class ProxyHeader {
  version: 1 | 2 = 1
  source: InetAddress | null = null
  destination: InetAddress | null = null
  /** Types, lengths and values, as they came (§2.2). */
  tlvs: Buffer = Buffer.alloc(0)

  /**
   * @param name see `isTlvName`
   * @returns the value, a byte per character; of `ssl_verify` a decimal number; null when it was not sent, or is broken
   */
  tlv(name: string): string | null {
    const isInside = name.startsWith('ssl_')
    const facts = isInside ? findTlv(this.tlvs, SSL) : this.tlvs
    if (facts === null || (isInside && facts.length < SSL_HEAD_BYTES)) return null
    if (name === 'ssl_verify') return String(facts.readUInt32BE(1))
    const type = typeOf(name)
    const found = type === null ? null : findTlv(isInside ? facts.subarray(SSL_HEAD_BYTES) : facts, type)
    return found === null ? null : found.toString('latin1')
  }
}

/** @returns the first value of this type */
function findTlv(tlvs: Buffer, type: number): Buffer | null {
  for (let at = 0; at + 3 <= tlvs.length; ) {
    const end = at + 3 + tlvs.readUInt16BE(at + 1)
    if (end > tlvs.length) return null
    if (tlvs[at] === type) return tlvs.subarray(at + 3, end)
    at = end
  }
  return null
}

/**
 * @param header is filled once the head is complete; nothing in it refers to `bytes`
 * @returns the index behind the head, or INCOMPLETE, or a refusal
 */
export function parseProxyHeader(bytes: Buffer, at: number, end: number, header: ProxyHeader): number {
  if (startsLike(bytes, at, end, V2_SIGNATURE)) return parseV2(bytes, at, end, header)
  if (startsLike(bytes, at, end, V1_START)) return parseV1(bytes, at, end, header)
  return NO_PROXY_HEADER
}

/** Could what is there become `start`, or is it already? */
function startsLike(bytes: Buffer, at: number, end: number, start: Buffer): boolean {
  const sizeBytes = Math.min(end - at, start.length)
  return bytes.compare(start, 0, sizeBytes, at, at + sizeBytes) === 0
}

/** §2.1. The line is not looked at before it is whole; a single CR or LF ends nothing, and has no place in it. */
function parseV1(bytes: Buffer, at: number, end: number, header: ProxyHeader): number {
  const most = Math.min(end, at + V1_MOST_BYTES)
  const sizeBytes = bytes.subarray(at, most).indexOf('\n') + 1
  if (sizeBytes === 0) return most - at < V1_MOST_BYTES ? INCOMPLETE : PROXY_HEADER_TOO_LARGE
  const line = bytes.toString('latin1', at, at + sizeBytes)
  if (line.indexOf('\r') !== sizeBytes - 2) return NO_PROXY_HEADER
  const words = line.slice(0, -2).split(' ')
  if (words[1] !== 'UNKNOWN' && !takeV1(words, header)) return BAD_PROXY_ADDRESS
  header.version = 1
  return at + sizeBytes
}

function takeV1(words: readonly string[], header: ProxyHeader): boolean {
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = words
  const isHost = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : () => false
  if (words.length !== 6 || !isHost(source) || !isHost(destination)) return false
  if (!isPort(sourcePort) || !isPort(destinationPort)) return false
  header.source = inetAddress(source, Number(sourcePort))
  header.destination = inetAddress(destination, Number(destinationPort))
  return true
}

/** Without a zone: that is a name of the other machine. */
function isPlainIPv6(host: string): boolean {
  return isIPv6(host) && !host.includes('%')
}

/** Without leading zeros, which somebody might take for octal. */
function isPort(word: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(word) && Number(word) <= 65535
}

/** §2.2. What is behind the addresses are TLVs. */
function parseV2(bytes: Buffer, at: number, end: number, header: ProxyHeader): number {
  if (end - at < V2_HEAD_BYTES) return INCOMPLETE
  const command = bytes[at + 12]!
  const kind = bytes[at + 13]!
  const isKnown = (command === LOCAL || command === PROXY) && kind >> 4 <= 3 && (kind & 0xf) <= 2
  if (!isKnown) return UNKNOWN_PROXY_VERSION
  const next = at + V2_HEAD_BYTES + bytes.readUInt16BE(at + 14)
  if (next - at > V2_MOST_BYTES) return PROXY_HEADER_TOO_LARGE
  if (next > end) return INCOMPLETE
  const addresses = ADDRESSES[kind >> 4]!
  const rest = bytes.subarray(at + V2_HEAD_BYTES, next)
  if (rest.length < addresses.sizeBytes && command === PROXY) return BAD_PROXY_ADDRESS
  const tlvs = rest.subarray(addresses.sizeBytes)
  if (!isIntact(bytes.subarray(at, next), tlvs)) return BAD_PROXY_CHECKSUM
  header.version = 2
  // A balancer that speaks for itself says nothing of a client, whatever stands there; so with families that have no address here.
  if (command !== PROXY || (kind & 0xf) !== STREAM || addresses.read === null) return next
  header.source = addresses.read(rest, 0)
  header.destination = addresses.read(rest, 1)
  header.tlvs = Buffer.from(tlvs)
  return next
}

/** Version and command in one. */
const LOCAL = 0x20
const PROXY = 0x21
const STREAM = 1

interface AddressBlock {
  /** Both addresses, then both ports. */
  readonly sizeBytes: number
  /** @param which 0 the source, 1 the destination */
  readonly read: ((block: Buffer, which: number) => InetAddress) | null
}

/** By family: unspecified, IPv4, IPv6, Unix. The last one could be read, but who is a client "by a path"? nginx takes none either. */
const ADDRESSES: readonly AddressBlock[] = [
  { sizeBytes: 0, read: null },
  {
    sizeBytes: 12,
    read: (block, which) => ({
      family: AF_INET,
      host: block.subarray(4 * which, 4 * which + 4).join('.'),
      port: block.readUInt16BE(8 + 2 * which),
    }),
  },
  {
    sizeBytes: 36,
    read: (block, which) => ({
      family: AF_INET6,
      host: ipv6Of(block.subarray(16 * which, 16 * which + 16)),
      port: block.readUInt16BE(32 + 2 * which),
    }),
  },
  { sizeBytes: 216, read: null },
]

function ipv6Of(address: Buffer): string {
  const bytes = Buffer.alloc(SOCKADDR_IN6.sizeBytes)
  bytes.writeUInt16LE(AF_INET6, 0)
  bytes.set(address, SOCKADDR_IN6.address)
  return (addressOf(bytes, bytes.length) as InetAddress).host
}

/** §2.2.3: the checksum of the whole head, in which itself counts as four zeros. Who sends none is believed. */
function isIntact(head: Buffer, tlvs: Buffer): boolean {
  const sum = findTlv(tlvs, CRC32C)
  if (sum === null) return true
  if (sum.length !== 4) return false
  const copy = Buffer.from(head)
  const sumAt = sum.byteOffset - head.byteOffset
  return crc32c(copy.fill(0, sumAt, sumAt + 4)) === sum.readUInt32BE(0)
}

/** CRC-32 with Castagnoli's polynomial (RFC 9260, Appendix A), bit by bit: once per connection, for some hundred bytes. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : 0x82f63b78)
  }
  return (crc ^ 0xffffffff) >>> 0
}
