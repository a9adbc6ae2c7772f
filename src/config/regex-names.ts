/**
 * Names of groups, and what refers to a group: `\1`, `\g{-1}`, `\k<name>`, `(?P=name)`.
 */
import type { Cursor } from './regex-cursor.ts'

/** A name, or a number from 1; `at` is where PCRE2 points when there is no such group. */
export interface Reference {
  readonly group: string | number
  readonly at: number
}

const NO_NAME = 'syntax error in subpattern name (missing terminator?)'
export const NO_CALLS =
  'recursion and calls of groups, as (?R), (?1), (?&name) and \\g<1>, cannot be translated: write the group again'

/** @param end what closes it: `>`, `'`, `}` or `)` */
export function readGroupName(cursor: Cursor, end: string): string {
  const name = cursor.match(cursor.isUtf ? /[\p{L}\p{Nd}_]*/uy : /\w*/y)![0]
  const from = cursor.at - name.length
  if (name === '') cursor.fail('subpattern name expected')
  if (/^\p{Nd}/u.test(name)) cursor.fail('subpattern name must start with a non-digit', from)
  if (name.length > 32) cursor.fail('subpattern name is too long (maximum 32 code units)')
  if (!cursor.take(end)) cursor.fail(NO_NAME)
  return name
}

/** Behind a backslash: digits, `g` or `k`; null when it is none of them. */
export function readReference(cursor: Cursor): Reference | null {
  const digits = cursor.match(/\d+/y)
  if (digits !== null) return { group: Number(digits[0]), at: cursor.at - 1 }
  if (cursor.take('k')) return readNamed(cursor)
  return cursor.take('g') ? readNumbered(cursor) : null
}

function readNamed(cursor: Cursor): Reference {
  const open = cursor.match(/[<'{]/y)?.[0]
  if (open === undefined) {
    cursor.fail('\\k is not followed by a braced, angle-bracketed, or quoted name')
  }
  const at = cursor.at
  return { group: readGroupName(cursor, open === '<' ? '>' : open === '{' ? '}' : "'"), at }
}

/** `\g1`, `\g-1`, `\g{1}`, `\g{+1}`, `\g{name}`; with other brackets it calls the group (as in Oniguruma). */
function readNumbered(cursor: Cursor): Reference {
  if (/[<']/.test(cursor.next)) cursor.fail(NO_CALLS)
  const from = cursor.at
  const found = cursor.match(/([+-]?)(\d+)|\{([+-]?)(\d+)\}/y)
  if (found !== null) {
    const [sign, number] = [found[1] || found[3], Number(found[2] ?? found[4])]
    if (number === 0) return { group: 0, at: cursor.at }
    if (sign === '-') return { group: cursor.groupCount + 1 - number, at: from }
    return { group: sign === '+' ? cursor.groupCount + number : number, at: cursor.at - 1 }
  }
  if (!cursor.take('{')) {
    cursor.fail(
      '\\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number',
    )
  }
  const at = cursor.at
  return { group: readGroupName(cursor, '}'), at }
}
