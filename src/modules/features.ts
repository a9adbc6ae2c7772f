/**
 * The features of a configuration: the only place that names them, in the order in which they are asked within each phase.
 */

import type { Feature } from '../server/feature.ts'
import { accessLogFeature } from './access-log.ts'
import { emptyGif } from './empty-gif.ts'
import { headers } from './headers.ts'
import { limitRate } from './limit-rate.ts'
import { stubStatus } from './stub-status.ts'

export const FEATURES: readonly Feature[] = [emptyGif, stubStatus, headers, limitRate, accessLogFeature]
