/**
 * Loops whose round may match nothing. PCRE takes such a round and leaves the loop; JavaScript takes it back and looks for
 * another way through the round (ECMA-262 §22.2.2.3.1, RepeatMatcher). The difference shows when the round finds nothing
 * first and something later, as in `(|a)*` and `(a??)?`.
 *
 *   outcomeOf(node)             what a node can match, and in which order
 *   isWrittenAsChoice(body)     is `body?` to be written as `(?:body|)`, so that it is PCRE's?
 */
import { groupsIn, type Node } from './regex-tree.ts'

export interface Outcome {
  readonly mayBeEmpty: boolean
  readonly mayBeFull: boolean
  /** Nothing is tried before something. */
  readonly isEmptyFirst: boolean
}

const FULL: Outcome = { mayBeEmpty: false, mayBeFull: true, isEmptyFirst: false }
const EMPTY: Outcome = { mayBeEmpty: true, mayBeFull: false, isEmptyFirst: false }

/** Either something comes after nothing, or what a group found in an empty round would be taken back with it. */
export function isWrittenAsChoice(body: Node): boolean {
  const { mayBeEmpty, isEmptyFirst } = outcomeOf(body)
  return isEmptyFirst || (mayBeEmpty && groupsIn(body).length > 0)
}

export function outcomeOf(node: Node): Outcome {
  switch (node.kind) {
    case 'one-of':
      return FULL
    case 'anchor':
    case 'look':
      return EMPTY
    case 'backreference':
      return { mayBeEmpty: true, mayBeFull: true, isEmptyFirst: false }
    case 'group':
      return outcomeOf(node.body)
    case 'atomic':
      return { ...outcomeOf(node.body), isEmptyFirst: false }
    case 'sequence':
      return ofSequence(node.parts.map(outcomeOf))
    case 'choice':
      return ofChoice(node.branches.map(outcomeOf))
    case 'repeat':
      return ofRepeat(outcomeOf(node.body), node.min, node.max, node.manner)
  }
}

function ofSequence(parts: readonly Outcome[]): Outcome {
  const mayBeEmpty = parts.every(part => part.mayBeEmpty)
  return {
    mayBeEmpty,
    mayBeFull: parts.some(part => part.mayBeFull),
    isEmptyFirst: mayBeEmpty && parts.some(part => part.isEmptyFirst),
  }
}

function ofChoice(branches: readonly Outcome[]): Outcome {
  const firstEmpty = branches.findIndex(branch => branch.mayBeEmpty)
  const isBefore = firstEmpty >= 0 && branches.slice(firstEmpty + 1).some(branch => branch.mayBeFull)
  return {
    mayBeEmpty: firstEmpty >= 0,
    mayBeFull: branches.some(branch => branch.mayBeFull),
    isEmptyFirst: isBefore || branches.some(branch => branch.isEmptyFirst),
  }
}

function ofRepeat(
  body: Outcome,
  min: number,
  max: number,
  manner: 'greedy' | 'lazy' | 'possessive',
): Outcome {
  const mayBeFull = body.mayBeFull && max > 0
  const mayBeEmpty = min === 0 || body.mayBeEmpty
  const isLazy = manner === 'lazy' && max > min && mayBeEmpty && mayBeFull
  return {
    mayBeEmpty,
    mayBeFull,
    isEmptyFirst: manner !== 'possessive' && mayBeEmpty && (isLazy || (body.isEmptyFirst && max > 0)),
  }
}
