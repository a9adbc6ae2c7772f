/**
 * A value and its parameters, as Content-Type and Content-Disposition have them (RFC 9110 §5.6.6, RFC 6266 §4.1).
 *
 *   parametersOf('form-data; name="a"')     { value: 'form-data', parameters: Map { 'name' → 'a' } }, or null
 *   fileNameOf(parameters)                  the name that a file is to have; null for none
 *   boundaryOf(contentType)                 of multipart/form-data; null when it is none, '' when it has no valid one
 *
 * Text is what was on the wire, one character for each octet; `fileNameOf` gives text of Unicode. What names a parameter twice says
 * two things and is refused.
 */

import { textOf } from './octets.ts'

export interface ValueWithParameters {
  /** In lower case. */
  readonly value: string
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

const VALUE = /^[ \t]*([!#$%&'*+\-.^_`|~\w]+(?:\/[!#$%&'*+\-.^_`|~\w]+)?)[ \t]*(?=;|$)/
/** In quotes, a backslash is kept but before a quote or another one: browsers of old sent paths of Windows as they were. */
const PARAMETER =
  /[ \t]*;[ \t]*(?:([!#$%&'*+\-.^_`|~\w]+)=(?:"((?:[^"\\]|\\["\\]|\\(?!["\\]))*)"|([!#$%&'*+\-.^_`|~\w]*))[ \t]*)?(?=;|$)/y

/** @returns null for what is not written like that */
export function parametersOf(text: string): ValueWithParameters | null {
  const head = VALUE.exec(text)
  if (head === null) return null
  const parameters = new Map<string, string>()
  PARAMETER.lastIndex = head[0].length
  while (PARAMETER.lastIndex < text.length) {
    const found = PARAMETER.exec(text)
    if (found === null) return null
    const [, name, quoted, token = ''] = found
    // An empty parameter, as behind a last semicolon, is none.
    if (name === undefined) continue
    const lower = name.toLowerCase()
    if (parameters.has(lower)) return null
    parameters.set(lower, quoted === undefined ? token : quoted.replace(/\\(["\\])/g, '$1'))
  }
  return { value: head[1]!.toLowerCase(), parameters }
}

/** RFC 8187 §3.2.1: a charset, perhaps a language, and octets with escapes. */
const EXTENDED = /^(utf-8|iso-8859-1)'[^']*'((?:[!#$&+\-.^_`|~\w]|%[0-9a-f]{2})*)$/i

/**
 * What stands in `filename*` goes before `filename` (RFC 6266 §4.3): only where the first is understood.
 * @param isForm in a part of a form the second is all there is (RFC 7578 §4.2), with a quote and line ends as `%22`, `%0D` and `%0A`
 * (HTML, "multipart/form-data encoding algorithm")
 */
export function fileNameOf(parameters: ReadonlyMap<string, string>, isForm: boolean): string | null {
  const plain = parameters.get('filename')
  if (isForm) return plain === undefined ? null : textOf(plain.replace(/%(22|0D|0A)/gi, unescaped))
  const [, charset, escaped] = EXTENDED.exec(parameters.get('filename*') ?? '') ?? []
  if (escaped === undefined) return plain === undefined ? null : textOf(plain)
  const octets = escaped.replace(/%([0-9a-f]{2})/gi, unescaped)
  return charset!.toLowerCase() === 'utf-8' ? textOf(octets) : octets
}

function unescaped(_whole: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16))
}

/** RFC 2046 §5.1.1: the last character is no space. */
const BOUNDARY = /^[-'()+,./:=?\w ]{0,69}[-'()+,./:=?\w]$/

export function boundaryOf(contentType: string | null): string | null {
  const isForm = contentType !== null && /^[ \t]*multipart\/form-data[ \t]*(;|$)/i.test(contentType)
  if (!isForm) return null
  const boundary = parametersOf(contentType)?.parameters.get('boundary') ?? ''
  return BOUNDARY.test(boundary) ? boundary : ''
}
