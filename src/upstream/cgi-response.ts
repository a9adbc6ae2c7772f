/**
 * What a program answers by CGI, FastCGI, SCGI or uwsgi: a head of lines, an empty line, and content (RFC 3875 §6).
 *
 *   const head = new CgiResponseHead(CGI_RULES)
 *   head.parse(bytes)              where the content begins in these bytes, INCOMPLETE, or why it is no head
 *   head.endOfOutput()             the output has ended before the head was complete: why it is none
 *   head.status, head.reason       of `Status`, or of a line `HTTP/1.1 404 Not Found` at the beginning; 0 when neither is there
 *   head.lines                     the other fields in their order, each octet one character
 *   head.get('location')           the first of a name
 *   responseRefusalWords(code)     the rule in words, for the error log
 *
 *     Status: 404 Not Found\n
 *     Content-Type: text/plain\n         lines end with LF or with CR LF, and one head may use both
 *     \n
 *     no such bird                       what parse() returns is where this begins
 *
 * Bytes may be cut anywhere. What is a head and what not is decided here; what its fields mean for the client, in
 * `modules/relayed-answer.ts`.
 */

import { CR, FIELD_VALUE_CHAR, LF, latin1, TCHAR } from '../http/bytes.ts'
import { INCOMPLETE } from '../http/refusals.ts'

export interface CgiRules {
  /** Lines and their ends, up to and with the empty one. */
  readonly headBytes: number
  /** `HTTP/1.1 200 OK` may stand in place of `Status`, as in the output of a program that speaks HTTP itself (RFC 3875 §5). */
  readonly mayHaveStatusLine: boolean
  /** An empty line alone is a head; else there is at least one field (RFC 3875 §6.2). */
  readonly mayBeEmpty: boolean
}

export const CGI_RULES: CgiRules = { headBytes: 1024 * 1024, mayHaveStatusLine: true, mayBeEmpty: false }

const words: string[] = []

/** Adds a row. The first is -2, since INCOMPLETE is -1. */
function refusal(sentence: string): number {
  return INCOMPLETE - words.push(sentence)
}

export const NO_OUTPUT = refusal('it ended without any output')
export const HEAD_CUT = refusal('its output ended before its header was complete')
export const HEAD_TOO_LARGE = refusal('its header is too large')
export const HEAD_EMPTY = refusal('its header has no field: the output begins with an empty line')
export const BAD_LINE = refusal('its header has a line that is not "name: value"')
export const BAD_VALUE = refusal('its header has a field with a control character')
export const BAD_STATUS = refusal('its "Status" does not begin with three digits that are a status')
export const BAD_LENGTH = refusal('its "Content-Length" is no length, or there are two that differ')
export const BAD_CODING = refusal('it speaks HTTP with a "Transfer-Encoding" other than chunked')
export const BAD_LOCATION = refusal('its "Location" or "X-Accel-Redirect" is no valid path')

/** What was wrong, to follow "the program … : ". */
export function responseRefusalWords(code: number): string {
  return words[INCOMPLETE - 1 - code] ?? ''
}

export interface CgiLine {
  /** As the program has written it. */
  readonly name: string
  readonly lowerName: string
  readonly value: string
}

export class CgiResponseHead {
  status = 0
  reason = ''
  /** It began with a status line: the program speaks HTTP itself. */
  hasStatusLine = false
  /** The length of the content that the program has announced; null when it did not. */
  contentLength: number | null = null
  readonly lines: CgiLine[] = []

  private readonly rules: CgiRules
  /** The beginning of the line whose end has not come. */
  private rest: Buffer[] = []
  private restBytes = 0
  private takenBytes = 0
  private lineCount = 0

  constructor(rules: CgiRules = CGI_RULES) {
    this.rules = rules
  }

  /** @param bytes the next ones of the output; what is needed of them later is copied. After anything but INCOMPLETE it is over. */
  parse(bytes: Buffer): number {
    let at = 0
    for (;;) {
      const end = bytes.indexOf(LF, at)
      const stop = end < 0 ? bytes.length : end + 1
      this.takenBytes += stop - at
      if (this.takenBytes > this.rules.headBytes) return HEAD_TOO_LARGE
      if (end < 0) {
        this.keep(bytes, at, stop)
        return INCOMPLETE
      }
      const line = this.wholeLine(bytes, at, end)
      at = stop
      if (line === '') return this.lineCount === 0 && !this.rules.mayBeEmpty ? HEAD_EMPTY : at
      const code = this.takeLine(line)
      if (code < 0) return code
      this.lineCount++
    }
  }

  endOfOutput(): number {
    return this.takenBytes === 0 ? NO_OUTPUT : HEAD_CUT
  }

  /** A program that speaks HTTP itself may have put its content into chunks; whoever has no status line says nothing about that. */
  get transferCoding(): string | null {
    return this.hasStatusLine ? (this.get('transfer-encoding')?.toLowerCase() ?? null) : null
  }

  /** The value of the first line with this name; null when there is none. */
  get(lowerName: string): string | null {
    return this.lines.find(line => line.lowerName === lowerName)?.value ?? null
  }

  private keep(bytes: Buffer, at: number, stop: number): void {
    if (at === stop) return
    this.rest.push(Buffer.from(bytes.subarray(at, stop)))
    this.restBytes += stop - at
  }

  /** Without its end: LF, or CR LF. */
  private wholeLine(bytes: Buffer, at: number, end: number): string {
    let line = latin1(bytes, at, end)
    if (this.restBytes > 0) {
      line = Buffer.concat(this.rest, this.restBytes).toString('latin1') + line
      this.rest = []
      this.restBytes = 0
    }
    return line.charCodeAt(line.length - 1) === CR ? line.slice(0, -1) : line
  }

  private takeLine(line: string): number {
    if (this.lineCount === 0 && this.rules.mayHaveStatusLine && STATUS_LINE.test(line)) {
      this.hasStatusLine = true
      return this.takeStatus(line.slice(line.indexOf(' ') + 1))
    }
    const colon = line.indexOf(':')
    if (colon <= 0 || !isMadeOf(line, colon, TCHAR)) return BAD_LINE
    const value = line.slice(colon + 1).replace(SPACE_AROUND, '')
    if (!isMadeOf(value, value.length, FIELD_VALUE_CHAR)) return BAD_VALUE
    const name = line.slice(0, colon)
    return this.takeField({ name, lowerName: name.toLowerCase(), value })
  }

  private takeField(line: CgiLine): number {
    // The first one holds, as in nginx: a second one would contradict it.
    if (line.lowerName === 'status') return this.status === 0 ? this.takeStatus(line.value) : 0
    if (line.lowerName === 'content-length') return this.takeLength(line.value)
    this.lines.push(line)
    return 0
  }

  /** Of three digits and perhaps a reason (RFC 3875 §6.3.3). 1xx is no answer. */
  private takeStatus(text: string): number {
    const match = STATUS.exec(text)
    if (match === null) return BAD_STATUS
    this.status = Number(match[1])
    this.reason = match[2] ?? ''
    return isMadeOf(this.reason, this.reason.length, FIELD_VALUE_CHAR) ? 0 : BAD_VALUE
  }

  private takeLength(text: string): number {
    const length = /^\d{1,15}$/.test(text) ? Number(text) : -1
    if (length < 0 || (this.contentLength !== null && this.contentLength !== length)) return BAD_LENGTH
    this.contentLength = length
    return 0
  }
}

const STATUS_LINE = /^HTTP\/\d\.\d /
const STATUS = /^([2-9]\d\d)(?:[ \t]+(.*))?$/s
const SPACE_AROUND = /^[ \t]+|[ \t]+$/g

function isMadeOf(text: string, end: number, allowed: Uint8Array): boolean {
  for (let i = 0; i < end; i++) if (allowed[text.charCodeAt(i)] !== 1) return false
  return true
}
