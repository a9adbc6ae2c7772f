/**
 * Reads a regular expression of PCRE2 into a tree (pcre2pattern(3)).
 *
 *   readRegex(source, isCaseless)     the tree, or throws RegexMistake
 *
 * What PCRE knows and JavaScript has no way to say is refused here, in a sentence that names it: recursion, conditions,
 * most verbs, `\C`, `\X`. Two things are taken that have no effect: `\K`, because nobody asks where a match began, and
 * callouts, because nobody is called.
 */
import { type ClassMode, readClass, readEscapedSet } from './regex-class.ts'
import { Cursor, isByte, readEscapedChar, readOtherBytes } from './regex-cursor.ts'
import { type Flags, readFlags } from './regex-flags.ts'
import { NO_CALLS, type Reference, readGroupName, readReference } from './regex-names.ts'
import { ALL, type CharSet, NEWLINE, setOf, VERTICAL, WORD } from './regex-set.ts'
import type { Anchor, Backreference, Node, Repeat, Tree } from './regex-tree.ts'
import { readStartVerbs, readVerb } from './regex-verbs.ts'

export function readRegex(source: string, isCaseless: boolean): Tree {
  return new Reader(source, isCaseless).read()
}

/** What a piece of a sequence came to; null stands for nothing at all. */
interface Piece {
  readonly node: Node | null
  readonly mayRepeat: boolean
}

const NOTHING: Piece = { node: null, mayRepeat: false }

const ANCHORS: ReadonlyMap<string, Anchor['at']> = new Map([
  ['A', 'start'],
  ['G', 'start'],
  ['Z', 'last line end'],
  ['z', 'end'],
  ['b', 'boundary'],
  ['B', 'inside'],
])

const NO_REPEAT = 'quantifier does not follow a repeatable item'
const QUANTIFIER = /([*+?])|\{(\d+)(,(\d*))?\}/y
/** Text for PCRE2 up to 10.42, a quantifier since 10.43. */
const DOUBTFUL_QUANTIFIER = /\{[ \t]*(?:\d+[ \t]*(?:,[ \t]*\d*)?|,[ \t]*\d+)[ \t]*\}/y

/** As PCRE2 is built; the parser of the engine and we descend into them, too. */
const MOST_NESTED = 250

class Reader {
  readonly #cursor: Cursor
  readonly #names = new Map<string, number>()
  readonly #references: { node: { number: number }; to: Reference }[] = []
  #flags: Flags
  #isUnicode: boolean
  /** Between `\Q` and `\E`. */
  #isQuoting = false
  #depth = 0

  constructor(source: string, isCaseless: boolean) {
    this.#cursor = new Cursor(source)
    this.#flags = isCaseless ? 'i' : ''
    // Asked before reading, since it changes what a set is. `\\p` in a text of backslashes does no harm.
    this.#isUnicode = /\\[pP]|[\u{10000}-\u{10ffff}]/u.test(source)
  }

  read(): Tree {
    readStartVerbs(this.#cursor)
    this.#isUnicode ||= this.#cursor.isUtf
    const root = this.#readChoice()
    if (!this.#cursor.isAtEnd) this.#cursor.fail('unmatched closing parenthesis')
    for (const { node, to } of this.#references) node.number = this.#numberOf(to)
    return {
      root,
      captureCount: this.#captureCount,
      names: this.#names,
      isUnicode: this.#isUnicode,
      hasReferences: this.#references.length > 0,
    }
  }

  get #captureCount(): number {
    return this.#cursor.groupCount
  }

  #numberOf({ group, at }: Reference): number {
    const number = typeof group === 'number' ? group : (this.#names.get(group) ?? 0)
    if (number < 1 || number > this.#captureCount) {
      this.#cursor.fail('reference to non-existent subpattern', at)
    }
    return number
  }

  #has(flag: string): boolean {
    return this.#flags.includes(flag)
  }

  #readChoice(): Node {
    const branches = [this.#readSequence()]
    while (this.#cursor.take('|')) branches.push(this.#readSequence())
    return branches.length === 1 ? branches[0]! : { kind: 'choice', branches }
  }

  #readSequence(): Node {
    const parts: Node[] = []
    for (;;) {
      this.#skip()
      const { next } = this.#cursor
      if (next === '' || (!this.#isQuoting && (next === '|' || next === ')'))) break
      const from = this.#cursor.at
      const piece = this.#readPiece()
      const node = this.#readQuantifier(piece, from)
      if (node !== null) parts.push(node)
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts }
  }

  /** Comments, `\Q` and `\E`, and what (?x) lets one write for the eye. */
  #skip(): void {
    const cursor = this.#cursor
    for (;;) {
      if (cursor.take('\\E')) this.#isQuoting = false
      else if (this.#isQuoting) return
      else if (cursor.take('\\Q')) this.#isQuoting = true
      else if (cursor.startsWith('(?#')) this.#skipComment()
      else if (!this.#has('x') || cursor.match(/[\t-\r ]+|#[^\n]*/y) === null) return
    }
  }

  #skipComment(): void {
    if (this.#cursor.match(/\(\?#[^)]*\)/y) !== null) return
    this.#cursor.fail('missing ) after (?# comment', this.#cursor.text.length)
  }

  #readPiece(): Piece {
    const cursor = this.#cursor
    const from = cursor.at
    if (this.#isQuoting) return this.#literal(cursor.takeCodePoint(), from)
    if (cursor.take('\\')) return this.#readEscape(from)
    if (cursor.take('(')) return this.#readParenthesis(from)
    if (cursor.startsWith('[')) return this.#readBrackets(from)
    if (cursor.take('^')) return anchor(this.#has('m') ? 'line start' : 'start')
    if (cursor.take('$')) return anchor(this.#has('m') ? 'line end' : 'last line end')
    if (cursor.take('.')) return this.#oneOf(this.#has('s') ? setOf(...ALL) : NOT_NEWLINE, from)
    if (cursor.match(QUANTIFIER) !== null) cursor.fail(NO_REPEAT, cursor.at - 1)
    if (cursor.match(DOUBTFUL_QUANTIFIER) !== null) {
      cursor.fail('whether this repeats depends on the version of PCRE2: write {0,5} or \\{,5}', from)
    }
    return this.#literal(cursor.takeCodePoint(), from)
  }

  #literal(code: number, from: number): Piece {
    return this.#oneOf(setOf([code, code]), from)
  }

  #oneOf(set: CharSet, from: number): Piece {
    const node: Node = { kind: 'one-of', set, isCaseless: this.#has('i'), from, to: this.#cursor.at }
    return { node, mayRepeat: true }
  }

  #readQuantifier({ node, mayRepeat }: Piece, from: number): Node | null {
    this.#skip()
    const found = this.#isQuoting ? null : this.#cursor.match(QUANTIFIER)
    if (found === null) return node
    if (!mayRepeat || node === null) this.#cursor.fail(NO_REPEAT, this.#cursor.at - 1)
    const [min, max] = this.#bounds(found)
    this.#skip()
    const suffix = this.#isQuoting ? undefined : this.#cursor.match(/[+?]/y)?.[0]
    const isLazy = (suffix === '?') !== this.#has('U')
    const manner: Repeat['manner'] = suffix === '+' ? 'possessive' : isLazy ? 'lazy' : 'greedy'
    return { kind: 'repeat', body: node, min, max, manner, from, to: this.#cursor.at }
  }

  #bounds([, sign, least, comma, most]: RegExpExecArray): [min: number, max: number] {
    if (sign !== undefined) return [sign === '+' ? 1 : 0, sign === '?' ? 1 : Number.POSITIVE_INFINITY]
    const min = Number(least)
    const max = comma === undefined ? min : most === '' ? Number.POSITIVE_INFINITY : Number(most)
    const isTooBig = min > 65535 || (max > 65535 && max !== Number.POSITIVE_INFINITY)
    if (isTooBig) this.#cursor.fail('number too big in {} quantifier', this.#cursor.at - 1)
    if (max < min) this.#cursor.fail('numbers out of order in {} quantifier', this.#cursor.at - 1)
    return [min, max]
  }

  get #classMode(): ClassMode {
    return { isCaseless: this.#has('i'), isUnicode: this.#isUnicode, skipsSpaces: this.#has('X') }
  }

  #readBrackets(from: number): Piece {
    const cursor = this.#cursor
    if (cursor.match(/\[\[:<:\]\]/y) !== null) return wordEdge(false)
    if (cursor.match(/\[\[:>:\]\]/y) !== null) return wordEdge(true)
    const posix = /^\[([:.=])[^\]\\]*\1\]/.exec(cursor.text.slice(from))
    if (posix?.[1] === ':') cursor.fail('POSIX named classes are supported only within a class')
    if (posix !== null) cursor.fail('POSIX collating elements are not supported')
    cursor.at++
    return this.#oneOf(readClass(cursor, this.#classMode), from)
  }

  /** Behind a backslash. */
  #readEscape(from: number): Piece {
    const cursor = this.#cursor
    const code = readEscapedChar(cursor, false)
    if (code !== null) {
      return this.#literal(isByte(cursor, code, from) ? readOtherBytes(cursor, code, from) : code, from)
    }
    const place = ANCHORS.get(cursor.next)
    if (place !== undefined) {
      cursor.at++
      return anchor(place)
    }
    if (cursor.take('K')) return NOTHING
    if (cursor.take('R')) return { node: NEWLINE_SEQUENCE, mayRepeat: true }
    const set = this.#isNamedCharacter() ? null : readEscapedSet(cursor)
    if (set !== null) return this.#oneOf(set, from)
    const reference = readReference(cursor)
    return reference === null ? this.#refuseEscape(from) : this.#reference(reference, from)
  }

  /** `\N{name}`, which `\N{2}` is not. */
  #isNamedCharacter(): boolean {
    return /^N\{(?!\d+(?:,\d*)?\})/.test(this.#cursor.text.slice(this.#cursor.at, this.#cursor.at + 15))
  }

  #refuseEscape(from: number): never {
    const cursor = this.#cursor
    const letter = cursor.next
    if (letter === 'X') cursor.fail('\\X, one character with its accents, cannot be translated', from)
    if (letter === 'C') cursor.fail('\\C, one byte of a character, cannot be translated', from)
    if (/[FLlNUu]/.test(letter)) {
      cursor.fail('PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u', cursor.at + 1)
    }
    return cursor.fail('unrecognized character follows \\')
  }

  #reference(to: Reference, from: number): Piece {
    const node: Backreference & { number: number } = {
      kind: 'backreference',
      number: 0,
      isCaseless: this.#has('i'),
      from,
      to: this.#cursor.at,
    }
    this.#references.push({ node, to })
    return { node, mayRepeat: true }
  }

  /** Behind an opening parenthesis. */
  #readParenthesis(from: number): Piece {
    const cursor = this.#cursor
    if (/^\*[a-zA-Z:]/.test(cursor.text.slice(cursor.at, cursor.at + 2))) {
      const start = readVerb(cursor)
      return start === null ? { node: NEVER, mayRepeat: false } : this.#readGroup(start, from)
    }
    if (!cursor.take('?')) return this.#readPlain()
    const start = cursor.match(GROUP_START)?.[0]
    return start === undefined ? this.#readOptions() : this.#readGroup(start, from)
  }

  #readPlain(): Piece {
    return this.#has('n') ? this.#bracketed(() => this.#readChoice()) : this.#capturing(null)
  }

  #readGroup(start: string, from: number): Piece {
    const cursor = this.#cursor
    if (start === ':') return this.#bracketed(() => this.#readChoice())
    if (start === '|') return this.#bracketed(() => this.#readBranchReset())
    if (start === '>') return this.#bracketed(() => ({ kind: 'atomic', body: this.#readChoice() }))
    if (start === 'P=') return this.#readNamedReference(from)
    if (/^(P?<|')$/.test(start)) return this.#capturing(readGroupName(cursor, start === "'" ? "'" : '>'))
    if (/^<?[=!]$/.test(start)) return this.#readLook(start.startsWith('<'), start.endsWith('!'))
    if (start === 'C') return this.#readCallout()
    if (start === '(')
      cursor.fail('a condition, as (?(1)…|…), cannot be translated: write both branches', from)
    if (/^<?\*$/.test(start)) cursor.fail('a non-atomic lookaround cannot be translated', from)
    return cursor.fail(NO_CALLS, from)
  }

  /** Reads the inside of a group and its end; flags that are set inside end with it. */
  #bracketed(read: () => Node): Piece {
    const flags = this.#flags
    if (++this.#depth > MOST_NESTED) this.#cursor.fail('parentheses are too deeply nested')
    const node = read()
    this.#depth--
    if (!this.#cursor.take(')')) {
      this.#cursor.fail('missing closing parenthesis', this.#cursor.text.length)
    }
    this.#flags = flags
    return { node, mayRepeat: true }
  }

  #capturing(name: string | null): Piece {
    const number = ++this.#cursor.groupCount
    if (name !== null) this.#nameGroup(name, number)
    return this.#bracketed(() => ({ kind: 'group', number, body: this.#readChoice() }))
  }

  #nameGroup(name: string, number: number): void {
    const before = this.#names.get(name)
    if (before !== undefined && before !== number) {
      this.#cursor.fail('two named subpatterns have the same name (PCRE2_DUPNAMES not set)')
    }
    this.#names.set(name, number)
  }

  /** `(?|…)`: each branch counts its groups from the same number. */
  #readBranchReset(): Node {
    const cursor = this.#cursor
    const first = cursor.groupCount
    let last = first
    const branches: Node[] = []
    do {
      cursor.groupCount = first
      branches.push(this.#readSequence())
      last = Math.max(last, cursor.groupCount)
    } while (cursor.take('|'))
    cursor.groupCount = last
    return { kind: 'choice', branches }
  }

  #readLook(isBehind: boolean, isNegative: boolean): Piece {
    return this.#bracketed(() => ({ kind: 'look', isBehind, isNegative, body: this.#readChoice() }))
  }

  #readNamedReference(from: number): Piece {
    const at = this.#cursor.at
    return this.#reference({ group: readGroupName(this.#cursor, ')'), at }, from)
  }

  #readCallout(): Piece {
    const found = this.#cursor.match(/(\d*)\)/y)
    if (found === null) this.#cursor.fail('only callouts with a number, as (?C1), are taken')
    if (Number(found[1]) > 255) this.#cursor.fail('number after (?C is greater than 255')
    return NOTHING
  }

  /** `(?i)` up to the end of the group around it, `(?i:…)` inside of itself. */
  #readOptions(): Piece {
    const cursor = this.#cursor
    const before = this.#flags
    const flags = readFlags(cursor, before)
    if (cursor.take(')')) {
      this.#flags = flags
      return NOTHING
    }
    cursor.take(':')
    this.#flags = flags
    const piece = this.#bracketed(() => this.#readChoice())
    this.#flags = before
    return piece
  }
}

/** What may follow `(?`, but for flags. */
const GROUP_START = /[:|>=!*&(C]|<[=!*]|P[=>]|P?<|'|R|[+-]?\d+/y

function anchor(at: Anchor['at']): Piece {
  return { node: { kind: 'anchor', at }, mayRepeat: false }
}

const NOT_NEWLINE: CharSet = { ranges: NEWLINE, properties: [], isNegated: true }
const NEVER: Node = { kind: 'anchor', at: 'nowhere' }

function plain(set: CharSet): Node {
  return { kind: 'one-of', set, isCaseless: false, from: 0, to: 0 }
}

function look(isNegative: boolean, isBehind: boolean, body: Node): Node {
  return { kind: 'look', isBehind, isNegative, body }
}

function sequence(...parts: Node[]): Node {
  return { kind: 'sequence', parts }
}

/** `\R`: what has matched CR LF is not tried as CR alone. */
const CRLF = sequence(plain(setOf([0x0d, 0x0d])), plain(setOf([0x0a, 0x0a])))
const NEWLINE_SEQUENCE: Node = {
  kind: 'choice',
  branches: [CRLF, sequence(look(true, false, CRLF), plain(setOf(...VERTICAL)))],
}

/** `[[:<:]]` and `[[:>:]]`: where a word begins, where it ends. */
function wordEdge(isEnd: boolean): Piece {
  const edge: Node = { kind: 'anchor', at: 'boundary' }
  return { node: sequence(edge, look(false, isEnd, plain(setOf(...WORD)))), mayRepeat: false }
}
