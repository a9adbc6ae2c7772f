/**
 * What `error_log` says: where lines go, from which level on, and in which form.
 *
 *   parseErrorLog(['/var/log/error.log', 'warn'])      an `ErrorPlace`, or what is wrong with it
 *   const log = openErrorLog(places, files)            the log to all of them
 *
 *   error_log file | stderr | syslog:… | memory:size [level] [format=text|json];
 *
 * Levels are nginx's, and `debug_http` and its like mean `debug`: what they would leave out there has no parts here.
 * `format` is ours.
 */

import { didYouMean } from '../config/nearest.ts'
import { parseSize } from '../config/units.ts'
import type { LogFiles } from '../io/log-files.ts'
import { parseSyslog, type SyslogTarget } from '../io/syslog.ts'
import { LEVELS, type Level } from '../log.ts'
import {
  type ErrorFormat,
  type ErrorLog,
  type ErrorSink,
  errorLogTo,
  FileSink,
  MemorySink,
  SyslogSink,
} from './error-log.ts'

export type ErrorTarget =
  /** As written: a relative path counts from the server's prefix. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stderr' }
  | { readonly kind: 'syslog'; readonly syslog: SyslogTarget }
  | { readonly kind: 'memory'; readonly sizeBytes: number }

export interface ErrorPlace {
  readonly target: ErrorTarget
  readonly level: Level
  readonly format: ErrorFormat
}

export interface ErrorLogMistake {
  /** In nginx's words. */
  readonly mistake: string
  /** For a stranger. */
  readonly expected: string
  /** Which of the arguments is wrong. */
  readonly at: number
}

/** Lines shorter than this say nothing. */
const LEAST_MEMORY_BYTES = 1024
/** Parts of nginx whose debugging can be asked for alone. */
const DEBUG_PARTS = new Set(
  ['core', 'alloc', 'mutex', 'event', 'http', 'mail', 'stream'].map(part => `debug_${part}`),
)

/** @param args what follows the directive's name, at least one */
export function parseErrorLog(args: readonly string[]): ErrorPlace | ErrorLogMistake {
  const target = parseTarget(args[0]!)
  if ('mistake' in target) return target
  const options: Options = { level: null, format: null }
  for (let at = 1; at < args.length; at++) {
    const wrong = args[at]!.startsWith('format=')
      ? readFormat(options, args[at]!)
      : readLevel(options, args[at]!)
    if (wrong !== null) return { ...wrong, at }
  }
  return { target, level: options.level ?? 'error', format: options.format ?? 'text' }
}

interface Options {
  level: Level | null
  format: ErrorFormat | null
}

type Wrong = Omit<ErrorLogMistake, 'at'> | null

function readFormat(options: Options, word: string): Wrong {
  const format = word.slice('format='.length)
  if (format !== 'text' && format !== 'json') {
    return { mistake: `invalid log format "${format}"`, expected: 'expected text or json' }
  }
  if (options.format !== null)
    return { mistake: `duplicate log format "${format}"`, expected: 'one is enough' }
  options.format = format
  return null
}

function readLevel(options: Options, word: string): Wrong {
  const isPart = DEBUG_PARTS.has(word)
  const level = isPart ? 'debug' : LEVELS.find(one => one === word)
  if (level === undefined) {
    return { mistake: `invalid log level "${word}"`, expected: LEVELS_EXPECTED + didYouMean(word, LEVELS) }
  }
  // Several parts may stand together.
  if (options.level !== null && !(isPart && options.level === 'debug')) {
    return {
      mistake: `duplicate log level "${word}"`,
      expected: 'one is enough: more urgent lines are written too',
    }
  }
  options.level = level
  return null
}

const LEVELS_EXPECTED = `expected one of ${LEVELS.join(', ')}`

function parseTarget(text: string): ErrorTarget | ErrorLogMistake {
  if (text === 'stderr') return { kind: 'stderr' }
  if (text.startsWith('syslog:')) {
    const syslog = parseSyslog(text.slice('syslog:'.length))
    if (typeof syslog !== 'string') return { kind: 'syslog', syslog }
    return {
      mistake: syslog,
      expected: 'as in "syslog:server=unix:/dev/log,facility=local7,tag=nginx"',
      at: 0,
    }
  }
  if (text.startsWith('memory:')) return parseMemory(text.slice('memory:'.length))
  if (text === '') return { mistake: 'invalid log path ""', expected: 'expected the path of a file', at: 0 }
  return { kind: 'file', path: text }
}

function parseMemory(text: string): ErrorTarget | ErrorLogMistake {
  const sizeBytes = parseSize(text)
  if (sizeBytes !== null && sizeBytes >= LEAST_MEMORY_BYTES) return { kind: 'memory', sizeBytes }
  const expected = `expected a size of at least ${LEAST_MEMORY_BYTES} bytes, such as 1m`
  return { mistake: `invalid buffer size "${text}"`, expected, at: 0 }
}

/**
 * Paths are absolute here. Files are opened with all others (`LogFiles.open`); what is said before waits.
 * @returns the log, and those of its places that live in memory
 */
export function openErrorLog(
  places: readonly ErrorPlace[],
  files: LogFiles,
): { readonly log: ErrorLog; readonly memories: readonly MemorySink[] } {
  const sinks = places.map(place => sinkOf(place, files))
  return { log: errorLogTo(sinks), memories: sinks.filter(sink => sink instanceof MemorySink) }
}

function sinkOf({ target, level, format }: ErrorPlace, files: LogFiles): ErrorSink {
  switch (target.kind) {
    case 'file':
      return new FileSink(level, files.file(target.path), format)
    case 'stderr':
      return new FileSink(level, files.stderr, format)
    case 'memory':
      return new MemorySink(level, target.sizeBytes, format)
    case 'syslog':
      return new SyslogSink(level, files.syslog(target.syslog), format)
  }
}
