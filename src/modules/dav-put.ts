/**
 * PUT: the content becomes the file (RFC 9110 §9.3.4), as it comes, and all of it at one moment.
 *
 * What can be refused is refused before the content is asked for, so that a client that awaits 100 (Continue) does not send it in vain: a
 * collection, a folder that is missing, a precondition that does not hold. `If-None-Match: *` holds until the very end: of two who make the
 * same file at the same time, one is told that there is one now.
 */

import { EEXIST, EISDIR, ENOENT, errnoForLog } from '../errno.ts'
import { evaluate, PROCEED } from '../http/conditions.ts'
import { parseDate } from '../http/date.ts'
import { escapePath } from '../http/escapes.ts'
import { type FileStatus, isDirectory, newStatus } from '../io/file.ts'
import { makeFolders, openWay, type Way } from '../io/folder.ts'
import { CREATED, KEEP, NewFile, newFile, REPLACE } from '../io/new-file.ts'
import type { Exchange } from '../server/exchange.ts'
import { HANDLED, type Outcome } from '../server/module.ts'
import type { ContentConsumer } from '../server/responder.ts'
import { locationText } from './redirect-location.ts'
import { type Access, refuse, refuseWriting, validatorsOf, type WritePlace } from './write-place.ts'

export interface PutRules {
  readonly access: Access
  /** Folders on the way are made. */
  readonly makesFolders: boolean
}

export function putFile(x: Exchange, place: WritePlace, rules: PutRules): Outcome {
  if (x.fields.get('content-range') !== null) {
    return refuse(x, 400, 'PUT with range is unsupported', 'A part of a file cannot be put.')
  }
  const way = openWay(place.folder, place.symlinks)
  if (typeof way === 'number') return refuseWriting(x, 'open', place.path, way)
  const file = begin(x, place, rules, way)
  if (file === null) return HANDLED
  x.atEnd(() => file.discard())
  x.readContent(new Putting(x, place, rules, file, way.missing))
  return HANDLED
}

/** @returns null when it was refused; then the folder is closed */
function begin(x: Exchange, place: WritePlace, rules: PutRules, { folder, missing }: Way): NewFile | null {
  const current = newStatus()
  const isThere = missing.length === 0 && folder.status(place.name, current) === 0
  if (missing.length > 0 && !rules.makesFolders) {
    refuseWriting(x, 'open', place.path, -ENOENT)
  } else if (isThere && isDirectory(current)) {
    refuse(x, 409, `"${place.path}" could not be created ${errnoForLog(EISDIR)}`)
  } else if (holds(x, isThere ? current : null)) {
    // The folder is the file's from here on.
    const file = newFile(folder, rules.access.file)
    if (file instanceof NewFile) return file
    refuseWriting(x, 'open', place.path, file)
    return null
  }
  folder.close()
  return null
}

function holds(x: Exchange, current: FileStatus | null): boolean {
  const verdict = evaluate(x.fields, x.method, current === null ? null : validatorsOf(current))
  if (verdict !== PROCEED) x.fail(verdict)
  return verdict === PROCEED
}

class Putting implements ContentConsumer {
  private readonly x: Exchange
  private readonly place: WritePlace
  private readonly rules: PutRules
  private readonly file: NewFile
  private readonly missing: readonly string[]
  private hasFailed = false

  constructor(x: Exchange, place: WritePlace, rules: PutRules, file: NewFile, missing: readonly string[]) {
    this.x = x
    this.place = place
    this.rules = rules
    this.file = file
    this.missing = missing
  }

  onContent(bytes: Buffer): void {
    if (this.hasFailed) return
    const failed = this.file.write(bytes)
    if (failed < 0) this.fail('pwrite', failed)
  }

  onContentEnd(): void {
    if (this.hasFailed) return
    const { x, file } = this
    // nginx: what the client says of the time is believed.
    const date = parseDate(x.fields.get('date') ?? '')
    if (!Number.isNaN(date)) file.setModified(Math.floor(date / 1000))
    const made = newStatus()
    file.status(made)
    const result = this.commit()
    if (result < 0) return
    x.setField('ETag', validatorsOf(made).etag)
    if (result === CREATED) x.setField('Location', locationText(x, escapePath(x.path)))
    x.answer(result === CREATED ? 201 : 204, null)
  }

  /** @returns CREATED or REPLACED, or a negative number when it was refused */
  private commit(): number {
    const { x, file, place } = this
    const ifThere = x.fields.get('if-none-match') === '*' ? KEEP : REPLACE
    const { missing, rules } = this
    const folder = missing.length === 0 ? file.folder : makeFolders(file.folder, missing, rules.access.folder)
    if (typeof folder === 'number') return this.fail('mkdir', folder)
    const result = file.commit(place.name, ifThere, folder)
    if (missing.length > 0) folder.close()
    if (result === -EEXIST && ifThere === KEEP) {
      this.giveUp()
      x.fail(412)
    } else if (result < 0) this.fail('rename', result)
    return result
  }

  private fail(call: string, errno: number): number {
    this.giveUp()
    refuseWriting(this.x, call, this.place.path, errno)
    return errno
  }

  /** Now, and not at the end of the exchange: the answer may take a while. */
  private giveUp(): void {
    this.hasFailed = true
    this.file.discard()
  }
}
