/**
 * A place in the text of a regular expression, and the characters that are written with a backslash. Messages are
 * PCRE2's where it would refuse too, since they are what people search for.
 */
import { RegexMistake } from './regex-tree.ts'

export class Cursor {
  readonly text: string
  at = 0
  /** With (*UTF8): numbers name characters, and no longer bytes of their UTF-8. */
  isUtf = false
  /** How many capturing groups have been opened: `\11` is the eleventh, or else a character in octal. */
  groupCount = 0

  constructor(text: string) {
    this.text = text
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  /** One unit, '' at the end. */
  get next(): string {
    return this.text.charAt(this.at)
  }

  startsWith(words: string): boolean {
    return this.text.startsWith(words, this.at)
  }

  take(words: string): boolean {
    if (!this.startsWith(words)) return false
    this.at += words.length
    return true
  }

  /** @param pattern sticky (`y`) */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found !== null) this.at += found[0].length
    return found
  }

  takeCodePoint(): number {
    const code = this.text.codePointAt(this.at)!
    this.at += code > 0xffff ? 2 : 1
    return code
  }

  fail(message: string, at = this.at): never {
    throw new RegexMistake(message, at)
  }
}

/** Above 7f and written as a number, without (*UTF8): one of the bytes that nginx sees. */
export function isByte(cursor: Cursor, code: number, from: number): boolean {
  return !cursor.isUtf && code >= 0x80 && /[xo0-7]/.test(cursor.text.charAt(from + 1))
}

export const BYTE_ALONE =
  'a byte above 7f is a part of a character here: write the character itself, or (*UTF8) before a pattern with numbers of characters'

/**
 * A character behind a backslash, which has been read.
 * @returns its code point, or null when the escape is of another kind; the cursor then stays
 */
export function readEscapedChar(cursor: Cursor, isInClass: boolean): number | null {
  const letter = cursor.next
  if (letter === '') cursor.fail('\\ at end of pattern')
  const control = CONTROLS.get(letter)
  if (control !== undefined) {
    cursor.at++
    return control
  }
  if (letter === 'x') return readHex(cursor)
  if (letter === 'o') return readBraces(cursor, 8, /[0-7]*/y, 'octal')
  if (letter === 'c') return readControl(cursor)
  if (letter === 'N' && cursor.startsWith('N{U+')) return readNamedByNumber(cursor)
  if (/[0-7]/.test(letter)) return letter === '0' || isInClass || !isGroup(cursor) ? readOctal(cursor) : null
  if (/[89]/.test(letter) && !isInClass) return null
  if (/[A-Za-z]/.test(letter)) return null
  return cursor.takeCodePoint()
}

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['e', 0x1b],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
])

/** `\1` to `\9` are groups, more digits only where there are that many before (pcre2pattern(3), "Backslash"). */
function isGroup(cursor: Cursor): boolean {
  const number = Number(/^\d+/.exec(cursor.text.slice(cursor.at))![0])
  return number < 10 || number <= cursor.groupCount
}

function readOctal(cursor: Cursor): number {
  const code = Number.parseInt(cursor.match(/[0-7]{1,3}/y)![0], 8)
  if (code > 0xff && !cursor.isUtf) cursor.fail('octal value is greater than \\377 in 8-bit non-UTF-8 mode')
  return code
}

/** `\x`, `\x4`, `\x41`, `\x{41}` */
function readHex(cursor: Cursor): number {
  if (cursor.startsWith('x{')) return readBraces(cursor, 16, /[0-9a-f]*/iy, 'hex')
  cursor.at++
  return Number.parseInt(`0${cursor.match(/[0-9a-f]{0,2}/iy)![0]}`, 16)
}

function readBraces(cursor: Cursor, base: number, digits: RegExp, words: string): number {
  const name = cursor.next
  cursor.at++
  if (!cursor.take('{')) cursor.fail(`missing opening brace after \\${name}`)
  const number = cursor.match(digits)![0]
  if (cursor.isAtEnd || (number === '' && cursor.next === '}')) {
    cursor.fail('digits missing in \\x{} or \\o{} or \\N{U+}')
  }
  const code = Number.parseInt(number, base)
  if (code > (cursor.isUtf ? 0x10ffff : 0xff)) {
    cursor.fail('character code point value in \\x{} or \\o{} is too large')
  }
  if (!cursor.take('}')) cursor.fail(`non-${words} character in \\${name}{} (closing brace missing?)`)
  if (code >= 0xd800 && code <= 0xdfff) {
    cursor.fail('disallowed Unicode code point (>= 0xd800 && <= 0xdfff)')
  }
  return code
}

function readNamedByNumber(cursor: Cursor): number {
  cursor.at += 1
  if (!cursor.isUtf) cursor.fail('\\N{U+dddd} is supported only in Unicode (UTF) mode')
  const found = cursor.match(/\{U\+([0-9a-f]{1,6})\}/iy)
  const code = Number.parseInt(found?.[1] ?? '', 16)
  if (Number.isNaN(code)) cursor.fail('digits missing in \\x{} or \\o{} or \\N{U+}')
  if (code > 0x10ffff) cursor.fail('character code point value in \\x{} or \\o{} is too large')
  return code
}

function readControl(cursor: Cursor): number {
  cursor.at++
  if (cursor.isAtEnd) cursor.fail('\\c at end of pattern')
  const code = cursor.next.toUpperCase().charCodeAt(0)
  if (code < 0x20 || code > 0x7e) cursor.fail('\\c must be followed by a printable ASCII character')
  cursor.at++
  return code ^ 0x40
}

/**
 * Bytes of UTF-8 that are written as numbers, such as `\xC3\xA9`, are one character, as the text that is matched has them.
 * @param first the byte that has been read
 */
export function readOtherBytes(cursor: Cursor, first: number, from: number): number {
  const bytes = [first]
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  while (bytes.length < length && cursor.match(/\\(?=[xo0-7])/y) !== null) {
    bytes.push(readEscapedChar(cursor, false) ?? 0)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(Uint8Array.from(bytes))
      .codePointAt(0)!
  } catch {
    return cursor.fail(BYTE_ALONE, from)
  }
}
