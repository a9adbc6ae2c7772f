/**
 * A configuration that runs: as a daemon or in the foreground, with workers or alone.
 *
 *   await run(application)          the process is theirs from now on; it ends when they do
 */

import { inheritedListeners } from '../io/listener.ts'
import type { Application } from './application.ts'
import { startDaemon, takeDaemonMark } from './daemon.ts'
import { Master } from './master.ts'
import { FIRST_PROCESS, reapOrphans } from './orphans.ts'
import { Single } from './single.ts'
import { socketsFromBefore } from './upgrade.ts'

export async function run(application: Application): Promise<void> {
  const isDaemon = takeDaemonMark(process.env)
  const fromBefore = socketsFromBefore(process.env, application.startLog)
  const configuration = application.read(application.startLog)
  if (configuration === null) return process.exit(1)
  const { daemon, masterProcess } = configuration.settings
  if (daemon && !isDaemon && fromBefore === null) return process.exit(await startDaemon(application.name))
  const origin = { isDaemon, fromBefore, fromServiceManager: inheritedListeners(process.env) }
  const service = masterProcess ? new Master(application, origin) : new Single(application, origin)
  if (process.pid === FIRST_PROCESS) reapOrphans()
  try {
    await service.run(configuration)
  } catch (error) {
    application.startLog.emerg(
      `the start has failed by a mistake of ours: ${error instanceof Error ? error.stack : error}`,
    )
    process.exit(1)
  }
}
