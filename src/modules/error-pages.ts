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
  /** By status, with and without a link to the front page. */
  const linked: (Buffer | undefined)[] = []
  const unlinked: (Buffer | undefined)[] = []

  const pageOf = (status: number, words: string, home: string | null): Buffer => {
    const made = home === null ? unlinked : linked
    const page =
      (words === '' ? made[status] : undefined) ??
      Buffer.from(errorPage({ status, reason: reasonPhrase(status), words, home }))
    if (words === '') made[status] = page
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
