/**
 * How it ends: the first signal lets answers finish, the second does not wait.
 *
 *   stopOnSignals(server, graceMs, voice)
 */

import { constants } from 'node:os'
import type { RunningServer } from '../index.ts'
import type { Voice } from './voice.ts'

/** npm and npx pass on a signal that the terminal has sent to the whole group already; nobody presses twice so fast. */
const SAME_SIGNAL_MS = 100
/** What a reader of stdout may still take when everything else is over. */
const LAST_LINES_MS = 1000

export function stopOnSignals(server: RunningServer, graceMs: number, voice: Voice): void {
  let stoppingSince: number | null = null
  const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const now = performance.now()
    if (stoppingSince === null) {
      stoppingSince = now
      stop(server, graceMs, voice, signal)
    } else if (now - stoppingSince > SAME_SIGNAL_MS) process.exit(128 + constants.signals[signal])
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

/** The process ends by itself, once nothing is left to do: lines may still be on their way. */
function stop(server: RunningServer, graceMs: number, voice: Voice, signal: string): void {
  const closed = server.close(graceMs)
  // Idle connections are gone when this turn of the loop is over.
  setImmediate(() => voice.stopping(server.connectionCount, graceMs))
  closed.then(() => {
    voice.stopped(signal)
    setTimeout(() => process.exit(), LAST_LINES_MS).unref()
  })
}
