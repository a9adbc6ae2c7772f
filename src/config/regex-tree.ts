/**
 * What a regular expression says, as a tree: what regex-reader.ts reads, regex-writer.ts writes for JavaScript and
 * regex-stall.ts judges. Flags are gone: each node carries what they meant at its place.
 */
import type { CharSet } from './regex-set.ts'

/** Where something is written: the offset of its first character and that behind its last. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** One character out of a set; a literal is a set of one. */
export interface OneOf extends Span {
  readonly kind: 'one-of'
  readonly set: CharSet
  readonly isCaseless: boolean
}

/** `max` may be Infinity. Possessive: what it took it never gives back. */
export interface Repeat extends Span {
  readonly kind: 'repeat'
  readonly body: Node
  readonly min: number
  readonly max: number
  readonly manner: 'greedy' | 'lazy' | 'possessive'
}

/** Several groups of `(?|…)` may have one number. */
export interface Group {
  readonly kind: 'group'
  readonly number: number
  readonly body: Node
}

/** `(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)` */
export interface Look {
  readonly kind: 'look'
  readonly isBehind: boolean
  readonly isNegative: boolean
  readonly body: Node
}

/** An empty place, which matches or not because of what is beside it. */
export interface Anchor {
  readonly kind: 'anchor'
  readonly at:
    | 'start'
    | 'end'
    | 'last line end'
    | 'line start'
    | 'line end'
    | 'boundary'
    | 'inside'
    | 'nowhere'
}

export interface Backreference extends Span {
  readonly kind: 'backreference'
  readonly number: number
  readonly isCaseless: boolean
}

export interface Sequence {
  readonly kind: 'sequence'
  readonly parts: readonly Node[]
}

/** At least two branches, tried from left to right. */
export interface Choice {
  readonly kind: 'choice'
  readonly branches: readonly Node[]
}

/** Once it has matched, it is not tried in another way. */
export interface Atomic {
  readonly kind: 'atomic'
  readonly body: Node
}

export type Node = OneOf | Repeat | Group | Look | Anchor | Backreference | Sequence | Choice | Atomic

export interface Tree {
  readonly root: Node
  readonly captureCount: number
  /** Name → number, in the order of writing. */
  readonly names: ReadonlyMap<string, number>
  /** Characters are code points and not units of UTF-16. */
  readonly isUnicode: boolean
  readonly hasReferences: boolean
}

export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'sequence':
      return node.parts
    case 'choice':
      return node.branches
    case 'one-of':
    case 'anchor':
    case 'backreference':
      return []
    default:
      return [node.body]
  }
}

/** The numbers of the groups inside of it, and its own. */
export function groupsIn(node: Node): number[] {
  const inside = childrenOf(node).flatMap(groupsIn)
  return node.kind === 'group' ? [node.number, ...inside] : inside
}

/** Why a pattern cannot be taken: thrown by those who read and write one, caught in regex.ts. */
export class RegexMistake extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}
