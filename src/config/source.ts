/**
 * Where a word of the configuration stands.
 *
 *   Source                            a text and the name under which the user knows it
 *   Place                             a stretch of a source, with line and column
 *   placeAt(source, offset, length)   the place of a stretch
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
  const starts = lineStartsOf(source)
  const line = lineAt(starts, offset)
  const start = starts[line - 1]!
  return { source, offset, length, line, column: countCharacters(source.text, start, offset) + 1 }
}

/** Without the end of the line. */
export function lineTextOf(place: Place): string {
  const starts = lineStartsOf(place.source)
  const end = starts[place.line]
  const text = place.source.text.slice(starts[place.line - 1], end === undefined ? undefined : end - 1)
  return text.endsWith('\r') ? text.slice(0, -1) : text
}

/** Found once for each source; the sources of a configuration live as long as it is read. */
const lineStarts = new WeakMap<Source, number[]>()

function lineStartsOf(source: Source): number[] {
  let starts = lineStarts.get(source)
  if (starts === undefined) {
    starts = [0]
    for (let at = source.text.indexOf('\n'); at >= 0; at = source.text.indexOf('\n', at + 1)) {
      starts.push(at + 1)
    }
    lineStarts.set(source, starts)
  }
  return starts
}

/** The last line that begins at or before the offset, from 1. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle
  }
  return low + 1
}

function countCharacters(text: string, start: number, end: number): number {
  let count = end - start
  for (let i = start; i < end; i++) if (isSecondHalf(text, i)) count--
  return count
}

/** The second of two units that are one character together. */
function isSecondHalf(text: string, i: number): boolean {
  const unit = text.charCodeAt(i)
  if (unit < 0xdc00 || unit > 0xdfff || i === 0) return false
  const before = text.charCodeAt(i - 1)
  return before >= 0xd800 && before <= 0xdbff
}
