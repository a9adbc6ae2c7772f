import assert from 'node:assert/strict'
import { it } from 'node:test'
import { murmurHash2 } from './murmur-hash.ts'

/** By another implementation; test/answer-cases.ts holds the shares that come of such hashes against nginx. */
const HASHES: readonly [octets: string, hash: number][] = [
  ['', 0],
  ['a', 0x92685f5e],
  ['ab', 0x1aa14063],
  ['abc', 0x13577c9b],
  ['abcd', 0x26873021],
  ['abcde', 0x5f09a8de],
  ['/index.html', 0x7a72597d],
  ['192.0.2.1Mozilla', 0x2872acd3],
  ['\xff\xfe\xfd\xfc\xfb', 0xfae45ebc],
]

for (const [octets, hash] of HASHES) {
  it(`the hash of ${JSON.stringify(octets)}`, () => assert.equal(murmurHash2(octets), hash))
}
