/**
 * The files of one upload: written as they come, and there all at once or not at all.
 *
 *   const files = new UploadFiles(path, folder, rules)
 *   files.begin('photo.jpg')      a file, or `-errno`
 *   files.write(bytes)            0, or `-errno`
 *   files.commit()                what they are called now, or `-errno`: then none of them is there
 *   files.discard()               none is left; after `commit` it does nothing
 *
 * A name that is taken gets a number, `photo-1.jpg`, or what has it is replaced, if that is allowed. Of two files of one name in the same upload,
 * the second gets a number in any case.
 */

import { randomBytes } from 'node:crypto'
import { EEXIST, EMFILE } from '../errno.ts'
import { numberedName, safeName } from '../http/safe-name.ts'
import type { Folder } from '../io/folder.ts'
import { CREATED, KEEP, type NewFile, newFile, REPLACE } from '../io/new-file.ts'

export interface UploadRules {
  /** Permission bits of the files. */
  readonly mode: number
  readonly overwrites: boolean
}

export interface Uploaded {
  readonly name: string
  readonly sizeBytes: number
  /** Nothing had this name before. */
  readonly isNew: boolean
}

/** Each holds a descriptor until the last one is complete. */
const MOST_FILES = 100
/** Then a random name ends the search: a folder with a thousand photo-….jpg is asked a thousand times for nothing. */
const MOST_NUMBERS = 1000

interface Begun {
  readonly wanted: string
  readonly file: NewFile
}

export class UploadFiles {
  /** Of the folder, for the log. */
  readonly path: string
  private readonly folder: Folder
  private readonly rules: UploadRules
  private readonly begun: Begun[] = []
  private isOver = false

  /** @param folder is closed at the end */
  constructor(path: string, folder: Folder, rules: UploadRules) {
    this.path = path
    this.folder = folder
    this.rules = rules
  }

  get count(): number {
    return this.begun.length
  }

  /** One upload has no more files than this. */
  get isFull(): boolean {
    return this.begun.length === MOST_FILES
  }

  /** @param name as somebody sent it @returns 0 or `-errno` */
  begin(name: string): number {
    if (this.isFull) return -EMFILE
    const file = newFile(this.folder.retain(), this.rules.mode)
    if (typeof file === 'number') return file
    this.begun.push({ wanted: safeName(name) || generatedName(), file })
    return 0
  }

  /** To the file that was begun last. */
  write(bytes: Buffer): number {
    return this.begun.at(-1)!.file.write(bytes)
  }

  commit(): Uploaded[] | number {
    const done: Uploaded[] = []
    for (const { wanted, file } of this.begun) {
      const { sizeBytes } = file
      const named = this.nameFor(wanted, file, done)
      if (typeof named === 'number') {
        // What has replaced another file stays: that one is gone.
        for (const { name, isNew } of done) if (isNew) this.folder.remove(name)
        this.discard()
        return named
      }
      done.push({ ...named, sizeBytes })
    }
    this.discard()
    return done
  }

  discard(): void {
    if (this.isOver) return
    this.isOver = true
    for (const { file } of this.begun) file.discard()
    this.folder.close()
  }

  private nameFor(
    wanted: string,
    file: NewFile,
    done: readonly Uploaded[],
  ): { name: string; isNew: boolean } | number {
    const mayReplace = this.rules.overwrites && !done.some(({ name }) => name === wanted)
    const result = file.commit(wanted, mayReplace ? REPLACE : KEEP)
    if (result >= 0) return { name: wanted, isNew: result === CREATED }
    if (result !== -EEXIST) return result
    for (let number = 1; number <= MOST_NUMBERS; number++) {
      const name = numberedName(wanted, number)
      const again = file.commit(name, KEEP)
      if (again !== -EEXIST) return again < 0 ? again : { name, isNew: true }
    }
    const name = generatedName()
    const last = file.commit(name, KEEP)
    return last < 0 ? last : { name, isNew: true }
  }
}

/** For what has no name: nobody can guess it, and nothing has it. */
export function generatedName(): string {
  return `upload-${randomBytes(8).toString('hex')}`
}
