/**
 * A value with variables: `"$scheme://$host${uri}"` (`ngx_http_script_compile`).
 *
 *   parseTemplate(word, problems)   its literal parts and its variables, in order
 *
 *   placeOfVariable(template, name)   where in it a variable stands
 *
 * `$name` and `${name}` are letters, digits and "_"; `$1` … `$9` are the captures of the last regular expression and
 * end after their digit. A "$" that begins none of them is a mistake: nginx has no escape for it. Whether a variable exists is
 * not known here.
 */

import type { Problems } from './diagnostic.ts'
import type { Word } from './lexer.ts'
import { type Place, placeAt } from './source.ts'

export type Part = string | { readonly variable: string }

export interface Template {
  /** As written, unquoted. */
  readonly text: string
  /** No two neighbours are both strings; empty for the empty word. */
  readonly parts: readonly Part[]
  readonly place: Place
}

/** A name that is only digits is none: nginx takes `${1}` for a variable "1", which there is not. */
const VARIABLE = /\$(?:([1-9])|\{(?![0-9]+\})([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/y

/** Only the first mistake of a word is reported; a "$" that is wrong stays in the parts as text. */
export function parseTemplate(word: Word, problems: Problems): Template {
  const { text, place } = word
  const parts: Part[] = []
  let literal = ''
  let isRefused = false
  for (let at = 0; at < text.length; ) {
    const dollar = text.indexOf('$', at)
    literal += text.slice(at, dollar < 0 ? text.length : dollar)
    if (dollar < 0) break
    VARIABLE.lastIndex = dollar
    const match = VARIABLE.exec(text)
    if (match === null) {
      if (!isRefused) refuse(word, dollar, problems)
      isRefused = true
      literal += '$'
      at = dollar + 1
      continue
    }
    if (literal !== '') parts.push(literal)
    literal = ''
    const [whole, capture, inBraces, name] = match
    parts.push({ variable: (capture ?? inBraces ?? name)! })
    at = dollar + whole.length
  }
  if (literal !== '') parts.push(literal)
  return { text, parts, place }
}

/** In the order in which nginx finds out: `${` at the end or before `}` has no name, and then the bracket is missed. */
function refuse(word: Word, dollar: number, problems: Problems): void {
  const [whole, brace, name, close] = /\$(\{?)([A-Za-z0-9_]*)(\}?)/.exec(word.text.slice(dollar))!
  const place = placeWithin(word, dollar, whole.length)
  const isAtEnd = dollar + whole.length === word.text.length
  if (brace === '' || (name === '' && (close !== '' || isAtEnd))) {
    const expected = 'a "$" begins a variable, such as $uri or $1; there is no way to escape it'
    problems.error(place, 'invalid variable name', expected)
  } else if (close === '') {
    const expected = 'letters, digits and "_" make a name, and then comes the closing "}"'
    problems.error(place, `the closing bracket in "${name}" variable is missing`, expected)
  } else {
    problems.error(place, `unknown "${name}" variable`, `a capture is written without braces, as in "$1"`)
  }
}

/** The place of the whole, where its text is not what was written. */
export function placeOfVariable({ place }: Template, name: string): Place {
  const { source, offset, length } = place
  const written = source.text.slice(offset, offset + length)
  const match = new RegExp(`\\$(?:\\{${name}\\}|${name}(?![A-Za-z0-9_]))`).exec(written)
  return match === null ? place : placeAt(source, offset + match.index, match[0].length)
}

/** The place of some characters of a word. Where escapes were taken out of it, the place of the whole word. */
export function placeWithin(word: Word, start: number, length: number): Place {
  const { source, offset } = word.place
  const from = offset + (word.isQuoted ? 1 : 0)
  const isAsWritten = source.text.startsWith(word.text, from)
  return isAsWritten ? placeAt(source, from + start, length) : word.place
}
