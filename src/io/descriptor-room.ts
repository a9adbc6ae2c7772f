/**
 * How many descriptors a loop may watch, so that some are left for everything else: files that are sent, logs that are opened anew.
 *
 *   const most = watchedRoom(loop)         compare with `loop.watched`
 *
 * A process that gives its last descriptor to a connection could accept more requests than it can answer.
 */

import { readdirSync } from 'node:fs'
import type { Loop } from '../loop/loop.ts'
import { RLIMIT_NOFILE } from '../sys/constants.ts'
import { prlimit } from '../sys/libc.ts'

/** Of those that are free at the start, for connections. The rest are for files: small ones are open only while they are read. */
const SHARE = 3 / 4

/** What Node and we hold open where proc(5) is not mounted. */
const USUALLY_OPEN = 32

export function watchedRoom(loop: Loop): number {
  const free = openFileLimit() - openDescriptors()
  return loop.watched + Math.max(1, Math.floor(free * SHARE))
}

/** `ulimit -n` of this process (prlimit(2)). */
export function openFileLimit(): number {
  const limits = new BigUint64Array(2)
  const failed = prlimit(RLIMIT_NOFILE, null, limits)
  return failed < 0 ? Number.POSITIVE_INFINITY : Number(limits[0])
}

function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return USUALLY_OPEN
  }
}
