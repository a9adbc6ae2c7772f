/**
 * Records of FastCGI 1.0 ⇄ bytes: one request on a connection at a time, as request 1 (FastCGI §3.3; multiplexing is never asked for).
 *
 *   beginRequest(params, keepsOpen)     BEGIN_REQUEST and the whole stream of PARAMS, as bytes
 *   stdinHeader(sizeBytes)              what goes before so many bytes of content (at most STDIN_BYTES), and
 *   paddingOf(sizeBytes)                … behind them; END_OF_STDIN once all of it is given
 *   abortRequest()                      ABORT_REQUEST
 *
 *   reader.read(bytes, at, end)         goes on until a span of data is found, or the input or the answer ends; or a refusal
 *   reader.stream, dataStart, dataEnd   that span in the bytes it was given: STDOUT or STDERR, or NOTHING
 *   reader.isStdoutEnded                the empty record behind STDOUT has come
 *   reader.isEnded                      END_REQUEST has come, with its protocolStatus and appStatus
 *
 *     version type  id    contentLength paddingLength reserved   content … padding …
 *        1     6   00 01     00 2d          3            0
 *
 * Bytes may be cut anywhere, and records as well: a span is a part of one. Numbers are big-endian.
 */

import type { CgiVariable } from './cgi-variables.ts'

// Record types (FastCGI §8).
const BEGIN_REQUEST = 1
const ABORT_REQUEST = 2
const END_REQUEST = 3
const PARAMS = 4
const STDIN = 5
const STDOUT_RECORD = 6
const STDERR_RECORD = 7

const VERSION = 1
const REQUEST_ID = 1
const RESPONDER = 1
const KEEP_CONN = 1

const HEADER_BYTES = 8
/** Whole records are a multiple of this, for whoever reads them into words (FastCGI §3.3 recommends it). */
const ALIGNMENT = 8
/** The most that a record takes without padding, and is aligned. */
export const STDIN_BYTES = 0xfff8

/** protocolStatus of END_REQUEST (FastCGI §5.5). */
export const REQUEST_COMPLETE = 0
const PROTOCOL_WORDS: readonly string[] = [
  'request complete',
  'it cannot multiplex connections',
  'it is overloaded',
  'it does not know the role of a responder',
]

/** What was wrong with a request that was not processed, in words. */
export function protocolStatusWords(status: number): string {
  return PROTOCOL_WORDS[status] ?? `protocol status ${status}`
}

// Writing

function putHeader(to: Buffer, at: number, type: number, contentBytes: number, paddingBytes: number): number {
  to[at] = VERSION
  to[at + 1] = type
  to.writeUInt16BE(REQUEST_ID, at + 2)
  to.writeUInt16BE(contentBytes, at + 4)
  to[at + 6] = paddingBytes
  to[at + 7] = 0
  return at + HEADER_BYTES
}

function paddingBytesOf(contentBytes: number): number {
  return (ALIGNMENT - (contentBytes % ALIGNMENT)) % ALIGNMENT
}

/** @param keepsOpen whether the application leaves the connection open behind its answer (FCGI_KEEP_CONN) */
export function beginRequest(params: readonly CgiVariable[], keepsOpen: boolean): Buffer {
  const pairs = nameValuePairs(params)
  const records = Math.ceil(pairs.length / STDIN_BYTES)
  const bytes = Buffer.alloc((records + 2) * HEADER_BYTES + 8 + pairs.length + paddingBytesOf(pairs.length))
  let at = putHeader(bytes, 0, BEGIN_REQUEST, 8, 0)
  bytes.writeUInt16BE(RESPONDER, at)
  bytes[at + 2] = keepsOpen ? KEEP_CONN : 0
  at += 8
  for (let from = 0; from < pairs.length; from += STDIN_BYTES) {
    const size = Math.min(STDIN_BYTES, pairs.length - from)
    at = putHeader(bytes, at, PARAMS, size, paddingBytesOf(size))
    bytes.write(size === pairs.length ? pairs : pairs.slice(from, from + size), at, 'latin1')
    at += size + paddingBytesOf(size)
  }
  putHeader(bytes, at, PARAMS, 0, 0)
  return bytes
}

/**
 * Lengths below 128 take one byte, others four with the highest bit set (FastCGI §3.4).
 * @returns octets: sixty short writes into a buffer cost three times as much as joining texts and writing them once
 */
function nameValuePairs(params: readonly CgiVariable[]): string {
  let pairs = ''
  for (const [name, value] of params)
    pairs += lengthOctets(name.length) + lengthOctets(value.length) + name + value
  return pairs
}

const SHORT_LENGTHS = Array.from({ length: 128 }, (_, length) => String.fromCharCode(length))

function lengthOctets(length: number): string {
  if (length < 128) return SHORT_LENGTHS[length]!
  return String.fromCharCode(
    (length >>> 24) | 0x80,
    (length >>> 16) & 0xff,
    (length >>> 8) & 0xff,
    length & 0xff,
  )
}

/** @param sizeBytes of the content that follows it, from 1 to STDIN_BYTES */
export function stdinHeader(sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES)
  putHeader(bytes, 0, STDIN, sizeBytes, paddingBytesOf(sizeBytes))
  return bytes
}

const ZEROS = Buffer.alloc(ALIGNMENT)

/** What follows a content of this size; perhaps nothing. */
export function paddingOf(sizeBytes: number): Buffer {
  return ZEROS.subarray(0, paddingBytesOf(sizeBytes))
}

export const END_OF_STDIN: Buffer = emptyRecord(STDIN)

export function abortRequest(): Buffer {
  return emptyRecord(ABORT_REQUEST)
}

function emptyRecord(type: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  putHeader(bytes, 0, type, 0, 0)
  return bytes
}

// Reading

export const NOTHING = 0
export const STDOUT = 1
export const STDERR = 2
export type Stream = typeof NOTHING | typeof STDOUT | typeof STDERR

const BAD_VERSION = -1
const BAD_TYPE = -2
const BAD_REQUEST_ID = -3
const BAD_LENGTH = -4

const IN_HEADER = 0
const IN_CONTENT = 1
const IN_END = 2
const IN_PADDING = 3
type State = typeof IN_HEADER | typeof IN_CONTENT | typeof IN_END | typeof IN_PADDING

export class FastcgiReader {
  /** Whose data the last read() found. */
  stream: Stream = NOTHING
  dataStart = 0
  dataEnd = 0
  isStdoutEnded = false
  isEnded = false
  protocolStatus = REQUEST_COMPLETE
  appStatus = 0

  private state: State = IN_HEADER
  /** A header, or the body of END_REQUEST, as far as it has come. */
  private readonly collected = Buffer.alloc(HEADER_BYTES)
  private collectedBytes = 0
  private recordStream: Stream = NOTHING
  private contentBytes = 0
  private paddingBytes = 0
  /** What was wrong, once something was. */
  private found = 0

  /** @returns how far it came, or a refusal below 0. When `stream` is NOTHING all of it was read, or the answer has ended. */
  read(bytes: Buffer, at: number, end: number): number {
    this.stream = NOTHING
    let next = at
    while (next < end && !(this.isEnded && this.state === IN_HEADER)) {
      if (this.state === IN_CONTENT) return this.takeSpan(next, end)
      if (this.state === IN_PADDING) next = this.skipPadding(next, end)
      else {
        next = this.collect(bytes, next, end)
        if (this.collectedBytes < HEADER_BYTES) break
        this.collectedBytes = 0
        const code = this.state === IN_HEADER ? this.takeHeader() : this.takeEnd()
        if (code < 0) return code
      }
    }
    return next
  }

  /** Nothing of a record has come that is not complete. */
  get isBetweenRecords(): boolean {
    return this.state === IN_HEADER && this.collectedBytes === 0
  }

  private collect(bytes: Buffer, at: number, end: number): number {
    const size = Math.min(HEADER_BYTES - this.collectedBytes, end - at)
    bytes.copy(this.collected, this.collectedBytes, at, at + size)
    this.collectedBytes += size
    return at + size
  }

  private takeHeader(): number {
    const { collected: header } = this
    const type = header[1]!
    const id = header.readUInt16BE(2)
    this.contentBytes = header.readUInt16BE(4)
    this.paddingBytes = header[6]!
    if (header[0] !== VERSION) return this.refuse(BAD_VERSION, header[0]!)
    if (type !== STDOUT_RECORD && type !== STDERR_RECORD && type !== END_REQUEST)
      return this.refuse(BAD_TYPE, type)
    if (id !== REQUEST_ID) return this.refuse(BAD_REQUEST_ID, id)
    if (type === END_REQUEST) {
      if (this.contentBytes !== HEADER_BYTES) return this.refuse(BAD_LENGTH, this.contentBytes)
      this.state = IN_END
      return 0
    }
    this.recordStream = type === STDOUT_RECORD ? STDOUT : STDERR
    if (this.contentBytes > 0) this.state = IN_CONTENT
    else {
      if (type === STDOUT_RECORD) this.isStdoutEnded = true
      this.endContent()
    }
    return 0
  }

  private takeSpan(at: number, end: number): number {
    const size = Math.min(this.contentBytes, end - at)
    this.stream = this.recordStream
    this.dataStart = at
    this.dataEnd = at + size
    this.contentBytes -= size
    if (this.contentBytes === 0) this.endContent()
    return at + size
  }

  private takeEnd(): number {
    this.appStatus = this.collected.readUInt32BE(0)
    this.protocolStatus = this.collected[4]!
    this.isEnded = true
    this.endContent()
    return 0
  }

  private endContent(): void {
    this.state = this.paddingBytes > 0 ? IN_PADDING : IN_HEADER
  }

  private skipPadding(at: number, end: number): number {
    const size = Math.min(this.paddingBytes, end - at)
    this.paddingBytes -= size
    if (this.paddingBytes === 0) this.state = IN_HEADER
    return at + size
  }

  private refuse(code: number, found: number): number {
    this.found = found
    return code
  }

  /** The rule that was broken, to follow "upstream sent ". */
  refusalWords(code: number): string {
    const { found } = this
    if (code === BAD_VERSION) return `unsupported FastCGI protocol version: ${found}`
    if (code === BAD_TYPE) return `invalid FastCGI record type: ${found}`
    if (code === BAD_LENGTH) return `an end of request of ${found} bytes in place of 8`
    return found > 255
      ? `unexpected FastCGI request id high byte: ${found >> 8}`
      : `unexpected FastCGI request id low byte: ${found}`
  }
}
