/**
 * `try_files`: the first of some files that is there takes the place of the path; when none is, the last argument says what happens.
 *
 *   try_files $uri $uri/ /index.html?q=$uri      a path to go on with, looked up from the first phase on
 *   try_files $uri @app                          a location by its name
 *   try_files $uri =404                          a status
 *
 * The location stays what it is: only the path changes, and the modules after this one answer for it (ngx_http_try_files_handler).
 * It holds in the very block in which it stands. A name from the request that climbs (`..`) is no file, other than in nginx.
 */

import { type Call, custom } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { parseInteger } from '../config/units.ts'
import { ENAMETOOLONG, ENOENT, ENOTDIR, errnoForLog } from '../errno.ts'
import { octetsOf } from '../http/octets.ts'
import { climbs } from '../http/target.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import type { Value } from '../server/variables.ts'
import { addToAlias, type Root } from './document-root.ts'
import { type FilesView, filesAt } from './open-file-cache.ts'
import { DIRECTORY } from './open-files.ts'
import { rootAt } from './root.ts'
import { warnOfLast } from './try-files-traps.ts'

/** What the directive says. */
export interface Trial {
  readonly files: readonly Tried[]
  readonly last: Template
  /** Of `=404`; null where the last one is a path or a name. */
  readonly status: number | null
}

interface Tried {
  readonly template: Template
  /** It was written with a slash at its end, which is not part of the template. */
  readonly isDirectory: boolean
}

const table = {
  try_files: custom<Trial | null>({
    in: ['server', 'location'],
    syntax: ['file ... uri', 'file ... =code'],
    takes: [2, Number.POSITIVE_INFINITY],
    initial: null,
    isInherited: false,
    doc: 'The first of the files that is there takes the place of the path; a name that ends in a slash stands for a directory. Names count from root or alias. When none is there, the request goes on with the last argument: a path, a named location, or a status. It is not inherited by the blocks inside.',
    read: readTrial,
  }),
}

function readTrial(call: Call): Trial | undefined {
  const lastIndex = call.args.length - 1
  const files = call.args.slice(0, lastIndex).map(word => {
    const isDirectory = word.text.endsWith('/')
    const text = isDirectory ? word.text.slice(0, -1) : word.text
    return { template: call.templateOf({ ...word, text }), isDirectory }
  })
  const last = call.template(lastIndex)
  if (!last.text.startsWith('=')) return { files, last, status: null }
  const status = parseInteger(last.text.slice(1))
  if (status !== null && status >= 200 && status <= 999) return { files, last, status }
  return call.fail(
    lastIndex,
    `invalid code "${last.text}"`,
    'expected a status from 200 on behind the "=", such as =404',
  )
}

export const tryFiles = defineFeature({
  name: 'try-files',
  nginxModules: ['ngx_http_try_files_module'],
  table,
  bind({ try_files: trial }, place) {
    if (trial === null || (place.kind !== 'server' && place.kind !== 'location')) return null
    if (trial.status === null) warnOfLast(trial.last, place)
    return new TryFiles(place, trial)
  },
})

interface Candidate {
  readonly value: Value
  readonly isDirectory: boolean
  readonly mayClimb: boolean
}

class TryFiles implements Module {
  readonly name = 'try-files'
  private readonly root: Root
  private readonly files: FilesView
  private readonly candidates: readonly Candidate[]
  private readonly last: Value
  private readonly status: number | null

  constructor(place: BindPlace, { files, last, status }: Trial) {
    this.root = rootAt(place)
    this.files = filesAt(place)
    this.candidates = files.map(({ template, isDirectory }) => ({
      value: place.site.compile(template),
      isDirectory,
      mayClimb: climbs(template.text),
    }))
    this.last = place.site.compile(last)
    this.status = status
  }

  precontent(x: Exchange): Outcome {
    const directory = this.root.directoryOf(x)
    if (typeof directory === 'number') return fail(x, directory)
    for (const { value, isDirectory, mayClimb } of this.candidates) {
      const name = this.withoutPrefix(x, value)
      if (!mayClimb && climbs(name)) continue
      const isThere = this.isThere(x, directory + name, isDirectory)
      if (x.isTraced) {
        const what = isDirectory ? 'directory' : 'file'
        x.tell(`try_files: the ${what} "${directory}${name}" is ${isThere ? '' : 'not '}there`)
      }
      if (!isThere) continue
      this.use(x, name, isDirectory)
      return DECLINED
    }
    return this.giveUp(x)
  }

  /** Names are made of the path, of which an alias has replaced the beginning. What has no variables is taken as it is. */
  private withoutPrefix(x: Exchange, value: Value): string {
    const name = value.of(x)
    const { prefix } = this.root
    return value.constant === null && name.startsWith(prefix) ? name.slice(prefix.length) : name
  }

  private isThere(x: Exchange, path: string, isDirectory: boolean): boolean {
    const kind = this.files.of(x).kindOf(path, x.startedAt)
    if (kind >= 0) return (kind === DIRECTORY) === isDirectory
    if (kind !== -ENOENT && kind !== -ENOTDIR && kind !== -ENAMETOOLONG) {
      x.log.crit(`stat() "${path}" failed ${errnoForLog(kind)}`)
    }
    return false
  }

  private use(x: Exchange, name: string, isDirectory: boolean): void {
    if (this.root.kind !== 'whole') x.path = this.root.prefix + name
    else if (!isDirectory) addToAlias(x, name)
  }

  private giveUp(x: Exchange): Outcome {
    if (x.isTraced) x.tell('try_files: none of them is there, so the last one says what happens')
    if (this.status !== null) return answerWith(x, this.status)
    const last = this.withoutPrefix(x, this.last)
    if (last.startsWith('@')) {
      x.rerouteNamed(last)
      return HANDLED
    }
    const mark = last.indexOf('?')
    x.reroute(mark < 0 ? last : last.slice(0, mark), mark < 0 ? null : octetsOf(last.slice(mark + 1)))
    return HANDLED
  }
}

/** What is no error has nothing to say. */
function answerWith(x: Exchange, status: number): Outcome {
  if (status === 444) x.drop()
  else if (status < 300 || status === 304) x.answer(status, null)
  else x.fail(status)
  return HANDLED
}

function fail(x: Exchange, status: number): Outcome {
  x.fail(status)
  return HANDLED
}
