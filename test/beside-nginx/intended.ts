/**
 * Where veille answers otherwise than nginx on purpose: one row per difference, which names a heading of docs/differences.md.
 *
 *   INTENDED
 *
 * A difference that no row names is a failure, and so is a row for which there is none.
 */

import { fieldValue } from '../responses.ts'
import type { Difference } from './comparison.ts'

export interface Intended {
  /** Of docs/differences.md, without its `#`. */
  readonly heading: string
  /** What it is about: `status`, `content`, or the name of a field. */
  readonly what: string
  /** Whether this one is meant; left out: every one about this. */
  readonly covers?: (difference: Difference) => boolean
}

/** By `expires` and `add_header`. */
const ADDED = [
  'expires',
  'cache-control',
  'content-disposition',
  'content-security-policy',
  'x-content-type-options',
]

/** What a listing has otherwise. Its length is known, so it is told. */
const LISTING = ['content', 'content-type', 'content-length', 'transfer-encoding', 'content-security-policy']

export const INTENDED: readonly Intended[] = [
  {
    heading: 'The name of the server',
    what: 'server',
    covers: ({ nginx, veille }) => /^nginx(\/[\d.]+)?$/.test(nginx) && /^veille(\/[\d.]+)?$/.test(veille),
  },
  {
    heading: 'Connection: keep-alive',
    what: 'connection',
    covers: ({ nginx, veille }) => nginx === 'keep-alive' && veille === '',
  },
  { heading: 'Entity tags', what: 'etag', covers: isFinerTag },
  { heading: 'Entity tags', what: 'etag', covers: isTagOfError },
  { heading: "The server's own pages", what: 'content', covers: isOwnPage },
  { heading: "The server's own pages", what: 'content-length', covers: isOwnPage },
  ...['content', 'content-length', 'content-type'].map(what => ({
    heading: "The server's own pages",
    what,
    covers: isPageOfRareStatus,
  })),
  {
    heading: 'Allow',
    what: 'allow',
    // Also on the page of an error, which may have another status.
    covers: ({ nginx, asked }) => nginx === '' && asked.method !== 'GET' && asked.method !== 'HEAD',
  },
  { heading: 'Ranges', what: 'accept-ranges', covers: isRangeWelcome },
  { heading: 'Ranges', what: 'status', covers: isRangeWithoutForm },
  ...ADDED.map(what => ({ heading: 'Ranges', what, covers: isLeftOver })),
  { heading: 'Ranges of HEAD', what: 'status', covers: isRangeOfHead },
  { heading: 'Fields on several lines', what: 'location', covers: hasTwoLines },
  { heading: 'Connections after errors', what: 'closing', covers: isOrdinaryError },
  { heading: 'Connections after errors', what: 'connection', covers: isOrdinaryError },
  { heading: 'Where redirects lead', what: 'location', covers: isEscaped },
  { heading: 'Escaped slashes', what: 'status', covers: hasEscapedSlash },
  { heading: 'Fields on several lines', what: 'content', covers: hasTwoLines },
  { heading: 'Fields on several lines', what: 'content-length', covers: hasTwoLines },
  { heading: 'Methods', what: 'status', covers: isAboutMethod },
  { heading: 'What is no target', what: 'status', covers: isNoTarget },
  { heading: 'What is no host', what: 'status', covers: isNoHost },
  {
    heading: 'Sizes of a head',
    what: 'status',
    covers: ({ nginx, veille }) => nginx === '400' && veille === '431',
  },
  { heading: 'merge_slashes of a server', what: 'status', covers: hasTwoSlashes },
  { heading: 'merge_slashes of a server', what: 'content', covers: hasTwoSlashes },
  { heading: 'merge_slashes of a server', what: 'content-length', covers: hasTwoSlashes },
  ...LISTING.map(what => ({ heading: 'Listings', what, covers: isListing })),
  { heading: 'DAV: writing', what: 'status', covers: isDavStatus },
  { heading: 'DAV: writing', what: 'etag', covers: isDavAnswer },
  { heading: 'DAV: writing', what: 'location', covers: isDavAnswer },
]

const DAV_METHODS = ['PUT', 'DELETE', 'MKCOL', 'COPY', 'MOVE']

/** Parents that are missing, names that are too long, preconditions, what was new and what was not. */
const DAV_STATUSES = ['500 201', '500 409', '500 414', '501 400', '204 201', '201 204', '201 412', '204 412']

function isDavStatus({ asked, nginx, veille }: Difference): boolean {
  return DAV_METHODS.includes(asked.method) && DAV_STATUSES.includes(`${nginx} ${veille}`)
}

/** Fields that nginx leaves out. */
function isDavAnswer({ asked, nginx, answers: { veille } }: Difference): boolean {
  return nginx === '' && DAV_METHODS.includes(asked.method) && [201, 204].includes(veille!.status)
}

function isAboutMethod({ asked, nginx, veille }: Difference): boolean {
  if (asked.method === 'OPTIONS') return asked.target === '*' && nginx === '400' && veille === '204'
  if (asked.method === 'CONNECT') return nginx === '405' && veille === '400'
  return /^(ABC|PROPFIND)$/.test(asked.method) && nginx === '405' && veille === '501'
}

/** RFC 3986 has another opinion than nginx about what may stand there. */
function isNoTarget({ asked: { target }, answers: { veille } }: Difference): boolean {
  if (target.startsWith('https:')) return veille!.status === 421
  if (target.includes('%00')) return veille!.status === 404
  return /[^!-~]|["#<>\\^`{|}]|%(?![0-9A-Fa-f]{2})/.test(target) && veille!.status === 400
}

function isNoHost({ asked, answers: { veille } }: Difference): boolean {
  return (
    asked.fields.some(([name, value]) => name === 'Host' && /:[^\d]+$/.test(value)) && veille!.status === 400
  )
}

function hasTwoSlashes({ asked: { target, fields } }: Difference): boolean {
  return target.includes('//') && fields.some(([, value]) => value === 'two.test')
}

function hasTwoLines({ asked }: Difference): boolean {
  const names = asked.fields.map(([name]) => name.toLowerCase())
  return new Set(names).size < names.length
}

/** Answers of a configuration to requests that are in order, perhaps with another status than the error's. */
function isOrdinaryError({ nginx, veille, answers }: Difference): boolean {
  const isClosed = (nginx === 'closes' && veille === 'stays open') || (nginx === 'close' && veille === '')
  return isClosed && [400, 404, 405, 413, 414, 500, 501].includes(answers.nginx!.status)
}

/** What nginx writes as it is, also where it is no URI. */
function isEscaped({ nginx, veille }: Difference): boolean {
  const escaped = Buffer.from(nginx, 'latin1')
    .toString('latin1')
    .replace(
      /[^!-~]|["<>\\^`{|}]/g,
      one => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
  return escaped !== nginx && escaped === veille
}

function hasEscapedSlash({ asked, answers: { veille } }: Difference): boolean {
  return /%2f/i.test(asked.target) && veille!.status === 404
}

function isListing({ asked, answers: { nginx } }: Difference): boolean {
  const text = nginx!.content.toString('latin1')
  const isHead = asked.method === 'HEAD' && asked.target.replace(/\?.*/, '').endsWith('/')
  return isHead || /^<html>\r\n<head><title>Index of /.test(text) || /^\[\r\n\{ "name":/.test(text)
}

function isRangeWelcome({ nginx, veille, asked, answers }: Difference): boolean {
  const isPart = answers.veille!.status === 206 || isRangeOfHead({ asked })
  return nginx === '' && veille === 'bytes' && isPart
}

function isRangeWithoutForm({ asked, answers: { nginx, veille } }: Difference): boolean {
  const range = asked.fields.find(([name]) => name === 'Range')?.[1] ?? 'bytes=0-'
  return nginx!.status === 416 && veille!.status === 200 && !/^bytes=\s*(\d+-|-\d)/.test(range)
}

/** Of the answer that would have been, before nginx looked at the range. */
function isLeftOver({ veille, answers }: Difference): boolean {
  return answers.nginx!.status === 416 && answers.veille!.status === 416 && veille === ''
}

function isRangeOfHead({ asked }: Pick<Difference, 'asked'>): boolean {
  return asked.method === 'HEAD' && asked.fields.some(([name]) => name === 'Range')
}

/** The time is told more finely, the size in the same way. */
function isFinerTag({ nginx, veille }: Difference): boolean {
  const form = /^(W\/)?"[0-9a-f]{8}[0-9a-f]*-([0-9a-f]+)"$/
  const [theirs, ours] = [form.exec(nginx), form.exec(veille)]
  return theirs !== null && ours !== null && theirs[1] === ours[1] && theirs[2] === ours[2]
}

function isTagOfError({ nginx, veille, answers }: Difference): boolean {
  return nginx !== '' && veille === '' && answers.nginx!.status >= 400
}

/** Pages that neither has of a file: of redirects and errors. */
function isOwnPage({ answers: { nginx, veille } }: Difference): boolean {
  const [theirs, ours] = [nginx, veille].map(answer => answer!.content.toString('latin1'))
  if (theirs === '' && ours === '') return nginx!.status >= 300
  return /<hr><center>nginx/.test(theirs!) && ours!.includes(`<title>${nginx!.status} `)
}

/** nginx has no page for these at all. */
function isPageOfRareStatus({ answers: { nginx, veille } }: Difference): boolean {
  const { status, content } = nginx!
  return (
    status >= 400 && content.length === 0 && /^text\/html/.test(fieldValue(veille!, 'content-type') ?? '')
  )
}
