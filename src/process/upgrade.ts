/**
 * A new binary takes over without a connection being lost (SIGUSR2).
 *
 *   socketsFromBefore(env, log)                in the new binary: the sockets that came with it; null when it is none
 *   startNewBinary(fds, name, onEnd)           in the old one
 *
 * The way is nginx's: the listening sockets are inherited, and the variable NGINX tells their numbers, "3;4;". So nginx can be
 * replaced by veille, and veille by nginx, while both serve.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { adoptListener, isListening } from '../io/listener.ts'
import type { Log } from '../log.ts'
import type { Fd } from '../sys/libc.ts'
import type { WorkerEnd } from './worker-process.ts'

const VARIABLE = 'NGINX'
/** Descriptors behind stdin, stdout and stderr. */
const FIRST_FD = 3

/** The variable is taken away: it is not meant for what we start. */
export function socketsFromBefore(env: NodeJS.ProcessEnv, log: Log): Fd[] | null {
  const given = env[VARIABLE]
  delete env[VARIABLE]
  if (given === undefined) return null
  log.notice(`using inherited sockets from "${given}"`)
  const fds: Fd[] = []
  for (const number of given.split(/[:;]/)) {
    if (number === '') continue
    if (!/^\d{1,9}$/.test(number)) {
      log.emerg(
        `invalid socket number "${number}" in ${VARIABLE} environment variable, ignoring the rest of the variable`,
      )
      break
    }
    if (isListening(Number(number)) && adoptListener(Number(number))) fds.push(Number(number))
    else log.emerg(`inherited descriptor ${number} is not a listening socket, ignored`)
  }
  return fds
}

/** What was started is started again, from its path: there stands the new version by now. */
export function startNewBinary(
  fds: readonly Fd[],
  name: string,
  onEnd: (end: WorkerEnd) => void,
): ChildProcess {
  const numbers = fds.map((_, i) => `${FIRST_FD + i};`).join('')
  // The service manager's watch was meant for this process; from now on the new one keeps it as well.
  const { WATCHDOG_PID, ...env } = process.env
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    argv0: `${name}: master process`,
    env: { ...env, [VARIABLE]: numbers },
    stdio: ['inherit', 'inherit', 'inherit', ...fds],
  })
  child.once('exit', (code, signal) => onEnd({ code, signal, error: null }))
  child.on('error', error => {
    if (child.pid === undefined) onEnd({ code: null, signal: null, error })
  })
  return child
}
