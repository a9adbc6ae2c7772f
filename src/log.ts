/**
 * Leaf: what the server says about itself, by level, one line each.
 *
 *   log.error / warn / info / debug ('words')
 *
 * A line is written by `write`, which gets it without its end: the terminal and a file want other forms. What requests
 * came and how they were answered is another log (`modules/access-log.ts`).
 */

export const LEVELS = ['error', 'warn', 'info', 'debug'] as const
export type Level = (typeof LEVELS)[number]

export interface Log {
  error(words: string): void
  warn(words: string): void
  info(words: string): void
  debug(words: string): void
}

/** @param least levels behind this one in `LEVELS` are dropped */
export function createLog(least: Level, write: (level: Level, words: string) => void): Log {
  const at = (level: Level): ((words: string) => void) =>
    LEVELS.indexOf(level) <= LEVELS.indexOf(least) ? words => write(level, words) : () => {}
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}

export const SILENT: Log = createLog('error', () => {})
