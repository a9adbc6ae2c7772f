/**
 * Files to be served: opened below a directory that they cannot leave, and shared by everybody who is sending them.
 *
 *   const root = openDirectory('/srv/site')
 *   root.open('a/b.html', status)        an `OpenFile`, or `-errno`
 *   file.retain() / file.release()       the descriptor is closed with its last user
 *
 * A name that leads out of the directory (through a symbolic link) is refused with `-EXDEV`, also when the link was put there
 * a moment ago: the kernel decides while it opens (openat2(2)). Only regular files and directories are ever opened, and with
 * O_NONBLOCK, so that a FIFO or a device that takes a file's place cannot hold the loop.
 */

import { EACCES, EAGAIN, EINVAL, EISDIR, ENOENT, ENOSYS, EPERM, EXDEV } from '../errno.ts'
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
} from '../sys/constants.ts'
import {
  close,
  type Fd,
  type FileStatus,
  fstat,
  open,
  openBeneath,
  pread,
  pwrite,
  readlink,
  statAt,
} from '../sys/libc.ts'

export type { FileStatus } from '../sys/libc.ts'

export function newStatus(): FileStatus {
  return { mode: 0, sizeBytes: 0, modifiedSeconds: 0, modifiedNanoseconds: 0, ino: 0, uid: 0, dev: 0 }
}

export function isRegularFile(status: FileStatus): boolean {
  return (status.mode & S_IFMT) === S_IFREG
}

export function isDirectory(status: FileStatus): boolean {
  return (status.mode & S_IFMT) === S_IFDIR
}

/** The same file, not touched since: what is compared to trust what is remembered of it. */
export function isUnchanged(a: FileStatus, b: FileStatus): boolean {
  return (
    a.ino === b.ino &&
    a.modifiedSeconds === b.modifiedSeconds &&
    a.modifiedNanoseconds === b.modifiedNanoseconds &&
    a.sizeBytes === b.sizeBytes &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.dev === b.dev
  )
}

/** A descriptor of a regular file, and how many hold it. Starts with one user. */
export class OpenFile {
  readonly fd: Fd
  private users = 1

  constructor(fd: Fd) {
    this.fd = fd
  }

  retain(): this {
    this.users++
    return this
  }

  release(): void {
    if (--this.users === 0) close(this.fd)
  }

  /** @returns the bytes from the file's start, perhaps fewer than asked when it has shrunk; or `-errno` */
  read(sizeBytes: number): Buffer | number {
    const bytes = Buffer.allocUnsafeSlow(sizeBytes)
    let at = 0
    while (at < sizeBytes) {
      const n = pread(this.fd, bytes.subarray(at), at)
      if (n < 0) return n
      if (n === 0) break
      at += n
    }
    return bytes.subarray(0, at)
  }

  /** Fills `buffer` from `offset` on. @returns how many bytes there were, 0 behind the end; or `-errno` */
  readInto(buffer: Uint8Array, offset: number): number {
    return pread(this.fd, buffer, offset)
  }

  /** Writes all of `bytes` at `offset`, of a file that was opened for that. @returns 0 or `-errno`: then some of them may be there */
  write(bytes: Uint8Array, offset: number): number {
    let at = 0
    while (at < bytes.length) {
      const n = pwrite(this.fd, bytes.subarray(at), offset + at)
      if (n < 0) return n
      at += n
    }
    return 0
  }
}

/** Where files come from: a directory that they cannot leave, or the paths of this machine (`path-files.ts`). */
export interface FileSource {
  /** @returns 0 with `out` filled for whatever stands there, or `-errno` */
  status(name: string, out: FileStatus): number
  /** @returns a regular file, or `-errno`: `-EISDIR` for a directory, `-EACCES` for everything that is neither */
  open(name: string, out: FileStatus): OpenFile | number
}

/** For whoever opens what may have become something else meanwhile: never with an effect, and never waiting. */
export const OPEN_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
const linkTarget = Buffer.alloc(4096)

/** @param fd just opened, or `-errno` @returns the file; what is no regular one is closed again */
export function openedFile(fd: Fd, out: FileStatus): OpenFile | number {
  if (fd < 0) return fd
  const r = fstat(fd, out)
  if (r === 0 && isRegularFile(out)) return new OpenFile(fd)
  close(fd)
  return r < 0 ? r : -EACCES
}

export class Directory implements FileSource {
  /** Absolute, without symbolic links. */
  readonly path: string
  private readonly fd: Fd
  private readonly followsLinks: boolean

  constructor(fd: Fd, path: string, followsLinks: boolean) {
    this.fd = fd
    this.path = path
    this.followsLinks = followsLinks
  }

  /**
   * Looks at `name` without opening it; a link counts as what it leads to.
   * @param name relative, `''` for the directory itself; a name with a NUL cannot exist
   * @returns 0, or `-errno`; `-EXDEV` when it lies outside
   */
  status(name: string, out: FileStatus): number {
    if (name === '') return fstat(this.fd, out)
    if (name.includes('\0')) return -ENOENT
    const fd = this.openAny(name, O_PATH | O_CLOEXEC)
    if (fd < 0) return fd
    const r = fstat(fd, out)
    close(fd)
    return r
  }

  /**
   * Opens a regular file.
   * @param out filled for whatever stands there
   * @returns the file, or `-errno`: `-EISDIR` for a directory, `-EACCES` for everything that is neither, `-EXDEV` outside
   */
  open(name: string, out: FileStatus): OpenFile | number {
    // C would read the name up to the NUL only.
    if (name.includes('\0')) return -ENOENT
    // The kind is asked first: opening a device can do things (a tape drive rewinds).
    const looked = name === '' ? fstat(this.fd, out) : statAt(this.fd, name, 0, out)
    if (looked < 0) return looked
    if (isDirectory(out)) return this.status(name, out) < 0 ? -EXDEV : -EISDIR
    if (!isRegularFile(out)) return -EACCES
    return openedFile(this.openAny(name, OPEN_FLAGS), out)
  }

  release(): void {
    close(this.fd)
  }

  private openAny(name: string, flags: number): number {
    const path = name === '' ? '.' : name
    if (this.followsLinks) return open(`${this.path}/${path}`, flags)
    const fd = openBeneath(this.fd, path, flags)
    // An absolute link may lead back inside, which RESOLVE_BENEATH does not look at; before Linux 5.6, and in sandboxes that
    // forbid openat2, the place of what was opened is compared instead.
    if (fd === -EXDEV || fd === -ENOSYS || fd === -EPERM || fd === -EAGAIN || fd === -EINVAL) {
      return this.openAndCompare(path, flags)
    }
    return fd
  }

  /** Opens with O_PATH, which has no effect on what is opened, asks the kernel where that is, then opens it again by its descriptor. */
  private openAndCompare(name: string, flags: number): number {
    const root = linkOf(this.fd)
    const reference = open(`${root}/${name}`, O_PATH | O_CLOEXEC)
    if (reference < 0) return reference
    const link = linkOf(reference)
    const fd = isBelow(placeOf(link), placeOf(root)) ? open(link, flags) : -EXDEV
    close(reference)
    return fd
  }
}

/** A link to whatever `fd` has open, wherever that has been moved to (proc(5)). */
function linkOf(fd: Fd): string {
  return `/proc/self/fd/${fd}`
}

/** @returns where `link` leads; '' when it cannot be asked, as without /proc */
function placeOf(link: string): string {
  const n = readlink(link, linkTarget)
  return n < 0 ? '' : linkTarget.toString('utf8', 0, n)
}

function isBelow(place: string, root: string): boolean {
  return root !== '' && (place === root || place.startsWith(root === '/' ? '/' : `${root}/`))
}

/**
 * @param followsLinks whether symbolic links may lead out of the directory
 * @returns the directory, or `-errno`
 */
export function openDirectory(path: string, followsLinks = false): Directory | number {
  const fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)
  if (fd < 0) return fd
  return new Directory(fd, placeOf(linkOf(fd)) || path, followsLinks)
}

/** Stats a path of the process, not below any directory. @returns 0 or `-errno` */
export function statusOf(path: string, out: FileStatus): number {
  return statAt(AT_FDCWD, path, 0, out)
}
