/**
 * `expires`: how long an answer may be kept, as the fields `Expires` and `Cache-Control` (ngx_http_headers_filter_module).
 *
 *   readExpires(call)              the row's reader
 *   parseExpiry(text, isModified)  a rule, or what is wrong with it
 *   fieldsFor(rule, now, lastModified)   the values of the two fields; null for none
 *
 * Times are milliseconds since 1970. Pure but for the zone of this machine, in which a time of day is meant.
 */

import type { Call } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { parseSeconds } from '../config/units.ts'
import { formatDate } from '../http/date.ts'

/** What a value without variables comes to. */
export type Expiry =
  | { readonly kind: 'off' | 'epoch' | 'max' }
  /** `modified`: since the last change of the file; `access`: since now; `daily`: at this time of the day. */
  | { readonly kind: 'access' | 'modified' | 'daily'; readonly seconds: number }

/** A value with variables is parsed for each answer. */
export type ExpiresSetting = Expiry | { readonly value: Template; readonly isModified: boolean }

export const OFF: Expiry = { kind: 'off' }

const EXPECTED = 'expected a time such as 1h or -1, a time of day such as @15h30m, epoch, max or off'
const DAY_SECONDS = 86_400

export function readExpires(call: Call): ExpiresSetting | undefined {
  const isModified = call.args.length === 2
  if (isModified && call.text(0) !== 'modified') {
    return call.fail(0, '"expires" directive invalid value', 'two arguments are "modified" and a time')
  }
  const at = isModified ? 1 : 0
  const value = call.template(at)
  if (value.parts.some(part => typeof part !== 'string')) return { value, isModified }
  const rule = parseExpiry(call.text(at), isModified)
  return typeof rule === 'string' ? call.fail(at, `"expires" directive ${rule}`, EXPECTED) : rule
}

/** @returns nginx's words for what is wrong */
export function parseExpiry(text: string, isModified: boolean): Expiry | string {
  if (!isModified && (text === 'epoch' || text === 'max' || text === 'off')) return { kind: text }
  const sign = /^[@+-]/.exec(text)?.[0] ?? ''
  if (sign === '@' && isModified) return 'daily time cannot be used with "modified" parameter'
  const seconds = parseSeconds(text.slice(sign.length))
  if (seconds === null) return 'invalid value'
  if (sign === '@') {
    if (seconds > DAY_SECONDS) return 'daily time value must be less than 24 hours'
    return { kind: 'daily', seconds }
  }
  return { kind: isModified ? 'modified' : 'access', seconds: sign === '-' ? -seconds : seconds }
}

export interface ExpiryFields {
  readonly expires: string
  readonly cacheControl: string
}

/** @param lastModifiedMs NaN for what has no such moment: then it counts from now */
export function fieldsFor(rule: Expiry, nowMs: number, lastModifiedMs: number): ExpiryFields | null {
  if (!('seconds' in rule)) return rule.kind === 'off' ? null : rule.kind === 'epoch' ? EPOCH : MAX
  const atMs = momentOf(rule.kind, rule.seconds, nowMs, lastModifiedMs)
  const ageSeconds = Math.floor(atMs / 1000) - Math.floor(nowMs / 1000)
  const isPast = ageSeconds < 0 || rule.seconds < 0
  return { expires: formatDate(atMs), cacheControl: isPast ? 'no-cache' : `max-age=${ageSeconds}` }
}

/** The second second of all: some clients take 0 for no date at all. */
const EPOCH: ExpiryFields = { expires: 'Thu, 01 Jan 1970 00:00:01 GMT', cacheControl: 'no-cache' }
/** nginx's idea of for ever: before the end of 32-bit time, and ten years. */
const MAX: ExpiryFields = { expires: 'Thu, 31 Dec 2037 23:55:55 GMT', cacheControl: 'max-age=315360000' }

function momentOf(
  kind: 'access' | 'modified' | 'daily',
  seconds: number,
  nowMs: number,
  lastModifiedMs: number,
): number {
  if (kind === 'daily') return nextTimeOfDay(seconds, nowMs)
  // Zero is now, whatever it counts from.
  const isSinceChange = kind === 'modified' && seconds !== 0 && !Number.isNaN(lastModifiedMs)
  return (isSinceChange ? lastModifiedMs : nowMs) + seconds * 1000
}

/** `ngx_next_time`: today if it is still to come, else tomorrow, by the clock on the wall. */
function nextTimeOfDay(seconds: number, nowMs: number): number {
  const now = new Date(nowMs)
  const at = (day: number): number =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, 0, 0, seconds).getTime()
  const today = at(0)
  return Math.floor(today / 1000) > Math.floor(nowMs / 1000) ? today : at(1)
}
