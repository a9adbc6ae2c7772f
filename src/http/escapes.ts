/**
 * A path as a URL has it: what `parseTarget` (target.ts) decodes, the other way round. And a query as it may stand in one.
 *
 *   escapePath('/a b/é')              '/a%20b/%C3%A9'
 *   escapeQuery('a="%zz"\xC3\xA9')    'a=%22%zz%22%C3%A9'
 *
 * In a path is escaped what nginx escapes (ngx_escape_uri, NGX_ESCAPE_URI): all that is not printable ASCII, and what ends a path, begins
 * an escape or cannot stand in a URL. Slashes stay.
 */

const TO_ESCAPE = /[^\x21-\x7e]|["#%<>?\\^`{|}]/
const ALL_TO_ESCAPE = /[^\x21-\x7e]+|["#%<>?\\^`{|}]/gu

export function escapePath(path: string): string {
  return TO_ESCAPE.test(path) ? path.replace(ALL_TO_ESCAPE, escapeText) : path
}

/** What RFC 3986 §3.4 does not have. A percent sign stays, since nearly all are the begin of an escape. */
const NOT_IN_QUERY = /[^!$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]/
const ALL_NOT_IN_QUERY = new RegExp(NOT_IN_QUERY, 'g')

/** @param query octets, one character each, as a request has it */
export function escapeQuery(query: string): string {
  if (!NOT_IN_QUERY.test(query)) return query
  return query.replace(
    ALL_NOT_IN_QUERY,
    octet => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** `encodeURIComponent` throws on a lone surrogate, which UTF-8 cannot say. */
function escapeText(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
}
