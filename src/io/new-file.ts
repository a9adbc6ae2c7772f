/**
 * A file that appears complete or not at all: written without a name, and given one at its end.
 *
 *   const folder = openFolder('/srv/files')             which the new file takes over
 *   const file = newFile(folder, 0o600)                 a `NewFile`, or `-errno`
 *   file.write(bytes)                                   0, or `-errno`
 *   file.commit('a.txt', REPLACE)                       CREATED or REPLACED, or `-errno`: then nothing has changed
 *   file.commit('a.txt', KEEP)                          CREATED, or `-EEXIST`; another name may be tried then
 *   file.commit('a.txt', KEEP, other)                   the same in another folder of this file system
 *   file.discard()                                      nothing is left of it; after `commit` has succeeded it does nothing
 *
 *   statusForWriting(errno)                             what the file system says, as a status
 *
 * The file is in its file system from the beginning, without a name (O_TMPFILE), so that not even a killed server leaves a part of one.
 * Its name comes by linkat(2), which replaces nothing, or by rename(2), which replaces in one moment; whoever reads meanwhile has the
 * old file or the new one. Where a file system has no files without names, it has a hidden name until then, `.veille-…`. Nothing waits
 * for the disk (no fsync(2)): after a power failure the file system decides what there is, as for files that a program copies.
 */

import { randomBytes } from 'node:crypto'
import {
  EACCES,
  EBUSY,
  EDQUOT,
  EEXIST,
  EFBIG,
  EINVAL,
  EISDIR,
  ELOOP,
  EMFILE,
  EMLINK,
  ENAMETOOLONG,
  ENFILE,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EOPNOTSUPP,
  EPERM,
  EROFS,
  EXDEV,
} from '../errno.ts'
import {
  AT_FDCWD,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_RDWR,
  O_TMPFILE,
} from '../sys/constants.ts'
import {
  close,
  type Fd,
  type FileStatus,
  fchmod,
  fstat,
  linkAt,
  openAt,
  setModified,
  statAt,
} from '../sys/libc.ts'
import { newStatus, OpenFile } from './file.ts'
import type { Folder } from './folder.ts'

/** What happens to a file that has the name already. */
export const REPLACE = 0
export const KEEP = 1
export type IfThere = typeof REPLACE | typeof KEEP

/** The name is new. */
export const CREATED = 0
/** Another file had it. */
export const REPLACED = 1

const FLAGS = O_RDWR | O_CLOEXEC | O_NOCTTY
/** For nobody else until it is complete. */
const MODE_AT_FIRST = 0o600

/** A name that no listing shows and nobody else has chosen. */
export function hiddenName(): string {
  return `.veille-${randomBytes(9).toString('hex')}`
}

/**
 * @param folder is the file's from now on, and closed with it, also when this fails
 * @param mode permission bits, whatever the umask says
 */
export function newFile(folder: Folder, mode: number): NewFile | number {
  const opened = openUnnamed(folder.fd)
  const name = opened === NO_SUCH_FILES ? hiddenName() : null
  const fd =
    name === null ? opened : openAt(folder.fd, name, FLAGS | O_CREAT | O_EXCL | O_NOFOLLOW, MODE_AT_FIRST)
  if (fd < 0) {
    folder.close()
    return fd
  }
  const file = new NewFile(folder, fd, name)
  const given = mode === MODE_AT_FIRST ? 0 : fchmod(fd, mode)
  if (given === 0) return file
  file.discard()
  return given
}

/** This file system, or this system, has no files without a name that could get one. */
const NO_SUCH_FILES = -EOPNOTSUPP

function openUnnamed(folder: Fd): Fd | number {
  const fd = openAt(folder, '.', FLAGS | O_TMPFILE, MODE_AT_FIRST)
  // EPERM is what a folder that was removed meanwhile gives: the other way then tells what is wrong.
  if (fd === -EISDIR || fd === -EINVAL || fd === -EPERM) return NO_SUCH_FILES
  if (fd < 0) return fd
  // Its only way to a name goes through proc(5).
  if (statAt(AT_FDCWD, linkOf(fd), AT_SYMLINK_NOFOLLOW, status) === 0) return fd
  close(fd)
  return NO_SUCH_FILES
}

function linkOf(fd: Fd): string {
  return `/proc/self/fd/${fd}`
}

const status = newStatus()

export class NewFile {
  sizeBytes = 0
  /** In which it is, with or without a name. */
  readonly folder: Folder
  private readonly file: OpenFile
  /** null: it has none. */
  private hidden: string | null
  private isOver = false

  constructor(folder: Folder, fd: Fd, hidden: string | null) {
    this.folder = folder
    this.file = new OpenFile(fd)
    this.hidden = hidden
  }

  /** @returns 0 with `out` filled, or `-errno`; it stays what it is when the file gets its name */
  status(out: FileStatus): number {
    return fstat(this.file.fd, out)
  }

  /** For whoever fills it otherwise than by `write`; valid until the end. */
  get fd(): Fd {
    return this.file.fd
  }

  /** @returns 0 or `-errno`; after a failure there is nothing to do but `discard` */
  write(bytes: Uint8Array): number {
    const failed = this.file.write(bytes, this.sizeBytes)
    if (failed === 0) this.sizeBytes += bytes.length
    return failed
  }

  /** @param seconds since 1970, of the last change, in place of the moment of writing */
  setModified(seconds: number): number {
    return setModified(this.file.fd, seconds)
  }

  /**
   * @param name without a slash @param folder in which it is to be, of the same file system; it stays the caller's
   * @returns CREATED or REPLACED: the file is there, and closed; or `-errno`
   */
  commit(name: string, ifThere: IfThere, folder: Folder = this.folder): number {
    if (name.includes('\0')) return -EINVAL
    const r =
      this.hidden === null
        ? this.link(folder, name, ifThere)
        : this.rename(this.hidden, folder, name, ifThere)
    if (r >= 0) this.end()
    return r
  }

  discard(): void {
    if (this.isOver) return
    if (this.hidden !== null) this.folder.remove(this.hidden)
    this.end()
  }

  private end(): void {
    this.isOver = true
    this.file.release()
    this.folder.close()
  }

  private link(folder: Folder, name: string, ifThere: IfThere): number {
    const linked = linkAt(AT_FDCWD, linkOf(this.fd), folder.fd, name, AT_SYMLINK_FOLLOW)
    if (linked !== -EEXIST || ifThere === KEEP) return linked
    const hidden = hiddenName()
    const again = linkAt(AT_FDCWD, linkOf(this.fd), folder.fd, hidden, AT_SYMLINK_FOLLOW)
    if (again < 0) return again
    const renamed = folder.rename(hidden, folder, name)
    if (renamed === 0) return REPLACED
    folder.remove(hidden)
    return renamed
  }

  private rename(hidden: string, folder: Folder, name: string, ifThere: IfThere): number {
    if (ifThere === KEEP) return this.linkHidden(hidden, folder, name)
    const before = folder.status(name, status)
    const renamed = this.folder.rename(hidden, folder, name)
    if (renamed < 0) return renamed
    this.hidden = null
    return before === 0 ? REPLACED : CREATED
  }

  private linkHidden(hidden: string, folder: Folder, name: string): number {
    const linked = linkAt(this.folder.fd, hidden, folder.fd, name, 0)
    if (linked === 0) {
      this.folder.remove(hidden)
      this.hidden = null
    }
    if (linked !== -EPERM && linked !== -EOPNOTSUPP) return linked
    // A file system without links, such as FAT: between the look and the renaming another one may come, and is lost.
    if (folder.status(name, status) === 0) return -EEXIST
    return this.rename(hidden, folder, name, REPLACE)
  }
}

/**
 * What is refused when something is written, as a status. Where the folder is missing, it is 409 and not 404: what was asked for is to be
 * made, and its parent must be first (RFC 4918 §9.7.1).
 */
const STATUS_OF: ReadonlyMap<number, number> = new Map([
  [ENOSPC, 507],
  [EDQUOT, 507],
  [EFBIG, 413],
  [EACCES, 403],
  [EPERM, 403],
  [EROFS, 403],
  [ELOOP, 403],
  [EXDEV, 403],
  [ENOENT, 409],
  [ENOTDIR, 409],
  [EISDIR, 409],
  [EEXIST, 409],
  [ENOTEMPTY, 409],
  [EBUSY, 409],
  [EMLINK, 507],
  [ENAMETOOLONG, 414],
  [EMFILE, 503],
  [ENFILE, 503],
])

/** @param errno an errno, or a `-errno` result */
export function statusForWriting(errno: number): number {
  return STATUS_OF.get(Math.abs(errno)) ?? 500
}
