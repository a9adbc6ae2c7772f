/**
 * For tests of parsers that can stop at any byte: the same input in every kind of pieces, in a buffer of poison.
 *
 *   poisoned(message, length, poison)   the first bytes of a message; all around it stands the poison
 *   piecesOf(length)                    all at once, cut in two at every byte, byte by byte
 *   randomFrom(seed)                    numbers for fuzzing, the same ones in every run
 *   mutated(message, random)            a message with one to three things wrong with it
 *
 * A parser that looks one byte too far sees poison there, and its result comes to depend on it.
 */

/** A control, a line feed and a letter: what is wrong in one place is right in another. */
export const POISONS = [0x00, 0x0a, 0x61]

/** Inputs longer than this are cut at some bytes only, so that a test of limits does not take minutes. */
const CUT_EVERYWHERE = 1000

export interface Placed {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

export function poisoned(message: Buffer, length: number, poison: number): Placed {
  const start = 3 + (poison % 7)
  const bytes = Buffer.alloc(start + length + 64, poison)
  message.copy(bytes, start, 0, length)
  return { bytes, start, end: start + length }
}

/** Lists of how many bytes have come after each piece. */
export function* piecesOf(length: number): IterableIterator<number[]> {
  yield [length]
  const step = length > CUT_EVERYWHERE ? Math.ceil(length / 100) : 1
  for (let cut = 1; cut < length; cut += step) yield [cut, length]
  yield Array.from({ length }, (_, i) => i + 1)
}

/** @returns a whole number from 0 to below `limit` (an xorshift of 32 bits, Marsaglia 2003) */
export type Random = (limit: number) => number

export function randomFrom(seed: number): Random {
  let state = seed | 1
  return limit => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

/** Bytes that mean something somewhere in a message, and some that mean nothing anywhere. */
const TELLING = Buffer.from('\r\n\r\n \t:;,="\\/?#%.*@[]0189afFgzGZ\0\x0b\x0c\x1f\x7f\x80\xa0\xff', 'latin1')

export function mutated(message: Buffer, random: Random): Buffer {
  let result = message
  for (let times = 1 + random(3); times > 0; times--) result = mutatedOnce(result, random)
  return result
}

function mutatedOnce(message: Buffer, random: Random): Buffer {
  const at = random(message.length + 1)
  const before = message.subarray(0, at)
  const byte = Buffer.of(random(4) === 0 ? random(256) : TELLING[random(TELLING.length)]!)
  switch (random(4)) {
    case 0:
      return Buffer.concat([before, byte, message.subarray(at + 1)])
    case 1:
      return Buffer.concat([before, byte, message.subarray(at)])
    case 2:
      return Buffer.concat([before, message.subarray(at + 1 + random(3))])
    default: {
      const from = random(message.length + 1)
      return Buffer.concat([before, message.subarray(from, from + random(12)), message.subarray(at)])
    }
  }
}

/** Up to four random pieces of a message. */
export function randomPieces(length: number, random: Random): number[] {
  const cuts = Array.from({ length: random(4) }, () => 1 + random(Math.max(1, length)))
  return [...cuts.filter(cut => cut < length).sort((a, b) => a - b), length]
}
