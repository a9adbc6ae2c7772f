/**
 * The chunked transfer coding (RFC 9112 §7.1), both ways.
 *
 *   ChunkedDecoder.read(bytes, at, end)   goes on until a span of data is found, or the input or the message ends
 *   dataStart, dataEnd                    the span found by the last read(), in the bytes it was given
 *   isDone, trailers                      the end; what stood behind the last chunk, in bytes of its own
 *   chunkSizeLine(size), lastChunk()      the encoder: size line, data, CR LF, …, last chunk
 *
 *     5;ext="x"\r\n hello \r\n 0\r\n Name: value\r\n \r\n
 *     |size|ext     |data |end |last |trailers       isDone
 *
 * Data is not copied. Extensions mean nothing to us (RFC 9112 §7.1.1: a recipient ignores the unknown), but they are
 * checked and counted. Trailers are kept apart from the fields of the head and never steer anything.
 */
import {
  BACKSLASH,
  CR,
  DQUOTE,
  EQUALS,
  FIELD_VALUE_CHAR,
  HEX_VALUE,
  HTAB,
  LF,
  QUOTED_TEXT_CHAR,
  SEMICOLON,
  SP,
  TCHAR,
} from './bytes.ts'
import { type FieldLimits, FieldSection } from './fields.ts'
import {
  BAD_CHUNK_END,
  BAD_CHUNK_EXTENSION,
  BAD_CHUNK_SIZE,
  BAD_LINE_END,
  CHUNK_EXTENSIONS_TOO_LARGE,
  CHUNK_TOO_LARGE,
  INCOMPLETE,
  OK,
} from './refusals.ts'
import { DEFAULT_HEAD_LIMITS } from './request-head.ts'

/** All extensions of a message together. Without a bound, a byte of content could cost a thousand of them. */
const EXTENSION_BYTES = 16384

/** Leading zeros are allowed, and some senders pad to eight digits; nobody needs this many. */
const SIZE_DIGITS = 256

/** Trailers that come in pieces are copied in steps of this size, so that what follows them is not copied along. */
const TRAILER_STEP = 512

const NO_BYTES: Buffer = Buffer.alloc(0)

/** What the next byte belongs to. The states of an extension follow its grammar from left to right. */
const AT_SIZE = 0
const IN_SIZE = 1
const BEFORE_EXTENSION = 2 // white space; now a semicolon
const BEFORE_NAME = 3 // semicolon, perhaps white space; now a token
const IN_NAME = 4
const BEFORE_EQUALS = 5 // name, white space; now an equals sign or a semicolon
const BEFORE_VALUE = 6 // equals sign, perhaps white space; now a token or a quoted string
const IN_VALUE = 7
const IN_QUOTES = 8
const AFTER_BACKSLASH = 9
const AFTER_QUOTES = 10
const AT_SIZE_LF = 11
const IN_DATA = 12
const AT_DATA_CR = 13
const AT_DATA_LF = 14
const IN_TRAILERS = 15
const DONE = 16

export class ChunkedDecoder {
  /** The data found by the last read(); equal when it found none. */
  dataStart = 0
  dataEnd = 0
  /** The sizes of the chunks begun so far: known before their data has come, for a limit that is to be told early. */
  announcedBytes = 0
  /** What followed the last chunk. It owns its bytes. Complete when `isDone`. */
  readonly trailers: FieldSection

  #state = AT_SIZE
  /** The size that is being read; then what is still to come of the chunk's data. */
  #size = 0
  #digits = 0
  #extensionBytes = 0
  /** Trailers so far, when they did not come in one piece. */
  #pending = NO_BYTES
  #pendingLength = 0

  constructor(trailerLimits: FieldLimits = DEFAULT_HEAD_LIMITS) {
    this.trailers = new FieldSection(trailerLimits)
  }

  get isDone(): boolean {
    return this.#state === DONE
  }

  reset(): void {
    this.dataStart = 0
    this.dataEnd = 0
    this.announcedBytes = 0
    this.trailers.begin(0)
    this.#state = AT_SIZE
    this.#size = 0
    this.#digits = 0
    this.#extensionBytes = 0
    this.#pending = NO_BYTES
    this.#pendingLength = 0
  }

  /**
   * Reads from `at` until it has found one span of data (`dataStart` < `dataEnd`), the input is used up, or the
   * message is done. Each byte is given once; there is no need to keep any.
   * @returns how far it came, or a refusal
   */
  read(bytes: Buffer, at: number, end: number): number {
    this.dataStart = this.dataEnd = at
    while (at < end) {
      if (this.#state === IN_DATA) return this.#data(at, end)
      if (this.#state === IN_TRAILERS) return this.#trailerSection(bytes, at, end)
      if (this.#state === DONE) break
      const refusal = this.#step(bytes[at]!)
      if (refusal !== OK) return refusal
      at++
    }
    return at
  }

  #data(at: number, end: number): number {
    this.dataStart = at
    this.dataEnd = Math.min(end, at + this.#size)
    this.#size -= this.dataEnd - at
    if (this.#size === 0) this.#state = AT_DATA_CR
    return this.dataEnd
  }

  /** One byte of what stands between the data. */
  #step(byte: number): number {
    switch (this.#state) {
      case AT_SIZE:
      case IN_SIZE:
        return this.#sizeByte(byte)
      case AT_SIZE_LF:
        return byte === LF ? this.#beginChunk() : BAD_LINE_END
      case AT_DATA_CR:
        return byte === CR ? this.#enter(AT_DATA_LF) : BAD_CHUNK_END
      case AT_DATA_LF:
        return byte === LF ? this.#enter(AT_SIZE) : BAD_CHUNK_END
      default:
        return this.#extensionByte(byte)
    }
  }

  #enter(state: number): number {
    this.#state = state
    return OK
  }

  /** `1*HEXDIG`, and what may follow it at once. */
  #sizeByte(byte: number): number {
    const value = HEX_VALUE[byte]!
    if (value === 255) return this.#state === AT_SIZE ? BAD_CHUNK_SIZE : this.#endOfSize(byte)
    this.#size = this.#size * 16 + value
    if (this.#size > Number.MAX_SAFE_INTEGER || ++this.#digits > SIZE_DIGITS) return CHUNK_TOO_LARGE
    return this.#enter(IN_SIZE)
  }

  #endOfSize(byte: number): number {
    if (byte === CR) return this.#enter(AT_SIZE_LF)
    if (byte === SEMICOLON) return this.#enter(BEFORE_NAME)
    if (isSpace(byte)) return this.#enter(BEFORE_EXTENSION)
    return byte === LF ? BAD_LINE_END : BAD_CHUNK_SIZE
  }

  /** The size line is complete. */
  #beginChunk(): number {
    this.#digits = 0
    this.announcedBytes += this.#size
    if (this.announcedBytes > Number.MAX_SAFE_INTEGER) return CHUNK_TOO_LARGE
    return this.#enter(this.#size === 0 ? IN_TRAILERS : IN_DATA)
  }

  /** RFC 9112 §7.1.1: `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ) CRLF`. */
  #extensionByte(byte: number): number {
    if (++this.#extensionBytes > EXTENSION_BYTES) return CHUNK_EXTENSIONS_TOO_LARGE
    switch (this.#state) {
      case BEFORE_EXTENSION:
        if (byte === SEMICOLON) return this.#enter(BEFORE_NAME)
        return isSpace(byte) ? OK : BAD_CHUNK_EXTENSION
      case BEFORE_NAME:
        if (TCHAR[byte] === 1) return this.#enter(IN_NAME)
        return isSpace(byte) ? OK : BAD_CHUNK_EXTENSION
      case IN_NAME:
        if (TCHAR[byte] === 1) return OK
        if (isSpace(byte)) return this.#enter(BEFORE_EQUALS)
        return byte === EQUALS ? this.#enter(BEFORE_VALUE) : this.#endOfExtension(byte)
      case BEFORE_EQUALS:
        if (byte === EQUALS) return this.#enter(BEFORE_VALUE)
        if (byte === SEMICOLON) return this.#enter(BEFORE_NAME)
        return isSpace(byte) ? OK : BAD_CHUNK_EXTENSION
      case BEFORE_VALUE:
        if (byte === DQUOTE) return this.#enter(IN_QUOTES)
        if (TCHAR[byte] === 1) return this.#enter(IN_VALUE)
        return isSpace(byte) ? OK : BAD_CHUNK_EXTENSION
      case IN_VALUE:
        return TCHAR[byte] === 1 ? OK : this.#afterValue(byte)
      case IN_QUOTES:
        if (QUOTED_TEXT_CHAR[byte] === 1) return OK
        if (byte === BACKSLASH) return this.#enter(AFTER_BACKSLASH)
        return byte === DQUOTE ? this.#enter(AFTER_QUOTES) : BAD_CHUNK_EXTENSION
      case AFTER_BACKSLASH:
        return FIELD_VALUE_CHAR[byte] === 1 ? this.#enter(IN_QUOTES) : BAD_CHUNK_EXTENSION
      default: // AFTER_QUOTES
        return this.#afterValue(byte)
    }
  }

  #afterValue(byte: number): number {
    return isSpace(byte) ? this.#enter(BEFORE_EXTENSION) : this.#endOfExtension(byte)
  }

  #endOfExtension(byte: number): number {
    if (byte === SEMICOLON) return this.#enter(BEFORE_NAME)
    if (byte === CR) return this.#enter(AT_SIZE_LF)
    return byte === LF ? BAD_LINE_END : BAD_CHUNK_EXTENSION
  }

  /** Most often there are none, and the one empty line is read in place. */
  #trailerSection(bytes: Buffer, at: number, end: number): number {
    if (this.#pendingLength > 0) return this.#pendingTrailers(bytes, at, end)
    const stop = this.trailers.parse(bytes, at, end)
    if (stop === INCOMPLETE) {
      this.#append(bytes, at, end)
      return end
    }
    if (stop < 0) return stop
    this.trailers.moveTo(this.trailers.count === 0 ? NO_BYTES : Buffer.from(bytes.subarray(at, stop)))
    this.#state = DONE
    return stop
  }

  #pendingTrailers(bytes: Buffer, at: number, end: number): number {
    while (at < end) {
      const before = this.#pendingLength
      const step = Math.min(end, at + TRAILER_STEP)
      this.#append(bytes, at, step)
      const stop = this.trailers.parse(this.#pending, 0, this.#pendingLength)
      if (stop >= 0) {
        this.#state = DONE
        return at + stop - before
      }
      if (stop !== INCOMPLETE) return stop
      at = step
    }
    return at
  }

  #append(bytes: Buffer, at: number, end: number): void {
    const length = this.#pendingLength + end - at
    if (length > this.#pending.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#pending.length * 2, TRAILER_STEP))
      this.#pending.copy(larger, 0, 0, this.#pendingLength)
      this.#pending = larger
    }
    bytes.copy(this.#pending, this.#pendingLength, at, end)
    this.#pendingLength = length
  }
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === HTAB
}

/** What precedes the data of a chunk. A chunk of size 0 would end the message: it is for lastChunk() to say that. */
export function chunkSizeLine(size: number): string {
  return `${size.toString(16)}\r\n`
}

/** What follows the data of every chunk. */
export const CHUNK_END = '\r\n'

/** The end of a message. @param trailers whole field lines, each with its CR LF */
export function lastChunk(trailers = ''): string {
  return `0\r\n${trailers}\r\n`
}
