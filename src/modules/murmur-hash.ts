/**
 * MurmurHash2 with a seed of 0, as nginx computes it: by Austin Appleby, 32 bits, public domain.
 *
 *   murmurHash2('a')     of octets, one in each character
 */

const MULTIPLIER = 0x5bd1e995

/** @returns 0 to 2^32 - 1 */
export function murmurHash2(octets: string): number {
  const { length } = octets
  let hash = length
  let at = 0
  for (; length - at >= 4; at += 4) {
    let part =
      octets.charCodeAt(at) |
      (octets.charCodeAt(at + 1) << 8) |
      (octets.charCodeAt(at + 2) << 16) |
      (octets.charCodeAt(at + 3) << 24)
    part = Math.imul(part, MULTIPLIER)
    part = Math.imul(part ^ (part >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ part
  }
  if (at < length) {
    for (let i = length - 1; i >= at; i--) hash ^= octets.charCodeAt(i) << (8 * (i - at))
    hash = Math.imul(hash, MULTIPLIER)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return (hash ^ (hash >>> 15)) >>> 0
}
