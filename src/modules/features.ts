/**
 * The features of a configuration: the only place that names them, in the order in which they are asked within each phase.
 */

import type { Feature } from '../server/feature.ts'
import { accessLogFeature } from './access-log.ts'
import { emptyGif } from './empty-gif.ts'
import { errorPageRules } from './error-page-rules.ts'
import { headers } from './headers.ts'
import { limitRate } from './limit-rate.ts'
import { plainErrorPage } from './plain-error-page.ts'
import { redirects } from './redirect-location.ts'
import { rewrite } from './rewrite.ts'
import { serverTokens } from './server-tokens.ts'
import { stubStatus } from './stub-status.ts'
import { types } from './types.ts'

export const FEATURES: readonly Feature[] = [
  rewrite,
  redirects,
  types,
  emptyGif,
  stubStatus,
  headers,
  limitRate,
  errorPageRules,
  plainErrorPage,
  serverTokens,
  accessLogFeature,
]
