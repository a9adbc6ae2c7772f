/**
 * The locations of regular expressions in one block, of which the first that matches is the one (`routing.ts`).
 *
 *   places.find(x)      the place, after its groups were given to the exchange; or null
 *
 * Paths come again, and what a path matches depends on nothing else: where there are several expressions to be asked, what came of a
 * path is remembered, groups included. Twenty expressions cost 900 ns, to remember costs 50 (bench/hot-path.ts, Node 20, November 2026).
 */

import type { Captures } from '../config/regex.ts'
import type { Exchange } from './exchange.ts'
import { whereIs } from './location.ts'
import type { RegexPlace } from './routing.ts'

/** To ask so few costs no more than to look for the path. */
const NOT_WORTH_IT = 2
/** Clients choose what is remembered, so it is little. */
const MOST_PATHS = 64
const MOST_PATH_CHARACTERS = 256

interface Outcome {
  /** null: no expression matches. */
  readonly place: RegexPlace | null
  readonly groups: Captures | null
}

const NO_MATCH: Outcome = { place: null, groups: null }

export class RegexPlaces {
  private readonly places: readonly RegexPlace[]
  private readonly outcomes: Map<string, Outcome> | null

  constructor(places: readonly RegexPlace[]) {
    this.places = places
    this.outcomes = places.length > NOT_WORTH_IT ? new Map() : null
  }

  find(x: Exchange): RegexPlace | null {
    const { path } = x
    const { place, groups } = this.outcomes?.get(path) ?? this.ask(path)
    if (x.isTraced) tell(x, this.places, place)
    if (place !== null) place.matcher.give(x, groups!)
    return place
  }

  private ask(path: string): Outcome {
    const outcome = outcomeOf(this.places, path)
    const { outcomes } = this
    if (outcomes !== null && path.length <= MOST_PATH_CHARACTERS) {
      if (outcomes.size === MOST_PATHS) outcomes.clear()
      outcomes.set(path, outcome)
    }
    return outcome
  }
}

function outcomeOf(places: readonly RegexPlace[], path: string): Outcome {
  for (const place of places) {
    const groups = place.matcher.groupsIn(path)
    if (groups !== null) return { place, groups }
  }
  return NO_MATCH
}

function tell(x: Exchange, places: readonly RegexPlace[], found: RegexPlace | null): void {
  for (const { location } of found === null ? places : places.slice(0, places.indexOf(found) + 1)) {
    const verdict = location === found?.location ? 'matches' : 'does not match'
    x.tell(`location ${location.name}${whereIs(location)} ${verdict}`)
  }
}
