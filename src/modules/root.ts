/**
 * `root` and `alias`: where the files of a block are.
 *
 *   rootAt(place)              the `Root` of a block that is bound; see document-root.ts
 *
 * and the variables that tell of it.
 */

import type { Block } from '../config/block.ts'
import { absolute, type Call, custom } from '../config/directive.ts'
import type { Part, Template } from '../config/template.ts'
import { errnoForLog } from '../errno.ts'
import { realPath } from '../io/path-files.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature, type LocationMatch, type SiteContext } from '../server/feature.ts'
import type { SettingsSource } from '../server/location.ts'
import { ComputedAlias, ComputedRoot, OneFile, PlainAlias, PlainRoot, type Root } from './document-root.ts'

const table = {
  root: custom<Template | null>({
    in: ['http', 'server', 'location', 'if in location'],
    syntax: 'path',
    takes: [1, 1],
    initial: null,
    default: 'html',
    doc: 'The directory of the files: a request gets the file whose name is this, followed by the path. A relative one counts from the prefix.',
    read: readPath,
  }),
  alias: custom<Template | null>({
    in: ['location'],
    syntax: 'path',
    takes: [1, 1],
    initial: null,
    doc: 'What stands in place of the part of the path that the location has matched. In a location of a regular expression it is the whole name of the file, made of captures. Where the location ends in a slash, so should this, and the other way round.',
    read: readPath,
  }),
}

/** What a root is made of would be made of the root itself. */
const CIRCULAR = ['document_root', 'realpath_root', 'request_filename']

function readPath(call: Call): Template | undefined {
  const template = call.template(0)
  for (const part of template.parts) {
    if (typeof part === 'string' || !CIRCULAR.includes(part.variable.toLowerCase())) continue
    return call.fail(
      0,
      `the $${part.variable} variable cannot be used in the "${call.name}" directive`,
      `$${part.variable} is made of "${call.name}"`,
    )
  }
  const { text } = template
  // A path that begins with a variable is looked at when that has a value.
  const whole = text.startsWith('$') ? template : withPrefix(template, call.surroundings.prefix)
  return call.name === 'root' ? withoutSlash(whole) : whole
}

function withPrefix(template: Template, prefix: string): Template {
  const text = absolute(prefix, template.text)
  if (text === template.text) return template
  const [first, ...rest] = template.parts
  const parts: Part[] = typeof first === 'string' ? [prefix + first, ...rest] : [prefix, ...template.parts]
  return { ...template, text, parts }
}

/** The path that follows begins with one. */
function withoutSlash(template: Template): Template {
  const { text, parts } = template
  if (!text.endsWith('/')) return template
  const last = parts.at(-1) as string
  return { ...template, text: text.slice(0, -1), parts: [...parts.slice(0, -1), last.slice(0, -1)] }
}

export const root = defineFeature({
  name: 'root',
  nginxModules: ['ngx_http_core_module'],
  table,
  variables: [
    {
      name: 'document_root',
      doc: 'The value of root or alias for the request.',
      get: x => textOf(rootOf(x)?.directoryOf(x)),
    },
    {
      name: 'realpath_root',
      doc: 'The same without symbolic links: the place to which a link such as "current" leads now.',
      get: realpathRoot,
    },
    {
      name: 'request_filename',
      doc: 'The name of the file for the request: root or alias, and the path.',
      get: x => textOf(rootOf(x)?.fileOf(x)),
    },
  ],
  bind(_settings, place) {
    roots.set(place.block, rootAt(place))
    return null
  },
})

/** For variables, which know the exchange only. */
const roots = new WeakMap<SettingsSource, Root>()

function rootOf(x: Exchange): Root | null {
  const { block } = x.location
  return block === null ? null : (roots.get(block) ?? null)
}

function textOf(value: string | number | undefined): string | null {
  return typeof value === 'string' ? value : null
}

function realpathRoot(x: Exchange): string | null {
  const directory = rootOf(x)?.directoryOf(x)
  if (typeof directory !== 'string') return null
  const real = realPath(directory)
  if (typeof real === 'string') return real
  x.log.crit(`realpath() "${directory}" failed ${errnoForLog(real)}`)
  return null
}

/** The same object for all blocks that inherit it. */
export function rootAt({ block, site }: BindPlace): Root {
  const known = site.shared('roots', () => new Map<Block | null, Root>())
  const owner = ownerOf(block)
  const made = known.get(owner) ?? makeRoot(owner, site)
  known.set(owner, made)
  return made
}

/** The block that says it; null when none does. */
function ownerOf(block: Block): Block | null {
  let owner: Block | null = block
  while (owner !== null && !owner.has(table, 'root') && !owner.has(table, 'alias')) owner = owner.parent
  return owner
}

function makeRoot(owner: Block | null, site: SiteContext): Root {
  if (owner === null) return new PlainRoot(`${site.surroundings.prefix}html`)
  const settings = owner.settings(table)
  if (owner.has(table, 'root')) {
    if (owner.has(table, 'alias')) reportBoth(owner, site)
    const value = site.compile(settings.root!)
    return value.constant === null
      ? new ComputedRoot(value, settings.root!.text, site.surroundings.prefix)
      : new PlainRoot(value.constant)
  }
  return makeAlias(owner, settings.alias!, site)
}

function makeAlias(owner: Block, template: Template, site: SiteContext): Root {
  const match = owner.value as LocationMatch
  const { place } = owner.line('alias')!
  if (match.kind === 'named') {
    site.problems.error(
      place,
      'the "alias" directive cannot be used inside the named location',
      'a named location matches no part of a path that "alias" could replace; use "root"',
    )
  } else warnOfTraps(owner, match, template, site)
  const value = site.compile(template)
  const replaced = 'path' in match ? match.path : null
  if (value.constant === null) {
    return new ComputedAlias(value, template.text, replaced, site.surroundings.prefix)
  }
  return replaced === null ? new OneFile(value.constant) : new PlainAlias(value.constant, replaced)
}

function reportBoth(owner: Block, site: SiteContext): void {
  const [first, second] = owner.entries.filter(({ name }) => name === 'root' || name === 'alias')
  site.problems.error(
    second!.directive.place,
    `"${second!.name}" directive is duplicate, "${first!.name}" directive was specified earlier`,
    'a location has either a root, before the whole path, or an alias, in place of what it matched',
    [{ words: 'the other one is here', place: first!.directive.place }],
  )
}

function warnOfTraps(
  owner: Block,
  match: LocationMatch,
  { text }: Template,
  { problems }: SiteContext,
): void {
  const { place } = owner.line('alias')!
  const isDirectory = text.endsWith('/')
  if (match.kind === 'regex') {
    if (!isDirectory || text.includes('$')) return
    problems.warn(
      place,
      'the "alias" directive names the same directory for every path of this location',
      'in a location of a regular expression an alias is the whole name of the file; end it with a capture, such as $1',
    )
    return
  }
  if (match.kind !== 'prefix' && match.kind !== 'final-prefix') return
  const { path } = match
  if (path.endsWith('/') === isDirectory) return
  if (isDirectory) {
    problems.warn(
      place,
      `the "alias" directive ends with a slash, but location "${path}" does not`,
      `"${path}x" would be "${text}x", and with nginx "${path}../x" leads out of "${text}": write the location as "${path}/"`,
    )
  } else {
    problems.warn(
      place,
      `the "alias" directive does not end with a slash, but location "${path}" does`,
      `"${path}x" is looked for as "${text}x": write the alias as "${text}/"`,
    )
  }
}
