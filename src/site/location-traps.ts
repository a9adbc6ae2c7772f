/**
 * Locations that no request reaches, or other ones than they seem to: nginx accepts them without a word.
 *
 *   warnOfLocations(block, matchers, problems)     the locations of a server or of a location, and those within
 *
 * Told is only what is sure: that a path can never be like this, or that each path that fits goes elsewhere (ngx_http_core_find_location).
 */

import type { Block } from '../config/block.ts'
import type { Problems } from '../config/diagnostic.ts'
import type { Place } from '../config/source.ts'
import type { LocationMatch } from '../server/feature.ts'
import { headTable } from './limits.ts'
import type { Matchers } from './matchers.ts'
import { type Beginning, beginningOf, isOpenEnded } from './regex-beginning.ts'

interface Written {
  readonly block: Block
  /** Of its path or expression. */
  readonly place: Place
}

interface PrefixLocation extends Written {
  readonly path: string
  /** `^~` */
  readonly isFinal: boolean
}

interface ExactLocation extends Written {
  readonly path: string
}

interface RegexLocation extends Written {
  readonly source: string
  readonly isCaseless: boolean
  readonly beginning: Beginning
}

interface Level {
  readonly exacts: readonly ExactLocation[]
  readonly prefixes: readonly PrefixLocation[]
  readonly regexes: readonly RegexLocation[]
}

export function warnOfLocations(block: Block, matchers: Matchers, problems: Problems): void {
  const blocks = block.blocks('location')
  if (blocks.length === 0) return
  const mergesSlashes = block.settings(headTable).merge_slashes
  const { exacts, prefixes, regexes } = levelOf(blocks)
  const level: Level = {
    exacts: exacts.filter(one => isPossiblePath(one, mergesSlashes, problems)),
    prefixes: prefixes.filter(one => isPossiblePath(one, mergesSlashes, problems)),
    regexes: regexes.filter(one => isPossibleExpression(one, problems)),
  }
  for (const [i, one] of level.regexes.entries()) warnOfHiddenRegex(one, i, level, problems)
  for (const one of level.prefixes) warnOfHiddenPrefix(one, level, matchers, problems)
  for (const inner of blocks) warnOfLocations(inner, matchers, problems)
}

function levelOf(blocks: readonly Block[]): Level {
  const exacts: ExactLocation[] = []
  const prefixes: PrefixLocation[] = []
  const regexes: RegexLocation[] = []
  for (const block of blocks) {
    const match = block.value as LocationMatch
    const { place } = block.directive!.args.at(-1)!
    if (match.kind === 'exact') exacts.push({ block, place, path: match.path })
    else if (match.kind === 'regex') {
      const { source, isCaseless } = match
      regexes.push({ block, place, source, isCaseless, beginning: beginningOf(source) })
    } else if (match.kind !== 'named') {
      prefixes.push({ block, place, path: match.path, isFinal: match.kind === 'final-prefix' })
    }
  }
  return { exacts, prefixes, regexes }
}

/** Could a path look like this? It is told when none could. */
function isPossiblePath({ path, place }: ExactLocation, mergesSlashes: boolean, problems: Problems): boolean {
  const expected = reasonAgainst(path, mergesSlashes)
  if (expected !== null) problems.warn(place, `location "${path}" matches no path`, expected)
  return expected === null
}

/** Names that are hardly meant by the letter, unlike those of `/$metadata`. */
const VARIABLE =
  /\$\{?(?:\d|(?:host|uri|request_uri|document_uri|args|query_string|scheme|server_name|remote_addr)\b|(?:arg|http|cookie)_\w)/

function reasonAgainst(path: string, mergesSlashes: boolean): string | null {
  if (path === '') return null
  if (!path.startsWith('/')) return `paths begin with a slash: /${path}`
  if (path.includes('?'))
    return 'the query is no part of the path: ask for it with "if ($arg_…)" or a map of $args'
  if (VARIABLE.test(path))
    return 'variables have no value here: a location is found by the text of the path alone'
  if (path.includes('*')) return starAdvice(path)
  if (/%[0-9a-f]{2}/i.test(path))
    return `paths are decoded before their location is looked for${decodedAdvice(path)}`
  if (mergesSlashes && path.includes('//')) return 'slashes in a row are merged into one (merge_slashes)'
  return null
}

function starAdvice(path: string): string {
  const ending = /\*(\.\w+)$/.exec(path)
  if (ending !== null)
    return `a "*" stands for itself here; for an ending write an expression: ~ \\${ending[1]}$`
  return `a "*" stands for itself here; all that begins alike is meant without it: ${path.replace(/\*.*$/, '')}`
}

function decodedAdvice(path: string): string {
  try {
    return `: write "${decodeURIComponent(path)}"`
  } catch {
    return ''
  }
}

function isPossibleExpression(one: RegexLocation, problems: Problems): boolean {
  const { source, place, beginning } = one
  if (beginning.text !== '' && !beginning.text.startsWith('/')) {
    const expected = `paths begin with a slash: ^/${source.slice(1)}`
    problems.warn(place, `location ${nameOf(one)} matches no path`, expected)
    return false
  }
  if (/(?:^|[^\\])(?:\\\\)*\\\?/.test(source)) {
    const expected = 'the query is no part of the path: ask for it with "if ($arg_…)" or a map of $args'
    problems.warn(place, `location ${nameOf(one)} asks for a "?", which no path has`, expected)
    return false
  }
  return true
}

/** An earlier expression that matches whatever this one does, or prefixes that keep it from being asked. */
function warnOfHiddenRegex(one: RegexLocation, index: number, level: Level, problems: Problems): void {
  const earlier = level.regexes.slice(0, index).find(other => covers(other, one))
  if (earlier !== undefined) {
    tellHidden(one, nameOf(one), 'this one is asked before, and matches whatever it does', earlier, problems)
    return
  }
  const before = finalBefore(one, level.prefixes) ?? exactBefore(one, level.exacts)
  if (before === null) return
  const why = 'isFinal' in before ? 'this "^~" keeps expressions from being asked' : 'this is that very path'
  tellHidden(one, nameOf(one), why, before, problems)
}

function nameOf({ source, isCaseless }: RegexLocation): string {
  return `${isCaseless ? '~*' : '~'} "${source}"`
}

function covers(other: RegexLocation, one: RegexLocation): boolean {
  const { text, end } = other.beginning
  if (text === '' && end === 'open') return true
  if (one.isCaseless && !other.isCaseless) return false
  return (
    other.source === one.source || (end === 'open' && startsWith(one.beginning.text, text, other.isCaseless))
  )
}

function startsWith(text: string, prefix: string, isCaseless: boolean): boolean {
  return isCaseless ? text.toLowerCase().startsWith(prefix.toLowerCase()) : text.startsWith(prefix)
}

/** The `^~` below which all lies that the expression matches, unless a longer prefix without `^~` takes some of it. */
function finalBefore(one: RegexLocation, prefixes: readonly PrefixLocation[]): PrefixLocation | null {
  const { text } = one.beginning
  if (one.isCaseless || text === '') return null
  const fitting = prefixes.filter(({ path }) => text.startsWith(path) || path.startsWith(text))
  const [longest] = fitting
    .filter(({ path }) => text.startsWith(path))
    .sort((a, b) => b.path.length - a.path.length)
  if (longest === undefined || !longest.isFinal) return null
  return fitting.every(({ path, isFinal }) => isFinal || path.length < longest.path.length) ? longest : null
}

function exactBefore(
  { beginning, isCaseless }: RegexLocation,
  exacts: readonly ExactLocation[],
): ExactLocation | null {
  if (isCaseless || beginning.end !== 'closed') return null
  return exacts.find(({ path }) => path === beginning.text) ?? null
}

/** Expressions go before prefixes that do not say `^~`. */
function warnOfHiddenPrefix(
  one: PrefixLocation,
  { exacts, regexes }: Level,
  matchers: Matchers,
  problems: Problems,
): void {
  const { path, isFinal, block } = one
  if (isFinal || block.blocks('location').length > 0) return
  const matching = regexes.filter(({ place }) => matchers.at(place)?.test(path) === true)
  const whole = matching.find(({ source, beginning }) => beginning.end === 'open' || isOpenEnded(source))
  if (whole !== undefined) {
    tellHidden(
      one,
      `"${path}"`,
      'this expression matches all of it, and goes before a prefix without "^~"',
      whole,
      problems,
    )
    return
  }
  if (!/\/[^/]*\.[^/]+$/.test(path) || exacts.some(exact => exact.path === path)) return
  const [first] = matching
  if (first === undefined) return
  problems.warn(
    one.place,
    `the request for "${path}" goes to another location`,
    `an expression goes before a prefix: write "= ${path}"`,
    [{ words: 'this one matches it', place: first.place }],
  )
}

function tellHidden(one: Written, name: string, why: string, other: Written, problems: Problems): void {
  problems.warn(
    one.place,
    `location ${name} is never reached`,
    'whatever it matches goes to another location',
    [{ words: why, place: other.place }],
  )
}
