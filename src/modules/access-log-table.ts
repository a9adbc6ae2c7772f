/**
 * The directives of the access log, and what they mean: `access_log`, `log_format`, `open_log_file_cache`.
 */

import { type Call, custom, listOf } from '../config/directive.ts'
import type { Word } from '../config/lexer.ts'
import { nearest } from '../config/nearest.ts'
import type { Place } from '../config/source.ts'
import type { Template } from '../config/template.ts'
import { parseInteger, parseMilliseconds, parseSeconds, parseSize } from '../config/units.ts'
import type { BufferOptions } from '../io/log-buffer.ts'
import type { LogPathOptions } from '../io/log-paths.ts'
import { parseSyslog, type SyslogTarget } from '../io/syslog.ts'
import { ESCAPES, type Escape } from './log-format.ts'

export interface LogFormatSettings {
  readonly name: string
  readonly rules: Escape
  readonly parts: readonly Template[]
  readonly place: Place
}

export type LogTarget =
  /** Absolute; null for the standard one of this server. */
  | { readonly kind: 'file'; readonly path: string | null; readonly buffer: BufferOptions | null }
  /** The name depends on the exchange. */
  | { readonly kind: 'path'; readonly path: Template }
  | { readonly kind: 'syslog'; readonly syslog: SyslogTarget }

export interface AccessLogSettings {
  readonly target: LogTarget
  readonly format: string
  /** Written only where this is neither empty nor 0. */
  readonly condition: Template | null
  /** null of the log that there is when nothing is said. */
  readonly place: Place | null
  readonly formatPlace: Place | null
}

/** `access_log off` switches off those beside it, too. */
export type AccessLogLine = AccessLogSettings | 'off'

export const COMBINED = 'combined'

/** Where nothing is said. */
const DEFAULT_LOG: AccessLogSettings = {
  target: { kind: 'file', path: null, buffer: null },
  format: COMBINED,
  condition: null,
  place: null,
  formatPlace: null,
}

const DEFAULT_GZIP_BUFFER_BYTES = 64 * 1024
const DEFAULT_GZIP_LEVEL = 1
const ANY = Number.POSITIVE_INFINITY

export const accessLogTable = {
  log_format: listOf<LogFormatSettings>({
    in: ['http'],
    syntax: 'name [escape=default|json|none] string ...',
    takes: [2, ANY],
    default: 'combined "..."',
    doc: 'The form of a line of the access log: the strings one behind the other, with variables. Values are escaped: by default `"`, `\\` and all that is not printable ASCII become \\xHH and a variable without value is "-"; json fits into a JSON string; none leaves them as they are. "combined" is there from the start.',
    read: readLogFormat,
  }),
  access_log: listOf<AccessLogLine>({
    in: ['http', 'server', 'location', 'if in location', 'limit_except'],
    initial: [DEFAULT_LOG],
    syntax: [
      'path [format [buffer=size] [gzip[=level]] [flush=time] [if=condition]]',
      'syslog:server=address[,facility=...][,tag=...][,severity=...][,nohostname] [format [if=condition]]',
      'off',
    ],
    takes: [1, ANY],
    default: 'logs/access.log combined',
    doc: 'Where a line is written for each request: to a file, whose path may hold variables, or to syslog; several of them, or none at all. Lines leave at the end of a turn of the loop, or with a buffer when that is full, or after the time of flush; gzip compresses each buffer (zcat reads the file). With if, requests for which the condition is empty or 0 are not logged. A disk that is full costs lines, which are counted and reported in the error log, and does not hold the server.',
    read: readAccessLog,
  }),
  open_log_file_cache: custom<LogPathOptions | null>({
    in: ['http', 'server', 'location'],
    initial: null,
    default: 'off',
    syntax: ['max=number [inactive=time] [min_uses=number] [valid=time]', 'off'],
    takes: [1, 4],
    doc: 'Keeps log files open whose paths hold variables: at most max of them, those that had min_uses lines (1) within the time inactive (10s). After the time valid (60s) it is looked whether the name still leads to the same file. Without it such a file is opened and closed for each line.',
    read: readOpenLogFileCache,
  }),
}

function readLogFormat(call: Call): LogFormatSettings | undefined {
  const [name, first] = call.args
  const isOption = first!.text.startsWith('escape=')
  const rules = isOption ? first!.text.slice('escape='.length) : 'default'
  const known = ESCAPES.find(one => one === rules)
  if (known === undefined) {
    return call.fail(1, `unknown log format escaping "${rules}"`, `expected one of ${ESCAPES.join(', ')}`)
  }
  const parts = call.args.slice(isOption ? 2 : 1).map(word => call.templateOf(word))
  return { name: name!.text, rules: known, parts, place: name!.place }
}

function readAccessLog(call: Call): AccessLogLine | undefined {
  const [path, format] = call.args
  if (path!.text === 'off') {
    return format === undefined
      ? 'off'
      : call.fail(1, `invalid parameter "${format.text}"`, 'off stands alone')
  }
  const target = readTarget(call, path!)
  const options = readOptions(call)
  if (target === undefined || options === undefined) return undefined
  const buffer = bufferOf(call, target, options)
  if (buffer === undefined) return undefined
  return {
    target: target.kind === 'file' ? { ...target, buffer } : target,
    format: format?.text ?? COMBINED,
    condition: options.condition,
    place: path!.place,
    formatPlace: format?.place ?? null,
  }
}

function readTarget(call: Call, word: Word): LogTarget | undefined {
  const { text } = word
  if (text.startsWith('syslog:')) {
    const syslog = parseSyslog(text.slice('syslog:'.length))
    if (typeof syslog !== 'string') return { kind: 'syslog', syslog }
    return call.fail(0, syslog, 'as in "syslog:server=unix:/dev/log,facility=local7,tag=nginx"')
  }
  if (text === '') return call.fail(0, 'invalid log path ""', 'expected the path of a file')
  if (!text.includes('$')) return { kind: 'file', path: call.path(0), buffer: null }
  return { kind: 'path', path: call.templateOf({ ...word, text: call.path(0) }) }
}

interface Options {
  bufferBytes: number | null
  flushMs: number | null
  gzipLevel: number | null
  condition: Template | null
}

/** From the third argument on: what stands second is the name of a format, whatever it looks like. */
function readOptions(call: Call): Options | undefined {
  const options: Options = { bufferBytes: null, flushMs: null, gzipLevel: null, condition: null }
  for (let index = 2; index < call.args.length; index++) {
    const [name = '', value] = splitOnce(call.text(index))
    if (!Object.hasOwn(OPTIONS, name)) {
      const near = nearest(name, Object.keys(OPTIONS))
      const advice = near === null ? 'expected buffer=, flush=, gzip or if=' : `did you mean "${near}"?`
      return call.fail(index, `invalid parameter "${call.text(index)}"`, advice)
    }
    const mistake = OPTIONS[name]!(options, value, call, index)
    if (mistake !== null) return call.fail(index, mistake.summary, mistake.expected)
  }
  return options
}

interface Mistake {
  readonly summary: string
  readonly expected: string
}

type ReadOption = (options: Options, value: string | null, call: Call, index: number) => Mistake | null

const OPTIONS: Readonly<Record<string, ReadOption>> = {
  buffer(options, value) {
    options.bufferBytes = parseSize(value ?? '')
    if (options.bufferBytes) return null
    return { summary: `invalid buffer size "${value ?? ''}"`, expected: 'expected a size, such as 32k' }
  },
  flush(options, value) {
    options.flushMs = parseMilliseconds(value ?? '')
    if (options.flushMs) return null
    return { summary: `invalid flush time "${value ?? ''}"`, expected: 'expected a time, such as 5m' }
  },
  gzip(options, value) {
    options.gzipLevel = value === null ? DEFAULT_GZIP_LEVEL : parseInteger(value)
    if (options.gzipLevel !== null && options.gzipLevel >= 1 && options.gzipLevel <= 9) return null
    return { summary: `invalid compression level "${value}"`, expected: 'expected a number from 1 to 9' }
  },
  if(options, value, call, index) {
    const word = call.args[index]!
    if (!value)
      return {
        summary: `invalid parameter "${word.text}"`,
        expected: 'expected a condition, as in if=$loggable',
      }
    options.condition = call.templateOf({ ...word, text: value })
    return null
  },
}

function splitOnce(text: string): [string, string | null] {
  const at = text.indexOf('=')
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
}

/** @returns null for none, undefined for one that cannot be */
function bufferOf(call: Call, target: LogTarget, options: Options): BufferOptions | null | undefined {
  const { bufferBytes, flushMs, gzipLevel } = options
  const sizeBytes = bufferBytes ?? (gzipLevel === null ? null : DEFAULT_GZIP_BUFFER_BYTES)
  if (sizeBytes === null) {
    if (flushMs === null) return null
    return call.fail(
      null,
      `no buffer is defined for access_log "${call.text(0)}"`,
      'flush= needs buffer= or gzip',
    )
  }
  if (target.kind === 'path') {
    return call.fail(
      0,
      'buffered logs cannot have variables in name',
      'leave out the buffer, or the variables',
    )
  }
  if (target.kind === 'syslog') {
    return call.fail(0, 'logs to syslog cannot be buffered', 'each line is a datagram of its own')
  }
  return { sizeBytes, flushMs, gzipLevel }
}

function readOpenLogFileCache(call: Call): LogPathOptions | null | undefined {
  const words = call.args.map(word => splitOnce(word.text))
  if (words.some(([name]) => name === 'off')) {
    return words.length === 1
      ? null
      : call.fail(null, 'invalid "open_log_file_cache" parameter "off"', 'off stands alone')
  }
  const found = new Map<string, number>()
  for (const [index, [name, value]] of words.entries()) {
    const number = CACHE_OPTIONS.get(name)?.(value ?? '') ?? null
    if (number === null) {
      const expected = 'expected max=number, inactive=time, min_uses=number or valid=time'
      return call.fail(index, `invalid "open_log_file_cache" parameter "${call.text(index)}"`, expected)
    }
    found.set(name, number)
  }
  const most = found.get('max') ?? 0
  if (most === 0) {
    return call.fail(null, '"open_log_file_cache" must have "max" parameter', 'as in max=1000')
  }
  return {
    most,
    inactiveMs: 1000 * (found.get('inactive') ?? 10),
    leastUses: found.get('min_uses') ?? 1,
    validMs: 1000 * (found.get('valid') ?? 60),
  }
}

const CACHE_OPTIONS = new Map<string, (value: string) => number | null>([
  ['max', parseInteger],
  ['inactive', parseSeconds],
  ['min_uses', parseInteger],
  ['valid', parseSeconds],
])
