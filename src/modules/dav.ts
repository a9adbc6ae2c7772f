/**
 * `dav_methods`: files and collections are made, changed and removed by clients (ngx_http_dav_module; RFC 9110 §9.3.4 and §9.3.5, RFC 4918
 * §9.3 and §9.6 to §9.9): curl -T, and whoever publishes to a web server.
 *
 *   PUT       dav-put.ts
 *   DELETE    a file, or a collection with all that is in it
 *   MKCOL     a collection
 *   COPY, MOVE    dav-transfer.ts
 *
 * Where the RFC says it otherwise than nginx, the RFC holds; docs/differences.md lists where. There are no locks and no properties
 * (LOCK, PROPFIND), as in nginx.
 */

import { count, custom, flag, type SettingsOf, suggestion } from '../config/directive.ts'
import { EEXIST, errnoForLog } from '../errno.ts'
import { evaluate, PROCEED } from '../http/conditions.ts'
import { escapePath } from '../http/escapes.ts'
import { normalHost } from '../http/host.ts'
import { pathOf } from '../http/target.ts'
import { isDirectory, newStatus } from '../io/file.ts'
import { type Folder, openFolder } from '../io/folder.ts'
import { hiddenName } from '../io/new-file.ts'
import { errnoOf, removeTree } from '../io/tree.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import { refuseMethod } from '../server/phases.ts'
import { putFile } from './dav-put.ts'
import { transfer } from './dav-transfer.ts'
import type { Root } from './document-root.ts'
import { type FilesView, filesAt } from './open-file-cache.ts'
import { locationText } from './redirect-location.ts'
import { rootAt } from './root.ts'
import {
  type Access,
  accessRow,
  isContentLost,
  refuse,
  refuseWriting,
  statusForLook,
  validatorsOf,
  type WritePlace,
  writePlaceOf,
} from './write-place.ts'

const EVERYWHERE = ['http', 'server', 'location']
const METHODS = ['PUT', 'DELETE', 'MKCOL', 'COPY', 'MOVE']

const table = {
  dav_methods: custom<readonly string[]>({
    in: EVERYWHERE,
    initial: [],
    default: 'off',
    syntax: ['off', 'method ...'],
    takes: [1, METHODS.length],
    doc: 'Which of PUT, DELETE, MKCOL, COPY and MOVE change the files here. Whoever can send a request can use them: let access rules say who may. What was put is complete when it appears, and nothing is left of what was given up.',
    read(call) {
      const methods = call.args.map(({ text }) => text.toUpperCase())
      if (methods.length === 1 && methods[0] === 'OFF') return []
      for (const [i, method] of methods.entries()) {
        if (!METHODS.includes(method)) {
          const expected = suggestion(method, METHODS, `off, or some of ${METHODS.join(', ')}`)
          return call.fail(i, `invalid value "${call.text(i)}"`, expected)
        }
        if (methods.indexOf(method) < i) call.warn(i, `duplicate value "${call.text(i)}"`)
      }
      return methods
    },
  }),
  create_full_put_path: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'PUT makes the folders on the way to its file; off: they must be there, or 409.',
  }),
  dav_access: accessRow({
    in: EVERYWHERE,
    doc: 'Who may read and write the files that are made here, and enter the folders: user, group and all, each with r, w or rw. The user that is not named may read and write.',
  }),
  min_delete_depth: count({
    in: EVERYWHERE,
    initial: 0,
    doc: 'DELETE is refused (409) for a path with fewer elements than this, so that nobody removes what is high up by mistake.',
  }),
}

type Settings = SettingsOf<typeof table>

export const dav = defineFeature({
  name: 'dav',
  nginxModules: ['ngx_http_dav_module'],
  table,
  bind: (settings, place) => (settings.dav_methods.length === 0 ? null : new Dav(settings, place)),
})

/** Of what is made in a place, also by others than these methods. */
export function accessAt({ block }: BindPlace): Access {
  return block.settings(table).dav_access
}

/** Which of them may be used in a place. */
export function davMethodsAt({ block }: BindPlace): readonly string[] {
  return block.settings(table).dav_methods
}

class Dav implements Module {
  readonly name = 'dav'
  readonly methods: readonly string[]
  private readonly settings: Settings
  private readonly root: Root
  private readonly files: FilesView
  /** The block of the location that this one is in or is. */
  private readonly outer: unknown

  constructor(settings: Settings, place: BindPlace) {
    this.settings = settings
    this.methods = settings.dav_methods
    this.root = rootAt(place)
    this.files = filesAt(place)
    const isInner = place.kind === 'if' || place.kind === 'limit_except'
    this.outer = isInner ? place.block.parent : place.block
  }

  content(x: Exchange): Outcome {
    if (!this.methods.includes(x.method) || isContentLost(x)) return DECLINED
    if (x.method === 'PUT' && x.path.endsWith('/')) return refuse(x, 409, 'cannot PUT to a collection')
    const place = writePlaceOf(x, this.root, this.files.linksOf(x))
    if (typeof place === 'number') return fail(x, place)
    if (x.isRehearsal) {
      x.rehearse(`${x.method} of "${place.path}"`)
      return HANDLED
    }
    if (x.method === 'PUT') {
      const { dav_access: access, create_full_put_path: makesFolders } = this.settings
      return putFile(x, place, { access, makesFolders })
    }
    if (x.contentLength > 0) {
      return refuse(x, 415, `${x.method} with body is unsupported`, `${x.method} takes no content.`)
    }
    if (x.method === 'MKCOL') return this.makeCollection(x, place)
    if (x.method === 'DELETE') return this.remove(x, place)
    return this.transfer(x, place)
  }

  private makeCollection(x: Exchange, place: WritePlace): Outcome {
    if (!place.isCollection) return refuse(x, 409, 'MKCOL can create a collection only')
    const folder = openFolder(place.folder, place.symlinks)
    if (typeof folder === 'number') return refuseWriting(x, 'mkdir', place.path, folder)
    const made = folder.make(place.name, this.settings.dav_access.folder)
    folder.close()
    if (made === -EEXIST) {
      x.log.error(`mkdir() "${place.path}" failed ${errnoForLog(made)}`)
      const others = this.methods.filter(method => method !== 'MKCOL' && method !== 'PUT')
      refuseMethod(x, ['GET', 'HEAD', ...others].join(', '))
      return HANDLED
    }
    if (made < 0) return refuseWriting(x, 'mkdir', place.path, made)
    x.setField('Location', locationText(x, escapePath(x.path)))
    x.answer(201, null)
    return HANDLED
  }

  private remove(x: Exchange, place: WritePlace): Outcome {
    const { min_delete_depth: leastDepth } = this.settings
    if (elementsOf(x.path) < leastDepth) {
      return refuse(x, 409, `insufficient URI depth:${elementsOf(x.path)} to DELETE`)
    }
    return deleteAt(x, place)
  }

  private transfer(x: Exchange, source: WritePlace): Outcome {
    const path = this.destinationOf(x)
    if (typeof path === 'number') return fail(x, path)
    const overwrite = x.fields.get('overwrite') ?? 'T'
    if (!/^[TF]$/i.test(overwrite)) {
      return refuse(x, 400, `client sent invalid "Overwrite" header: "${overwrite}"`)
    }
    if (x.path.endsWith('/') !== path.endsWith('/')) {
      const words = `both URI "${x.path}" and "Destination" URI "${path}" should be either collections or non-collections`
      return refuse(x, 409, words)
    }
    const depth = depthOf(x, 'infinity')
    if (depth !== 'infinity' && (depth !== '0' || x.method === 'MOVE')) {
      return refuse(x, 400, `"Depth" header must be ${x.method === 'MOVE' ? '' : '0 or '}infinity`)
    }
    const target = this.elsewhere(x, path, () => writePlaceOf(x, this.root, this.files.linksOf(x)))
    if (typeof target === 'number') return fail(x, target)
    return transfer(x, {
      source,
      target,
      targetPath: path,
      overwrites: overwrite.toUpperCase() === 'T',
      isDeep: depth === 'infinity',
    })
  }

  /** @returns the decoded path, or a status: what is named is no place for this location to write to */
  private destinationOf(x: Exchange): string | number {
    const value = x.fields.get('destination')
    if (value === null) {
      x.log.error('client sent no "Destination" header')
      return 400
    }
    const [, host, rawPath] = DESTINATION.exec(value) ?? []
    const path = rawPath === undefined ? null : pathOf(rawPath, x.server.mergesSlashes)
    const isForeign = host !== undefined && normalHost(host) !== x.host
    if (typeof path !== 'string' || isForeign) {
      x.log.error(`client sent invalid "Destination" header: "${value}"`)
      return 400
    }
    if (this.elsewhere(x, path, () => x.server.locate(x).block) === this.outer) return path
    x.log.error(`the "Destination" URI "${path}" belongs to another location`)
    return 403
  }

  /** What holds for another path: the exchange is as before afterwards. */
  private elsewhere<T>(x: Exchange, path: string, look: () => T): T {
    const { path: own, captures } = x
    x.path = path
    try {
      return look()
    } finally {
      x.path = own
      x.captures = captures
    }
  }
}

/** An absolute URI or a path (RFC 4918 §10.3); what follows the path is not looked at. Proxies may have spoken another scheme to us. */
const DESTINATION = /^(?:https?:\/\/([^/?#]*))?(\/[!-"$-;=@-~]*)(?:[?#].*)?$/i

function depthOf(x: Exchange, otherwise: string): string {
  return (x.fields.get('depth') ?? otherwise).toLowerCase()
}

/** `/a/b` and `/a/b/` have two. */
function elementsOf(path: string): number {
  return path.split('/').filter(element => element !== '').length
}

function fail(x: Exchange, status: number): Outcome {
  x.fail(status)
  return HANDLED
}

/** DELETE, of a file or of a collection with all that is in it (RFC 4918 §9.6). A link is removed itself. */
export function deleteAt(x: Exchange, place: WritePlace): Outcome {
  const folder = openFolder(place.folder, place.symlinks)
  if (typeof folder === 'number') return refuseWriting(x, 'lstat', place.path, folder, statusForLook(folder))
  const status = newStatus()
  const seen = folder.status(place.name, status)
  const isFolder = seen === 0 && isDirectory(status)
  if (seen < 0) refuseWriting(x, 'lstat', place.path, seen, statusForLook(seen))
  else if (isFolder !== place.isCollection) {
    const words = isFolder ? 'is a directory, whose path ends in a slash' : 'is no directory'
    refuse(x, 409, `DELETE: "${place.path}" ${words}`)
  } else if (!mayDelete(x, isFolder)) {
    refuse(x, 400, `"Depth" header must be ${isFolder ? '' : '0 or '}infinity`)
  } else {
    const verdict = evaluate(x.fields, x.method, validatorsOf(status))
    if (verdict !== PROCEED) x.fail(verdict)
    else if (isFolder) {
      void removeCollection(x, place, folder).catch((error: unknown) => x.crash(error))
      return HANDLED
    } else {
      const removed = folder.remove(place.name)
      if (removed < 0) refuseWriting(x, 'unlink', place.path, removed, statusForLook(removed))
      else x.answer(204, null)
    }
  }
  folder.close()
  return HANDLED
}

function mayDelete(x: Exchange, isFolder: boolean): boolean {
  const depth = depthOf(x, 'infinity')
  return depth === 'infinity' || (depth === '0' && !isFolder)
}

/** Out of sight first, so that nobody sees a half of it; back again when it cannot be removed. */
async function removeCollection(x: Exchange, { path, name }: WritePlace, folder: Folder): Promise<void> {
  const hidden = hiddenName()
  try {
    const renamed = folder.rename(name, folder, hidden)
    if (renamed < 0) {
      refuseWriting(x, 'rename', path, renamed, statusForLook(renamed))
      return
    }
    await removeTree(folder.fd, hidden)
    x.answer(204, null)
  } catch (error) {
    folder.rename(hidden, folder, name)
    refuseWriting(x, 'rmdir', path, errnoOf(error))
  } finally {
    folder.close()
  }
}
