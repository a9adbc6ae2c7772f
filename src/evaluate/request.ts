/**
 * What is asked: the bytes, and a line by which a person can ask the same in a shell.
 *
 *   asks('GET', '/a', { fields: ['X: y'] })      a well-formed request; the line is curl's
 *   raw('GET @PAGE HTTP/1.1\r\nHost: @HOST…')    bytes as they are; the line is printf's and nc's
 *   bytesOf(request, place)                      with the place's authority for @HOST
 *   lineOf(request, place)
 *   content(sizeBytes, seed)                     bytes that a careless server would damage
 *
 * Long runs of one text are kept as such, `['x', 9000]`, so that the line stays short.
 */

import type { Place } from './conversation.ts'

/** Text whose characters are octets, or a text so many times. */
export type Part = string | readonly [text: string, count: number]

export interface Request {
  readonly method: string
  readonly parts: readonly Part[]
  /** On another port than that of the place. */
  readonly port: number | null
  /** null: it can only be said byte by byte. */
  readonly curl: readonly string[] | null
  readonly content: Buffer
  /** Of the content without its chunks. */
  readonly sizeBytes: number
}

export interface Asking {
  /** Whole lines. */
  readonly fields?: readonly string[]
  readonly content?: Buffer
  /** In chunks of this size in place of a length. */
  readonly chunkBytes?: number
  readonly host?: string
  readonly port?: number
  readonly version?: '1.0' | '1.1'
}

/** As the place's authority is known only when it is sent. */
const HOST = '@HOST'

export function asks(method: string, target: string, asking: Asking = {}): Request {
  const { fields = [], content = null, chunkBytes = 0, version = '1.1', port = null } = asking
  const host = version === '1.0' && asking.host === undefined ? [] : [`Host: ${asking.host ?? HOST}`]
  const framing =
    content === null
      ? []
      : [chunkBytes > 0 ? 'Transfer-Encoding: chunked' : `Content-Length: ${content.length}`]
  const head = [`${method} ${target} HTTP/${version}`, ...host, ...fields, ...framing].join('\r\n')
  return {
    method,
    parts: [`${head}\r\n\r\n`],
    port,
    curl: curlWords(method, target, asking),
    sizeBytes: content?.length ?? 0,
    content: content === null ? Buffer.alloc(0) : chunkBytes > 0 ? chunked(content, chunkBytes) : content,
  }
}

export function raw(...parts: Part[]): Request {
  const [first = ''] = parts
  const method = /^\S*/.exec(typeof first === 'string' ? first : first[0])![0]
  return { method, parts, port: null, curl: null, content: Buffer.alloc(0), sizeBytes: 0 }
}

export function bytesOf({ parts, content }: Request, place: Place): Buffer {
  const pieces = parts.map(part => (typeof part === 'string' ? filled(part, place) : part[0].repeat(part[1])))
  return Buffer.concat([...pieces.map(text => Buffer.from(text, 'latin1')), content])
}

function filled(text: string, { authority }: Place): string {
  return text.replaceAll(HOST, authority)
}

/** RFC 9112 §7.1. */
export function chunked(bytes: Buffer, chunkBytes: number): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const piece = bytes.subarray(at, at + chunkBytes)
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')])
}

/** What is looked for by those who do not count: line ends, zeros, the end of chunks, the begin of a part. */
const TRAPS = [
  '\r\n',
  '\0',
  '\r\n\r\n',
  '\r\n0\r\n\r\n',
  '\r\n--',
  '--\r\n',
  '%00',
  '\xff\xfe',
  '\x04',
  '\x1a',
]

/** The same bytes for the same seed. */
export function content(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  let state = (seed * 2654435761 + 1) >>> 0
  for (let i = 0; i < sizeBytes; i++) {
    // A linear congruential generator (Numerical Recipes); its low bits are poor, so the high ones are taken.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  for (const [i, trap] of TRAPS.entries()) bytes.write(trap, (i * 97) % Math.max(1, sizeBytes), 'latin1')
  return bytes
}

function curlWords(method: string, target: string, asking: Asking): string[] {
  const { fields = [], content: sent = null, chunkBytes = 0, host, version } = asking
  const words = method === 'HEAD' ? ['-I'] : method === 'GET' && sent === null ? ['-i'] : ['-i', '-X', method]
  if (version === '1.0') words.push('-0')
  if (/[.][.]|[.]\/|%2e/i.test(target)) words.push('--path-as-is')
  if (host !== undefined) words.push('-H', `Host: ${host}`)
  for (const field of fields) words.push('-H', field)
  if (chunkBytes > 0) words.push('-H', 'Transfer-Encoding: chunked')
  if (sent !== null) words.push('--data-binary', dataWord(sent))
  return words
}

/** Short text as it is; of the rest only how much it is: any bytes will do. */
function dataWord(sent: Buffer): string {
  const text = sent.toString('latin1')
  return sent.length <= 60 && /^[\x20-\x7e]*$/.test(text) && !text.startsWith('@') ? text : '@-'
}

export function lineOf(request: Request, place: Place): string {
  const { curl, port } = request
  const authority = port === null ? place.authority : authorityOf(place.host, port)
  if (curl === null) return `${printed(request, place)} | nc ${place.host} ${port ?? place.port}`
  const target = /^\S+ (\S+)/.exec(request.parts[0] as string)![1]!
  const words = [...curl, `http://${authority}${target}`].map(quoted).join(' ')
  const isLong = curl.at(-1) === '@-'
  return isLong ? `head -c ${request.sizeBytes} /dev/urandom | curl ${words}` : `curl ${words}`
}

export function authorityOf(host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === 80 ? name : `${name}:${port}`
}

/** A word that a shell reads as this text. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) && word !== ''
    ? word.replace(/[[\]]/g, '\\$&')
    : `'${word.replaceAll("'", "'\\''")}'`
}

function printed({ parts, content: sent }: Request, place: Place): string {
  const all: Part[] = sent.length === 0 ? [...parts] : [...parts, sent.toString('latin1')]
  const commands = all.map(part => (typeof part === 'string' ? printf(filled(part, place)) : repeated(part)))
  return commands.length === 1 ? commands[0]! : `{ ${commands.join('; ')}; }`
}

/** Longer texts would be no line any more. */
const MOST_PRINTED = 2000

function printf(text: string): string {
  const rest = text.length - MOST_PRINTED
  const begin = rest > 0 ? `${formatted(text.slice(0, MOST_PRINTED))}'; : '… ${rest}` : formatted(text)
  return `printf '${begin}'`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '\\': '\\\\',
  '%': '%%',
}

/** The format of printf(1) that writes this text, within single quotes. */
function formatted(text: string): string {
  return text.replace(/[^\x20-\x7e]|[\\%']/g, char => {
    if (char === "'") return "'\\''"
    return ESCAPES[char] ?? `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`
  })
}

/** `%.0s` writes nothing, once for each argument. */
function repeated([text, count]: readonly [string, number]): string {
  if (text.length === 1) return `head -c ${count} /dev/zero | tr '\\0' ${quoted(text)}`
  return `printf '${formatted(text)}%.0s' $(seq ${count})`
}
