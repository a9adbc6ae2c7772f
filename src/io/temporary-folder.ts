/**
 * A folder for what is in the way only for a while: contents of requests, answers of programs that come faster than they leave.
 *
 *   const folder = new TemporaryFolder('/var/cache/veille/body', [1, 2])
 *   folder.make(uid)               at the start, with the rights of whoever starts the server: 0, or what failed
 *   folder.open()                  a file without a name, of which nothing is left when it is closed
 *   folder.openNamed()             one that others are to find: `…/body/7/45/0000123457`
 *   folder.remove(path)            and not any more
 *
 * Names are nginx's: ten digits, below folders that are named by the last ones (`levels`), which are made as they are needed. A file
 * has no name (O_TMPFILE) or loses it at once, so that not even a server that is killed leaves any behind.
 */

import { randomInt } from 'node:crypto'
import { EEXIST, EINVAL, EISDIR, ENOENT, EOPNOTSUPP } from '../errno.ts'
import { AT_FDCWD, O_CLOEXEC, O_CREAT, O_EXCL, O_NOCTTY, O_RDWR, O_TMPFILE } from '../sys/constants.ts'
import { chmod, chownUser, type Fd, mkdirAt, open, statAt, unlink } from '../sys/libc.ts'
import { newStatus, OpenFile } from './file.ts'

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
const FLAGS = O_RDWR | O_CLOEXEC | O_NOCTTY

/** Ten digits are as many as nginx writes, of 32 bits. */
const NUMBERS = 2 ** 32
/** Two processes may have drawn the same number; not so often in a row. */
const MOST_TRIES = 100

/** What the kernel has refused, in nginx's words: `mkdir() "/a/b" failed`. */
export interface FolderFailure {
  readonly words: string
  /** `-errno` */
  readonly errno: number
}

export interface NamedFile {
  readonly file: OpenFile
  readonly path: string
}

export class TemporaryFolder {
  /** Absolute, without a slash at its end. */
  readonly path: string
  /** How many digits each folder on the way takes of the name, from its end. */
  readonly levels: readonly number[]
  private next = randomInt(NUMBERS)

  constructor(path: string, levels: readonly number[]) {
    this.path = path
    this.levels = levels
  }

  /**
   * Makes it, unless it is there, for its owner alone.
   * @param uid who is to own it; null: whoever makes it
   */
  make(uid: number | null): FolderFailure | null {
    const { path } = this
    const made = mkdirAt(AT_FDCWD, path, FOLDER_MODE)
    if (made < 0 && made !== -EEXIST) return { words: `mkdir() "${path}" failed`, errno: made }
    if (uid === null) return null
    const status = newStatus()
    const seen = statAt(AT_FDCWD, path, 0, status)
    if (seen < 0) return { words: `stat() "${path}" failed`, errno: seen }
    const given = status.uid === uid ? 0 : chownUser(path, uid)
    if (given < 0) return { words: `chown("${path}", ${uid}) failed`, errno: given }
    const opened = (status.mode & FOLDER_MODE) === FOLDER_MODE ? 0 : chmod(path, status.mode | FOLDER_MODE)
    return opened < 0 ? { words: `chmod() "${path}" failed`, errno: opened } : null
  }

  /** @returns a file of size 0, or `-errno` */
  open(): OpenFile | number {
    const fd = open(this.path, FLAGS | O_TMPFILE, FILE_MODE)
    if (fd >= 0) return new OpenFile(fd)
    // Not every file system has them; before Linux 3.11 the flag means a directory.
    if (fd !== -EOPNOTSUPP && fd !== -EISDIR && fd !== -EINVAL) return fd
    const named = this.openNamed()
    if (typeof named === 'number') return named
    unlink(named.path)
    return named.file
  }

  /** @returns a file of size 0 with a name that nothing else has, or `-errno` */
  openNamed(): NamedFile | number {
    let r: number = -EEXIST
    for (let tries = 0; tries < MOST_TRIES && r === -EEXIST; tries++) {
      const path = this.nextPath()
      r = this.openNew(path)
      if (r >= 0) return { file: new OpenFile(r), path }
    }
    return r
  }

  /** Of a file that `openNamed` gave. */
  remove(path: string): number {
    return unlink(path)
  }

  private openNew(path: string): Fd | number {
    const fd = open(path, FLAGS | O_CREAT | O_EXCL, FILE_MODE)
    if (fd !== -ENOENT || this.levels.length === 0) return fd
    this.makeLevels(path)
    return open(path, FLAGS | O_CREAT | O_EXCL, FILE_MODE)
  }

  /** @returns `…/7/45/0000123457` for the levels 1 and 2 */
  private nextPath(): string {
    this.next = (this.next + 1) % NUMBERS
    const name = String(this.next).padStart(10, '0')
    let path = this.path
    let end = name.length
    for (const digits of this.levels) {
      path += `/${name.slice(end - digits, end)}`
      end -= digits
    }
    return `${path}/${name}`
  }

  /** What is there already stays; what cannot be made is told by the opening that follows. */
  private makeLevels(path: string): void {
    for (let at = this.path.length + 1; ; at++) {
      at = path.indexOf('/', at)
      if (at < 0) return
      mkdirAt(AT_FDCWD, path.slice(0, at), FOLDER_MODE)
    }
  }
}
