/**
 * Preconditions: may this answer be sent, is it news to the client, does its part still fit (RFC 9110 §13).
 *
 *   evaluate(fields, method, current)   PROCEED, NOT_MODIFIED or PRECONDITION_FAILED
 *   ifRangeHolds(fields, current)       may `Range` be honoured?
 *   etagOf(mtimeMs, size, coding)       a strong entity tag for the content of a file
 *   lastModifiedOf(mtimeMs, nowMs)      the moment that `Last-Modified` names
 *
 * The caller asks after its own checks: a request that would get 404, 405 or a redirect gets it, whatever its
 * conditions say (§13.2.1). Not here: Range itself (ranges.ts), and what a 304 carries.
 *
 * A field is not believed by half. A date that is none is ignored, as the RFC says; a list with anything but
 * entity tags in it names nothing, so that If-None-Match gets the whole answer and If-Match a 412: the safe sides.
 */

import { parseDate } from './date.ts'
import type { FieldLookup } from './fields.ts'

export const PROCEED = 0
export const NOT_MODIFIED = 304
export const PRECONDITION_FAILED = 412
export type Verdict = typeof PROCEED | typeof NOT_MODIFIED | typeof PRECONDITION_FAILED

/** The current validators of the selected representation (RFC 9110 §8.8). */
export interface Validators {
  /** As it stands in the `ETag` field, quotes included; '' when the representation has none. */
  etag: string
  /** Fractions of a second do not count: HTTP cannot say them. `NaN` when no date is known. */
  lastModifiedMs: number
}

/** How If-Modified-Since is compared: as the RFC says, only with the very date (nginx's default), or not at all. */
export type ModifiedSince = 'before' | 'exact' | 'off'

/**
 * RFC 9110 §13.2.2, with its numbers. Step 5 is {@link ifRangeHolds}, and step 6 the caller's.
 * @param current `null` when the target has no representation yet.
 */
export function evaluate(
  fields: FieldLookup,
  method: string,
  current: Validators | null,
  modifiedSince: ModifiedSince = 'before',
): Verdict {
  if (selectsNothing(method)) return PROCEED
  const isRetrieval = method === 'GET' || method === 'HEAD'
  const lastModifiedMs = wholeSecond(current === null ? Number.NaN : current.lastModifiedMs)

  // 1. If-Match, when there is one.
  const ifMatch = fields.get('if-match')
  if (ifMatch !== null) {
    if (!names(ifMatch, current, STRONG)) return PRECONDITION_FAILED
  } else {
    // 2. Otherwise If-Unmodified-Since. `NaN`, on either side, is later than nothing.
    if (lastModifiedMs > dateIn(fields.get('if-unmodified-since'))) return PRECONDITION_FAILED
  }

  // 3. If-None-Match, when there is one.
  const ifNoneMatch = fields.get('if-none-match')
  if (ifNoneMatch !== null) {
    if (names(ifNoneMatch, current, WEAK)) return isRetrieval ? NOT_MODIFIED : PRECONDITION_FAILED
  } else if (isRetrieval && modifiedSince !== 'off') {
    // 4. Otherwise, for GET and HEAD, If-Modified-Since.
    const since = dateIn(fields.get('if-modified-since'))
    if (modifiedSince === 'exact' ? lastModifiedMs === since : lastModifiedMs <= since) return NOT_MODIFIED
  }
  return PROCEED
}

/**
 * Step 5 of RFC 9110 §13.2.2, to be asked for a GET with a `Range` field once {@link evaluate} says PROCEED.
 * Without an `If-Range` there is no condition, and it holds.
 *
 * A date holds when it names the very second of `Last-Modified`. Two changes within that second would escape
 * us; §13.1.5 therefore forbids clients to send a date unless they got the file at least a second after it.
 */
export function ifRangeHolds(fields: FieldLookup, current: Validators): boolean {
  const value = fields.get('if-range')
  if (value === null) return true
  if (value.endsWith('"')) return isStrong(current.etag) && value === current.etag
  return wholeSecond(current.lastModifiedMs) === parseDate(value)
}

/**
 * @param mtimeMs with its fraction, of which microseconds count. Where the clock of the file system is coarser
 * (4 ms is common), a change that keeps the size goes unseen when another preceded it within the same tick.
 * @param coding the content coding, if any: its bytes are other bytes, so the tag is another one (§8.8.3.3).
 */
export function etagOf(mtimeMs: number, sizeBytes: number, coding: string = ''): string {
  const version = Math.round(mtimeMs * 1000).toString(16)
  return `"${version}-${sizeBytes.toString(16)}${coding === '' ? '' : `-${coding}`}"`
}

/** A file from the future was modified just now: RFC 9110 §8.8.2.1 forbids a date later than that of the answer. */
export function lastModifiedOf(mtimeMs: number, nowMs: number): number {
  return wholeSecond(Math.min(mtimeMs, nowMs))
}

/** Methods that neither select nor modify a representation ignore all conditions (§13.2.1). */
function selectsNothing(method: string): boolean {
  return method === 'OPTIONS' || method === 'CONNECT' || method === 'TRACE'
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

/** @returns `NaN` for no field as for one that is not exactly one date: both are no condition (§13.1.3, §13.1.4). */
function dateIn(value: string | null): number {
  return value === null ? Number.NaN : parseDate(value)
}

/** The two comparisons of RFC 9110 §8.8.3.2. */
const STRONG = true
const WEAK = false

/**
 * One element of a list and the comma behind it, after any number of empty elements; at the end of the list,
 * nothing. A tag may hold commas, and anything above 7F (etagc, §8.8.3), but no space and no escaped quote.
 */
const NEXT_TAG = /[ \t,]*(?:(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)|$)/y

/** Is the current representation among those that `"*"` or the list of entity tags names? */
function names(list: string, current: Validators | null, strongly: boolean): boolean {
  if (current === null) return false
  if (list === '*') return true
  const opaque = current.etag.startsWith('W/') ? current.etag.slice(2) : current.etag
  let found = false
  NEXT_TAG.lastIndex = 0
  while (NEXT_TAG.lastIndex < list.length) {
    const element = NEXT_TAG.exec(list)
    if (element === null) return false // not a list of entity tags: see above
    const [, weak, tag] = element
    if (tag === opaque && !(strongly && (weak !== undefined || !isStrong(current.etag)))) found = true
  }
  return found
}

function isStrong(etag: string): boolean {
  return etag.startsWith('"')
}
