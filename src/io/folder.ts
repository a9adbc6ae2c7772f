/**
 * A directory in which something is made, renamed or removed. What its path leads to meanwhile does not matter: it is held open.
 *
 *   const folder = openFolder('/srv/files', symlinks)      a `Folder`, or `-errno`
 *   folder.status(name, out), .make(name, mode), .remove(name), .rename(name, to, newName)      0, or `-errno`
 *   folder.close()
 *
 *   const way = openWay('/srv/a/b/c', symlinks)            the deepest folder that is there, and what is missing; or `-errno`
 *   makeFolders(way.folder, way.missing, 0o700)            makes it: the last one, or `-errno`
 *
 * By the way to a folder that is missing, a file can be written in the right file system before its folder is there, and nothing has to be
 * taken back when it is given up. Names are single ones, without a slash; a symbolic link is itself, and not what it leads to.
 */

import { EEXIST, ENOENT } from '../errno.ts'
import {
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
} from '../sys/constants.ts'
import { close, type Fd, type FileStatus, mkdirAt, openAt, renameAt, statAt, unlinkAt } from '../sys/libc.ts'
import { FOLLOW, openFolderPath, type Symlinks } from './path-files.ts'

export class Folder {
  /** Opened with O_PATH. */
  readonly fd: Fd
  private users = 1

  constructor(fd: Fd) {
    this.fd = fd
  }

  /** One more user, who closes it as well. */
  retain(): this {
    this.users++
    return this
  }

  /** @returns 0 with `out` filled for whatever stands there, or `-errno` */
  status(name: string, out: FileStatus): number {
    return statAt(this.fd, name, AT_SYMLINK_NOFOLLOW, out)
  }

  /** @param mode permission bits, of which the umask takes some away */
  make(name: string, mode: number): number {
    return mkdirAt(this.fd, name, mode)
  }

  remove(name: string): number {
    return unlinkAt(this.fd, name)
  }

  /** @returns `-ENOTEMPTY` for one with members */
  removeFolder(name: string): number {
    return unlinkAt(this.fd, name, AT_REMOVEDIR)
  }

  /** Replaces what has the new name, if it is no directory with members, and both are directories or none is. */
  rename(name: string, to: Folder, newName: string): number {
    return renameAt(this.fd, name, to.fd, newName)
  }

  /** Another descriptor of the same. */
  again(): Folder | number {
    return folderOf(openAt(this.fd, '.', FLAGS))
  }

  /** The descriptor is closed with its last user. */
  close(): void {
    if (--this.users === 0) close(this.fd)
  }
}

const FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

function folderOf(fd: Fd | number): Folder | number {
  return fd < 0 ? fd : new Folder(fd)
}

/** @param path absolute @param symlinks what happens at links on the way @returns the folder, or `-errno` */
export function openFolder(path: string, symlinks: Symlinks = FOLLOW): Folder | number {
  return folderOf(openFolderPath(path === '' ? '/' : path, symlinks))
}

export interface Way {
  /** The deepest one that is there; the caller closes it. */
  readonly folder: Folder
  /** Names from there on, none when all of it is there. */
  readonly missing: readonly string[]
}

/** @param path absolute @returns `-errno` other than ENOENT, such as `-ENOTDIR` where a file is in the way */
export function openWay(path: string, symlinks: Symlinks = FOLLOW): Way | number {
  const missing: string[] = []
  let at = path
  for (;;) {
    const folder = openFolder(at, symlinks)
    if (typeof folder !== 'number') return { folder, missing }
    if (folder !== -ENOENT || at === '' || at === '/') return folder
    const slash = at.lastIndexOf('/')
    const name = at.slice(slash + 1)
    if (name !== '') missing.unshift(name)
    at = at.slice(0, slash)
  }
}

/**
 * Folders that somebody else has made meanwhile are as good; no symbolic link is followed.
 * @param from stays open @returns another one, or `-errno`: folders that were made stay, and are empty
 */
export function makeFolders(from: Folder, names: readonly string[], mode: number): Folder | number {
  let at = from.again()
  for (const name of names) {
    if (typeof at === 'number') return at
    const made = at.make(name, mode)
    const next = made < 0 && made !== -EEXIST ? made : folderOf(openAt(at.fd, name, FLAGS))
    at.close()
    at = next
  }
  return at
}
