/**
 * More connections than the process may have descriptors: nginx warns of it, and so does veille.
 */

import type { Block } from '../config/block.ts'
import type { Problems } from '../config/diagnostic.ts'
import { openFileLimit } from '../io/descriptor-room.ts'
import { eventsOf, mainTable } from './main-directives.ts'

/** @param limit `ulimit -n` of whoever reads the configuration */
export function warnOfFewDescriptors(main: Block, problems: Problems, limit = openFileLimit()): void {
  const { worker_rlimit_nofile: raised } = main.settings(mainTable)
  const events = eventsOf(main)
  const { worker_connections: connections } = events.settings(mainTable)
  const most = Math.max(limit, raised ?? 0)
  if (connections <= most) return
  problems.warn(
    null,
    `${connections} worker_connections exceed open file resource limit: ${limit}`,
    'a connection is a descriptor: worker_rlimit_nofile in the main context lets workers have more of them',
  )
}
