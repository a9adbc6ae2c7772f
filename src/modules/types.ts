/**
 * `types` and `default_type`: the media type of a file, by the extension of the path that it was asked for under.
 *
 *   mediaTypesAt(block)            the `MediaTypes` of a block, the same object for all that say the same
 *   mediaTypes.of('/a/b.HTML')     'text/html'
 *
 * Without a `types` block nginx knows three extensions; with one, only what that says.
 */

import type { Block } from '../config/block.ts'
import { blockRow, type Call, text } from '../config/directive.ts'
import { defineFeature } from '../server/feature.ts'

const EVERYWHERE = ['http', 'server', 'location']

/** Extension in lower case → type. */
type ByExtension = ReadonlyMap<string, string>

const table = {
  types: blockRow<ByExtension>({
    in: EVERYWHERE,
    syntax: '{ type extension ...; }',
    takes: [0, 0],
    block: 'rows',
    isInherited: true,
    default: 'text/html html; image/gif gif; image/jpeg jpg',
    doc: 'Which type a file has, by its extension, in any case. A block replaces those outside, all of them; an empty one leaves default_type for everything. Usually it is read from a file: include mime.types.',
    read: readTypes,
  }),
  default_type: text({
    in: EVERYWHERE,
    syntax: 'type',
    initial: 'text/plain',
    doc: 'The type of files whose extension is in no types; "" for no Content-Type.',
  }),
}

export const types = defineFeature({ name: 'types', nginxModules: ['ngx_http_core_module'], table })

function readTypes(call: Call): ByExtension {
  const found = new Map<string, string>()
  for (const { name: type, place, args, block } of call.rows) {
    if (block !== null)
      call.fail(place, 'unexpected "{"', 'a line of types is a type, its extensions and a ";"')
    for (const arg of args) {
      const extension = arg.text.toLowerCase()
      if (extension.includes('/')) {
        call.warn(
          arg.place,
          `"${extension}" is taken for an extension of "${type}"`,
          `is the semicolon before "${extension}" missing?`,
        )
      }
      const before = found.get(extension)
      if (before !== undefined) {
        call.warn(
          arg.place,
          `duplicate extension "${extension}", content type: "${type}", previous content type: "${before}"`,
          'the later one holds',
        )
      }
      found.set(extension, type)
    }
  }
  return found
}

/** What nginx has where nothing is said. */
const BUILT_IN: ByExtension = new Map([
  ['html', 'text/html'],
  ['gif', 'image/gif'],
  ['jpg', 'image/jpeg'],
])

export class MediaTypes {
  private readonly byExtension: ByExtension
  private readonly fallback: string

  constructor(byExtension: ByExtension, fallback: string) {
    this.byExtension = byExtension
    this.fallback = fallback
  }

  of(path: string): string {
    const dot = path.lastIndexOf('.')
    // A dot that begins a name begins no extension (ngx_http_set_exten).
    if (dot < 2 || path.charCodeAt(dot - 1) === SLASH || path.indexOf('/', dot) >= 0) return this.fallback
    const extension = path.slice(dot + 1)
    // To ask for it as it is written, which is seldom in capitals, costs less than to write it anew.
    return this.byExtension.get(extension) ?? this.byExtension.get(extension.toLowerCase()) ?? this.fallback
  }
}

const SLASH = 0x2f

/** By the settings that they are made of: blocks that say nothing share them with the one outside. */
const known = new WeakMap<readonly ByExtension[], Map<string, MediaTypes>>()

export function mediaTypesAt(block: Block): MediaTypes {
  const { types: blocks, default_type: fallback } = block.settings(table)
  const byFallback = known.get(blocks) ?? new Map<string, MediaTypes>()
  known.set(blocks, byFallback)
  const made = byFallback.get(fallback) ?? new MediaTypes(merged(blocks), fallback)
  byFallback.set(fallback, made)
  return made
}

/** Several blocks in one place are as one. */
function merged(blocks: readonly ByExtension[]): ByExtension {
  if (blocks.length === 0) return BUILT_IN
  return blocks.length === 1 ? blocks[0]! : new Map(blocks.flatMap(one => [...one]))
}
