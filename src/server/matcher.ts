/**
 * A regular expression of the configuration at work: what it captures becomes `$1` to `$9` of the exchange, and its named groups
 * variables.
 *
 *   const matcher = new Matcher(pattern, variables)
 *   matcher.match(x, subject)
 */

import type { Pattern } from '../config/regex.ts'
import type { Exchange } from './exchange.ts'
import type { VariableRow, Variables } from './variables.ts'

export class Matcher {
  /** As it was written. */
  readonly source: string
  private readonly regex: RegExp
  private readonly named: readonly Required<VariableRow>[]

  constructor(pattern: Pattern, variables: Variables) {
    this.source = pattern.source
    this.regex = pattern.regex
    this.named = pattern.names.map(name => variables.slot(name, 'A named group of a regular expression.'))
  }

  /** A match that fails leaves the captures of the one before (ngx_http_regex_exec). */
  match(x: Exchange, subject: string): boolean {
    const found = this.regex.exec(subject)
    if (found === null) return false
    x.captures = found
    for (const row of this.named) row.set(x, found.groups?.[row.name] ?? '')
    return true
  }

  test(subject: string): boolean {
    return this.regex.test(subject)
  }
}
