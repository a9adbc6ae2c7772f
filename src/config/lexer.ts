/**
 * The words of a configuration, grouped as nginx reads them: until a `;`, a `{` or a `}` (`ngx_conf_read_token`).
 *
 *   readStatements(source, problems)   every group of words of a text; the last one ends with END
 *
 * Words are separated by space, tab, CR and LF. A quote or a "#" has its meaning only where a word begins. A backslash
 * takes the meaning from what follows; `\"`, `\'` and `\\` then lose it, `\t`, `\r` and `\n` become what they stand for, and every other
 * one is kept, so that regular expressions can be written as they are. The "{" of `${name}` opens no block.
 *
 * Longer words than nginx's are read: its buffer holds 4096 bytes, ours {@link MAX_WORD} units.
 */

import type { Problems } from './diagnostic.ts'
import { COMMAND_LINE, type Place, placeAt, type Source } from './source.ts'

export interface Word {
  /** Without its quotes and escapes. */
  readonly text: string
  readonly isQuoted: boolean
  /** Of the word as written, with its quotes. */
  readonly place: Place
}

export const END = 'end'
/** What ended a group of words: one of nginx's three signs, or the end of the text. */
export type Terminator = ';' | '{' | '}' | typeof END

export interface Statement {
  readonly words: readonly Word[]
  readonly terminator: Terminator
  /** Of the terminator. */
  readonly end: Place
}

/** Keeps what is no configuration at all from becoming one word. */
export const MAX_WORD = 65536

/** nginx's buffer (`NGX_CONF_BUFFER`), at the end of which it gives up on a quote that is not closed. */
const NGINX_BUFFER = 4096

/** @returns the last one has END, and the words that nothing ended */
export function readStatements(source: Source, problems: Problems): Statement[] {
  return new Lexer(source, problems).readAll()
}

class Lexer {
  readonly #source: Source
  readonly #text: string
  readonly #problems: Problems
  readonly #statements: Statement[] = []
  #words: Word[] = []
  #at = 0

  constructor(source: Source, problems: Problems) {
    this.#source = source
    this.#text = source.text
    this.#problems = problems
  }

  readAll(): Statement[] {
    if (this.#isBinary()) this.#at = this.#text.length
    else this.#skipByteOrderMark()
    for (;;) {
      this.#skipBlanks()
      const character = this.#text[this.#at]
      if (character === undefined) break
      if (character === ';' || character === '{' || character === '}') this.#endStatement(character)
      else if (character === '"' || character === "'") this.#readQuoted(character)
      else this.#readBare()
    }
    this.#pushStatement(END, this.#place(this.#text.length, 0))
    return this.#statements
  }

  #isBinary(): boolean {
    const at = this.#text.indexOf('\0')
    if (at < 0) return false
    const expected = 'this is no text: it has a zero byte here, and none of it is read'
    this.#problems.error(this.#place(at, 1), 'unexpected "\0"', expected)
    return true
  }

  /** nginx takes the mark for the beginning of the first word. */
  #skipByteOrderMark(): void {
    if (!this.#text.startsWith('\ufeff')) return
    const [word] = /^[^ \t\r\n;{]*/.exec(this.#text)!
    const expected = 'the file begins with a byte order mark (U+FEFF): save it as UTF-8 without one'
    this.#problems.error(this.#place(0, 1), `unknown directive "${word}"`, expected)
    this.#at = 1
  }

  /** Spaces and comments. */
  #skipBlanks(): void {
    for (;;) {
      while (isBlank(this.#text[this.#at])) this.#at++
      if (this.#text[this.#at] !== '#') return
      const end = this.#text.indexOf('\n', this.#at)
      this.#at = end < 0 ? this.#text.length : end + 1
    }
  }

  #endStatement(terminator: ';' | '{' | '}'): void {
    this.#pushStatement(terminator, this.#place(this.#at, 1))
    this.#at++
  }

  #pushStatement(terminator: Terminator, end: Place): void {
    this.#statements.push({ words: this.#words, terminator, end })
    this.#words = []
  }

  #readBare(): void {
    const start = this.#at
    this.#skipBare()
    const raw = this.#text.slice(start, this.#at)
    if (LOOKALIKE.test(raw)) this.#warnOfLookalike(raw, start)
    this.#pushWord(raw, start, this.#at, false)
  }

  /** As nginx: any number of "{" may follow a "$". */
  #skipBare(): void {
    let isVariable = false
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]
      if (character === '{' && isVariable) continue
      if (isBlank(character) || character === ';' || character === '{') break
      isVariable = character === '$'
      if (character === '\\') this.#at++
    }
    this.#at = Math.min(this.#at, this.#text.length)
  }

  #warnOfLookalike(raw: string, start: number): void {
    const at = raw.search(LOOKALIKE)
    const character = raw[at]!
    const code = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
    const isQuote = QUOTE_LOOKALIKE.test(character)
    this.#problems.warn(
      this.#place(start + at, 1),
      `"${character}" is taken for a letter`,
      isQuote
        ? `this quote (${code}) quotes nothing: write " or '`
        : `this space (${code}) separates no words: write a plain one`,
    )
  }

  #readQuoted(quote: string): void {
    const start = this.#at
    const close = this.#closing(quote)
    if (close < 0) {
      this.#refuseOpenQuote(start, quote)
      this.#readOneLine(start, quote)
      return
    }
    const next = this.#text[close + 1]
    // A "}" behind a word is reported where its ";" is missed.
    const isRight = next === undefined || isBlank(next) || ';{})'.includes(next)
    if (!isRight) this.#refuseAfterQuote(start, close + 1, quote)
    if (!isRight && this.#seemsOpen(start, close)) {
      this.#readOneLine(start, quote)
      return
    }
    this.#pushWord(this.#text.slice(start + 1, close), start, close + 1, true)
    this.#at = close + 1
    if (!isRight) this.#skipBare()
  }

  /** @returns -1 when there is none */
  #closing(quote: string): number {
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      if (this.#text[i] === '\\') i++
      else if (this.#text[i] === quote) return i
    }
    return -1
  }

  /** Does a directive end with the line in which the quote begins? Then its other quote was forgotten there. */
  #seemsOpen(start: number, close: number): boolean {
    const lineEnd = this.#text.indexOf('\n', start)
    return lineEnd >= 0 && lineEnd < close && /[;{][ \t\r]*$/.test(this.#text.slice(start + 1, lineEnd))
  }

  #refuseAfterQuote(start: number, at: number, quote: string): void {
    const character = String.fromCodePoint(this.#text.codePointAt(at)!)
    const isLong = this.#text.slice(start, at).includes('\n')
    const expected = isLong
      ? `this ${quote} closes a quoted word that began on an earlier line`
      : `a space, ";" or "{" is expected behind the closing ${quote}`
    this.#problems.error(
      this.#place(at, character.length),
      `unexpected "${character}"`,
      expected,
      isLong
        ? [{ words: `it begins here; is its closing ${quote} missing?`, place: this.#place(start, 1) }]
        : [],
    )
  }

  #refuseOpenQuote(start: number, quote: string): void {
    const missing = `a closing ${quote} is missing`
    if (this.#text.length - start > NGINX_BUFFER) {
      const summary = `too long parameter, probably missing terminating "${quote}" character`
      this.#problems.error(this.#place(start, 1), summary, missing)
      return
    }
    const summary =
      this.#source.name === COMMAND_LINE
        ? 'unexpected end of parameter, expecting ";"'
        : 'unexpected end of file, expecting ";" or "}"'
    const open = { words: 'the quoted word begins here', place: this.#place(start, 1) }
    this.#problems.error(this.#place(this.#text.length, 0), summary, missing, [open])
  }

  /** A quoted word that is not closed is taken to end with its line, and with it the directive: so the rest is looked at too. */
  #readOneLine(start: number, quote: string): void {
    const lineEnd = this.#text.indexOf('\n', start)
    const line = this.#text.slice(start, lineEnd < 0 ? undefined : lineEnd).trimEnd()
    const sign = line.length > 1 ? line.at(-1) : ''
    const isEnded = sign === ';' || sign === '{'
    const raw = line.slice(1, isEnded ? -1 : undefined).trimEnd()
    const end = start + 1 + raw.length
    this.#pushWord(raw.endsWith(quote) ? raw.slice(0, -1) : raw, start, end, true)
    this.#at = start + line.length
    if (isEnded) {
      this.#at--
      this.#endStatement(sign)
    } else {
      this.#skipBlanks()
      const next = this.#text[this.#at]
      if (next !== ';' && next !== '{') this.#pushStatement(';', this.#place(end, 0))
    }
  }

  #pushWord(raw: string, start: number, end: number, isQuoted: boolean): void {
    const place = this.#place(start, end - start)
    if (raw.length > MAX_WORD) {
      const summary = `too long parameter "${raw.slice(0, 10)}..." started`
      this.#problems.error(place, summary, `a word may have up to ${MAX_WORD} characters`)
    }
    const bad = raw.indexOf('\ufffd')
    if (bad >= 0) {
      const offset = start + bad + (isQuoted ? 1 : 0)
      const expected = 'a byte here is no UTF-8, or stands for one that was none: save the file as UTF-8'
      this.#problems.error(this.#place(offset, 1), 'invalid UTF-8', expected)
    }
    this.#words.push({ text: unescaped(raw), isQuoted, place })
  }

  #place(offset: number, length: number): Place {
    return placeAt(this.#source, offset, length)
  }
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n'
}

/** What editors and web pages put in the place of a quote or a space. */
const QUOTE_LOOKALIKE = /[\u2018-\u201f\u00ab\u00bb]/
const LOOKALIKE = /[\u00a0\u2000-\u200b\u202f\u205f\u3000\u2018-\u201f\u00ab\u00bb]/

const ESCAPES: Record<string, string> = { '"': '"', "'": "'", '\\': '\\', t: '\t', r: '\r', n: '\n' }

function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw
  return raw.replace(/\\(["'\\trn])/g, (_, character: string) => ESCAPES[character]!)
}
