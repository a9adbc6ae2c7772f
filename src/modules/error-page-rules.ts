/**
 * `error_page`: what is shown in place of the built-in page of an error (`ngx_http_send_error_page`).
 *
 *   error_page 404 /404.html;            a path of this server, asked for with GET; the status stays 404
 *   error_page 502 503 =200 /sorry;      the status becomes 200; "=" alone: the one of the page
 *   error_page 404 @other;               a named location, with the path and method of the request
 *   error_page 403 https://b.test/;      anything else: a redirect there, 302 or the one that is named
 *
 *   showsErrorPage(x, 404)               whether there is one of these for the place and the status
 *
 * What goes wrong with the page gets the built-in one, unless recursive_error_pages is on.
 */

import type { Block } from '../config/block.ts'
import { type Call, flag, listOf, type SettingsOf } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { parseInteger } from '../config/units.ts'
import { octetsOf } from '../http/octets.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature, type LocationMatch, type SiteContext } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import type { Value } from '../server/variables.ts'
import { REDIRECT_STATUSES, validReference } from './redirect-location.ts'

export interface ErrorPageRule {
  readonly statuses: readonly number[]
  /** The status that the page is sent with: 0 for its own, null for that of the error. */
  readonly overwrite: number | null
  readonly target: Template
}

const table = {
  error_page: listOf<ErrorPageRule>({
    in: ['http', 'server', 'location', 'if in location'],
    syntax: 'code ... [=[response]] uri',
    takes: [2, Number.POSITIVE_INFINITY],
    doc: 'What is shown in place of the page for these statuses, from 300 to 599: a path of this server, a named location (@name), or any other URL, to which the client is redirected. The status stays what it was; =200 and the like replace it, and "=" takes that of the page.',
    read: readErrorPage,
  }),
  recursive_error_pages: flag({
    in: ['http', 'server', 'location'],
    initial: false,
    doc: 'What goes wrong with the page of an error has its own page by error_page, too; at most ten in a row.',
  }),
}

function readErrorPage(call: Call): ErrorPageRule | undefined {
  const words = call.args
  const beforeLast = words.at(-2)!
  const hasOverwrite = beforeLast.text.startsWith('=')
  const overwrite = hasOverwrite ? readOverwrite(call, words.length - 2) : null
  if (overwrite === undefined) return undefined
  const statuses: number[] = []
  for (let i = 0; i < words.length - (hasOverwrite ? 2 : 1); i++) {
    const status = readStatus(call, i)
    if (status === undefined) return undefined
    statuses.push(status)
  }
  const target = call.template(words.length - 1)
  if (isPathWithoutSlash(target.text)) {
    call.warn(
      words.length - 1,
      `error_page redirects to "${target.text}"`,
      `a page of this server begins with a slash: /${target.text}`,
    )
  }
  return { statuses, overwrite, target }
}

function readOverwrite(call: Call, index: number): number | undefined {
  const text = call.text(index)
  const status = text === '=' ? 0 : parseInteger(text.slice(1))
  if (status !== null && index > 0) return status
  return call.fail(
    index,
    `invalid value "${text}"`,
    'expected the statuses, then perhaps = or =200, and what is shown',
  )
}

function readStatus(call: Call, index: number): number | undefined {
  const text = call.text(index)
  const status = parseInteger(text)
  if (status === null || status === 499) {
    const expected =
      status === 499
        ? 'nobody is left to see it: 499 stands for a client that has gone'
        : 'expected a status from 300 to 599, such as 404'
    return call.fail(index, `invalid value "${text}"`, expected)
  }
  if (status >= 300 && status <= 599) return status
  return call.fail(index, `value "${text}" must be between 300 and 599`, 'other statuses are no errors')
}

/** `404.html`: as a URL it is relative to whatever was asked for. */
function isPathWithoutSlash(text: string): boolean {
  return /^[\w-]/.test(text) && !/^[a-z][a-z0-9+.-]*:/i.test(text)
}

export const errorPageRules = defineFeature({
  name: 'error-page-rules',
  nginxModules: ['ngx_http_core_module'],
  table,
  declare: lookForNames,
  bind(settings, { site }): Module | null {
    return settings.error_page.length === 0 ? null : new ErrorPages(settings, site)
  },
})

/** nginx finds out that a named location is not there when it is asked for. */
function lookForNames(site: SiteContext): void {
  for (const server of site.http.blocks('server')) {
    const names = new Set(
      server.blocks('location').map(({ value }) => {
        const match = value as LocationMatch
        return match.kind === 'named' ? match.name : ''
      }),
    )
    warnOfMissing(server, names, site)
  }
}

function warnOfMissing(block: Block, names: ReadonlySet<string>, site: SiteContext): void {
  for (const { name, value, directive, block: inner } of block.entries) {
    if (inner !== null) warnOfMissing(inner, names, site)
    if (name !== 'error_page') continue
    const { text } = (value as ErrorPageRule).target
    if (!text.startsWith('@') || text.includes('$') || names.has(text)) continue
    site.problems.warn(
      directive.args.at(-1)!.place,
      `could not find named location "${text}"`,
      'there is no such location in this server: a request that needs it is answered with 500',
    )
  }
}

/** What is done about one status. */
interface Page {
  readonly overwrite: number
  readonly target: Value
}

/** What is only told to logs and configurations, and to clients as 400. */
const BAD_REQUESTS: ReadonlySet<number> = new Set([494, 495, 496, 497])

/** 494 is nginx's number for a head that is too large, which is 431 here. */
function withOurs(status: number): number[] {
  return status === 494 ? [494, 431] : [status]
}

/** Not while one is on its way already. */
export function showsErrorPage(x: Exchange, status: number): boolean {
  if (x.hasErrorPage) return false
  const rules = x.location.block?.settings(table).error_page ?? []
  return rules.some(({ statuses }) => statuses.flatMap(withOurs).includes(status))
}

class ErrorPages implements Module {
  readonly name = 'error-page-rules'
  private readonly pages = new Map<number, Page>()
  private readonly isRecursive: boolean

  constructor(settings: SettingsOf<typeof table>, site: SiteContext) {
    this.isRecursive = settings.recursive_error_pages
    for (const { statuses, overwrite, target } of settings.error_page) {
      const value = site.compile(target)
      for (const status of statuses.flatMap(withOurs)) {
        // The first line that names a status holds.
        if (this.pages.has(status)) continue
        this.pages.set(status, {
          overwrite: overwrite ?? (BAD_REQUESTS.has(status) ? 400 : status),
          target: value,
        })
      }
    }
  }

  failure(x: Exchange, status: number): Outcome {
    if (x.hasErrorPage) return DECLINED
    // Also when there is none for this status, as in nginx.
    if (!this.isRecursive) x.hasErrorPage = true
    const page = this.pages.get(status)
    if (page === undefined) return DECLINED
    // Before its target is read, in which $status may stand.
    x.errorStatus = page.overwrite
    show(x, page.target.of(x), page.overwrite)
    return HANDLED
  }
}

function show(x: Exchange, target: string, status: number): void {
  if (x.isTraced) x.tell(`error_page shows "${target}"`)
  if (target.startsWith('/')) {
    if (x.method !== 'HEAD') x.method = 'GET'
    const mark = target.indexOf('?')
    if (mark < 0) x.reroute(target, null)
    else x.reroute(target.slice(0, mark), octetsOf(target.slice(mark + 1)))
  } else if (target.startsWith('@')) {
    x.rerouteNamed(target)
  } else {
    x.hasErrorPage = true
    x.setErrorField('Location', validReference(target))
    x.fail(REDIRECT_STATUSES.has(status) ? status : 302)
  }
}
