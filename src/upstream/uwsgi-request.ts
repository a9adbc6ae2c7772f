/**
 * The head of a request in uWSGI's own protocol: four bytes and a block of variables. The content follows as it is; the answer is an HTTP
 * response or a program's output, and ends with the connection.
 *
 *   uwsgiHead([['REQUEST_METHOD', 'GET']], { first: 0, second: 0 })
 *
 *     modifier1  size of the block  modifier2      length name  length value …
 *        00           15 00            00          0e 00 REQUEST_METHOD 03 00 GET
 *
 * Numbers are little-endian, of 16 bits: the block has 65535 bytes at most.
 */

import type { CgiVariable } from './cgi-variables.ts'

/** What kind of request it is, for the one that receives it; 0 and 0 for WSGI. */
export interface UwsgiModifiers {
  readonly first: number
  readonly second: number
}

export const MOST_UWSGI_BYTES = 0xffff

/** @returns null when the variables are too many or too long: together more than MOST_UWSGI_BYTES */
export function uwsgiHead(params: readonly CgiVariable[], { first, second }: UwsgiModifiers): Buffer | null {
  let sizeBytes = 0
  for (const [name, value] of params) sizeBytes += 4 + name.length + value.length
  if (sizeBytes > MOST_UWSGI_BYTES) return null
  const bytes = Buffer.alloc(4 + sizeBytes)
  bytes[0] = first
  bytes.writeUInt16LE(sizeBytes, 1)
  bytes[3] = second
  let at = 4
  for (const [name, value] of params) at = putText(bytes, putText(bytes, at, name), value)
  return bytes
}

function putText(to: Buffer, at: number, text: string): number {
  const next = to.writeUInt16LE(text.length, at)
  return next + to.write(text, next, 'latin1')
}
