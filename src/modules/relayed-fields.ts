/**
 * What a program has said of an answer that the server then took from elsewhere: by `X-Accel-Redirect`, or by a `Location` of its own.
 *
 *   keepFields(x, lines)     before the exchange is sent on
 *   yieldFields(x, lines)    another program answers: what it says itself goes before what the one before it has said
 *   relayedFields            the feature that adds them to whatever answers, where the configuration has programs at all
 *
 * The fields are those of nginx (`ngx_http_upstream_headers_in`, "redirect"), but Accept-Ranges, which whoever answers knows better.
 */

import type { Block } from '../config/block.ts'
import { mayHaveContent } from '../http/status.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature, type SiteContext } from '../server/feature.ts'
import type { Module } from '../server/module.ts'
import type { CgiLine } from '../upstream/cgi-response.ts'

/** Not with an error, which has a page of its own. */
const OF_THE_CONTENT: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-type',
  'expires',
])

/** The directives that lead to programs. */
const PROGRAMS: ReadonlySet<string> = new Set(['cgi', 'cgi_pass', 'fastcgi_pass', 'scgi_pass', 'uwsgi_pass'])

const kept = new WeakMap<Exchange, CgiLine[]>()

/** Cookies add up when one program leads to the next. */
export function keepFields(x: Exchange, lines: readonly CgiLine[]): void {
  const some = lines.filter(({ lowerName }) => lowerName === 'set-cookie' || OF_THE_CONTENT.has(lowerName))
  if (some.length === 0) return
  const cookies = (kept.get(x) ?? []).filter(({ lowerName }) => lowerName === 'set-cookie')
  kept.set(x, [...cookies, ...some])
}

export function yieldFields(x: Exchange, lines: readonly CgiLine[]): void {
  const before = kept.get(x)
  if (before === undefined) return
  const own = new Set(lines.map(({ lowerName }) => lowerName))
  kept.set(
    x,
    before.filter(({ lowerName }) => lowerName === 'set-cookie' || !own.has(lowerName)),
  )
}

export const relayedFields = defineFeature({
  name: 'relayed-fields',
  nginxModules: [],
  table: {},
  bind(_settings, { site }): Module | null {
    return site.shared('programs', () => ({ areThere: hasPrograms(site) })).areThere ? MODULE : null
  },
})

function hasPrograms(site: SiteContext): boolean {
  const isIn = (block: Block): boolean =>
    block.entries.some(({ name, block: inner }) => PROGRAMS.has(name) || (inner !== null && isIn(inner)))
  return isIn(site.http)
}

const MODULE: Module = {
  name: 'relayed-fields',
  fields(x: Exchange): void {
    const lines = kept.get(x)
    if (lines === undefined) return
    const isOfContent = x.status < 400 && mayHaveContent(x.status)
    for (const { name, lowerName, value } of lines) {
      if (lowerName === 'set-cookie') x.addField(name, value)
      else if (isOfContent) x.setField(name, value)
    }
  },
}
