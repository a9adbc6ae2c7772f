/**
 * Writes a tree as a regular expression of JavaScript that matches the same text with the same groups.
 *
 *   writeRegex(tree)     { text, flags, groups }
 *
 * - Upper and lower case: the flag `i` where all of the pattern ignores it; otherwise letters become `[Aa]` where they do.
 * - What gives nothing back, `(?>…)` and `a++`, becomes `(?=(…))\1`: a lookahead is not entered again once it has
 *   matched. That takes a group, so the groups of the pattern may get other numbers: `groups` tells which.
 * - `$` is before a newline at the end, too.
 */
import { isWrittenAsChoice, outcomeOf } from './regex-empty.ts'
import { bothCases, isCaseClosed, LAST, setText } from './regex-set.ts'
import { leadingRun } from './regex-start.ts'
import {
  type Anchor,
  type Backreference,
  childrenOf,
  type Node,
  type OneOf,
  RegexMistake,
  type Repeat,
  type Tree,
} from './regex-tree.ts'

export interface Written {
  readonly text: string
  readonly flags: string
  /** `groups[n]`: where the n-th group of the pattern is found; null when they all keep their numbers. */
  readonly groups: readonly (readonly number[])[] | null
}

export function writeRegex(tree: Tree): Written {
  return new Writer(tree).write()
}

const ANCHOR_TEXT: Record<Anchor['at'], string> = {
  start: '^',
  end: '$',
  'last line end': '(?=\\n?$)',
  // Not behind the last newline of all (pcre2pattern(3), "Circumflex and dollar").
  'line start': '(?:^|(?<=\\n)(?!$))',
  'line end': '(?=\\n|$)',
  boundary: '\\b',
  inside: '\\B',
  nowhere: '(?!)',
}

class Writer {
  readonly #tree: Tree
  readonly #names: ReadonlyMap<number, string>
  /** Is case ignored everywhere, so that the engine's flag will do? */
  readonly #isCaseless: boolean
  readonly #groups: number[][] = [[0]]
  readonly #named = new Set<string>()
  #groupCount = 0
  #hasDot = false
  /** Inside a lookbehind the engine goes from right to left. */
  #isBehind = false

  constructor(tree: Tree) {
    this.#tree = tree
    this.#names = new Map([...tree.names].map(([name, number]) => [number, name]))
    this.#isCaseless = isCaselessThroughout(tree)
    for (let number = 1; number <= tree.captureCount; number++) this.#groups.push([])
  }

  write(): Written {
    const text = this.#start() + this.#part(this.#tree.root)
    const flags = `${this.#isCaseless ? 'i' : ''}${this.#hasDot ? 's' : ''}${this.#tree.isUnicode ? 'u' : ''}`
    const isSame = this.#groups.every((places, number) => places.length === 1 && places[0] === number)
    return {
      text,
      flags,
      groups: isSame && this.#groupCount === this.#tree.captureCount ? null : this.#groups,
    }
  }

  /**
   * A pattern that begins with `.*` and fails at one place fails at all others of the line, so it is tried once a line:
   * PCRE does the same. It makes linear what would take time with the square of the length.
   */
  #start(): string {
    const first = this.#tree.hasReferences ? null : leadingRun(this.#tree.root)
    return first === null ? '' : first === 'all' ? '^' : '(?<![^\\n])'
  }

  #node(node: Node): string {
    switch (node.kind) {
      case 'one-of':
        return this.#oneOf(node)
      case 'sequence':
        return node.parts.map(part => this.#part(part)).join('')
      case 'choice':
        return node.branches.map(branch => this.#node(branch)).join('|')
      case 'repeat':
        return this.#repeat(node)
      case 'group':
        return this.#group(node.number, node.body)
      case 'atomic':
        return this.#atomic(() => this.#node(node.body))
      case 'look':
        return this.#look(node.isBehind, node.isNegative, node.body)
      case 'anchor':
        return ANCHOR_TEXT[node.at]
      case 'backreference':
        return this.#backreference(node)
    }
  }

  #part(node: Node): string {
    const text = this.#node(node)
    return node.kind === 'choice' ? `(?:${text})` : text
  }

  #oneOf({ set, isCaseless }: OneOf): string {
    const last = this.#tree.isUnicode ? LAST : 0xffff
    const isExpanded = isCaseless && !this.#isCaseless
    const text = setText(
      isExpanded ? { ...set, ranges: bothCases(set.ranges, this.#tree.isUnicode) } : set,
      last,
    )
    this.#hasDot ||= text === '.'
    return text
  }

  #repeat(node: Repeat): string {
    if (node.manner === 'possessive') return this.#atomic(() => this.#repeat({ ...node, manner: 'greedy' }))
    const isOptional = node.min === 0 && node.max === 1
    if (
      isOptional ? isWrittenAsChoice(node.body) : node.max > node.min && outcomeOf(node.body).isEmptyFirst
    ) {
      return this.#repeatOfNothing(node)
    }
    const isAtom = node.body.kind === 'one-of' || node.body.kind === 'group'
    const body = isAtom ? this.#node(node.body) : `(?:${this.#node(node.body)})`
    return body + quantifier(node) + (node.manner === 'lazy' ? '?' : '')
  }

  /** A round that matches nothing ends the loop, before other ways through it are tried: see regex-empty.ts. */
  #repeatOfNothing({ body, min, max, manner, from }: Repeat): string {
    if (min > 0 || max > 1) {
      throw new RegexMistake(
        'a loop whose round tries nothing before something, as (|a)*, cannot be translated: put what is longer first',
        from,
      )
    }
    return manner === 'lazy' ? `(?:|${this.#node(body)})` : `(?:${this.#node(body)}|)`
  }

  #group(number: number, body: Node): string {
    this.#groups[number]!.push(++this.#groupCount)
    const name = this.#names.get(number)
    const isNamed = name !== undefined && !this.#named.has(name)
    if (isNamed) this.#named.add(name)
    return `(${isNamed ? `?<${name}>` : ''}${this.#node(body)})`
  }

  /** PCRE wants one length behind, so that there is nothing to give back. */
  #atomic(body: () => string): string {
    if (this.#isBehind) return `(?:${body()})`
    const number = ++this.#groupCount
    return `(?=(${body()}))(?:\\${number})`
  }

  #look(isBehind: boolean, isNegative: boolean, body: Node): string {
    const before = this.#isBehind
    this.#isBehind = isBehind
    const text = `(?${isBehind ? '<' : ''}${isNegative ? '!' : '='}${this.#node(body)})`
    this.#isBehind = before
    return text
  }

  /** An unset group matches nothing here, so that of several with one number all can be asked. */
  #backreference({ number, isCaseless, from }: Backreference): string {
    if (isCaseless && !this.#isCaseless) {
      throw new RegexMistake(
        'a reference that ignores case in a pattern that does not cannot be translated',
        from,
      )
    }
    return `(?:${this.#groups[number]!.map(place => `\\${place}`).join('')})`
  }
}

function quantifier({ min, max }: Repeat): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`
  if (min === 0 && max === 1) return '?'
  return min === max ? `{${min}}` : `{${min},${max}}`
}

/** Is there something to ignore the case of, and is it ignored wherever there is? */
function isCaselessThroughout({ root, isUnicode }: Tree): boolean {
  let [ignored, kept] = [0, 0]
  const count = (isCaseless: boolean): void => {
    if (isCaseless) ignored++
    else kept++
  }
  const visit = (node: Node): void => {
    // A property keeps its case in PCRE: `\p{Lu}` is for capitals even where case is ignored.
    if (node.kind === 'one-of' && node.set.properties.length > 0) count(false)
    else if (node.kind === 'one-of' && !isCaseClosed(node.set.ranges, isUnicode)) count(node.isCaseless)
    if (node.kind === 'backreference') count(node.isCaseless)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(root)
  return ignored > 0 && kept === 0
}
