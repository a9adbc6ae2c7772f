/**
 * The part of a regular expression between square brackets, and the escapes that stand for a set of characters.
 *
 *   readClass(cursor, mode)         behind `[`, up to and with the `]` that closes it
 *   readEscapedSet(cursor)    `d`, `W`, `p{L}`, … behind a backslash, or null
 */

import { BYTE_ALONE, type Cursor, isByte, readEscapedChar } from './regex-cursor.ts'
import {
  ALL,
  type CharSet,
  complement,
  DIGIT,
  HORIZONTAL,
  LAST,
  minus,
  NEWLINE,
  POSIX,
  type Range,
  type Ranges,
  SPACE,
  union,
  VERTICAL,
  WORD,
} from './regex-set.ts'

export interface ClassMode {
  readonly isCaseless: boolean
  /** Is the pattern to be one of code points? */
  readonly isUnicode: boolean
  /** `(?xx)`: spaces and tabs do not count. */
  readonly skipsSpaces: boolean
}

/** One or both of ranges and properties; or one character, which may begin or end a range. */
interface Item {
  readonly ranges: Ranges
  readonly properties: readonly string[]
  readonly code: number | null
  readonly isByte: boolean
}

const BAD_RANGE = 'invalid range in character class'
const UNTERMINATED = 'missing terminating ] for character class'

export function readClass(cursor: Cursor, mode: ClassMode): CharSet {
  const isNegated = cursor.take('^')
  const items: Item[] = []
  const reader: ClassReader = { cursor, mode, isQuoting: false }
  for (let isFirst = true; ; isFirst = false) {
    skip(reader)
    if (!reader.isQuoting && cursor.next === ']' && !isFirst) break
    items.push(readRange(reader))
  }
  cursor.at++
  const properties = items.flatMap(item => item.properties)
  return { ranges: union(...items.map(item => item.ranges)), properties, isNegated }
}

interface ClassReader {
  readonly cursor: Cursor
  readonly mode: ClassMode
  /** Between `\Q` and `\E`. */
  isQuoting: boolean
}

/** What stands for nothing: `\Q`, `\E`, and with (?xx) spaces. */
function skip(reader: ClassReader): void {
  const { cursor, mode } = reader
  for (;;) {
    if (cursor.take('\\E')) reader.isQuoting = false
    else if (!reader.isQuoting && cursor.take('\\Q')) reader.isQuoting = true
    else if (reader.isQuoting || !mode.skipsSpaces || cursor.match(/[ \t]+/y) === null) return
  }
}

function readRange(reader: ClassReader): Item {
  const { cursor } = reader
  const from = cursor.at
  const first = readItem(reader)
  skip(reader)
  if (reader.isQuoting || cursor.next !== '-') return asWhole(cursor, first, from)
  const isLast = /^-(?:\\E)*\]/.test(cursor.text.slice(cursor.at))
  if (isLast) return asWhole(cursor, first, from)
  if (first.code === null) cursor.fail(BAD_RANGE)
  cursor.at++
  skip(reader)
  const to = cursor.at
  const last = readItem(reader)
  if (last.code === null) cursor.fail(BAD_RANGE, cursor.text.charAt(to) === '[' ? to : cursor.at)
  return spanning(reader, first, last, from)
}

function asWhole(cursor: Cursor, item: Item, from: number): Item {
  return item.isByte ? cursor.fail(BYTE_ALONE, from) : item
}

/** `\x80-\xff` is how one writes "not ASCII" in bytes; other ranges of bytes have no meaning among characters. */
function spanning({ cursor, mode }: ClassReader, first: Item, last: Item, from: number): Item {
  const [low, high] = [first.code!, last.code!]
  if (low > high) cursor.fail('range out of order in character class', cursor.at - 1)
  if (!last.isByte) return charactersOf([[low, high]])
  if (high !== 0xff || low > 0x80) cursor.fail(BYTE_ALONE, from)
  return charactersOf(minus([[low, LAST]], mode.isUnicode && mode.isCaseless ? FOLDS_TO_ASCII : []))
}

function charactersOf(ranges: Ranges): Item {
  return { ranges, properties: [], code: null, isByte: false }
}

function readItem(reader: ClassReader): Item {
  const { cursor } = reader
  if (cursor.isAtEnd) cursor.fail(UNTERMINATED)
  const from = cursor.at
  if (!reader.isQuoting && cursor.next === '[') {
    const posix = readPosix(reader)
    if (posix !== null) return charactersOf(posix)
  }
  if (reader.isQuoting || !cursor.take('\\')) return character(cursor.takeCodePoint(), false)
  return readClassEscape(reader, from)
}

function character(code: number, isOfBytes: boolean): Item {
  return { ranges: [[code, code]], properties: [], code, isByte: isOfBytes }
}

function readClassEscape({ cursor, mode }: ClassReader, from: number): Item {
  if (cursor.take('b')) return character(0x08, false)
  const code = readEscapedChar(cursor, true)
  if (code !== null) return character(code, isByte(cursor, code, from))
  if (cursor.next === 'N') cursor.fail('\\N is not supported in a class', cursor.at + 1)
  const set = readEscapedSet(cursor)
  if (set !== null) {
    return {
      ...charactersOf(set.isNegated ? outside(set.ranges, mode) : set.ranges),
      properties: set.properties,
    }
  }
  if (/[BRXC]/.test(cursor.next)) cursor.fail('escape sequence is invalid in character class')
  return cursor.fail('unrecognized character follows \\')
}

/** `[:name:]` or `[:^name:]`; null when the bracket is just a bracket. */
function readPosix({ cursor, mode }: ClassReader): Ranges | null {
  const from = cursor.at
  const found = cursor.match(/\[([.:=])(\^?)([^\]\\]*?)\1\]/y)
  if (found === null) return null
  const [, kind, negation, name] = found
  if (kind !== ':') cursor.fail('POSIX collating elements are not supported', from)
  const isCased = mode.isCaseless && (name === 'lower' || name === 'upper')
  const ranges = POSIX.get(isCased ? 'alpha' : name!) ?? cursor.fail('unknown POSIX class name', from + 2)
  return negation === '' ? ranges : outside(ranges, mode)
}

/** The two letters beyond ASCII that are `s` and `k` to whoever ignores case in Unicode. */
const FOLDS_TO_ASCII: readonly Range[] = [
  [0x17f, 0x17f],
  [0x212a, 0x212a],
]

/** All but these. With both flags, `i` and `u`, a set that holds U+017F would match `s`, which `\W` must not. */
function outside(ranges: Ranges, mode: ClassMode): Range[] {
  return complement(mode.isUnicode && mode.isCaseless ? union(ranges, FOLDS_TO_ASCII) : ranges)
}

const SETS: ReadonlyMap<string, Ranges> = new Map([
  ['d', DIGIT],
  ['h', HORIZONTAL],
  ['s', SPACE],
  ['v', VERTICAL],
  ['w', WORD],
])

/** Without the backslash. */
export function readEscapedSet(cursor: Cursor): CharSet | null {
  const letter = cursor.next
  if (letter === 'p' || letter === 'P') return readProperty(cursor)
  const ranges = letter === 'N' ? NEWLINE : SETS.get(letter.toLowerCase())
  if (ranges === undefined) return null
  cursor.at++
  return { ranges, properties: [], isNegated: letter === letter.toUpperCase() }
}

/** `\pL`, `\p{Lu}`, `\p{^Greek}`, `\P{…}`: a general category, a script, or one of PCRE's own. */
function readProperty(cursor: Cursor): CharSet {
  const isCapital = cursor.next === 'P'
  cursor.at++
  const found = cursor.match(/(?:([A-Za-z])|\{\s*(\^?)([\w\s&-]*)\})/y)
  if (found === null) cursor.fail('malformed \\P or \\p sequence')
  const [, letter, caret, inBraces] = found
  const isNegated = isCapital !== (caret === '^')
  const name = (letter ?? inBraces!).trim()
  if (name === 'Any') return { ranges: isNegated ? [] : ALL, properties: [], isNegated: false }
  const property = name === 'L&' ? 'LC' : propertyNamed(name)
  if (property === null) cursor.fail('unknown property after \\P or \\p')
  return { ranges: [], properties: [`\\${isNegated ? 'P' : 'p'}{${property}}`], isNegated: false }
}

/** Categories as they are, scripts with their key: JavaScript wants to be told. */
function propertyNamed(name: string): string | null {
  for (const property of [`General_Category=${name}`, `Script_Extensions=${name}`, name]) {
    try {
      new RegExp(`\\p{${property}}`, 'u')
      return property
    } catch {}
  }
  return null
}
