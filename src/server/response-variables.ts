/**
 * Variables about an answer: its status, its size, its speed. Its fields are in `field-variables.ts`.
 *
 *   RESPONSE_ROWS       for `core-variables.ts`
 */

import { parseSize } from '../config/units.ts'
import { type Exchange, UNANSWERED } from './exchange.ts'
import type { VariableRow } from './variables.ts'

/** What nginx logs of a client that has left before its answer began. */
const CLIENT_CLOSED = '499'

export const RESPONSE_ROWS: readonly VariableRow[] = [
  {
    name: 'status',
    doc: 'The status of the answer; `000` while there is none, `499` when the client has left before.',
    get: statusOf,
  },
  {
    name: 'body_bytes_sent',
    doc: 'The bytes that have been sent behind the head of the answer, with their transfer coding.',
    get: x => String(Math.max(0, x.sentContentBytes + x.sentFramingBytes - x.unsentBytes)),
  },
  {
    name: 'bytes_sent',
    doc: 'The bytes of the answer that have been sent, its head included.',
    get: x => String(Math.max(0, x.sentHeadBytes + x.sentContentBytes + x.sentFramingBytes - x.unsentBytes)),
  },
  {
    name: 'limit_rate',
    doc: 'How many bytes of the answer may leave in a second; 0 for no limit. Where it is set, that goes before the directive `limit_rate`.',
    get: x => String(x.rateBytes ?? 0),
    set: setRate,
  },
]

function statusOf(x: Exchange): string {
  // A page of `error_page` is asked for the status that it will be sent with.
  if (x.errorStatus !== 0 && x.progress === UNANSWERED) return String(x.errorStatus)
  if (x.status === 0) return x.isAbandoned ? CLIENT_CLOSED : '000'
  return x.status < 100 ? String(x.status).padStart(3, '0') : String(x.status)
}

function setRate(x: Exchange, text: string): void {
  const rateBytes = parseSize(text)
  if (rateBytes === null) x.log.error(`invalid $limit_rate "${text}"`)
  else x.rateBytes = rateBytes
}
