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
