/**
 * A regular expression as an automaton: its places for one character, and the ways from one to the next (Glushkov's
 * construction). Two ways between the same places stay two, since what is counted in regex-stall.ts is ways.
 *
 *   automatonOf(root)     places, ways, and where the search may end
 *
 * What is no place is simplified: an assertion or a reference to a group is a gate that may be shut, so that more has to be
 * tried; what an atomic group took is not given back, so that no way leads out of it on a character that it could have taken.
 * Counted loops are written out up to a few rounds.
 */
import { isWrittenAsChoice } from './regex-empty.ts'
import { ALL, bothCases, minus, overlap, type Ranges, rangesOf, union } from './regex-set.ts'
import type { Node, OneOf, Repeat, Span } from './regex-tree.ts'

export interface State extends Span {
  readonly set: Ranges
}

export interface Way {
  readonly to: number
  /** The characters that lead there: those of the place, or fewer. */
  readonly set: Ranges
}

export interface Automaton {
  readonly states: readonly State[]
  /** From each state. */
  readonly ways: readonly (readonly Way[])[]
  /** From which state the pattern may end at once, and behind which gate. */
  readonly ends: ReadonlyMap<number, Gate>
  /** Where the first character may be. */
  readonly starts: readonly number[]
  /** Insides of lookaheads and atomic groups, which are searched on their own. */
  readonly insides: readonly Node[]
  readonly loops: readonly Span[]
}

/** What stands between a place and the end: nothing, the end of the text, or something that may well not be so. */
export const OPEN = 0
export const AT_END = 1
export const SHUT = 2
export type Gate = typeof OPEN | typeof AT_END | typeof SHUT

interface Exit {
  readonly state: number
  readonly gate: Gate
  /** Characters that would have been taken by the atomic group that ends here. */
  readonly taken: Ranges
}

interface Part {
  readonly first: readonly number[]
  readonly last: readonly Exit[]
  /** Behind which gate it may match nothing; null when it may not. */
  readonly empty: Gate | null
  /** In how many ways it may: 0, 1 or more (2). */
  readonly emptyWays: number
}

/** Beyond, the answer would take long, and a pattern is rather a list of words. */
const MOST_WAYS = 20_000
const MOST_STATES = 2000
/** Rounds of a counted loop that are written out. */
const MOST_ROUNDS = 8

/** @returns null when the pattern is too large */
export function automatonOf(root: Node): Automaton | null {
  const builder = new Builder()
  const part = builder.part(root)
  if (builder.wayCount > MOST_WAYS) return null
  const ends = new Map<number, Gate>()
  for (const { state, gate } of part.last) ends.set(state, Math.min(gate, ends.get(state) ?? SHUT) as Gate)
  const { states, ways, insides, loops } = builder
  return { states, ways, ends, starts: part.first, insides, loops }
}

function stricter(a: Gate, b: Gate): Gate {
  return a > b ? a : b
}

class Builder {
  readonly states: State[] = []
  readonly ways: Way[][] = []
  readonly insides: Node[] = []
  readonly loops: Span[] = []
  wayCount = 0

  part(node: Node): Part {
    if (this.states.length > MOST_STATES) this.wayCount = MOST_WAYS + 1
    if (this.wayCount > MOST_WAYS) return nothing(OPEN)
    switch (node.kind) {
      case 'one-of':
        return this.#place(node)
      case 'group':
        return this.part(node.body)
      case 'sequence':
        return this.#sequence(node.parts.map(part => () => this.part(part)))
      case 'choice':
        return this.#choice(node.branches)
      case 'repeat':
        return node.manner === 'possessive' ? this.#atomic({ ...node, manner: 'greedy' }) : this.#repeat(node)
      case 'atomic':
        return this.#atomic(node.body)
      case 'look':
        if (!node.isBehind) this.insides.push(node.body)
        return nothing(SHUT)
      case 'anchor':
        return nothing(node.at === 'end' || node.at === 'last line end' ? AT_END : SHUT)
      case 'backreference':
        return nothing(SHUT)
    }
  }

  #place({ set, isCaseless, from, to }: OneOf): Part {
    const ranges = rangesOf(isCaseless ? { ...set, ranges: bothCases(set.ranges, false) } : set)
    const state = this.states.push({ set: ranges, from, to }) - 1
    this.ways.push([])
    return { first: [state], last: [{ state, gate: OPEN, taken: [] }], empty: null, emptyWays: 0 }
  }

  #sequence(parts: readonly (() => Part)[]): Part {
    let all = nothing(OPEN)
    for (const make of parts) {
      const next = make()
      this.#join(all.last, next.first)
      all = followedBy(all, next)
    }
    return all
  }

  #choice(branches: readonly Node[]): Part {
    const parts = branches.map(branch => this.part(branch))
    const empties = parts.map(part => part.empty).filter(gate => gate !== null)
    return {
      first: parts.flatMap(part => part.first),
      last: parts.flatMap(part => part.last),
      empty: empties.length === 0 ? null : (Math.min(...empties) as Gate),
      emptyWays: atMostTwo(parts.reduce((sum, part) => sum + part.emptyWays, 0)),
    }
  }

  #repeat({ body, min, max, from, to }: Repeat): Part {
    if (max === 0) return nothing(OPEN)
    if (max <= MOST_ROUNDS || min === max) return this.#rounds(body, Math.min(min, MOST_ROUNDS), max)
    this.loops.push({ from, to })
    const round = this.part(body)
    this.#join(round.last, round.first)
    return min === 0 ? maybe(round, false) : round
  }

  /** `x{1,3}` is `x(?:x(?:x)?)?`. */
  #rounds(body: Node, min: number, max: number): Part {
    const count = Math.min(max, MOST_ROUNDS)
    const inner = (round: number): Part => {
      const rest = round + 1 < count ? [() => inner(round + 1)] : []
      const part = this.#sequence([() => this.part(body), ...rest])
      return round < min ? part : maybe(part, max === 1 && isWrittenAsChoice(body))
    }
    return inner(0)
  }

  /** Inside, only the first of several ways counts: it is not entered again. */
  #atomic(body: Node): Part {
    this.insides.push(body)
    const from = this.states.length
    const part = this.part(body)
    for (let state = from; state < this.states.length; state++)
      this.ways[state] = oneWayEach(this.ways[state]!)
    const last = part.last.map(exit => ({
      ...exit,
      taken: union(exit.taken, ...this.ways[exit.state]!.map(way => way.set)),
    }))
    return { ...part, last }
  }

  #join(exits: readonly Exit[], entries: readonly number[]): void {
    this.wayCount += exits.length * entries.length
    if (this.wayCount > MOST_WAYS) return
    for (const { state, taken } of exits) {
      for (const to of entries) {
        const set = taken.length === 0 ? this.states[to]!.set : minus(this.states[to]!.set, taken)
        if (set.length > 0) this.ways[state]!.push({ to, set })
      }
    }
  }
}

function nothing(gate: Gate): Part {
  return { first: [], last: [], empty: gate, emptyWays: 1 }
}

/** The engine takes back a round that matches nothing, unless the writer made a choice of it. */
function maybe(part: Part, isChoice: boolean): Part {
  return { ...part, empty: OPEN, emptyWays: isChoice ? atMostTwo(1 + part.emptyWays) : 1 }
}

function followedBy(before: Part, next: Part): Part {
  const { empty } = next
  const throughNext = repeated(before.last, next.emptyWays).map(exit => ({
    ...exit,
    gate: stricter(exit.gate, empty ?? OPEN),
  }))
  return {
    first: [...before.first, ...repeated(next.first, before.emptyWays)],
    last: [...next.last, ...throughNext],
    empty: before.empty === null || empty === null ? null : stricter(before.empty, empty),
    emptyWays: atMostTwo(before.emptyWays * next.emptyWays),
  }
}

function repeated<T>(list: readonly T[], times: number): readonly T[] {
  return times === 2 ? [...list, ...list] : times === 1 ? list : []
}

function atMostTwo(count: number): number {
  return Math.min(count, 2)
}

function oneWayEach(ways: readonly Way[]): Way[] {
  let seen: Ranges = []
  const kept: Way[] = []
  for (const { to, set } of ways) {
    const rest = minus(set, seen)
    if (rest.length > 0) kept.push({ to, set: rest })
    seen = union(seen, set)
  }
  return kept
}

/** Is there a character that all of these take? */
export function haveCommon(...sets: readonly Ranges[]): boolean {
  return sets.reduce((common, set) => overlap(common, set), ALL).length > 0
}
