/**
 * `master_process off`: one process that is everything, for containers and for development.
 *
 *   await new Single(application, origin).run(configuration)
 *
 * Signals mean what they mean to a master, but for USR2 and WINCH, which it ignores: there is nobody who could go on. As with nginx,
 * the settings of workers (user, priority, limits, processors, folder) do not concern it. A reload serves by the new
 * configuration first and then ends the old one, within this process: each has descriptors of its own for the same sockets.
 */

import { Counters } from '../server/counters.ts'
import { F_DUPFD_CLOEXEC } from '../sys/constants.ts'
import { close, fcntl } from '../sys/libc.ts'
import type { Application, ListeningSocket, LoadedConfiguration, Site } from './application.ts'
import { keepEnvironment } from './environment.ts'
import type { Generation } from './generation.ts'
import { dumpMemoryAtBadEnd } from './memory-dump.ts'
import { type Origin, Service, type Staff } from './service.ts'
import { IGNORED, onSignals } from './signals.ts'

export class Single implements Staff {
  private readonly service: Service
  private readonly counters = new Counters()
  /** Those that serve or still end. */
  private readonly sites = new Map<Generation, Site>()
  private isTerminating = false

  constructor(application: Application, origin: Origin) {
    this.service = new Service(application, origin, this)
    dumpMemoryAtBadEnd(() => this.service.current?.logs ?? null)
    const terminate = { action: 'exiting', act: () => void this.terminate() }
    onSignals(
      {
        SIGTERM: terminate,
        SIGINT: terminate,
        SIGQUIT: { action: 'shutting down', act: () => void this.quit() },
        SIGHUP: { action: 'reconfiguring', act: () => this.service.reconfigure() },
        SIGUSR1: { action: 'reopening logs', act: () => this.service.reopen() },
        SIGUSR2: IGNORED,
        SIGWINCH: IGNORED,
      },
      () => this.service.log,
    )
  }

  async run(configuration: LoadedConfiguration): Promise<void> {
    keepEnvironment(configuration.settings.environment, process.env)
    if (!(await this.service.start(configuration))) await this.terminate()
  }

  // Staff

  workersOf(): number {
    return 1
  }

  async serve(next: Generation): Promise<boolean> {
    const { configuration, logs } = next
    const sockets = duplicates(this.service.sockets.forWorker(configuration.settings.listens, 0))
    try {
      const { counters } = this
      const site = await configuration.serve({
        sockets,
        counters,
        allCounters: [counters],
        workerIndex: 0,
        logs,
      })
      this.sites.set(next, site)
      return true
    } catch (error) {
      for (const { fd } of sockets) close(fd)
      logs.log.emerg(`cannot serve: ${error instanceof Error ? error.stack : error}`)
      return false
    }
  }

  abandon(next: Generation): void {
    void this.sites.get(next)?.endFast()
    this.sites.delete(next)
  }

  retire(before: Generation): void {
    void this.endGracefully(before).then(() => before.logs.close())
  }

  private async endGracefully(generation: Generation): Promise<void> {
    await this.sites.get(generation)?.endGracefully(generation.configuration.settings.workerShutdownTimeoutMs)
    this.sites.delete(generation)
  }

  // The end

  private async quit(): Promise<void> {
    if (!this.service.isRunning) return
    this.service.stop(null)
    this.service.sockets.close(true)
    this.service.log.notice('gracefully shutting down')
    await Promise.all([...this.sites.keys()].map(generation => this.endGracefully(generation)))
    if (!this.isTerminating) this.finish()
  }

  private async terminate(): Promise<void> {
    if (this.isTerminating) return
    this.isTerminating = true
    if (this.service.isRunning) this.service.stop(null)
    await Promise.all([...this.sites.values()].map(site => site.endFast()))
    this.finish()
  }

  /** From Node's own turn: we may be in a callback of our loop, which C has called. */
  private finish(): void {
    setImmediate(() =>
      this.service.finish(this.service.current?.configuration.settings.pidPath ?? null, true),
    )
  }
}

function duplicates(sockets: readonly ListeningSocket[]): ListeningSocket[] {
  return sockets.map(({ key, fd }) => ({ key, fd: fcntl(fd, F_DUPFD_CLOEXEC) }))
}
