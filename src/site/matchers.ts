/**
 * The regular expressions by which servers and locations are found. They are compiled before any block is bound, since their named
 * groups are variables everywhere, also in blocks that stand before them.
 *
 *   const matchers = new Matchers(context)      all of `http`
 *   matchers.at(place)                          of the word that stands there; null for what is no regular expression, which is reported
 *   regexOfName(text)                           what a name of a server is as one; null for other names
 */

import type { Block } from '../config/block.ts'
import { checkedPattern } from '../config/regex-problems.ts'
import type { Place } from '../config/source.ts'
import type { LocationMatch } from '../server/feature.ts'
import { Matcher } from '../server/matcher.ts'
import { blocksTable } from './blocks.ts'
import type { Context } from './context.ts'

export class Matchers {
  private readonly context: Context
  private readonly byPlace = new Map<Place, Matcher | null>()

  constructor(context: Context) {
    this.context = context
    for (const server of context.http.blocks('server')) {
      for (const { text, place } of server.settings(blocksTable).server_name.flat()) {
        const regex = regexOfName(text)
        if (regex !== null) this.compile(regex.source, regex.isCaseless, place)
      }
      this.compileLocations(server)
    }
  }

  at(place: Place): Matcher | null {
    return this.byPlace.get(place) ?? null
  }

  private compileLocations(outside: Block): void {
    for (const block of outside.blocks('location')) {
      const match = block.value as LocationMatch
      if (match.kind === 'regex') {
        this.compile(match.source, match.isCaseless, block.directive!.args.at(-1)!.place)
      }
      this.compileLocations(block)
    }
  }

  private compile(source: string, isCaseless: boolean, place: Place): void {
    const { variables, problems } = this.context
    const pattern = checkedPattern(source, isCaseless, place, problems)
    const fixed = pattern?.names.find(name => variables.isFixed(name))
    if (fixed !== undefined) {
      const expected = `$${fixed} is one of the server's own, which nobody can set`
      problems.error(place, `the duplicate "${fixed}" variable`, expected)
    }
    const isGood = pattern !== null && fixed === undefined
    this.byPlace.set(place, isGood ? new Matcher(pattern, variables) : null)
  }
}

/** Hosts are in lower case when they come here, so an expression with capitals is meant for either (ngx_http_core_server_name). */
export function regexOfName(text: string): { source: string; isCaseless: boolean } | null {
  return text.startsWith('~') ? { source: text.slice(1), isCaseless: /[A-Z]/.test(text) } : null
}
