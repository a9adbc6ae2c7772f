/**
 * The built-in page of every error: what happened, and what a person can do. A page is made once.
 */

import { fieldLine } from '../http/response-head.ts'
import { reasonPhrase } from '../http/status.ts'
import type { Exchange } from '../server/exchange.ts'
import { HANDLED, type Module, type Outcome } from '../server/module.ts'
import { errorPage } from './folder-error-page.ts'
import { INERT_PAGE } from './page-frame.ts'

const LINES =
  fieldLine('Content-Type', 'text/html; charset=utf-8') + fieldLine('Content-Security-Policy', INERT_PAGE)

/** The sentences of `http/refusals.ts` and some of the caller's; beyond that a page is made each time. */
const MOST_WORDS = 128

/** @param base the path of the front page, from slash to slash */
export function errorPages(base: string): Module {
  /** By their words, with and without a link to the front page; then by status. */
  const linked = new Map<string, (Buffer | undefined)[]>()
  const unlinked = new Map<string, (Buffer | undefined)[]>()

  const pageOf = (status: number, words: string, home: string | null): Buffer => {
    const byWords = home === null ? unlinked : linked
    const made = byWords.get(words) ?? []
    made[status] ??= Buffer.from(errorPage({ status, reason: reasonPhrase(status), words, home }))
    if (byWords.size < MOST_WORDS) byWords.set(words, made)
    return made[status]
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
