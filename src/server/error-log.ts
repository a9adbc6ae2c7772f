/**
 * The error log of a block of the configuration: lines in nginx's form, to several places, each with its own level.
 *
 *   const log = errorLogTo([new FileSink('error', file, 'text'), …])
 *   log.error('words')
 *   const ofRequest = log.withContext(context)              tells client, server, request … of its lines
 *   const chatty = log.withContext(context, 'debug')        a connection that is watched (`debug_connection`)
 *
 * Lines leave at once, not in batches: the last words of a process are the ones that are looked for. Places are `FileSink` (also for
 * stderr), `SyslogSink` and `MemorySink`; `error-log-places.ts` reads them from a configuration.
 */

import type { LogFile } from '../io/log-file.ts'
import type { SyslogSender } from '../io/syslog.ts'
import { LEVELS, type Level, type Log, type LogContext } from '../log.ts'
import { ErrorRecord } from './error-record.ts'

export type ErrorFormat = 'text' | 'json'

/** One place. */
export interface ErrorSink {
  /** Of the least urgent lines that are written, as an index of `LEVELS`. */
  readonly least: number
  write(record: ErrorRecord): void
}

export class FileSink implements ErrorSink {
  readonly least: number
  private readonly file: LogFile
  private readonly format: ErrorFormat

  constructor(level: Level, file: LogFile, format: ErrorFormat) {
    this.least = LEVELS.indexOf(level)
    this.file = file
    this.format = format
  }

  write(record: ErrorRecord): void {
    this.file.write(record[this.format])
    this.file.flush()
  }
}

export class SyslogSink implements ErrorSink {
  readonly least: number
  private readonly sender: SyslogSender
  private readonly format: ErrorFormat

  constructor(level: Level, sender: SyslogSender, format: ErrorFormat) {
    this.least = LEVELS.indexOf(level)
    this.sender = sender
    this.format = format
  }

  write(record: ErrorRecord): void {
    this.sender.send(record.severity, record[this.format])
  }
}

/** The last lines, as many as fit: for `debug` under load, where a file would be too slow. Shown when the process ends badly. */
export class MemorySink implements ErrorSink {
  readonly least: number
  private readonly sizeBytes: number
  private readonly format: ErrorFormat
  private lines: string[] = []
  /** Where the oldest of them stands. */
  private first = 0
  private length = 0

  constructor(level: Level, sizeBytes: number, format: ErrorFormat) {
    this.least = LEVELS.indexOf(level)
    this.sizeBytes = sizeBytes
    this.format = format
  }

  write(record: ErrorRecord): void {
    const line = `${record[this.format].slice(0, this.sizeBytes - 1)}\n`
    this.lines.push(line)
    this.length += line.length
    while (this.length > this.sizeBytes) this.length -= this.lines[this.first++]!.length
    if (this.first > this.lines.length / 2) this.forgetOld()
  }

  /** Taking out one line at a time would move all others each time. */
  private forgetOld(): void {
    this.lines = this.lines.slice(this.first)
    this.first = 0
  }

  /** Octets, the oldest line first. */
  get contents(): string {
    return this.lines.slice(this.first).join('')
  }
}

const NO_CONTEXT: LogContext = {}

export class ErrorLog implements Log {
  /** The one that tells most stands first. */
  private readonly sinks: readonly ErrorSink[]
  private readonly context: LogContext
  /** Down to which severity the first sink writes; the others write no more than it does. */
  private readonly least: number

  /** @param sinks the one that tells most first, see `errorLogTo` @param least in place of that one's own */
  constructor(sinks: readonly ErrorSink[], context: LogContext, least: number) {
    this.sinks = sinks
    this.context = context
    this.least = least
  }

  emerg(words: string): void {
    this.say(0, words)
  }

  alert(words: string): void {
    this.say(1, words)
  }

  crit(words: string): void {
    this.say(2, words)
  }

  error(words: string): void {
    this.say(3, words)
  }

  warn(words: string): void {
    this.say(4, words)
  }

  notice(words: string): void {
    this.say(5, words)
  }

  info(words: string): void {
    this.say(6, words)
  }

  debug(words: string): void {
    this.say(7, words)
  }

  isOn(level: Level): boolean {
    return LEVELS.indexOf(level) <= this.least
  }

  withContext(context: LogContext, least?: Level): ErrorLog {
    if (least === undefined || this.sinks.length === 0) return new ErrorLog(this.sinks, context, this.least)
    return new ErrorLog(this.sinks, context, Math.max(this.least, LEVELS.indexOf(least)))
  }

  private say(severity: number, words: string): void {
    if (severity > this.least) return
    const record = new ErrorRecord(severity, words, this.context, Date.now())
    const { sinks } = this
    sinks[0]!.write(record)
    for (let i = 1; i < sinks.length; i++) if (severity <= sinks[i]!.least) sinks[i]!.write(record)
  }
}

/** @param sinks in any order; none for a log that is silent */
export function errorLogTo(sinks: readonly ErrorSink[]): ErrorLog {
  const sorted = [...sinks].sort((a, b) => b.least - a.least)
  return new ErrorLog(sorted, NO_CONTEXT, sorted[0]?.least ?? -1)
}
