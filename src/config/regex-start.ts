/**
 * How a regular expression begins: whether it is worth to try it at more than one place.
 */
import { complement, NEWLINE, rangesOf } from './regex-set.ts'
import type { Node } from './regex-tree.ts'

/** Does every way through begin with `.*`, and is that the rest of all or of the line? */
export function leadingRun(node: Node): 'all' | 'line' | null {
  if (node.kind === 'sequence') return node.parts.length === 0 ? null : leadingRun(node.parts[0]!)
  if (node.kind === 'group') return leadingRun(node.body)
  if (node.kind === 'choice') {
    const runs = node.branches.map(leadingRun)
    return runs.includes(null) ? null : runs.includes('line') ? 'line' : 'all'
  }
  const isRun = node.kind === 'repeat' && node.min === 0 && node.max === Number.POSITIVE_INFINITY
  if (!isRun || node.manner === 'possessive' || node.body.kind !== 'one-of') return null
  if (node.body.set.properties.length > 0) return null
  const missing = JSON.stringify(complement(rangesOf(node.body.set)))
  return missing === '[]' ? 'all' : missing === JSON.stringify(NEWLINE) ? 'line' : null
}

/** Does every way through begin at the start of the text? */
export function isAnchored(node: Node): boolean {
  switch (node.kind) {
    case 'anchor':
      return node.at === 'start'
    case 'sequence':
      return node.parts.length > 0 && isAnchored(node.parts[0]!)
    case 'choice':
      return node.branches.every(isAnchored)
    case 'group':
    case 'atomic':
      return isAnchored(node.body)
    default:
      return false
  }
}
