/**
 * Where something is written: the folder and the name that a path leads to, and what is said when the file system refuses.
 *
 *   writePlaceOf(x, root, symlinks)              a `WritePlace`, or the status of the exchange, which is told to the log
 *   refuseWriting(x, 'mkdir', path, -EACCES)     answers, and logs it in nginx's words
 *   validatorsOf(status)                         of what stands there, for preconditions: the same as the file is served with
 *   accessRow(common)                            a directive `…_access users:permissions ...`
 *
 * What is written to is reached as files are that are served: by `root` or `alias`, and by what `disable_symlinks` says of links. The root
 * itself is no place: nobody removes or replaces the ground on which a location stands.
 */

import { type Call, custom, type Row } from '../config/directive.ts'
import { ENAMETOOLONG, ENOENT, errnoForLog } from '../errno.ts'
import { etagOf, type Validators } from '../http/conditions.ts'
import { type FileStatus, isDirectory } from '../io/file.ts'
import { statusForWriting } from '../io/new-file.ts'
import type { Symlinks } from '../io/path-files.ts'
import type { Exchange } from '../server/exchange.ts'
import { HANDLED, type Outcome } from '../server/module.ts'
import type { Root } from './document-root.ts'

export interface WritePlace {
  /** The file or directory, without a slash at its end; for the log. */
  readonly path: string
  /** The directory that holds it. */
  readonly folder: string
  readonly name: string
  /** The path of the request ends in a slash: it names a collection (RFC 4918 §5.2). */
  readonly isCollection: boolean
  readonly symlinks: Symlinks
}

export function writePlaceOf(x: Exchange, root: Root, symlinks: Symlinks): WritePlace | number {
  const file = root.fileOf(x)
  if (typeof file === 'number') return file
  const path = withoutSlash(file)
  const directory = root.kind === 'whole' ? '' : root.directoryOf(x)
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  if (name === '' || (typeof directory === 'string' && withoutSlash(directory) === path)) {
    x.log.error(`"${path}" is the root of its location, which stays`)
    return 403
  }
  return { path, folder: path.slice(0, slash), name, isCollection: x.path.endsWith('/'), symlinks }
}

function withoutSlash(path: string): string {
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end--
  return path.slice(0, end)
}

/**
 * @param call what was tried, by the name of the system's function
 * @param errno `-errno` @param status in place of what usually fits it
 */
export function refuseWriting(
  x: Exchange,
  call: string,
  path: string,
  errno: number,
  status = statusForWriting(errno),
): Outcome {
  x.log[status >= 500 ? 'crit' : 'error'](`${call}() "${path}" failed ${errnoForLog(errno)}`)
  x.fail(status)
  return HANDLED
}

/** Of what should be there: missing is 404, and not a parent that is to be made first. */
export function statusForLook(errno: number): number {
  return errno === -ENOENT || errno === -ENAMETOOLONG ? 404 : statusForWriting(errno)
}

/** Like `refuseWriting`, for what was seen by ourselves. */
export function refuse(x: Exchange, status: number, logWords: string, words = ''): Outcome {
  x.log.error(logWords)
  x.fail(status, words)
  return HANDLED
}

/** The content was refused, cut off or did not come: what is looked for now is the page that says so, perhaps with the same method. */
export function isContentLost(x: Exchange): boolean {
  return x.status === 413 || x.status === 400 || x.status === 408
}

/** A directory has no representation of its own, so no tag: only `If-Match: *` can name it. */
export function validatorsOf(status: FileStatus): Validators {
  const lastModifiedMs = status.modifiedSeconds * 1000 + status.modifiedNanoseconds / 1e6
  return { lastModifiedMs, etag: isDirectory(status) ? '' : etagOf(lastModifiedMs, status.sizeBytes) }
}

/** Permission bits of what is made. */
export interface Access {
  readonly file: number
  readonly folder: number
}

const SHIFTS: Readonly<Record<string, number>> = { user: 6, group: 3, all: 0 }
const RIGHTS: Readonly<Record<string, number>> = { r: 4, w: 2, rw: 6 }

export function accessRow(common: { in: readonly string[]; doc: string }): Row<Access> {
  return custom<Access>({
    ...common,
    initial: accessOf(0o600),
    default: 'user:rw',
    syntax: 'users:permissions ...',
    takes: [1, 3],
    read: readAccess,
  })
}

/** nginx: the owner reads and writes unless something is said of them, and who may read a directory may enter it. */
function readAccess(call: Call): Access | undefined {
  let user = 0o600
  let mode = 0
  for (const [i, { text }] of call.args.entries()) {
    const [who = '', what = ''] = text.split(':', 2)
    const shift = SHIFTS[who]
    const rights = RIGHTS[what]
    if (shift === undefined || rights === undefined || text.split(':').length !== 2) {
      const expected = 'expected user, group or all, a colon, and r, w or rw, such as group:rw'
      return call.fail(i, `invalid value "${text}"`, expected)
    }
    if (who === 'user') user = 0
    mode |= rights << shift
  }
  return accessOf(mode | user)
}

function accessOf(file: number): Access {
  return { file, folder: file | ((file & 0o444) >> 2) }
}
