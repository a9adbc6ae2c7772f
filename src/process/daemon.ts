/**
 * `daemon on`: the process that was started goes, another one stays in the background.
 *
 *   await startDaemon(name)          in the first: starts the second, waits until it serves; an exit code
 *   takeDaemonMark(process.env)      in the second: it is one
 *   daemonServes()                   in the second: lets the first go
 *   redirectStderr(path)             what is still written to stderr goes to a file, or nowhere
 *
 * nginx forks; Node cannot. So the command is started again, in a session of its own, with the terminal as its stderr until it
 * serves: whoever started it reads why it does not, and gets the exit code that says so.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { dup2 } from '../sys/libc.ts'
import { quietNodeOptions } from './signals.ts'

const MARK = 'VEILLE_DAEMON'
const STDERR = 2

/** @returns 0 when the daemon serves, and the daemon's own code when it has given up */
export async function startDaemon(name: string): Promise<number> {
  const child = spawn(process.execPath, [...quietNodeOptions(), ...process.argv.slice(1)], {
    argv0: `${name}: master process`,
    env: { ...process.env, [MARK]: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  })
  const ended = once(child, 'exit').then(([code]) => (code as number | null) || 1)
  const code = await Promise.race([ended, once(child, 'message').then(() => 0)])
  child.unref()
  return code
}

/** Who is interrupted while it waits (Ctrl-C) wants no server. */
function onStarterGone(): void {
  process.kill(process.pid, 'SIGTERM')
}

export function takeDaemonMark(env: NodeJS.ProcessEnv): boolean {
  const isDaemon = env[MARK] !== undefined
  delete env[MARK]
  if (isDaemon) process.once('disconnect', onStarterGone)
  return isDaemon
}

export function daemonServes(): void {
  process.off('disconnect', onStarterGone)
  process.send?.('ready', () => process.connected && process.disconnect())
}

/** @param path null: nobody reads it */
export function redirectStderr(path: string | null): void {
  let fd: number
  try {
    fd = openSync(path ?? '/dev/null', 'a')
  } catch {
    // It stays where it is: better there than lost.
    return
  }
  dup2(fd, STDERR)
  closeSync(fd)
}
