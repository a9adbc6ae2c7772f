/**
 * Files by their paths, as a configuration names them, and what is remembered of them.
 *
 *   const files = new OpenFiles(NO_CACHE, source)
 *   files.kindOf('/srv/a.html', now)       REGULAR, DIRECTORY or OTHER, or `-errno`
 *   const found = files.open('/srv/a.html', now)
 *   found.as(description)                  its `Representation`
 *   found.release()                        when it has been sent
 *
 * Without `open_file_cache` every request asks the file system (one statx(2)), so a change is seen at once; the bytes of small files
 * are kept all the same, for as long as they are those of the file. With it, what was seen is believed for `validMs`, errors too if
 * wanted, and files that are used stay open.
 */

import { EISDIR, ENOENT } from '../errno.ts'
import {
  type FileSource,
  type FileStatus,
  isDirectory,
  isRegularFile,
  isUnchanged,
  newStatus,
} from '../io/file.ts'
import { store } from './folder-file-cache.ts'
import { type Description, Representation, type StoredFile } from './representation.ts'

/** What `open_file_cache` and its like say. */
export interface Remembering {
  /** More are forgotten, the least used first. */
  readonly mostFiles: number
  /** Without use for so long, a file is forgotten. */
  readonly inactiveMs: number
  /** So long the file system is not asked again. */
  readonly validMs: number
  /** Files that are used less often are not held open. */
  readonly leastUses: number
  readonly remembersErrors: boolean
}

/** `open_file_cache off`: nothing is believed, and nothing is held open. */
export const NO_CACHE: Remembering = {
  mostFiles: 4096,
  inactiveMs: 60_000,
  validMs: 0,
  leastUses: Number.POSITIVE_INFINITY,
  remembersErrors: false,
}

export const REGULAR = 0
export const DIRECTORY = 1
/** A device, a FIFO, a socket: never opened. */
export const OTHER = 2
export type Kind = typeof REGULAR | typeof DIRECTORY | typeof OTHER

/** What `open` says of the last kind; outside the range of errno. */
export const NO_REGULAR_FILE = -4097

const MOST_MEMORY_BYTES = 32 * 1024 * 1024
/** How many of those that were used lately are spared before one is forgotten all the same. */
const MOST_SPARED = 8
/** Clocks of file systems tick: a file that was changed this shortly before it was read may be changed again in the same tick. */
const TICK_MS = 20
/** Of a file system that keeps whole seconds, or every other one. */
const COARSE_TICK_MS = 2000

/** A regular file that may be sent. */
export class FoundFile {
  readonly stored: StoredFile
  /** Whoever holds it gives it back. */
  private readonly isHeld: boolean
  private last: Representation | null = null
  private lastDescription: Description | null = null

  constructor(stored: StoredFile, isHeld: boolean) {
    this.stored = stored
    this.isHeld = isHeld
  }

  /** @param description the same object each time, so that its lines are made once */
  as(description: Description): Representation {
    if (this.last === null || this.lastDescription !== description) {
      this.last = new Representation(this.stored, description)
      this.lastDescription = description
    }
    return this.last
  }

  release(): void {
    if (!this.isHeld) this.stored.file?.release()
  }
}

/** What is known of a path. */
class Known {
  /** `-errno`, and nothing is known of what stands there; or 0. */
  readonly error: number
  status: FileStatus
  readonly kind: Kind
  /** Of a regular file that is held. */
  found: FoundFile | null = null
  /** Read so shortly after a change that another one might not show. */
  isFresh = false
  checkedAt: number
  usedAt: number
  uses = 1
  /** Since it was last put behind the others. */
  isUsed = false

  constructor(error: number, status: FileStatus, now: number) {
    this.error = error
    this.status = status
    this.kind = isRegularFile(status) ? REGULAR : isDirectory(status) ? DIRECTORY : OTHER
    this.checkedAt = now
    this.usedAt = now
  }

  use(now: number): void {
    this.usedAt = now
    this.isUsed = true
    this.uses++
  }
}

const NOTHING = newStatus()

export class OpenFiles {
  private readonly remembering: Remembering
  private readonly source: FileSource
  /** The first ones are the next to be forgotten. */
  private readonly byPath = new Map<string, Known>()
  private memoryBytes = 0
  private readonly seen = newStatus()

  /** @param source names are whole paths there */
  constructor(remembering: Remembering, source: FileSource) {
    this.remembering = remembering
    this.source = source
  }

  /** @param now by the loop's clock @returns what stands there, or `-errno` */
  kindOf(path: string, now: number): Kind | number {
    const known = this.know(path, now)
    return known.error < 0 ? known.error : known.kind
  }

  /**
   * @returns the file, to be released before anything else is asked of here once it has been handed to the exchange; `-errno`,
   * also for a directory; or `NO_REGULAR_FILE`
   */
  open(path: string, now: number): FoundFile | number {
    const known = this.know(path, now)
    if (known.found !== null) return known.found
    if (known.error < 0) return known.error
    if (known.kind === DIRECTORY) return -EISDIR
    return known.kind === OTHER ? NO_REGULAR_FILE : this.take(path, known)
  }

  close(): void {
    for (const [path, known] of this.byPath) this.forget(path, known)
  }

  /** Asked twice at the same moment, the file system is asked once. */
  private know(path: string, now: number): Known {
    const known = this.byPath.get(path)
    if (known !== undefined) {
      known.use(now)
      if (now - known.checkedAt <= this.remembering.validMs) return known
    }
    // C would read the name up to the NUL only.
    const looked = path.includes('\0') ? -ENOENT : this.source.status(path, this.seen)
    if (known !== undefined && this.isAsBefore(known, looked)) {
      known.checkedAt = now
      return known
    }
    if (known !== undefined) this.forget(path, known)
    return this.remember(path, new Known(looked, looked < 0 ? NOTHING : { ...this.seen }, now))
  }

  private isAsBefore(known: Known, looked: number): boolean {
    if (looked < 0 || known.error < 0) return looked === known.error
    return !known.isFresh && isUnchanged(known.status, this.seen)
  }

  private remember(path: string, known: Known): Known {
    const { remembersErrors, validMs } = this.remembering
    const isWorthIt = known.error < 0 ? remembersErrors : known.kind === REGULAR || validMs > 0
    if (isWorthIt) {
      this.makeRoom(known.checkedAt)
      this.byPath.set(path, known)
    }
    return known
  }

  private take(path: string, known: Known): FoundFile | number {
    const status = newStatus()
    const file = this.source.open(path, status)
    if (typeof file === 'number') return file
    const stored = store(file, status)
    if (typeof stored === 'number') return stored
    const isHeld = stored.content !== null || known.uses >= this.remembering.leastUses
    const found = new FoundFile(stored, isHeld)
    if (isHeld) {
      known.status = status
      known.isFresh = isFresh(stored)
      known.found = found
      this.memoryBytes += bytesOf(known)
    }
    return found
  }

  private forget(path: string, known: Known): void {
    this.byPath.delete(path)
    this.memoryBytes -= bytesOf(known)
    known.found?.stored.file?.release()
  }

  /** Before one more comes. Of the first two, those go that were not used for long (as nginx looks at its oldest two). */
  private makeRoom(now: number): void {
    const { mostFiles, inactiveMs } = this.remembering
    let spared = 0
    let looks = 2
    for (const [path, known] of this.byPath) {
      const isFull = this.byPath.size >= mostFiles || this.memoryBytes > MOST_MEMORY_BYTES
      if (!isFull && looks-- <= 0) return
      if (known.isUsed && now - known.usedAt <= inactiveMs && (!isFull || spared++ < MOST_SPARED)) {
        known.isUsed = false
        this.byPath.delete(path)
        this.byPath.set(path, known)
      } else if (isFull || now - known.usedAt > inactiveMs) this.forget(path, known)
    }
  }
}

function bytesOf({ found }: Known): number {
  return found?.stored.content?.length ?? 0
}

function isFresh({ modifiedMs, status }: StoredFile): boolean {
  const tickMs = status.modifiedNanoseconds === 0 ? COARSE_TICK_MS : TICK_MS
  return Date.now() - modifiedMs < tickMs
}
