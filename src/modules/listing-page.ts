/**
 * The listing of a directory, as HTML for people and as JSON for programs.
 *
 *   listingPage(listing)    one string of HTML
 *   listingJson(listing)    one string of JSON, in the shape of nginx's `autoindex_format json`
 *   listingChunks, listingJsonChunks   both in pieces, so that 100,000 entries never hold up the loop
 *
 * The columns cannot be sorted by a click: that would take a script, and the page has none (see page-frame.ts), unless files can be uploaded
 * there (`listing-upload.ts`).
 * Reads no disk and hides no entry: names, sizes and times are given.
 */

import { UPLOAD_SCRIPT, UPLOAD_STYLE, type UploadWays, uploadForm } from './listing-upload.ts'
import { naturalOrder } from './natural-order.ts'
import { escapeHtml, pageStart, squeeze } from './page-frame.ts'

/** One line of a listing, as `readdir` and `fstat` see it. */
export interface ListingEntry {
  /** The bare name, decoded. No URL can hold a lone surrogate: such a name is shown, but not linked. */
  name: string
  isDirectory: boolean
  /** Not shown for directories. */
  sizeBytes: number
  /** Milliseconds since 1970; a time that JavaScript cannot represent is shown as a dash. */
  modifiedMs: number
}

export interface Listing {
  /** The directory below `base`, decoded, from slash to slash: `/` or `/photos/2026/`. */
  path: string
  entries: readonly ListingEntry[]
  /** The prefix that visitors see before `path`, from slash to slash; `/` when there is none. */
  base: string
  /** Sizes in bytes, not in rounded units. */
  hasExactSizes?: boolean
  /** Times of this machine's zone, not of UTC. */
  hasLocalTimes?: boolean
  /** Files can be added or deleted by whoever sees the page; null for neither. */
  uploads?: UploadWays | null
}

const LISTING_STYLE = squeeze(`
  h1{margin:0 0 2rem;font-weight:400;font-size:clamp(1.3rem,4vw,1.8rem);line-height:1.35;
    overflow-wrap:anywhere}
  h1 a{text-decoration-color:transparent}
  h1 a:hover{text-decoration-color:var(--lamp)}
  h1 i{font-style:normal;color:var(--mist);padding:0 .25em}
  table{width:100%;border-collapse:collapse;table-layout:fixed;font-variant-numeric:tabular-nums lining-nums}
  th{padding:.4rem 0;font-weight:400;font-size:.875rem;color:var(--mist);text-align:left}
  td{padding:0;border-top:1px solid var(--line);vertical-align:baseline;color:var(--mist)}
  tr>:nth-child(2){width:6rem;text-align:right}
  tr>:nth-child(3){width:13rem;text-align:right}
  tbody tr:hover td{border-top-color:var(--lamp)}
  td:first-child{color:var(--ink)}
  td a,td b{display:block;padding:.5rem 0 .5rem 2.1rem;position:relative;overflow-wrap:anywhere;font-weight:400;
    white-space:pre-wrap;text-decoration-color:transparent}
  td a:hover,td a:focus-visible{text-decoration-color:var(--lamp)}
  td a:before,td b:before{content:"";position:absolute;left:0;top:.65rem;width:1.3rem;height:1.3rem;
    background:var(--mist);-webkit-mask:var(--i) 0/100%;mask:var(--i) 0/100%}
  .d:before{--i:${icon('M2 17V4h5l2 2h9v11z')};background:var(--lamp)}
  .u:before{--i:${icon('M6 9l4-4 4 4M10 5v11')}}
  .f:before,b:before{--i:${icon('M5 2h7l4 4v12H5zM12 2v4h4')}}
  .t:before{--i:${icon('M5 2h7l4 4v12H5zM12 2v4h4M8 10h5M8 13h5')}}
  .c:before{--i:${icon('M7 6l-4 4 4 4M13 6l4 4-4 4')}}
  .p:before{--i:${icon('M2 4h16v12H2zM2 14l5-5 5 5 3-3 3 3M13 8h.1')}}
  .m:before{--i:${icon('M2 4h16v12H2zM8 7v6l5-3z')}}
  .s:before{--i:${icon('M7 15V4l9-2v11M7 15a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM16 13a2 2 0 1 1-4 0 2 2 0 0 1 4 0z')}}
  .z:before{--i:${icon('M3 3h14v4H3zM4 7v10h12V7M8 10h4')}}
  footer{margin-top:1.2rem}
  @media(max-width:40rem){
    tr>:nth-child(2){width:4.6rem}
    tr>:nth-child(3){width:6.6rem;font-size:.875rem}
    time span,th span{display:none}
    td a,td b{padding:.6rem 0 .6rem 1.9rem}
    td a:before,td b:before{top:.75rem}
  }
`)

const DELETE_ICON = `.x{--i:${icon('M4 6h12M8 6V3h4v3M5.5 6l.8 11h7.4l.8-11M8.5 9v5M11.5 9v5')}}`

/** A line drawing on a field of 20 by 20, as a CSS image: a mask, so that it takes the colour of its scheme. */
function icon(path: string): string {
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%23000' stroke-width='1.4' stroke-linejoin='round' stroke-linecap='round'><path d='${path}'/></svg>`
  return `url("data:image/svg+xml,${svg.replace(/[<>]/g, encodeURIComponent)}")`
}

/** @returns the listing as one HTML page. */
export function listingPage(listing: Listing): string {
  return join(listingChunks(listing))
}

/**
 * The HTML page in pieces, each a few milliseconds of work and, but for the last, longer than 24 Ki characters or made
 * while sorting. A short listing is one piece. None is empty: an empty chunk would end a chunked message (RFC 9112
 * §7.1), so what only buys time is a line end.
 */
export function* listingChunks(listing: Listing): Generator<string, void, undefined> {
  let piece = tableStart(listing)
  let folders = 0
  let totalBytes = 0
  for (const entry of naturalOrder(listing.entries)) {
    if (entry !== null) {
      piece += row(entry, listing)
      if (entry.isDirectory) folders++
      else totalBytes += entry.sizeBytes
      if (piece.length < PIECE_LENGTH) continue
    }
    yield piece || '\n'
    piece = ''
  }
  const files = listing.entries.length - folders
  yield `${piece}</tbody>
</table>
<footer>${summary(folders, files, totalBytes)}</footer>
</main>
${listing.uploads ? UPLOAD_SCRIPT : ''}`
}

function tableStart({ base, path, hasLocalTimes, uploads }: Listing): string {
  const parent = path === '/' ? '' : '<tr><td><a class="u" href="../">Parent folder</a><td><td>\n'
  const style = uploads ? LISTING_STYLE + DELETE_ICON + UPLOAD_STYLE : LISTING_STYLE
  return `${pageStart(`Index of ${base}${path.slice(1)}`, style)}<body>
<main>
<h1>${breadcrumbs(base, path)}</h1>
${uploads ? uploadForm(uploads) : ''}<table>
<thead><tr><th scope="col">Name<th scope="col">Size<th scope="col">Modified${hasLocalTimes === true ? '' : '<span> (UTC)</span>'}</thead>
<tbody>
${parent}`
}

/** Characters after which a piece is given out; names are mostly ASCII, so about as many bytes. */
const PIECE_LENGTH = 24 * 1024

/** Each folder above as a link. Links are relative, so none can begin with `//` or leave for another host. */
function breadcrumbs(base: string, path: string): string {
  const above = path.split('/').filter(segment => segment !== '')
  const here = above.pop()
  const root = escapeHtml(visible(base === '/' ? 'Index' : base.slice(1, -1)))
  if (here === undefined) return root
  const links = above.map((segment, i) => crumb('../'.repeat(above.length - i), escapeHtml(visible(segment))))
  return `${crumb('../'.repeat(above.length + 1), root)}${links.join('')}${escapeHtml(visible(here))}`
}

function crumb(href: string, html: string): string {
  return `<a href="${href}"><bdi>${html}</bdi></a><i>/</i><wbr>`
}

function row(entry: ListingEntry, { hasExactSizes, hasLocalTimes }: Listing): string {
  const slash = entry.isDirectory ? '/' : ''
  const label = `<bdi>${escapeHtml(visible(entry.name))}</bdi>${slash}`
  const name = LONE_SURROGATE.test(entry.name)
    ? `<b title="This name is not UTF-8; no URL can name it">${label}</b>`
    : `<a class="${kindOf(entry)}" href="${hrefOf(entry.name)}${slash}">${label}</a>`
  const time = hasLocalTimes === true ? localTimeOf(entry.modifiedMs) : timeOf(entry.modifiedMs)
  return `<tr><td>${name}${sizeCell(entry, hasExactSizes === true)}<td>${time}\n`
}

function sizeCell(entry: ListingEntry, isExact: boolean): string {
  if (entry.isDirectory) return '<td>'
  if (isExact) return `<td>${entry.sizeBytes}`
  if (entry.sizeBytes < 1000) return `<td>${entry.sizeBytes} B`
  return `<td title="${grouped(entry.sizeBytes)} bytes">${humanSize(entry.sizeBytes)}`
}

function timeOf(ms: number): string {
  const iso = isoOf(ms)
  if (iso === null) return '–'
  return `<time datetime="${iso.slice(0, -5)}Z">${iso.slice(0, -14)}<span> ${iso.slice(-13, -8)}</span></time>`
}

/** The same moment by the clock on the wall; machines still read it in UTC. */
function localTimeOf(ms: number): string {
  const iso = isoOf(ms)
  const local = isoOf(ms - new Date(ms).getTimezoneOffset() * 60_000)
  if (iso === null || local === null) return '–'
  return `<time datetime="${iso.slice(0, -5)}Z">${local.slice(0, -14)}<span> ${local.slice(-13, -8)}</span></time>`
}

/** @returns `2026-11-23T06:35:00.000Z`, or `null` beyond the range of JavaScript's dates (a file system's is wider). */
function isoOf(ms: number): string | null {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null
}

function summary(folders: number, files: number, totalBytes: number): string {
  if (folders + files === 0) return 'This folder is empty.'
  const parts: string[] = []
  if (folders > 0) parts.push(folders === 1 ? '1 folder' : `${grouped(folders)} folders`)
  if (files > 0) parts.push(files === 1 ? '1 file' : `${grouped(files)} files`)
  return parts.join(', ') + (files > 0 ? `, ${humanSize(totalBytes)}` : '')
}

/** `1234567` as `1.2 MB`: powers of ten, the meaning of the prefixes in the SI; one decimal below ten. */
function humanSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  let value = bytes / 1000
  let unit = 0
  // 999.5 would be rounded to 1000 and is better said as 1.0 of the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`
}

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const

function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** The class of an entry's icon, by the ending of its name. Only a picture: it promises nothing about the content. */
function kindOf(entry: ListingEntry): string {
  if (entry.isDirectory) return 'd'
  return KINDS.get(entry.name.slice(entry.name.lastIndexOf('.') + 1).toLowerCase()) ?? 'f'
}

const KINDS = new Map<string, string>()
for (const [kind, endings] of [
  ['t', 'txt md pdf doc docx odt rtf csv log tex epub html htm'],
  ['c', 'js mjs cjs ts mts tsx jsx json css xml yml yaml toml sh py c h rs go java rb php sql wasm'],
  ['p', 'png jpg jpeg gif webp avif svg ico bmp tif tiff heic'],
  ['m', 'mp4 webm mkv mov avi m4v ogv mpg mpeg'],
  ['s', 'mp3 ogg oga opus flac wav m4a aac mid'],
  ['z', 'zip gz tgz tar bz2 xz zst br 7z rar deb rpm iso jar'],
] as const) {
  for (const ending of endings.split(' ')) KINDS.set(ending, kind)
}

// ── The listing as JSON ─────────────────────────────────────────────────────────────────────────────────────

/** @returns an array of `{ name, type, mtime, size }` as nginx writes it: `size` only for files. */
export function listingJson(listing: Listing): string {
  return join(listingJsonChunks(listing))
}

/** The same in pieces, none of them empty; see `listingChunks`. */
export function* listingJsonChunks(listing: Listing): Generator<string, void, undefined> {
  let piece = '['
  let separator = '\n'
  for (const entry of naturalOrder(listing.entries)) {
    if (entry !== null) {
      piece += separator + jsonOf(entry)
      separator = ',\n'
      if (piece.length < PIECE_LENGTH) continue
    }
    yield piece || '\n'
    piece = ''
  }
  yield `${piece}\n]\n`
}

function jsonOf(entry: ListingEntry): string {
  const mtime = isoOf(entry.modifiedMs) === null ? undefined : new Date(entry.modifiedMs).toUTCString()
  return JSON.stringify(
    entry.isDirectory
      ? { name: entry.name, type: 'directory', mtime }
      : { name: entry.name, type: 'file', mtime, size: entry.sizeBytes },
  )
}

// ── Names, as text and as references ────────────────────────────────────────────────────────────────────────

/** With the `u` flag a surrogate matches only when it stands alone. */
const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * A name as a person may safely read it: control characters as their pictures (a line end as ␊), and what would
 * reorder the line (Unicode's bidirectional controls, with which `gpj.exe` can pass for `exe.jpg`) as �.
 */
function visible(name: string): string {
  if (!UNSEEN.test(name)) return name
  return name
    .replace(/[\0-\x1f]/g, c => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/\x7f/g, '␡')
    .replace(/[\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu, '\ufffd')
}

const UNSEEN = /[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u

/**
 * A name as a relative reference. `./` in front, so that no name is read as a scheme (`javascript:…`), as another
 * host (`//…`) or as a query (RFC 3986 §4.2); every octet that is not plainly a character of a segment is escaped.
 */
function hrefOf(name: string): string {
  return `./${encodeURIComponent(name).replace(/'/g, '%27')}`
}

function join(pieces: Iterable<string>): string {
  let whole = ''
  for (const piece of pieces) whole += piece
  return whole
}
