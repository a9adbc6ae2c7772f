/**
 * Text as octets, for whoever writes what came from both sides of HTTP into one file.
 *
 *   octetsOf('/é')          '/\xC3\xA9': a string in which each character stands for one octet
 *   textOf('/\xC3\xA9')     '/é': the way back
 *
 * What was on the wire is text of that kind already (`latin1` in `bytes.ts`), while paths that were decoded and words of the
 * configuration are text of Unicode. One string does not say which it is. So: text that holds a character beyond U+00FF is
 * Unicode; other text that is UTF-8, when its characters are taken for octets, is taken for octets; the rest is Unicode. What this
 * gets wrong are fields in ISO 8859-1, whose `\xE9` becomes UTF-8, and that is how it would be read.
 */

const NOT_ASCII = /[^\x00-\x7f]/
const BEYOND_OCTETS = /[^\x00-\xff]/
/** RFC 3629 §4, each character one octet. */
const UTF8 =
  /^(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2})*$/

/** @returns `text` itself when it is ASCII, as nearly all of it is */
export function octetsOf(text: string): string {
  if (!NOT_ASCII.test(text)) return text
  if (!BEYOND_OCTETS.test(text) && UTF8.test(text)) return text
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** @returns octets that are UTF-8 decoded; all others as they are */
export function textOf(octets: string): string {
  if (!NOT_ASCII.test(octets) || !UTF8.test(octets)) return octets
  return Buffer.from(octets, 'latin1').toString('utf8')
}
