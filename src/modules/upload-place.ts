/**
 * Where the uploads of a location go, and from where they are had.
 *
 *   uploadPlaceOf(x, target, root)      folder, name and path of what the path of this exchange names; or a status
 *
 *   location /files/ { upload_store /srv/in; }      /files/a.txt        /srv/in, 'a.txt', '/files/'
 *                                                   /files/             /srv/in, '', '/files/'
 *   location /files/ { upload_store on; root /www }  /files/x/a.txt     /www/files/x, 'a.txt', '/files/x/'
 *
 * A folder that is named is flat: what stands before the last slash of the path does not count.
 */

import type { Exchange } from '../server/exchange.ts'
import type { Computed, Root } from './document-root.ts'

export interface UploadTarget {
  /** null: the folder that the path names. */
  readonly folder: Computed | null
  /** The path from which it is served, with a slash at its end; null: the path up to its last slash. */
  readonly base: string | null
}

export interface UploadPlace {
  readonly folder: string
  /** What stands behind the last slash of the path; '' for nothing, and where that is the location itself. */
  readonly name: string
  readonly base: string
}

export function uploadPlaceOf(x: Exchange, { folder, base }: UploadTarget, root: Root): UploadPlace | number {
  const { path } = x
  const slash = path.lastIndexOf('/')
  // `/files` of `location /files`: the folder itself, whose slash was forgotten.
  const isFolder = base !== null && `${path}/` === base
  const name = isFolder ? '' : path.slice(slash + 1)
  const own = base ?? path.slice(0, slash + 1)
  if (folder !== null) {
    const named = folder.of(x)
    return typeof named === 'number' ? named : { folder: named, name, base: own }
  }
  const file = root.fileOf(x)
  if (typeof file === 'number') return file
  return { folder: file.slice(0, file.lastIndexOf('/')), name, base: own }
}
