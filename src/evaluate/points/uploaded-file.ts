/**
 * One file on its way to the server and back.
 *
 *   const file = fileFor(e, upload, 'bin')       a name that nobody else has
 *   const place = await send(e, file, bytes)     by the way that the configuration tells; the target from which it comes back, or null
 *   await comesBack(e, place, bytes)             byte for byte
 *   await tidyUp(e, place)                       DELETE where the configuration allows it; otherwise the sheet names it as left
 */

import { createHash, randomBytes } from 'node:crypto'
import { isResponse } from '../conversation.ts'
import type { Examiner } from '../examiner.ts'
import { all, type Expectation, response, status } from '../expectation.ts'
import { type Asking, asks, bytesOf, type Request } from '../request.ts'
import { fieldOf, type Response, toldResponse } from '../response.ts'
import type { Upload } from '../subject.ts'
import { byteCount, joined, plain, say } from '../words.ts'

export interface UploadedFile {
  readonly upload: Upload
  readonly name: string
}

/** One name per run and file, so that two examinations do not meet. */
const RUN = randomBytes(4).toString('hex')
let count = 0

export function fileFor(upload: Upload, extension = 'bin'): UploadedFile {
  count++
  return { upload, name: `veille-evaluate-${RUN}-${count}.${extension}` }
}

const BOUNDARY = 'veille-evaluate-boundary'

export interface FormPart {
  readonly name: string
  /** null: a field of text. */
  readonly fileName: string | null
  readonly bytes: Buffer
}

/** RFC 7578. */
export function formOf(parts: readonly FormPart[], isWhole = true): Buffer {
  const pieces = parts.map(({ name, fileName, bytes }) => {
    const file = fileName === null ? '' : `; filename="${fileName}"\r\nContent-Type: application/octet-stream`
    return Buffer.concat([
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ])
  })
  return Buffer.concat([...pieces, Buffer.from(isWhole ? `--${BOUNDARY}--\r\n` : '')])
}

export const FORM_FIELDS: readonly string[] = [`Content-Type: multipart/form-data; boundary=${BOUNDARY}`]

export function targetOf({ upload, name }: UploadedFile): string {
  const { how, target } = upload
  if (target.includes('NAME')) return target.replace('NAME', name)
  return how === 'PUT' ? `${target.replace(/\/?$/, '/')}${name}` : target
}

export function requestFor(file: UploadedFile, bytes: Buffer, asking: Asking = {}): Request {
  const { how } = file.upload
  const target = targetOf(file)
  if (how !== 'form')
    return asks(how, target, {
      fields: ['Content-Type: application/octet-stream'],
      ...asking,
      content: bytes,
    })
  const content = formOf([{ name: 'file', fileName: file.name, bytes }])
  return asks('POST', target, { fields: FORM_FIELDS, ...asking, content })
}

/** RFC 9110 §9.3.4: 201 when it is new; a form may be answered by the page that it came from (303). */
export const STORED: Expectation = status(201, 200, 204, 303)

/** @returns where it comes back from; null where nobody says */
export async function send(
  e: Examiner,
  file: UploadedFile,
  bytes: Buffer,
  asking: Asking = {},
): Promise<string | null> {
  const answer = await e.ask(requestFor(file, bytes, asking), STORED)
  return placeOf(e, file, answer)
}

export function placeOf(e: Examiner, { upload, name }: UploadedFile, answer: Response): string | null {
  if (upload.at === null) return null
  const location = answer.status === 201 ? fieldOf(answer, 'location') : null
  const base = `http://${e.place.authority}${upload.target}`
  if (location !== null && URL.canParse(location, base)) {
    const { pathname, search } = new URL(location, base)
    return `${pathname}${search}`
  }
  return upload.at.includes('NAME')
    ? upload.at.replace('NAME', name)
    : `${upload.at.replace(/\/?$/, '/')}${name}`
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export async function comesBack(e: Examiner, place: string, bytes: Buffer): Promise<void> {
  await e.ask(asks('GET', place), all(status(200), sameBytes(bytes)))
}

export function sameBytes(bytes: Buffer): Expectation {
  const hash = sha256(bytes)
  return response(joined([plain(`sha256 ${hash.slice(0, 16)}…`), byteCount(bytes.length)]), answer => {
    const { content } = answer
    if (content.equals(bytes)) return null
    const at = content.findIndex((byte, i) => byte !== bytes[i])
    const where =
      content.length === bytes.length
        ? say(`byte ${at} differs`, `l’octet ${at} diffère`)
        : say(`${bytes.length} bytes were sent`, `${bytes.length} octets envoyés`)
    return joined([toldResponse(answer), plain(`sha256 ${sha256(content).slice(0, 16)}…`), where])
  })
}

/** Below a target of `delete`. */
export function mayDelete({ subject }: Examiner, place: string): boolean {
  return subject.deletes.some(one => place.startsWith(one.replace(/\/?$/, '/')))
}

/**
 * Not a part of what is examined: whatever comes of it.
 * @param place a name that we have made, or what the server has called created by our request
 */
export async function tidyUp(e: Examiner, place: string): Promise<void> {
  const request = asks('DELETE', place)
  const talk = mayDelete(e, place) ? await e.open().catch(() => null) : null
  talk?.send(bytesOf(request, e.place))
  const answer = await talk?.response('DELETE', e.patience.answerMs)
  const isGone = answer !== undefined && isResponse(answer) && (answer.status < 300 || answer.status === 404)
  if (!isGone) e.shared.left.push(place)
}
