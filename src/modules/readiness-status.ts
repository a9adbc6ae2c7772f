/**
 * `readiness_status`: whether the rules of `strict_readiness` are kept, as numbers of all processes. Where it stands they are counted, with
 * the rules and without: what is tried before it is ready shows then. nginx has nothing of the kind.
 *
 *   strict_readiness on
 *   iterations 4810
 *   reads_without_readiness 0
 *   …
 */

import { oneOf } from '../config/directive.ts'
import { fieldLine } from '../http/response-head.ts'
import { type Counters, readinessOf } from '../server/counters.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature, type SiteContext } from '../server/feature.ts'
import { HANDLED, type Module, type Outcome } from '../server/module.ts'
import { refuseMethod } from '../server/phases.ts'

/** What the page and whoever serves the site have to say to each other. */
export interface ReadinessPage {
  /** There is such a page: somebody must count. */
  isAsked: boolean
  /** The rules hold. */
  isStrict: boolean
}

export function readinessPageOf(site: Pick<SiteContext, 'shared'>): ReadinessPage {
  return site.shared('readiness-page', () => ({ isAsked: false, isStrict: false }))
}

export const readinessStatus = defineFeature({
  name: 'readiness-status',
  nginxModules: [],
  isHandler: true,
  table: {
    readiness_status: oneOf(['off', 'text', 'json'], {
      in: ['location'],
      initial: 'off',
      isInherited: false,
      doc: 'Answers with numbers about what all processes have done upon readiness, and without it, since they were started: a line for each, or an object. They are counted where this stands, and with `strict_readiness on`. nginx does not have it.',
    }),
  },
  bind({ readiness_status: form }, { site }) {
    if (form === 'off') return null
    const page = readinessPageOf(site)
    page.isAsked = true
    return new ReadinessStatus(
      form,
      page,
      site.shared('counters', (): Counters[] => []),
    )
  },
})

const TEXT_LINES = fieldLine('Content-Type', 'text/plain')
const JSON_LINES = fieldLine('Content-Type', 'application/json')

class ReadinessStatus implements Module {
  readonly name = 'readiness-status'
  private readonly form: 'text' | 'json'
  private readonly page: ReadinessPage
  private readonly counters: readonly Counters[]

  constructor(form: 'text' | 'json', page: ReadinessPage, counters: readonly Counters[]) {
    this.form = form
    this.page = page
    this.counters = counters
  }

  content(x: Exchange): Outcome {
    if (x.isRetrieval) {
      x.setPreparedLines(this.form === 'json' ? JSON_LINES : TEXT_LINES)
      if (x.isTraced) x.origin = 'the numbers of readiness_status'
      x.answer(200, this.text())
    } else refuseMethod(x, 'GET, HEAD')
    return HANDLED
  }

  private text(): string {
    const counts = readinessOf(this.counters)
    if (this.form === 'json')
      return `${JSON.stringify({ strict_readiness: this.page.isStrict, ...counts }, null, 2)}\n`
    const lines = Object.entries(counts).map(([name, count]) => `${name} ${count}\n`)
    return `strict_readiness ${this.page.isStrict ? 'on' : 'off'}\n${lines.join('')}`
  }
}
