/**
 * Fields that a configuration adds to answers: `add_header`, `add_trailer`, `expires` (ngx_http_headers_filter_module).
 *
 *   settings → what holds in this block, inheritance included → steps → lines
 *
 * Constant lines are put together when the configuration is read: they cost an answer one concatenation.
 */

import type { Block } from '../config/block.ts'
import type { Problems } from '../config/diagnostic.ts'
import { type Call, custom, listOf, oneOf } from '../config/directive.ts'
import type { Place } from '../config/source.ts'
import type { Template } from '../config/template.ts'
import { parseDate } from '../http/date.ts'
import { octetsOf } from '../http/octets.ts'
import { fieldLine } from '../http/response-head.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature, type SiteContext } from '../server/feature.ts'
import type { Module } from '../server/module.ts'
import type { Value } from '../server/variables.ts'
import { type ExpiresSetting, type Expiry, fieldsFor, OFF, parseExpiry, readExpires } from './expires.ts'

/** One line of the configuration. */
interface AddedField {
  readonly name: string
  readonly value: Template
  /** Whatever the status. */
  readonly isAlways: boolean
  readonly place: Place
}

const PLACES = ['http', 'server', 'location', 'if in location']
const INHERITANCE = ['on', 'off', 'merge'] as const
type Inheritance = (typeof INHERITANCE)[number]

/** nginx's list. */
const USUAL_STATUSES = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308])

/** What says where the answer ends, which nobody but the driver knows. */
const FRAMING_FIELDS = ['content-length', 'transfer-encoding']

const table = {
  add_header: listOf<AddedField>({
    in: PLACES,
    default: null,
    doc: 'Adds a field to answers with a status of 200, 201, 204, 206, 301, 302, 303, 304, 307 or 308; with `always` to all answers. A value that comes out empty adds nothing. `ETag`, `Last-Modified` and `Content-Type` take the place of what the answer has, or of nothing when the value is empty; `Content-Length` and `Transfer-Encoding` are not added. The lines of a block hold inside too, unless a line there replaces all of them; see `add_header_inherit`.',
    syntax: 'name value [always]',
    takes: [2, 3],
    read: readField,
  }),
  add_header_inherit: oneOf(INHERITANCE, {
    in: PLACES,
    initial: 'on',
    doc: 'What becomes of the `add_header` lines of the block outside: `on` keeps them where the block has none of its own, `merge` adds them to its own, `off` forgets them.',
  }),
  add_trailer: listOf<AddedField>({
    in: PLACES,
    default: null,
    doc: 'Adds a field behind the content of an answer (RFC 9110 §6.5), with the statuses of `add_header`. The value is asked for when all of the content is sent, and the answer goes in chunks for it; HTTP/1.0 gets none. Inherited as `add_header` is.',
    syntax: 'name value [always]',
    takes: [2, 3],
    read: readField,
  }),
  add_trailer_inherit: oneOf(INHERITANCE, {
    in: PLACES,
    initial: 'on',
    doc: 'What becomes of the `add_trailer` lines of the block outside; see `add_header_inherit`.',
  }),
  expires: custom<ExpiresSetting>({
    in: PLACES,
    initial: OFF,
    default: 'off',
    doc: 'How long answers may be kept, as `Expires` and `Cache-Control`, with the statuses of `add_header`. A time counts from now, or with `modified` from `Last-Modified`; a negative one forbids to keep the answer; `@15h30m` is a time of day. `epoch` is long past, `max` ten years. The value may hold variables; one that is no time adds nothing.',
    syntax: ['[modified] time', 'epoch | max | off'],
    takes: [1, 2],
    read: readExpires,
  }),
}

function readField(call: Call): AddedField | undefined {
  const name = call.text(0)
  const value = call.template(1)
  // An empty line adds nothing, and replaces what is outside: the way to that before there was add_header_inherit.
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) && (name !== '' || value.text !== '')) {
    return call.fail(0, `invalid header name "${name}"`, 'expected letters, digits and dashes')
  }
  if (call.args.length === 3 && call.text(2) !== 'always') {
    return call.fail(2, `invalid parameter "${call.text(2)}"`, 'expected "always", or nothing')
  }
  if (FRAMING_FIELDS.includes(name.toLowerCase())) {
    call.warn(
      0,
      `"${name}" cannot be added`,
      'the server says itself where an answer ends; leave this line out',
    )
  }
  return { name, value, isAlways: call.args.length === 3, place: call.directive.place }
}

export const headers = defineFeature({
  name: 'headers',
  nginxModules: ['ngx_http_headers_filter_module'],
  table,
  bind(settings, { block, site }) {
    const fields = inherited(block, 'add_header')
    const trailers = inherited(block, 'add_trailer')
    warnOfLost(block, 'add_header', site.problems)
    warnOfLost(block, 'add_trailer', site.problems)
    const expiry = expiryOf(settings.expires, site)
    if (fields.length + trailers.length === 0 && expiry === null) return null
    return new Headers(stepsOf(fields, fieldLines, site), stepsOf(trailers, plainLines, site), expiry)
  },
})

type Kind = 'add_header' | 'add_trailer'

/** Fields that a block outside adds for all, and that this one forgets: mostly nobody meant it, and nobody sees it. */
function warnOfLost(block: Block, kind: Kind, problems: Problems): void {
  if (!block.has(table, kind) || block.has(table, `${kind}_inherit`) || block.parent === null) return
  const settings = block.settings(table)
  const own = settings[kind]
  const names = new Set(own.map(({ name }) => name.toLowerCase()))
  // The old way to say that nothing is to be inherited is an empty line.
  if (settings[`${kind}_inherit`] !== 'on' || names.has('')) return
  const lost = inherited(block.parent, kind).filter(({ name }) => !names.has(name.toLowerCase()))
  if (lost.length === 0) return
  const words = [...new Set(lost.map(({ name }) => `"${name}"`))].join(', ')
  problems.warn(
    own[0]!.place,
    `"${kind}" in this block replaces all of the block outside: ${words} will not be sent`,
    `repeat what is missing, or say "${kind}_inherit merge;" to keep it ("off" to forget it in silence)`,
    lost.map(({ place }) => ({ words: 'this one is lost', place })),
  )
}

const NONE: readonly AddedField[] = []

/** As `ngx_http_headers_merge_conf`: a block's own come before those that are merged. */
function inherited(block: Block, name: Kind): readonly AddedField[] {
  const settings = block.settings(table)
  const how: Inheritance = settings[`${name}_inherit`]
  const own = block.has(table, name) ? settings[name] : null
  const outside = how === 'off' || block.parent === null ? NONE : inherited(block.parent, name)
  if (own === null) return outside
  return how === 'merge' ? [...own, ...outside] : own
}

/** A part of what is added: text that is always the same, or something to be done, which may give text. */
type Lines = string | ((x: Exchange) => string)

/**
 * Answers repeat themselves. Where the lines before these and these are what they were the last time, their sum is the very string that it
 * was, which `ResponseHeads` knows without looking at its characters.
 */
class Step {
  private readonly lines: Lines
  private before = ''
  private added = ''
  private sum = ''

  constructor(lines: Lines) {
    this.lines = lines
  }

  linesFor(x: Exchange): string {
    return typeof this.lines === 'string' ? this.lines : this.lines(x)
  }

  addTo(x: Exchange): void {
    const lines = this.linesFor(x)
    if (x.appendedLines !== this.before || lines !== this.added) {
      this.before = x.appendedLines
      this.added = lines
      this.sum = this.before + lines
    }
    x.appendedLines = this.sum
  }
}

interface Steps {
  readonly usual: readonly Step[]
  /** For other statuses. */
  readonly always: readonly Step[]
}

type LinesMaker = (field: AddedField, value: Value) => Lines

/** What many blocks inherit is made once. */
function stepsOf(fields: readonly AddedField[], make: LinesMaker, site: SiteContext): Steps {
  const known = site.shared('added fields', () => new WeakMap<readonly AddedField[], Steps>())
  const made = known.get(fields) ?? makeSteps(fields, make, site)
  known.set(fields, made)
  return made
}

function makeSteps(fields: readonly AddedField[], make: LinesMaker, site: SiteContext): Steps {
  const all = fields.map(field => ({
    isAlways: field.isAlways,
    lines: make(field, site.compile(field.value)),
  }))
  const of = (some: typeof all): Step[] => joined(some.map(({ lines }) => lines))
  return { usual: of(all), always: of(all.filter(({ isAlways }) => isAlways)) }
}

/** Neighbours that are text become one. */
function joined(some: readonly Lines[]): Step[] {
  const all: Lines[] = []
  for (const lines of some) {
    const last = all.at(-1)
    if (typeof lines === 'string' && typeof last === 'string') all[all.length - 1] = last + lines
    else all.push(lines)
  }
  return all.filter(lines => lines !== '').map(lines => new Step(lines))
}

function fieldLines(field: AddedField, value: Value): Lines {
  const replace = REPLACED[field.name.toLowerCase()]
  return replace === undefined ? plainLines(field, value) : x => replace(field.name, value.of(x), x)
}

function plainLines({ name }: AddedField, value: Value): Lines {
  if (name === '' || FRAMING_FIELDS.includes(name.toLowerCase())) return ''
  if (value.constant !== null) return lineOf(name, value.constant)
  let lastText = ''
  let lastLine = ''
  return x => {
    const text = value.of(x)
    if (text !== lastText) {
      lastLine = lineOf(name, text)
      lastText = text
    }
    return lastLine
  }
}

/** Fields of which an answer has one. */
const REPLACED: Readonly<Record<string, (name: string, value: string, x: Exchange) => string>> = {
  etag: replaceField,
  'last-modified': replaceField,
  // nginx adds a second one. An answer of two types has none that a client could rely on (RFC 9110 §8.3, §5.3).
  'content-type': (name, value, x) => (value === '' ? '' : replaceField(name, value, x)),
}

function replaceField(name: string, value: string, x: Exchange): string {
  x.removeField(name)
  return lineOf(name, value)
}

/** @returns '' for an empty value */
function lineOf(name: string, value: string): string {
  return value === '' ? '' : fieldLine(name, octetsOf(value).replace(NOT_IN_FIELDS, ' '))
}

/** As RFC 9110 §5.5 has it: what would break the head becomes a space. */
const NOT_IN_FIELDS = /[^\t\x20-\x7e\x80-\xff]/g

function linesOf(steps: readonly Step[], x: Exchange): string {
  let text = ''
  for (const step of steps) text += step.linesFor(x)
  return text
}

/** @returns null where nothing is to be added; otherwise the rule for an exchange */
function expiryOf(setting: ExpiresSetting, site: SiteContext): ((x: Exchange) => Expiry) | null {
  if ('kind' in setting) return setting.kind === 'off' ? null : () => setting
  const value = site.compile(setting.value)
  return x => {
    const rule = parseExpiry(value.of(x), setting.isModified)
    return typeof rule === 'string' ? OFF : rule
  }
}

class Headers implements Module {
  readonly name = 'headers'
  private readonly steps: Steps
  private readonly trailers: Steps
  private readonly expiry: ExpiryStep | null

  constructor(steps: Steps, trailers: Steps, expiry: ((x: Exchange) => Expiry) | null) {
    this.steps = steps
    this.trailers = trailers
    this.expiry = expiry === null ? null : new ExpiryStep(expiry)
  }

  fields(x: Exchange): void {
    const which = USUAL_STATUSES.has(x.status) ? 'usual' : 'always'
    if (which === 'usual') this.expiry?.addTo(x)
    // One by one: a value may show what a line before it says.
    for (const step of this.steps[which]) step.addTo(x)
    const trailers = this.trailers[which]
    if (trailers.length > 0) x.promiseTrailers(() => linesOf(trailers, x))
  }
}

class ExpiryStep {
  private readonly ruleFor: (x: Exchange) => Expiry
  /** The lines of this rule in this second of the clock. */
  private rule: Expiry = OFF
  private second = Number.NaN
  private lines = ''
  /** What was looked through last for fields of its own. */
  private looked = ''
  private hasOwn = false

  constructor(ruleFor: (x: Exchange) => Expiry) {
    this.ruleFor = ruleFor
  }

  addTo(x: Exchange): void {
    const lines = this.linesFor(x)
    if (lines === '') return
    if (x.preparedLines !== this.looked) {
      this.looked = x.preparedLines
      this.hasOwn = OWN_EXPIRY.test(this.looked)
    }
    if (this.hasOwn || x.hasAddedField('expires') || x.hasAddedField('cache-control')) {
      x.removeField('expires')
      x.removeField('cache-control')
    }
    x.appendPreparedLines(lines)
  }

  private linesFor(x: Exchange): string {
    const rule = this.ruleFor(x)
    const now = Date.now()
    const second = Math.floor(now / 1000)
    if (rule !== this.rule || second !== this.second || rule.kind === 'modified') {
      this.rule = rule
      this.second = second
      this.lines = linesOfRule(rule, now, x)
    }
    return this.lines
  }
}

/** @returns '' for none */
function linesOfRule(rule: Expiry, now: number, x: Exchange): string {
  const lastModified = rule.kind === 'modified' ? x.getField('last-modified') : null
  const fields = fieldsFor(rule, now, lastModified === null ? Number.NaN : parseDate(lastModified))
  if (fields === null) return ''
  return fieldLine('Expires', fields.expires) + fieldLine('Cache-Control', fields.cacheControl)
}

/** What a module further inside has said takes second place. */
const OWN_EXPIRY = /^(?:expires|cache-control):/im
