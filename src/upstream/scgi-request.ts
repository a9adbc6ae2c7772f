/**
 * The head of an SCGI request: a netstring of names and values, each with a NUL behind it, `CONTENT_LENGTH` first (SCGI, protocol
 * specification of 2008). The content follows as it is; the answer is a program's output, and ends with the connection.
 *
 *   scgiHead([['SCGI', '1'], ['REQUEST_METHOD', 'GET']], 0)
 *
 *     52:CONTENT_LENGTH\0 0\0 SCGI\0 1\0 REQUEST_METHOD\0 GET\0,
 */

import type { CgiVariable } from './cgi-variables.ts'

/**
 * @param params a `CONTENT_LENGTH` among them is left out: the first one holds, and none may be there twice. A NUL, which would end a name or a
 *   value early, cannot stand in either
 * @param contentBytes that follow
 * @returns null when a name or value holds a NUL
 */
export function scgiHead(params: readonly CgiVariable[], contentBytes: number): Buffer | null {
  let text = `CONTENT_LENGTH\0${contentBytes}\0`
  for (const [name, value] of params) {
    if (name.includes('\0') || value.includes('\0')) return null
    if (name !== 'CONTENT_LENGTH') text += `${name}\0${value}\0`
  }
  return Buffer.from(`${text.length}:${text},`, 'latin1')
}
