/**
 * Responses as a client reads them from the bytes of one connection (RFC 9112 §4 to §7).
 *
 *   const reader = new ResponseReader()
 *   reader.push(bytes)            what has come
 *   reader.end()                  nothing more will come
 *   reader.next('HEAD')           the next whole response to a request of this method; null: not yet; or a Flaw
 *   fieldOf(response, 'allow')    the value, lines joined; null when there is none
 *
 * Written anew rather than with the server's own code, so that a mistake of ours is not made twice and overlooked.
 */

import { byteCount, joined, plain, say, type Words } from './words.ts'

export interface Response {
  readonly status: number
  readonly reason: string
  /** Of the version: 0 or 1. */
  readonly minor: number
  /** Names in small letters, in the order in which they came. */
  readonly fields: readonly (readonly [string, string])[]
  /** Without its chunks. */
  readonly content: Buffer
  /** How its end was known. `none`: by the status or the method there is no content. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
}

/** What is wrong with what came: no client could read on. */
export interface Flaw {
  readonly flaw: Words
}

type Head = Omit<Response, 'content' | 'framing'> & { readonly endsAt: number }

const MOST_HEAD_BYTES = 256 * 1024
/** More than any point asks for. */
const MOST_BYTES = 256 * 1024 * 1024

export class ResponseReader {
  private received = Buffer.alloc(4096)
  private size = 0
  private hasEnded = false
  private head: Head | null = null
  private chunks: ChunkReader | null = null

  push(bytes: Buffer): void {
    const needed = this.size + bytes.length
    if (needed > this.received.length) {
      const larger = Buffer.alloc(Math.min(2 * needed, MOST_BYTES))
      this.bytes.copy(larger)
      this.received = larger
    }
    bytes.copy(this.received, this.size)
    this.size = Math.min(needed, this.received.length)
  }

  end(): void {
    this.hasEnded = true
  }

  /** What has not been read as a response yet. */
  get bytes(): Buffer {
    return this.received.subarray(0, this.size)
  }

  next(method: string): Response | Flaw | null {
    if (this.head === null) {
      const head = readHead(this.bytes)
      if (head === null || 'flaw' in head) return head
      this.head = head
    }
    const read = this.content(this.head, method)
    if (read === null || 'flaw' in read) return read
    const { status, reason, minor, fields } = this.head
    const content = Buffer.from(read.content)
    this.forget(read.endsAt)
    return { status, reason, minor, fields, content, framing: read.framing }
  }

  /** RFC 9112 §6.3, as far as it is about responses. */
  private content(head: Head, method: string): Content | Flaw | null {
    const { status, endsAt } = head
    const isEmpty = method === 'HEAD' || status < 200 || status === 204 || status === 304
    if (isEmpty) return { framing: 'none', content: Buffer.alloc(0), endsAt } // 1.
    const coding = fieldOf(head, 'transfer-encoding')
    const length = fieldOf(head, 'content-length')
    if (coding !== null && length !== null)
      return flaw(
        'the response has Content-Length and Transfer-Encoding',
        'la réponse a Content-Length et Transfer-Encoding',
      )
    if (coding !== null) return this.chunked(head, coding) // 4.
    if (length === null) return this.untilClose(endsAt) // 8.
    if (!/^\d{1,15}$/.test(length))
      return flaw(`Content-Length is no number: ${length}`, `Content-Length n’est pas un nombre : ${length}`)
    const end = endsAt + Number(length) // 6.
    return this.size < end
      ? null
      : { framing: 'length', content: this.received.subarray(endsAt, end), endsAt: end }
  }

  private chunked(head: Head, coding: string): Content | Flaw | null {
    if (coding.toLowerCase() !== 'chunked')
      return flaw(`unknown transfer coding: ${coding}`, `codage de transfert inconnu : ${coding}`)
    this.chunks ??= new ChunkReader(head.endsAt)
    const end = this.chunks.read(this.bytes)
    if (end === null || typeof end !== 'number') return end
    return { framing: 'chunked', content: Buffer.concat(this.chunks.pieces), endsAt: end }
  }

  private untilClose(from: number): Content | null {
    if (!this.hasEnded) return null
    return { framing: 'close', content: this.received.subarray(from, this.size), endsAt: this.size }
  }

  private forget(count: number): void {
    this.received.copy(this.received, 0, count, this.size)
    this.size -= count
    this.head = null
    this.chunks = null
  }
}

interface Content {
  readonly framing: Response['framing']
  readonly content: Buffer
  readonly endsAt: number
}

function flaw(en: string, fr: string): Flaw {
  return { flaw: say(en, fr) }
}

const HEAD_END = Buffer.from('\r\n\r\n')
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: ([^\r\n]*))?$/
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/

function readHead(bytes: Buffer): Head | Flaw | null {
  const end = bytes.indexOf(HEAD_END)
  if (end < 0)
    return bytes.length > MOST_HEAD_BYTES
      ? flaw('the head does not end', 'l’en-tête ne finit pas')
      : beginning(bytes)
  const [first, ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const match = STATUS_LINE.exec(first!)
  if (match === null)
    return flaw(`no status line: ${shown(first!)}`, `pas de ligne de statut : ${shown(first!)}`)
  const fields: [string, string][] = []
  for (const line of lines) {
    const field = FIELD_LINE.exec(line)
    if (field === null)
      return flaw(`no field line: ${shown(line)}`, `pas une ligne de champ : ${shown(line)}`)
    fields.push([field[1]!.toLowerCase(), field[2]!])
  }
  return {
    status: Number(match[2]),
    reason: match[3] ?? '',
    minor: Number(match[1]),
    fields,
    endsAt: end + 4,
  }
}

/** What does not even begin like a response is none, and need not be waited for. */
function beginning(bytes: Buffer): Flaw | null {
  const begun = bytes.toString('latin1', 0, 7)
  if ('HTTP/1.'.startsWith(begun)) return null
  return flaw(
    `no HTTP response: ${shown(bytes.toString('latin1', 0, 60))}`,
    `pas une réponse HTTP : ${shown(bytes.toString('latin1', 0, 60))}`,
  )
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}

/** RFC 9112 §7.1; goes on where it stopped, so that long content is not read again with each piece of it. */
class ChunkReader {
  readonly pieces: Buffer[] = []
  private at: number
  private isInTrailers = false

  constructor(at: number) {
    this.at = at
  }

  /** @returns where the message ends; null when more must come */
  read(bytes: Buffer): number | Flaw | null {
    while (!this.isInTrailers) {
      const lineEnd = bytes.indexOf('\r\n', this.at)
      if (lineEnd < 0) return null
      const line = bytes.toString('latin1', this.at, lineEnd)
      const match = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?$/.exec(line)
      if (match === null)
        return flaw(`no size of a chunk: ${shown(line)}`, `pas une taille de morceau : ${shown(line)}`)
      const size = Number.parseInt(match[1]!, 16)
      const dataAt = lineEnd + 2
      if (size > 0 && bytes.length < dataAt + size + 2) return null
      if (size > 0 && bytes.toString('latin1', dataAt + size, dataAt + size + 2) !== '\r\n')
        return flaw('a chunk is not followed by CR LF', 'un morceau n’est pas suivi de CR LF')
      this.isInTrailers = size === 0
      // Copied: the buffer may grow, and be left, before the last chunk.
      if (size > 0) this.pieces.push(Buffer.from(bytes.subarray(dataAt, dataAt + size)))
      this.at = size > 0 ? dataAt + size + 2 : dataAt
    }
    return this.endOfTrailers(bytes)
  }

  private endOfTrailers(bytes: Buffer): number | null {
    if (bytes.toString('latin1', this.at, this.at + 2) === '\r\n') return this.at + 2
    const end = bytes.indexOf(HEAD_END, this.at)
    return end < 0 ? null : end + 4
  }
}

export function fieldOf({ fields }: Pick<Response, 'fields'>, name: string): string | null {
  const values = fields.filter(([one]) => one === name).map(([, value]) => value)
  return values.length === 0 ? null : values.join(', ')
}

/** As the sheet tells it: "405 Method Not Allowed, Allow: GET, 157 bytes". */
export function toldResponse(response: Response, named: readonly string[] = []): Words {
  const { status, reason, content } = response
  const fields = named.flatMap(name => {
    const value = fieldOf(response, name.toLowerCase())
    return value === null ? [] : [`${name}: ${value.slice(0, 200)}`]
  })
  return joined([plain([`${status} ${reason}`.trim(), ...fields].join(', ')), byteCount(content.length)])
}
