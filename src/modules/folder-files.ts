/**
 * Files of a directory, answered as RFC 9110 asks an origin server to: index files, redirects to the slash form,
 * preconditions, ranges, content codings made beforehand.
 *
 * Names that begin with a dot are not served (but `/.well-known/`, RFC 8615), nor is anything outside the directory.
 * What is not there is left to the next module.
 */

import { EACCES, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM, EXDEV } from '../errno.ts'
import { escapeQuery } from '../http/escapes.ts'
import { chooseCoding, IDENTITY } from '../http/negotiation.ts'
import { type Directory, newStatus } from '../io/file.ts'
import type { Exchange } from '../server/exchange.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import { refuseMethod } from '../server/phases.ts'
import { type CachedFile, FileCache } from './folder-file-cache.ts'
import { PLAIN_RULES, type Representation, sendRepresentation, sendWhole } from './representation.ts'

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
  x.setErrorField('Location', x.query === null ? encoded : `${encoded}?${escapeQuery(x.query)}`)
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
  sendRepresentation(x, chosen, PLAIN_RULES)
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
