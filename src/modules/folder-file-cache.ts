/**
 * Files as they are served: opened, or read when they are small, with the fields that belong to them, and remembered.
 *
 *   const cache = new FileCache(directory, precompressed)
 *   cache.lookUp('a/b.html', now)        a `CachedFile`, or `-errno`
 *   cache.close()                        gives everything back
 *
 * What is remembered is believed for VALID_MS, also that a name is not there; then the file system is asked again, so a change is
 * seen within a second. Up to MOST_FILES are kept, the least recently checked go first. Files of at most IN_MEMORY_BYTES are held
 * as bytes and need no descriptor; larger ones are held open.
 *
 * `name.br`, `name.zst` and `name.gz` beside a file are the same file in another content coding.
 */

import { EMFILE, ENFILE, ENOENT, ENOMEM } from '../errno.ts'
import { mediaTypeOf } from '../http/media-types.ts'
import { BY_SIZE } from '../http/negotiation.ts'
import {
  type Directory,
  type FileStatus,
  isRegularFile,
  isUnchanged,
  newStatus,
  type OpenFile,
} from '../io/file.ts'
import { Representation, StoredFile } from './representation.ts'

/** nginx's `open_file_cache_valid` is a minute; a second is as cheap, and nobody waits for it. */
export const VALID_MS = 1000
const MOST_FILES = 1024
/**
 * Up to here a copy costs less than a second call, sendfile(2), which copies nothing. An answer of 64 KiB from memory costs 19.6 µs of CPU, with
 * sendfile 15.3; at 24 KiB there is no difference (bench/run.ts, Linux 6.18, November 2026).
 */
export const IN_MEMORY_BYTES = 16 * 1024
const MOST_MEMORY_BYTES = 32 * 1024 * 1024

/** The ending of a file in a content coding. */
const ENDINGS: Readonly<Record<string, string>> = { br: '.br', zstd: '.zst', gzip: '.gz' }

export interface CachedFile {
  readonly identity: Representation
  /** In other content codings, the smallest first. */
  readonly encoded: readonly Representation[]
  readonly codings: readonly string[]
}

interface Entry extends CachedFile {
  checkedAt: number
}

export class FileCache {
  private readonly directory: Directory
  private readonly precompressed: boolean
  private readonly entries = new Map<string, Entry>()
  /** Names that were not there, and when that was seen. */
  private readonly absent = new Map<string, number>()
  private memoryBytes = 0

  constructor(directory: Directory, precompressed: boolean) {
    this.directory = directory
    this.precompressed = precompressed
  }

  /**
   * @param name relative to the directory
   * @param now of the loop's clock, in milliseconds
   * @returns the file, or `-errno`: see `Directory.open`
   */
  lookUp(name: string, now: number): CachedFile | number {
    const entry = this.entries.get(name)
    if (entry !== undefined && now - entry.checkedAt < VALID_MS) return entry
    if (entry === undefined && now - (this.absent.get(name) ?? Number.NEGATIVE_INFINITY) < VALID_MS)
      return -ENOENT
    return this.check(name, entry, now)
  }

  close(): void {
    for (const name of [...this.entries.keys()]) this.forget(name)
  }

  private check(name: string, known: Entry | undefined, now: number): CachedFile | number {
    const mediaType = mediaTypeOf(name)
    const looked = this.directory.status(name, newStatus())
    if (looked < 0) {
      if (known !== undefined && isWant(looked)) return known
      this.forget(name)
      if (looked === -ENOENT) this.rememberAbsence(name, now)
      return looked
    }
    const codings = this.precompressed ? BY_SIZE.filter(coding => this.exists(name + ENDINGS[coding]!)) : []
    const varies = codings.length > 0
    // A neighbour that comes or goes changes `Vary`, which is among the lines that are kept.
    const old = known !== undefined && known.codings.join() === codings.join() ? known : undefined
    const identity = this.represent(name, mediaType, null, old?.identity, varies)
    if (typeof identity === 'number') {
      if (known !== undefined && isWant(identity)) return known
      this.forget(name)
      return identity
    }
    const encoded: Representation[] = []
    for (const coding of codings) {
      const before = old?.encoded.find(r => r.coding === coding)
      const variant = this.represent(name + ENDINGS[coding]!, mediaType, coding, before, true)
      if (typeof variant !== 'number') encoded.push(variant)
    }
    return this.remember(name, { identity, encoded, codings: encoded.map(r => r.coding!), checkedAt: now })
  }

  /** Whoever asks for many names that are not there pushes out others of them, never a file. */
  private rememberAbsence(name: string, now: number): void {
    if (this.absent.size >= MOST_FILES) this.absent.clear()
    this.absent.set(name, now)
  }

  private exists(name: string): boolean {
    const status = newStatus()
    return this.directory.status(name, status) === 0 && isRegularFile(status)
  }

  /** @param before is handed out again, retained, when the file has not changed */
  private represent(
    name: string,
    mediaType: string,
    coding: string | null,
    before: Representation | undefined,
    varies: boolean,
  ): Representation | number {
    const status = newStatus()
    if (
      before !== undefined &&
      this.directory.status(name, status) === 0 &&
      isUnchanged(before.stored.status, status)
    ) {
      before.stored.file?.retain()
      return before
    }
    const file = this.directory.open(name, status)
    if (typeof file === 'number') return file
    const stored = store(file, status)
    if (typeof stored === 'number') return stored
    return new Representation(stored, { mediaType, coding, varies, hasEtag: true, takesRanges: true })
  }

  private remember(name: string, entry: Entry): Entry {
    this.forget(name)
    this.entries.set(name, entry)
    this.memoryBytes += memoryOf(entry)
    while (
      this.entries.size > MOST_FILES ||
      (this.memoryBytes > MOST_MEMORY_BYTES && this.entries.size > 1)
    ) {
      this.forget(this.entries.keys().next().value!)
    }
    return entry
  }

  private forget(name: string): void {
    const entry = this.entries.get(name)
    if (entry === undefined) return
    this.entries.delete(name)
    this.memoryBytes -= memoryOf(entry)
    for (const representation of [entry.identity, ...entry.encoded]) representation.stored.file?.release()
  }
}

/** @param file is kept, or given back when its bytes are @returns `-errno` when it cannot be read */
export function store(file: OpenFile, status: FileStatus): StoredFile | number {
  if (status.sizeBytes > IN_MEMORY_BYTES) return new StoredFile(status, file)
  const content = file.read(status.sizeBytes)
  file.release()
  return typeof content === 'number' ? content : new StoredFile(status, content)
}

/** The file may be as it was: we just cannot look, for want of descriptors or memory. What is known goes on being served. */
function isWant(result: number): boolean {
  return result === -EMFILE || result === -ENFILE || result === -ENOMEM
}

function memoryOf(entry: Entry): number {
  return [entry.identity, ...entry.encoded].reduce((sum, r) => sum + (r.stored.content?.length ?? 0), 0)
}
