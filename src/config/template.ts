/**
 * A value with variables: `"$scheme://$host${uri}"` (`ngx_http_script_compile`).
 *
 *   parseTemplate(word, problems)   its literal parts and its variables, in order
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

const VARIABLE = /\$(?:([1-9])|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/y

/** After a mistake, what is wrong stays in the parts as text. */
export function parseTemplate(word: Word, problems: Problems): Template {
  const { text, place } = word
  const parts: Part[] = []
  let literal = ''
  for (let at = 0; at < text.length; ) {
    const dollar = text.indexOf('$', at)
    literal += text.slice(at, dollar < 0 ? text.length : dollar)
    if (dollar < 0) break
    VARIABLE.lastIndex = dollar
    const match = VARIABLE.exec(text)
    if (match === null) {
      refuse(word, dollar, problems)
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

function refuse(word: Word, dollar: number, problems: Problems): void {
  const open = /^\$\{([A-Za-z0-9_]*)/.exec(word.text.slice(dollar))
  const name = open?.[1] ?? ''
  if (open !== null && (name !== '' || (word.text[dollar + 2] ?? '}') !== '}')) {
    problems.error(
      placeWithin(word, dollar, open[0].length),
      `the closing bracket in "${name}" variable is missing`,
      `a name of letters, digits and "_" is followed by "}", as in "\${${name === '' ? 'name' : name}}"`,
    )
    return
  }
  problems.error(
    placeWithin(word, dollar, 1),
    'invalid variable name',
    'a "$" begins a variable, such as $uri or $1, and cannot be escaped',
  )
}

/** The place of some characters of a word. Where escapes were taken out of it, the place of the whole word. */
export function placeWithin(word: Word, start: number, length: number): Place {
  const { source, offset } = word.place
  const from = offset + (word.isQuoted ? 1 : 0)
  const isAsWritten = source.text.startsWith(word.text, from)
  return isAsWritten ? placeAt(source, from + start, length) : word.place
}
