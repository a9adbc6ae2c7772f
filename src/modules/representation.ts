/**
 * Files as RFC 9110 speaks of them: a representation is bytes and the lines that describe them (§3.2), and an answer is what
 * preconditions and ranges leave of it.
 *
 *   new StoredFile(status, content)               bytes that are held, or a descriptor; and when they were changed
 *   new Representation(stored, description)       the same, with its lines
 *   sendRepresentation(x, r, rules)               200, 206, 304, 412 or 416
 *   sendWhole(x, status, r)                       all of it, with the lines that the exchange has
 *
 * Does not choose: which file, and in which content coding, is decided before.
 */

import {
  etagOf,
  evaluate,
  ifRangeHolds,
  lastModifiedOf,
  type ModifiedSince,
  NOT_MODIFIED,
  PROCEED,
} from '../http/conditions.ts'
import { formatDate } from '../http/date.ts'
import {
  type ByteRange,
  contentRange,
  IGNORED,
  MOST_RANGES,
  multipartEnd,
  multipartHead,
  multipartLength,
  multipartType,
  rangeLength,
  rangesOf,
  UNSATISFIABLE,
  unsatisfiedRange,
} from '../http/ranges.ts'
import { fieldLine } from '../http/response-head.ts'
import type { FileStatus, OpenFile } from '../io/file.ts'
import type { Exchange } from '../server/exchange.ts'

/** A file as it was when it was last looked at. */
export class StoredFile {
  readonly status: FileStatus
  readonly sizeBytes: number
  readonly modifiedMs: number
  /** Either its bytes or its descriptor. */
  readonly content: Buffer | null
  readonly file: OpenFile | null

  constructor(status: FileStatus, content: Buffer | OpenFile) {
    this.status = status
    this.content = Buffer.isBuffer(content) ? content : null
    this.file = Buffer.isBuffer(content) ? null : content
    this.sizeBytes = this.content?.length ?? status.sizeBytes
    this.modifiedMs = status.modifiedSeconds * 1000 + status.modifiedNanoseconds / 1e6
  }
}

/** What is said of the bytes. */
export interface Description {
  readonly mediaType: string
  /** The content coding; null for none. */
  readonly coding: string | null
  /** The same resource has other codings. */
  readonly varies: boolean
  readonly hasEtag: boolean
  readonly takesRanges: boolean
}

/** One representation of a resource (RFC 9110 §3.2): bytes, and the lines that describe them. */
export class Representation {
  readonly stored: StoredFile
  readonly mediaType: string
  readonly coding: string | null
  /** '' for none. */
  readonly etag: string
  readonly lastModifiedMs: number
  readonly sizeBytes: number
  readonly takesRanges: boolean
  /** The lines of a 200, of a part of several, of a 304, and of the page of an error; without `Content-Length`. */
  readonly lines: string
  readonly linesWithoutType: string
  readonly linesNotModified: string
  readonly linesOfError: string

  constructor(stored: StoredFile, description: Description) {
    const { mediaType, coding, varies, hasEtag, takesRanges } = description
    this.stored = stored
    this.mediaType = mediaType
    this.coding = coding
    this.sizeBytes = stored.sizeBytes
    this.takesRanges = takesRanges
    this.etag = hasEtag ? etagOf(stored.modifiedMs, stored.status.sizeBytes, coding ?? '') : ''
    this.lastModifiedMs = lastModifiedOf(stored.modifiedMs, Date.now())
    const validators =
      fieldLine('Last-Modified', formatDate(this.lastModifiedMs)) +
      (hasEtag ? fieldLine('ETag', this.etag) : '') +
      (varies ? fieldLine('Vary', 'Accept-Encoding') : '')
    const encoding = coding === null ? '' : fieldLine('Content-Encoding', coding)
    const type = mediaType === '' ? '' : fieldLine('Content-Type', mediaType)
    this.linesNotModified = validators
    this.linesWithoutType = `${validators}${encoding}${takesRanges ? 'Accept-Ranges: bytes\r\n' : ''}`
    this.lines = type + this.linesWithoutType
    this.linesOfError = type + encoding
  }
}

/** What a place leaves to choose in RFC 9110 §13 and §14. */
export interface SendingRules {
  readonly modifiedSince: ModifiedSince
  /** A request for more ranges gets the whole. */
  readonly mostRanges: number
}

/** As the RFC has it. */
export const PLAIN_RULES: SendingRules = { modifiedSince: 'before', mostRanges: MOST_RANGES }

/** Answers with it, whole or in part, or says that it is not needed. */
export function sendRepresentation(x: Exchange, r: Representation, rules: SendingRules): void {
  // The page of an error is no answer to what was asked: no condition and no range is meant for it.
  if (x.errorStatus !== 0 && x.errorStatus !== 200) {
    x.setPreparedLines(r.linesOfError)
    sendWhole(x, 200, r)
    return
  }
  const verdict = evaluate(x.fields, x.method, r, rules.modifiedSince)
  if (verdict !== PROCEED && x.isTraced) tellVerdict(x, verdict)
  if (verdict === PROCEED) {
    if (x.method === 'GET' && r.takesRanges && x.fields.get('range') !== null) sendRanges(x, r, rules)
    else {
      x.setPreparedLines(r.lines)
      sendWhole(x, 200, r)
    }
  } else if (verdict === NOT_MODIFIED) {
    x.setPreparedLines(r.linesNotModified)
    x.answer(304, null)
  } else x.fail(412)
}

function tellVerdict(x: Exchange, verdict: number): void {
  x.tell(
    verdict === NOT_MODIFIED
      ? 'the client has this version already: If-None-Match, or If-Modified-Since'
      : 'this is not the version that the client asks about: If-Match, or If-Unmodified-Since',
  )
}

export function sendWhole(x: Exchange, status: number, r: Representation): void {
  x.begin(status, r.sizeBytes)
  sendPiece(x, r, 0, r.sizeBytes)
  x.end()
}

function sendPiece(x: Exchange, r: Representation, start: number, sizeBytes: number): void {
  const { content, file } = r.stored
  if (content === null) x.writeFile(file!, start, sizeBytes)
  else x.write(sizeBytes === content.length ? content : content.subarray(start, start + sizeBytes))
}

/** RFC 9110 §14.2: what cannot be honoured is ignored, what lies outside is told. */
function sendRanges(x: Exchange, r: Representation, rules: SendingRules): void {
  const value = x.fields.get('range')!
  const ranges = ifRangeHolds(x.fields, r) ? rangesOf(value, r.sizeBytes, rules.mostRanges) : IGNORED
  if (x.isTraced) tellRanges(x, value, ranges)
  if (ranges === UNSATISFIABLE) {
    x.setErrorField('Content-Range', unsatisfiedRange(r.sizeBytes))
    x.fail(416)
  } else if (ranges === IGNORED) {
    x.setPreparedLines(r.lines)
    sendWhole(x, 200, r)
  } else if (ranges.length === 1) sendRange(x, r, ranges[0]!)
  else sendSeveral(x, r, ranges)
}

function tellRanges(x: Exchange, value: string, ranges: ReturnType<typeof rangesOf>): void {
  const words =
    ranges === UNSATISFIABLE
      ? 'lies outside of the file'
      : ranges === IGNORED
        ? 'is ignored'
        : `asks for ${ranges.length === 1 ? 'a part' : `${ranges.length} parts`} of it`
  x.tell(`the range "${value}" ${words}`)
}

function sendRange(x: Exchange, r: Representation, range: ByteRange): void {
  x.setPreparedLines(r.lines)
  x.addField('Content-Range', contentRange(range, r.sizeBytes))
  x.begin(206, rangeLength(range))
  sendPiece(x, r, range.first, rangeLength(range))
  x.end()
}

/**
 * RFC 9110 §14.6. The boundary cannot be guessed, so no file can hold it on purpose. `crypto` is the global one, which Node loads
 * when it is first used: an import of it would cost 2 to 4 ms of each start.
 */
function sendSeveral(x: Exchange, r: Representation, ranges: readonly ByteRange[]): void {
  const boundary = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex')
  x.setPreparedLines(r.linesWithoutType)
  x.addField('Content-Type', multipartType(boundary))
  x.begin(206, multipartLength(boundary, r.mediaType, ranges, r.sizeBytes))
  for (const range of ranges) {
    x.write(Buffer.from(multipartHead(boundary, r.mediaType, range, r.sizeBytes)))
    sendPiece(x, r, range.first, rangeLength(range))
  }
  x.write(Buffer.from(multipartEnd(boundary)))
  x.end()
}
