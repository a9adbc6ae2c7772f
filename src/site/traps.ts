/**
 * What nginx accepts and people seldom mean, where it takes several directives to see it. Traps of a single directive are told where that
 * is read; those of locations among each other in `location-traps.ts`.
 *
 *   warnOfTraps(http, matchers, problems)          everything in `http`
 *   warnOfFirst(address, servers, problems)        nobody says who answers for unknown hosts at an address
 */

import type { Block, Entry } from '../config/block.ts'
import type { Problems } from '../config/diagnostic.ts'
import type { LocationMatch } from '../server/feature.ts'
import type { ServerName } from './blocks.ts'
import { warnOfLocations } from './location-traps.ts'
import type { Matchers } from './matchers.ts'

export function warnOfTraps(http: Block, matchers: Matchers, problems: Problems): void {
  const types = typesIn(http)
  for (const server of http.blocks('server')) {
    warnOfLocations(server, matchers, problems)
    warnOfReturn(server, problems)
    warnOfRootInLocation(server, problems)
    warnOfTypes(server, types, problems)
    warnInside(server, problems)
  }
}

/** In each block. */
function warnInside(block: Block, problems: Problems): void {
  warnBehindReturn(block, problems)
  warnBehindAll(block, problems)
  warnOfDoubledRoot(block, problems)
  for (const { block: inner } of block.entries) if (inner !== null) warnInside(inner, problems)
}

/** A `return` of the server comes before any location is looked for. */
function warnOfReturn(server: Block, problems: Problems): void {
  const answer = server.line('return')
  const [location] = server.blocks('location')
  if (answer === null || location === undefined) return
  problems.warn(
    location.directive!.place,
    'the locations of this server are never reached',
    'the server answers before any location is looked for: put its "return" into "location / { }"',
    [{ words: 'this answers every request', place: answer.place }],
  )
}

const REWRITING = new Set(['rewrite', 'return', 'set', 'if', 'break'])

/** They are run in the order of the file. */
function warnBehindReturn({ entries }: Block, problems: Problems): void {
  const at = entries.findIndex(({ name }) => name === 'return')
  if (at < 0) return
  const behind = entries.slice(at + 1).find(({ name }) => REWRITING.has(name))
  if (behind === undefined) return
  problems.warn(
    behind.directive.place,
    `"${behind.name}" is never reached`,
    '"return" answers before: what these directives do is done in the order of the file',
    [{ words: 'this answers every request that comes here', place: entries[at]!.directive.place }],
  )
}

/** The first line that fits a client decides. */
function warnBehindAll({ entries }: Block, problems: Problems): void {
  const rules = entries.filter(({ name }) => name === 'allow' || name === 'deny')
  const at = rules.findIndex(({ directive }) => directive.args[0]?.text === 'all')
  const behind = at < 0 ? undefined : rules[at + 1]
  if (behind === undefined) return
  problems.warn(
    behind.directive.place,
    `"${behind.name} ${behind.directive.args[0]!.text}" is never asked`,
    'the first line that fits a client decides: "all" comes last',
    [{ words: 'this fits every client', place: rules[at]!.directive.place }],
  )
}

/** What answers without the files of a root, and whoever hands a request on. */
const ANSWERING = /^(?:root|alias|return|rewrite|deny|stub_status|empty_gif|if|\w+_pass)$/

/** A root in `location /` holds there alone: other locations have nginx's own, which hardly anybody wants. */
function warnOfRootInLocation(server: Block, problems: Problems): void {
  if (saysRoot(server) || saysRoot(server.parent)) return
  const locations = server.blocks('location')
  const whole = locations.find(({ value }) => isWhole(value as LocationMatch))
  const root = whole?.line('root')
  if (root === undefined || root === null) return
  const without = locations.find(one => {
    const isNamed = (one.value as LocationMatch).kind === 'named'
    return !isNamed && !one.entries.some(({ name }) => ANSWERING.test(name))
  })
  if (without === undefined) return
  const place = without.directive!.args.at(-1)!.place
  problems.warn(
    place,
    'this location has no root',
    'its files are looked for in the directory "html" of the prefix: move "root" from the location to the server',
    [{ words: 'this root holds in its own location only', place: root.place }],
  )
}

function saysRoot(block: Block | null): boolean {
  return block !== null && block.line('root') !== null
}

function isWhole(match: LocationMatch): boolean {
  return (match.kind === 'prefix' || match.kind === 'final-prefix') && match.path === '/'
}

/** The root of `/static/` ends in `/static`: its files would be in `/static/static`. */
function warnOfDoubledRoot(block: Block, problems: Problems): void {
  const match = block.context === 'location' ? (block.value as LocationMatch) : null
  const root = block.line('root')?.args[0]
  if (root === undefined || match === null || !('path' in match)) return
  const path = match.path.replace(/\/$/, '')
  const directory = root.text.replace(/\/$/, '')
  if (path === '' || !path.startsWith('/') || !directory.endsWith(path)) return
  const parent = directory.slice(0, -path.length)
  problems.warn(
    root.place,
    `the files of "${match.path}" are looked for in "${directory}${path}"`,
    `a root stands before the whole path: write "root ${parent === '' ? '/' : parent};"`,
  )
}

/** An inner `types` replaces the outer ones: style sheets are then sent as default_type. */
function warnOfTypes(server: Block, outside: readonly Entry[], problems: Problems): void {
  const own = typesIn(server)
  if (own.length === 0) return
  const known = new Set(own.flatMap(extensionsOf))
  const lost = outside.flatMap(extensionsOf).filter(extension => !known.has(extension))
  if (known.size === 0 || lost.length === 0) return
  const shown = ['css', 'js', 'png'].filter(one => lost.includes(one))
  const names = (shown.length > 0 ? shown : lost.slice(0, 3)).join(', ')
  problems.warn(
    own[0]!.directive.place,
    '"types" in this block replaces all of the block outside',
    `files with other extensions, such as ${names}, get default_type: include the other types in here too`,
    [{ words: 'these are lost', place: outside[0]!.directive.place }],
  )
}

function typesIn({ entries }: Block): Entry[] {
  return entries.filter(({ name }) => name === 'types')
}

function extensionsOf({ value }: Entry): string[] {
  return [...(value as ReadonlyMap<string, string>).keys()]
}

interface NamedServer {
  readonly names: readonly ServerName[]
}

/**
 * Several sites at one address, and none is said to be the default: the first of the file answers for hosts that nobody knows, which
 * changes with the order of the files. Where all are names of one site, or the first one is there for everybody, that is meant so.
 */
export function warnOfFirst(address: string, servers: readonly NamedServer[], problems: Problems): void {
  const [first, ...others] = servers
  if (first === undefined || first.names.some(({ text }) => isForEverybody(text))) return
  const site = siteOf(first.names[0]!.text)
  const stranger = others.find(({ names }) =>
    names.some(({ text }) => !isForEverybody(text) && siteOf(text) !== site),
  )
  if (stranger === undefined) return
  const { text, place } = first.names[0]!
  problems.warn(
    place,
    `the server "${text}" answers for all unknown hosts`,
    `it is the first one at ${address}, and none is said to be the default: give "default_server" to the listen of one, or add one that says return 444`,
    [{ words: 'this is another site at the same address', place: stranger.names[0]!.place }],
  )
}

/** No host has such a name: `_` and its like stand for whatever is left. */
function isForEverybody(name: string): boolean {
  return !/[a-z0-9]/i.test(name) || name === 'localhost' || name.startsWith('~')
}

/** `www.example.org` and `*.example.org` are of one site. */
function siteOf(name: string): string {
  return name.toLowerCase().split('.').slice(-2).join('.')
}
