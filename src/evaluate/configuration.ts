/**
 * Reads the configuration file of the examiner: a word and its arguments on each line, `#` begins a comment.
 *
 *   readSubject(text, 'site.conf', didYouMean)    { subject, mistakes }
 *
 * Every mistake of the file is told, with line and column, what was expected, and the nearest thing that would be right.
 */

import { DIRECTIVES, type Directive, formOf, type Kind } from './directives.ts'
import { emptySubject, type Subject } from './subject.ts'

/** `; did you mean "post"?`, or nothing. */
export type Suggest = (found: string, words: readonly string[]) => string

export interface Reading {
  readonly subject: Subject
  /** Sentences that begin with `file:line:column: `. */
  readonly mistakes: readonly string[]
}

interface Token {
  readonly text: string
  readonly column: number
}

/** Words that others use, where distance does not find ours. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  get: 'page',
  index: 'page',
  '404': 'missing',
  client_max_body_size: 'limit',
  body_limit: 'limit',
  put: 'upload',
  return: 'redirect',
  autoindex: 'listing',
  server_name: 'host',
  listen: 'port',
  cookie: 'session',
  not_allowed: 'method_not_allowed',
  methods: 'method_not_allowed',
  keepalive_timeout: 'idle_timeout',
  client_header_timeout: 'head_timeout',
  client_body_timeout: 'content_timeout',
}

export function readSubject(text: string, name: string, suggest: Suggest): Reading {
  const subject = emptySubject()
  const mistakes: string[] = []
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const complain = (column: number, words: string): void => {
      mistakes.push(`${name}:${i + 1}:${column}: ${words}`)
    }
    const tokens = tokensOf(line, complain)
    if (tokens !== null && tokens.length > 0) takeLine(subject, tokens, suggest, complain)
  }
  return { subject, mistakes }
}

type Complain = (column: number, words: string) => void

/** Words, and texts within quotes, in which a backslash takes its meaning from a quote or a backslash. */
function tokensOf(line: string, complain: Complain): Token[] | null {
  const tokens: Token[] = []
  const pattern = /[ \t]+|#.*|"((?:[^"\\]|\\["\\])*)"(?=[ \t]|$)|[^ \t"#][^ \t"]*|./gy
  for (const match of line.matchAll(pattern)) {
    const [found, inQuotes] = match
    if (/^[ \t#]/.test(found)) continue
    const column = match.index + 1
    if (inQuotes === undefined && found === '"') {
      complain(
        column,
        'a text that begins with a quote ends with one, and a blank follows it; within, write \\" and \\\\',
      )
      return null
    }
    tokens.push({ text: inQuotes?.replace(/\\(.)/g, '$1') ?? found, column })
  }
  return tokens
}

function takeLine(subject: Subject, tokens: readonly Token[], suggest: Suggest, complain: Complain): void {
  const [first, ...rest] = tokens
  const row = DIRECTIVES.find(({ word }) => word === first!.text)
  if (row === undefined) {
    complain(first!.column, `unknown word "${first!.text}"${suggestionFor(first!.text, suggest)}`)
    return
  }
  const { needed, optional = [], isRepeated } = row
  const most = isRepeated ? Number.POSITIVE_INFINITY : needed.length + optional.length
  if (rest.length < needed.length) {
    const missing = needed[rest.length]!
    complain(endOf(tokens), `expected ${missing.expected}, found the end of the line: ${formOf(row)}`)
    return
  }
  if (rest.length > most) {
    complain(rest[most]!.column, `expected the end of the line, found "${rest[most]!.text}": ${formOf(row)}`)
    return
  }
  const wrong = rest.filter((token, i) => !isRight(token, kindAt(row, i), suggest, complain))
  if (wrong.length === 0)
    row.take(
      subject,
      rest.map(({ text }) => text),
    )
}

function endOf(tokens: readonly Token[]): number {
  const last = tokens.at(-1)!
  return last.column + last.text.length
}

function suggestionFor(found: string, suggest: Suggest): string {
  const words = DIRECTIVES.map(({ word }) => word)
  const lower = found.toLowerCase()
  if (words.includes(lower)) return `; did you mean "${lower}"?`
  if (Object.hasOwn(OTHER_NAMES, lower)) return `; did you mean "${OTHER_NAMES[lower]}"?`
  return suggest(lower, words) || `; there is ${words.join(', ')}`
}

function kindAt({ needed, optional = [] }: Directive, i: number): Kind {
  return needed[i] ?? optional[Math.min(i - needed.length, optional.length - 1)]!
}

function isRight({ text, column }: Token, kind: Kind, suggest: Suggest, complain: Complain): boolean {
  if (kind.pattern.test(text) && !isBeyond(text, kind)) return true
  const words = kind.words ?? []
  const nearest = words.includes(text.toUpperCase())
    ? `; did you mean "${text.toUpperCase()}"?`
    : suggest(text, words)
  complain(column, `expected ${kind.expected}, found "${text}"${nearest}`)
  return false
}

/** What a pattern cannot say. */
function isBeyond(text: string, { name }: Kind): boolean {
  if (name === 'PORT') return Number(text) > 65535
  if (name !== 'BYTES') return false
  const scale = /k$/i.test(text) ? 1024 : /m$/i.test(text) ? 1024 ** 2 : 1
  return Number.parseInt(text, 10) * scale > 64 * 1024 ** 2
}
