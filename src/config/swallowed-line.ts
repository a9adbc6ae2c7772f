/**
 * A ";" that is missing at the end of a line: the next line then belongs to the directive, its name is an argument, and nginx says
 * that there are too many of them; or says nothing, where any number will do.
 *
 *   splitSwallowed(directive, isName)   the two directives that were most likely meant
 *
 * A line continues the one before it when it is indented more. Where it is not, and begins with the name of a directive, it was
 * meant to be one.
 */

import type { Word } from './lexer.ts'
import type { Directive } from './parser.ts'
import { indentOf, placeAt } from './source.ts'

/** @returns null when no line looks swallowed; the second one may have swallowed a line too */
export function splitSwallowed(
  directive: Directive,
  isName: (word: string) => boolean,
): readonly [Directive, Directive] | null {
  const { indent } = indentOf(directive.place)
  const at = directive.args.findIndex(arg => isName(arg.text) && beginsLine(arg, directive, indent))
  if (at < 0) return null
  const { name, place, args, block, end } = directive
  const { text, place: start } = args[at]!
  const { source, offset, length } = args[at - 1]?.place ?? place
  const missing = placeAt(source, offset + length, 0)
  return [
    { name, place, args: args.slice(0, at), block: null, end: missing },
    { name: text, place: start, args: args.slice(at + 1), block, end },
  ]
}

function beginsLine({ isQuoted, place }: Word, directive: Directive, indent: number): boolean {
  if (isQuoted || place.line === directive.place.line) return false
  const own = indentOf(place)
  return own.isFirst && own.indent <= indent
}
