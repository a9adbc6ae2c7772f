/**
 * Files by their absolute paths, as a configuration names them, with a say about symbolic links: nginx's `disable_symlinks`.
 *
 *   statusPath('/srv/a.html', status, symlinks)    0, or `-errno`
 *   openPath('/srv/a.html', status, symlinks)      an `OpenFile`, or `-errno`
 *   openFolderPath('/srv/files', symlinks)         a descriptor, for `folder.ts`
 *   new PathFiles(symlinks)                        both as a `FileSource`
 *   realPath('/srv/current')                       where it is without links, or `-errno`
 *
 * A link that is not allowed is `-ELOOP`. Nobody can put one there between the look and the opening: what is opened was come to
 * without it, component by component or in one call of openat2(2). Only regular files are ever opened.
 */

import { EACCES, EINVAL, EISDIR, ELOOP, ENOENT, ENOSYS, ENOTDIR, EPERM } from '../errno.ts'
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  S_IFLNK,
  S_IFMT,
} from '../sys/constants.ts'
import {
  close,
  type Fd,
  type FileStatus,
  fstat,
  open,
  openAt,
  openWithoutLinks,
  realpath,
  statAt,
} from '../sys/libc.ts'
import {
  type FileSource,
  isDirectory,
  isRegularFile,
  newStatus,
  OPEN_FLAGS,
  type OpenFile,
  openedFile,
} from './file.ts'

/** What is done with a symbolic link on the way: followed, refused, or refused unless its owner also owns what it leads to. */
export type LinkPolicy = 'follow' | 'refuse' | 'if-not-owner'

export interface Symlinks {
  readonly policy: LinkPolicy
  /** This beginning of a path may hold any links; '' for none. It counts only where it ends at a slash of the path. */
  readonly from: string
}

export const FOLLOW: Symlinks = { policy: 'follow', from: '' }

/** @param path absolute; one with a NUL cannot exist */
export function statusPath(path: string, out: FileStatus, symlinks: Symlinks = FOLLOW): number {
  if (path.includes('\0')) return -ENOENT
  if (isFollowed(path, symlinks)) return statAt(AT_FDCWD, path, 0, out)
  const fd = openChecked(path, O_PATH | O_CLOEXEC, symlinks)
  if (fd < 0) return fd
  const r = fstat(fd, out)
  close(fd)
  return r
}

/**
 * @param out filled for whatever stands there
 * @returns the file, or `-errno`: `-EISDIR` for a directory, `-EACCES` for everything that is neither, `-ELOOP` for a link
 */
export function openPath(path: string, out: FileStatus, symlinks: Symlinks = FOLLOW): OpenFile | number {
  // The kind is asked first: opening a device can do things (a tape drive rewinds).
  const looked = statusPath(path, out, symlinks)
  if (looked < 0) return looked
  if (isDirectory(out)) return -EISDIR
  if (!isRegularFile(out)) return -EACCES
  const fd = isFollowed(path, symlinks) ? open(path, OPEN_FLAGS) : openChecked(path, OPEN_FLAGS, symlinks)
  return openedFile(fd, out)
}

/**
 * A directory to work in: whatever its path leads to later, what is done with its descriptor is done there.
 * @param path absolute @returns a descriptor, opened with O_PATH, or `-errno`
 */
export function openFolderPath(path: string, symlinks: Symlinks = FOLLOW): Fd | number {
  if (path.includes('\0')) return -ENOENT
  const flags = O_PATH | O_DIRECTORY | O_CLOEXEC
  return isFollowed(path, symlinks) ? open(path, flags) : openChecked(path, flags, symlinks)
}

export class PathFiles implements FileSource {
  private readonly symlinks: Symlinks

  constructor(symlinks: Symlinks = FOLLOW) {
    this.symlinks = symlinks
  }

  status(path: string, out: FileStatus): number {
    return statusPath(path, out, this.symlinks)
  }

  open(path: string, out: FileStatus): OpenFile | number {
    return openPath(path, out, this.symlinks)
  }
}

/** PATH_MAX of linux/limits.h. */
const resolved = Buffer.alloc(4096)

/** @returns the absolute path without symbolic links, or `-errno` */
export function realPath(path: string): string | number {
  if (path.includes('\0')) return -ENOENT
  const r = realpath(path, resolved)
  return r < 0 ? r : resolved.toString('utf8', 0, resolved.indexOf(0))
}

function isFollowed(path: string, { policy, from }: Symlinks): boolean {
  return policy === 'follow' || from === path
}

/** @returns how much of `path` is not looked at: up to the slash at which `from` ends */
function exemptLength(path: string, from: string): number {
  if (from === '' || !path.startsWith(from)) return 0
  if (path[from.length] === '/') return from.length
  return from.endsWith('/') ? from.length - 1 : 0
}

function openChecked(path: string, flags: number, { policy, from }: Symlinks): number {
  const exempt = exemptLength(path, from)
  const start = open(path.slice(0, exempt) || '/', O_PATH | O_DIRECTORY | O_CLOEXEC)
  if (start < 0) return start
  const rest = path.slice(exempt).replace(/^\/+/, '') || '.'
  const fd = policy === 'refuse' ? openWithoutLinks(start, rest, flags) : -ENOSYS
  // Before Linux 5.6, and in sandboxes that forbid openat2; and whose link it is, openat2 does not ask.
  const isUnknown = fd === -ENOSYS || fd === -EPERM || fd === -EINVAL
  const result = isUnknown ? walk(start, rest, flags, policy === 'refuse' ? openNoLink : openOwned) : fd
  close(start)
  return result
}

type Step = (at: Fd, name: string, flags: number) => number

/** Component by component, as nginx does it (`ngx_open_file_wrapper`). */
function walk(start: Fd, path: string, flags: number, step: Step): number {
  const names = path.split('/').filter(name => name !== '')
  const last = names.pop() ?? '.'
  const lastFlags = path.endsWith('/') ? flags | O_DIRECTORY : flags
  let at = start
  for (const name of names) {
    const next = step(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC)
    if (at !== start) close(at)
    if (next < 0) return next
    at = next
  }
  const fd = step(at, last, lastFlags)
  if (at !== start) close(at)
  return fd
}

const link = newStatus()
const target = newStatus()

/** A link itself can be had with O_PATH only, and is no directory: both are told apart from what they look like. */
function openNoLink(at: Fd, name: string, flags: number): number {
  const fd = openAt(at, name, flags | O_NOFOLLOW)
  if (fd === -ENOTDIR && statAt(at, name, AT_SYMLINK_NOFOLLOW, link) === 0 && isLink(link)) return -ELOOP
  if (fd < 0 || (flags & O_PATH) === 0 || fstat(fd, target) < 0 || !isLink(target)) return fd
  close(fd)
  return -ELOOP
}

function isLink(status: FileStatus): boolean {
  return (status.mode & S_IFMT) === S_IFLNK
}

/**
 * What was opened may have been a link, and may be one no more when it is asked: the owners are compared in any case. Of what is no
 * link they are the same.
 */
function openOwned(at: Fd, name: string, flags: number): number {
  const fd = openAt(at, name, flags)
  if (fd < 0) return fd
  const r = Math.min(statAt(at, name, AT_SYMLINK_NOFOLLOW, link), fstat(fd, target))
  if (r === 0 && link.uid === target.uid) return fd
  close(fd)
  return r < 0 ? r : -ELOOP
}
