/**
 * Responses as a strict client reads them (RFC 9112), for tests: whatever is not exactly as it should be is an error.
 *
 *   readResponse(bytes, at, about)        the response that begins at `at`, or null when it is not complete yet
 *   readAll(bytes, methods)               all of them, and nothing behind them
 *   breaches(response)                    rules of the wire that it breaks, as sentences; [] for a good one
 *
 * Written on purpose without any function of src/http: it is the other side.
 */

import assert from 'node:assert/strict'

export interface Response {
  readonly status: number
  readonly reason: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Without its transfer coding. */
  readonly content: Buffer
  readonly isChunked: boolean
  /** What follows chunked content. */
  readonly trailers: readonly (readonly [name: string, value: string])[]
  /** The index behind it. */
  readonly end: number
}

/** What the bytes alone do not say. */
export interface About {
  /** It answers HEAD. */
  readonly isHeadOnly?: boolean
  /** The server has closed its side: content without a length ends there (RFC 9112 §6.3, case 8). */
  readonly isLast?: boolean
}

/** @throws what is malformed */
export function readResponse(bytes: Buffer, at: number, about: About = {}): Response | null {
  const headEnd = bytes.indexOf('\r\n\r\n', at)
  if (headEnd < 0) return null
  const [statusLine = '', ...lines] = bytes.toString('latin1', at, headEnd).split('\r\n')
  const match = /^HTTP\/1\.1 (\d{3}) ([\t -~]*)$/.exec(statusLine)
  assert.ok(match, `not a status line: ${JSON.stringify(statusLine)}`)
  const status = Number(match[1])
  const fields = lines.map(fieldOf)
  const head = { status, reason: match[2]!, fields, trailers: [] }
  const start = headEnd + 4
  if (about.isHeadOnly || status < 200 || status === 204 || status === 304) {
    return { ...head, content: Buffer.alloc(0), isChunked: false, end: start }
  }
  if (fieldValue(head, 'transfer-encoding') === 'chunked') {
    const found = readChunks(bytes, start)
    return found && { ...head, ...found, isChunked: true }
  }
  const length = fieldValue(head, 'content-length')
  if (length === null && fieldValue(head, 'connection') === 'close') {
    const content = bytes.subarray(start)
    return about.isLast === true ? { ...head, content, isChunked: false, end: bytes.length } : null
  }
  assert.match(length ?? '', /^\d+$/, `no end of the content can be known: ${statusLine}`)
  const end = start + Number(length)
  return end > bytes.length ? null : { ...head, content: bytes.subarray(start, end), isChunked: false, end }
}

function fieldOf(line: string): [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([^\x00-\x08\x0a-\x1f\x7f]*)$/.exec(line)
  assert.ok(match, `not a field line: ${JSON.stringify(line)}`)
  return [match[1]!, match[2]!]
}

type Chunks = Pick<Response, 'content' | 'trailers' | 'end'>

function readChunks(bytes: Buffer, start: number): Chunks | null {
  const parts: Buffer[] = []
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const line = bytes.toString('latin1', at, lineEnd)
    assert.match(line, /^[0-9a-f]+$/, `not a chunk size: ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    if (size === 0) return withTrailers(bytes, lineEnd + 2, Buffer.concat(parts))
    const dataEnd = lineEnd + 2 + size
    if (bytes.length < dataEnd + 2) return null
    assert.equal(bytes.toString('latin1', dataEnd, dataEnd + 2), '\r\n', 'a chunk ends with CR LF')
    parts.push(bytes.subarray(lineEnd + 2, dataEnd))
    at = dataEnd + 2
  }
}

function withTrailers(bytes: Buffer, start: number, content: Buffer): Chunks | null {
  const trailers: [string, string][] = []
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    if (lineEnd === at) return { content, trailers, end: at + 2 }
    trailers.push(fieldOf(bytes.toString('latin1', at, lineEnd)))
    at = lineEnd + 2
  }
}

/** The value of a field, its lines joined; null when there is none. */
export function fieldValue(response: Pick<Response, 'fields'>, lowerName: string): string | null {
  const values = response.fields
    .filter(([name]) => name.toLowerCase() === lowerName)
    .map(([, value]) => value)
  return values.length === 0 ? null : values.join(', ')
}

/** @param methods of the requests, in order; GET for all that are not named */
export function readAll(bytes: Buffer, methods: readonly string[] = []): Response[] {
  const responses: Response[] = []
  let requests = 0
  for (let at = 0; at < bytes.length; ) {
    const response = readResponse(bytes, at, { isHeadOnly: methods[requests] === 'HEAD', isLast: true })
    assert.ok(
      response,
      `a response is not complete: ${JSON.stringify(bytes.toString('latin1', at, at + 300))}`,
    )
    if (response.status >= 200) requests++
    responses.push(response)
    at = response.end
  }
  return responses
}

/** A recipient would join lists on several lines, but we have no reason to split them. */
const SINGLETONS =
  'content-length content-type content-range content-encoding transfer-encoding connection date etag ' +
  'last-modified location server vary allow cache-control accept-ranges'
const IMF_FIXDATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/

/** What every response owes, whatever was asked. */
export function breaches(response: Response): string[] {
  const { status, content, fields } = response
  const found: string[] = []
  const has = (name: string): boolean => fieldValue(response, name) !== null
  const says = (condition: boolean, words: string): void => void (condition && found.push(words))
  for (const name of SINGLETONS.split(' ')) {
    const count = fields.filter(([other]) => other.toLowerCase() === name).length
    says(count > 1, `${name} stands on ${count} lines`)
  }
  if (status >= 200) {
    says(
      !IMF_FIXDATE.test(fieldValue(response, 'date') ?? ''),
      'no Date, or not an IMF-fixdate (RFC 9110 §6.6.1)',
    )
  }
  says(content.length > 0 && !has('content-type'), 'content without Content-Type (RFC 9110 §8.3)')
  says(has('content-length') && has('transfer-encoding'), 'length and coding (RFC 9112 §6.2)')
  const mayHaveNone = status < 200 || status === 204
  says(mayHaveNone && has('content-length'), 'Content-Length where there is no content (RFC 9110 §8.6)')
  says(
    (mayHaveNone || status === 304) && has('transfer-encoding'),
    'Transfer-Encoding without content (RFC 9112 §6.1)',
  )
  says(status === 405 && !has('allow'), '405 without Allow (RFC 9110 §15.5.6)')
  says([301, 302, 303, 307, 308].includes(status) && !has('location'), 'a redirect to nowhere')
  const location = fieldValue(response, 'location') ?? '/'
  says(/^(\/\/|\/\\)/.test(location), 'a Location that names another host')
  says(
    status === 416 && !/^bytes \*\/\d+$/.test(fieldValue(response, 'content-range') ?? ''),
    '416 without the length',
  )
  says(status === 206 && !has('content-range') && !isMultipart(response), '206 without Content-Range')
  return found
}

function isMultipart(response: Response): boolean {
  return (fieldValue(response, 'content-type') ?? '').startsWith('multipart/byteranges;')
}
