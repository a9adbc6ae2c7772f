/**
 * Numbers with units, as nginx reads them (`ngx_parse_size`, `ngx_parse_offset`, `ngx_parse_time`, `ngx_atoi`).
 *
 *   parseInteger(text)        digits
 *   parseSize(text)           bytes: 8k, 1m
 *   parseOffset(text)         bytes that may be more than a memory holds: 2g too
 *   parseSeconds(text)        seconds: 30, 90s, "1h 30m", 1y
 *   parseMilliseconds(text)   milliseconds: 30 (seconds), 500ms, 1m30s
 *
 * All give null for what is no such number: nothing, a sign, a fraction, an unknown unit. nginx's numbers end at 2^63 - 1, ours
 * at 2^53 - 1.
 */

export function parseInteger(text: string): number | null {
  if (!/^[0-9]+$/.test(text)) return null
  return safe(Number(text))
}

/** `k` and `m`, in either case. nginx knows no `g` for what it keeps in memory. */
export function parseSize(text: string): number | null {
  return parseScaled(text, 'km')
}

/** `k`, `m` and `g`, in either case: for lengths of files and content. */
export function parseOffset(text: string): number | null {
  return parseScaled(text, 'kmg')
}

function parseScaled(text: string, units: string): number | null {
  const unit = text === '' ? -1 : units.indexOf(text.at(-1)!.toLowerCase())
  const value = parseInteger(unit < 0 ? text : text.slice(0, -1))
  return value === null ? null : safe(value * 1024 ** (unit + 1))
}

/** @returns seconds; there are no milliseconds here, but years (365 days) and months (30 days) */
export function parseSeconds(text: string): number | null {
  return parseTime(text, SECONDS)
}

/** @returns milliseconds; a plain number counts seconds, and there are neither years nor months */
export function parseMilliseconds(text: string): number | null {
  return parseTime(text, MILLISECONDS)
}

/** Units in the only order in which they may come, each once, and what one is in the result. */
const SECONDS: readonly (readonly [string, number])[] = [
  ['y', 31_536_000],
  ['M', 2_592_000],
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
]
const MILLISECONDS: readonly (readonly [string, number])[] = [
  ...SECONDS.slice(2).map(([unit, scale]) => [unit, scale * 1000] as const),
  ['ms', 1],
]

const TERM = /([0-9]*)(ms|[yMwdhms]| |$)/y

/**
 * A number without a unit counts seconds, and may stand only where seconds may. A unit without a number counts
 * nothing; nginx lets it pass as long as one number is there.
 */
function parseTime(text: string, units: typeof SECONDS): number | null {
  let total = 0
  let step = -1
  let isNumber = false
  TERM.lastIndex = 0
  while (TERM.lastIndex < text.length) {
    const match = TERM.exec(text)
    if (match === null) return null
    const [, digits, unit] = match
    const isPlain = unit === '' || unit === ' '
    const at = units.findIndex(([name]) => name === (isPlain ? 's' : unit))
    if (at < 0 || (unit !== '' && at <= step)) return null
    step = isPlain ? units.length : at
    if (digits !== '') isNumber = true
    total += Number(digits) * units[at]![1]
    while (text[TERM.lastIndex] === ' ') TERM.lastIndex++
  }
  return isNumber ? safe(total) : null
}

function safe(value: number): number | null {
  return value <= Number.MAX_SAFE_INTEGER ? value : null
}
