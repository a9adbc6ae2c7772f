/**
 * What the folder command writes of each exchange that is over: one line, in one of three forms.
 *
 *   pretty   14:03:07  GET     200   1.2 MB    3.1 ms  /video.mp4      for a person at a terminal, in colour where wanted
 *   plain    127.0.0.1 - - [23/Nov/2026:14:03:07 +0000] "GET / HTTP/1.1" 200 512 "-" "curl/8.5.0"     nginx's `combined`
 *   json     {"time":"…","client":"127.0.0.1","method":"GET",…}
 *
 * Lines are collected and handed over together once per turn of Node: a system call per line would cost as much as an answer.
 * What a client has sent is escaped, so that it can neither break a line nor steer a terminal.
 */

import type { Address } from '../io/address.ts'
import type { Exchange } from '../server/exchange.ts'
import type { Module } from '../server/module.ts'

export type AccessLogForm = 'pretty' | 'plain' | 'json'

export interface AccessLogOptions {
  form: AccessLogForm
  colour: boolean
  /** Takes one or more whole lines. */
  write(lines: string): void
}

/** What nginx logs when a client leaves before its answer has begun. */
const CLIENT_CLOSED = 499

export function accessLog(options: AccessLogOptions): Module {
  const line = { pretty: prettyLine, plain: plainLine, json: jsonLine }[options.form]
  let collected = ''
  const flush = (): void => {
    if (collected !== '') options.write(collected)
    collected = ''
  }
  return {
    name: 'request-log',
    log(x: Exchange): void {
      if (collected === '') setImmediate(flush)
      collected += `${line(x, new Date(), options.colour)}\n`
    },
    close: flush,
  }
}

function statusOf(x: Exchange): number {
  return x.status === 0 ? CLIENT_CLOSED : x.status
}

function clientOf(peer: Address): string {
  return 'path' in peer ? 'unix:' : peer.host
}

function targetOf(x: Exchange): string {
  return x.query === null ? x.rawPath : `${x.rawPath}?${x.query}`
}

function millisecondsOf(x: Exchange): number {
  return Math.max(0, performance.now() - x.startedAt)
}

function prettyLine(x: Exchange, now: Date, colour: boolean): string {
  const paint = (code: number, text: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  const status = statusOf(x)
  return [
    paint(2, now.toTimeString().slice(0, 8)),
    x.method === '' ? '(none) ' : escaped(x.method).padEnd(7),
    paint(colourOf(status), String(status)),
    humanBytes(x.sentContentBytes).padStart(9),
    paint(2, `${millisecondsOf(x).toFixed(1).padStart(8)} ms`),
    escaped(targetOf(x)),
  ].join('  ')
}

/** Green for what was found, cyan for what was not needed, yellow for the client's mistakes, red for ours. */
function colourOf(status: number): number {
  if (status >= 500) return 31
  if (status >= 400) return 33
  return status >= 300 ? 36 : 32
}

function humanBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1000
  let unit = 0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value.toFixed(1)} ${units[unit]}`
}

/** nginx's predefined `combined` (ngx_http_log_module). */
function plainLine(x: Exchange, now: Date): string {
  // A head that was refused in its middle has told no version that could be relied on.
  const version = x.head.isComplete ? ` HTTP/1.${x.head.versionMinor}` : ''
  const request = `${x.method} ${targetOf(x)}${version}`.trim()
  const field = (name: string): string => escaped(x.fields.get(name) ?? '-')
  return (
    `${clientOf(x.peer)} - - [${commonLogDate(now)}] "${escaped(request)}" ${statusOf(x)} ${x.sentContentBytes} ` +
    `"${field('referer')}" "${field('user-agent')}"`
  )
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function commonLogDate(now: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  const offset = -now.getTimezoneOffset()
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  const day = `${two(now.getDate())}/${MONTHS[now.getMonth()]}/${now.getFullYear()}`
  return `${day}:${now.toTimeString().slice(0, 8)} ${zone}`
}

function jsonLine(x: Exchange, now: Date): string {
  const line = JSON.stringify({
    time: now.toISOString(),
    client: clientOf(x.peer),
    method: x.method,
    target: targetOf(x),
    host: x.host,
    status: statusOf(x),
    bytes: x.sentContentBytes,
    ms: Number(millisecondsOf(x).toFixed(3)),
    referer: x.fields.get('referer'),
    userAgent: x.fields.get('user-agent'),
  })
  // JSON lets these stand, but to a terminal U+009B begins a command as ESC [ does (ECMA-48 §5.4).
  return line.replace(/[\x7f-\x9f]/g, char => `\\u00${char.charCodeAt(0).toString(16)}`)
}

/** As nginx's `escape=default`: quotes, backslashes, and everything that is not printable ASCII, as `\xHH`. */
function escaped(text: string): string {
  return text.replace(
    /[^ !#-[\]-~]/g,
    char => `\\x${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
