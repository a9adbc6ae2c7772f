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
import { type Place, placeAt, type Source } from './source.ts'

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
    this.#skipByteOrderMark()
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

  /** nginx takes the mark for the beginning of the first word. */
  #skipByteOrderMark(): void {
    if (!this.#text.startsWith('\ufeff')) return
    const word = /^\S[^\s;{]*/.exec(this.#text)![0]
    this.#problems.error(
      this.#place(0, 1),
      `unknown directive "${word}"`,
      'the file begins with a byte order mark (U+FEFF), which is no space: save it as UTF-8 without one',
    )
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
    let isAfterDollar = false
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]
      if (character === '{' && isAfterDollar) continue
      if (isBlank(character) || character === ';' || character === '{') break
      isAfterDollar = character === '$'
      if (character === '\\') this.#at++
    }
    this.#at = Math.min(this.#at, this.#text.length)
    this.#pushWord(start, this.#at, false)
  }

  #readQuoted(quote: string): void {
    const start = this.#at
    const end = this.#closing(quote)
    if (end < 0) {
      this.#recoverFromOpenQuote(start, quote)
      return
    }
    this.#at = end + 1
    this.#pushWord(start, this.#at, true)
    const next = this.#text[this.#at]
    // Behind a "}" the parser misses a ";".
    if (next !== undefined && !isBlank(next) && !';{})'.includes(next)) this.#refuseAfterQuote(start, quote)
  }

  /** @returns -1 when there is none */
  #closing(quote: string): number {
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      if (this.#text[i] === '\\') i++
      else if (this.#text[i] === quote) return i
    }
    return -1
  }

  #refuseAfterQuote(start: number, quote: string): void {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at)!)
    this.#problems.error(
      this.#place(this.#at, character.length),
      `unexpected "${character}"`,
      `a space, ";" or "{" must follow the closing ${quote}`,
      [{ words: 'the quoted word begins here', place: this.#place(start, 1) }],
    )
  }

  /** The quote is taken to end with its line, so that what follows is looked at too. */
  #recoverFromOpenQuote(start: number, quote: string): void {
    const isLong = this.#text.length - start > NGINX_BUFFER
    this.#problems.error(
      this.#place(isLong ? start : this.#text.length, isLong ? 1 : 0),
      isLong
        ? `too long parameter, probably missing terminating "${quote}" character`
        : 'unexpected end of file, expecting ";" or "}"',
      `a closing ${quote} is missing`,
      [{ words: `the ${quote} that is not closed`, place: this.#place(start, 1) }],
    )
    const lineEnd = this.#text.indexOf('\n', start)
    const line = this.#text.slice(start, lineEnd < 0 ? undefined : lineEnd).trimEnd()
    const hasSign = line.length > 1 && /[;{]$/.test(line)
    const end = start + line.length - (hasSign ? 1 : 0)
    this.#pushWord(start, end, true)
    this.#at = end
    if (hasSign) this.#endStatement(this.#text[end] as ';' | '{')
    else this.#pushStatement(';', this.#place(end, 0))
  }

  #pushWord(start: number, end: number, isQuoted: boolean): void {
    const quote = this.#text[start]
    const isClosed = end - 1 > start && this.#text[end - 1] === quote
    const raw = isQuoted
      ? this.#text.slice(start + 1, isClosed ? end - 1 : end)
      : this.#text.slice(start, end)
    const place = this.#place(start, end - start)
    if (raw.length > MAX_WORD) {
      this.#problems.error(
        place,
        `too long parameter "${raw.slice(0, 10)}..." started`,
        `a word may have up to ${MAX_WORD} characters`,
      )
    }
    this.#words.push({ text: unescaped(raw), isQuoted, place })
  }

  #place(offset: number, length: number): Place {
    return placeAt(this.#source, offset, length)
  }
}

/** Where nginx no longer waits for a closing quote (`NGX_CONF_BUFFER`). */
const NGINX_BUFFER = 4096

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n'
}

const ESCAPES: Record<string, string> = { '"': '"', "'": "'", '\\': '\\', t: '\t', r: '\r', n: '\n' }

function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw
  return raw.replace(/\\(["'\\trn])/g, (_, character: string) => ESCAPES[character]!)
}
