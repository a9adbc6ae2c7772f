/**
 * `index`: the file that stands for a directory.
 *
 * The first name that is there becomes the path, and the server asks itself for that, so the file may lie in another location, such
 * as one of `~ \.php$` (ngx_http_index_handler). A name that begins with a slash is a path of its own, which is taken as it is.
 */

import { listOf } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, errnoForLog } from '../errno.ts'
import { climbs } from '../http/target.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import type { Value } from '../server/variables.ts'
import type { Root } from './document-root.ts'
import { type FilesView, filesAt } from './open-file-cache.ts'
import { DIRECTORY } from './open-files.ts'
import { rootAt } from './root.ts'
import { tellsMissing } from './static-files.ts'

const table = {
  index: listOf<readonly Template[]>({
    in: ['http', 'server', 'location'],
    syntax: 'file ...',
    takes: [1, Number.POSITIVE_INFINITY],
    default: 'index.html',
    doc: 'What is tried for a path that ends in a slash, in this order. The last one may be a path from the root, which is taken without a look.',
    read(call) {
      const empty = call.args.findIndex(arg => arg.text === '')
      if (empty >= 0) {
        return call.fail(
          empty,
          `index "${call.text(0)}" in "index" directive is invalid`,
          'the name of a file has at least one character',
        )
      }
      const early = call.args.findIndex((arg, i) => arg.text.startsWith('/') && i < call.args.length - 1)
      if (early >= 0) {
        call.warn(
          early,
          'only the last index in "index" directive should be absolute',
          'a name that begins with a slash is taken without a look, so those behind it are never tried',
        )
      }
      return call.args.map(arg => call.templateOf(arg))
    },
  }),
}

export const indexFiles = defineFeature({
  name: 'index',
  nginxModules: ['ngx_http_index_module'],
  table,
  bind: (settings, place) => new IndexFiles(place, settings.index.flat()),
})

class IndexFiles implements Module {
  readonly name = 'index'
  private readonly root: Root
  private readonly files: FilesView
  /** Texts where there is nothing to compute. */
  private readonly names: readonly (string | Value)[]
  private readonly tellsMissing: boolean

  constructor(place: BindPlace, templates: readonly Template[]) {
    this.root = rootAt(place)
    this.files = filesAt(place)
    this.names =
      templates.length === 0 ? ['index.html'] : templates.map(one => simplified(place.site.compile(one)))
    this.tellsMissing = tellsMissing(place)
  }

  content(x: Exchange): Outcome {
    if (!x.path.endsWith('/') || (!x.isRetrieval && x.method !== 'POST')) return DECLINED
    const directory = this.root.fileOf(x)
    if (typeof directory === 'number') return fail(x, directory)
    let isSeen = false
    for (const one of this.names) {
      const name = typeof one === 'string' ? one : one.of(x)
      if (name.startsWith('/')) return reroute(x, name)
      if (typeof one !== 'string' && climbs(name)) continue
      const kind = this.files.of(x).kindOf(directory + name, x.startedAt)
      if (x.isTraced) x.tell(`index: "${directory}${name}" is ${kind >= 0 ? '' : 'not '}there`)
      if (kind >= 0) return reroute(x, x.path + name)
      if (kind !== -ENOENT) return this.stop(x, directory + name, kind)
      if (!isSeen && !this.isThere(x, directory)) return this.stop(x, directory + name, kind)
      isSeen = true
    }
    return DECLINED
  }

  /** A name that is missing in a directory that is missing is no reason to try the next. */
  private isThere(x: Exchange, directory: string): boolean {
    const kind = this.files.of(x).kindOf(directory, x.startedAt)
    return kind === DIRECTORY || kind === -EACCES
  }

  private stop(x: Exchange, path: string, result: number): Outcome {
    if (result === -EACCES) x.log.error(`"${path}" is forbidden ${errnoForLog(result)}`)
    else if (result === -ENOENT || result === -ENOTDIR || result === -ENAMETOOLONG) {
      if (this.tellsMissing) x.log.error(`"${path}" is not found ${errnoForLog(result)}`)
      return fail(x, 404)
    } else if (result !== -ELOOP) {
      x.log.crit(`stat() "${path}" failed ${errnoForLog(result)}`)
      return fail(x, 500)
    }
    return fail(x, 403)
  }
}

function simplified(value: Value): string | Value {
  return value.constant ?? value
}

function reroute(x: Exchange, path: string): Outcome {
  x.reroute(path, x.query)
  return HANDLED
}

function fail(x: Exchange, status: number): Outcome {
  x.fail(status)
  return HANDLED
}
