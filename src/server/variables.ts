/**
 * The table of `$variables`, and templates made into functions.
 *
 *   const variables = new Variables()
 *   variables.add({ name: 'uri', doc: '…', get: x => x.path })
 *   variables.addFamily({ prefix: 'arg_', doc: '…', member: name => x => argumentOf(x, name) })
 *   variables.addOnce({ … })               the same for a value that stays what it first was; it lies in `x.values`
 *   variables.slot('name', doc)            a variable that the configuration defines: its values lie there too
 *   variables.define({ … }, isKept)        one that the configuration computes, as `map` does
 *   const value = variables.compile(template, onUnknown)
 *   value.of(x)                            the text; '' for a variable that has no value
 *   value.octets(x)                        the same as octets, for whoever hands it on: what came as octets is what it was
 *
 * Whatever can be decided is decided when the configuration is read: a template without variables is one string, and a variable
 * that nobody uses costs nothing.
 */

import type { Template } from '../config/template.ts'
import { octetsOf, textOf } from '../http/octets.ts'
import type { Exchange } from './exchange.ts'

/** @returns null when the variable has no value: a log shows `-`, a template '' */
export type Getter = (x: Exchange) => string | null

export interface VariableRow {
  /** Without the dollar sign. */
  readonly name: string
  /** For the manual. */
  readonly doc: string
  readonly get: Getter
  /**
   * What it gives is as it was on the wire, one character for each octet; others give text of Unicode. A template is text: there
   * octets are decoded, where they are UTF-8 (`http/octets.ts`).
   */
  readonly isOctets?: boolean
  /** Of a variable that `set` may change, beside those that the configuration defines. */
  readonly set?: (x: Exchange, value: string) => void
}

export type SettableRow = VariableRow & Required<Pick<VariableRow, 'set'>>

/** Variables without number: `$http_` and the name of a field. */
export interface VariableFamily {
  /** `http_` */
  readonly prefix: string
  /** What follows it, in the manual: `name`. */
  readonly doc: string
  readonly isOctets?: boolean
  /** @param rest what follows the prefix, in lower case */
  readonly member: (rest: string) => Getter
}

/** A compiled template. */
export interface Value {
  /** The text, when it is the same for every exchange; otherwise null. */
  readonly constant: string | null
  of(x: Exchange): string
  octets(x: Exchange): string
  /** Of a template that is one single variable: null when that has no value. Otherwise as `of`. */
  orNull(x: Exchange): string | null
}

class Constant implements Value {
  readonly constant: string

  constructor(text: string) {
    this.constant = text
  }

  of(): string {
    return this.constant
  }

  octets(): string {
    return octetsOf(this.constant)
  }

  orNull(): string {
    return this.constant
  }
}

/** A variable in a template, as text and as octets. */
interface Getters {
  readonly text: Getter
  readonly octets: Getter
}

class OneVariable implements Value {
  readonly constant = null
  private readonly get: Getter
  private readonly getOctets: Getter

  constructor({ text, octets }: Getters) {
    this.get = text
    this.getOctets = octets
  }

  of(x: Exchange): string {
    return this.get(x) ?? ''
  }

  octets(x: Exchange): string {
    return this.getOctets(x) ?? ''
  }

  orNull(x: Exchange): string | null {
    return this.get(x)
  }
}

class Joined implements Value {
  readonly constant = null
  private readonly parts: readonly (string | Getter)[]
  private readonly octetParts: readonly (string | Getter)[]

  constructor(parts: readonly (string | Getters)[]) {
    this.parts = parts.map(part => (typeof part === 'string' ? part : part.text))
    this.octetParts = parts.map(part => (typeof part === 'string' ? octetsOf(part) : part.octets))
  }

  of(x: Exchange): string {
    return joined(this.parts, x)
  }

  octets(x: Exchange): string {
    return joined(this.octetParts, x)
  }

  orNull(x: Exchange): string {
    return this.of(x)
  }
}

function joined(parts: readonly (string | Getter)[], x: Exchange): string {
  let text = ''
  for (const part of parts) text += typeof part === 'string' ? part : (part(x) ?? '')
  return text
}

export function constant(text: string): Value {
  return new Constant(text)
}

export class Variables {
  private readonly rows = new Map<string, VariableRow>()
  private readonly families: VariableFamily[] = []
  private slots = 0
  /** Where in `x.values` the stored value of a name lies. */
  private readonly stored = new Map<string, number>()

  /**
   * The later row wins: a configuration may define a variable anew, as nginx lets `map` do. What `set` has stored in one that has
   * a slot as well goes before what the row would give.
   */
  add(row: VariableRow): void {
    const index = this.stored.get(row.name)
    if (index === undefined || row.set !== undefined) this.rows.set(row.name, row)
    else this.rows.set(row.name, storedRow(row.name, row.doc, index, row.get))
  }

  /** Of a variable whose value is computed when it is first asked for, and is the same for the rest of the exchange. */
  addOnce(row: VariableRow): void {
    const index = this.slots++
    const get = keeping(index, row.get)
    this.add({ ...row, get: x => x.values[index] ?? get(x) })
  }

  addFamily(family: VariableFamily): void {
    this.families.push(family)
  }

  get all(): { readonly rows: readonly VariableRow[]; readonly families: readonly VariableFamily[] } {
    return { rows: [...this.rows.values()], families: this.families }
  }

  /** The row of a name, however it is written; members of families get one when they are first asked for. */
  find(name: string): VariableRow | null {
    const lower = name.toLowerCase()
    const known = this.rows.get(lower)
    if (known !== undefined) return known
    if (/^\d$/.test(name)) return captureRow(Number(name))
    for (const family of this.families) {
      if (!lower.startsWith(family.prefix) || lower.length === family.prefix.length) continue
      const get = family.member(lower.slice(family.prefix.length))
      const row = { name: lower, doc: family.doc, get, isOctets: family.isOctets }
      this.rows.set(lower, row)
      return row
    }
    return null
  }

  /** Is it one of ours, which a configuration may neither define nor set? Members of families may be. */
  isFixed(name: string): boolean {
    const lower = name.toLowerCase()
    const row = this.rows.get(lower)
    if (row === undefined || row.set !== undefined) return false
    return !this.families.some(({ prefix }) => lower.startsWith(prefix))
  }

  /**
   * A variable whose value is stored in the exchange: by `set`, by a named capture, by whoever computes it once.
   * @param otherwise gives the value as long as nothing is stored
   * @returns its row, the existing one when the name has one that can be set
   */
  slot(name: string, doc = 'Defined by the configuration.', otherwise: Getter = nothing): SettableRow {
    const lower = name.toLowerCase()
    const known = this.rows.get(lower)
    if (known?.set !== undefined) return known as SettableRow
    const index = this.slots++
    this.stored.set(lower, index)
    const row = storedRow(lower, doc, index, otherwise)
    this.rows.set(lower, row)
    return row
  }

  /**
   * A variable that the configuration computes. The later definition of a name wins; what `set` stores goes before both.
   * @param isKept the value is computed once for an exchange
   */
  define({ name, doc, get }: VariableRow, isKept: boolean): void {
    const lower = name.toLowerCase()
    const index = this.stored.get(lower) ?? this.slots++
    this.stored.set(lower, index)
    this.rows.set(lower, storedRow(lower, doc, index, isKept ? keeping(index, get) : get))
  }

  /** @param onUnknown is told each name that is none so far; one that is defined later on is found then */
  compile(template: Template, onUnknown: (name: string) => void): Value {
    const parts: (string | Getters)[] = []
    for (const part of template.parts) {
      if (typeof part === 'string') parts.push(part)
      else {
        const row = this.find(part.variable)
        if (row === null) onUnknown(part.variable)
        parts.push(row === null ? this.later(part.variable) : gettersOf(row))
      }
    }
    if (parts.every(part => typeof part === 'string')) return new Constant(parts.join(''))
    if (parts.length === 1) return new OneVariable(parts[0] as Getters)
    return new Joined(parts)
  }

  /** Looks for the name when it is first asked for. */
  private later(name: string): Getters {
    let getters: Getters | null = null
    const found = (): Getters => {
      if (getters === null) {
        const row = this.find(name)
        getters = row === null ? NOTHING : gettersOf(row)
      }
      return getters
    }
    return { text: x => found().text(x), octets: x => found().octets(x) }
  }
}

function nothing(): null {
  return null
}

function storedRow(name: string, doc: string, index: number, otherwise: Getter): SettableRow {
  return {
    name,
    doc,
    get: x => x.values[index] ?? otherwise(x),
    set: (x, value) => setValue(x, index, value),
  }
}

function keeping(index: number, get: Getter): Getter {
  return x => {
    const value = get(x)
    if (value !== null) setValue(x, index, value)
    return value
  }
}

/** Of a name that is nobody's. */
const NOTHING: Getters = { text: nothing, octets: nothing }

function gettersOf({ get, isOctets }: VariableRow): Getters {
  return isOctets === true
    ? { text: through(get, textOf), octets: get }
    : { text: get, octets: through(get, octetsOf) }
}

function through(get: Getter, change: (value: string) => string): Getter {
  return x => {
    const value = get(x)
    return value === null ? null : change(value)
  }
}

/** What all exchanges share that have stored no value. */
export const NO_VALUES: (string | undefined)[] = []

function setValue(x: Exchange, index: number, value: string): void {
  if (x.values === NO_VALUES) x.values = []
  x.values[index] = value
}

/** `$1` to `$9`: the groups of the regular expression that matched last. */
function captureRow(index: number): VariableRow {
  return { name: String(index), doc: 'A group of the last match.', get: x => x.captures?.[index] ?? null }
}
