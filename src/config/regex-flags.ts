/**
 * The options of a regular expression that are written in it: `(?i)`, `(?s-m:…)`, `(?^x)`. Each is a letter in a string:
 *
 *   i  upper and lower case are one        m  `^` and `$` are at each line, too     s  `.` takes a newline, too
 *   x  spaces and `#` comments are for the eye, and with X (written xx) also spaces in a class
 *   U  quantifiers are lazy                n  only groups with a name capture
 */
import type { Cursor } from './regex-cursor.ts'

/** Letters of `imsxXUn`, each at most once. */
export type Flags = string

/** Behind `(?`, up to the `)` or `:` that ends them. */
export function readFlags(cursor: Cursor, before: Flags): Flags {
  const isReset = cursor.take('^')
  let flags = isReset ? before.replace(/[^U]/g, '') : before
  let isOn = true
  for (; !/[:)]/.test(cursor.next); cursor.at++) {
    if (cursor.isAtEnd) cursor.fail('missing closing parenthesis')
    if (cursor.next === '-') {
      if (!isOn || isReset) cursor.fail('invalid hyphen in option setting')
      isOn = false
    } else {
      flags = changed(flags, letterAt(cursor), isOn)
    }
  }
  return flags
}

function letterAt(cursor: Cursor): string {
  const { next } = cursor
  if (next === 'x' && cursor.text.charAt(cursor.at - 1) === 'x') return 'X'
  if (next === 'J') cursor.fail('(?J), several groups of one name, cannot be translated')
  return /[imsxUn]/.test(next) ? next : cursor.fail('unrecognized character after (? or (?-')
}

/** A single x takes back what xx had set. */
function changed(flags: Flags, letter: string, isOn: boolean): Flags {
  const rest = flags.replace(letter, '').replace(letter === 'x' ? 'X' : '', '')
  return isOn ? rest + letter : rest
}
