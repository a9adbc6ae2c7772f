/**
 * The content of an upload, as it comes, on its way into files: a whole content that is one file, or a form with several of them.
 *
 *   x.readContent(new RawContent(x, files, done))
 *   x.readContent(new FormContent(x, files, boundary, done))      `done(fields)` is called when all of it is there
 *
 * Whatever goes wrong, the exchange is answered, what follows is ignored, and no file is left.
 */

import { EMFILE } from '../errno.ts'
import { fileNameOf } from '../http/field-parameters.ts'
import { DEFAULT_MULTIPART_LIMITS, MultipartReader, type PartHead, type PartSink } from '../http/multipart.ts'
import { textOf } from '../http/octets.ts'
import { NO_FORM_PART, OK, refusalOf, TOO_MANY_PARTS } from '../http/refusals.ts'
import type { Exchange } from '../server/exchange.ts'
import type { ContentConsumer } from '../server/responder.ts'
import type { UploadField } from './upload-answer.ts'
import type { UploadFiles } from './upload-files.ts'
import { refuseWriting, statusForLook } from './write-place.ts'

export class RawContent implements ContentConsumer {
  private readonly x: Exchange
  private readonly files: UploadFiles
  private readonly done: (fields: readonly UploadField[]) => void
  private hasFailed = false

  /** @param files with one that was begun */
  constructor(x: Exchange, files: UploadFiles, done: (fields: readonly UploadField[]) => void) {
    this.x = x
    this.files = files
    this.done = done
  }

  onContent(bytes: Buffer): void {
    if (this.hasFailed) return
    const failed = this.files.write(bytes)
    if (failed === 0) return
    this.hasFailed = true
    refuseFile(this.x, this.files, 'pwrite', failed)
  }

  onContentEnd(): void {
    if (!this.hasFailed) this.done([])
  }
}

/** Of all fields together that are no files: they are kept in memory, and told to whoever asks for JSON. */
const MOST_FIELD_BYTES = 64 * 1024
const MOST_PIECES = 64

/** Nobody wants this part. */
const NOBODY = 0
/** It is a file whose first byte has not come: a form in which nothing was chosen sends one without a name and without bytes. */
const NO_FILE_YET = 1
const TO_FILE = 2
const TO_FIELD = 3

export class FormContent implements ContentConsumer, PartSink {
  private readonly x: Exchange
  private readonly files: UploadFiles
  private readonly done: (fields: readonly UploadField[]) => void
  private readonly reader: MultipartReader
  private readonly fields: UploadField[] = []
  private hasFailed = false
  private part: 0 | 1 | 2 | 3 = NOBODY
  private fieldName = ''
  private fieldPieces: Buffer[] = []
  private fieldBytes = 0

  constructor(
    x: Exchange,
    files: UploadFiles,
    boundary: string,
    done: (fields: readonly UploadField[]) => void,
  ) {
    this.x = x
    this.files = files
    this.done = done
    this.reader = new MultipartReader(boundary, DEFAULT_MULTIPART_LIMITS, this)
  }

  onContent(bytes: Buffer): void {
    if (!this.hasFailed) this.check(this.reader.read(bytes))
  }

  onContentEnd(): void {
    if (this.hasFailed || !this.check(this.reader.end())) return
    if (this.files.count > 0) this.done(this.fields)
    else this.fail(400, 'The form holds no file.')
  }

  /** @returns whether all is well so far */
  private check(result: number): boolean {
    if (result === OK || this.hasFailed) return !this.hasFailed
    const { status, words } = refusalOf(result)
    this.fail(status, words)
    return false
  }

  private fail(status: number, words: string): void {
    this.hasFailed = true
    this.files.discard()
    this.x.log.error(`upload refused: ${words}`)
    this.x.fail(status, words)
  }

  // The parts

  onPart({ disposition }: PartHead): number {
    const name = disposition?.parameters.get('name')
    if (disposition?.value !== 'form-data' || name === undefined) return NO_FORM_PART
    const fileName = fileNameOf(disposition.parameters, true)
    this.fieldName = textOf(name)
    if (fileName === null) {
      this.part = TO_FIELD
      this.fieldBytes += name.length
    } else if (fileName === '') this.part = NO_FILE_YET
    else return this.beginFile(fileName)
    return OK
  }

  private beginFile(name: string): number {
    const failed = this.files.begin(name)
    if (failed === -EMFILE && this.files.isFull) return TOO_MANY_PARTS
    if (failed < 0) return this.refuse('open', failed)
    this.part = TO_FILE
    return OK
  }

  onPartBytes(bytes: Buffer): number {
    if (this.part === TO_FIELD) return this.keepField(bytes)
    const begun = this.part === NO_FILE_YET ? this.beginFile('') : OK
    if (begun !== OK || this.hasFailed) return begun
    const failed = this.files.write(bytes)
    return failed < 0 ? this.refuse('pwrite', failed) : OK
  }

  private keepField(bytes: Buffer): number {
    this.fieldBytes += bytes.length
    if (this.fieldBytes > MOST_FIELD_BYTES) return TOO_MANY_PARTS
    this.fieldPieces.push(Buffer.from(bytes))
    // A client that sends byte by byte costs one small buffer for each.
    if (this.fieldPieces.length === MOST_PIECES) this.fieldPieces = [Buffer.concat(this.fieldPieces)]
    return OK
  }

  onPartEnd(): number {
    if (this.part === TO_FIELD) {
      const value = Buffer.concat(this.fieldPieces).toString()
      this.fields.push({ name: this.fieldName, value })
      this.fieldPieces = []
    }
    this.part = NOBODY
    return OK
  }

  /** Answered here; what the reader is told only stops it. */
  private refuse(call: string, errno: number): number {
    this.hasFailed = true
    refuseFile(this.x, this.files, call, errno)
    return NO_FORM_PART
  }
}

/** The file system has refused, at the opening, the writing or the naming. */
export function refuseFile(x: Exchange, files: UploadFiles, call: string, errno: number): void {
  files.discard()
  refuseWriting(x, call, files.path, errno, statusForLook(errno))
}
