/**
 * What a row of a directive table is. A table is the grammar: it checks the file, fills defaults, inherits from the block outside,
 * types the settings that a module gets, writes `docs/directives.md`, and feeds "did you mean".
 *
 *   const table = {
 *     autoindex: flag({ in: ['http', 'server', 'location'], initial: false, doc: 'Lists the files of a directory.' }),
 *   }
 *   type Settings = SettingsOf<typeof table>          { autoindex: boolean }
 *
 *   flag size duration count oneOf text template      rows with one argument of a kind
 *   custom                                            a row that reads its arguments itself
 *   listOf(row)                                       a directive that may be repeated: its values as an array
 *   blockRow                                          a directive that opens a block
 *
 * A row reads its arguments through a `Call`. What is wrong becomes a diagnostic whose first words are nginx's own.
 */

import type { Problems } from './diagnostic.ts'
import type { Word } from './lexer.ts'
import { didYouMean, nearest } from './nearest.ts'
import type { Directive } from './parser.ts'
import type { Place } from './source.ts'
import { parseTemplate, type Template } from './template.ts'
import {
  nearestOffset,
  nearestSize,
  nearestTime,
  parseInteger,
  parseMilliseconds,
  parseOffset,
  parseSize,
} from './units.ts'

/** What is around the file: against what its relative paths count. Both end in a slash. */
export interface Surroundings {
  /** Of the server: roots, logs, the pid file (`-p`). */
  readonly prefix: string
  /** Of the configuration: includes, certificates. */
  readonly folder: string
  /** Of folders for temporary files that the configuration does not name; the prefix where this is absent. */
  readonly temporaryPrefix?: string
}

/** One directive of the file, as its row reads it. */
export class Call {
  readonly directive: Directive
  /** In which kind of block it stands. */
  readonly context: string
  readonly surroundings: Surroundings
  readonly problems: Problems
  /** All templates that were read so far; only those that somebody uses are compiled. */
  private readonly templates: Template[]

  constructor(
    directive: Directive,
    context: string,
    surroundings: Surroundings,
    problems: Problems,
    templates: Template[] = [],
  ) {
    this.directive = directive
    this.context = context
    this.surroundings = surroundings
    this.problems = problems
    this.templates = templates
  }

  get name(): string {
    return this.directive.name
  }

  get args(): readonly Word[] {
    return this.directive.args
  }

  /** The rows of a block whose lines are no directives: `types`, `map`, … */
  get rows(): readonly Directive[] {
    return this.directive.block ?? []
  }

  /** The text of an argument; '' where there is none. */
  text(index: number): string {
    return this.args[index]?.text ?? ''
  }

  template(index: number): Template {
    return this.templateOf(this.args[index]!)
  }

  templateOf(word: Word): Template {
    const template = parseTemplate(word, this.problems)
    this.templates.push(template)
    return template
  }

  /** Relative ones count from the server's prefix. */
  path(index: number): string {
    return absolute(this.surroundings.prefix, this.text(index))
  }

  /**
   * @param at an argument by its index, a place, or null for the directive as a whole
   * @param summary nginx's sentence @param expected what would be right, for a stranger
   */
  fail(at: number | Place | null, summary: string, expected = ''): undefined {
    this.problems.error(this.placeOf(at), summary, expected)
  }

  warn(at: number | Place | null, summary: string, expected = ''): void {
    this.problems.warn(this.placeOf(at), summary, expected)
  }

  private placeOf(at: number | Place | null): Place {
    if (typeof at === 'object' && at !== null) return at
    return (at === null ? undefined : this.args[at]?.place) ?? this.directive.place
  }
}

/** As nginx joins them. */
export function absolute(prefix: string, path: string): string {
  return path.startsWith('/') ? path : prefix + path
}

export interface Row<T> {
  /** The blocks in which it may stand. */
  readonly in: readonly string[]
  /** What follows the name, in the manual's notation; one for each form. */
  readonly syntax: readonly string[]
  /** As somebody would write it; null for none. */
  readonly default: string | null
  /** What holds where nothing is said. */
  readonly initial: T
  /** One or a few sentences for the manual. */
  readonly doc: string
  /** Why it has no effect here, for directives that are accepted for the sake of existing files. */
  readonly withoutEffect?: string
  /** How many arguments: at least, at most. */
  readonly takes: readonly [least: number, most: number]
  /** Each line adds one to an array; a second line is a mistake otherwise. */
  readonly isList: boolean
  /** What holds in the block outside holds inside too, unless it is said anew. */
  readonly isInherited: boolean
  /**
   * What stands in its braces: `'rows'` for lines that are no directives, or the context of directives, perhaps depending on the
   * one outside. null for a directive that ends in a semicolon.
   */
  readonly block: string | Readonly<Record<string, string>> | null
  /** @returns undefined when it is wrong; `call.fail` has said why */
  read(call: Call): unknown
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds rows of many types
export type AnyRow = Row<any>
export type Table = Readonly<Record<string, AnyRow>>
export type SettingsOf<T extends Table> = { readonly [K in keyof T]: T[K] extends Row<infer V> ? V : never }

/** What every kind of row is told. */
interface Common<T> {
  readonly in: readonly string[]
  readonly initial: T
  readonly doc: string
  /** For the manual, when `initial` does not say it. */
  readonly default?: string | null
  readonly withoutEffect?: string
  readonly isInherited?: boolean
}

function row<T>(
  common: Common<T>,
  syntax: string | readonly string[],
  takes: readonly [number, number],
  read: (call: Call) => T | undefined,
): Row<T> {
  return {
    in: common.in,
    syntax: typeof syntax === 'string' ? [syntax] : syntax,
    default: common.default === undefined ? defaultText(common.initial) : common.default,
    initial: common.initial,
    doc: common.doc,
    withoutEffect: common.withoutEffect,
    takes,
    isList: false,
    isInherited: common.isInherited ?? true,
    block: null,
    read,
  }
}

function defaultText(initial: unknown): string | null {
  if (typeof initial === 'boolean') return initial ? 'on' : 'off'
  return typeof initial === 'string' || typeof initial === 'number' ? String(initial) : null
}

export function flag(common: Common<boolean>): Row<boolean> {
  return row(common, 'on | off', [1, 1], readFlag)
}

/** nginx reads the two words in any case. */
export function readFlag(call: Call): boolean | undefined {
  const text = call.text(0)
  const word = text.toLowerCase()
  if (word === 'on' || word === 'off') return word === 'on'
  return call.fail(
    0,
    `invalid value "${text}" in "${call.name}" directive, it must be "on" or "off"`,
    suggestion(text, ['on', 'off'], 'on or off'),
  )
}

/** In bytes. */
export function size(common: Common<number>): Row<number> {
  return row(common, 'size', [1, 1], call => readSize(call, 0))
}

export function readSize(call: Call, index: number): number | undefined {
  return parseSize(call.text(index)) ?? failSize(call, index, 'k or m', nearestSize(call.text(index)))
}

/** In bytes too, for what may be more than a memory holds. */
export function readOffset(call: Call, index: number): number | undefined {
  return parseOffset(call.text(index)) ?? failSize(call, index, 'k, m or g', nearestOffset(call.text(index)))
}

function failSize(call: Call, index: number, units: string, near: string | null): undefined {
  const expected = `expected a size: a whole number of bytes, or with ${units} behind it, such as 8k`
  return call.fail(index, `"${call.name}" directive invalid value`, expected + question(near))
}

function question(near: string | null): string {
  return near === null ? '' : `; did you mean "${near}"?`
}

/** In milliseconds. */
export function duration(common: Common<number>): Row<number> {
  return row(common, 'time', [1, 1], call => readDurationMs(call, 0))
}

export function readDurationMs(call: Call, index: number): number | undefined {
  const ms = parseMilliseconds(call.text(index))
  if (ms !== null) return ms
  const advice = DURATION_EXPECTED + question(nearestTime(call.text(index)))
  return call.fail(index, `"${call.name}" directive invalid value`, advice)
}

const DURATION_EXPECTED =
  'expected a time: seconds, or numbers with w, d, h, m, s and ms behind them in this order, such as 1m30s'

export function count(common: Common<number> & { least?: number; most?: number }): Row<number> {
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = common
  return row(common, 'number', [1, 1], call => readCount(call, 0, least, most))
}

/** @param summary nginx has several sentences for what is no number */
export function readCount(
  call: Call,
  index: number,
  least: number,
  most: number,
  summary = `"${call.name}" directive invalid number`,
): number | undefined {
  const value = parseInteger(call.text(index)) ?? Number.NaN
  if (value >= least && value <= most) return value
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
  return call.fail(index, summary, `expected a whole number ${range}`)
}

export function oneOf<const W extends string>(words: readonly W[], common: Common<NoInfer<W>>): Row<W> {
  return row<W>(common, words.join(' | '), [1, 1], call => readWord(call, 0, words))
}

export function readWord<W extends string>(call: Call, index: number, words: readonly W[]): W | undefined {
  const text = call.text(index)
  const word = words.find(one => one === text)
  if (word !== undefined) return word
  return call.fail(index, `invalid value "${text}"`, suggestion(text, words, `one of ${words.join(', ')}`))
}

/** "expected …", and the nearest of the words that would be right, where one is near. */
export function suggestion(found: string, words: readonly string[], expected: string): string {
  const near = nearest(found, words)
  return `expected ${expected}${near === null ? '' : didYouMean(found, [near])}`
}

export function text(common: Common<string> & { readonly syntax?: string }): Row<string> {
  return row(common, common.syntax ?? 'string', [1, 1], call => call.text(0))
}

/** A value that may hold variables; null where nothing is said. */
export function template(
  common: Common<Template | null> & { readonly syntax?: string },
): Row<Template | null> {
  return row(common, common.syntax ?? 'string', [1, 1], call => call.template(0))
}

/** A row that reads its arguments itself. */
export function custom<T>(
  common: Common<T> & {
    readonly syntax: string | readonly string[]
    readonly takes: readonly [number, number]
    read(call: Call): T | undefined
  },
): Row<T> {
  return row(common, common.syntax, common.takes, common.read)
}

/** A directive that may be repeated: the values of all its lines in a block, which replace those of the block outside. */
export function listOf<T>(
  item: Omit<Common<readonly T[]>, 'initial'> & {
    readonly initial?: readonly T[]
    readonly syntax: string | readonly string[]
    readonly takes: readonly [number, number]
    read(call: Call): T | undefined
  },
): Row<readonly T[]> {
  const { initial = [] } = item
  const made = row<unknown>({ ...item, initial }, item.syntax, item.takes, item.read)
  return { ...made, isList: true } as Row<readonly T[]>
}

/** A directive that opens a block of directives, or of rows. It may be repeated, and is never inherited unless it says so. */
export function blockRow<T>(
  item: Omit<Common<readonly T[]>, 'initial'> & {
    readonly syntax: string | readonly string[]
    readonly takes: readonly [number, number]
    readonly block: string | Readonly<Record<string, string>>
    readonly isOnce?: boolean
    read(call: Call): T | undefined
  },
): Row<readonly T[]> {
  const made = listOf<T>({ ...item, isInherited: item.isInherited ?? false })
  return { ...made, block: item.block, isList: item.isOnce !== true }
}
