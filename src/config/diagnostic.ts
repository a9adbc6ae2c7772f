/**
 * What is wrong with a configuration, and how it is said.
 *
 *   Problems              collects; reading goes on after each
 *   renderDiagnostic(d)   nginx's sentence and place, then the line, what is under the caret, and what would be right
 *   visible(text)         text from outside, without anything that a terminal would obey
 *
 * The first line is what nginx would have printed, for programs that look for it; all below is ours:
 *
 *   nginx: [emerg] unexpected "}" in /etc/nginx/nginx.conf:12
 *     /etc/nginx/nginx.conf:12:1
 *      12 | }
 *         | ^ a ";" is missing before it
 */

import { COMMAND_LINE, lineOf, type Place, type Source } from './source.ts'

export interface Related {
  /** `the block opened here is not closed`. */
  readonly words: string
  readonly place: Place
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly level: 'emerg' | 'warn'
  /** nginx's own sentence, without its ` in FILE:LINE`. */
  readonly summary: string
  /** Null when no file is open yet. */
  readonly place: Place | null
  /** One sentence for a stranger: what would be right here; '' when the summary says all. */
  readonly expected: string
  /** Other places that have to do with it, such as the one of an earlier definition. */
  readonly related: readonly Related[]
}

/** More than this nobody reads; what has more is hardly a configuration. */
const MAX_PROBLEMS = 500

export class Problems {
  /** How many were found beyond {@link MAX_PROBLEMS}. */
  #omitted = 0
  #hasErrors = false
  readonly #list: Diagnostic[] = []
  readonly #seen = new Map<Source | null, Set<string>>()
  /** Where a source was included, outermost first, as offsets: what stands before it comes before it. */
  readonly #ways = new Map<Source, readonly number[]>()

  error(place: Place | null, summary: string, expected = '', related: readonly Related[] = []): void {
    this.#add({ severity: 'error', level: 'emerg', summary, place, expected, related })
  }

  warn(place: Place | null, summary: string, expected = '', related: readonly Related[] = []): void {
    this.#add({ severity: 'warning', level: 'warn', summary, place, expected, related })
  }

  /**
   * In the order in which nginx comes by their places: an included file where it is included first. What has no place
   * is about the configuration as a whole, and comes last, but for how many more there are.
   */
  get list(): readonly Diagnostic[] {
    const inOrder = this.#list.toSorted((a, b) => compare(this.#wayTo(a.place), this.#wayTo(b.place)))
    return this.#omitted === 0 ? inOrder : [...inOrder, this.#more()]
  }

  get hasErrors(): boolean {
    return this.#hasErrors
  }

  #more(): Diagnostic {
    const summary = `${this.#omitted} more problems are not shown`
    return { severity: 'error', level: 'emerg', summary, place: null, expected: '', related: [] }
  }

  /** @param by where it is included; null for the main file, and for the text of `-g`, which comes before it */
  opened(source: Source, by: Place | null): void {
    if (by !== null) this.#ways.set(source, this.#wayTo(by))
    else if (source.name === COMMAND_LINE) this.#ways.set(source, [-1])
  }

  #wayTo(place: Place | null): readonly number[] {
    if (place === null) return [Number.POSITIVE_INFINITY]
    return [...(this.#ways.get(place.source) ?? []), place.offset]
  }

  /** A file that is included ten times has each mistake once. */
  #add(problem: Diagnostic): void {
    if (!this.#isNew(problem)) return
    if (problem.severity === 'error') this.#hasErrors = true
    if (this.#list.length < MAX_PROBLEMS) this.#list.push(problem)
    else this.#omitted++
  }

  #isNew({ place, level, summary }: Diagnostic): boolean {
    const source = place?.source ?? null
    const seen = this.#seen.get(source) ?? new Set()
    this.#seen.set(source, seen)
    const key = `${place?.offset} ${level} ${summary}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((step, i) => step !== b[i])
  if (at < 0) return a.length - b.length
  return b[at] === undefined ? 1 : a[at]! - b[at]
}

/** Ends with a line feed. */
export function renderDiagnostic({ level, summary, place, expected, related }: Diagnostic): string {
  const first = `nginx: [${level}] ${visible(summary)}${place === null ? '' : ` in ${nginxPlace(place)}`}`
  if (place === null) return expected === '' ? `${first}\n` : `${first}\n  ${visible(expected)}\n`
  const parts = [first, `  ${fullPlace(place)}`, excerpt(place, '^', expected)]
  for (const { words, place } of related) parts.push(`  ${fullPlace(place)}`, excerpt(place, '-', words))
  return `${parts.join('\n')}\n`
}

function nginxPlace({ source, line }: Place): string {
  return source.name === COMMAND_LINE ? COMMAND_LINE : `${visible(source.name)}:${line}`
}

function fullPlace({ source, line, column }: Place): string {
  return `${visible(source.name)}:${line}:${column}`
}

/** How much of a long line is shown before the marked characters and from their beginning on, in units. */
const SHOWN_BEFORE = 60
const SHOWN_BEHIND = 60
/** Words under a line begin a line of their own rather than end behind this column. */
const WIDTH = 120

/** The line of a place, and what marks it: without the last line feed. */
function excerpt(place: Place, mark: string, words: string): string {
  const { text, start, end, isCut } = windowOf(place)
  const before = text.slice(start, place.offset)
  const marked = text.slice(place.offset, Math.min(place.offset + place.length, end))
  const behind = text.slice(place.offset + marked.length, end)
  const left = isCut.left ? '… ' : ''
  const shown = `${left}${cells(before)}${cells(marked)}${cells(behind)}${isCut.right ? ' …' : ''}`
  const below = `${blank(left + cells(before))}${mark.repeat(Math.max(cells(marked).length, 1))}`
  const lines = [`${String(place.line).padStart(5)} | ${shown}`, `      | ${below}`]
  if (words !== '') {
    const said = visible(words)
    if (below.length + said.length + 9 <= WIDTH) lines[1] += ` ${said}`
    else lines.push(`      | ${said}`)
  }
  return lines.map(line => line.trimEnd()).join('\n')
}

/** The part of its line that is shown around a place; it begins and ends between characters. */
function windowOf(place: Place) {
  const { text } = place.source
  const { start: lineStart, end: lineEnd } = lineOf(place)
  const isCut = {
    left: place.offset - lineStart > SHOWN_BEFORE + 10,
    right: lineEnd - place.offset > SHOWN_BEHIND + 10,
  }
  const start = isCut.left ? boundary(text, place.offset - SHOWN_BEFORE) : lineStart
  const end = isCut.right ? boundary(text, place.offset + SHOWN_BEHIND) : lineEnd
  return { text, start, end: Math.max(end, place.offset), isCut }
}

function boundary(text: string, offset: number): number {
  return /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(offset - 1, offset + 1)) ? offset - 1 : offset
}

/** Tabs stay tabs, above and below, so that the marks stand right whatever a terminal makes of them. */
function cells(text: string): string {
  return text.split('\t').map(visible).join('\t')
}

function blank(shown: string): string {
  return shown.replace(/[^\t]/gu, ' ')
}

/** For a sentence: what is long loses its end. */
export function shortened(text: string): string {
  const characters = [...text.slice(0, 100)]
  return characters.length <= 40 ? text : `${characters.slice(0, 40).join('')}…`
}

/**
 * Controls, invisible characters, spaces that are none to nginx, and what changes the direction of writing, as escapes: a
 * configuration may come from anywhere, and what is printed about it must not steer the terminal.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, character => {
    const code = character.codePointAt(0)!
    const hex = code.toString(16)
    if (code < 256) return NAMED_ESCAPES[code] ?? `\\x${hex.padStart(2, '0')}`
    return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`
  })
}

const NAMED_ESCAPES: Record<number, string> = { 9: '\\t', 10: '\\n', 13: '\\r' }
