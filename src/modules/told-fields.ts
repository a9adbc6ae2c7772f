/**
 * The fields of a request as programs are told them: as they came, but for a Host that the target contradicts.
 *
 *   toldFields(x)      what `fieldVariables` makes HTTP_HOST, HTTP_ACCEPT, … of
 *
 *     GET http://a.example/ HTTP/1.1
 *     Host: b.example                  is a request for a.example (RFC 9112 §3.2.2), and was given to its server
 *
 * A program that was told b.example would speak for a host that the configuration may keep from the client.
 */

import type { Exchange } from '../server/exchange.ts'
import type { FieldLines } from '../upstream/cgi-variables.ts'

export function toldFields({ head }: Exchange): FieldLines {
  const [, authority] = ABSOLUTE.exec(head.targetText()) ?? []
  return authority === undefined ? head.fields : { entries: () => withHost(head.fields, authority) }
}

const ABSOLUTE = /^https?:\/\/([^/?]*)/i

function* withHost(fields: FieldLines, authority: string): Iterable<[string, string]> {
  yield ['Host', authority]
  for (const line of fields.entries()) if (line[0].toLowerCase() !== 'host') yield line
}
