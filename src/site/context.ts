/**
 * What features are given of a configuration while it becomes a site.
 */

import type { Block } from '../config/block.ts'
import type { Problems } from '../config/diagnostic.ts'
import type { Surroundings } from '../config/directive.ts'
import { nearest } from '../config/nearest.ts'
import { placeOfVariable, type Template } from '../config/template.ts'
import type { LogFiles } from '../io/log-files.ts'
import type { Log } from '../log.ts'
import { moduleOfVariable } from '../modules/elsewhere.ts'
import type { SiteContext } from '../server/feature.ts'
import type { Location } from '../server/location.ts'
import type { Module } from '../server/module.ts'
import type { Value, Variables } from '../server/variables.ts'

/** What is told of the configuration; the rest of `SiteContext` is done here. */
export type ContextOptions = Omit<SiteContext, 'compile' | 'shared' | 'locationOf'>

export class Context implements SiteContext {
  readonly main: Block
  readonly http: Block
  readonly variables: Variables
  readonly problems: Problems
  readonly surroundings: Surroundings
  readonly log: Log
  readonly logFiles: LogFiles
  readonly accessLogPath: string
  readonly terminalLog: Module | null
  private readonly things = new Map<string, unknown>()
  private readonly locations = new Map<Block, Location>()
  /** Names that were no variables when they were read: a named group further down may define them. */
  private readonly unknown: { readonly template: Template; readonly name: string }[] = []
  /** What is inherited by a thousand blocks is compiled once. */
  private readonly values = new Map<Template, Value>()

  constructor(options: ContextOptions) {
    this.main = options.main
    this.http = options.http
    this.variables = options.variables
    this.problems = options.problems
    this.surroundings = options.surroundings
    this.log = options.log
    this.logFiles = options.logFiles
    this.accessLogPath = options.accessLogPath
    this.terminalLog = options.terminalLog ?? null
  }

  compile(template: Template): Value {
    const known = this.values.get(template)
    if (known !== undefined) return known
    const made = this.variables.compile(template, name => this.unknown.push({ template, name }))
    this.values.set(template, made)
    return made
  }

  /** When everything is bound, so that every name that there will be is there. */
  reportUnknownVariables(): void {
    for (const { template, name } of this.unknown) {
      if (this.variables.find(name) === null) this.reportUnknown(template, name)
    }
  }

  shared<T>(key: string, make: () => T): T {
    if (!this.things.has(key)) this.things.set(key, make())
    return this.things.get(key) as T
  }

  locationOf(block: Block): Location {
    const location = this.locations.get(block)
    if (location === undefined) throw new Error(`the block ${block.context} is not bound yet`)
    return location
  }

  rememberLocation(block: Block, location: Location): void {
    this.locations.set(block, location)
  }

  private reportUnknown(template: Template, name: string): void {
    const place = placeOfVariable(template, name)
    this.problems.error(place, `unknown "${name}" variable`, this.adviceFor(name))
  }

  private adviceFor(name: string): string {
    const module = moduleOfVariable(name)
    if (module !== null) return `"$${name}" belongs to nginx's ${module}, which veille does not have`
    const { rows, families } = this.variables.all
    const near = nearest(name, [...rows.map(row => row.name)])
    if (near !== null) return `did you mean "$${near}"?`
    return `docs/variables.md lists all that there are, beside ${families.map(one => `$${one.prefix}…`).join(', ')}`
  }
}
