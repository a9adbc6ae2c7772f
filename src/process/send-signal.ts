/**
 * `-s stop | quit | reopen | reload`: a signal for the master whose number stands in the pid file.
 *
 *   sendSignal('reload', '/run/nginx.pid', log)      the exit code: 0, or 1 after telling `log` why
 *
 * The sentences are nginx's, which scripts look for.
 */

import { closeSync, openSync, readSync } from 'node:fs'
import { errnoForLog } from '../errno.ts'
import type { Log } from '../log.ts'
import { numberOf } from './signals.ts'

/** What nginx calls each, and what it sends. */
export const COMMANDS = {
  stop: 'SIGTERM',
  quit: 'SIGQUIT',
  reopen: 'SIGUSR1',
  reload: 'SIGHUP',
} as const

export type Command = keyof typeof COMMANDS

/** A number of 64 bits and a line end; what is longer is no process id. */
const MOST_BYTES = 21
/** `pid_t` has 32 bits, with a sign. */
const MOST_PID = 0x7fff_ffff

export function sendSignal(command: Command, pidPath: string, log: Log): 0 | 1 {
  log.notice('signal process started')
  const text = readStart(pidPath, log)
  if (text === null) return 1
  const digits = text.replace(/[\r\n]+$/, '')
  const pid = /^\d+$/.test(digits) ? Number(digits) : 0
  // 0 would mean every process of our own group (kill(2)).
  if (pid < 1 || pid > MOST_PID) {
    log.error(`invalid PID number "${digits}" in "${pidPath}"`)
    return 1
  }
  return kill(pid, COMMANDS[command], log)
}

function readStart(path: string, log: Log): string | null {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    log.error(`open() "${path}" failed ${errnoForLog((error as NodeJS.ErrnoException).errno ?? 0)}`)
    return null
  }
  try {
    const bytes = Buffer.alloc(MOST_BYTES)
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, MOST_BYTES, 0))
  } catch (error) {
    log.error(`read() "${path}" failed ${errnoForLog((error as NodeJS.ErrnoException).errno ?? 0)}`)
    return null
  } finally {
    closeSync(fd)
  }
}

function kill(pid: number, signal: NodeJS.Signals, log: Log): 0 | 1 {
  try {
    process.kill(pid, signal)
    return 0
  } catch (error) {
    log.alert(
      `kill(${pid}, ${numberOf(signal)}) failed ${errnoForLog((error as NodeJS.ErrnoException).errno ?? 0)}`,
    )
    return 1
  }
}
