/**
 * `return code [text]`, `return code URL`, `return URL`: reading it, and the step that it becomes (`ngx_http_rewrite_return`,
 * `ngx_http_send_response`).
 *
 *   301 302 303 307 308     the text is where to go
 *   408 444 499             alone: the connection is closed without an answer
 *   from 400                alone: the error page of the status
 *   anything else           the text, with the media type that the path has, behind content in chunks that is right
 *
 * A text without variables is made into bytes when the configuration is read.
 */

import type { Call } from '../config/directive.ts'
import { lineName } from '../config/source.ts'
import type { Template } from '../config/template.ts'
import type { Exchange } from '../server/exchange.ts'
import type { SiteContext } from '../server/feature.ts'
import type { ContentConsumer } from '../server/responder.ts'
import type { Value } from '../server/variables.ts'
import { REDIRECT_STATUSES, redirect } from './redirect-location.ts'
import { isUrl } from './rewrite-rule.ts'
import { ANSWERED, type Course, type Step } from './rewrite-steps.ts'

export interface ReturnRule {
  readonly status: number
  /** null for none; an empty one differs where it tells where to go. */
  readonly text: Template | null
  /** The line where it stands. */
  readonly where: string
}

/** The field `Content-Type` of a path, with its CR LF. */
export type TypeLine = (path: string) => string

/** What nginx takes for the end of the client or of its patience. */
const SILENT: ReadonlySet<number> = new Set([408, 444, 499])

export function readReturn(call: Call): ReturnRule | undefined {
  const first = call.text(0)
  const where = lineName(call.directive.place)
  const isCode = /^\d+$/.test(first)
  const hasText = call.args.length === 2
  if (!isCode && !hasText && isUrl(first)) return { status: 302, text: call.template(0), where }
  if (!isCode || Number(first) > 999) {
    return call.fail(0, `invalid return code "${first}"`, adviceFor(first, hasText))
  }
  const status = Number(first)
  if (status < 200) {
    call.warn(
      0,
      `${status} is no final status`,
      'the client goes on waiting for the answer: final ones begin at 200',
    )
  }
  return { status, text: hasText ? call.template(1) : null, where }
}

function adviceFor(first: string, hasText: boolean): string {
  if (first.startsWith('/')) return `a redirect to a path names its code: return 302 ${first}`
  if (hasText && isUrl(first)) return `the code comes first: return 301 ${first}`
  if (hasText) return 'expected a code from 200 to 599 before the text'
  return 'expected a code from 200 to 599, or a URL that begins with http://, https:// or $scheme'
}

export function compileReturn(rule: ReturnRule, site: SiteContext, typeLine: TypeLine): Step {
  const { status, text } = rule
  if (REDIRECT_STATUSES.has(status)) return new Redirect(rule, site)
  const isEmpty = text === null || text.parts.length === 0
  if (status >= 400 && isEmpty) return SILENT.has(status) ? new Silence(rule) : new Failure(rule)
  const value = isEmpty ? null : site.compile(text)
  if (value === null || value.constant !== null)
    return new ConstantText(rule, value?.constant ?? '', typeLine)
  return new VariableText(rule, value, typeLine)
}

/** @param more behind the status */
function tell(x: Exchange, { status, where }: ReturnRule, more = ''): void {
  x.tell(`return ${status}${more} (${where})`)
  x.origin = 'the text of this return'
}

class Redirect implements Step {
  private readonly rule: ReturnRule
  private readonly target: Value | null
  private readonly mayNameHost: boolean

  constructor(rule: ReturnRule, site: SiteContext) {
    const { text } = rule
    this.rule = rule
    this.target = text === null ? null : site.compile(text)
    this.mayNameHost = text?.text.startsWith('//') === true
  }

  run(x: Exchange): Course {
    const target = this.target?.of(x) ?? ''
    if (x.isTraced) tell(x, this.rule, ` "${target}"`)
    redirect(x, this.rule.status, target, this.mayNameHost)
    return ANSWERED
  }
}

class Silence implements Step {
  private readonly rule: ReturnRule

  constructor(rule: ReturnRule) {
    this.rule = rule
  }

  run(x: Exchange): Course {
    if (x.isTraced) tell(x, this.rule, ': closed without an answer')
    x.status = this.rule.status
    x.drop()
    return ANSWERED
  }
}

class Failure implements Step {
  private readonly rule: ReturnRule

  constructor(rule: ReturnRule) {
    this.rule = rule
  }

  run(x: Exchange): Course {
    if (x.isTraced) tell(x, this.rule)
    x.fail(this.rule.status)
    return ANSWERED
  }
}

class ConstantText implements Step {
  private readonly rule: ReturnRule
  private readonly bytes: Buffer | null
  private readonly typeLine: TypeLine

  constructor(rule: ReturnRule, text: string, typeLine: TypeLine) {
    this.rule = rule
    this.bytes = text === '' ? null : Buffer.from(text)
    this.typeLine = typeLine
  }

  run(x: Exchange): Course {
    if (x.isTraced) tell(x, this.rule)
    if (isToBeSeenFirst(x)) x.readContent(new Unread(x, () => this.answer(x)))
    else this.answer(x)
    return ANSWERED
  }

  private answer(x: Exchange): void {
    describe(x, this.rule.status, this.typeLine)
    x.answer(this.rule.status, this.bytes)
  }
}

class VariableText implements Step {
  private readonly rule: ReturnRule
  private readonly text: Value
  private readonly typeLine: TypeLine

  constructor(rule: ReturnRule, text: Value, typeLine: TypeLine) {
    this.rule = rule
    this.text = text
    this.typeLine = typeLine
  }

  run(x: Exchange): Course {
    const { status } = this.rule
    // The text may show it.
    x.status = status
    const text = this.text.of(x)
    if (x.isTraced) tell(x, this.rule, ` "${text}"`)
    const answer = (): void => {
      describe(x, status, this.typeLine)
      x.answer(status, Buffer.from(text))
    }
    if (isToBeSeenFirst(x)) x.readContent(new Unread(x, answer))
    else answer()
    return ANSWERED
  }
}

/** Content in chunks may turn out to be too large, or no chunks, and then that is the answer. */
function isToBeSeenFirst(x: Exchange): boolean {
  if (Number.isFinite(x.contentLength) || x.isContentTaken || x.isRehearsal) return false
  return x.location.limits.contentBytes !== Number.POSITIVE_INFINITY
}

/** Content that nobody wants to know. */
class Unread implements ContentConsumer {
  private readonly x: Exchange
  private readonly done: () => void

  constructor(x: Exchange, done: () => void) {
    this.x = x
    this.done = done
  }

  onContent(): void {}

  onContentEnd(): void {
    try {
      this.done()
    } catch (error) {
      this.x.crash(error)
    }
  }
}

/** 204 has nothing to describe, unless it is the page of an error. */
function describe(x: Exchange, status: number, typeLine: TypeLine): void {
  if (status !== 204 || x.errorStatus !== 0) x.setPreparedLines(typeLine(x.path))
}
