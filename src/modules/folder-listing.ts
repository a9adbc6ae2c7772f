/**
 * The listing of a directory that has no index page, as HTML or, for a client that prefers it, JSON.
 *
 * Directories are read by Node's threads, so that a large one does not hold the loop; the page is made and sent in pieces.
 * Left out are names that begin with a dot (unless dot files are served), names that no path can lead to (not UTF-8, or with a
 * backslash or control character), links that lead out of the site, and whatever is neither file nor directory.
 */

import { type Dirent, promises as fs } from 'node:fs'
import { prefers } from '../http/negotiation.ts'
import { type Directory, isDirectory, isRegularFile, newStatus } from '../io/file.ts'
import type { Exchange } from '../server/exchange.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import { isHidden, isMissing, pathBelow, refuse } from './folder-files.ts'
import { type Listing, type ListingEntry, listingChunks, listingJsonChunks } from './listing-page.ts'
import { describeAll, streamText, UNREACHABLE } from './listing-work.ts'
import { INERT_PAGE } from './page-frame.ts'

export interface AutoindexOptions {
  directory: Directory
  base: string
  dotfiles: boolean
  /** Off: such a directory is forbidden. */
  listing: boolean
}

const HTML = 'text/html; charset=utf-8'
const JSON_TYPE = 'application/json'

export function autoindex(options: AutoindexOptions): Module {
  return {
    name: 'autoindex',
    content(x: Exchange): Outcome {
      const path = pathBelow(options.base, x.path)
      if (path === null || !path.endsWith('/') || !x.isRetrieval) return DECLINED
      if (!options.dotfiles && isHidden(path)) return DECLINED
      const status = newStatus()
      const looked = options.directory.status(path.slice(1, -1), status)
      if (isMissing(looked) || (looked === 0 && !isDirectory(status))) return DECLINED
      if (looked < 0) return refuse(x, looked)
      if (options.listing) list(x, path, options)
      else x.fail(403)
      return HANDLED
    },
  }
}

function list(x: Exchange, path: string, options: AutoindexOptions): void {
  readEntries(x, options, path)
    .then(entries => send(x, { path, entries, base: options.base }))
    .catch((error: NodeJS.ErrnoException) => {
      const status = FAILURES[error.code ?? '']
      if (status === undefined) x.crash(error)
      else x.fail(status)
    })
}

/** What a directory may say between being seen and being read; everything else is our mistake. */
const FAILURES: Readonly<Record<string, number>> = {
  EACCES: 403,
  ENOENT: 404,
  ENOTDIR: 404,
  EMFILE: 503,
  ENFILE: 503,
  ENOMEM: 503,
}

function send(x: Exchange, listing: Listing): void {
  const isJson = prefers(x.fields.get('accept'), ['text/html', JSON_TYPE]) === JSON_TYPE
  x.setField('Content-Type', isJson ? JSON_TYPE : HTML)
  x.setField('Vary', 'Accept')
  if (!isJson) x.setField('Content-Security-Policy', INERT_PAGE)
  streamText(x, isJson ? listingJsonChunks(listing) : listingChunks(listing))
}

async function readEntries(x: Exchange, options: AutoindexOptions, path: string): Promise<ListingEntry[]> {
  const names = await fs.readdir(options.directory.path + path, { withFileTypes: true })
  const found = names.filter(
    ({ name }) => (options.dotfiles || !name.startsWith('.')) && !UNREACHABLE.test(name),
  )
  return describeAll(x, found, entry => describe(options.directory, path, entry))
}

/** @returns null for what is not shown */
async function describe(directory: Directory, path: string, entry: Dirent): Promise<ListingEntry | null> {
  if (entry.isSymbolicLink()) return describeLink(directory, path, entry.name)
  if (!entry.isFile() && !entry.isDirectory()) return null
  try {
    const { size, mtimeMs } = await fs.stat(directory.path + path + entry.name)
    return { name: entry.name, isDirectory: entry.isDirectory(), sizeBytes: size, modifiedMs: mtimeMs }
  } catch {
    return null // removed in the meantime
  }
}

/** Asked the way in which it would be opened, so that only links are shown that can be followed. */
function describeLink(directory: Directory, path: string, name: string): ListingEntry | null {
  const status = newStatus()
  if (directory.status(path.slice(1) + name, status) !== 0) return null
  if (!isDirectory(status) && !isRegularFile(status)) return null
  const { sizeBytes, modifiedSeconds } = status
  return { name, isDirectory: isDirectory(status), sizeBytes, modifiedMs: modifiedSeconds * 1000 }
}
