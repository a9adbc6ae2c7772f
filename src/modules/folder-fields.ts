/**
 * Fields that a whole site carries: how long its files may be kept, and who may read them from another origin.
 */

import { fieldLine } from '../http/response-head.ts'
import type { Exchange } from '../server/exchange.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'

export interface SiteFieldsOptions {
  /** The value of `Cache-Control` for what was found; null for none. */
  cacheControl: string | null
  /** Any page of any origin may read (Fetch standard, "CORS protocol"). */
  cors: boolean
}

/** `*` stands for every field and every method of a request without credentials. */
const CORS = fieldLine('Access-Control-Allow-Origin', '*') + fieldLine('Access-Control-Expose-Headers', '*')

export function siteFields(options: SiteFieldsOptions): Module {
  const cache = options.cacheControl === null ? '' : fieldLine('Cache-Control', options.cacheControl)
  const others = options.cors ? CORS : ''
  const both = cache + others
  return {
    name: 'site-fields',
    content(x: Exchange): Outcome {
      return options.cors && isPreflight(x) ? answerPreflight(x) : DECLINED
    },
    fields(x: Exchange): void {
      const isFound = x.status < 300 || x.status === 304
      // A module that knows better has the last word: two lines would be one list (RFC 9110 §5.3), and the stricter member wins.
      const mayKeep = isFound && cache !== '' && !x.hasAddedField('cache-control')
      const lines = mayKeep ? both : others
      if (lines !== '') x.appendPreparedLines(lines)
    },
  }
}

function isPreflight(x: Exchange): boolean {
  return x.method === 'OPTIONS' && x.fields.get('access-control-request-method') !== null
}

function answerPreflight(x: Exchange): Outcome {
  x.setField('Access-Control-Allow-Methods', 'GET, HEAD')
  x.setField('Access-Control-Allow-Headers', '*')
  x.setField('Access-Control-Max-Age', '86400')
  x.answer(204, null)
  return HANDLED
}
