/**
 * What a master and a single process have in common: one configuration in force, its sockets, logs and pid file, and reloads.
 *
 *   const service = new Service(application, origin, staff)
 *   await service.start(configuration)       ends the process with 1 when something is missing
 *   service.reconfigure()                    HUP: the new configuration serves before the old one is retired, or nothing changes
 *   service.reopen()                         USR1
 *   service.isRunning, .log, .current
 *   service.stop(successor)                  from now on it ends; `finish` when nobody serves any more
 *
 * Who serves, workers or the process itself, is the `Staff`.
 */

import type { Log } from '../log.ts'
import type { Fd } from '../sys/libc.ts'
import type { Application, LoadedConfiguration } from './application.ts'
import { daemonServes, redirectStderr } from './daemon.ts'
import { type Generation, prepare, prepareRead } from './generation.ts'
import { ListeningSockets } from './listening-sockets.ts'
import { removePidFile, writePidFile } from './pid-file.ts'
import { logStart, toldOnce } from './start-log.ts'
import { serviceManager } from './systemd.ts'

/** How a process came to be. */
export interface Origin {
  /** Another process has started us in the background, and waits until we serve. */
  readonly isDaemon: boolean
  /** Sockets of the binary before us, which may still be there; null: there was none. */
  readonly fromBefore: readonly Fd[] | null
  readonly fromServiceManager: readonly Fd[]
}

export interface Staff {
  workersOf(configuration: LoadedConfiguration): number
  /** Serves by it, beside the one before. @returns false when it does not */
  serve(next: Generation): Promise<boolean>
  /** `serve` has failed, or came too late. */
  abandon(next: Generation): void
  /** Another one serves: it ends gracefully, and its logs are closed. */
  retire(before: Generation): void
}

/** Signal handlers do not keep Node going, and a master may have no workers for a while. */
const LONG_MS = 2 ** 31 - 1

export class Service {
  readonly origin: Origin
  readonly sockets = new ListeningSockets()
  /** Null until the sockets are open. */
  current: Generation | null = null
  isRunning = true
  private readonly application: Application
  private readonly staff: Staff
  private readonly manager = serviceManager(process.env)
  /** The start, or a reload, is under way: another reload waits. */
  private isChanging = true
  private isReloadWanted = false
  private exitCode = 0

  constructor(application: Application, origin: Origin, staff: Staff) {
    this.application = application
    this.origin = origin
    this.staff = staff
    this.sockets.adopt(origin.fromBefore ?? [], 'the binary before')
    this.sockets.adopt(origin.fromServiceManager, 'the service manager')
    setInterval(() => {}, LONG_MS)
  }

  get log(): Log {
    return this.current?.logs.log ?? this.application.startLog
  }

  /** @returns whether it serves; otherwise its staff is to be ended, if signals have not done so already */
  async start(configuration: LoadedConfiguration): Promise<boolean> {
    const generation = await this.open(configuration)
    if (generation === null) return process.exit(1)
    const serves = await this.staff.serve(generation)
    if (!this.isRunning) return true
    if (!serves) {
      toldOnce(generation.logs, this.application.startLog).emerg('no worker process has started')
      this.exitCode = 1
      return false
    }
    this.manager.ready()
    this.manager.keepWatch()
    if (this.origin.isDaemon) daemonServes()
    this.redirect()
    this.hasChanged()
    return true
  }

  /** Sockets, then the pid file: whoever reads the number finds the ports open. */
  private async open(configuration: LoadedConfiguration): Promise<Generation | null> {
    const { startLog } = this.application
    const workers = this.staff.workersOf(configuration)
    const generation = await prepareRead(configuration, this.sockets, workers, startLog, logs =>
      toldOnce(logs, startLog),
    )
    if (generation === null || !this.isRunning) return null
    const { logs, change } = generation
    logStart(this.application, configuration, logs.log)
    const { pidPath, listens } = configuration.settings
    if (pidPath !== null && !writePidFile(pidPath, toldOnce(logs, startLog))) {
      change.discard()
      return null
    }
    for (const key of this.sockets.unwanted(listens))
      logs.log.warn(`the inherited socket ${key} is not in the configuration, closed`)
    change.commit()
    this.current = generation
    return generation
  }

  /** As nginx does, whatever is still written to stderr goes into the log. */
  private redirect(): void {
    const path = this.current?.logs.stderrPath ?? null
    if (path !== null || this.origin.isDaemon) redirectStderr(path)
  }

  reconfigure(): void {
    if (!this.isRunning) return
    if (this.isChanging) this.isReloadWanted = true
    else void this.reload()
  }

  private async reload(): Promise<void> {
    this.isChanging = true
    this.manager.reloading()
    this.log.notice('reconfiguring')
    const isChanged = await this.change().catch(error => {
      this.log.alert(`reconfiguring has failed by a mistake of ours: ${error.stack ?? error}`)
      return false
    })
    if (!isChanged && this.isRunning)
      this.log.error('the new configuration is not taken, the old one stays in force')
    if (!this.isRunning) return
    this.manager.ready()
    this.hasChanged()
  }

  private hasChanged(): void {
    this.isChanging = false
    if (!this.isReloadWanted) return
    this.isReloadWanted = false
    void this.reload()
  }

  /** @returns whether the new configuration is in force */
  private async change(): Promise<boolean> {
    const { staff, sockets } = this
    const next = await prepare(this.application, sockets, one => staff.workersOf(one), this.log)
    if (next === null) return false
    const serves = this.isRunning && (await staff.serve(next))
    if (serves && this.isRunning) {
      this.replaceBy(next)
      return true
    }
    staff.abandon(next)
    next.change.discard()
    next.logs.close()
    return false
  }

  private replaceBy(next: Generation): void {
    const before = this.current!
    this.current = next
    next.change.commit()
    this.movePid(before.configuration.settings.pidPath, next.configuration.settings.pidPath)
    this.redirect()
    this.staff.retire(before)
  }

  private movePid(before: string | null, next: string | null): void {
    if (before === next || (next !== null && !writePidFile(next, this.log))) return
    if (before !== null) removePidFile(before, this.log)
  }

  /** Workers will reopen them without our rights, so the files become theirs. */
  reopen(): void {
    this.log.notice('reopening logs')
    const user = this.current?.configuration.settings.user ?? null
    this.current?.logs.reopen(process.geteuid?.() === 0 && user !== null ? user.uid : null)
    this.redirect()
  }

  /** @param successor the process that is the service from now on; null: the service ends */
  stop(successor: number | null): void {
    this.isRunning = false
    if (successor === null) this.manager.stopping()
    else this.manager.mainPid(successor)
  }

  /** @param pidPath where our number stands by now @param ownsSockets nobody else uses the paths of our Unix sockets */
  finish(pidPath: string | null, ownsSockets: boolean): void {
    this.sockets.close(ownsSockets)
    if (pidPath !== null) removePidFile(pidPath, this.log)
    this.log.notice('exit')
    this.current?.logs.close()
    process.exit(this.exitCode)
  }
}
