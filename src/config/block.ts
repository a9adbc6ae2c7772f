/**
 * From the tree of a file and the tables to blocks: every directive checked against its row, every value read, and the settings of
 * a block inherited from the one outside.
 *
 *   const main = evaluate(tree, language, surroundings, problems)
 *   main.children                      the blocks in it, in the order of the file
 *   block.entries                      what stands in it, in order: for directives whose order matters
 *   block.settings(table)              all settings of a table, typed; the same object as outside where nothing is said inside
 *
 * What is inherited is replaced as a whole, never merged: three `add_header` outside and one inside are one.
 * Checking goes on after a mistake, so that one run shows all of them.
 */

import { Problems } from './diagnostic.ts'
import { type AnyRow, Call, type SettingsOf, type Surroundings, type Table } from './directive.ts'
import { nearest } from './nearest.ts'
import type { Directive } from './parser.ts'
import { splitSwallowed } from './swallowed-line.ts'
import type { Template } from './template.ts'

/** The directives that there are. */
export interface Language {
  readonly tables: readonly Table[]
  /** What nginx has and veille has not: name → nginx's module. */
  readonly elsewhere: ReadonlyMap<string, string>
  /** What to say of words that other languages have; null for most. */
  foreign?(name: string): string | null
}

/** A directive that stands in a block, and what its row made of it. */
export interface Entry {
  readonly name: string
  readonly directive: Directive
  readonly value: unknown
  /** Of a directive that opens one. */
  readonly block: Block | null
}

export class Block {
  /** `main`, `http`, `server`, `location`, … */
  readonly context: string
  readonly parent: Block | null
  /** The directive that opens it; null for the file as a whole. */
  readonly directive: Directive | null
  /** What the row of that directive read. */
  readonly value: unknown
  readonly entries: Entry[] = []
  private readonly own = new Map<Table, Map<string, unknown>>()
  /** Of the tables of which something stands here. */
  private readonly handed = new Map<Table, object>()

  constructor(context: string, parent: Block | null, directive: Directive | null, value: unknown) {
    this.context = context
    this.parent = parent
    this.directive = directive
    this.value = value
  }

  /** The blocks that this directive opens in here. */
  blocks(name: string): Block[] {
    return this.entries
      .filter(entry => entry.name === name && entry.block !== null)
      .map(entry => entry.block!)
  }

  /** Does the directive stand in this very block? */
  has(table: Table, name: string): boolean {
    return this.own.get(table)?.has(name) === true
  }

  /** The directive's line in this very block, or the last of them; for diagnostics. */
  line(name: string): Directive | null {
    return this.entries.findLast(entry => entry.name === name)?.directive ?? null
  }

  settings<T extends Table>(table: T): SettingsOf<T> {
    const base = this.base(table)
    const own = this.own.get(table)
    if (own === undefined) return base as SettingsOf<T>
    const alone = [...own].filter(([name]) => !table[name]!.isInherited)
    if (alone.length === 0) return base as SettingsOf<T>
    return { ...base, ...Object.fromEntries(alone) } as SettingsOf<T>
  }

  add(entry: Entry, table: Table, row: AnyRow): void {
    this.entries.push(entry)
    const own = this.own.get(table) ?? new Map<string, unknown>()
    this.own.set(table, own)
    const list = row.isList ? (own.get(entry.name) as unknown[] | undefined) : undefined
    if (list !== undefined) list.push(entry.value)
    else own.set(entry.name, row.isList ? [entry.value] : entry.value)
  }

  /** What is handed down: shared with the block outside as long as nothing is said anew. */
  private base(table: Table): object {
    const own = this.own.get(table)
    if (own === undefined) return this.outside(table)
    const known = this.handed.get(table)
    if (known !== undefined) return known
    const said = [...own].filter(([name]) => table[name]!.isInherited)
    const base =
      said.length === 0 ? this.outside(table) : { ...this.outside(table), ...Object.fromEntries(said) }
    this.handed.set(table, base)
    return base
  }

  private outside(table: Table): object {
    return this.parent === null ? initialOf(table) : this.parent.base(table)
  }
}

const initials = new WeakMap<Table, object>()

function initialOf(table: Table): object {
  const known = initials.get(table)
  if (known !== undefined) return known
  const made = Object.fromEntries(Object.entries(table).map(([name, row]) => [name, row.initial]))
  initials.set(table, made)
  return made
}

interface Found {
  readonly table: Table
  readonly row: AnyRow
}

/** @param templates gets all values with variables that were read, also those that nobody will use */
export function evaluate(
  tree: readonly Directive[],
  language: Language,
  surroundings: Surroundings,
  problems: Problems,
  templates: Template[] = [],
): Block {
  const main = new Block('main', null, null, undefined)
  new Evaluation(language, surroundings, problems, templates).fill(main, tree)
  return main
}

class Evaluation {
  private readonly language: Language
  private readonly surroundings: Surroundings
  private readonly problems: Problems
  private readonly templates: Template[]
  /** Several rows of one name differ in their contexts: `server` of http, `server` of an upstream. */
  private readonly byName = new Map<string, Found[]>()

  constructor(language: Language, surroundings: Surroundings, problems: Problems, templates: Template[]) {
    this.language = language
    this.surroundings = surroundings
    this.problems = problems
    this.templates = templates
    for (const table of language.tables) {
      for (const [name, row] of Object.entries(table)) {
        this.byName.set(name, [...(this.byName.get(name) ?? []), { table, row }])
      }
    }
  }

  fill(block: Block, tree: readonly Directive[]): void {
    for (const directive of tree) this.take(block, directive)
  }

  private take(block: Block, directive: Directive): void {
    const parts = splitSwallowed(directive, name => this.byName.has(name))
    const found = this.find(block, directive)
    if (found === null) {
      if (parts !== null) this.take(block, parts[1])
      return
    }
    const { table, row } = found
    const isRight =
      this.isWellFormed(directive, row, parts) &&
      (parts === null ||
        this.mayStay(new Call(directive, block.context, this.surroundings, new Problems()), row, parts))
    if (!isRight) {
      for (const part of parts ?? []) this.take(block, part)
      return
    }
    if (!row.isList && block.has(table, directive.name)) {
      this.reportDuplicate(block, directive)
      return
    }
    const call = new Call(directive, block.context, this.surroundings, this.problems, this.templates)
    const value = row.read(call)
    const inner = innerContext(row, block.context)
    if (value === undefined) {
      // Its inside is looked at all the same, for the mistakes in there.
      if (inner !== null) this.fill(new Block(inner, block, directive, undefined), directive.block ?? [])
      return
    }
    const opened = inner === null ? null : new Block(inner, block, directive, value)
    block.add({ name: directive.name, directive, value, block: opened }, table, row)
    if (opened !== null) this.fill(opened, directive.block ?? [])
  }

  private find(block: Block, directive: Directive): Found | null {
    const { name, place } = directive
    const rows = this.byName.get(name)
    if (rows === undefined) {
      this.reportUnknown(block, directive)
      return null
    }
    const found = rows.find(({ row }) => row.in.includes(block.context))
    if (found !== undefined) return found
    const contexts = [...new Set(rows.flatMap(({ row }) => row.in))]
    this.problems.error(
      place,
      `"${name}" directive is not allowed here`,
      `"${name}" may stand in ${wordsOf(contexts)}; this is ${contextWords(block)}`,
    )
    return null
  }

  private reportUnknown(block: Block, { name, place }: Directive): void {
    const module = this.language.elsewhere.get(name)
    if (module !== undefined) {
      this.problems.error(
        place,
        `unknown directive "${name}"`,
        `"${name}" belongs to nginx's ${module}, which veille does not have`,
      )
      return
    }
    const here = [...this.byName].filter(([, rows]) => rows.some(({ row }) => row.in.includes(block.context)))
    const near =
      nearest(
        name,
        here.map(([known]) => known),
      ) ?? nearest(name, [...this.byName.keys(), ...this.language.elsewhere.keys()])
    const advice = near === null ? 'docs/directives.md lists all that there are' : `did you mean "${near}"?`
    this.problems.error(place, `unknown directive "${name}"`, this.language.foreign?.(name) ?? advice)
  }

  private reportDuplicate(block: Block, directive: Directive): void {
    const first = block.line(directive.name)
    this.problems.error(
      directive.place,
      `"${directive.name}" directive is duplicate`,
      `"${directive.name}" may stand only once ${block.directive === null ? 'in the main context' : 'in this block'}`,
      first === null ? [] : [{ words: 'the first one is here', place: first.place }],
    )
  }

  /** A line that looks swallowed stays where it is when nginx does not mind either. */
  private mayStay(
    call: Call,
    row: AnyRow,
    [first, { name, place }]: readonly [Directive, Directive],
  ): boolean {
    row.read(call)
    const wrong = call.problems.list.find(({ severity }) => severity === 'error')
    const question = `is the semicolon before "${name}" missing?`
    const related = [{ words: `"${first.name}" begins here`, place: first.place }]
    if (wrong === undefined) {
      this.problems.warn(place, `"${name}" is taken for an argument of "${first.name}"`, question, related)
    } else {
      this.problems.error(wrong.place, wrong.summary, question, related)
    }
    return wrong === undefined
  }

  /**
   * Braces where they belong, and as many arguments as it takes.
   * @param parts the two directives that it seems to be, when a semicolon is missing
   */
  private isWellFormed(
    directive: Directive,
    row: AnyRow,
    parts: readonly [Directive, Directive] | null,
  ): boolean {
    const { name, block, args, place } = directive
    const forgotten = parts === null ? '' : `; is the semicolon before "${parts[1].name}" missing?`
    if (row.block !== null && block === null) {
      const expected = `"${name}" opens a block: a "{" belongs here, and a "}" behind what stands in it`
      this.problems.error(directive.end, `directive "${name}" has no opening "{"`, expected)
      return false
    }
    if (row.block === null && block !== null) {
      this.problems.error(
        directive.end,
        `directive "${name}" is not terminated by ";"`,
        `"${name}" opens no block; its line ends with a semicolon${forgotten}`,
      )
      return false
    }
    const [least, most] = row.takes
    if (args.length >= least && args.length <= most) return true
    const isSurplus = args.length > most
    const advice = forgotten || argumentAdvice(row, name, args)
    const equals = args.find(({ text, isQuoted }) => text === '=' && !isQuoted)
    this.problems.error(
      equals?.place ?? (isSurplus ? args[most]!.place : place),
      `invalid number of arguments in "${name}" directive`,
      `"${name}" takes ${amount(least, most)}, found ${args.length || 'none'}${advice}`,
    )
    return false
  }
}

function innerContext(row: AnyRow, outside: string): string | null {
  if (row.block === null || row.block === 'rows') return null
  return typeof row.block === 'string' ? row.block : (row.block[outside] ?? null)
}

/** Longer ones explain nothing at a glance. */
const SHORT_SYNTAX = 60

/** What was most likely wrong with the number of arguments; otherwise how the directive is written. */
function argumentAdvice(
  { takes: [, most], syntax, block }: AnyRow,
  name: string,
  args: Directive['args'],
): string {
  if (args.some(({ text, isQuoted }) => text === '=' && !isQuoted)) return '; its value follows without "="'
  if (most > 0 && args.length > most && block === null) return '; a value with spaces in it stands in quotes'
  const [form] = syntax
  if (form!.length > SHORT_SYNTAX || block !== null || most === 0) return ''
  return `, as in: ${name} ${form};`
}

function amount(least: number, most: number): string {
  const words = (n: number): string => (n === 0 ? 'no argument' : n === 1 ? 'one argument' : `${n} arguments`)
  if (least === most) return words(least)
  if (least === 0) return `at most ${words(most)}`
  if (most === Number.POSITIVE_INFINITY) return `at least ${words(least)}`
  return `${least} ${most - least === 1 ? 'or' : 'to'} ${words(most)}`
}

/** "http, server and location". */
function wordsOf(contexts: readonly string[]): string {
  const quoted = contexts.map(one => (one === 'main' ? 'the main context' : `"${one}"`))
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`
}

function contextWords({ context, directive }: Block): string {
  if (directive === null) return 'the main context'
  return `"${context}", opened in line ${directive.place.line}`
}
