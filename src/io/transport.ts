/**
 * How the bytes of a connection travel: straight through its socket (`loop.calls`), or (another implementation of the same
 * calls) through TLS. Results are those of `sys/libc.ts`: counts, or `-errno`.
 */

import { EAGAIN, EINTR } from '../errno.ts'
import { type Calls, freeCalls, NOT_TOLD } from '../loop/calls.ts'

export type Transport = Omit<Calls, 'accept' | 'read' | 'write'>

/** What a send queue needs of it. */
export type SendTransport = Omit<Transport, 'receive' | 'sendPair'>

/** At any time, whatever a loop prescribes: for tests. */
export const plain: Transport = freeCalls

/**
 * To a peer that may answer before it has read everything, and read no more: what it does not take then counts as taken, and its answer can
 * still be received. How it ends, receiving tells.
 */
export function forgiving(calls: Calls): Transport {
  return {
    isStrict: calls.isStrict,
    receive: (fd, buffer) => calls.receive(fd, buffer),
    send: (fd, buffer, sizeBytes, flags) => forgiven(calls.send(fd, buffer, sizeBytes, flags), sizeBytes),
    sendPair: (fd, first, firstBytes, second, tailBytes) =>
      forgiven(
        calls.sendPair(fd, first, firstBytes, second, tailBytes),
        firstBytes + second.length + tailBytes,
      ),
    sendFile: (fd, file, offset, sizeBytes) =>
      forgiven(calls.sendFile(fd, file, offset, sizeBytes), sizeBytes),
    maySend: fd => calls.maySend(fd),
    mustWait: result => calls.mustWait(result),
  }
}

function forgiven(result: number, sizeBytes: number): number {
  return result >= 0 || result === NOT_TOLD || result === -EAGAIN || result === -EINTR ? result : sizeBytes
}
