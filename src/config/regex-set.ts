/**
 * Sets of characters: what one step of a regular expression can match.
 *
 *   setOf([97, 122])                  a to z, from ranges in any order
 *   union, complement, minus, overlap on ranges, which are sorted and never touch
 *   bothCases(ranges)                 with the other case of each letter
 *   DIGIT, WORD, SPACE, POSIX, …      the classes that PCRE knows by name: ASCII only, as without (*UCP)
 *   setText(set)                      as JavaScript writes it: `a`, `\.`, `[^/]`
 *
 * Properties (`\p{L}`) stay words: only the engine knows which characters have them.
 */

/** First and last code point, both included. */
export type Range = readonly [first: number, last: number]
export type Ranges = readonly Range[]

export interface CharSet {
  readonly ranges: Ranges
  /** As JavaScript writes them: `\p{L}`, `\P{Lu}`. */
  readonly properties: readonly string[]
  /** Everything else is meant. */
  readonly isNegated: boolean
}

export const LAST = 0x10ffff
export const ALL: Ranges = [[0, LAST]]

export function setOf(...ranges: Range[]): CharSet {
  return { ranges: union(ranges), properties: [], isNegated: false }
}

export function singleOf(set: CharSet): number | null {
  const [range] = set.ranges
  const isSingle = range !== undefined && set.ranges.length === 1 && range[0] === range[1]
  return isSingle && !set.isNegated && set.properties.length === 0 ? range[0] : null
}

/** The set without negation; a property may hold anything, so it counts as everything. */
export function rangesOf(set: CharSet): Ranges {
  if (set.properties.length > 0) return ALL
  return set.isNegated ? complement(set.ranges) : set.ranges
}

export function union(...lists: Ranges[]): Range[] {
  const merged: [number, number][] = []
  for (const [first, last] of lists.flat().sort((a, b) => a[0] - b[0])) {
    const before = merged.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else merged.push([first, last])
  }
  return merged
}

export function complement(ranges: Ranges): Range[] {
  const rest: Range[] = []
  let next = 0
  for (const [first, last] of union(ranges)) {
    if (first > next) rest.push([next, first - 1])
    next = last + 1
  }
  if (next <= LAST) rest.push([next, LAST])
  return rest
}

export function overlap(a: Ranges, b: Ranges): Range[] {
  const both: Range[] = []
  for (const [firstA, lastA] of a) {
    for (const [firstB, lastB] of b) {
      const [first, last] = [Math.max(firstA, firstB), Math.min(lastA, lastB)]
      if (first <= last) both.push([first, last])
    }
  }
  return union(both)
}

export function minus(a: Ranges, b: Ranges): Range[] {
  return overlap(a, complement(b))
}

/** Alphabets with two cases that follow one another: Latin, Greek, Cyrillic, Armenian. Beyond them single letters only. */
const LAST_CASED = 0x58f

/**
 * @param isUnicode do U+017F and U+212A (the long s, and the Kelvin sign) ignore case with `s` and `k`, as the engine has it
 * with the flag `u`? Without it no letter of ASCII gets one from beyond, nor the other way round.
 */
export function bothCases(ranges: Ranges, isUnicode: boolean): Range[] {
  const others: Range[] = []
  for (const [first, last] of ranges) {
    for (let code = first; code <= lastToAsk(first, last); code++) {
      for (const other of otherCases(code, isUnicode)) others.push([other, other])
    }
  }
  return union(ranges, others)
}

/** Is the other case of each letter in there, too? */
export function isCaseClosed(ranges: Ranges, isUnicode: boolean): boolean {
  return ranges.every(([first, last]) => {
    for (let code = first; code <= lastToAsk(first, last); code++) {
      if (!otherCases(code, isUnicode).every(other => isIn(other, ranges))) return false
    }
    return true
  })
}

function isIn(code: number, ranges: Ranges): boolean {
  return ranges.some(([first, last]) => code >= first && code <= last)
}

function lastToAsk(first: number, last: number): number {
  return first === last ? last : Math.min(last, LAST_CASED)
}

function otherCases(code: number, isUnicode: boolean): number[] {
  if (code < 0x41) return []
  const char = String.fromCodePoint(code)
  const others = [char.toLowerCase(), char.toUpperCase()]
  if (isUnicode && 'sS\u017f'.includes(char)) others.push('s', 'S', '\u017f')
  if (isUnicode && 'kK\u212a'.includes(char)) others.push('k', 'K', '\u212a')
  return others
    .filter(other => other.length === (other.codePointAt(0)! > 0xffff ? 2 : 1))
    .map(other => other.codePointAt(0)!)
    .filter(other => other !== code && (isUnicode || other < 0x80 === code < 0x80))
}

function ranges(...pairs: string[]): Ranges {
  return union(pairs.map(pair => [pair.charCodeAt(0), pair.charCodeAt(pair.length - 1)] as const))
}

export const DIGIT = ranges('09')
export const WORD = ranges('az', 'AZ', '09', '_')
export const SPACE = ranges('\t\r', ' ')
export const NEWLINE = ranges('\n')
/** `\h` (pcre2pattern(3), "Generic character types"). */
export const HORIZONTAL = ranges(
  '\t',
  ' ',
  '\xa0',
  '\u1680',
  '\u180e',
  '\u2000\u200a',
  '\u202f',
  '\u205f',
  '\u3000',
)
/** `\v` */
export const VERTICAL = ranges('\n\r', '\x85', '\u2028\u2029')

/** The names between `[:` and `:]`. */
export const POSIX: ReadonlyMap<string, Ranges> = new Map([
  ['alpha', ranges('az', 'AZ')],
  ['lower', ranges('az')],
  ['upper', ranges('AZ')],
  ['alnum', ranges('az', 'AZ', '09')],
  ['ascii', ranges('\0\x7f')],
  ['blank', ranges(' ', '\t')],
  ['cntrl', ranges('\0\x1f', '\x7f')],
  ['digit', DIGIT],
  ['graph', ranges('!~')],
  ['print', ranges(' ~')],
  ['punct', ranges('!/', ':@', '[`', '{~')],
  ['space', SPACE],
  ['word', WORD],
  ['xdigit', ranges('09', 'AF', 'af')],
])

/** @param last the highest character: 0xffff without the flag `u`, where the units are those of UTF-16 */
export function setText(set: CharSet, last: number): string {
  const single = singleOf(set)
  if (single !== null) return charText(single, '^$\\.*+?()[]{}|/')
  const isEverything = set.ranges.length === 1 && set.ranges[0]![0] === 0 && set.ranges[0]![1] >= last
  if (isEverything && !set.isNegated) return '.'
  return `[${set.isNegated ? '^' : ''}${set.ranges.map(range => rangeText(range, last)).join('')}${set.properties.join('')}]`
}

function rangeText([first, last]: Range, end: number): string {
  if (first > end) return ''
  const [from, to] = [charText(first, '\\]^-['), charText(Math.min(last, end), '\\]^-[')]
  if (first === last) return from
  return last - first === 1 ? from + to : `${from}-${to}`
}

const SHORT: ReadonlyMap<number, string> = new Map([
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
])
const VISIBLE = /^[\p{L}\p{N}\p{P}\p{S} ]$/u

/** @param syntax the characters that need a backslash */
function charText(code: number, syntax: string): string {
  const char = String.fromCodePoint(code)
  if (syntax.includes(char)) return `\\${char}`
  const short = SHORT.get(code)
  if (short !== undefined) return short
  if (VISIBLE.test(char)) return char
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`
}
