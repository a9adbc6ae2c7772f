/**
 * A log that keeps what it is told, for tests.
 *
 *   const log = recordingLog()
 *   log.lines          ['error: words', …]
 */

import { createLog, type Level, type Log } from '../src/log.ts'

export interface RecordingLog extends Log {
  readonly lines: string[]
}

export function recordingLog(least: Level = 'debug'): RecordingLog {
  const lines: string[] = []
  return { ...createLog(least, (level, words) => lines.push(`${level}: ${words}`)), lines }
}
