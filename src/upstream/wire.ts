/**
 * How a request and its content become bytes for a peer, and how its bytes become output: what differs between FastCGI and the two protocols
 * whose answers are nothing but output.
 *
 *   wire.head(keepsOpen)              the bytes that begin a request, or why there are none
 *   wire.begin()                      a new conversation
 *   wire.writeContent(to, bytes)      content, as the protocol wraps it; wire.endContent(to)
 *   wire.read(bytes, start, end, sink)
 */

import type { CgiVariable } from './cgi-variables.ts'
import {
  abortRequest,
  beginRequest,
  END_OF_STDIN,
  FastcgiReader,
  NOTHING,
  paddingOf,
  protocolStatusWords,
  REQUEST_COMPLETE,
  STDIN_BYTES,
  STDOUT,
  stdinHeader,
} from './fastcgi-records.ts'
import { scgiHead } from './scgi-request.ts'
import { MOST_UWSGI_BYTES, type UwsgiModifiers, uwsgiHead } from './uwsgi-request.ts'

/** Where bytes for the peer go. */
export interface WireOutput {
  /** @param bytes are the caller's again after the call */
  writeLent(bytes: Buffer): void
}

/** Who takes what the peer says. */
export interface WireSink {
  /** @param bytes are valid in the call only */
  onOutput(bytes: Buffer): void
  onErrorOutput(bytes: Buffer): void
}

/** The state of one conversation. */
export interface Wire {
  writeContent(to: WireOutput, bytes: Buffer): void
  endContent(to: WireOutput): void
  /** The request is not wanted any more. */
  abort(to: WireOutput): void
  /** Goes on until everything is read, the answer has ended, or the sink wants no more. @returns how far it came, or -1: see `refusalWords` */
  read(bytes: Buffer, start: number, end: number, sink: WireSink, goesOn: () => boolean): number
  /** What the peer did wrong, to follow "upstream sent ". */
  readonly refusalWords: string
  /** The peer has said that its answer is over. */
  readonly isEnded: boolean
  /** An answer may end with the connection. */
  readonly mayEndHere: boolean
  /** Why the request was not processed although the peer has answered; '' when it was. */
  readonly rejectionWords: string
  /** The connection can take another request. */
  readonly isReusable: boolean
}

/** What is said to begin with, and then. */
export interface Dialogue {
  /** @param contentBytes null when it is not known; @returns a sentence when it cannot be said in this protocol */
  head(params: readonly CgiVariable[], contentBytes: number | null, keepsOpen: boolean): Buffer | string
  begin(): Wire
  /** A content may follow whose length is not known. */
  readonly takesAnyLength: boolean
}

export const FASTCGI: Dialogue = {
  head: (params, _contentBytes, keepsOpen) => beginRequest(params, keepsOpen),
  begin: () => new FastcgiWire(),
  takesAnyLength: true,
}

export const SCGI: Dialogue = {
  head: (params, contentBytes) =>
    scgiHead(params, contentBytes ?? 0) ?? 'a parameter of scgi holds a NUL, which it cannot',
  begin: () => new OutputWire(),
  takesAnyLength: false,
}

export function uwsgiDialogue(modifiers: UwsgiModifiers): Dialogue {
  return {
    head: params =>
      uwsgiHead(params, modifiers) ?? `the uwsgi request is too large: more than ${MOST_UWSGI_BYTES} bytes`,
    begin: () => new OutputWire(),
    takesAnyLength: false,
  }
}

class FastcgiWire implements Wire {
  refusalWords = ''
  private readonly reader = new FastcgiReader()
  private isContentOver = false

  writeContent(to: WireOutput, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += STDIN_BYTES) {
      const part = bytes.subarray(at, at + STDIN_BYTES)
      to.writeLent(stdinHeader(part.length))
      to.writeLent(part)
      to.writeLent(paddingOf(part.length))
    }
  }

  endContent(to: WireOutput): void {
    this.isContentOver = true
    to.writeLent(END_OF_STDIN)
  }

  abort(to: WireOutput): void {
    to.writeLent(abortRequest())
  }

  read(bytes: Buffer, start: number, end: number, sink: WireSink, goesOn: () => boolean): number {
    const { reader } = this
    let at = start
    while (at < end && goesOn()) {
      const next = reader.read(bytes, at, end)
      if (next < 0) {
        this.refusalWords = reader.refusalWords(next)
        return -1
      }
      if (reader.stream === NOTHING && next === at) break
      at = next
      if (reader.stream === NOTHING) continue
      const span = bytes.subarray(reader.dataStart, reader.dataEnd)
      if (reader.stream === STDOUT) sink.onOutput(span)
      else sink.onErrorOutput(span)
    }
    return at
  }

  get isEnded(): boolean {
    return this.reader.isEnded
  }

  get mayEndHere(): boolean {
    return this.reader.isStdoutEnded && this.reader.isBetweenRecords
  }

  get rejectionWords(): string {
    const { protocolStatus } = this.reader
    return protocolStatus === REQUEST_COMPLETE ? '' : protocolStatusWords(protocolStatus)
  }

  get isReusable(): boolean {
    const { reader } = this
    return reader.isEnded && reader.isBetweenRecords && this.isContentOver && this.rejectionWords === ''
  }
}

/** Everything is output, up to the end of the connection. */
class OutputWire implements Wire {
  readonly refusalWords = ''
  readonly isEnded = false
  readonly mayEndHere = true
  readonly rejectionWords = ''
  readonly isReusable = false

  writeContent(to: WireOutput, bytes: Buffer): void {
    to.writeLent(bytes)
  }

  endContent(): void {}

  abort(): void {}

  read(bytes: Buffer, start: number, end: number, sink: WireSink): number {
    sink.onOutput(bytes.subarray(start, end))
    return end
  }
}
