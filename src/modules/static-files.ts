/**
 * The files of a configuration: what is left when nobody else has answered.
 *
 * A regular file is sent, a directory led to its slash; what is missing is 404 and told to the log, what cannot be read 403. Paths
 * that end in a slash are directories, which `index` and `autoindex` have declined by now: 403 (ngx_http_static_handler,
 * ngx_http_core_content_phase), or what `directory_without_index` says. Devices and FIFOs are never opened.
 */

import { custom, flag, oneOf, readCount } from '../config/directive.ts'
import {
  EACCES,
  EISDIR,
  ELOOP,
  EMFILE,
  ENAMETOOLONG,
  ENFILE,
  ENOENT,
  ENOTDIR,
  errnoForLog,
} from '../errno.ts'
import { escapePath, escapeQuery } from '../http/escapes.ts'
import { MOST_RANGES } from '../http/ranges.ts'
import { isKnownMethod } from '../http/request-head.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature } from '../server/feature.ts'
import { HANDLED, type Module, type Outcome } from '../server/module.ts'
import { refuseMethod } from '../server/phases.ts'
import type { Root } from './document-root.ts'
import { type FilesView, filesAt } from './open-file-cache.ts'
import { NO_REGULAR_FILE } from './open-files.ts'
import { redirect } from './redirect-location.ts'
import { type Description, type SendingRules, sendRepresentation } from './representation.ts'
import { rootAt } from './root.ts'
import { type MediaTypes, mediaTypesAt } from './types.ts'

const EVERYWHERE = ['http', 'server', 'location']

const table = {
  etag: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'Files have an entity tag, made of their size and time of change, by which a client can ask whether what it has is still the same.',
  }),
  if_modified_since: oneOf(['off', 'exact', 'before'], {
    in: EVERYWHERE,
    initial: 'exact',
    doc: 'When a file counts as unchanged for a request with If-Modified-Since: at the very date of the file, at that date or a later one (as RFC 9110 §13.1.3 has it), or never. If-None-Match goes before it.',
  }),
  max_ranges: custom<number>({
    in: EVERYWHERE,
    initial: MOST_RANGES,
    default: String(MOST_RANGES),
    syntax: 'number',
    takes: [1, 1],
    doc: 'A request for more ranges than this gets the whole file; 0: there are no ranges. Ranges that overlap are merged, so that nobody can ask for the same bytes many times.',
    read: call => readCount(call, 0, 0, Number.MAX_SAFE_INTEGER),
  }),
  log_not_found: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'Files that are asked for and not there are told to the error log, at level error.',
  }),
  directory_without_index: oneOf(['403', '404'], {
    in: EVERYWHERE,
    initial: '403',
    doc: 'The answer to a path that ends in a slash, where there is neither an index nor a listing: that it may not be seen, as nginx has it, or that there is nothing. nginx does not have this directive.',
  }),
}

export const staticFiles = defineFeature({
  name: 'static',
  nginxModules: ['ngx_http_core_module', 'ngx_http_static_module'],
  table,
  bind(settings, place) {
    const { etag, max_ranges: mostRanges, if_modified_since: modifiedSince } = settings
    return new StaticFiles(place, {
      hasEtag: etag,
      takesRanges: mostRanges > 0,
      rules: { modifiedSince, mostRanges },
      tellsMissing: settings.log_not_found,
      hidesDirectories: settings.directory_without_index === '404',
    })
  },
})

/** Does the place want to know what is not found? */
export function tellsMissing({ block }: BindPlace): boolean {
  return block.settings(table).log_not_found
}

const METHODS = 'GET, HEAD'

interface StaticSettings {
  readonly hasEtag: boolean
  readonly takesRanges: boolean
  readonly rules: SendingRules
  readonly tellsMissing: boolean
  /** A directory without an index is 404. */
  readonly hidesDirectories: boolean
}

class StaticFiles implements Module {
  readonly name = 'static'
  private readonly root: Root
  private readonly files: FilesView
  private readonly mediaTypes: MediaTypes
  private readonly settings: StaticSettings

  constructor(place: BindPlace, settings: StaticSettings) {
    this.root = rootAt(place)
    this.files = filesAt(place)
    this.mediaTypes = mediaTypesAt(place.block)
    this.settings = settings
  }

  content(x: Exchange): Outcome {
    // POST may be meant for an index page that something else answers, so it gets as far as a file.
    if (!x.isRetrieval && x.method !== 'POST') return refuse(x)
    const path = this.root.fileOf(x)
    if (typeof path === 'number') return fail(x, path)
    if (x.path.endsWith('/')) return this.withoutIndex(x, path)
    const found = this.files.of(x).open(path, x.startedAt)
    if (typeof found === 'number') return this.unsendable(x, path, found)
    if (x.isTraced) x.tell(`the file "${path}" is there`)
    try {
      if (!x.isRetrieval) return refuse(x)
      if (x.isTraced) x.origin = `the file "${path}"`
      sendRepresentation(x, found.as(this.descriptionOf(x)), this.settings.rules)
      return HANDLED
    } finally {
      found.release()
    }
  }

  private withoutIndex(x: Exchange, path: string): Outcome {
    const { hidesDirectories, tellsMissing } = this.settings
    if (!hidesDirectories) x.log.error(`directory index of "${path}" is forbidden`)
    else if (tellsMissing) x.log.error(`directory index of "${path}" is not found`)
    return fail(x, hidesDirectories ? 404 : 403)
  }

  private descriptionOf(x: Exchange): Description {
    const { hasEtag, takesRanges } = this.settings
    return descriptionOf(this.mediaTypes.of(x.path), hasEtag, takesRanges)
  }

  private unsendable(x: Exchange, path: string, result: number): Outcome {
    if (result === -EISDIR) {
      if (x.isTraced) x.tell(`"${path}" is a directory, whose path ends in a slash`)
      return redirectToSlash(x)
    }
    if (result === NO_REGULAR_FILE) {
      x.log.crit(`"${path}" is not a regular file`)
      return fail(x, 404)
    }
    if (x.isTraced) x.tell(`the file "${path}" cannot be had ${errnoForLog(result)}`)
    const status = statusFor(result)
    if (status !== 404 || this.settings.tellsMissing) {
      const words = `open() "${path}" failed ${errnoForLog(result)}`
      if (status >= 500) x.log.crit(words)
      else x.log.error(words)
    }
    return fail(x, status)
  }
}

/** What the file system says, as a status: nginx's choice, but for a want of descriptors, which will pass. */
export function statusFor(result: number): number {
  if (isMissing(result)) return 404
  if (result === -EMFILE || result === -ENFILE) return 503
  return result === -EACCES || result === -ELOOP ? 403 : 500
}

export function isMissing(result: number): boolean {
  return result === -ENOENT || result === -ENOTDIR || result === -ENAMETOOLONG
}

function fail(x: Exchange, status: number): Outcome {
  x.fail(status)
  return HANDLED
}

/** Methods that nobody knows come this far where something else takes them. */
function refuse(x: Exchange): Outcome {
  if (!isKnownMethod(x.method)) return fail(x, 501)
  const others = x.location.chain.modules.flatMap(module => module.methods ?? [])
  refuseMethod(x, [METHODS, ...new Set(others)].join(', '))
  return HANDLED
}

function redirectToSlash(x: Exchange): Outcome {
  const path = `${escapePath(x.path)}/`
  return redirect(x, 301, x.query === null || x.query === '' ? path : `${path}?${escapeQuery(x.query)}`)
}

/** One object for all files that are described alike. */
const descriptions = new Map<string, Description[]>()

function descriptionOf(mediaType: string, hasEtag: boolean, takesRanges: boolean): Description {
  const index = (hasEtag ? 1 : 0) + (takesRanges ? 2 : 0)
  const ofType = descriptions.get(mediaType) ?? []
  if (ofType.length === 0) descriptions.set(mediaType, ofType)
  ofType[index] ??= { mediaType, coding: null, varies: false, hasEtag, takesRanges }
  return ofType[index]
}
