/**
 * A configuration in force, or about to be: what was read, its logs, and the change of sockets that it needs.
 *
 *   const generation = await prepare(application, sockets, logOf)     everything that can go wrong before the old one is let go; or null
 *   generation.change.commit() / .discard()
 *
 * So a reload either happens whole or leaves no trace but its lines in the log.
 */

import type { Log } from '../log.ts'
import type { Application, LoadedConfiguration, Logs } from './application.ts'
import type { ListeningSockets, SocketChange } from './listening-sockets.ts'

export interface Generation {
  readonly configuration: LoadedConfiguration
  readonly logs: Logs
  readonly change: SocketChange
}

/** How many workers a configuration has: one, where there is no master. */
export type WorkerCount = (configuration: LoadedConfiguration) => number

export async function prepare(
  application: Application,
  sockets: ListeningSockets,
  workersOf: WorkerCount,
  log: Log,
): Promise<Generation | null> {
  const configuration = application.read(log)
  if (configuration === null) return null
  return prepareRead(configuration, sockets, workersOf(configuration), log)
}

/** The rest, for a configuration that has been read already. */
export async function prepareRead(
  configuration: LoadedConfiguration,
  sockets: ListeningSockets,
  workers: number,
  log: Log,
  logFor: (logs: Logs) => Log = () => log,
): Promise<Generation | null> {
  if (!configuration.makeFolders(log)) return null
  const logs = configuration.openLogs(log)
  if (logs === null) return null
  const change = await sockets.open(configuration.settings.listens, workers, logFor(logs))
  if (change !== null) return { configuration, logs, change }
  logs.close()
  return null
}
