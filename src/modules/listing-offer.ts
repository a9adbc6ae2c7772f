/**
 * What `autoindex_upload` can offer in a place: as much as the other directives there let clients do.
 *
 *   const offer = offerAt(place)      null: nothing, which `-t` warns of
 *   offer.waysFor(x)                  for the folder that is listed; null for nothing
 *
 * `upload_store` with a folder of its own takes files for one path only: below that, the page offers what `dav_methods` has, or nothing.
 */

import type { Exchange } from '../server/exchange.ts'
import type { BindPlace } from '../server/feature.ts'
import { allowsMethod } from './allow-methods.ts'
import { davMethodsAt } from './dav.ts'
import type { Root } from './document-root.ts'
import type { UploadWays } from './listing-upload.ts'
import { rootAt } from './root.ts'
import { deletesUploads } from './upload-delete.ts'
import { type UploadTarget, uploadPlaceOf } from './upload-place.ts'
import { uploadTargetAt } from './upload-store.ts'

export function offerAt(place: BindPlace): UploadOffer | null {
  const offer = new UploadOffer(place)
  if (!offer.isNothing) return offer
  const line = place.block.line('autoindex_upload')
  if (line !== null) {
    const expected = 'upload_store and upload_delete, or dav_methods PUT DELETE, say what clients may do here'
    place.site.problems.warn(line.place, 'nothing can be uploaded here', expected)
  }
  return null
}

export class UploadOffer {
  private readonly root: Root
  private readonly target: UploadTarget | null
  private readonly takes: { readonly posts: boolean; readonly deletes: boolean }
  private readonly dav: { readonly puts: boolean; readonly deletes: boolean }

  constructor(place: BindPlace) {
    const may = (method: string): boolean => allowsMethod(place, method)
    const methods = davMethodsAt(place)
    this.root = rootAt(place)
    this.target = uploadTargetAt(place)
    this.takes = { posts: may('POST'), deletes: may('DELETE') && deletesUploads(place) }
    this.dav = {
      puts: may('PUT') && methods.includes('PUT'),
      deletes: may('DELETE') && methods.includes('DELETE'),
    }
  }

  get isNothing(): boolean {
    const { target, takes, dav } = this
    return !dav.puts && !dav.deletes && (target === null || !(takes.posts || takes.deletes))
  }

  waysFor(x: Exchange): UploadWays | null {
    const { takes, dav } = this
    const isStore = this.isStored(x)
    const method = isStore && takes.posts ? 'POST' : dav.puts ? 'PUT' : null
    const mayDelete = dav.deletes || (isStore && takes.deletes)
    return method === null && !mayDelete ? null : { method, mayDelete }
  }

  /** Would a form that is sent to the path of the listing leave its files there? */
  private isStored(x: Exchange): boolean {
    const place = this.target === null ? 404 : uploadPlaceOf(x, this.target, this.root)
    return typeof place !== 'number' && place.base === x.path
  }
}
