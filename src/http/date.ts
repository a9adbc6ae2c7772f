/**
 * Timestamps as HTTP writes and reads them (RFC 9110 §5.6.7).
 *
 *   formatDate(ms)          "Sun, 06 Nov 1994 08:49:37 GMT", the only form a sender may generate
 *   parseDate(text, now)    the same, and the two obsolete forms that a recipient must accept
 *   DateClock               the `Date` line of every answer, rendered once a second
 *
 * Times are milliseconds since 1970 in UTC, as everywhere in JavaScript; HTTP itself counts whole seconds.
 * Not here: time zones, the many dates of mail (RFC 5322), and reading the clock, which the server does; only the century of a
 * year with two digits is looked up in it, where a caller names no moment.
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const DAY_NAME = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const DAY_NAME_L = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day'
const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME_OF_DAY = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)'

/**
 * The three productions of RFC 9110 §5.6.7, in its order. All of it is case-sensitive, and a second date
 * behind the first (two field lines, say) does not match.
 *
 * The name of the day has to be one, but need not be the right one: it says nothing that the numbers do not.
 * RFC 5322 §3.3 obliges the sender to get it right; RFC 9110 encourages the recipient to be robust, and
 * people who type a date into curl rarely look it up.
 */
const FORMS = [
  `${DAY_NAME}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME_OF_DAY} GMT`, // IMF-fixdate
  `${DAY_NAME_L}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME_OF_DAY} GMT`, // rfc850-date
  `${DAY_NAME} ${MONTH} (?<day>\\d\\d| \\d) ${TIME_OF_DAY} (?<year>\\d{4})`, // asctime-date
].map(form => new RegExp(`^${form}$`))

/** The first and the last moment that a year of four digits can name. */
const EARLIEST_MS = -62_167_219_200_000
const LATEST_MS = 253_402_300_799_999

/**
 * @param ms any moment; outside the years 0000 to 9999 (a file system can hold such times) the nearest one inside.
 * @returns an IMF-fixdate, which is what ECMA-262 §21.4.4.43 makes of `toUTCString` in those years: English
 * names, two digits for the day, four for the year, "GMT", whatever the locale is.
 */
export function formatDate(ms: number): string {
  return new Date(Math.min(Math.max(ms, EARLIEST_MS), LATEST_MS)).toUTCString()
}

/**
 * @param nowMs what a two-digit year is relative to.
 * @returns milliseconds, always a whole second; `NaN` for anything but one HTTP-date.
 */
export function parseDate(text: string, nowMs: number = Date.now()): number {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups
    if (parts === undefined) continue
    const { year = '', month = '', day, hour, minute, second } = parts
    const at = (y: number) =>
      moment(y, MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second))
    return year.length === 4 ? at(Number(year)) : inNearbyCentury(Number(year), at, nowMs)
  }
  return Number.NaN
}

/**
 * A date with a two-digit year that seems to lie more than 50 years ahead means the most recent year in the
 * past with those digits (RFC 9110 §5.6.7). So the year is the latest one that is not too far ahead; around
 * the turn of a century this may be a year of the next.
 */
function inNearbyCentury(digits: number, at: (year: number) => number, nowMs: number): number {
  const limit = new Date(nowMs)
  limit.setUTCFullYear(limit.getUTCFullYear() + 50)
  const lastYear = limit.getUTCFullYear()
  const year = lastYear - ((lastYear - digits) % 100)
  const candidate = at(year)
  return candidate > limit.getTime() ? at(year - 100) : candidate
}

/** @returns `NaN` when there is no such day, or no such time on it. */
function moment(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day) // unlike Date.UTC, which takes the year 94 for 1994
  if (date.getUTCMonth() !== month) return Number.NaN // day 0, or 31 of a shorter month, is in another one
  // A leap second is the last one of a day in UTC. Unix time has no number for it: it is the next midnight.
  const isLeapSecond = hour === 23 && minute === 59 && second === 60
  if (hour > 23 || minute > 59 || (second > 59 && !isLeapSecond)) return Number.NaN
  return date.setUTCHours(hour, minute, second)
}

/**
 * The `Date` line of the current second, ready to be put into a head. Almost every answer carries it
 * (RFC 9110 §6.6.1), so it is kept; an answer costs one division and one comparison.
 */
export class DateClock {
  #second = Number.NaN
  #line = ''

  /** @returns `Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n`. */
  dateLine(nowMs: number): string {
    const second = Math.floor(nowMs / 1000)
    // A clock that was set back counts as another second too.
    if (second !== this.#second) {
      this.#second = second
      this.#line = `Date: ${formatDate(nowMs)}\r\n`
    }
    return this.#line
  }
}
