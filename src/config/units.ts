/**
 * Numbers with units, as nginx reads them (`ngx_parse_size`, `ngx_parse_offset`, `ngx_parse_time`, `ngx_atoi`).
 *
 *   parseInteger(text)        digits
 *   parseSize(text)           bytes: 8k, 1m
 *   parseOffset(text)         bytes that may be more than a memory holds: 2g too
 *   parseSeconds(text)        seconds: 30, 90s, "1h 30m", 1y
 *   parseMilliseconds(text)   milliseconds: 30 (seconds), 500ms, 1m30s
 *   nearestSize(text)         '10m' for 10MB, '1536k' for 1.5m: what was meant by what is no size; nearestOffset, nearestTime
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

const SIZE_UNITS = ['', 'k', 'm', 'g']
const SIZE_LIKE = /^(\d{1,15}(?:\.\d+)?) *([kmg]?)(?:i?b|bytes?)?$/i

/** @returns a size that is right; null when nothing is near */
export function nearestSize(text: string): string | null {
  return nearestScaled(text, 2)
}

export function nearestOffset(text: string): string | null {
  return nearestScaled(text, 3)
}

/** In the largest unit in which it is whole. */
function nearestScaled(text: string, largest: number): string | null {
  const match = SIZE_LIKE.exec(text)
  if (match === null) return null
  let value = Number(match[1])
  let unit = SIZE_UNITS.indexOf(match[2]!.toLowerCase())
  for (; unit > largest || (unit > 0 && !Number.isInteger(value)); unit--) value *= 1024
  return Number.isSafeInteger(value * 1024 ** unit) ? `${value}${SIZE_UNITS[unit]}` : null
}

/** What people write for units, and how many of which one each is. */
const TIME_WORDS: Readonly<Record<string, readonly [number, string]>> = {
  ms: [1, 'ms'],
  s: [1, 's'],
  m: [1, 'm'],
  h: [1, 'h'],
  d: [1, 'd'],
  w: [1, 'w'],
  M: [30, 'd'],
  y: [365, 'd'],
  msec: [1, 'ms'],
  millisecond: [1, 'ms'],
  sec: [1, 's'],
  second: [1, 's'],
  min: [1, 'm'],
  minute: [1, 'm'],
  hr: [1, 'h'],
  hour: [1, 'h'],
  day: [1, 'd'],
  week: [1, 'w'],
  month: [30, 'd'],
  year: [365, 'd'],
}

/** Of each unit, how many of the next smaller one it has. */
const SMALLER: Readonly<Record<string, readonly [number, string]>> = {
  w: [7, 'd'],
  d: [24, 'h'],
  h: [60, 'm'],
  m: [60, 's'],
  s: [1000, 'ms'],
}

/** @returns a time for `parseMilliseconds`; null when nothing is near */
export function nearestTime(text: string): string | null {
  const [, digits, letters = ''] = /^(\d{1,9}(?:\.\d+)?) *([a-z]*)$/i.exec(text) ?? []
  const word = TIME_WORDS[letters] ?? TIME_WORDS[letters.toLowerCase().replace(/(?<=..)s$/, '') || 's']
  if (digits === undefined || word === undefined) return null
  let value = Number(digits) * word[0]
  let unit = word[1]
  while (!Number.isInteger(value)) {
    const smaller = SMALLER[unit]
    if (smaller === undefined) return null
    value = Number((value * smaller[0]).toFixed(6))
    unit = smaller[1]
  }
  return `${value}${unit}`
}

function safe(value: number): number | null {
  return value <= Number.MAX_SAFE_INTEGER ? value : null
}
