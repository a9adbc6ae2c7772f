/**
 * `open_file_cache` and `disable_symlinks`: by which `OpenFiles` the modules of a block reach their files.
 *
 *   const view = filesAt(place)
 *   view.of(x)                  for the exchange; the same one for all, unless "from=" has variables
 *
 * Blocks that say the same share what is remembered, as in nginx.
 */

import { type Call, count, custom, duration, flag, type SettingsOf } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { parseInteger, parseSeconds } from '../config/units.ts'
import { FOLLOW, type LinkPolicy, PathFiles, type Symlinks } from '../io/path-files.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature, type SiteContext } from '../server/feature.ts'
import type { Module } from '../server/module.ts'
import type { Value } from '../server/variables.ts'
import { NO_CACHE, OpenFiles, type Remembering } from './open-files.ts'

const EVERYWHERE = ['http', 'server', 'location']

interface CacheSize {
  readonly mostFiles: number
  readonly inactiveMs: number
}

interface LinkRule {
  readonly policy: LinkPolicy
  /** null for no part of a path. */
  readonly from: Template | null
}

const FOLLOWED: LinkRule = { policy: 'follow', from: null }

const table = {
  open_file_cache: custom<CacheSize | null>({
    in: EVERYWHERE,
    initial: null,
    default: 'off',
    syntax: ['off', 'max=number [inactive=time]'],
    takes: [1, 2],
    doc: 'What was seen of so many files is remembered, and the files are held open, unless they were not used for inactive (60s). Without it, every request asks the file system, so changes show at once.',
    read: readCache,
  }),
  open_file_cache_valid: duration({
    in: EVERYWHERE,
    initial: 60_000,
    default: '60s',
    doc: 'How long what is remembered of a file is believed.',
  }),
  open_file_cache_min_uses: count({
    in: EVERYWHERE,
    initial: 1,
    doc: 'How often a file is used before it is held open.',
  }),
  open_file_cache_errors: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'It is remembered too that a file is missing or cannot be opened.',
  }),
  disable_symlinks: custom<LinkRule>({
    in: EVERYWHERE,
    initial: FOLLOWED,
    default: 'off',
    syntax: ['off', 'on | if_not_owner [from=part]'],
    takes: [1, 2],
    doc: 'What happens at a symbolic link on the way to a file: it is followed, or 403; with if_not_owner 403 where the link and what it leads to belong to different users. Links in the beginning of the path that from names are always followed; usually that is $document_root.',
    read: readLinks,
  }),
}

type Settings = SettingsOf<typeof table>

function readCache(call: Call): CacheSize | null | undefined {
  let mostFiles: number | null = null
  let inactiveMs = 60_000
  let isOff = false
  for (const [i, { text }] of call.args.entries()) {
    const [, name, value = ''] = /^(max|inactive)=(.*)$/s.exec(text) ?? []
    const number = name === 'max' ? parseInteger(value) : name === 'inactive' ? parseSeconds(value) : null
    if (text === 'off') isOff = true
    else if (name === 'max' && number !== null && number > 0) mostFiles = number
    else if (name === 'inactive' && number !== null) inactiveMs = number * 1000
    else {
      return call.fail(
        i,
        `invalid "open_file_cache" parameter "${text}"`,
        'expected off, or max=number and perhaps inactive=time',
      )
    }
  }
  if (isOff) return null
  if (mostFiles !== null) return { mostFiles, inactiveMs }
  return call.fail(
    null,
    '"open_file_cache" must have the "max" parameter',
    'max=1000 remembers a thousand files',
  )
}

const POLICIES: Readonly<Record<string, LinkPolicy>> = {
  off: 'follow',
  on: 'refuse',
  if_not_owner: 'if-not-owner',
}

function readLinks(call: Call): LinkRule | undefined {
  let policy: LinkPolicy | null = null
  let from: Template | null = null
  for (const [i, arg] of call.args.entries()) {
    const named = POLICIES[arg.text]
    if (arg.text.startsWith('from=')) from = fromOf(call, i)
    else if (named === undefined) {
      return call.fail(i, `invalid parameter "${arg.text}"`, 'expected off, on, if_not_owner or from=path')
    } else if (policy !== null) {
      const [first, second] = call.args
      return call.fail(i, `duplicate parameters "${first!.text} ${second!.text}"`, 'one of them is enough')
    } else policy = named
  }
  if (policy === null) {
    const words = '"disable_symlinks" must have "off", "on" or "if_not_owner" parameter'
    return call.fail(null, words, 'from= says where links are looked for; something must say whether')
  }
  if (policy === 'follow' && from !== null) {
    return call.fail(null, '"from=" cannot be used with "off" parameter', 'off follows all links')
  }
  return { policy, from }
}

/** What stands behind `from=`. */
function fromOf(call: Call, index: number): Template {
  const word = call.args[index]!
  return call.templateOf({ ...word, text: word.text.slice('from='.length) })
}

export const openFileCache = defineFeature({
  name: 'open-file-cache',
  nginxModules: ['ngx_http_core_module'],
  table,
  bind: (_settings, place) => filesAt(place),
})

/** What the modules of a block reach their files by. It is a module itself, so that it is closed. */
export interface FilesView extends Module {
  of(x: Exchange): OpenFiles
  /** What symbolic links on the way to a file are, for whoever goes another way. */
  linksOf(x: Exchange): Symlinks
}

export function filesAt({ block, site }: BindPlace): FilesView {
  const settings = block.settings(table)
  const known = site.shared('files', () => new Map<Settings, FilesView>())
  const view = known.get(settings) ?? viewOf(settings, site)
  known.set(settings, view)
  return view
}

/** Blocks share it also where each says the same anew. */
function viewOf(settings: Settings, site: SiteContext): FilesView {
  const views = site.shared('files by what is said', () => new Map<string, FilesView>())
  const { policy, from } = settings.disable_symlinks
  const value = from === null ? null : site.compile(from)
  const key = JSON.stringify([rememberingOf(settings), policy, value?.constant ?? from?.text ?? ''])
  const view = views.get(key) ?? makeView(settings, policy, value)
  views.set(key, view)
  return view
}

function makeView(settings: Settings, policy: LinkPolicy, from: Value | null): FilesView {
  const remembering = rememberingOf(settings)
  if (policy === 'follow') return new OneView(remembering, FOLLOW)
  if (from !== null && from.constant === null) return new ViewsByStart(remembering, policy, from)
  return new OneView(remembering, { policy, from: from?.constant ?? '' })
}

function rememberingOf(settings: Settings): Remembering {
  if (settings.open_file_cache === null) return NO_CACHE
  return {
    ...settings.open_file_cache,
    validMs: settings.open_file_cache_valid,
    leastUses: settings.open_file_cache_min_uses,
    remembersErrors: settings.open_file_cache_errors,
  }
}

class OneView implements FilesView {
  readonly name = 'open-file-cache'
  private readonly files: OpenFiles
  private readonly symlinks: Symlinks

  constructor(remembering: Remembering, symlinks: Symlinks) {
    this.files = new OpenFiles(remembering, new PathFiles(symlinks))
    this.symlinks = symlinks
  }

  of(): OpenFiles {
    return this.files
  }

  linksOf(): Symlinks {
    return this.symlinks
  }

  close(): void {
    this.files.close()
  }
}

/** Values of `from=` for which something is remembered: hosts are many, sites behind them few. */
const MOST_STARTS = 32

class ViewsByStart implements FilesView {
  readonly name = 'open-file-cache'
  private readonly remembering: Remembering
  private readonly policy: LinkPolicy
  private readonly from: Value
  private readonly byStart = new Map<string, OpenFiles>()

  constructor(remembering: Remembering, policy: LinkPolicy, from: Value) {
    this.remembering = remembering
    this.policy = policy
    this.from = from
  }

  of(x: Exchange): OpenFiles {
    const from = this.from.of(x)
    const known = this.byStart.get(from)
    if (known !== undefined) return known
    if (this.byStart.size >= MOST_STARTS) this.close()
    const made = new OpenFiles(this.remembering, new PathFiles({ policy: this.policy, from }))
    this.byStart.set(from, made)
    return made
  }

  linksOf(x: Exchange): Symlinks {
    return { policy: this.policy, from: this.from.of(x) }
  }

  close(): void {
    for (const files of this.byStart.values()) files.close()
    this.byStart.clear()
  }
}
