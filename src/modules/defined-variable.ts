/**
 * Variables that blocks of the configuration define: `map`, `geo`, `split_clients`.
 *
 *   readVariableName(call, index)              'name' of the argument `$name`; undefined for what is none
 *   defineVariable(site, defined, get)         from then on it can be asked for
 *   mayBeDefined(site, name, place)            also for the named groups of their regular expressions
 *   checkRow(call, row, what)                  has a line of such a block two words and no block of its own?
 */

import type { Call } from '../config/directive.ts'
import type { Directive } from '../config/parser.ts'
import type { Place } from '../config/source.ts'
import type { SiteContext } from '../server/feature.ts'
import type { Getter } from '../server/variables.ts'

export interface DefinedVariable {
  /** Without the dollar sign. */
  readonly name: string
  readonly place: Place
  /** For the manual and for those who follow a request. */
  readonly doc: string
  /** Otherwise it keeps for a request what it first gave. */
  readonly isVolatile: boolean
}

export function readVariableName(call: Call, index: number): string | undefined {
  const text = call.text(index)
  if (text.startsWith('$') && text.length > 1) return text.slice(1)
  const expected =
    text === '' || text === '$' ? 'expected a name behind "$"' : `variables begin with "$": $${text}`
  return call.fail(index, `invalid variable name "${text}"`, expected)
}

export function defineVariable(site: SiteContext, defined: DefinedVariable, get: Getter): void {
  const { name, doc, place, isVolatile } = defined
  if (mayBeDefined(site, name, place)) site.variables.define({ name, doc, get }, !isVolatile)
}

/** The server's own variables belong to it. */
export function mayBeDefined({ variables, problems }: SiteContext, name: string, place: Place): boolean {
  if (!variables.isFixed(name)) return true
  problems.error(
    place,
    `the duplicate "${name}" variable`,
    `$${name} is one of the server's own: choose another name`,
  )
  return false
}

/** @param what the name of the block, for nginx's sentence */
export function checkRow(call: Call, row: Directive, what: string): boolean {
  const { args, block, place, end } = row
  if (block !== null) call.fail(end, 'unexpected "{"', `a line of ${what} ends with ";", and opens no block`)
  else if (args.length !== 1) {
    const expected =
      args.length === 0
        ? 'a line has two words, what it is about and the value: is the value missing, or a semicolon before it?'
        : adviceForMany(row)
    call.fail(place, `invalid number of the ${what} parameters`, expected)
  }
  return block === null && args.length === 1
}

function adviceForMany({ args, place }: Directive): string {
  const last = args.findLast(arg => arg.place.line === place.line)
  return last === undefined || last === args.at(-1)
    ? 'a line has two words: a value with spaces in it stands in quotes'
    : `is the semicolon behind "${last.text}" missing?`
}
