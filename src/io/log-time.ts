/**
 * The moment of a log line, in this machine's time zone, in the forms that logs have.
 *
 *   commonLogTime(ms)     23/Nov/2026:14:03:07 +0100           `$time_local`
 *   isoTime(ms)           2026-11-23T14:03:07+01:00            `$time_iso8601`
 *   errorLogTime(ms)      2026/11/23 14:03:07
 *   syslogTime(ms)        Nov 23 14:03:07                      RFC 3164 §4.1.2
 *   epochSeconds(ms)      1795438987.123                       `$msec`
 *
 * Times are milliseconds since 1970. The words of a second are put together once in it: a log line costs a comparison then, where
 * rendering a date costs more than the rest of the line.
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The forms of one second; each is made when it is first asked for. */
interface Second {
  readonly at: number
  common: string
  iso: string
  errorLog: string
  syslog: string
}

let last: Second = secondOf(Number.NaN)

function secondOf(at: number): Second {
  return { at, common: '', iso: '', errorLog: '', syslog: '' }
}

function second(ms: number): Second {
  const at = Math.floor(ms / 1000)
  if (last.at !== at) last = secondOf(at)
  return last
}

export function commonLogTime(ms: number): string {
  const now = second(ms)
  if (now.common === '') now.common = renderCommon(new Date(ms))
  return now.common
}

export function isoTime(ms: number): string {
  const now = second(ms)
  if (now.iso === '') now.iso = renderIso(new Date(ms))
  return now.iso
}

export function errorLogTime(ms: number): string {
  const now = second(ms)
  if (now.errorLog === '') now.errorLog = renderErrorLog(new Date(ms))
  return now.errorLog
}

export function syslogTime(ms: number): string {
  const now = second(ms)
  if (now.syslog === '') now.syslog = renderSyslog(new Date(ms))
  return now.syslog
}

export function epochSeconds(ms: number): string {
  const whole = Math.floor(ms)
  return `${Math.floor(whole / 1000)}.${String(whole % 1000).padStart(3, '0')}`
}

function renderCommon(date: Date): string {
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`
  return `${day}:${timeOfDay(date)} ${zoneOf(date, '')}`
}

function renderIso(date: Date): string {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day}T${timeOfDay(date)}${zoneOf(date, ':')}`
}

function renderErrorLog(date: Date): string {
  return `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())} ${timeOfDay(date)}`
}

/** The day has a blank in place of its first zero. */
function renderSyslog(date: Date): string {
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${timeOfDay(date)}`
}

function timeOfDay(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** How far local time is ahead of UTC: `+0100`, with what stands between hours and minutes. */
function zoneOf(date: Date, between: string): string {
  const ahead = -date.getTimezoneOffset()
  const minutes = Math.abs(ahead)
  return `${ahead < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${between}${two(minutes % 60)}`
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n)
}
