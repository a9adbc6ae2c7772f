/**
 * `rewrite regex replacement [flag]`: reading it, and the step that it becomes (`ngx_http_rewrite`, `ngx_http_script_regex_*_code`).
 *
 * A replacement is a path and perhaps a query, or a whole URL, which is answered as a redirect. The query that the request came with is
 * added, unless the replacement ends in "?".
 */

import type { Call } from '../config/directive.ts'
import { suggestion } from '../config/directive.ts'
import type { Pattern } from '../config/regex.ts'
import { checkedPattern } from '../config/regex-problems.ts'
import { lineName } from '../config/source.ts'
import { type Part, placeOfVariable, type Template } from '../config/template.ts'
import { escapeQuery } from '../http/escapes.ts'
import { octetsOf } from '../http/octets.ts'
import type { Exchange } from '../server/exchange.ts'
import type { SiteContext } from '../server/feature.ts'
import { Matcher } from '../server/matcher.ts'
import { compileParts, compileText, type Text, unescapeRedirect } from './captured-text.ts'
import { redirect } from './redirect-location.ts'
import { ANSWERED, type Course, ENDS, GOES_ON, type Step } from './rewrite-steps.ts'

const FLAGS = ['last', 'break', 'redirect', 'permanent'] as const
type Flag = (typeof FLAGS)[number]

export interface RewriteRule {
  readonly pattern: Pattern
  /** Without the "?" at its end. */
  readonly replacement: Template
  readonly keepsQuery: boolean
  /** Of a redirect; 0 for a path. */
  readonly status: number
  readonly flag: Flag | null
  /** The line where it stands. */
  readonly where: string
}

export function readRewrite(call: Call): RewriteRule | undefined {
  const [regex, word, third] = call.args
  if (word!.text === '') return call.fail(1, 'empty replacement', 'expected a path such as /new/$1, or a URL')
  const pattern = checkedPattern(regex!.text, false, regex!.place, call.problems)
  const flag = third === undefined ? null : FLAGS.find(one => one === third.text)
  if (flag === undefined) {
    return call.fail(
      2,
      `invalid parameter "${third!.text}"`,
      suggestion(third!.text, FLAGS, FLAGS.join(', ')),
    )
  }
  const keepsQuery = !word!.text.endsWith('?')
  const text = keepsQuery ? word!.text : word!.text.slice(0, -1)
  const replacement = call.templateOf({ ...word!, text })
  if (pattern === null) return undefined
  warnOfMissingGroups(call, pattern, replacement)
  const where = lineName(call.directive.place)
  return { pattern, replacement, keepsQuery, status: statusOf(text, flag), flag, where }
}

/** The groups of a replacement are those of its own expression. */
function warnOfMissingGroups(call: Call, { source, captureCount }: Pattern, replacement: Template): void {
  for (const part of replacement.parts) {
    if (typeof part === 'string' || !/^\d$/.test(part.variable) || Number(part.variable) <= captureCount)
      continue
    call.warn(
      placeOfVariable(replacement, part.variable),
      `"$${part.variable}" is always empty`,
      `"${source}" has ${captureCount === 0 ? 'no group' : captureCount === 1 ? 'one group' : `${captureCount} groups`}: what it captures stands in parentheses`,
    )
  }
}

function statusOf(text: string, flag: Flag | null): number {
  if (flag === 'permanent') return 301
  return flag === 'redirect' || isUrl(text) ? 302 : 0
}

/** What nginx takes for a URL rather than a path, or a code. */
export function isUrl(text: string): boolean {
  return text.startsWith('http://') || text.startsWith('https://') || text.startsWith('$scheme')
}

export function compileRewrite(rule: RewriteRule, site: SiteContext, isLogged: boolean): Step {
  const matcher = new Matcher(rule.pattern, site.variables)
  return rule.status === 0
    ? new RewritePath(rule, matcher, site, isLogged)
    : new RewriteRedirect(rule, matcher, site, isLogged)
}

/** Matches the path, and says so where somebody wants to know. */
class PathMatch {
  private readonly matcher: Matcher
  private readonly where: string
  private readonly isLogged: boolean

  constructor(matcher: Matcher, where: string, isLogged: boolean) {
    this.matcher = matcher
    this.where = where
    this.isLogged = isLogged
  }

  /** What does not match leaves no groups behind. */
  holds(x: Exchange): boolean {
    const isMatch = this.matcher.match(x, x.path)
    if (this.isTold(x)) {
      const { source } = this.matcher
      this.tell(
        x,
        `"${source}" ${isMatch ? 'matches' : 'does not match'} "${x.path}"`,
        `rewrite "${source}" ${isMatch ? 'matches' : 'does not match'} (${this.where})`,
      )
    }
    if (!isMatch) x.captures = null
    return isMatch
  }

  /** Are there ears for it? */
  isTold(x: Exchange): boolean {
    return this.isLogged || x.isTraced
  }

  /** @param logged nginx's words, for the log @param told ours, for who follows a request */
  tell(x: Exchange, logged: string, told: string): void {
    if (this.isLogged) x.log.notice(logged)
    if (x.isTraced) x.tell(told)
  }
}

class RewritePath implements Step {
  private readonly match: PathMatch
  private readonly path: Text
  /** null: the replacement has none, and says nothing of it. */
  private readonly query: Text | null
  private readonly keepsQuery: boolean
  private readonly flag: Flag | null

  constructor(rule: RewriteRule, matcher: Matcher, site: SiteContext, isLogged: boolean) {
    const { path, query } = splitAtQuery(rule.replacement.parts)
    this.match = new PathMatch(matcher, rule.where, isLogged)
    this.path = compileParts(path, rule.replacement, site, false)
    this.query = query === null ? null : compileParts(query, rule.replacement, site, true)
    this.keepsQuery = rule.keepsQuery
    this.flag = rule.flag
  }

  run(x: Exchange): Course {
    if (!this.match.holds(x)) return GOES_ON
    const path = this.path(x)
    const query = this.queryOf(x)
    if (this.match.isTold(x)) {
      const target = query === null ? path : `${path}?${query}`
      this.match.tell(x, `rewritten data: "${path}", args: "${query ?? ''}"`, `the path becomes "${target}"`)
    }
    if (path === '') {
      x.log.error('the rewritten URI has a zero length')
      x.fail(500)
      return ANSWERED
    }
    x.rewriteTo(path, query)
    x.isInternal = true
    if (this.flag === 'break') x.isRewritten = false
    return this.flag === null ? GOES_ON : ENDS
  }

  private queryOf(x: Exchange): string | null {
    const came = this.keepsQuery ? x.query : null
    if (this.query === null) return came
    const own = octetsOf(this.query(x))
    return came === null || came === '' ? own : `${own}&${came}`
  }
}

/** The first "?" of the replacement's own text; a variable may hold what it likes. */
function splitAtQuery(parts: readonly Part[]): { path: readonly Part[]; query: readonly Part[] | null } {
  const at = parts.findIndex(part => typeof part === 'string' && part.includes('?'))
  if (at < 0) return { path: parts, query: null }
  const text = parts[at] as string
  const mark = text.indexOf('?')
  return {
    path: [...parts.slice(0, at), text.slice(0, mark)],
    query: [text.slice(mark + 1), ...parts.slice(at + 1)],
  }
}

class RewriteRedirect implements Step {
  private readonly match: PathMatch
  private readonly target: Text
  private readonly hasQuery: boolean
  private readonly keepsQuery: boolean
  private readonly status: number

  constructor(rule: RewriteRule, matcher: Matcher, site: SiteContext, isLogged: boolean) {
    this.match = new PathMatch(matcher, rule.where, isLogged)
    this.target = compileText(rule.replacement, site)
    this.hasQuery = splitAtQuery(rule.replacement.parts).query !== null
    this.keepsQuery = rule.keepsQuery
    this.status = rule.status
  }

  run(x: Exchange): Course {
    if (!this.match.holds(x)) return GOES_ON
    let target = unescapeRedirect(this.target(x))
    if (this.keepsQuery && x.query !== null && x.query !== '') {
      target += `${this.hasQuery ? '&' : '?'}${escapeQuery(x.query)}`
    }
    if (this.match.isTold(x)) {
      this.match.tell(x, `rewritten redirect: "${target}"`, `redirects to "${target}"`)
    }
    redirect(x, this.status, target)
    return ANSWERED
  }
}
