/**
 * The head of a request: request line and field section (RFC 9112 §2, §3, §5), read where it lies.
 *
 *   parse(bytes, start, end)   one pass; stops at any byte and goes on from there; position, INCOMPLETE or refusal
 *   method, versionMinor       set when parse() has passed them
 *   targetText(), pathText(), queryText(), fields   made from the bytes of the last parse() when asked
 *   detachedCopy()             the same head with bytes of its own
 *   reset()                    ready for the next request; an instance can serve any number of them
 *
 *     \r\n GET /a/b?c=d HTTP/1.1\r\n Host: x\r\n \r\n
 *     |    |   |   |    |            |           |
 *     empty|   target   version      fields      what parse() returns
 *          method  query
 *
 * Each part of the request line is one method below, in the order of the line. Only syntax is checked here: what
 * the target means is in target.ts, the length of the content in framing.ts, the order of it all in request-rules.ts.
 */
import {
  ASTERISK,
  CR,
  DIGIT,
  DIGIT_0,
  DOT,
  HEX_VALUE,
  LF,
  latin1,
  PATH_CHAR,
  PERCENT,
  QUERY_CHAR,
  QUESTION_MARK,
  SLASH,
  SP,
  TCHAR,
} from './bytes.ts'
import { type FieldLimits, FieldSection } from './fields.ts'
import {
  BAD_ESCAPE,
  BAD_LINE_END,
  BAD_METHOD,
  BAD_REQUEST_LINE,
  BAD_TARGET_CHAR,
  BAD_TARGET_FORM,
  BAD_VERSION,
  INCOMPLETE,
  METHOD_TOO_LONG,
  REQUEST_LINE_TOO_LONG,
  TOO_MANY_EMPTY_LINES,
  VERSION_NOT_SUPPORTED,
} from './refusals.ts'

export interface HeadLimits extends FieldLimits {
  /** The request line, its CR LF included. */
  requestLineBytes: number
  /** Empty lines before it (RFC 9112 §2.2 wants at least one). */
  emptyLines: number
}

/** nginx's `large_client_header_buffers 4 8k`: a line fits one of the buffers, a head fits all of them. */
export const DEFAULT_HEAD_LIMITS: HeadLimits = {
  requestLineBytes: 8192,
  fieldLineBytes: 8192,
  headBytes: 32768,
  fieldCount: 1000,
  emptyLines: 16,
}

/** The longest registered method has 17 bytes (UPDATEREDIRECTREF). */
const METHOD_BYTES = 32

/** The parts of a head in their order: which one the next byte belongs to. */
const IN_EMPTY_LINES = 0
const IN_METHOD = 1
const IN_TARGET = 2
const IN_VERSION = 3
const IN_FIELDS = 4
const COMPLETE = 5
type Part = 0 | 1 | 2 | 3 | 4 | 5

/** What the scan of a target notes about its path, so that most paths need no second look. */
/** It holds an escape, or an octet beyond ASCII. */
export const NEEDS_DECODING = 1
/** The path holds `//` or `/.`: empty or dot segments are possible. */
export const IS_UNTIDY = 2

/** What a byte of a path asks for: nothing, or one of the cases of #target(). */
const ORDINARY = 1
const SLASH_OR_DOT = 2
const QUERY_MARK = 3
const ESCAPE_MARK = 4
const BEYOND_ASCII = 5
const PATH_KIND = PATH_CHAR.slice()
PATH_KIND[SLASH] = SLASH_OR_DOT
PATH_KIND[DOT] = SLASH_OR_DOT
PATH_KIND[QUESTION_MARK] = QUERY_MARK
PATH_KIND[PERCENT] = ESCAPE_MARK
PATH_KIND.fill(BEYOND_ASCII, 0x80)

/** How a request line ends; `0` stands for any digit. */
const VERSION = Buffer.from('HTTP/0.0\r\n', 'latin1')
const MAJOR_DIGIT = 5
const MINOR_DIGIT = 7
const VERSION_CR = 8

const NO_BYTES: Buffer = Buffer.alloc(0)

/** Larger heads are too rare to be kept for the case that they come again. */
const MOST_REMEMBERED = 4096

/** What is found in a request line. */
class RequestLine {
  /** A method that this server knows is always the same string; another one is text of its own. */
  method = ''
  /** The digit behind `HTTP/1.`: 0, 1, or more, which counts as 1 (RFC 9110 §2.5). */
  versionMinor = 0
  /** NEEDS_DECODING and IS_UNTIDY, of the path only. */
  pathNotes = 0
  /** Offsets from the first byte of the message, where an empty line may stand: see `lineStart`. */
  lineStart = 0
  targetStart = 0
  targetEnd = 0
  /** The question mark of the target, or -1. */
  queryMark = -1

  copyFrom(other: RequestLine): void {
    this.method = other.method
    this.versionMinor = other.versionMinor
    this.pathNotes = other.pathNotes
    this.lineStart = other.lineStart
    this.targetStart = other.targetStart
    this.targetEnd = other.targetEnd
    this.queryMark = other.queryMark
  }
}

export class RequestHead extends RequestLine {
  /** Byte for byte the head that this instance has read before: whatever was concluded from that one holds for it. */
  isRepeated = false
  readonly fields: FieldSection

  readonly #limits: HeadLimits
  /** What the last call of parse() was given; the message begins at `#start` in it. */
  #bytes = NO_BYTES
  #start = 0
  /** Up to here everything was looked at; a CR or an escape whose rest is missing is looked at again. */
  #scanned = 0
  #part: Part = IN_EMPTY_LINES
  #emptyLineCount = 0
  /** The length of the message's head, once it is complete. */
  #length = 0
  /** The complete head before this one: its bytes, and what was found in its request line. */
  #last = NO_BYTES
  #lastLength = 0
  readonly #lastLine = new RequestLine()

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS, fields = new FieldSection(limits)) {
    super()
    this.#limits = limits
    this.fields = fields
  }

  get isComplete(): boolean {
    return this.#part === COMPLETE
  }

  /** Whether bytes other than empty lines have come: silence from now on is an unfinished request. */
  get hasBegun(): boolean {
    return this.#part !== IN_EMPTY_LINES
  }

  /** Only the bytes of the last complete head are kept, to know it again. */
  reset(): void {
    this.isRepeated = false
    this.method = ''
    this.versionMinor = 0
    this.pathNotes = 0
    this.lineStart = 0
    this.targetStart = 0
    this.targetEnd = 0
    this.queryMark = -1
    this.#bytes = NO_BYTES
    this.#scanned = 0
    this.#part = IN_EMPTY_LINES
    this.#emptyLineCount = 0
    this.fields.begin(0)
  }

  /**
   * Reads a head. After INCOMPLETE, call it again with the same message, from its first byte on, and more of it; it
   * may lie elsewhere now. Bytes that were looked at are not looked at again. After anything else reset() comes next.
   * @param start where the message begins in `bytes`; only what lies before `end` is looked at
   * @returns the index behind the head, or INCOMPLETE, or a refusal, as soon as the byte is there that earns it
   */
  parse(bytes: Buffer, start: number, end: number): number {
    this.#bytes = bytes
    this.#start = start
    let at = start + this.#scanned
    if (this.#part === IN_EMPTY_LINES) {
      if (this.#isLast(bytes, start, end)) return this.#recall(bytes, start)
      this.#lastLength = 0
      at = this.#emptyLines(bytes, at, end)
    }
    if (at >= 0 && this.#part === IN_METHOD) at = this.#method(bytes, at, end)
    if (at >= 0 && this.#part === IN_TARGET) at = this.#target(bytes, at, end)
    if (at >= 0 && this.#part === IN_VERSION) at = this.#version(bytes, at, end)
    if (at >= 0 && this.#part === IN_FIELDS) at = this.#fields(bytes, end)
    return at
  }

  /** RFC 9112 §2.2: a server ignores empty lines before the request line. */
  #emptyLines(bytes: Buffer, at: number, end: number): number {
    for (; at < end; at += 2) {
      if (bytes[at] === LF) return BAD_LINE_END
      if (bytes[at] !== CR) {
        this.lineStart = at - this.#start
        this.#part = IN_METHOD
        return at
      }
      if (this.#emptyLineCount === this.#limits.emptyLines) return TOO_MANY_EMPTY_LINES
      if (at + 1 === end) break
      if (bytes[at + 1] !== LF) return BAD_LINE_END
      this.#emptyLineCount++
    }
    return this.#pause(at)
  }

  /** RFC 9112 §3.1: `method SP`. */
  #method(bytes: Buffer, at: number, end: number): number {
    const first = this.#start + this.lineStart
    const stop = Math.min(end, first + METHOD_BYTES + 1)
    while (at < stop && TCHAR[bytes[at]!] === 1) at++
    if (at === stop) return at - first > METHOD_BYTES ? METHOD_TOO_LONG : this.#pause(at)
    if (bytes[at] !== SP || at === first) return BAD_METHOD
    this.method = methodIn(bytes, first, at)
    this.targetStart = at + 1 - this.#start
    this.#part = IN_TARGET
    return at + 1
  }

  /** RFC 9112 §3.2: `target SP`, and which characters it may have. */
  #target(bytes: Buffer, at: number, end: number): number {
    const stop = this.#lineStop(end)
    if (this.queryMark >= 0) return this.#query(bytes, at, stop)
    for (; at < stop; at++) {
      switch (PATH_KIND[bytes[at]!]) {
        case ORDINARY:
          continue
        case SLASH_OR_DOT:
          if (bytes[at - 1] === SLASH) this.pathNotes |= IS_UNTIDY
          continue
        case BEYOND_ASCII:
          this.pathNotes |= NEEDS_DECODING
          continue
        case QUERY_MARK:
          this.queryMark = at - this.#start
          return this.#query(bytes, at + 1, stop)
        case ESCAPE_MARK:
          if (at + 1 < stop && HEX_VALUE[bytes[at + 1]!] === 255) return BAD_ESCAPE
          if (at + 2 >= stop) return this.#pauseInLine(at, stop)
          if (HEX_VALUE[bytes[at + 2]!] === 255) return BAD_ESCAPE
          this.pathNotes |= NEEDS_DECODING
          at += 2
          continue
        default:
          return this.#endTarget(bytes, at)
      }
    }
    return this.#pauseInLine(at, stop)
  }

  /** It is handed on as it is, and nothing in it is decoded, so a percent sign means nothing yet. */
  #query(bytes: Buffer, at: number, stop: number): number {
    while (at < stop && QUERY_CHAR[bytes[at]!] === 1) at++
    return at < stop ? this.#endTarget(bytes, at) : this.#pauseInLine(at, stop)
  }

  /** @param at the first byte that is not of the target: a space, or a mistake */
  #endTarget(bytes: Buffer, at: number): number {
    const byte = bytes[at]
    const first = this.#start + this.targetStart
    if (byte === CR || byte === LF || (byte === SP && at === first)) return BAD_REQUEST_LINE
    if (byte !== SP) return BAD_TARGET_CHAR
    // Only OPTIONS asks for `*` (RFC 9112 §3.2.4). Told before the version is read, so that the preface of
    // HTTP/2, `PRI * HTTP/2.0` (RFC 9113 §3.4), is a bad request and no question of versions.
    if (bytes[first] === ASTERISK && this.method !== 'OPTIONS') return BAD_TARGET_FORM
    this.targetEnd = at - this.#start
    this.#part = IN_VERSION
    return at + 1
  }

  /** RFC 9112 §2.3: `HTTP/` digit `.` digit, and the CR LF that ends the request line. */
  #version(bytes: Buffer, at: number, end: number): number {
    const first = this.#start + this.targetEnd + 1
    const stop = Math.min(this.#lineStop(end), first + VERSION.length)
    // Nearly every line ends in HTTP/1.1. Ten comparisons with constants cost 25 ns less than the loop over VERSION.
    if (first + VERSION.length === stop && isUsualVersion(bytes, first)) return this.#endLine(stop, 1)
    for (; at < stop; at++) {
      const byte = bytes[at]!
      const wanted = VERSION[at - first]
      if (byte === wanted || (wanted === DIGIT_0 && DIGIT[byte] === 1)) continue
      return at - first < VERSION_CR ? BAD_VERSION : BAD_LINE_END
    }
    if (at < first + VERSION.length) return this.#pauseInLine(at, stop)
    if (bytes[first + MAJOR_DIGIT] !== DIGIT_0 + 1) return VERSION_NOT_SUPPORTED
    return this.#endLine(at, bytes[first + MINOR_DIGIT]! - DIGIT_0)
  }

  #endLine(at: number, versionMinor: number): number {
    this.versionMinor = versionMinor
    this.fields.begin(at - this.#start)
    this.#part = IN_FIELDS
    return at
  }

  #fields(bytes: Buffer, end: number): number {
    const at = this.fields.parse(bytes, this.#start, end)
    if (at < 0) return at
    this.#length = at - this.#start
    this.#part = COMPLETE
    this.#remember(bytes)
    return at
  }

  /**
   * Requests repeat: a client asks again, many ask for one thing. Comparing 41 bytes takes 0.05 µs, reading and
   * checking them 0.5 (bench/parser.ts, Node 20, November 2026). The last bytes are looked at first: where another head
   * is longer or shorter, they tell.
   */
  #isLast(bytes: Buffer, start: number, end: number): boolean {
    const length = this.#lastLength
    const stop = start + length
    return (
      length > 0 &&
      stop <= end &&
      bytes[stop - 1] === LF &&
      bytes[stop - 5] === this.#last[length - 5] &&
      bytes.compare(this.#last, 0, length, start, stop) === 0
    )
  }

  #recall(bytes: Buffer, start: number): number {
    this.copyFrom(this.#lastLine)
    this.#length = this.#lastLength
    this.#part = COMPLETE
    this.isRepeated = true
    this.fields.recall(bytes, start)
    return start + this.#length
  }

  #remember(bytes: Buffer): void {
    if (this.#length > MOST_REMEMBERED) return
    if (this.#last.length < this.#length) this.#last = Buffer.allocUnsafeSlow(2 * this.#length)
    bytes.copy(this.#last, 0, this.#start, this.#start + this.#length)
    this.#lastLength = this.#length
    this.#lastLine.copyFrom(this)
  }

  /** The first byte that we do not have, or that a request line may not reach. */
  #lineStop(end: number): number {
    return Math.min(end, this.#start + this.lineStart + this.#limits.requestLineBytes)
  }

  #pauseInLine(at: number, stop: number): number {
    const lineBytes = stop - this.#start - this.lineStart
    return lineBytes >= this.#limits.requestLineBytes ? REQUEST_LINE_TOO_LONG : this.#pause(at)
  }

  #pause(at: number): number {
    this.#scanned = at - this.#start
    return INCOMPLETE
  }

  /** The request target as it was received; '' when it did not come to its end. */
  targetText(): string {
    return this.targetEnd === 0 ? '' : this.#text(this.targetStart, this.targetEnd)
  }

  /** The target up to its question mark. Like queryText(), it is to be asked of a complete head. */
  pathText(): string {
    return this.#text(this.targetStart, this.queryMark < 0 ? this.targetEnd : this.queryMark)
  }

  /** What follows the question mark; `null` when there is none. */
  queryText(): string | null {
    return this.queryMark < 0 ? null : this.#text(this.queryMark + 1, this.targetEnd)
  }

  /** The request line without its CR LF, for a log; '' when it did not come to its end. */
  lineText(): string {
    if (this.#part < IN_FIELDS) return ''
    return this.#text(this.lineStart, this.targetEnd + 1 + VERSION_CR)
  }

  #text(start: number, end: number): string {
    return latin1(this.#bytes, this.#start + start, this.#start + end)
  }

  /** A complete head that owns its bytes, for an exchange that outlives the read buffer. */
  detachedCopy(): RequestHead {
    const bytes = Buffer.from(this.#bytes.subarray(this.#start, this.#start + this.#length))
    const copy = new RequestHead(this.#limits, this.fields.copyOver(bytes))
    copy.copyFrom(this)
    copy.#bytes = bytes
    copy.#length = this.#length
    copy.#part = COMPLETE
    return copy
  }
}

/** `HTTP/1.1` CR LF */
function isUsualVersion(bytes: Buffer, at: number): boolean {
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === SLASH &&
    bytes[at + 5] === 0x31 &&
    bytes[at + 6] === DOT &&
    bytes[at + 7] === 0x31 &&
    bytes[at + 8] === CR &&
    bytes[at + 9] === LF
  )
}

/** The methods of RFC 9110 §9 and PATCH (RFC 5789). No two agree in both length and first letter. */
const KNOWN_METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'],
  // WebDAV (RFC 4918 §9), as far as somebody here answers them.
  ...['MKCOL', 'COPY', 'MOVE'],
]
const METHOD_SLOTS = 256
const methodBySlot = new Array<string>(METHOD_SLOTS).fill('')
for (const method of KNOWN_METHODS) methodBySlot[methodSlot(method.length, method.charCodeAt(0))] = method

function methodSlot(length: number, first: number): number {
  return (length * 32 + (first & 31)) % METHOD_SLOTS
}

export function isKnownMethod(method: string): boolean {
  return KNOWN_METHODS.includes(method)
}

/** A known method is found without making a string of the bytes. */
function methodIn(bytes: Buffer, start: number, end: number): string {
  const known = methodBySlot[methodSlot(end - start, bytes[start]!)]!
  return isSpelled(known, bytes, start, end) ? known : latin1(bytes, start, end)
}

function isSpelled(word: string, bytes: Buffer, start: number, end: number): boolean {
  if (word.length !== end - start) return false
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
