/**
 * `autoindex`: the listing of a directory that has no index, as a page for people or in one of three forms for programs.
 *
 * The page is our own; JSON, JSONP and XML are nginx's. Directories are read by Node's threads, so that a large one does not hold the
 * loop. Left out are names that begin with a dot, and those that no path can lead to (not UTF-8).
 */

import { promises as fs } from 'node:fs'
import { flag, oneOf, type SettingsOf } from '../config/directive.ts'
import { EACCES, ENAMETOOLONG, ENOENT, ENOTDIR, errnoForLog } from '../errno.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import type { Getter } from '../server/variables.ts'
import type { Root } from './document-root.ts'
import { type FormattedEntry, jsonChunks, jsonpChunks, xmlChunks } from './listing-formats.ts'
import { offerAt, type UploadOffer } from './listing-offer.ts'
import { listingChunks } from './listing-page.ts'
import { UPLOAD_POLICY } from './listing-upload.ts'
import { describeAll, streamText, UNREACHABLE } from './listing-work.ts'
import { INERT_PAGE } from './page-frame.ts'
import { rootAt } from './root.ts'

const EVERYWHERE = ['http', 'server', 'location']

const table = {
  autoindex: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'A directory without an index is listed.',
  }),
  autoindex_format: oneOf(['html', 'xml', 'json', 'jsonp'], {
    in: EVERYWHERE,
    initial: 'html',
    doc: 'The form of the list. For jsonp, the argument callback names the function; without it the list is JSON.',
  }),
  autoindex_exact_size: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'The page tells sizes in bytes; off rounds them to kB, MB and GB.',
  }),
  autoindex_localtime: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'The page tells times of the zone of this machine; off in UTC.',
  }),
  autoindex_upload: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'The page has a form to upload files with, and buttons to delete files with, as far as the location takes them: see upload_store, upload_delete and dav_methods. Whoever sees the page can use them. nginx does not have it.',
  }),
}

type Settings = SettingsOf<typeof table>

export const autoindex = defineFeature({
  name: 'autoindex',
  nginxModules: ['ngx_http_autoindex_module'],
  table,
  bind: (settings, place) => (settings.autoindex ? new Autoindex(settings, place) : null),
})

class Autoindex implements Module {
  readonly name = 'autoindex'
  private readonly settings: Settings
  private readonly root: Root
  private readonly callback: Getter
  private readonly offer: UploadOffer | null

  constructor(settings: Settings, place: BindPlace) {
    this.offer = settings.autoindex_upload ? offerAt(place) : null
    this.settings = settings
    this.root = rootAt(place)
    this.callback = place.site.variables.find('arg_callback')?.get ?? (() => null)
  }

  content(x: Exchange): Outcome {
    if (!x.path.endsWith('/') || !x.isRetrieval) return DECLINED
    const path = this.root.fileOf(x)
    const callback = this.settings.autoindex_format === 'jsonp' ? callbackOf(this.callback(x)) : ''
    if (typeof path === 'number') x.fail(path)
    else if (callback === null)
      x.fail(400, 'A callback is letters, digits, "_" and ".", at most 128 of them.')
    else {
      if (x.isTraced) {
        x.tell(`autoindex: the directory "${path}" is listed`)
        x.origin = `the list of the directory "${path}"`
      }
      this.list(x, path, callback)
    }
    return HANDLED
  }

  private list(x: Exchange, path: string, callback: string): void {
    readEntries(x, path)
      .then(entries => this.send(x, entries, callback))
      .catch((error: NodeJS.ErrnoException) => {
        if (error.errno === undefined) x.crash(error)
        else refuse(x, path, error.errno)
      })
  }

  private send(x: Exchange, entries: readonly FormattedEntry[], callback: string): void {
    const { autoindex_format: format } = this.settings
    x.setField('Content-Type', callback === '' && format === 'jsonp' ? TYPES.json : TYPES[format])
    if (format === 'xml') streamText(x, xmlChunks(entries))
    else if (format !== 'html') {
      streamText(x, callback === '' ? jsonChunks(entries) : jsonpChunks(entries, callback))
    } else {
      const uploads = this.offer?.waysFor(x) ?? null
      x.setField('Content-Security-Policy', uploads === null ? INERT_PAGE : UPLOAD_POLICY)
      streamText(
        x,
        listingChunks({
          path: x.path,
          base: '/',
          entries: entries.filter(({ name, isOther }) => !isOther && !UNREACHABLE.test(name)),
          hasExactSizes: this.settings.autoindex_exact_size,
          hasLocalTimes: this.settings.autoindex_localtime,
          uploads,
        }),
      )
    }
  }
}

const TYPES = {
  html: 'text/html; charset=utf-8',
  xml: 'text/xml; charset=utf-8',
  json: 'application/json',
  jsonp: 'application/javascript',
} as const

/** As it was sent: escapes are not undone. */
const CALLBACK = /^[A-Za-z0-9_.]{1,128}$/

/** @returns '' for none; null for what could be more than the name of a function, and would then run on somebody's page */
function callbackOf(argument: string | null): string | null {
  if (argument === null || argument === '') return ''
  return CALLBACK.test(argument) ? argument : null
}

function refuse(x: Exchange, path: string, errno: number): void {
  const isMissing = errno === -ENOENT || errno === -ENOTDIR || errno === -ENAMETOOLONG
  const status = isMissing ? 404 : errno === -EACCES ? 403 : 500
  const words = `opendir() "${path.slice(0, -1) || '/'}" failed ${errnoForLog(errno)}`
  if (status === 500) x.log.crit(words)
  else x.log.error(words)
  x.fail(status)
}

async function readEntries(x: Exchange, path: string): Promise<FormattedEntry[]> {
  const names = await fs.readdir(path)
  const shown = names.filter(name => !name.startsWith('.'))
  return describeAll(x, shown, name => describe(x, path, name))
}

/** @returns null for what has been removed meanwhile, or may not be looked at */
async function describe(x: Exchange, path: string, name: string): Promise<FormattedEntry | null> {
  const file = `${path}${path.endsWith('/') ? '' : '/'}${name}`
  try {
    const status = await fs.stat(file).catch(error => statusOfLink(file, error))
    return {
      name,
      isDirectory: status.isDirectory(),
      isOther: !status.isDirectory() && !status.isFile(),
      sizeBytes: status.size,
      modifiedMs: status.mtimeMs,
    }
  } catch (error) {
    const { errno = 0, code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') x.log.crit(`stat() "${file}" failed ${errnoForLog(errno)}`)
    return null
  }
}

/** Of a link that leads nowhere, or in a circle, its own. */
function statusOfLink(file: string, error: NodeJS.ErrnoException) {
  if (error.code !== 'ENOENT' && error.code !== 'ELOOP') throw error
  return fs.lstat(file)
}
