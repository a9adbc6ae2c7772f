/**
 * A path as a URL has it: what `parseTarget` (target.ts) decodes, the other way round.
 *
 *   escapePath('/a b/é')    '/a%20b/%C3%A9'
 *
 * Escaped is what nginx escapes (ngx_escape_uri, NGX_ESCAPE_URI): all that is not printable ASCII, and what ends a path, begins
 * an escape or cannot stand in a URL. Slashes stay.
 */

const TO_ESCAPE = /[^\x21-\x7e]|["#%<>?\\^`{|}]/
const ALL_TO_ESCAPE = /[^\x21-\x7e]+|["#%<>?\\^`{|}]/gu

export function escapePath(path: string): string {
  return TO_ESCAPE.test(path) ? path.replace(ALL_TO_ESCAPE, escapeText) : path
}

/** `encodeURIComponent` throws on a lone surrogate, which UTF-8 cannot say. */
function escapeText(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
}
