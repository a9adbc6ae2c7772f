/**
 * Parts of a representation: the Range field, and the answers made of parts (RFC 9110 §14).
 *
 *   rangesOf(value, size)            IGNORED, UNSATISFIABLE, or the ranges to send, none overlapping another
 *   contentRange(range, size)        value of Content-Range in a 206; unsatisfiedRange(size): in a 416
 *   multipartType(boundary)          Content-Type of an answer with several ranges, whose content is
 *     multipartHead(…) bytes  multipartHead(…) bytes … multipartEnd(boundary)
 *   multipartLength(…)               the length of all that
 *
 * One range: a plain 206 with Content-Range. Several: multipart/byteranges, and no Content-Range in the head
 * (§15.3.7.2). The caller looks at Range for GET only, where the answer would be 200, after the preconditions
 * and If-Range (conditions.ts). It also sends the bytes: a part may be gigabytes of a file.
 */

import { listMembers } from './fields.ts'

/** Answer as if there were no Range: the whole representation, 200. */
export const IGNORED = -1
/** No byte of what was asked exists: 416. */
export const UNSATISFIABLE = -2

/** Both ends included, as on the wire: the first five bytes are 0 to 4. */
export interface ByteRange {
  first: number
  last: number
}

/**
 * More ranges in one request are taken for an attack and ignored (§14.2, §17.15). A range costs about what a
 * small request does: a head in memory, and a piece of a file to send. As none overlap, the answer is never
 * longer than the representation and 200 heads. It is the default of Apache (MaxRanges), so clients that ask
 * for many ranges at a time know how to live with it.
 */
export const MOST_RANGES = 200

/**
 * @param value of the field `Range`; several lines of it are joined, and then no longer valid.
 * @param most a request for more ranges is ignored
 * @returns in the order of the request (§15.3.7.2). Ranges that overlap are merged; ranges that only touch
 * stay two, as they were asked. A request for one range never yields two.
 */
export function rangesOf(
  value: string,
  sizeBytes: number,
  most: number = MOST_RANGES,
): typeof IGNORED | typeof UNSATISFIABLE | ByteRange[] {
  // In an empty representation nothing but "-5" can be satisfied, and no Content-Range could say so (§14.2).
  if (sizeBytes === 0) return IGNORED
  if (value.slice(0, 6).toLowerCase() !== 'bytes=') return IGNORED
  const specs = listMembers(value.slice(6))
  if (specs.length === 0 || specs.length > most) return IGNORED

  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const range = rangeOf(spec, sizeBytes)
    if (range === IGNORED) return IGNORED // one invalid range-spec makes all of them invalid (§14.1.1)
    if (range !== UNSATISFIABLE) ranges.push(range)
  }
  return ranges.length === 0 ? UNSATISFIABLE : withoutOverlaps(ranges)
}

/** int-range and suffix-range (§14.1.1); the third kind, other-range, is not for bytes. */
const RANGE_SPEC = /^([0-9]*)-([0-9]*)$/

function rangeOf(spec: string, sizeBytes: number): typeof IGNORED | typeof UNSATISFIABLE | ByteRange {
  const [, first = '', last = ''] = RANGE_SPEC.exec(spec) ?? []
  // Numerals may have any length (§14.1.2). Beyond 2^53 they are rounded, at last to Infinity, but no file is
  // that long, so they stay on their side of every comparison with its size.
  const end = sizeBytes - 1
  if (first === '') {
    if (last === '') return IGNORED
    const suffix = Math.min(Number(last), sizeBytes)
    return suffix === 0 ? UNSATISFIABLE : { first: sizeBytes - suffix, last: end }
  }
  if (last !== '' && isLess(last, first)) return IGNORED
  if (Number(first) > end) return UNSATISFIABLE
  return { first: Number(first), last: last === '' ? end : Math.min(Number(last), end) }
}

/** Compares two numerals of any length, exactly. */
function isLess(a: string, b: string): boolean {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return left.length === right.length ? left < right : left.length < right.length
}

/** A merged range takes the place of the first one that went into it. */
function withoutOverlaps(asked: ByteRange[]): ByteRange[] {
  if (asked.length === 1) return asked
  const merged: { first: number; last: number; place: number }[] = []
  const byPosition = asked.map((range, place) => ({ ...range, place })).sort((a, b) => a.first - b.first)
  for (const range of byPosition) {
    const before = merged.at(-1)
    if (before !== undefined && range.first <= before.last) {
      before.last = Math.max(before.last, range.last)
      before.place = Math.min(before.place, range.place)
    } else {
      merged.push(range)
    }
  }
  return merged.sort((a, b) => a.place - b.place).map(({ first, last }) => ({ first, last }))
}

export function rangeLength(range: ByteRange): number {
  return range.last - range.first + 1
}

/** @returns `bytes 0-4/1000` (§14.4). */
export function contentRange(range: ByteRange, sizeBytes: number): string {
  return `bytes ${range.first}-${range.last}/${sizeBytes}`
}

/** @returns `bytes *\/1000`: there are 1000 bytes, and none of them was asked for (§14.4). */
export function unsatisfiedRange(sizeBytes: number): string {
  return `bytes */${sizeBytes}`
}

/**
 * @param boundary 1 to 70 letters and digits, which by chance or by choice do not occur in the parts
 * (RFC 2046 §5.1.1). Not quoted: some clients cannot read that (RFC 9110 §14.6).
 */
export function multipartType(boundary: string): string {
  return `multipart/byteranges; boundary=${boundary}`
}

/**
 * What stands before the bytes of a range. The line end before the boundary belongs to the boundary; before
 * the first part it ends an empty preamble.
 * @param mediaType the Content-Type of the whole, in ASCII; '' for none.
 */
export function multipartHead(
  boundary: string,
  mediaType: string,
  range: ByteRange,
  sizeBytes: number,
): string {
  const type = mediaType === '' ? '' : `Content-Type: ${mediaType}\r\n`
  return `\r\n--${boundary}\r\n${type}Content-Range: ${contentRange(range, sizeBytes)}\r\n\r\n`
}

/** What stands behind the bytes of the last range. */
export function multipartEnd(boundary: string): string {
  return `\r\n--${boundary}--\r\n`
}

/** The Content-Length of the whole: heads, bytes and end. */
export function multipartLength(
  boundary: string,
  mediaType: string,
  ranges: readonly ByteRange[],
  sizeBytes: number,
): number {
  let length = multipartEnd(boundary).length
  for (const range of ranges) {
    length += multipartHead(boundary, mediaType, range, sizeBytes).length + rangeLength(range)
  }
  return length
}
