/**
 * Content with parts, as a form with files sends it (multipart/form-data: RFC 7578, RFC 2046 §5.1), read as it comes.
 *
 *   const reader = new MultipartReader(boundary, limits, sink)
 *   reader.read(bytes)              OK, or a refusal; as often as bytes come, cut anywhere
 *   reader.end()                    OK, or a refusal: the last boundary is missing
 *
 *   sink.onPart(head)               OK, or a refusal: nobody wants this part
 *   sink.onPartBytes(bytes)         a piece of its content; valid during the call only
 *   sink.onPartEnd()
 *
 *      preamble   CRLF? --boundary CRLF   head CRLF CRLF content   CRLF --boundary CRLF   …   CRLF --boundary--   epilogue
 *      ────────── ──────────────────────  ──────────────── ──────  ─────────────────────      ─────────────────   ────────
 *      IN_PREAMBLE  BEHIND_BOUNDARY        IN_HEAD         IN_PART  BEHIND_BOUNDARY             BEHIND_BOUNDARY    IN_EPILOGUE
 *
 * Preamble and epilogue are thrown away. A line that begins with the boundary is one, whatever follows (RFC 2046 §5.1.1); what may
 * follow are two hyphens or white space, and anything else is refused. Nothing is remembered but the head of a part, and how much of a
 * boundary has come.
 */

import { CR, HTAB, LF, latin1, SP } from './bytes.ts'
import { parametersOf, type ValueWithParameters } from './field-parameters.ts'
import {
  BAD_DELIMITER,
  BAD_PART_HEAD,
  NO_LAST_BOUNDARY,
  OK,
  PART_HEAD_TOO_LARGE,
  TOO_MANY_PARTS,
} from './refusals.ts'

export interface PartHead {
  /** By names in lower case; values as they came, one character for each octet. */
  readonly fields: ReadonlyMap<string, string>
  /** null where it is missing, or none. */
  readonly disposition: ValueWithParameters | null
}

export interface PartSink {
  /** @returns OK, or a refusal, after which nothing more is read */
  onPart(head: PartHead): number
  /** @returns OK, or a refusal @param bytes are valid during the call only, and never empty */
  onPartBytes(bytes: Buffer): number
  onPartEnd(): number
}

export interface MultipartLimits {
  /** Of one part: its lines together. */
  readonly headBytes: number
  readonly parts: number
}

/** A form has a few fields; each costs memory while it is read, so their number has a limit as those of a request have. */
export const DEFAULT_MULTIPART_LIMITS: MultipartLimits = { headBytes: 16 * 1024, parts: 1000 }

const IN_PREAMBLE = 0
const BEHIND_BOUNDARY = 1
const IN_HEAD = 2
const IN_PART = 3
const IN_EPILOGUE = 4
type State = 0 | 1 | 2 | 3 | 4

/** What may have come behind a boundary: nothing, white space, one hyphen, CR. */
const AT_ONCE = 0
const IN_PADDING = 1
const HYPHEN = 2
const AT_CR = 3

const DASH = 0x2d
/** The line end before a boundary counts as part of it: where content begins, it has been read with what is before. */
const LINE_END_BYTES = 2
const END_OF_HEAD = Buffer.from('\r\n\r\n')

export class MultipartReader {
  private readonly limits: MultipartLimits
  private readonly sink: PartSink
  /** CR LF, two hyphens and the boundary. CR is in its first place only, so what began in vain begins nowhere else. */
  private readonly delimiter: Buffer
  private state: State = IN_PREAMBLE
  /** So much of the delimiter has come, and of that so much in front of this content. */
  private matched = LINE_END_BYTES
  private ahead = LINE_END_BYTES
  private behind: 0 | 1 | 2 | 3 = AT_ONCE
  private head: Buffer
  private headBytes = 0
  private parts = 0

  constructor(boundary: string, limits: MultipartLimits, sink: PartSink) {
    this.limits = limits
    this.sink = sink
    this.delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
    this.head = Buffer.allocUnsafe(0)
  }

  /** @returns OK, or a refusal: then it is over */
  read(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length) {
      const next = this.step(bytes, at)
      if (next < 0) return next
      at = next
    }
    return OK
  }

  end(): number {
    return this.state === IN_EPILOGUE ? OK : NO_LAST_BOUNDARY
  }

  /** @returns how far it came, or a refusal */
  private step(bytes: Buffer, at: number): number {
    switch (this.state) {
      case IN_EPILOGUE:
        return bytes.length
      case BEHIND_BOUNDARY:
        return this.readBehind(bytes[at]!, at + 1)
      case IN_HEAD:
        return this.readHead(bytes, at)
      default:
        return this.matched > 0 ? this.match(bytes, at) : this.readContent(bytes, at)
    }
  }

  // Content, and the boundary at its end

  /** A boundary may have begun in the bytes before these. */
  private match(bytes: Buffer, at: number): number {
    const { delimiter } = this
    let next = at
    while (next < bytes.length && this.matched < delimiter.length) {
      if (bytes[next] !== delimiter[this.matched]) {
        const failed = this.give(delimiter.subarray(this.ahead, this.matched))
        this.matched = 0
        this.ahead = 0
        return failed < 0 ? failed : next
      }
      this.matched++
      next++
    }
    return this.matched === delimiter.length ? this.endContent(next) : next
  }

  private readContent(bytes: Buffer, at: number): number {
    const { delimiter } = this
    const found = bytes.indexOf(delimiter, at)
    if (found >= 0) {
      const failed = this.give(bytes.subarray(at, found))
      return failed < 0 ? failed : this.endContent(found + delimiter.length)
    }
    const begin = this.beginOfDelimiter(bytes, at)
    const failed = this.give(bytes.subarray(at, begin))
    this.matched = bytes.length - begin
    return failed < 0 ? failed : bytes.length
  }

  /** @returns where a delimiter begins whose rest has not come; the end when none does */
  private beginOfDelimiter(bytes: Buffer, at: number): number {
    const { length } = bytes
    const from = Math.max(at, length - this.delimiter.length + 1)
    const begin = bytes.lastIndexOf(CR)
    if (begin < from) return length
    return bytes.compare(this.delimiter, 0, length - begin, begin, length) === 0 ? begin : length
  }

  private give(bytes: Buffer): number {
    return bytes.length === 0 || this.state === IN_PREAMBLE ? OK : this.sink.onPartBytes(bytes)
  }

  private endContent(next: number): number {
    const failed = this.state === IN_PART ? this.sink.onPartEnd() : OK
    this.state = BEHIND_BOUNDARY
    this.behind = AT_ONCE
    return failed < 0 ? failed : next
  }

  // The rest of a boundary's line

  private readBehind(byte: number, next: number): number {
    const { behind } = this
    if (behind === HYPHEN) {
      if (byte !== DASH) return BAD_DELIMITER
      this.state = IN_EPILOGUE
    } else if (behind === AT_CR) {
      if (byte !== LF) return BAD_DELIMITER
      return this.beginHead(next)
    } else if (byte === CR) this.behind = AT_CR
    else if (byte === SP || byte === HTAB) this.behind = IN_PADDING
    else if (byte === DASH && behind === AT_ONCE) this.behind = HYPHEN
    else return BAD_DELIMITER
    return next
  }

  // The head of a part

  private beginHead(next: number): number {
    if (++this.parts > this.limits.parts) return TOO_MANY_PARTS
    this.state = IN_HEAD
    // The line end of the boundary is part of it: a head without lines is one more line end.
    this.headBytes = 0
    return this.remember(END_OF_HEAD.subarray(0, LINE_END_BYTES)) ? next : PART_HEAD_TOO_LARGE
  }

  private readHead(bytes: Buffer, at: number): number {
    const before = this.headBytes
    const piece = bytes.subarray(at, at + this.limits.headBytes + LINE_END_BYTES - before)
    if (!this.remember(piece)) return PART_HEAD_TOO_LARGE
    const from = Math.max(0, before - END_OF_HEAD.length + 1)
    const end = this.head.subarray(0, this.headBytes).indexOf(END_OF_HEAD, from)
    if (end < 0) return at + piece.length
    const failed = this.beginPart(latin1(this.head, LINE_END_BYTES, end))
    return failed < 0 ? failed : at + end + END_OF_HEAD.length - before
  }

  private remember(bytes: Buffer): boolean {
    const end = this.headBytes + bytes.length
    if (bytes.length === 0) return false
    if (end > this.head.length) {
      const larger = Buffer.allocUnsafe(Math.max(512, 2 * end))
      this.head.copy(larger, 0, 0, this.headBytes)
      this.head = larger
    }
    bytes.copy(this.head, this.headBytes)
    this.headBytes = end
    return true
  }

  private beginPart(text: string): number {
    const fields = fieldsOf(text)
    if (fields === null) return BAD_PART_HEAD
    this.state = IN_PART
    this.matched = LINE_END_BYTES
    this.ahead = LINE_END_BYTES
    const disposition = parametersOf(fields.get('content-disposition') ?? '')
    return this.sink.onPart({ fields, disposition })
  }
}

const FIELD_LINE = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*([^\0-\x08\x0a-\x1f\x7f]*)$/

/** Folded lines are joined (RFC 5322 §2.2.3). @returns null for what is no field, or stands there twice */
function fieldsOf(text: string): Map<string, string> | null {
  const fields = new Map<string, string>()
  if (text === '') return fields
  for (const line of text.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const [, name, value] = FIELD_LINE.exec(line) ?? []
    if (name === undefined || fields.has(name.toLowerCase())) return null
    fields.set(name.toLowerCase(), value!.trimEnd())
  }
  return fields
}
