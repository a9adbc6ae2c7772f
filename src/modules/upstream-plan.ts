/**
 * What the directives of a location come to, for the exchanges that are passed on from there (`upstream-pass.ts` makes it,
 * `upstream-exchange.ts` carries it out).
 */

import type { SpoolLimits } from '../io/spool.ts'
import type { ContentStore } from '../server/stored-content.ts'
import type { CgiRules } from '../upstream/cgi-response.ts'
import type { CallOptions } from '../upstream/peer-call.ts'
import type { Dialogue } from '../upstream/wire.ts'
import type { RelayRules } from './relayed-answer.ts'
import type { UpstreamParams } from './upstream-params.ts'
import type { NextWord } from './upstream-rows.ts'

/** All that is the same for the requests of a location. */
export interface UpstreamPlan {
  /** `fastcgi`, before `://` in logs. */
  readonly scheme: string
  readonly dialogue: Dialogue
  readonly params: UpstreamParams
  readonly call: CallOptions
  readonly relay: RelayRules
  readonly head: CgiRules
  readonly isBuffered: boolean
  /** `X-Accel-Buffering` may say otherwise. */
  readonly heedsBuffering: boolean
  readonly spool: SpoolLimits
  readonly next: ReadonlySet<NextWord>
  readonly nextTries: number
  readonly nextTimeoutMs: number
  readonly ignoresAbort: boolean
  readonly store: ContentStore
  readonly storesContent: boolean
  readonly passesContent: boolean
  readonly passesFields: boolean
  /** What in the error output of a program makes an answer invalid. */
  readonly caught: readonly string[]
}
