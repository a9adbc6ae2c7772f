/**
 * Response heads as text, whose characters become one byte each on the wire.
 *
 *   statusLine(404)                    'HTTP/1.1 404 Not Found\r\n'
 *   statusLine(404, 'No such bird')    the same in other words
 *   fieldLine('ETag', '"1"')           'ETag: "1"\r\n'; throws on what would break the head
 *   CONTINUE                           the whole of a 100 (Continue)
 *
 * The version is always 1.1: it says what the server can do, not what the request was (RFC 9110 §2.5).
 */

import { FIELD_VALUE_CHAR, TCHAR } from './bytes.ts'
import { reasonPhrase } from './status.ts'

const statusLines: (string | undefined)[] = []

/** @param reason '' for the registered words. @throws TypeError for what cannot stand in a line */
export function statusLine(status: number, reason = ''): string {
  if (reason !== '') {
    if (!isMadeOf(reason, FIELD_VALUE_CHAR)) throw new TypeError(`not a reason: ${JSON.stringify(reason)}`)
    return `HTTP/1.1 ${status} ${reason}\r\n`
  }
  statusLines[status] ??= `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`
  return statusLines[status]
}

/** RFC 9110 §15.2.1; sent as soon as the content is wanted. */
export const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/**
 * A name that is no token, or a value with a control character or one beyond U+00FF, would let the content of a field
 * become a field or a message of its own (response splitting). It is always our own mistake, so it throws.
 */
export function fieldLine(name: string, value: string): string {
  const last = lastLines.get(name)
  if (last !== undefined && last.value === value) return last.line
  const line = checkedLine(name, value)
  if (last !== undefined) {
    last.value = value
    last.line = line
  } else if (lastLines.size < MOST_NAMES) lastLines.set(name, { value, line })
  return line
}

/** The last line of each name: most fields say the same in every answer, and need no second look. Names come from programs, so they are few. */
const lastLines = new Map<string, { value: string; line: string }>()
const MOST_NAMES = 256

function checkedLine(name: string, value: string): string {
  if (name === '' || !isMadeOf(name, TCHAR)) throw new TypeError(`not a field name: ${JSON.stringify(name)}`)
  if (!isMadeOf(value, FIELD_VALUE_CHAR)) {
    throw new TypeError(`not a value for the field ${name}: ${JSON.stringify(value)}`)
  }
  return `${name}: ${value}\r\n`
}

function isMadeOf(text: string, allowed: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (allowed[text.charCodeAt(i)] !== 1) return false
  return true
}
