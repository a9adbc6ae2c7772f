/**
 * A worker: gets its configuration and its sockets from the master, gives up its rights, serves, and ends as it is told.
 *
 *   await runWorker(application)        the whole program
 *
 * It hears commands of the master and the signals of nginx's workers: TERM, INT: at once; QUIT: gracefully; USR1: reopen logs.
 * When its master is killed it serves on until a signal comes, as nginx's does.
 */

import { recordChildren } from '../io/children.ts'
import type { Log } from '../log.ts'
import { F_SETFD, FD_CLOEXEC } from '../sys/constants.ts'
import { close, fcntl } from '../sys/libc.ts'
import type { Application, LoadedConfiguration, Logs, Site, Surroundings } from './application.ts'
import { redirectStderr } from './daemon.ts'
import { keepEnvironment } from './environment.ts'
import { dumpMemoryAtBadEnd } from './memory-dump.ts'
import type { Command, Start, ToMaster, ToWorker } from './messages.ts'
import { FATAL, giveUpRights } from './rights.ts'
import { countersAt, programsAt } from './shared-counters.ts'
import { IGNORED, onSignals } from './signals.ts'

export async function runWorker(application: Application): Promise<void> {
  const worker = new Worker(application)
  const start = await worker.hearStart()
  await worker.run(start)
}

class Worker {
  private readonly application: Application
  private readonly master = process.ppid
  private logs: Logs | null = null
  private configuration: LoadedConfiguration | null = null
  private site: Site | null = null
  /** QUIT was heard; perhaps before there was anything to end. */
  private isQuitting = false
  private isTerminating = false
  private onStart: (start: Start) => void = () => {}

  constructor(application: Application) {
    this.application = application
    process.title = `${application.name}: worker process`
    const terminate = { action: 'exiting', act: () => this.obey('terminate') }
    onSignals(
      {
        SIGTERM: terminate,
        SIGINT: terminate,
        SIGQUIT: { action: 'shutting down', act: () => this.obey('quit') },
        SIGUSR1: { action: 'reopening logs', act: () => this.obey('reopen') },
        SIGHUP: IGNORED,
        SIGUSR2: IGNORED,
        SIGWINCH: IGNORED,
      },
      () => this.log,
    )
    process.on('message', (message: ToWorker) => {
      if (typeof message === 'string') this.obey(message)
      else this.onStart(message.start)
    })
    process.once('disconnect', () => this.onMasterGone())
    process.on('uncaughtException', error => this.fail(error))
    dumpMemoryAtBadEnd(() => this.logs)
  }

  hearStart(): Promise<Start> {
    return new Promise(resolve => {
      this.onStart = resolve
    })
  }

  async run(start: Start): Promise<void> {
    const configuration = this.application.restore(start.snapshot)
    this.configuration = configuration
    this.logs = configuration.openLogs(this.application.startLog)
    if (this.logs === null) return exit(FATAL)
    keepEnvironment(configuration.settings.environment, process.env)
    if (!giveUpRights(configuration.settings, start.workerIndex, this.log)) return this.leave(FATAL)
    this.site = await configuration.serve(surroundingsOf(start, this.logs))
    if (start.isDaemon || this.logs.stderrPath !== null) redirectStderr(this.logs.stderrPath)
    process.send?.('ready' satisfies ToMaster, () => {})
    if (this.isTerminating) await this.terminate()
    else if (this.isQuitting) await this.quit()
  }

  private get log(): Log {
    return this.logs?.log ?? this.application.startLog
  }

  private obey(command: Command): void {
    if (command === 'reopen') this.reopen()
    else if (command === 'quit' && !this.isQuitting) {
      this.isQuitting = true
      if (this.site !== null) void this.quit()
    } else if (command === 'terminate' && !this.isTerminating) {
      this.isTerminating = true
      if (this.site !== null) void this.terminate()
      else this.leave(0)
    }
  }

  private reopen(): void {
    this.log.notice('reopening logs')
    this.logs?.reopen(null)
    const path = this.logs?.stderrPath ?? null
    if (path !== null) redirectStderr(path)
  }

  private async quit(): Promise<void> {
    process.title = `${this.application.name}: worker process is shutting down`
    this.log.notice('gracefully shutting down')
    await this.site?.endGracefully(this.configuration?.settings.workerShutdownTimeoutMs ?? null)
    // A fast end that came meanwhile leaves by itself.
    if (!this.isTerminating) this.leave(0)
  }

  private async terminate(): Promise<void> {
    await this.site?.endFast()
    this.leave(0)
  }

  private leave(code: number): void {
    this.log.notice('exiting')
    this.log.notice('exit')
    this.logs?.close()
    exit(code)
  }

  /** Another worker takes the place of one that is not sure of itself any more. */
  private fail(error: unknown): void {
    this.log.alert(
      `the worker process ends by a mistake of ours: ${error instanceof Error ? error.stack : error}`,
    )
    this.logs?.close()
    exit(1)
  }

  private onMasterGone(): void {
    if (this.configuration === null) exit(0)
    else if (!this.isQuitting && !this.isTerminating)
      this.log.alert(`the master process ${this.master} is gone; serving on until a signal comes`)
  }
}

function surroundingsOf({ sockets, counters, workerIndex }: Start, logs: Logs): Surroundings {
  // What the worker starts must not hold them open.
  for (const { fd } of sockets) fcntl(fd, F_SETFD, FD_CLOEXEC)
  const allCounters = countersAt(counters.fd, counters.sizeBytes)
  recordChildren(programsAt(counters.fd, counters.sizeBytes, counters.row))
  close(counters.fd)
  return { sockets, counters: allCounters[counters.row]!, allCounters, workerIndex, logs }
}

/** From Node's own turn: we may be in a callback of our loop, which C has called. */
function exit(code: number): void {
  setImmediate(() => process.exit(code))
}
