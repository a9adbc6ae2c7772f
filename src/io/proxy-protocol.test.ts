import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mutated, POISONS, piecesOf, poisoned, randomFrom } from '../../test/pieces.ts'
import { formatAddress } from './address.ts'
import {
  BAD_PROXY_ADDRESS,
  BAD_PROXY_CHECKSUM,
  INCOMPLETE,
  isTlvName,
  NO_PROXY_HEADER,
  PROXY_HEADER_TOO_LARGE,
  ProxyHeader,
  parseProxyHeader,
  proxyRefusalWords,
  UNKNOWN_PROXY_VERSION,
} from './proxy-protocol.ts'

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'
const IPV4 = [192, 0, 2, 7, 198, 51, 100, 9, 0xdc, 0x04, 0x01, 0xbb]
const IPV6 = [
  ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  ...[0xdc, 0x04, 0x01, 0xbb],
]

function v2(command: number, kind: number, body: readonly number[]): Buffer {
  const head = [command, kind, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from(SIGNATURE, 'latin1'), Buffer.from([...head, ...body])])
}

function tlv(type: number, value: string | readonly number[]): number[] {
  const bytes = typeof value === 'string' ? [...Buffer.from(value, 'latin1')] : value
  return [type, bytes.length >> 8, bytes.length & 0xff, ...bytes]
}

function text(line: string): Buffer {
  return Buffer.from(line, 'latin1')
}

/** What comes out: the length and the addresses, or a refusal. The same however it is cut, and whatever stands around it. */
function outcome(message: Buffer): string {
  const seen = new Set<string>()
  for (const poison of POISONS) {
    for (const pieces of piecesOf(message.length)) seen.add(parseIn(message, pieces, poison))
  }
  assert.equal(seen.size, 1, `one reading, not ${[...seen].join(' or ')}`)
  return [...seen][0]!
}

function parseIn(message: Buffer, pieces: readonly number[], poison: number): string {
  for (const length of pieces) {
    const { bytes, start, end } = poisoned(message, length, poison)
    const header = new ProxyHeader()
    const next = parseProxyHeader(bytes, start, end, header)
    bytes.fill(poison)
    if (next !== INCOMPLETE) return next < 0 ? String(next) : `${next - start} ${described(header)}`
  }
  return 'incomplete'
}

function described({ source, destination }: ProxyHeader): string {
  if (source === null || destination === null) return 'unknown'
  return `${formatAddress(source)} to ${formatAddress(destination)}`
}

function parsed(message: Buffer): ProxyHeader {
  const header = new ProxyHeader()
  assert.equal(parseProxyHeader(message, 0, message.length, header), message.length)
  return header
}

const GOOD: readonly (readonly [name: string, message: Buffer, outcome: string])[] = [
  [
    'TCP over IPv4',
    text('PROXY TCP4 192.0.2.7 198.51.100.9 56324 443\r\n'),
    '45 192.0.2.7:56324 to 198.51.100.9:443',
  ],
  [
    'TCP over IPv6',
    text('PROXY TCP6 2001:db8::1 2001:DB8::2 1 65535\r\n'),
    '44 [2001:db8::1]:1 to [2001:DB8::2]:65535',
  ],
  [
    'the longest IPv4',
    text('PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n'),
    '56 255.255.255.255:65535 to 255.255.255.255:65535',
  ],
  ['port 0', text('PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n'), '32 0.0.0.0:0 to 0.0.0.0:0'],
  ['an unknown client', text('PROXY UNKNOWN\r\n'), '15 unknown'],
  [
    'the longest line',
    text(`PROXY UNKNOWN ${'f'.repeat(39)} ${'f'.repeat(39)} 65535 65535\r\n`),
    '107 unknown',
  ],
  ['version 2, IPv4', v2(0x21, 0x11, IPV4), '28 192.0.2.7:56324 to 198.51.100.9:443'],
  ['version 2, IPv6', v2(0x21, 0x21, IPV6), '52 [2001:db8::1]:56324 to [2001:db8::2]:443'],
  [
    'version 2, IPv4 and facts',
    v2(0x21, 0x11, [...IPV4, ...tlv(1, 'h2')]),
    '33 192.0.2.7:56324 to 198.51.100.9:443',
  ],
  ['version 2, the balancer itself', v2(0x20, 0x00, []), '16 unknown'],
  ['version 2, the balancer itself, with addresses', v2(0x20, 0x11, IPV4), '28 unknown'],
  ['version 2, the balancer itself, with half an address', v2(0x20, 0x11, [1, 2, 3]), '19 unknown'],
  ['version 2, no family', v2(0x21, 0x00, [1, 2, 3]), '19 unknown'],
  ['version 2, datagrams', v2(0x21, 0x12, IPV4), '28 unknown'],
  ['version 2, a Unix socket', v2(0x21, 0x31, Array<number>(216).fill(0x61)), '232 unknown'],
  [
    'version 2, facts that are broken',
    v2(0x21, 0x11, [...IPV4, 1, 2]),
    '30 192.0.2.7:56324 to 198.51.100.9:443',
  ],
  ['version 2, as large as may be', v2(0x21, 0x00, Array<number>(4096 - 16).fill(4)), '4096 unknown'],
]

const REFUSED: readonly (readonly [name: string, message: Buffer, code: number])[] = [
  ['a request', text('GET / HTTP/1.1\r\n'), NO_PROXY_HEADER],
  ['a TLS handshake', Buffer.from([0x16, 3, 1, 0, 200]), NO_PROXY_HEADER],
  ['small letters', text('proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n'), NO_PROXY_HEADER],
  ['a tab for a space', text('PROXY\tTCP4 1.2.3.4 1.2.3.4 1 2\r\n'), NO_PROXY_HEADER],
  ['no CR', text('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n'), NO_PROXY_HEADER],
  ['a CR within', text('PROXY UNKNOWN \r 1 2\r\n'), NO_PROXY_HEADER],
  ['two CR', text('PROXY UNKNOWN\r\r\n'), NO_PROXY_HEADER],
  ['a line without end', text(`PROXY UNKNOWN ${'x'.repeat(93)}`), PROXY_HEADER_TOO_LARGE],
  ['a line that is too long', text(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`), PROXY_HEADER_TOO_LARGE],
  ['no words', text('PROXY \r\n'), BAD_PROXY_ADDRESS],
  ['another family', text('PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n'), BAD_PROXY_ADDRESS],
  ['a word behind UNKNOWN', text('PROXY UNKNOWNS\r\n'), BAD_PROXY_ADDRESS],
  ['the other family', text('PROXY TCP4 ::1 ::1 1 2\r\n'), BAD_PROXY_ADDRESS],
  ['two families', text('PROXY TCP6 ::1 1.2.3.4 1 2\r\n'), BAD_PROXY_ADDRESS],
  ['a zone', text('PROXY TCP6 fe80::1%lo ::1 1 2\r\n'), BAD_PROXY_ADDRESS],
  ['brackets', text('PROXY TCP6 [::1] ::1 1 2\r\n'), BAD_PROXY_ADDRESS],
  ['a zero in front of a number', text('PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n'), BAD_PROXY_ADDRESS],
  ['a zero in front of a port', text('PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n'), BAD_PROXY_ADDRESS],
  ['a port beyond the last', text('PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n'), BAD_PROXY_ADDRESS],
  ['a sign', text('PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n'), BAD_PROXY_ADDRESS],
  ['two spaces', text('PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n'), BAD_PROXY_ADDRESS],
  ['a space at the end', text('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n'), BAD_PROXY_ADDRESS],
  ['a word too few', text('PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n'), BAD_PROXY_ADDRESS],
  ['version 1 in the binary head', v2(0x11, 0x11, IPV4), UNKNOWN_PROXY_VERSION],
  ['version 3', v2(0x31, 0x11, IPV4), UNKNOWN_PROXY_VERSION],
  ['another command', v2(0x22, 0x11, IPV4), UNKNOWN_PROXY_VERSION],
  ['another binary family', v2(0x21, 0x41, IPV4), UNKNOWN_PROXY_VERSION],
  ['another transport', v2(0x21, 0x13, IPV4), UNKNOWN_PROXY_VERSION],
  ['half an address', v2(0x21, 0x11, IPV4.slice(0, 11)), BAD_PROXY_ADDRESS],
  ['an IPv4 address for IPv6', v2(0x21, 0x21, IPV4), BAD_PROXY_ADDRESS],
  [
    'a binary head that is too large',
    v2(0x21, 0x00, Array<number>(4097 - 16).fill(4)),
    PROXY_HEADER_TOO_LARGE,
  ],
]

describe('the PROXY protocol', () => {
  for (const [name, message, expected] of GOOD) {
    it(`understands ${name}, cut at every byte`, () => assert.equal(outcome(message), expected))
  }

  for (const [name, message, code] of REFUSED) {
    it(`refuses ${name}, cut at every byte`, () => {
      assert.equal(outcome(message), String(code))
      assert.match(proxyRefusalWords(code), /PROXY protocol/)
    })
  }

  it('waits for what is missing', () => {
    for (const [, message] of GOOD) {
      for (let length = 0; length < Math.min(message.length, 300); length++)
        assert.equal(outcome(message.subarray(0, length)), 'incomplete')
    }
  })

  it('leaves what is behind the head', () => {
    for (const [, message] of GOOD) {
      const all = Buffer.concat([message, text('GET / HTTP/1.1\r\n\r\n')])
      assert.equal(parseProxyHeader(all, 0, all.length, new ProxyHeader()), message.length)
    }
  })
})

describe('facts behind the addresses', () => {
  const facts = [
    ...tlv(0x01, 'h2'),
    ...tlv(0x04, 'padding'),
    ...tlv(0x02, 'example.com'),
    ...tlv(0x05, [0, 255, 10]),
    ...tlv(0x20, [
      ...[1, 0, 0, 0x12, 0x34],
      ...tlv(0x21, 'TLSv1.3'),
      ...tlv(0x22, 'client'),
      ...tlv(0x23, 'TLS_AES_128_GCM_SHA256'),
      ...tlv(0x24, 'RSA-SHA256'),
      ...tlv(0x25, 'RSA2048'),
    ]),
    ...tlv(0x30, 'blue'),
    ...tlv(0xea, ''),
  ]
  const expected: Readonly<Record<string, string | null>> = {
    alpn: 'h2',
    authority: 'example.com',
    unique_id: '\0\xff\n',
    netns: 'blue',
    ssl_verify: String(0x1234),
    ssl_version: 'TLSv1.3',
    ssl_cn: 'client',
    ssl_cipher: 'TLS_AES_128_GCM_SHA256',
    ssl_sig_alg: 'RSA-SHA256',
    ssl_key_alg: 'RSA2048',
    '0x01': 'h2',
    '0xEA': '',
    '0x21': null,
    '0xeb': null,
    ssl_0x22: 'client',
    ssl_0x01: null,
  }

  it('are found by nginx’s names, and by their numbers', () => {
    const header = parsed(v2(0x21, 0x11, [...IPV4, ...facts]))
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(isTlvName(name), true, name)
      assert.equal(header.tlv(name), value, name)
    }
    assert.ok(header.tlv('ssl')!.startsWith('\x01\0\0\x12\x34\x21'))
  })

  it('have no other names', () => {
    const header = parsed(v2(0x21, 0x11, [...IPV4, ...facts]))
    for (const name of ['', 'ALPN', 'crc32c', 'toString', '0x', '0x100', '0xg1', 'ssl_', 'ssl_alp', '1']) {
      assert.equal(isTlvName(name), false, name)
      assert.equal(header.tlv(name), null, name)
    }
  })

  it('are none where none were sent, and the first where there are two', () => {
    for (const name of Object.keys(expected)) {
      assert.equal(parsed(v2(0x21, 0x11, IPV4)).tlv(name), null)
      assert.equal(parsed(text('PROXY UNKNOWN\r\n')).tlv(name), null)
      // Nobody knows whose facts these would be.
      assert.equal(parsed(v2(0x20, 0x11, [...IPV4, ...facts])).tlv(name), null)
    }
    assert.equal(parsed(v2(0x21, 0x11, [...IPV4, ...tlv(1, 'a'), ...tlv(1, 'b')])).tlv('alpn'), 'a')
  })

  it('end where they are broken', () => {
    const broken = [...tlv(1, 'h2'), 2, 0, 9, 0x61]
    const header = parsed(v2(0x21, 0x11, [...IPV4, ...broken]))
    assert.deepEqual([header.tlv('alpn'), header.tlv('authority')], ['h2', null])
    const short = parsed(v2(0x21, 0x11, [...IPV4, ...tlv(0x20, [1, 0, 0, 0])]))
    assert.deepEqual([short.tlv('ssl_verify'), short.tlv('ssl_cn')], [null, null])
  })

  it('may hold a checksum of the head, which is checked', () => {
    assert.equal(slowCrc(Buffer.alloc(32)), 0x8a9136aa, 'the example of RFC 3720 §B.4')
    const unsigned = v2(0x21, 0x11, [...IPV4, ...tlv(3, [0, 0, 0, 0]), ...tlv(1, 'h2')])
    const message = Buffer.from(unsigned)
    message.writeUInt32BE(slowCrc(unsigned), 16 + 12 + 3)
    assert.equal(parsed(message).tlv('alpn'), 'h2')
    for (let at = 16; at < message.length; at++) {
      const changed = Buffer.from(message)
      changed[at]! ^= 1
      const result = parseProxyHeader(changed, 0, changed.length, new ProxyHeader())
      // Where the change hides the checksum itself, there is none to be checked.
      if (at < 28 || at > 30) assert.equal(result, BAD_PROXY_CHECKSUM, `byte ${at}`)
    }
    assert.equal(outcome(v2(0x21, 0x11, [...IPV4, ...tlv(3, [1, 2, 3])])), String(BAD_PROXY_CHECKSUM))
  })
})

/** By polynomial division, as RFC 9260 (Appendix A) describes it: bits reflected, all ones before and after. */
function slowCrc(bytes: Buffer): number {
  let remainder = 0xffffffffn
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = ((remainder ^ (BigInt(byte) >> BigInt(bit))) & 1n) === 1n
      remainder = (remainder >> 1n) ^ (isOdd ? 0x82f63b78n : 0n)
    }
  }
  return Number(remainder ^ 0xffffffffn)
}

describe('mutated heads', () => {
  it('have one reading however they are cut', () => {
    const random = randomFrom(11)
    for (let i = 0; i < 3000; i++) {
      const [, message] = GOOD[random(GOOD.length)]!
      const changed = mutated(message.subarray(0, 300), random)
      const results = new Set<string>()
      for (const poison of POISONS) {
        const cut = 1 + random(Math.max(1, changed.length))
        results.add(
          parseIn(
            changed,
            [cut, changed.length].filter(n => n <= changed.length),
            poison,
          ),
        )
        results.add(parseIn(changed, [changed.length], poison))
      }
      assert.equal(results.size, 1, `${changed.toString('latin1')}: ${[...results].join(' or ')}`)
    }
  })
})
