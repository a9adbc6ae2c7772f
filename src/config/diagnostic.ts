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

import { COMMAND_LINE, lineTextOf, type Place } from './source.ts'

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

export class Problems {
  readonly list: Diagnostic[] = []

  error(place: Place | null, summary: string, expected = '', related: readonly Related[] = []): void {
    this.#add({ severity: 'error', level: 'emerg', summary, place, expected, related })
  }

  warn(place: Place | null, summary: string, expected = '', related: readonly Related[] = []): void {
    this.#add({ severity: 'warning', level: 'warn', summary, place, expected, related })
  }

  get hasErrors(): boolean {
    return this.list.some(problem => problem.severity === 'error')
  }

  /** A file that is included ten times has each mistake once. */
  #add(problem: Diagnostic): void {
    if (!this.list.some(other => isSame(other, problem))) this.list.push(problem)
  }
}

function isSame(a: Diagnostic, b: Diagnostic): boolean {
  return (
    a.summary === b.summary &&
    a.severity === b.severity &&
    a.place?.source === b.place?.source &&
    a.place?.offset === b.place?.offset
  )
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

/** How much of a long line stands before and behind the first marked character. */
const SHOWN_BEFORE = 60
const SHOWN_BEHIND = 60

/** The line of a place and a second one that marks it: two lines, without the last line feed. */
function excerpt(place: Place, mark: string, words: string): string {
  const line = [...lineTextOf(place)]
  const from = place.column - 1
  const marked = [...place.source.text.slice(place.offset, place.offset + place.length)].length
  const start = from > SHOWN_BEFORE + 10 ? from - SHOWN_BEFORE : 0
  const end = line.length > from + SHOWN_BEHIND + 10 ? from + SHOWN_BEHIND : line.length
  const markEnd = Math.min(from + Math.max(marked, 1), Math.max(end, from + 1))

  let shown = start > 0 ? '…' : ''
  let below = start > 0 ? ' ' : ''
  for (let i = start; i < Math.max(end, markEnd); i++) {
    const character = i < line.length ? line[i]! : ''
    const isTab = character === '\t'
    const cell = isTab ? '\t' : visible(character)
    shown += cell
    if (i < from) below += isTab ? '\t' : ' '.repeat(cell.length)
    else if (i < markEnd) below += mark.repeat(isTab ? 1 : Math.max(cell.length, 1))
  }
  if (end < line.length) shown += '…'
  const number = String(place.line).padStart(5)
  const said = words === '' ? '' : ` ${visible(words)}`
  return `${number} | ${shown}\n      | ${below}${said}`.replace(/[ \t]+$/gm, '')
}

/**
 * Controls, invisible characters, and those that change the direction of writing, as escapes: a configuration may come
 * from anywhere, and what is printed about it must not steer the terminal.
 */
export function visible(text: string): string {
  return text.replace(
    /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]|\p{Cs}/gu,
    character => {
      const code = character.codePointAt(0)!
      if (code === 9) return '\\t'
      if (code === 10) return '\\n'
      if (code === 13) return '\\r'
      return code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
    },
  )
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
