/**
 * `rewrite`, `return`, `if`, `set`, `break`: what happens to a request before anybody looks for its content.
 *
 * The directives of a block become one list of steps, which runs them as they are written. An `if` in a location that holds makes the place
 * of the request its own; the last one wins. In a server, where nothing but this module's directives may stand in an `if`, it
 * changes no place. (`ngx_http_rewrite_module.c`.)
 */

import type { Block, Entry } from '../config/block.ts'
import { blockRow, type Call, flag, listOf } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { fieldLine } from '../http/response-head.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature, type SiteContext } from '../server/feature.ts'
import type { Location } from '../server/location.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import type { SettableRow } from '../server/variables.ts'
import { compileText, type Text } from './captured-text.ts'
import { type Condition, compileCondition, type Predicate, readCondition, subjectOf } from './conditions.ts'
import { compileReturn, type ReturnRule, readReturn, type TypeLine } from './return-rule.ts'
import { compileRewrite, type RewriteRule, readRewrite } from './rewrite-rule.ts'
import { ANSWERED, type Course, ENDS, GOES_ON, runSteps, type Step } from './rewrite-steps.ts'
import { mediaTypesAt } from './types.ts'

const PLACES = ['server', 'location', 'if in server', 'if in location']
const EVERYWHERE = ['http', ...PLACES]

interface SetRule {
  readonly name: string
  readonly value: Template
}

const table = {
  rewrite: listOf<RewriteRule>({
    in: PLACES,
    isInherited: false,
    syntax: 'regex replacement [last | break | redirect | permanent]',
    takes: [2, 3],
    doc: 'A path that the regular expression matches becomes the replacement, in which $1 to $9 are the groups of the match. The query is added to it, unless it ends in "?". last looks for a location anew at once, break stays in this one; without a flag the next directives follow, and then a location is looked for. A replacement that begins with http://, https:// or $scheme is answered as a redirect: 302, with permanent 301.',
    read: readRewrite,
  }),
  return: listOf<ReturnRule>({
    in: PLACES,
    isInherited: false,
    syntax: ['code [text]', 'code URL', 'URL'],
    takes: [1, 2],
    doc: 'Answers at once. 301, 302, 303, 307 and 308 lead to the URL or path; other codes have the text as content, or from 400 on, without one, their error page. A URL alone is a 302. 444 closes the connection without an answer.',
    read: readReturn,
  }),
  if: blockRow<Condition>({
    in: ['server', 'location'],
    syntax: '(condition) { ... }',
    takes: [1, Number.POSITIVE_INFINITY],
    block: { server: 'if in server', location: 'if in location' },
    doc: 'Directives for requests of which the condition is true. ($variable): it is neither empty nor 0. = and != compare with a text; ~ and ~* with a regular expression, ~* without regard to case, whose groups are $1 to $9 then, !~ and !~* the other way round; -f, -d, -e and -x test a path for a file, a directory, either of both, the right to execute; !-f and so on the contrary. In a location, what is set in the last block that was entered holds for the request, and nothing of other such blocks.',
    read: readCondition,
  }),
  set: listOf<SetRule>({
    in: PLACES,
    isInherited: false,
    syntax: '$variable value',
    takes: [2, 2],
    doc: 'Gives a variable a value, which may hold others. It defines the variable for the whole configuration; where nobody has set it, it is empty.',
    read: readSet,
  }),
  break: listOf<true>({
    in: PLACES,
    isInherited: false,
    syntax: '',
    takes: [0, 0],
    doc: 'Ends this block’s directives of this kind, also those around an if. No location is looked for anew.',
    read: () => true,
  }),
  rewrite_log: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'What rewrite does is told to the error log, at level notice.',
  }),
  uninitialized_variable_warn: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'Somebody asks for a variable of set that nobody has set: a warning in the error log.',
  }),
}

function readSet(call: Call): SetRule | undefined {
  const text = call.text(0)
  if (!text.startsWith('$') || text === '$') {
    const name = text.replace(/^\$?/, '$')
    const expected = name === '$' ? 'expected a name behind "$"' : `variables begin with "$": ${name}`
    return call.fail(0, `invalid variable name "${text}"`, expected)
  }
  const name = text.slice(1)
  if (!/^\w+$/.test(name)) {
    call.warn(0, `no value can hold "${text}"`, 'a name of letters, digits and "_" can be asked for')
  }
  return { name, value: call.template(1) }
}

export const rewrite = defineFeature({
  name: 'rewrite',
  nginxModules: ['ngx_http_rewrite_module'],
  table,
  declare: site => declareIn(site.http, site),
  bind(_settings, place): Module | null {
    if (place.kind === 'if') warnOfOthers(place)
    if (place.kind !== 'server' && place.kind !== 'location') return null
    // Of ten thousand locations most have none.
    if (!place.block.entries.some(({ name }) => STEPS.has(name))) return null
    return new Rewriting(new Compiler(place).stepsOf(place.block))
  },
})

const STEPS = new Set(['rewrite', 'return', 'if', 'set', 'break'])

class Rewriting implements Module {
  readonly name = 'rewrite'
  private readonly steps: readonly Step[]

  constructor(steps: readonly Step[]) {
    this.steps = steps
  }

  rewrite(x: Exchange): Outcome {
    return runSteps(this.steps, x) === ANSWERED ? HANDLED : DECLINED
  }
}

// Variables

/** Every variable that a block sets, and every named group, exists in the whole configuration. */
function declareIn(block: Block, site: SiteContext): void {
  for (const { name, value, directive, block: inner } of block.entries) {
    if (name === 'set')
      declareVariable((value as SetRule).name, site, directive.args[0]!.place, valueOfNobody)
    else if (name === 'rewrite') {
      for (const group of (value as RewriteRule).pattern.names)
        declareVariable(group, site, directive.args[0]!.place)
    } else if (name === 'if' && (value as Condition).kind === 'match') {
      const { names } = (value as Extract<Condition, { kind: 'match' }>).pattern
      for (const group of names) declareVariable(group, site, directive.args.at(-1)!.place)
    }
    if (inner !== null) declareIn(inner, site)
  }
}

function declareVariable(
  name: string,
  site: SiteContext,
  place: Template['place'],
  otherwise: ((name: string) => (x: Exchange) => string) | null = null,
): void {
  if (site.variables.isFixed(name)) {
    site.problems.error(
      place,
      `the duplicate "${name}" variable`,
      `$${name} is one of the server's own, which nobody can set`,
    )
    return
  }
  const doc = otherwise === null ? 'A named group of a regular expression.' : 'Defined with set.'
  site.variables.slot(name, doc, otherwise?.(name.toLowerCase()))
}

function valueOfNobody(name: string): (x: Exchange) => string {
  return x => {
    const settings = x.location.block?.settings(table)
    if (settings?.uninitialized_variable_warn !== false) x.log.warn(`using uninitialized "${name}" variable`)
    return ''
  }
}

// Steps

class Compiler {
  private readonly site: SiteContext
  private readonly isInLocation: boolean
  private readonly typeLine: TypeLine

  constructor({ site, kind, block }: BindPlace) {
    this.site = site
    this.isInLocation = kind === 'location'
    const types = mediaTypesAt(block)
    this.typeLine = path => typeLineOf(types.of(path))
  }

  stepsOf(block: Block): Step[] {
    const { rewrite_log: isLogged } = block.settings(table)
    return block.entries.flatMap(entry => this.stepOf(entry, isLogged) ?? [])
  }

  private stepOf({ name, value, block }: Entry, isLogged: boolean): Step | null {
    switch (name) {
      case 'return':
        return compileReturn(value as ReturnRule, this.site, this.typeLine)
      case 'rewrite':
        return compileRewrite(value as RewriteRule, this.site, isLogged)
      case 'set':
        return new Setting(value as SetRule, this.site)
      case 'break':
        return new Break()
      case 'if':
        return this.branchOf(value as Condition, block!)
      default:
        return null
    }
  }

  private branchOf(condition: Condition, block: Block): Step {
    const location = this.isInLocation ? this.site.locationOf(block) : null
    const holds = compileCondition(condition, this.site)
    return new Branch(condition, holds, subjectOf(condition, this.site), this.stepsOf(block), location)
  }
}

const typeLines = new Map<string, string>()

/** '' for no type. There are as many as the configuration names. */
function typeLineOf(type: string): string {
  const known = typeLines.get(type)
  if (known !== undefined) return known
  const line = type === '' ? '' : fieldLine('Content-Type', type)
  typeLines.set(type, line)
  return line
}

class Setting implements Step {
  private readonly row: SettableRow
  private readonly text: Text

  constructor(rule: SetRule, site: SiteContext) {
    this.row = site.variables.slot(rule.name)
    this.text = compileText(rule.value, site)
  }

  run(x: Exchange): Course {
    const text = this.text(x)
    if (x.isTraced) x.tell(`set $${this.row.name} "${text}"`)
    this.row.set(x, text)
    return GOES_ON
  }
}

class Break implements Step {
  run(x: Exchange): Course {
    if (x.isTraced) x.tell('break')
    x.isRewritten = false
    return ENDS
  }
}

class Branch implements Step {
  private readonly condition: Condition
  private readonly holds: Predicate
  private readonly subject: Text
  private readonly steps: readonly Step[]
  /** What holds for the request inside; null in a server. */
  private readonly location: Location | null

  constructor(
    condition: Condition,
    holds: Predicate,
    subject: Text,
    steps: readonly Step[],
    location: Location | null,
  ) {
    this.condition = condition
    this.holds = holds
    this.subject = subject
    this.steps = steps
    this.location = location
  }

  run(x: Exchange): Course {
    // First: a match takes the groups that the path of a file may be made of.
    const subject = x.isTraced ? this.subject(x) : ''
    const isTrue = this.holds(x)
    if (x.isTraced) this.tell(x, subject, isTrue)
    if (!isTrue) return GOES_ON
    if (this.location !== null) x.enterLocation(this.location)
    return runSteps(this.steps, x)
  }

  private tell(x: Exchange, subject: string, isTrue: boolean): void {
    const { text, where } = this.condition
    x.tell(`if (${text}): ${isTrue ? 'true' : 'false'} for "${subject}" (${where})`)
  }
}

// The trap

const OWN = new Set(Object.keys(table))

/** What else stands in an `if` of a location holds there alone, and only in the last one that is entered: seldom what was meant. */
function warnOfOthers({ block, site }: BindPlace): void {
  const other = block.entries.find(({ name }) => !OWN.has(name))
  if (other === undefined) return
  site.problems.warn(
    other.directive.place,
    `"${other.name}" in "if" may not do what it seems to`,
    'of several if blocks that are true only the last one holds, with nothing of the others; safe in an if are return, rewrite, set and break: choose the value with map',
    [{ words: 'this if', place: block.directive!.place }],
  )
}
