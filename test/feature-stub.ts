/**
 * Features as a configuration uses them, without a server: a piece of text, evaluated with the tables of some features and bound by
 * them.
 *
 *   const { location, problems } = placed([headers], { location: 'add_header X-A $uri;' })
 *   answered('GET /', { location })
 *
 * The text stands in `http { server { location / { … } } }`; more of it may be given for `http` and `server`. Mistakes fail the test
 * unless it asks for them: `problemsOf([headers], { location: 'expires x;' })` gives nginx's sentences.
 */

import assert from 'node:assert/strict'
import { type Block, evaluate } from '../src/config/block.ts'
import { Problems } from '../src/config/diagnostic.ts'
import { blockRow, type Surroundings, type Table } from '../src/config/directive.ts'
import { parseConfiguration } from '../src/config/parser.ts'
import { LogFiles } from '../src/io/log-files.ts'
import { type Log, SILENT } from '../src/log.ts'
import type { BindPlace, Feature, SiteContext } from '../src/server/feature.ts'
import type { Location } from '../src/server/location.ts'
import type { Module } from '../src/server/module.ts'
import { Variables } from '../src/server/variables.ts'
import { locationWith } from './exchange-stub.ts'

export interface Pieces {
  readonly http?: string
  readonly server?: string
  readonly location?: string
}

export interface PlaceOptions {
  readonly variables?: Variables
  /** Asked before the modules that are bound. */
  readonly modules?: readonly Module[]
  readonly log?: Log
  readonly surroundings?: Surroundings
  readonly accessLogPath?: string
}

export interface Placed {
  readonly location: Location
  readonly modules: readonly Module[]
  readonly site: SiteContext
  readonly problems: Problems
  readonly block: Block
}

/** The blocks that every configuration has. */
const BLOCKS: Table = {
  http: blockRow({ in: ['main'], syntax: '{ … }', takes: [0, 0], block: 'http', doc: '', read: () => true }),
  server: blockRow({
    in: ['http'],
    syntax: '{ … }',
    takes: [0, 0],
    block: 'server',
    doc: '',
    read: () => true,
  }),
  location: blockRow({
    in: ['server'],
    syntax: 'path { … }',
    takes: [1, 2],
    block: 'location',
    doc: '',
    read: () => true,
  }),
}

const NOWHERE: Surroundings = { prefix: '/nowhere/', folder: '/nowhere/' }

/** Evaluated and bound; a mistake in the text fails the test, a warning does not. */
export function placed(features: readonly Feature[], pieces: Pieces, options: PlaceOptions = {}): Placed {
  const made = place(features, pieces, options)
  const errors = made.problems.list.filter(problem => problem.severity === 'error')
  assert.deepEqual(errors, [])
  return made
}

/** The sentences of what is wrong with it, in nginx's words. */
export function problemsOf(
  features: readonly Feature[],
  pieces: Pieces,
  options: PlaceOptions = {},
): string[] {
  return summaries(place(features, pieces, options).problems)
}

function summaries(problems: Problems): string[] {
  return problems.list.map(problem => problem.summary)
}

function place(features: readonly Feature[], pieces: Pieces, options: PlaceOptions): Placed {
  const {
    log = SILENT,
    variables = new Variables(),
    surroundings = NOWHERE,
    accessLogPath = '/var/log/access.log',
  } = options
  const { http = '', server = '', location = '' } = pieces
  const text = `http { ${http}\nserver { ${server}\nlocation / { ${location}\n} } }`
  const files = { read: () => ({ text }), glob: () => [] }
  const problems = new Problems()
  const { tree } = parseConfiguration('/nowhere/nginx.conf', files, problems)
  const tables = [BLOCKS, ...features.map(feature => feature.table)]
  const main = evaluate(tree, { tables, elsewhere: new Map() }, surroundings, problems)
  const httpBlock = main.blocks('http')[0]!
  const block = httpBlock.blocks('server')[0]!.blocks('location')[0]!
  const site = siteOf(main, httpBlock, variables, problems, surroundings, log, accessLogPath)
  for (const { variables: rows = [], families = [] } of features) {
    for (const row of rows) variables.add(row)
    for (const family of families) variables.addFamily(family)
  }
  for (const feature of features) feature.declare?.(site)
  const here: BindPlace = { kind: 'location', block, site, log, match: { kind: 'prefix', path: '/' } }
  const bound = features.map(({ table, bind }) => bind?.(block.settings(table), here) ?? null)
  const modules = [...(options.modules ?? []), ...bound.filter(module => module !== null)]
  return { location: locationWith(modules, { log, block }), modules, site, problems, block }
}

function siteOf(
  main: Block,
  http: Block,
  variables: Variables,
  problems: Problems,
  surroundings: Surroundings,
  log: Log,
  accessLogPath: string,
): SiteContext {
  const things = new Map<string, unknown>()
  return {
    main,
    http,
    variables,
    problems,
    surroundings,
    log,
    logFiles: new LogFiles(),
    accessLogPath,
    compile: template =>
      variables.compile(template, name => problems.error(template.place, `unknown "${name}" variable`)),
    shared<T>(key: string, make: () => T): T {
      if (!things.has(key)) things.set(key, make())
      return things.get(key) as T
    },
    locationOf() {
      throw new Error('there is one location here')
    },
  }
}
