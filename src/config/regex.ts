/**
 * Regular expressions as nginx's users write them, which is PCRE2, made into those of JavaScript.
 *
 *   translateRegex(source, isCaseless)    a Pattern, or what is wrong and where; messages are PCRE2's where it would refuse too
 *   matchPattern(pattern, text)           the groups of a match by their numbers in the source, or null
 *   refusalText(source, refusal)          nginx's sentence about it
 *
 * What is the same: what matches, and what the groups hold. What differs, because our text is decoded and PCRE without
 * (*UTF8) sees bytes: `.` takes a character, a class may hold `é`, case is ignored beyond ASCII too, and `{1,5}` counts
 * characters. Without (*UTF8) and `\p` the characters are the units of UTF-16, which matters only beyond U+FFFF.
 * A lookbehind may have any length.
 *
 * The steps: regex-reader.ts makes a tree (with regex-cursor, -class, -names and -verbs), regex-captures.ts looks for groups
 * that JavaScript fills in another way, regex-writer.ts writes. Whether a pattern may stall is asked in regex-stall.ts.
 */
import { captureCaution, checkReferences } from './regex-captures.ts'
import { readRegex } from './regex-reader.ts'
import { RegexMistake, type Tree } from './regex-tree.ts'
import { writeRegex } from './regex-writer.ts'

export interface Pattern {
  /** As it was written. */
  readonly source: string
  readonly regex: RegExp
  /** In the order of their groups. */
  readonly names: readonly string[]
  /** The number of the group of each name. */
  readonly numberOf: ReadonlyMap<string, number>
  readonly captureCount: number
  /** Where `regex` has the n-th group, one of several places; null when all groups have their own numbers. */
  readonly groups: readonly (readonly number[])[] | null
  /** A sentence about groups that are not filled quite as in nginx; '' for nearly all patterns. */
  readonly caution: string
}

export interface Refusal {
  readonly mistake: string
  /** Offset in the source. */
  readonly at: number
}

/** `[0]` is the whole match, `[1]` what `$1` stands for. */
export type Captures = readonly (string | undefined)[]

export function translateRegex(source: string, isCaseless: boolean): Pattern | Refusal {
  try {
    const tree = readRegex(source, isCaseless)
    checkReferences(tree)
    return patternOf(source, tree)
  } catch (error) {
    if (error instanceof RegexMistake) return { mistake: error.message, at: error.at }
    throw error
  }
}

function patternOf(source: string, tree: Tree): Pattern {
  const { text, flags, groups } = writeRegex(tree)
  return {
    source,
    regex: new RegExp(text, flags),
    names: [...tree.names.keys()],
    numberOf: tree.names,
    captureCount: tree.captureCount,
    groups,
    caution: captureCaution(tree, source),
  }
}

export function matchPattern({ regex, groups }: Pattern, text: string): Captures | null {
  const found = regex.exec(text)
  if (found === null || groups === null) return found
  return groups.map(places => found[places.find(place => found[place] !== undefined) ?? -1])
}

export function refusalText(source: string, { mistake, at }: Refusal): string {
  const rest = source.slice(at)
  return `pcre2_compile() failed: ${mistake} in "${source}"${rest === '' ? '' : ` at "${rest}"`}`
}
