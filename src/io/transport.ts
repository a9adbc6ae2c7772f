/**
 * How the bytes of a connection travel: straight through its socket (`loop.calls`), or (another implementation of the same
 * calls) through TLS. Results are those of `sys/libc.ts`: counts, or `-errno`.
 */

import { type Calls, freeCalls } from '../loop/calls.ts'

export type Transport = Omit<Calls, 'accept' | 'read' | 'write'>

/** What a send queue needs of it. */
export type SendTransport = Omit<Transport, 'receive' | 'sendPair'>

/** At any time, whatever a loop prescribes: for tests. */
export const plain: Transport = freeCalls

/**
 * To a peer that may answer before it has read everything, and read no more: what it does not take then counts as taken, and its answer can
 * still be received. How it ends, receiving tells. Of one connection: after a call that failed there is no other.
 */
export function forgiving(calls: Calls): Transport {
  let isDeaf = false
  const taken = (sizeBytes: number, send: () => number): number => {
    if (isDeaf) return sizeBytes
    const n = send()
    if (n >= 0 || calls.mustWait(n)) return n
    isDeaf = true
    return sizeBytes
  }
  return {
    isStrict: calls.isStrict,
    receive: (fd, buffer) => calls.receive(fd, buffer),
    send: (fd, buffer, sizeBytes, flags) => taken(sizeBytes, () => calls.send(fd, buffer, sizeBytes, flags)),
    sendPair: (fd, first, firstBytes, second, tailBytes) =>
      taken(firstBytes + second.length + tailBytes, () =>
        calls.sendPair(fd, first, firstBytes, second, tailBytes),
      ),
    sendFile: (fd, file, offset, sizeBytes) =>
      taken(sizeBytes, () => calls.sendFile(fd, file, offset, sizeBytes)),
    maySend: fd => isDeaf || calls.maySend(fd),
    mustWait: result => calls.mustWait(result),
  }
}
