/**
 * Ways in which JavaScript's groups are not PCRE's, found before they can be noticed.
 *
 *   checkReferences(tree)            a reference to a group that may be unset is refused: PCRE fails there, JavaScript
 *                                    matches nothing and goes on
 *   captureCaution(tree, source)     a sentence when a group in a loop can be passed by: PCRE keeps what an earlier round
 *                                    put there, JavaScript empties all groups of a loop when a round begins; and when a
 *                                    round can match nothing, since PCRE ends with such a round and JavaScript does not
 */
import { outcomeOf } from './regex-empty.ts'
import {
  type Backreference,
  childrenOf,
  groupsIn,
  type Node,
  RegexMistake,
  type Repeat,
  type Tree,
} from './regex-tree.ts'

type Groups = ReadonlySet<number>
const NONE: Groups = new Set()

export function checkReferences(tree: Tree): void {
  if (tree.hasReferences) setAfter(tree.root, NONE, refuseUnset)
}

type Check = (reference: Backreference, set: Groups) => void

function refuseUnset({ number, from }: Backreference, set: Groups): void {
  if (set.has(number)) return
  throw new RegexMistake(
    `group ${number} may be unset where it is referred to, which cannot be translated: make sure that it matches before`,
    from,
  )
}

/** The groups that are surely set behind a node when those of `before` are in front of it. */
function setAfter(node: Node, before: Groups, check: Check): Groups {
  switch (node.kind) {
    case 'backreference':
      check(node, before)
      return before
    case 'sequence':
      return node.parts.reduce((set, part) => setAfter(part, set, check), before)
    case 'choice':
      return common(node.branches.map(branch => setAfter(branch, before, check)))
    case 'repeat': {
      const after = setAfter(node.body, before, check)
      // What a group holds behind a loop that ends with nothing is not the same in both.
      return node.min === 0 || (node.max > 1 && outcomeOf(node.body).mayBeEmpty) ? before : after
    }
    case 'group':
      return new Set([...setAfter(node.body, before, check), node.number])
    case 'look': {
      // Behind, the engine goes from right to left, so there the groups of the inside do not count for one another.
      const after = setAfter(node.body, before, node.isBehind ? reference => check(reference, before) : check)
      return node.isNegative ? before : after
    }
    case 'atomic':
      return setAfter(node.body, before, check)
    default:
      return before
  }
}

function common(sets: readonly Groups[]): Groups {
  const [first = NONE, ...others] = sets
  return new Set([...first].filter(number => others.every(other => other.has(number))))
}

/** @returns '' when there is nothing to say */
export function captureCaution(tree: Tree, source: string): string {
  return cautionOf(tree.root, source) ?? ''
}

function cautionOf(node: Node, source: string): string | null {
  if (node.kind === 'repeat' && node.max > 1) {
    const caution = cautionOfLoop(node, source.slice(node.from, node.to))
    if (caution !== null) return caution
  }
  for (const child of childrenOf(node)) {
    const caution = cautionOf(child, source)
    if (caution !== null) return caution
  }
  return null
}

function cautionOfLoop({ body }: Repeat, loop: string): string | null {
  const sure = setAfter(body, NONE, () => {})
  const groups = groupsIn(body)
  const passedBy = groups.find(number => !sure.has(number))
  if (passedBy !== undefined) {
    return `$${passedBy} is empty when the last round of "${loop}" passes its group by, while nginx keeps an earlier value`
  }
  if (groups.length === 0 || !outcomeOf(body).mayBeEmpty) return null
  return `$${groups[0]} is what the last round of "${loop}" found that was not empty, while nginx goes round once more and finds nothing`
}
