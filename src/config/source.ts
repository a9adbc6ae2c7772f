/**
 * Where a word of the configuration stands.
 *
 *   Source                            a text and the name under which the user knows it
 *   Place                             a stretch of a source, with line and column
 *   placeAt(source, offset, length)   the place of a stretch
 *   lineName(place)                   `/etc/nginx/nginx.conf:12`, for those who follow what a line does
 *   COMMAND_LINE                      the name of the text that `-g` gave
 */

export interface Source {
  /** As it is shown to the user: the path of a file, or {@link COMMAND_LINE}. */
  readonly name: string
  readonly text: string
}

export interface Place {
  readonly source: Source
  /** Where it begins in `source.text`, in units of UTF-16; `length` counts the same. */
  readonly offset: number
  readonly length: number
  /** From 1. Lines end with LF alone, as nginx counts them. */
  readonly line: number
  /** From 1, in characters (code points), so that a tab, an "é" and an emoji count one each. */
  readonly column: number
}

export const COMMAND_LINE = 'command line'

/** @param offset may be that of the end of the text, where what is missing would stand */
export function placeAt(source: Source, offset: number, length: number): Place {
  const { starts, pairs } = rulerOf(source)
  const line = lastUpTo(starts, offset) + 1
  const start = starts[line - 1]!
  const column = offset - start + 1 - (lastUpTo(pairs, offset - 1) - lastUpTo(pairs, start - 1))
  return { source, offset, length, line, column }
}

export function lineName({ source, line }: Place): string {
  return `${source.name}:${line}`
}

/** How far the line of a place is indented, in units, and whether only that stands before the place. */
export function indentOf({ source, offset, line }: Place): { indent: number; isFirst: boolean } {
  const start = rulerOf(source).starts[line - 1]!
  let indent = 0
  while (isIndent(source.text.charCodeAt(start + indent))) indent++
  return { indent, isFirst: start + indent === offset }
}

function isIndent(unit: number): boolean {
  return unit === 0x20 || unit === 0x09
}

/** Where the line of a place begins and ends in its source, without what ends it. */
export function lineOf({ source, line }: Place): { start: number; end: number } {
  const { starts } = rulerOf(source)
  const start = starts[line - 1]!
  const end = (starts[line] ?? source.text.length + 1) - 1
  return { start, end: end > start && source.text[end - 1] === '\r' ? end - 1 : end }
}

/** What turns an offset into line and column: where lines begin, and where characters lie that are two units long. */
interface Ruler {
  readonly starts: readonly number[]
  readonly pairs: readonly number[]
}

/** Made once for each source. */
const rulers = new WeakMap<Source, Ruler>()

function rulerOf(source: Source): Ruler {
  let ruler = rulers.get(source)
  if (ruler === undefined) {
    const starts = [0, ...[...source.text.matchAll(/\n/g)].map(({ index }) => index + 1)]
    const pairs = [...source.text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)].map(({ index }) => index)
    ruler = { starts, pairs }
    rulers.set(source, ruler)
  }
  return ruler
}

/** @returns the index of the last of these ascending numbers that is not greater; -1 when all are */
function lastUpTo(ascending: readonly number[], limit: number): number {
  let low = -1
  let high = ascending.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (ascending[middle]! <= limit) low = middle
    else high = middle
  }
  return low
}
