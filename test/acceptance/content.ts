/**
 * Contents of any size that need no memory: one lap of bytes, over and over.
 *
 *   lap, upperLap             every byte value in no order; the same as the CGI program answers it
 *   wireLap                   a lap as it goes over the wire, in chunks of many sizes (RFC 9112 §7.1)
 *   chunk(bytes)              one chunk; nothing for no bytes, since an empty chunk would be the last
 *   new Comparison(bytes)     is what comes the first bytes of these laps, and how many of them?
 *   contentOf(sizeBytes)      the whole in memory, for small ones
 *
 * The length of a lap is a prime, so that no buffer's size divides it: a part that is lost, doubled or moved is seen.
 */

const LAP_BYTES = 262_139

/** From chunks as small as they can be to more than any buffer; what is left of the lap is the last. */
const CHUNK_SIZES = [1, 2, 15, 16, 17, 1000, 4096, 32_768, 65_537, 100_000]

export const lap = randomBytes(LAP_BYTES)
export const upperLap = Buffer.from(lap.map(byte => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte)))
export const wireLap = inChunks(lap)
export const lapBytes = LAP_BYTES

/** The same bytes in every process: xorshift with a fixed seed (Marsaglia 2003, "Xorshift RNGs"). */
function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count)
  let x = 2_463_534_242
  for (let i = 0; i < count; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    bytes[i] = x >>> 8
  }
  return bytes
}

export function chunk(bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

function inChunks(bytes: Buffer): Buffer {
  const ends = CHUNK_SIZES.map((_, i) => CHUNK_SIZES.slice(0, i + 1).reduce((sum, size) => sum + size))
  const cuts = [0, ...ends, bytes.length]
  return Buffer.concat(cuts.slice(1).map((end, i) => chunk(bytes.subarray(cuts[i], end))))
}

export function contentOf(sizeBytes: number, from: Buffer = lap): Buffer {
  return Buffer.alloc(sizeBytes, from)
}

export class Comparison {
  /** Bytes that were right so far; -1 after one that was not. */
  count = 0
  private readonly expected: Buffer
  private at = 0

  constructor(expected: Buffer) {
    this.expected = expected
  }

  /** @param bytes valid in the call only */
  take(bytes: Buffer, start: number, end: number): void {
    for (let from = start; from < end && this.count >= 0; ) {
      const size = Math.min(end - from, this.expected.length - this.at)
      const differs = bytes.compare(this.expected, this.at, this.at + size, from, from + size) !== 0
      this.count = differs ? -1 : this.count + size
      this.at = (this.at + size) % this.expected.length
      from += size
    }
  }
}
