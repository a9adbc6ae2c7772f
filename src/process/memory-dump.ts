/**
 * The last words of a process that ends badly: what `error_log memory:…` has kept goes to stderr, which for a daemon is the first
 * file of its error log. A process that is killed by a signal (KILL, SEGV) says nothing more.
 */

import { writeSync } from 'node:fs'
import type { Logs } from './application.ts'

const STDERR = 2

/** @param logs asked at the end; null before any are open */
export function dumpMemoryAtBadEnd(logs: () => Logs | null): void {
  process.on('exit', code => {
    const octets = code === 0 ? '' : (logs()?.memory() ?? '')
    if (octets === '') return
    try {
      writeSync(STDERR, Buffer.from(octets, 'latin1'))
    } catch {
      // Nobody is left who could be told.
    }
  })
}
