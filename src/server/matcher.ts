/**
 * A regular expression of the configuration at work: what it captures becomes `$1` to `$9` of the exchange, and its named groups
 * variables.
 *
 *   const matcher = new Matcher(pattern, variables)
 *   matcher.match(x, subject)          both of these:
 *   matcher.groupsIn(subject)          null when it does not match
 *   matcher.give(x, groups)
 */

import { type Captures, matchPattern, type Pattern } from '../config/regex.ts'
import type { Exchange } from './exchange.ts'
import type { SettableRow, Variables } from './variables.ts'

export class Matcher {
  /** As it was written. */
  readonly source: string
  private readonly pattern: Pattern
  private readonly named: readonly { readonly row: SettableRow; readonly group: number }[]

  constructor(pattern: Pattern, variables: Variables) {
    this.source = pattern.source
    this.pattern = pattern
    this.named = [...pattern.numberOf].map(([name, group]) => ({
      row: variables.slot(name, 'A named group of a regular expression.'),
      group,
    }))
  }

  /** A match that fails leaves the captures of the one before (ngx_http_regex_exec). */
  match(x: Exchange, subject: string): boolean {
    const found = this.groupsIn(subject)
    if (found === null) return false
    this.give(x, found)
    return true
  }

  groupsIn(subject: string): Captures | null {
    return matchPattern(this.pattern, subject)
  }

  /** @param groups what this expression has found */
  give(x: Exchange, groups: Captures): void {
    x.captures = groups
    for (const { row, group } of this.named) row.set(x, groups[group] ?? '')
  }

  test(subject: string): boolean {
    return this.pattern.regex.test(subject)
  }
}
