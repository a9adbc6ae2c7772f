/**
 * What the client would rather have: Accept-Encoding and Accept (RFC 9110 §12.4, §12.5).
 *
 *   chooseCoding(acceptEncoding, available)   a content coding, IDENTITY, or null when nothing is acceptable
 *   prefers(accept, types)                    a media type, or null when none is acceptable
 *
 * The highest weight wins; among equals the order in which the caller offers, which is the server's preference.
 * A member that cannot be read is skipped, as if the client had not sent it; no field makes these functions fail.
 * Not here: Accept-Charset (deprecated, §12.5.2), languages, and Vary, which the caller owes whenever it asked.
 */

import { listMembers } from './fields.ts'

/** No content coding: the bytes as they are. */
export const IDENTITY = 'identity'

/**
 * The order in which to offer files that were compressed beforehand: their size counts then, not the time it took.
 * Of ten pages, styles, scripts and data of 7 to 200 KB (November 2026), `zstd --ultra -22` left 4 to 19 % more than
 * brotli 11, which carries a dictionary of web text (RFC 7932 §8), and `gzip -9` 12 to 23 % more. Whoever
 * compresses while the client waits will want another order.
 */
export const BY_SIZE: readonly string[] = ['br', 'zstd', 'gzip']

/**
 * @param acceptEncoding `null` when there is no such field. Every coding would be acceptable then (§12.5.3), but
 * a client that does not say it can decode often cannot.
 * @param available without identity, in lower case.
 * @returns `null` when identity is refused and nothing else is left: 406.
 */
export function chooseCoding(acceptEncoding: string | null, available: readonly string[]): string | null {
  if (acceptEncoding === null) return IDENTITY
  const preferences = preferencesIn(acceptEncoding)
  let best: string | null = null
  let bestWeight = 0
  for (const coding of [...available, IDENTITY]) {
    const weight = weightOfCoding(preferences, coding)
    if (weight > bestWeight) {
      best = coding
      bestWeight = weight
    }
  }
  return best
}

/**
 * The three rules of RFC 9110 §12.5.3. Identity needs no mention: it is there as a last resort, below the least
 * weight that can be written, unless it is refused by name or by "*".
 */
function weightOfCoding(preferences: readonly Preference[], coding: string): number {
  const names = coding === 'gzip' ? ['gzip', 'x-gzip'] : [coding] // the same coding (§8.4.1.3)
  const mentioned =
    lowestWeight(preferences.filter(({ name }) => names.includes(name))) ??
    lowestWeight(preferences.filter(({ name }) => name === '*'))
  return mentioned ?? (coding === IDENTITY ? 0.5 : 0)
}

/** A client that names something twice and refuses it once cannot be served it safely. */
function lowestWeight(preferences: readonly Preference[]): number | null {
  return preferences.reduce<number | null>(
    (low, { weight }) => (low === null || weight < low ? weight : low),
    null,
  )
}

/**
 * @param accept `null` when there is no such field. A field without one readable member is none (§12.4.1).
 * @param types in lower case; parameters are allowed.
 * @returns one of `types`, or `null`: 406, or send the first all the same, both are allowed (§12.4.1).
 */
export function prefers(accept: string | null, types: readonly string[]): string | null {
  const ranges = accept === null ? [] : preferencesIn(accept)
  if (ranges.length === 0) return types[0] ?? null
  let best: string | null = null
  let bestWeight = 0
  for (const type of types) {
    const weight = weightOfType(ranges, type)
    if (weight > bestWeight) {
      best = type
      bestWeight = weight
    }
  }
  return best
}

/** The weight of the most specific range that the type lies in (RFC 9110 §12.5.1). */
function weightOfType(ranges: readonly Preference[], type: string): number {
  const offered = preferenceIn(type)
  if (offered === null) return 0
  let weight = 0
  let precision = OUTSIDE
  for (const range of ranges) {
    const found = precisionOf(range, offered)
    if (found === OUTSIDE || found < precision) continue
    weight = found === precision ? Math.min(weight, range.weight) : range.weight
    precision = found
  }
  return weight
}

const OUTSIDE = 0
const ANY = 1
const SAME_KIND = 2
/** The range has parameters that the type lacks: `application/json;charset=utf-8`, and we have `application/json`. */
const NEARLY = 3
/** And one more for each parameter. */
const EXACT = 4

function precisionOf(range: Preference, offered: Preference): number {
  if (range.name === '*/*' || range.name === '*') return ANY // "*" is what java.net sent for many years
  const kind = offered.name.slice(0, offered.name.indexOf('/') + 1)
  if (range.name === `${kind}*`) return SAME_KIND
  if (range.name !== offered.name) return OUTSIDE
  const isExact = range.parameters.every(parameter => offered.parameters.includes(parameter))
  return isExact ? EXACT + range.parameters.length : NEARLY
}

/** One member of Accept or Accept-Encoding. */
interface Preference {
  /** `gzip`, `text/html`, `*`: in lower case. */
  name: string
  /** `charset=utf-8`: in lower case, without quotes; the weight is not among them. */
  parameters: string[]
  /** In thousandths, 0 to 1000; 0 is a refusal. */
  weight: number
}

function preferencesIn(value: string): Preference[] {
  return listMembers(value)
    .map(preferenceIn)
    .filter(preference => preference !== null)
}

const NAME = /^[^\s;,="]+/
/** RFC 9110 §5.6.6: no space around "=", and nothing at all between two ";" is fine. */
const PARAMETER = /[ \t]*;[ \t]*(?:([^\s;,="]+)=("(?:[^"\\]|\\.)*"|[^\s;,="]+))?/y
/** RFC 9110 §12.4.2. */
const QVALUE = /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/

/** @returns `null` for what has not the form of a preference. A parameter "q" is the weight wherever it stands. */
function preferenceIn(member: string): Preference | null {
  const name = NAME.exec(member)?.[0]
  if (name === undefined) return null
  const preference: Preference = { name: name.toLowerCase(), parameters: [], weight: 1000 }
  PARAMETER.lastIndex = name.length
  while (PARAMETER.lastIndex < member.length) {
    const found = PARAMETER.exec(member)
    if (found === null) return null
    const [, key, value = ''] = found
    if (key === undefined) continue
    if (key.toLowerCase() !== 'q') preference.parameters.push(`${key}=${unquoted(value)}`.toLowerCase())
    else if (QVALUE.test(value)) preference.weight = Math.round(Number(value) * 1000)
    else return null
  }
  return preference
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
}
