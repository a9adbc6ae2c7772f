/**
 * `map`: a variable whose value depends on another one (`ngx_http_map_module.c`). It is computed when it is first asked for, and then
 * stays the same for the request, unless the block says `volatile`.
 */

import { blockRow, type Call, count } from '../config/directive.ts'
import type { Word } from '../config/lexer.ts'
import type { Directive } from '../config/parser.ts'
import type { Pattern } from '../config/regex.ts'
import { checkedPattern } from '../config/regex-problems.ts'
import type { Place } from '../config/source.ts'
import type { Template } from '../config/template.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature, type SiteContext } from '../server/feature.ts'
import { Matcher } from '../server/matcher.ts'
import type { Getter, Value } from '../server/variables.ts'
import {
  checkRow,
  type DefinedVariable,
  defineVariable,
  mayBeDefined,
  readVariableName,
} from './defined-variable.ts'
import { MapTable } from './map-table.ts'

/** A block as it was read: its lines in their order. */
interface MapRule extends DefinedVariable {
  readonly source: Template
  readonly entries: readonly MapEntry[]
  /** null: there is no line for it, and the value is empty. */
  readonly fallback: Template | null
  /** Are any lines read as names of hosts? */
  readonly hasHosts: boolean
}

type MapEntry = { readonly value: Template; readonly place: Place } & (
  | { readonly kind: 'text' | 'host'; readonly key: string }
  | { readonly kind: 'regex'; readonly pattern: Pattern }
)

const NO_TABLE = 'the table is as large as it has to be'

const table = {
  map: blockRow<MapRule>({
    in: ['http'],
    syntax: 'text $variable { key value; ... }',
    takes: [2, 2],
    block: 'rows',
    doc: 'Defines the variable by what the text, which may hold variables, comes to: a line with this key gives its value, which may hold variables too. Case is ignored. A key behind ~ is a regular expression, behind ~* one without regard to case, and $1 to $9 and named groups can be used in its value; they are asked in their order, after all other keys, and not for an empty text. The line default gives what holds otherwise; without it that is empty. With the line hostnames, which stands first, keys may be *.example.org, .example.org, which is example.org too, and www.example.*, and a dot at the end of the text does not count: exact names go first, then the longest with a star in front, then the longest with one behind. The line volatile: computed each time anew, otherwise once for a request. A backslash before a key takes the meaning from what follows, as in \\default. Lines may be read from a file: include.',
    read: readMap,
  }),
  map_hash_bucket_size: count({
    in: ['http'],
    initial: 0,
    default: '64',
    doc: 'The size of a slot in the table of a map.',
    withoutEffect: NO_TABLE,
  }),
  map_hash_max_size: count({
    in: ['http'],
    initial: 0,
    default: '2048',
    doc: 'The size of the table of a map.',
    withoutEffect: NO_TABLE,
  }),
}

export const map = defineFeature({
  name: 'map',
  nginxModules: ['ngx_http_map_module'],
  table,
  declare(site) {
    for (const rule of site.http.settings(table).map) defineVariable(site, rule, getterOf(rule, site))
  },
})

// Reading

function readMap(call: Call): MapRule | undefined {
  const source = call.template(0)
  const name = readVariableName(call, 1)
  const lines = new MapLines(call)
  for (const row of call.rows) lines.take(row)
  if (name === undefined) return undefined
  const { entries, fallback, hasHosts, isVolatile } = lines
  const doc = `Defined with map, by ${source.text === '' ? 'an empty text' : source.text}.`
  return { name, place: call.args[1]!.place, doc, source, entries, fallback, hasHosts, isVolatile }
}

class MapLines {
  readonly entries: MapEntry[] = []
  fallback: Template | null = null
  hasHosts = false
  isVolatile = false
  private readonly call: Call

  constructor(call: Call) {
    this.call = call
  }

  take(row: Directive): void {
    const isWord = row.args.length === 0 && row.block === null
    if (isWord && row.name === 'hostnames') this.hasHosts = true
    else if (isWord && row.name === 'volatile') this.isVolatile = true
    else if (checkRow(this.call, row, 'map')) this.takeEntry(row, row.args[0]!)
  }

  private takeEntry({ name, place }: Directive, word: Word): void {
    const value = this.call.templateOf(word)
    if (name === 'default') this.takeDefault(value, place)
    else if (name.startsWith('~')) this.takeRegex(name.slice(1), value, place)
    else {
      const key = name.replace(/^\\/, '')
      if (!this.hasHosts && /^\*\../.test(key)) this.warnOfStar(key, place)
      this.entries.push({ kind: this.hasHosts ? 'host' : 'text', key, value, place })
    }
  }

  private takeDefault(value: Template, place: Place): void {
    if (this.fallback === null) this.fallback = value
    else this.call.fail(place, 'duplicate default map parameter', 'default may stand once in a map')
  }

  private takeRegex(text: string, value: Template, place: Place): void {
    const isCaseless = text.startsWith('*')
    const source = isCaseless ? text.slice(1) : text
    const pattern = checkedPattern(source, isCaseless, place, this.call.problems)
    if (pattern !== null) this.entries.push({ kind: 'regex', pattern, value, place })
  }

  private warnOfStar(key: string, place: Place): void {
    const expected = 'without the line "hostnames;" before it, this star stands for itself'
    this.call.warn(place, `the key "${key}" is no wildcard`, expected)
  }
}

// Looking up

function getterOf(rule: MapRule, site: SiteContext): Getter {
  const { source, entries, fallback, hasHosts } = rule
  const text = site.compile(source)
  const found = new MapTable<Value>()
  for (const entry of entries) addEntry(found, entry, site)
  const otherwise = fallback === null ? null : site.compile(fallback)
  return x => {
    const subject = text.of(x)
    const key = hasHosts && subject.endsWith('.') ? subject.slice(0, -1) : subject
    const { captures } = x
    const value = found.find(x, key) ?? otherwise
    const result = value === null ? '' : value.of(x)
    if (x.isTraced) tell(x, rule, subject, result, captures)
    return result
  }
}

/** @param captures before the map was asked: that it takes them surprises whoever names them behind its variable */
function tell(x: Exchange, { name }: MapRule, subject: string, result: string, captures: Captures): void {
  const groups = x.captures === captures ? '' : '; $1 to $9 are the groups of its expression from here on'
  x.tell(`map: for "${subject}" $${name} is "${result}"${groups}`)
}

type Captures = Exchange['captures']

function addEntry(found: MapTable<Value>, entry: MapEntry, site: SiteContext): void {
  const { kind, place } = entry
  if (kind === 'regex') {
    if (!entry.pattern.names.every(name => mayBeDefined(site, name, place))) return
    // First the groups, since the value may name them.
    const matcher = new Matcher(entry.pattern, site.variables)
    found.addMatcher(matcher, site.compile(entry.value))
    return
  }
  const value = site.compile(entry.value)
  const added = kind === 'host' ? found.addHost(entry.key, value) : found.add(entry.key, value)
  if (added === 'invalid') {
    const expected =
      'a star stands for the whole first label, *.example.org, or the whole last one, www.example.*'
    site.problems.error(place, `invalid hostname or wildcard "${entry.key}"`, expected)
  } else if (added === 'duplicate') {
    const lower = entry.key.toLowerCase()
    const expected = 'a key stands once in a map, in either case; .example.org counts as example.org, too'
    site.problems.error(place, `conflicting parameter "${lower}"`, expected)
  }
}
