/**
 * What carries an exchange: the driver of a protocol version, as the exchange and its modules see it.
 *
 *   Responder          takes what the exchange says
 *   ConnectionFacts    what may be asked of the connection
 *   ContentConsumer    takes the content of the request
 */

import type { Address } from '../io/address.ts'
import type { OpenFile } from '../io/file.ts'
import type { ProxyHeader } from '../io/proxy-protocol.ts'
import type { TcpInfo } from '../io/socket-info.ts'
import type { Loop } from '../loop/loop.ts'
import type { ACTIVE, READING, WRITING } from './counters.ts'
import type { Exchange } from './exchange.ts'
import type { ExchangeLimits } from './location.ts'

/** Who takes the content of a request. */
export interface ContentConsumer {
  /** @param bytes are valid during the call only */
  onContent(bytes: Buffer): void
  onContentEnd(): void
}

/** What may be asked of the connection that an exchange came by. */
export interface ConnectionFacts {
  readonly peer: Address
  /** Our end of it. */
  readonly localAddress: Address
  /** Its number in this process, from 1. */
  readonly serial: number
  /** The requests so far, this one included. */
  readonly requestCount: number
  /** Bytes received so far. */
  readonly receivedBytes: number
  /** By the loop's clock, in milliseconds: this moment, and when the connection came. */
  readonly now: number
  readonly openedAt: number
  /** The request in hand had come before the answer to the one before it was finished. */
  readonly isPipelined: boolean
  /** As far as is known, another request may follow. */
  readonly isPersistent: boolean
  /** Everything about it is logged, whatever the level of the log. */
  readonly isWatched: boolean
  /** As which one it is counted just now; a request that is answered at once never counts as WRITING. */
  readonly countsAs: typeof READING | typeof WRITING | typeof ACTIVE
  /** What a balancer has said before the first request; null when it was not asked. */
  readonly proxy: ProxyHeader | null
  /** @returns null for a Unix socket */
  tcpInfo(): TcpInfo | null
}

/** Where an exchange's words go: the driver of a protocol version. */
export interface Responder {
  readonly facts: ConnectionFacts
  /** On which whoever works for the exchange has its own descriptors and deadlines. */
  readonly loop: Loop
  readonly isSecure: boolean
  /** What holds from now on, since it is known where the exchange belongs. */
  setLimits(limits: ExchangeLimits): void
  /** The content is longer than allowed: 413, and it is not read. */
  refuseContent(x: Exchange): void
  /** No answer at all: the connection is closed. */
  drop(x: Exchange): void
  /** Sends the head. @param lengthBytes of the content, null when it is not known */
  begin(x: Exchange, lengthBytes: number | null): void
  /** @param isLent the bytes are the caller's again after the call; else nobody changes them any more */
  write(x: Exchange, bytes: Buffer, isLent: boolean): void
  writeFile(x: Exchange, file: OpenFile, offset: number, sizeBytes: number): void
  end(x: Exchange): void
  /** The answer ends here, visibly incomplete. */
  cut(x: Exchange, words: string): void
  readContent(x: Exchange, consumer: ContentConsumer): void
  pauseContent(x: Exchange): void
  resumeContent(x: Exchange): void
  /** A producer should wait for `x.onDrained`. */
  readonly isCongested: boolean
  /** Nothing of what was written waits for the socket. */
  readonly isFlowing: boolean
}
