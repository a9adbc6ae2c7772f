/**
 * Files of a directory, answered as RFC 9110 asks an origin server to: index files, redirects to the slash form,
 * preconditions, ranges, content codings made beforehand.
 *
 * Names that begin with a dot are not served (but `/.well-known/`, RFC 8615), nor is anything outside the directory.
 * What is not there is left to the next module.
 */

import { EACCES, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM, EXDEV } from '../errno.ts'
import { evaluate, ifRangeHolds, NOT_MODIFIED, PRECONDITION_FAILED } from '../http/conditions.ts'
import { chooseCoding, IDENTITY } from '../http/negotiation.ts'
import {
  type ByteRange,
  contentRange,
  IGNORED,
  multipartEnd,
  multipartHead,
  multipartLength,
  multipartType,
  rangeLength,
  rangesOf,
  UNSATISFIABLE,
  unsatisfiedRange,
} from '../http/ranges.ts'
import { type Directory, newStatus } from '../io/file.ts'
import type { Exchange } from '../server/exchange.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import { refuseMethod } from '../server/phases.ts'
import { type CachedFile, FileCache, type Representation } from './file-cache.ts'

export interface StaticOptions {
  directory: Directory
  /** From slash to slash: what URLs have before the names of files. `/` for nothing. */
  base: string
  /** Names tried in a directory, in order. */
  index: readonly string[]
  dotfiles: boolean
  precompressed: boolean
  /** The file for navigations to what is not there, relative to the directory; null for none. */
  spa: string | null
}

const METHODS = 'GET, HEAD, OPTIONS'

export function staticFiles(options: StaticOptions): Module {
  return new StaticFiles(options)
}

/** @returns the path below `base`, which begins with a slash; null when it is not below it */
export function pathBelow(base: string, path: string): string | null {
  if (base === '/') return path
  return path.startsWith(base) ? path.slice(base.length - 1) : null
}

/** Does a segment begin with a dot? `/.well-known/` at the root does not count. */
export function isHidden(path: string): boolean {
  return path.includes('/.') && path.indexOf('/.', path.startsWith('/.well-known/') ? 1 : 0) >= 0
}

class StaticFiles implements Module {
  readonly name = 'static'
  private readonly options: StaticOptions
  private readonly cache: FileCache

  constructor(options: StaticOptions) {
    this.options = options
    this.cache = new FileCache(options.directory, options.precompressed)
  }

  content(x: Exchange): Outcome {
    const { base, dotfiles } = this.options
    const path = pathBelow(base, x.path)
    if (path === null) return this.outsideOfBase(x)
    if (!dotfiles && isHidden(path)) return DECLINED
    if (!x.isRetrieval) return this.otherMethod(x)
    if (path.endsWith('/')) return this.index(x, path.slice(1))
    const found = this.cache.lookUp(path.slice(1), x.startedAt)
    if (typeof found !== 'number') return send(x, found)
    if (found === -EISDIR) return redirectToSlash(x)
    return isMissing(found) ? this.navigation(x) : refuse(x, found)
  }

  /** The site's own page for what is not found. */
  failure(x: Exchange, status: number): Outcome {
    if (status !== 404) return DECLINED
    const found = this.cache.lookUp('404.html', x.startedAt)
    if (typeof found === 'number') return DECLINED
    const { identity } = found
    x.setField('Content-Type', identity.mediaType)
    sendWhole(x, 404, identity)
    return HANDLED
  }

  close(): void {
    this.cache.close()
    this.options.directory.release()
  }

  private outsideOfBase(x: Exchange): Outcome {
    const { base } = this.options
    if (!x.isRetrieval || (x.path !== '/' && `${x.path}/` !== base)) return DECLINED
    return redirect(x, base)
  }

  private otherMethod(x: Exchange): Outcome {
    if (x.method !== 'OPTIONS') {
      refuseMethod(x, METHODS)
      return HANDLED
    }
    x.setField('Allow', METHODS)
    x.answer(204, null)
    return HANDLED
  }

  private index(x: Exchange, directoryName: string): Outcome {
    for (const index of this.options.index) {
      const found = this.cache.lookUp(directoryName + index, x.startedAt)
      if (typeof found !== 'number') return send(x, found)
      if (!isMissing(found) && found !== -EISDIR) return refuse(x, found)
    }
    return this.options.spa === null || this.isThere(directoryName) ? DECLINED : this.navigation(x)
  }

  private isThere(directoryName: string): boolean {
    return this.options.directory.status(directoryName.slice(0, -1), newStatus()) === 0
  }

  /** A page of an application that makes its own pages: asked for by a person's browser, and not by the name of an asset. */
  private navigation(x: Exchange): Outcome {
    const { spa } = this.options
    if (spa === null || !isNavigation(x)) return DECLINED
    const found = this.cache.lookUp(spa, x.startedAt)
    if (typeof found === 'number') return DECLINED
    x.addField('Vary', 'Accept, Sec-Fetch-Mode')
    return send(x, found)
  }
}

function isNavigation(x: Exchange): boolean {
  const mode = x.fields.get('sec-fetch-mode')
  if (mode !== null && mode !== 'navigate') return false
  const isAsset = x.path.lastIndexOf('.') > x.path.lastIndexOf('/')
  return !isAsset && (x.fields.get('accept') ?? '').includes('text/html')
}

export function isMissing(result: number): boolean {
  return result === -ENOENT || result === -ENOTDIR || result === -ENAMETOOLONG || result === -ELOOP
}

/** It is there, but cannot be had: forbidden, or for want of something that may be there in a moment. */
export function refuse(x: Exchange, result: number): Outcome {
  const isForbidden = result === -EACCES || result === -EPERM || result === -EXDEV
  x.fail(isForbidden ? 403 : 503)
  return HANDLED
}

function redirectToSlash(x: Exchange): Outcome {
  return redirect(x, `${x.path}/`)
}

/** From the decoded path, so that it begins with exactly one slash and names no host (RFC 3986 §4.2). */
function redirect(x: Exchange, path: string): Outcome {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  x.setErrorField('Location', x.query === null ? encoded : `${encoded}?${x.query}`)
  x.fail(301)
  return HANDLED
}

function send(x: Exchange, found: CachedFile): Outcome {
  const chosen = choose(x, found)
  if (chosen === null) {
    x.setErrorField('Vary', 'Accept-Encoding')
    x.fail(406)
    return HANDLED
  }
  const verdict = evaluate(x.fields, x.method, chosen)
  if (verdict === NOT_MODIFIED) {
    x.setPreparedLines(chosen.linesNotModified)
    x.answer(304, null)
  } else if (verdict === PRECONDITION_FAILED) x.fail(412)
  else if (x.method === 'GET' && x.fields.get('range') !== null) sendRanges(x, chosen)
  else {
    x.setPreparedLines(chosen.lines)
    sendWhole(x, 200, chosen)
  }
  return HANDLED
}

/** By Accept-Encoding; null when nothing is acceptable. */
function choose(x: Exchange, found: CachedFile): Representation | null {
  const accepted = x.fields.get('accept-encoding')
  if (accepted === null) return found.identity
  if (found.codings.length === 0 && !accepted.includes('0')) return found.identity
  const coding = chooseCoding(accepted, found.codings)
  if (coding === IDENTITY) return found.identity
  return found.encoded.find(r => r.coding === coding) ?? null
}

function sendWhole(x: Exchange, status: number, r: Representation): void {
  x.begin(status, r.sizeBytes)
  sendPiece(x, r, 0, r.sizeBytes)
  x.end()
}

function sendPiece(x: Exchange, r: Representation, start: number, sizeBytes: number): void {
  if (r.content === null) x.writeFile(r.file!, start, sizeBytes)
  else x.write(sizeBytes === r.content.length ? r.content : r.content.subarray(start, start + sizeBytes))
}

/** RFC 9110 §14.2: what cannot be honoured is ignored, what lies outside is told. */
function sendRanges(x: Exchange, r: Representation): void {
  const ranges = ifRangeHolds(x.fields, r) ? rangesOf(x.fields.get('range')!, r.sizeBytes) : IGNORED
  if (ranges === UNSATISFIABLE) {
    x.setErrorField('Content-Range', unsatisfiedRange(r.sizeBytes))
    x.fail(416)
  } else if (ranges === IGNORED) {
    x.setPreparedLines(r.lines)
    sendWhole(x, 200, r)
  } else if (ranges.length === 1) sendRange(x, r, ranges[0]!)
  else sendSeveral(x, r, ranges)
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
