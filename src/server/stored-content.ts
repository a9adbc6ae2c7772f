/**
 * The content of a request as a whole, for whoever wants to know its size first, or read it twice: in memory up to a size, and in a
 * temporary file beyond, so that memory stays flat whatever comes.
 *
 *   storeContent(x, store, content => { … })     calls back once, when all of it is there; answers by itself when it cannot be stored
 *   content.bytes                                 all of it, or null when it is in a file
 *   content.file, content.sizeBytes               that file, to be read from its start
 *   storedContentOf(x)                            what was stored for this exchange so far as it is complete, or null
 *
 * It is given back with the end of the exchange by itself, whatever that is; `release` is for who wants that earlier. Another one who asks
 * for the content of the same exchange, perhaps after an error has led elsewhere, gets the same.
 *
 * The disk full is 507 (RFC 4918 §11.5), any other failure of the file 500; both are told to the log in nginx's words. Content that is
 * too large, cut off or silent was answered by the connection before it gets here.
 */

import { EDQUOT, ENOSPC, errnoForLog } from '../errno.ts'
import type { OpenFile } from '../io/file.ts'
import type { TemporaryFolder } from '../io/temporary-folder.ts'
import { type Exchange, UNANSWERED } from './exchange.ts'
import type { ContentConsumer } from './responder.ts'

/** What the directives `client_body_…` say. */
export interface ContentStore {
  /** A content up to this size is kept in memory. */
  readonly memoryBytes: number
  readonly folder: TemporaryFolder
  /** Whether it goes to a file with a name whatever its size, which is removed with the exchange (`clean`) or left to others (`on`). */
  readonly inFile: 'off' | 'clean' | 'on'
}

export interface StoredContent {
  readonly sizeBytes: number
  /** All of it, perhaps of size 0; null when it is in a file. Nobody changes them. */
  readonly bytes: Buffer | null
  /** null when it is in memory, or released. Who still sends it when the exchange is over retains it. */
  readonly file: OpenFile | null
  /** Its name; null for a file without one. */
  readonly path: string | null
  /** The file is closed, and removed if it is to be. May be called twice. */
  release(): void
}

/** @param done is not called when the content cannot be had: the exchange is answered then, or nobody waits for it any more */
export function storeContent(x: Exchange, store: ContentStore, done: (content: StoredContent) => void): void {
  const known = contents.get(x)
  if (known !== undefined) {
    done(known)
    return
  }
  const receiver = new ContentReceiver(x, store, done)
  x.atEnd(() => receiver.release())
  x.readContent(receiver)
}

export function storedContentOf(x: Exchange): StoredContent | null {
  return contents.get(x) ?? null
}

const contents = new WeakMap<Exchange, StoredContent>()

const EMPTY = Buffer.alloc(0)

/** The least that is taken for a content whose length is not known. */
const FIRST_BYTES = 1024

class ContentReceiver implements ContentConsumer, StoredContent {
  sizeBytes = 0
  bytes: Buffer | null = null
  file: OpenFile | null = null
  path: string | null = null
  private readonly x: Exchange
  private readonly store: ContentStore
  private readonly done: (content: StoredContent) => void
  /** What is in memory so far, in its beginning; null when there is nothing, or a file. */
  private room: Buffer | null = null
  private hasFailed = false
  private isComplete = false

  constructor(x: Exchange, store: ContentStore, done: (content: StoredContent) => void) {
    this.x = x
    this.store = store
    this.done = done
  }

  onContent(bytes: Buffer): void {
    if (this.hasFailed) return
    if (this.file === null && this.fitsMemory(bytes.length)) this.remember(bytes)
    else this.write(bytes)
  }

  onContentEnd(): void {
    if (this.hasFailed) return
    this.isComplete = true
    if (this.file === null) this.bytes = this.room?.subarray(0, this.sizeBytes) ?? EMPTY
    this.room = null
    contents.set(this.x, this)
    try {
      this.done(this)
    } catch (error) {
      this.x.crash(error)
    }
  }

  release(): void {
    this.room = null
    const { file, path } = this
    if (file === null) return
    this.file = null
    file.release()
    // One that is to stay has no use when it is not whole.
    if (path !== null && (this.store.inFile === 'clean' || !this.isComplete)) this.store.folder.remove(path)
  }

  /** For the log: a file without a name is in a folder that has one. */
  private get name(): string {
    return this.path ?? this.store.folder.path
  }

  /** Of a content whose length is announced, it is known from the first byte. */
  private fitsMemory(moreBytes: number): boolean {
    const { memoryBytes, inFile } = this.store
    if (inFile !== 'off') return false
    const { contentLength } = this.x
    const leastBytes = Math.max(
      this.sizeBytes + moreBytes,
      Number.isFinite(contentLength) ? contentLength : 0,
    )
    return leastBytes <= memoryBytes
  }

  private remember(bytes: Buffer): void {
    const end = this.sizeBytes + bytes.length
    this.room = this.roomFor(end)
    bytes.copy(this.room, this.sizeBytes)
    this.sizeBytes = end
  }

  /** As much as is announced; otherwise twice as much as before. */
  private roomFor(sizeBytes: number): Buffer {
    const { room, x, store } = this
    if (room !== null && room.length >= sizeBytes) return room
    const wanted = Number.isFinite(x.contentLength)
      ? x.contentLength
      : Math.min(store.memoryBytes, Math.max(FIRST_BYTES, 2 * sizeBytes))
    const larger = Buffer.allocUnsafe(Math.max(wanted, sizeBytes))
    room?.copy(larger, 0, 0, this.sizeBytes)
    return larger
  }

  private write(bytes: Buffer): void {
    if (this.file === null && !this.openFile()) return
    const failed = this.file!.write(bytes, this.sizeBytes)
    if (failed < 0) this.fail(`pwrite() "${this.name}" failed`, failed)
    else this.sizeBytes += bytes.length
  }

  /** What was in memory so far goes first. */
  private openFile(): boolean {
    const { folder, inFile } = this.store
    if (inFile === 'off') {
      const file = folder.open()
      if (typeof file === 'number') return this.fail(`open() "${folder.path}" failed`, file)
      this.file = file
    } else {
      const named = folder.openNamed()
      if (typeof named === 'number') return this.fail(`open() "${folder.path}" failed`, named)
      this.file = named.file
      this.path = named.path
    }
    const { room } = this
    this.room = null
    this.x.log[inFile === 'off' ? 'warn' : 'notice'](
      `a client request body is buffered to a temporary file ${this.name}`,
    )
    if (room === null) return true
    const failed = this.file.write(room.subarray(0, this.sizeBytes), 0)
    return failed < 0 ? this.fail(`pwrite() "${this.name}" failed`, failed) : true
  }

  private fail(words: string, errno: number): false {
    this.hasFailed = true
    this.x.log.crit(`${words} ${errnoForLog(errno)}`)
    this.release()
    if (this.x.progress === UNANSWERED) this.x.fail(isFull(errno) ? 507 : 500)
    else this.x.cut('the content of the request could not be stored')
    return false
  }
}

/** Nothing more can be stored there, by the whole system or by this user. */
export function isFull(errno: number): boolean {
  return errno === -ENOSPC || errno === -EDQUOT
}
