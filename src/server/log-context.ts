/**
 * What a line of the error log tells of the exchange or the connection that it is about: read from it only when such a line is written.
 */

import { type Address, formatAddress } from '../io/address.ts'
import type { LogContext } from '../log.ts'
import type { Exchange } from './exchange.ts'
import type { ConnectionFacts } from './responder.ts'

/** @param action what was going on, behind "while" @param upstream who was asked */
export function logContextOf(
  x: Exchange,
  action: string | null = null,
  upstream: string | null = null,
): LogContext {
  return new ExchangeContext(x, action, upstream)
}

/** Of a connection without an exchange: before the first, between two, at its end. */
export function logContextOfConnection(facts: ConnectionFacts): LogContext {
  return new ConnectionContext(facts)
}

/** A client as logs name it. */
export function clientText(peer: Address): string {
  return 'path' in peer ? 'unix:' : peer.host
}

/** The target as it came, with its query. */
export function targetText(x: Exchange): string {
  return x.rawQuery === null ? x.rawPath : `${x.rawPath}?${x.rawQuery}`
}

/** The request line as it came; of a head that was refused in its middle, what had come of it. */
export function requestLine(x: Exchange): string {
  return x.head.isComplete ? x.head.lineText() : x.refusedLine
}

class ConnectionContext implements LogContext {
  private readonly facts: ConnectionFacts

  constructor(facts: ConnectionFacts) {
    this.facts = facts
  }

  get connection(): number {
    return this.facts.serial
  }

  get client(): string {
    return clientText(this.facts.peer)
  }

  get server(): string {
    return formatAddress(this.facts.localAddress)
  }
}

class ExchangeContext implements LogContext {
  readonly action: string | null
  readonly upstream: string | null
  private readonly x: Exchange

  constructor(x: Exchange, action: string | null, upstream: string | null) {
    this.x = x
    this.action = action
    this.upstream = upstream
  }

  get connection(): number {
    return this.x.responder.facts.serial
  }

  get client(): string {
    return clientText(this.x.peer)
  }

  get server(): string {
    return this.x.server.name
  }

  get request(): string | null {
    return requestLine(this.x) || null
  }

  get host(): string | null {
    return this.x.fields.get('host')
  }

  get referrer(): string | null {
    return this.x.fields.get('referer')
  }
}
