/**
 * `upload_delete`: what was uploaded can be removed again by DELETE, one file at a time.
 *
 * It goes where `upload_store` puts the files, and knows their names only: what lies there under another, such as a dot file or a
 * directory, is not touched. Where `dav_methods` has DELETE, that one answers, and removes collections too.
 */

import { flag } from '../config/directive.ts'
import { isStoredName } from '../http/safe-name.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import { deleteAt } from './dav.ts'
import type { Root } from './document-root.ts'
import { type FilesView, filesAt } from './open-file-cache.ts'
import { rootAt } from './root.ts'
import { type UploadTarget, uploadPlaceOf } from './upload-place.ts'
import { uploadTargetAt } from './upload-store.ts'
import { refuse } from './write-place.ts'

const table = {
  upload_delete: flag({
    in: ['http', 'server', 'location'],
    initial: false,
    doc: 'DELETE removes a file that was uploaded: 204, and 404 when it is not there. nginx does not have it.',
  }),
}

/** Can what was uploaded be removed again? */
export function deletesUploads({ block }: BindPlace): boolean {
  return block.settings(table).upload_delete
}

export const uploadDelete = defineFeature({
  name: 'upload-delete',
  nginxModules: [],
  table,
  bind(settings, place) {
    const target = settings.upload_delete ? uploadTargetAt(place) : null
    return target === null ? null : new UploadDelete(place, target)
  },
})

class UploadDelete implements Module {
  readonly name = 'upload-delete'
  readonly methods = ['DELETE']
  private readonly target: UploadTarget
  private readonly root: Root
  private readonly files: FilesView

  constructor(place: BindPlace, target: UploadTarget) {
    this.target = target
    this.root = rootAt(place)
    this.files = filesAt(place)
  }

  content(x: Exchange): Outcome {
    if (x.method !== 'DELETE') return DECLINED
    const place = uploadPlaceOf(x, this.target, this.root)
    if (typeof place === 'number') return fail(x, place)
    const { folder, name, base } = place
    if (name === '') return refuse(x, 409, `"${x.path}" is a directory`, 'Only files can be removed here.')
    if (!isStoredName(name) || base + name !== x.path) return fail(x, 404)
    const path = `${folder}/${name}`
    if (x.isRehearsal) {
      x.rehearse(`DELETE of "${path}"`)
      return HANDLED
    }
    return deleteAt(x, { path, folder, name, isCollection: false, symlinks: this.files.linksOf(x) })
  }
}

function fail(x: Exchange, status: number): Outcome {
  x.fail(status)
  return HANDLED
}
