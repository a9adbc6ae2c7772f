/**
 * The log while a process starts: what goes wrong is told in the log of the configuration, and to whoever started it.
 *
 *   alsoOn(log, terminal)          both
 *   toldOnce(logs, terminal)       both, unless the log is the terminal
 *   logStart(application, …)       the lines with which a log begins
 */

import { release } from 'node:os'
import { LEVELS, type Log } from '../log.ts'
import { RLIMIT_NOFILE } from '../sys/constants.ts'
import { prlimit } from '../sys/libc.ts'
import type { Application, LoadedConfiguration, Logs } from './application.ts'

export function toldOnce({ log, isOnStderr }: Logs, terminal: Log): Log {
  return isOnStderr ? log : alsoOn(log, terminal)
}

export function alsoOn(log: Log, terminal: Log): Log {
  const both = { isOn: level => log.isOn(level) || terminal.isOn(level) } as Log
  for (const level of LEVELS) {
    both[level] = words => {
      log[level](words)
      terminal[level](words)
    }
  }
  both.withContext = (...context) => alsoOn(log.withContext(...context), terminal.withContext(...context))
  return both
}

/** As nginx's begins. */
export function logStart({ version }: Application, { settings }: LoadedConfiguration, log: Log): void {
  const limits = new BigUint64Array(2)
  prlimit(RLIMIT_NOFILE, null, limits)
  log.notice(`using the "${settings.eventMethod}" event method`)
  log.notice(`veille/${version}`)
  log.notice(`OS: Linux ${release()}`)
  log.notice(`getrlimit(RLIMIT_NOFILE): ${limits[0]}:${limits[1]}`)
}
