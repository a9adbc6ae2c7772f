/**
 * The listing of a directory for programs, byte for byte as nginx writes it (ngx_http_autoindex_module).
 *
 *   jsonChunks(entries)                 an array of { name, type, mtime, size }
 *   jsonpChunks(entries, callback)      the same as a call of a function
 *   xmlChunks(entries)                  a list of elements, whose names are types
 *
 * In pieces, so that 100,000 entries never hold up the loop; none is empty. Reads no disk.
 */

import { formatDate } from '../http/date.ts'
import type { ListingEntry } from './listing-page.ts'
import { byteOrder } from './natural-order.ts'
import { escapeHtml } from './page-frame.ts'

export interface FormattedEntry extends ListingEntry {
  /** Neither file nor directory, or a link that leads nowhere. */
  readonly isOther: boolean
}

export type Chunks = Generator<string, void, undefined>

/** Characters after which a piece is given out. */
const PIECE_LENGTH = 24 * 1024

export function jsonChunks(entries: readonly FormattedEntry[]): Chunks {
  return json(entries, '[\r\n', ']')
}

export function jsonpChunks(entries: readonly FormattedEntry[], callback: string): Chunks {
  return json(entries, `/* callback */\r\n${callback}([\r\n`, ']);')
}

function* json(entries: readonly FormattedEntry[], start: string, end: string): Chunks {
  let piece = start
  let separator = ''
  for (const entry of byteOrder(entries)) {
    if (entry !== null) {
      piece += separator + jsonOf(entry)
      separator = ',\r\n'
      if (piece.length < PIECE_LENGTH) continue
    }
    // While it is sorted there may be nothing to give out, and white space changes nothing.
    yield piece || '\r\n'
    piece = ''
  }
  yield `${piece}${entries.length === 0 ? '' : '\r\n'}${end}`
}

function jsonOf(entry: FormattedEntry): string {
  const { name, sizeBytes, modifiedMs } = entry
  const type = typeOf(entry)
  const size = type === 'file' ? `, "size":${sizeBytes}` : ''
  return `{ "name":${JSON.stringify(name)}, "type":"${type}", "mtime":"${formatDate(modifiedMs)}"${size} }`
}

export function* xmlChunks(entries: readonly FormattedEntry[]): Chunks {
  let piece = '<?xml version="1.0"?>\r\n<list>\r\n'
  for (const entry of byteOrder(entries)) {
    if (entry !== null) {
      piece += `${xmlOf(entry)}\r\n`
      if (piece.length < PIECE_LENGTH) continue
    }
    yield piece || '\r\n'
    piece = ''
  }
  yield `${piece}</list>\r\n`
}

function xmlOf(entry: FormattedEntry): string {
  const { name, sizeBytes, modifiedMs } = entry
  const type = typeOf(entry)
  const ms = Math.max(-MOST_MS, Math.min(Math.floor(modifiedMs / 1000) * 1000, MOST_MS))
  const time = new Date(ms).toISOString().replace('.000', '')
  const size = type === 'file' ? ` size="${sizeBytes}"` : ''
  return `<${type} mtime="${time}"${size}>${escapeXml(name)}</${type}>`
}

/** The range of JavaScript's dates; a file system's is wider. */
const MOST_MS = 8.64e15

function typeOf({ isDirectory, isOther }: FormattedEntry): 'directory' | 'file' | 'other' {
  if (isOther) return 'other'
  return isDirectory ? 'directory' : 'file'
}

/** What is no character of XML 1.0 cannot be escaped either. nginx leaves it, and no parser takes the list. */
function escapeXml(name: string): string {
  return escapeHtml(name.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd'))
}
