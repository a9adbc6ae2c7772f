/**
 * The built-in page of every error: what happened, and what a person can do. A page without words of its own is made once.
 */

import { fieldLine } from '../http/response-head.ts'
import { reasonPhrase } from '../http/status.ts'
import type { Exchange } from '../server/exchange.ts'
import { HANDLED, type Module, type Outcome } from '../server/module.ts'
import { errorPage } from './error-page.ts'
import { INERT_PAGE } from './page-frame.ts'

const LINES =
  fieldLine('Content-Type', 'text/html; charset=utf-8') + fieldLine('Content-Security-Policy', INERT_PAGE)

/** @param base the path of the front page, from slash to slash */
export function errorPages(base: string): Module {
  const made = new Map<string, Buffer>()

  const pageOf = (status: number, words: string, home: string | null): Buffer => {
    const key = `${status} ${home}`
    const known = words === '' ? made.get(key) : undefined
    if (known !== undefined) return known
    const page = Buffer.from(errorPage({ status, reason: reasonPhrase(status), words, home }))
    if (words === '') made.set(key, page)
    return page
  }

  return {
    name: 'error-pages',
    failure(x: Exchange, status: number): Outcome {
      x.appendPreparedLines(LINES)
      x.answer(status, pageOf(status, x.failureWords, x.path === base ? null : base))
      return HANDLED
    },
  }
}
