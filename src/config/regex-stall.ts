/**
 * Can a regular expression keep the loop busy for seconds? The engine tries one way after another through the pattern, and
 * when none leads to a match it has tried them all. How many there are for a text of n characters decides:
 *
 *   stallRisk('(a+)+$', false)     a sentence, or null
 *
 * - Exponential, 2^n: some text leads from a place back to itself in two ways, as `aa` in `(a+)+`: once round the
 *   inner loop, or once round the outer one. n rounds, 2^n ways.
 * - A power of n: some text leads round a loop, from it to a later one, and round that one, as `/x` in `(.*)/(.*)`. Each further
 *   loop multiplies by n, and so does a pattern that may begin anywhere. Two such loops are common and
 *   harmless (8 KB take some 30 million steps, a tenth of a second); three are said.
 *
 * (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991: criteria EDA and IDA.) Places from where the
 * pattern may end at once do not count, nor those in front of a last `.*`: there the first way is a match. (A newline may
 * follow that `.` does not take; so it is not relied upon where it would be exponential.)
 */
import {
  AT_END,
  type Automaton,
  automatonOf,
  haveCommon,
  OPEN,
  type State,
  type Way,
} from './regex-automaton.ts'
import { readRegex } from './regex-reader.ts'
import { ALL, complement, minus, NEWLINE, type Ranges } from './regex-set.ts'
import { isAnchored, leadingRun } from './regex-start.ts'
import { childrenOf, type Node, RegexMistake, type Repeat } from './regex-tree.ts'

/** Loops that multiply: with three, 8 KB take 10^11 steps. */
const MOST_LOOPS = 2

/** @returns null when there is no risk, and for a pattern that is wrong */
export function stallRisk(source: string, isCaseless = false): string | null {
  try {
    const { root } = readRegex(source, isCaseless)
    const isTriedOnce = isAnchored(root) || leadingRun(root) !== null
    return isHarmless(root, isTriedOnce) ? null : riskOf(root, source, isTriedOnce)
  } catch (error) {
    if (error instanceof RegexMistake) return null
    throw error
  }
}

/** The usual pattern, told at a glance: few loops, and each over single characters. */
function isHarmless(root: Node, isTriedOnce: boolean): boolean {
  const loops = loopsIn(root)
  const areSingle = loops.every(loop => loop.body.kind === 'one-of')
  return areSingle && loops.length + (isTriedOnce ? 0 : 1) <= MOST_LOOPS
}

function loopsIn(node: Node): Repeat[] {
  const inside = childrenOf(node).flatMap(loopsIn)
  return node.kind === 'repeat' && node.max > 1 ? [node, ...inside] : inside
}

function riskOf(root: Node, source: string, isTriedOnce: boolean): string | null {
  const automaton = automatonOf(root)
  if (automaton === null) return null
  const doubled = new Search(automaton, []).exponentialLoop()
  // One place that leads to itself in two ways stands in two loops: the outer one says more.
  if (doubled !== null)
    return exponentialWords(textOf(doubled, automaton, source, doubled.length === 1 ? 1 : 0))
  const chain = new Search(isTriedOnce ? automaton : withEveryStart(automaton), NEWLINE).longestChain()
  if (chain.length > MOST_LOOPS) {
    return powerWords(chain.map(states => textOf(states, automaton, source)))
  }
  for (const inside of automaton.insides) {
    const risk = riskOf(inside, source, true)
    if (risk !== null) return risk
  }
  return null
}

function exponentialWords(loop: string): string {
  return `"${loop}" can match the same text in many ways: when nothing follows that fits, the time to find out doubles with every few characters`
}

function powerWords(loops: readonly string[]): string {
  const named = loops.filter(loop => loop !== '').map(loop => `"${loop}"`)
  const start = named.length < loops.length ? 'a match that may begin anywhere, ' : ''
  const power = loops.length === 3 ? 'cube' : `${loops.length}th power`
  return `${start}${named.slice(0, -1).join(', ')} and ${named.at(-1)} can share out the same text in many ways: the time to find no match grows with the ${power} of its length`
}

/** The smallest loop around these places, or the next one outside; '' for the beginning of the match. */
function textOf(states: readonly State[], { loops }: Automaton, source: string, outside = 0): string {
  const [from, to] = [Math.min(...states.map(s => s.from)), Math.max(...states.map(s => s.to))]
  const around = loops.filter(loop => loop.from <= from && loop.to >= to && from >= 0)
  const bySize = around.sort((a, b) => a.to - a.from - (b.to - b.from))
  const loop = bySize[outside] ?? bySize[0]
  return loop === undefined ? '' : source.slice(loop.from, loop.to)
}

/** A place in front of the pattern that takes whatever is skipped. */
function withEveryStart(automaton: Automaton): Automaton {
  const { states, ways, starts } = automaton
  const skipping = states.length
  const toStarts = starts.map(to => ({ to, set: states[to]!.set }))
  return {
    ...automaton,
    states: [...states, { set: ALL, from: -1, to: -1 }],
    ways: [...ways, [{ to: skipping, set: ALL }, ...toStarts]],
  }
}

/** Steps of all searches in one pattern: beyond, it is taken for harmless rather than kept waiting for. */
const MOST_STEPS = 200_000

class Search {
  readonly #states: readonly State[]
  readonly #ways: readonly (readonly Way[])[]
  /** The number of the strongly connected part of each state. */
  readonly #parts: readonly number[]
  #steps = 0

  /** @param unlikely characters that are not expected in a text */
  constructor(automaton: Automaton, unlikely: Ranges) {
    const isFree = automaton.states.map((_, state) => endsHere(automaton, state, unlikely))
    this.#states = automaton.states
    this.#ways = automaton.ways.map((ways, from) => (isFree[from] ? [] : ways.filter(way => !isFree[way.to])))
    this.#parts = connectedParts(this.#ways)
  }

  /** Two ways from a place, on one character, that meet again in the same part of the graph. */
  exponentialLoop(): readonly State[] | null {
    for (const [state, ways] of this.#ways.entries()) {
      const inside = ways.filter(way => this.#parts[way.to] === this.#parts[state])
      for (const [i, one] of inside.entries()) {
        for (const other of inside.slice(i + 1)) {
          if (!haveCommon(one.set, other.set)) continue
          if (this.#canMeet(one.to, other.to)) return this.#statesOf(this.#parts[state]!)
        }
      }
    }
    return null
  }

  #statesOf(part: number): State[] {
    return this.#states.filter((_, state) => this.#parts[state] === part)
  }

  #canMeet(a: number, b: number): boolean {
    return this.#reaches(
      [a, b],
      ([x, y]) => x === y,
      (state, to) => this.#parts[to] === this.#parts[state],
    )
  }

  /** @param isAllowed may this step be taken: from which of the tuple, to where */
  #reaches(
    start: readonly number[],
    isGoal: (tuple: readonly number[]) => boolean,
    isAllowed: (state: number, to: number, index: number) => boolean,
  ): boolean {
    const seen = new Set([start.join()])
    const queue = [start]
    for (let tuple = queue.pop(); tuple !== undefined; tuple = queue.pop()) {
      if (isGoal(tuple)) return true
      if (++this.#steps > MOST_STEPS) return false
      const choices = tuple.map((state, i) => this.#ways[state]!.filter(way => isAllowed(state, way.to, i)))
      for (const next of this.#together(choices)) {
        if (seen.has(next.join())) continue
        seen.add(next.join())
        queue.push(next)
      }
    }
    return false
  }

  /** One way of each list, all on a common character. */
  #together(choices: readonly (readonly Way[])[]): number[][] {
    let tuples: { to: number[]; sets: Way['set'][] }[] = [{ to: [], sets: [] }]
    for (const ways of choices) {
      tuples = tuples.flatMap(({ to, sets }) =>
        ways
          .filter(way => haveCommon(...sets, way.set))
          .map(way => ({ to: [...to, way.to], sets: [...sets, way.set] })),
      )
      this.#steps += tuples.length
    }
    return tuples.map(({ to }) => to)
  }

  /** The loops that multiply, one after another; the longest such list. */
  longestChain(): (readonly State[])[] {
    const loops = [...new Set(this.#parts)].filter(part => this.#isLoop(part))
    const longest = new Map<number, number[]>()
    const chainFrom = (part: number): number[] => {
      const known = longest.get(part)
      if (known !== undefined) return known
      let best: number[] = []
      for (const next of loops) {
        if (next === part || !this.#multiplies(part, next)) continue
        const chain = chainFrom(next)
        if (chain.length > best.length) best = chain
      }
      longest.set(part, [part, ...best])
      return [part, ...best]
    }
    const chains = loops.map(chainFrom).sort((a, b) => b.length - a.length)
    return (chains[0] ?? []).map(part => this.#statesOf(part))
  }

  #isLoop(part: number): boolean {
    return this.#ways.some(
      (ways, from) => this.#parts[from] === part && ways.some(way => this.#parts[way.to] === part),
    )
  }

  /** Does some text lead round the first, from it to the second, and round the second? */
  #multiplies(first: number, second: number): boolean {
    const [ps, qs] = [first, second].map(part => [...this.#parts.keys()].filter(s => this.#parts[s] === part))
    for (const p of ps!) {
      for (const q of qs!) {
        const isThere = ([x, y, z]: readonly number[]): boolean => x === p && y === q && z === q
        if (
          this.#reaches(
            [p, p, q],
            isThere,
            (state, to, i) => i === 1 || this.#parts[to] === this.#parts[state],
          )
        )
          return true
      }
    }
    return false
  }
}

/** Is there a match at once, whatever follows? */
function endsHere({ ends, ways, states }: Automaton, state: number, unlikely: Ranges): boolean {
  const isRest = (to: number): boolean => {
    const gate = ends.get(to)
    const takesAll = minus(complement(states[to]!.set), unlikely).length === 0
    return takesAll && gate !== undefined && gate <= AT_END && ways[to]!.some(way => way.to === to)
  }
  const gate = ends.get(state)
  if (gate === undefined || gate > AT_END) return false
  return gate === OPEN || ways[state]!.some(way => isRest(way.to))
}

/** Kosaraju's algorithm. @returns a number for each state, the same for those that reach each other */
function connectedParts(ways: readonly (readonly Way[])[]): number[] {
  const forward = ways.map(list => list.map(way => way.to))
  const backward: number[][] = ways.map(() => [])
  for (const [from, list] of forward.entries()) for (const to of list) backward[to]!.push(from)
  const parts = ways.map(() => -1)
  for (const root of finishingOrder(forward).reverse()) spread(root, root, backward, parts)
  return parts
}

function finishingOrder(graph: readonly (readonly number[])[]): number[] {
  const seen = new Set<number>()
  const order: number[] = []
  const visit = (state: number): void => {
    if (seen.has(state)) return
    seen.add(state)
    for (const to of graph[state]!) visit(to)
    order.push(state)
  }
  for (const state of graph.keys()) visit(state)
  return order
}

function spread(state: number, part: number, graph: readonly (readonly number[])[], parts: number[]): void {
  if (parts[state] !== -1) return
  parts[state] = part
  for (const to of graph[state]!) spread(to, part, graph, parts)
}
