/** The built-in page of every error: what happened, and what a person can do. */

import { reasonPhrase } from '../http/status.ts'
import type { Exchange } from '../server/exchange.ts'
import { HANDLED, type Module, type Outcome } from '../server/module.ts'
import { errorPage } from './error-page.ts'

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

/** @param base the path of the front page, from slash to slash */
export function errorPages(base: string): Module {
  return {
    name: 'error-pages',
    failure(x: Exchange, status: number): Outcome {
      const home = x.path === base ? null : base
      x.setField('Content-Type', 'text/html; charset=utf-8')
      x.setField('Content-Security-Policy', POLICY)
      x.answer(status, errorPage({ status, reason: reasonPhrase(status), words: x.failureWords, home }))
      return HANDLED
    },
  }
}
