/**
 * A configuration as the process model wants it (`process/application.ts`).
 *
 *   new ConfigurationApplication(invocation, options)
 *
 * The master reads the files once; what it has read goes to its workers as a snapshot, from which each makes its own site.
 */

import { renderDiagnostic } from '../config/diagnostic.ts'
import { errnoForLog } from '../errno.ts'
import { type Address, formatAddress } from '../io/address.ts'
import type { Log } from '../log.ts'
import type {
  Application,
  ListenSpec,
  LoadedConfiguration,
  Logs,
  ProcessSettings,
  Site as RunningSite,
  Snapshot,
  Surroundings,
} from '../process/application.ts'
import { takeLoop } from '../server/main-loop.ts'
import type { Module } from '../server/module.ts'
import { Server } from '../server/server.ts'
import { DiskFiles, type FilesSnapshot, SnapshotFiles } from './files.ts'
import { eventsOf, mainTable, processSettingsOf } from './main-directives.ts'
import { type Invocation, type Reading, readConfiguration } from './reading.ts'

interface SiteSnapshot {
  readonly invocation: Invocation
  readonly files: FilesSnapshot
}

export interface ApplicationOptions {
  readonly name: string
  readonly version: string
  readonly workerProgram: string
  readonly startLog: Log
  /** What is written to the terminal when a configuration is wrong. */
  writeProblem(text: string): void
  /** What requests are logged by where the configuration does not say; null: a file. */
  readonly terminalLog?: Module | null
  /** The configuration serves, at these addresses. */
  onServing?(addresses: readonly Address[]): void
}

export class ConfigurationApplication implements Application {
  readonly name: string
  readonly version: string
  readonly workerProgram: string
  readonly startLog: Log
  private readonly invocation: Invocation | null
  private readonly options: ApplicationOptions

  /** @param invocation null in a worker, which gets it with its snapshot */
  constructor(invocation: Invocation | null, options: ApplicationOptions) {
    this.invocation = invocation
    this.options = options
    this.name = options.name
    this.version = options.version
    this.workerProgram = options.workerProgram
    this.startLog = options.startLog
  }

  read(log: Log): LoadedConfiguration | null {
    const { invocation } = this
    if (invocation === null) throw new Error('a worker reads no files')
    const files = new DiskFiles()
    const reading = readConfiguration(invocation, files, this.options.terminalLog ?? null)
    for (const problem of reading.problems.list) {
      if (log === this.startLog) this.options.writeProblem(renderDiagnostic(problem))
      else {
        const { summary, place, expected, level } = problem
        const where = place === null ? '' : ` in ${place.source.name}:${place.line}`
        log[level](`${summary}${where}${expected === '' ? '' : ` (${expected})`}`)
      }
    }
    if (reading.problems.hasErrors) return null
    return new Loaded(reading, { invocation, files: files.snapshot }, this.options)
  }

  restore(snapshot: Snapshot): LoadedConfiguration {
    const { invocation, files } = snapshot as SiteSnapshot
    return new Loaded(
      readConfiguration(invocation, new SnapshotFiles(files)),
      { invocation, files },
      this.options,
    )
  }
}

class Loaded implements LoadedConfiguration {
  readonly settings: ProcessSettings
  readonly snapshot: SiteSnapshot
  private readonly reading: Reading
  private readonly options: ApplicationOptions

  constructor(reading: Reading, snapshot: SiteSnapshot, options: ApplicationOptions) {
    this.reading = reading
    this.options = options
    this.snapshot = snapshot
    this.settings = processSettingsOf(reading.main, snapshot.invocation, listensOf(reading))
  }

  makeFolders(log: Log): boolean {
    const uid = process.geteuid?.() === 0 ? (this.settings.user?.uid ?? null) : null
    const failure = this.reading.site.temporaryFolders.make(uid)
    if (failure !== null) log.emerg(`${failure.words} ${errnoForLog(failure.errno)}`)
    return failure === null
  }

  openLogs(log: Log): Logs | null {
    const { logFiles, log: own, errorPlaces, memories } = this.reading
    const refused = logFiles.open()
    for (const { path, errno } of refused) {
      log.emerg(`open() "${path}" failed ${errnoForLog(errno)}`)
    }
    if (refused.length > 0) {
      logFiles.close()
      return null
    }
    const first = errorPlaces.find(({ target }) => target.kind === 'file')?.target
    return {
      log: own,
      isOnStderr: errorPlaces.some(({ target }) => target.kind === 'stderr'),
      stderrPath: first !== undefined && 'path' in first ? first.path : null,
      reopen: owner => logFiles.reopen(owner),
      close: () => logFiles.close(),
      memory: () => memories.map(({ contents }) => contents).join(''),
    }
  }

  async serve(surroundings: Surroundings): Promise<RunningSite> {
    const { site, main, log } = this.reading
    const events = eventsOf(main).settings(mainTable)
    const isStrict = events.strict_readiness
    site.readiness.isStrict = isStrict
    const counts = isStrict || site.readiness.isAsked
    const cells = surroundings.counters.readiness
    const place = takeLoop(this.settings.eventMethod, counts ? { isStrict, cells } : null)
    const server = new Server(place.loop, place.outbox, {
      log,
      modules: site.modules,
      mostConnections: events.worker_connections,
      watched: events.debug_connection,
      counters: surroundings.counters,
    })
    site.counters.push(...surroundings.allCounters)
    for (const { key, fd } of surroundings.sockets) {
      const socket = site.sockets.find(({ address }) => formatAddress(address) === key)
      if (socket !== undefined) server.listen(fd, socket.endpoint, true, socket.others)
    }
    this.options.onServing?.(site.sockets.map(({ address }) => address))
    let ended: Promise<void> | null = null
    const end = (graceMs: number): Promise<void> => {
      ended ??= new Promise(done => server.end(graceMs, () => place.release(done)))
      return ended
    }
    return {
      endGracefully: graceMs => end(graceMs ?? Number.POSITIVE_INFINITY),
      endFast() {
        const over = end(0)
        server.cutAll()
        return over
      },
    }
  }
}

function listensOf({ site }: Reading): ListenSpec[] {
  return site.sockets.map(({ address, options }) => ({ key: formatAddress(address), address, options }))
}
