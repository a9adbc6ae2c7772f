/**
 * Leaf: what the server says about itself, by level, one line each.
 *
 *   log.emerg / alert / crit / error / warn / notice / info / debug ('words')
 *   log.isOn('debug')            whether such a line would be written: asked before words that are costly to build
 *   log.withContext(context)     the same log, whose lines tell what they are about
 *
 * Levels are nginx's. `alert` is kept for what must never happen; a peer that closes or resets is `info`.
 *
 * A line is written by `write`, which gets it without its end: the terminal and a file want other forms (`server/error-log.ts`
 * has nginx's). What requests came and how they were answered is another log.
 */

/** From what ends the server to what only its authors want to know. */
export const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'] as const
export type Level = (typeof LEVELS)[number]

/**
 * What a line is about. It is read only when a line is written, so that what is behind a getter costs nothing before. What is
 * null or absent is not told.
 */
export interface LogContext {
  /** The connection's number, `$connection`. */
  readonly connection?: number | null
  /** What was going on, behind "while": `reading client request line`. */
  readonly action?: string | null
  readonly client?: string | null
  /** The server's first name; of a connection without a request, the address that it came to. */
  readonly server?: string | null
  /** The request line. */
  readonly request?: string | null
  /** The URI of the subrequest at work. */
  readonly subrequest?: string | null
  /** `http://127.0.0.1:3000/path`: who was asked, and for what. */
  readonly upstream?: string | null
  readonly host?: string | null
  readonly referrer?: string | null
}

export interface Log {
  emerg(words: string): void
  alert(words: string): void
  crit(words: string): void
  error(words: string): void
  warn(words: string): void
  notice(words: string): void
  info(words: string): void
  debug(words: string): void
  isOn(level: Level): boolean
  /** @param least in place of the log's own: lines down to this level are written, where the log has levels for single connections */
  withContext(context: LogContext, least?: Level): Log
}

/** @returns whether `level` is as urgent as `least`, or more */
export function isWithin(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(least)
}

/**
 * A log that tells words only, without their context.
 * @param least levels behind this one in `LEVELS` are dropped
 */
export function createLog(least: Level, write: (level: Level, words: string) => void): Log {
  const at = (level: Level): ((words: string) => void) =>
    isWithin(level, least) ? words => write(level, words) : () => {}
  const log: Log = {
    emerg: at('emerg'),
    alert: at('alert'),
    crit: at('crit'),
    error: at('error'),
    warn: at('warn'),
    notice: at('notice'),
    info: at('info'),
    debug: at('debug'),
    isOn: level => isWithin(level, least),
    withContext: () => log,
  }
  return log
}

export const SILENT: Log = { ...createLog('emerg', () => {}), isOn: () => false, withContext: () => SILENT }
