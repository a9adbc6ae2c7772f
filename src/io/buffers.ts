/**
 * Buffers that the connections of one loop share.
 *
 * Bytes are received into one scratch buffer and understood there, so that an idle connection owns none. Only a connection
 * whose request is not complete yet keeps its bytes in a buffer of its own, taken from a free list by size.
 *
 *   scratch          what is received now; valid until the next receive
 *   takeBuffer(n)    a buffer of at least `n` bytes, a power of two
 *   giveBuffer(b)    back to the free list; the giver must not use it any more
 */

/** One receive brings at most this much, which is also the share of a connection in one iteration. */
export const SCRATCH_BYTES = 64 * 1024

export const scratch = Buffer.alloc(SCRATCH_BYTES)

/** The smallest is as large as most unfinished heads: nginx's `client_header_buffer_size`. */
const SMALLEST_BYTES = 1024
const LARGEST_BYTES = 128 * 1024
/** Per size; what comes back beyond that is left to the collector. */
const MOST_KEPT = 64

const free = new Map<number, Buffer[]>()

export function takeBuffer(atLeastBytes: number): Buffer {
  let sizeBytes = SMALLEST_BYTES
  while (sizeBytes < atLeastBytes) sizeBytes *= 2
  return free.get(sizeBytes)?.pop() ?? Buffer.allocUnsafeSlow(sizeBytes)
}

export function giveBuffer(buffer: Buffer): void {
  if (buffer.length > LARGEST_BYTES) return
  const list = free.get(buffer.length)
  if (list === undefined) free.set(buffer.length, [buffer])
  else if (list.length < MOST_KEPT) list.push(buffer)
}
