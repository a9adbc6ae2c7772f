/**
 * The request target: its four forms (RFC 9112 §3.2), and the path as a name to look up.
 *
 *   parseTarget(head, isSecure, target)   fills the target, or says what is wrong with it
 *   pathOf(rawPath, mergesSlashes)        its path alone, with or without empty segments
 *   parseHost(head, target)               Host, and the authority that goes before it (RFC 9110 §7.2)
 *   climbs(path)                          whether a path that came from elsewhere has a segment `..`
 *   Target                                form, path, rawPath, query, authority, host
 *
 * The syntax of a path was checked when the head was read. Here it is decoded once, after it was split at its
 * slashes, and its dot segments are resolved, so that `path` can be joined to a root without leaving it. The query is
 * left alone: it is octets, one character each, of which some could not stand in a URI. `rawPath` is what came; who builds a Location of it must not let it begin with `//`.
 */
import { SLASH } from './bytes.ts'
import { normalHost, portOf } from './host.ts'
import { HOST } from './known-fields.ts'
import {
  BAD_AUTHORITY,
  BAD_HOST,
  BAD_PATH_TEXT,
  BAD_TARGET_FORM,
  MISSING_HOST,
  NO_SUCH_PATH,
  OK,
  PATH_ABOVE_ROOT,
  REPEATED_FIELD,
  WRONG_SCHEME,
} from './refusals.ts'
import type { RequestHead } from './request-head.ts'

/** `/where?q=now` */
export const ORIGIN_FORM = 0
/** `http://www.example.org/where?q=now` */
export const ABSOLUTE_FORM = 1
/** `www.example.org:80`, for CONNECT */
export const AUTHORITY_FORM = 2
/** `*`, for OPTIONS */
export const ASTERISK_FORM = 3
export type TargetForm = 0 | 1 | 2 | 3

export class Target {
  form: TargetForm = ORIGIN_FORM
  /** Decoded, without dot segments and doubled slashes. Begins with `/`; just that where a form has no path. */
  path = '/'
  /** As it was received, up to the question mark; `/` where a form has no path. */
  rawPath = '/'
  /** As it was received, without its question mark; `null` when there is none. */
  query: string | null = null
  /** Host and port of absolute-form or authority-form, as received; otherwise `null`. */
  authority: string | null = null
  /** The host that is asked, in lower case and without port; '' when an HTTP/1.0 client named none. */
  host = ''
  /** The last value of Host and what it came to: most requests name the one that the request before did. */
  #lastHostText = ''
  #lastHost = ''
  /** What others came to. */
  readonly #hosts = new Map<string, string>()

  /**
   * As normalHost(), at the price of one comparison when `text` is what it was the last time. One that came before gives the very
   * string that it gave then: whoever looks for a server by it compares no characters, and needs no new hash (170 ns in all of the 1810
   * of bench/hot-path.ts, 100 of 10,000 locations, Node 20, November 2026).
   */
  normalHost(text: string): string {
    if (text !== this.#lastHostText) {
      this.#lastHost = this.#hosts.get(text) ?? this.#learn(text)
      this.#lastHostText = text
    }
    return this.#lastHost
  }

  #learn(text: string): string {
    const host = normalHost(text)
    if (text.length > MOST_HOST_CHARACTERS) return host
    if (this.#hosts.size === MOST_HOSTS) this.#hosts.clear()
    this.#hosts.set(text, host)
    return host
  }
}

/** Clients choose what is remembered here, so it is little. */
const MOST_HOSTS = 1024
/** A name has 253 at most (RFC 1035 §2.3.4); a port may follow. */
const MOST_HOST_CHARACTERS = 260

/**
 * @param isSecure whether the connection is one of https: a target of the other scheme is misdirected
 * @param target is overwritten; after a refusal nothing in it means anything
 * @returns OK or a refusal
 */
export function parseTarget(head: RequestHead, isSecure: boolean, target: Target): number {
  target.form = ORIGIN_FORM
  target.authority = null
  target.query = head.queryText()
  target.rawPath = head.pathText()
  if (head.method === 'CONNECT') return parseAuthorityForm(head, target)
  if (target.rawPath.charCodeAt(0) !== SLASH) return parseOtherForm(head, isSecure, target)
  if (head.pathNotes === 0) {
    target.path = target.rawPath
    return OK
  }
  return parsePath(target)
}

/** RFC 9112 §3.2.3: host and port, and both are needed. */
function parseAuthorityForm(head: RequestHead, target: Target): number {
  const authority = head.targetText()
  if (normalHost(authority) === '' || portOf(authority) <= 0) return BAD_TARGET_FORM
  target.form = AUTHORITY_FORM
  target.authority = authority
  target.path = target.rawPath = '/'
  target.query = null
  return OK
}

/** RFC 9112 §3.2.2 and §3.2.4: what does not begin with a slash. */
function parseOtherForm(head: RequestHead, isSecure: boolean, target: Target): number {
  if (target.rawPath === '*' && target.query === null) return asterisk(target)
  const parts = HTTP_URI.exec(target.rawPath)
  if (parts === null) return BAD_TARGET_FORM
  const [, scheme, authority, path] = parts
  // RFC 9110 §7.4: we are not the origin of an https URI on a cleartext connection, nor the other way round.
  if ((scheme!.length === 'https'.length) !== isSecure) return WRONG_SCHEME
  // User information is refused with the rest: `@` is in no host (RFC 9110 §4.2.4).
  if (normalHost(authority!) === '') return BAD_AUTHORITY
  target.form = ABSOLUTE_FORM
  target.authority = authority!
  if (path === '' && target.query === null && head.method === 'OPTIONS') return asterisk(target)
  target.rawPath = path === '' ? '/' : path!
  return parsePath(target)
}

/** Scheme, authority, and a path that is empty or begins with a slash (RFC 3986 §3). */
const HTTP_URI = /^(https?):\/\/([^/]*)(.*)$/i

function asterisk(target: Target): number {
  target.form = ASTERISK_FORM
  target.path = target.rawPath = '/'
  return OK
}

/** Sets `path` from `rawPath`. */
function parsePath(target: Target): number {
  const path = pathOf(target.rawPath, true)
  if (typeof path === 'number') return path
  target.path = path
  return OK
}

/**
 * Split, then decoded, then resolved (RFC 3986 §2.4 and §5.2.4).
 * @param rawPath octets, one character each
 * @param mergesSlashes empty segments are left out; else they stay, and count as segments of their own
 * @returns the path, or a refusal
 */
export function pathOf(rawPath: string, mergesSlashes: boolean): string | number {
  const segments: string[] = []
  let endsInSlash = false
  const raws = rawPath.split('/')
  for (let i = 1; i < raws.length; i++) {
    const raw = raws[i]!
    const segment = ENCODED.test(raw) ? decoded(raw) : raw
    if (segment === null) return BAD_PATH_TEXT
    if (UNSERVABLE.test(segment)) return NO_SUCH_PATH
    endsInSlash = segment === '' || segment === '.' || segment === '..'
    const isKept = segment === '' && !mergesSlashes && i < raws.length - 1
    if (!endsInSlash || isKept) segments.push(segment)
    else if (segment === '..' && segments.pop() === undefined) return PATH_ABOVE_ROOT
  }
  return `/${segments.join('/')}${endsInSlash && segments.length > 0 ? '/' : ''}`
}

/**
 * What no file name holds and a careless handler takes for something else: a slash or backslash that was escaped,
 * NUL and the other controls. 404 and not 400, because the request is well formed; there is just nothing there.
 */
const UNSERVABLE = /[\x00-\x1f\x7f/\\]/

/** Escapes, and octets that a client should have escaped: the two say the same. */
const ENCODED = /[%\x80-\xff]/

/** The engine's own decoder: once over, and UTF-8 only in its shortest form (ECMA-262 §19.2.6.5). `null` if not. */
function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(
      segment.replace(/[\x80-\xff]/g, octet => `%${octet.charCodeAt(0).toString(16)}`),
    )
  } catch {
    return null
  }
}

/** What no path that was parsed here does, but one may that was put together of its pieces: `/$1` of `/a(.*)` and `/a../x`. */
export function climbs(path: string): boolean {
  return path.includes('..') && /(^|\/)\.\.(\/|$)/.test(path)
}

/**
 * Sets `host`. The authority of the target goes before Host, which must be there and valid all the same
 * (RFC 9112 §3.2, §3.2.2).
 * @returns OK or a refusal
 */
export function parseHost(head: RequestHead, target: Target): number {
  const line = head.fields.known(HOST)
  target.host = ''
  if (line >= 0) {
    if (head.fields.countOf(HOST) > 1) return REPEATED_FIELD
    target.host = target.normalHost(head.fields.valueAt(line))
    if (target.host === '') return BAD_HOST
  } else if (head.versionMinor > 0) return MISSING_HOST
  if (target.authority !== null) target.host = normalHost(target.authority)
  return OK
}
