/**
 * COPY and MOVE (RFC 4918 §9.8, §9.9) of files and of directories with all that is in them.
 *
 * What arrives at the destination is complete when it appears: a copy is made under a hidden name beside it, and what was there before is
 * put aside in the same moment. Large trees are copied and removed by Node's threads (`io/tree.ts`), and the loop goes on meanwhile. To
 * another file system things are moved by copying them, as mv(1) does.
 */

import { promises as fs } from 'node:fs'
import { ENOENT, EXDEV, errnoForLog } from '../errno.ts'
import { evaluate, PROCEED } from '../http/conditions.ts'
import { escapePath } from '../http/escapes.ts'
import { type FileStatus, isDirectory, newStatus } from '../io/file.ts'
import { type Folder, openFolder } from '../io/folder.ts'
import { hiddenName, KEEP, NewFile, newFile, REPLACE } from '../io/new-file.ts'
import { openPath } from '../io/path-files.ts'
import { copyTree, errnoOf, removeTree } from '../io/tree.ts'
import type { Exchange } from '../server/exchange.ts'
import { HANDLED, type Outcome } from '../server/module.ts'
import { locationText } from './redirect-location.ts'
import { refuse, refuseWriting, statusForLook, validatorsOf, type WritePlace } from './write-place.ts'

export interface Transfer {
  readonly source: WritePlace
  readonly target: WritePlace
  /** Decoded: where the answer says that it is now. */
  readonly targetPath: string
  readonly overwrites: boolean
  /** With all members: COPY may be told otherwise. */
  readonly isDeep: boolean
}

export function transfer(x: Exchange, rules: Transfer): Outcome {
  const { source, target } = rules
  const from = openFolder(source.folder, source.symlinks)
  if (typeof from === 'number') return refuseWriting(x, 'lstat', source.path, from, statusForLook(from))
  const to = openFolder(target.folder, target.symlinks)
  if (typeof to === 'number') {
    from.close()
    return refuseWriting(x, 'open', target.path, to)
  }
  const work = new Work(x, rules, from, to)
  const goesOn = work.begin()
  if (!goesOn) work.close()
  else {
    void work
      .run()
      .catch((error: unknown) => x.crash(error))
      .finally(() => work.close())
  }
  return HANDLED
}

class Work {
  private readonly x: Exchange
  private readonly rules: Transfer
  private readonly from: Folder
  private readonly to: Folder
  private readonly source = newStatus()
  private readonly target = newStatus()
  private isReplacing = false

  constructor(x: Exchange, rules: Transfer, from: Folder, to: Folder) {
    this.x = x
    this.rules = rules
    this.from = from
    this.to = to
  }

  close(): void {
    this.from.close()
    this.to.close()
  }

  /** @returns false when it was refused */
  begin(): boolean {
    const { source, target } = this.rules
    const seen = this.from.status(source.name, this.source)
    this.isReplacing = this.to.status(target.name, this.target) === 0
    if (seen < 0) refuseWriting(this.x, 'lstat', source.path, seen, statusForLook(seen))
    else if (this.isRefused()) return false
    else return true
    return false
  }

  private isRefused(): boolean {
    const { x, rules, isReplacing } = this
    const { source, target, overwrites } = rules
    const isFolder = isDirectory(this.source)
    const isOnFolder = isReplacing && isDirectory(this.target)
    if (isFolder && !source.isCollection) refuse(x, 400, `"${x.path}" is collection`)
    else if (!isFolder && source.isCollection) refuse(x, 404, `"${x.path}" is no collection`)
    else if (isOnFolder && !target.isCollection) {
      refuse(x, 409, `"${x.path}" could not be ${x.method}ed to collection "${rules.targetPath}"`)
    } else if (isReplacing && !isOnFolder && target.isCollection) {
      refuse(x, 409, `"${rules.targetPath}" is no collection`)
    } else if (isReplacing && !overwrites)
      refuse(x, 412, `"${target.path}" could not be created, it is there`)
    else if (isWithin(source.path, target.path) || isWithin(target.path, source.path)) {
      refuse(x, 403, `"${x.path}" cannot be ${x.method}ed to "${rules.targetPath}"`, WITHIN)
    } else {
      const verdict = evaluate(x.fields, x.method, validatorsOf(this.source))
      if (verdict === PROCEED) return false
      x.fail(verdict)
    }
    return true
  }

  async run(): Promise<void> {
    const { x, rules } = this
    const failed = await this.move()
    if (failed < 0) {
      refuseWriting(x, x.method === 'MOVE' ? 'rename' : 'copy', rules.target.path, failed)
      return
    }
    if (!this.isReplacing) x.setField('Location', locationText(x, escapePath(rules.targetPath)))
    x.answer(this.isReplacing ? 204 : 201, null)
  }

  /** @returns 0 or `-errno` */
  private async move(): Promise<number> {
    const { x, rules } = this
    const { name } = rules.source
    if (x.method !== 'MOVE') return this.copy()
    if (isSame(this.source, this.target) && this.isReplacing && !isDirectory(this.source)) {
      // Two names of one file: rename(2) would leave both.
      return this.from.remove(name)
    }
    const moved = await this.settle(this.from, name)
    if (moved !== -EXDEV) return moved
    const copied = await this.copy()
    return copied < 0 ? copied : attempt(() => removeTree(this.from.fd, name))
  }

  private async copy(): Promise<number> {
    if (!isDirectory(this.source)) return this.copyFile()
    const { source, isDeep } = this.rules
    const hidden = hiddenName()
    const copied = await attempt(() => copyTree(this.from.fd, source.name, this.to.fd, hidden, isDeep))
    const settled = copied < 0 ? copied : await this.settle(this.to, hidden)
    if (settled < 0) await this.drop(hidden)
    return settled
  }

  /** What a link leads to is copied, as it would be served. */
  private async copyFile(): Promise<number> {
    const { source, target, overwrites } = this.rules
    const status = newStatus()
    const opened = openPath(source.path, status, source.symlinks)
    if (typeof opened === 'number') return opened
    const folder = this.to.again()
    const file = typeof folder === 'number' ? folder : newFile(folder, 0o600)
    try {
      if (!(file instanceof NewFile)) return file
      const copied = await attempt(() => fs.copyFile(linkOf(opened.fd), linkOf(file.fd)))
      if (copied < 0) return copied
      file.setModified(status.modifiedSeconds)
      return Math.min(0, file.commit(target.name, overwrites ? REPLACE : KEEP))
    } finally {
      if (file instanceof NewFile) file.discard()
      opened.release()
    }
  }

  /** What is complete gets its name; what had it before is put aside first, and back if that fails. */
  private async settle(folder: Folder, name: string): Promise<number> {
    const { to } = this
    const { target } = this.rules
    const isAside = this.isReplacing && (isDirectory(this.target) || isDirectory(this.source))
    const aside = hiddenName()
    const put = isAside ? to.rename(target.name, to, aside) : 0
    if (put < 0) return put
    const renamed = folder.rename(name, to, target.name)
    if (renamed < 0 && isAside) to.rename(aside, to, target.name)
    if (renamed === 0 && isAside) await this.drop(aside)
    return renamed
  }

  /** The answer does not depend on it: nobody can ask for a hidden name. */
  private async drop(hidden: string): Promise<void> {
    const failed = await attempt(() => removeTree(this.to.fd, hidden))
    if (failed < 0 && failed !== -ENOENT) {
      this.x.log.crit(`"${this.rules.target.folder}/${hidden}" could not be removed ${errnoForLog(failed)}`)
    }
  }
}

const WITHIN = 'One of the two lies within the other.'

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}/`)
}

function isSame(a: FileStatus, b: FileStatus): boolean {
  return a.ino === b.ino && a.dev === b.dev
}

function linkOf(fd: number): string {
  return `/proc/self/fd/${fd}`
}

/** @returns 0, or the `-errno` of what was thrown */
async function attempt(work: () => Promise<void>): Promise<number> {
  try {
    await work()
    return 0
  } catch (error) {
    return errnoOf(error)
  }
}
