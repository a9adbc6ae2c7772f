/**
 * One line of the error log in its two forms, made of a level, words and what they are about.
 *
 *   record.text     2026/11/25 18:00:00 [error] 5#5: *7 open() "/srv/a" failed (13: Permission denied), client: 192.0.2.1, server:
 *                   example.com, request: "GET /a HTTP/1.1", host: "example.com"          as nginx writes it
 *   record.json     {"time":"2026-11-25T18:00:00+01:00","level":"error","pid":5,"connection":7,"message":"open() …","client":…}
 *
 * Both are octets without an end of line, and made when they are first asked for. Whatever a client has sent is escaped: it can
 * neither break a line nor end its quotes nor steer a terminal.
 */

import { threadId } from 'node:worker_threads'
import { octetsOf } from '../http/octets.ts'
import { errorLogTime, isoTime } from '../io/log-time.ts'
import { LEVELS, type Level, type LogContext } from '../log.ts'

/** nginx ends at 2 KiB; a stack needs more. */
const MOST_LENGTH = 8192

/** In the order in which nginx tells them, and whether it quotes them. `connection` and `action` have places of their own. */
const FACTS = [
  ['client', false],
  ['server', false],
  ['request', true],
  ['subrequest', true],
  ['upstream', true],
  ['host', true],
  ['referrer', true],
] as const satisfies readonly (readonly [keyof LogContext, boolean])[]

/** As nginx: the process, and the thread in it, which on Linux is the process again when there is only one. */
const ORIGIN = `${process.pid}#${threadId === 0 ? process.pid : threadId}`

export class ErrorRecord {
  /** An index of `LEVELS`. */
  readonly severity: number
  private readonly words: string
  private readonly context: LogContext
  private readonly at: number
  private textForm: string | null = null
  private jsonForm: string | null = null

  /** @param at milliseconds since 1970 */
  constructor(severity: number, words: string, context: LogContext, at: number) {
    this.severity = severity
    this.words = words
    this.context = context
    this.at = at
  }

  get level(): Level {
    return LEVELS[this.severity]!
  }

  get text(): string {
    this.textForm ??= octetsOf(this.renderText()).slice(0, MOST_LENGTH)
    return this.textForm
  }

  get json(): string {
    this.jsonForm ??= octetsOf(this.renderJson())
    return this.jsonForm
  }

  private renderText(): string {
    const { connection, action } = this.context
    const number = connection == null ? '' : `*${connection} `
    const doing = action ? ` while ${action}` : ''
    let line = `${errorLogTime(this.at)} [${this.level}] ${ORIGIN}: ${number}${oneLine(this.words)}${doing}`
    for (const [name, isQuoted] of FACTS) {
      const value = this.context[name]
      if (value != null)
        line += isQuoted ? `, ${name}: "${quotable(value)}"` : `, ${name}: ${quotable(value)}`
    }
    return line
  }

  private renderJson(): string {
    const { connection, action } = this.context
    const facts: Record<string, unknown> = { time: isoTime(this.at), level: this.level, pid: process.pid }
    if (connection != null) facts.connection = connection
    facts.message = this.words.slice(0, MOST_LENGTH)
    if (action) facts.action = action
    for (const [name] of FACTS) {
      const value = this.context[name]
      if (value != null) facts[name] = charactersOf(value).slice(0, MOST_LENGTH)
    }
    // JSON lets these stand, but to a terminal U+009B begins a command as ESC [ does (ECMA-48 §5.4).
    return JSON.stringify(facts).replace(/[\x7f-\x9f]/g, char => `\\u00${hex(char)}`)
  }
}

/** A stack has several lines; here it is one. */
function oneLine(words: string): string {
  if (!CONTROL.test(words)) return words
  return words.replace(/\r?\n[ \t]*/g, ' | ').replace(CONTROLS, escaped)
}

const CONTROL = /[\x00-\x1f\x7f-\x9f]/
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/g

/** Printable ASCII but for the two that quoting needs. */
function quotable(value: string): string {
  const octets = octetsOf(value)
  return UNQUOTABLE.test(octets) ? octets.replace(UNQUOTABLES, escaped) : octets
}

const UNQUOTABLE = /[^ !#-[\]-~]/
const UNQUOTABLES = /[^ !#-[\]-~]/g

function escaped(char: string): string {
  return `\\x${hex(char)}`
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}

/** JSON has characters, and octets on the wire are UTF-8 or nothing. */
function charactersOf(value: string): string {
  return Buffer.from(octetsOf(value), 'latin1').toString('utf8')
}
