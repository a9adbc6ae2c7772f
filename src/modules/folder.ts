/**
 * A folder as a site: the modules that serve it, in the order in which they are asked.
 */

import type { Directory } from '../io/file.ts'
import type { Module } from '../server/module.ts'
import { errorPages } from './folder-error-pages.ts'
import { siteFields } from './folder-fields.ts'
import { staticFiles } from './folder-files.ts'
import { autoindex } from './folder-listing.ts'
import { type AccessLogOptions, accessLog } from './folder-log.ts'

/** A folder served as a site. */
export interface Site {
  directory: Directory
  base: string
  index: readonly string[]
  listing: boolean
  dotfiles: boolean
  precompressed: boolean
  spa: string | null
  cors: boolean
  cacheControl: string | null
  accessLog: AccessLogOptions | null
}

/** @param first modules of the caller, which are asked before all others */
export function siteModules(site: Site, first: readonly Module[]): Module[] {
  const modules = [...first, siteFields(site), staticFiles(site), autoindex(site), errorPages(site.base)]
  return site.accessLog === null ? modules : [...modules, accessLog(site.accessLog)]
}
