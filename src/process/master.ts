/**
 * The master: holds the listening sockets, reads the configuration, keeps workers, and does what signals say. It serves nobody.
 *
 *   await new Master(application, origin).run(configuration)
 *
 *   running ── QUIT ──→ quitting ─── TERM, INT ──→ terminating        and the end, when the last worker has ended
 *      └────────────────── TERM, INT ──────────────────↑
 *
 *   HUP     reload (`service.ts`)             USR1    reopen logs
 *   USR2    a new binary beside this one (`upgrade.ts`); WINCH stops the workers of this one, HUP brings them back
 *
 * The meanings are nginx's (`ngx_process_cycle.c`). Nothing here asks for time: whatever happens next is a signal, or a worker that
 * says that it is ready, or ends.
 */

import type { ChildProcess } from 'node:child_process'
import { basename } from 'node:path'
import type { Application, LoadedConfiguration } from './application.ts'
import type { Generation } from './generation.ts'
import { movePidFile } from './pid-file.ts'
import { type Origin, Service, type Staff } from './service.ts'
import { SharedCounters } from './shared-counters.ts'
import { onSignals, type Reaction, type Reactions } from './signals.ts'
import { startNewBinary } from './upgrade.ts'
import type { WorkerEnd } from './worker-process.ts'
import { tellEnd, Workers } from './workers.ts'

/** Workers that are told to end at once and do not are killed: nginx waits as long, 50 + 100 + … + 800 ms. */
const KILL_AFTER_MS = 1550

export class Master implements Staff {
  private readonly application: Application
  private readonly service: Service
  /** Null until the sockets are open. */
  private workers: Workers | null = null
  private isTerminating = false
  /** Whoever started us: a new binary sees by it whether the old one is still there. */
  private readonly parent = process.ppid
  private newBinary: ChildProcess | null = null
  /** WINCH was heard: there are no workers, on purpose. */
  private isResting = false

  constructor(application: Application, origin: Origin) {
    this.application = application
    this.service = new Service(application, origin, this)
    onSignals(this.reactions(origin), () => this.service.log)
    process.on('uncaughtException', ({ stack }) =>
      this.service.log.alert(`the master process goes on: ${stack}`),
    )
  }

  /** Ends the process with 1 when something is missing at the start. */
  async run(configuration: LoadedConfiguration): Promise<void> {
    process.title = titleOf(this.application.name)
    if (!(await this.service.start(configuration))) this.terminate()
  }

  private reactions(origin: Origin): Reactions {
    const isInForeground = !origin.isDaemon && origin.fromBefore === null
    const end = { action: 'exiting', act: () => this.terminate() }
    return {
      SIGTERM: end,
      SIGINT: end,
      SIGQUIT: { action: 'shutting down', act: () => this.quit() },
      SIGHUP: { action: 'reconfiguring', act: () => this.reconfigure() },
      SIGUSR1: { action: 'reopening logs', act: () => this.reopen() },
      SIGUSR2: unless(
        () => this.hasOtherBinary,
        'changing binary',
        () => this.upgrade(),
      ),
      // A terminal sends it whenever its window changes.
      SIGWINCH: unless(
        () => isInForeground,
        'stop accepting connections',
        () => this.rest(),
      ),
    }
  }

  // Staff

  workersOf({ settings }: LoadedConfiguration): number {
    return settings.workerProcesses
  }

  async serve(next: Generation): Promise<boolean> {
    this.workers ??= this.newWorkers(next)
    const outcomes = await Promise.all(this.workers.start(next).map(worker => worker.started))
    if (outcomes.includes(true)) this.isResting = false
    return outcomes.includes(true)
  }

  abandon(next: Generation): void {
    this.workers?.end('terminate', generation => generation === next)
  }

  retire(before: Generation): void {
    const { current } = this.service
    this.workers?.end('quit', generation => generation !== current)
    before.logs.close()
  }

  private newWorkers({ configuration }: Generation): Workers {
    const { application, service } = this
    return new Workers({
      application,
      counters: new SharedCounters(this.workersOf(configuration)),
      sockets: service.sockets,
      isDaemon: service.origin.isDaemon,
      log: () => service.log,
      onEmpty: () => this.onEmpty(),
    })
  }

  // HUP, USR1

  private reconfigure(): void {
    if (this.isResting && this.newBinary !== null) this.rise()
    else this.service.reconfigure()
  }

  private reopen(): void {
    this.service.reopen()
    this.workers?.tell('reopen')
  }

  // USR2 and WINCH

  /** The one that we have started, or the one that has started us. */
  private get hasOtherBinary(): boolean {
    return (
      this.newBinary !== null || (this.service.origin.fromBefore !== null && process.ppid === this.parent)
    )
  }

  private upgrade(): void {
    const { service, application } = this
    if (!service.isRunning || service.current === null) return
    service.log.notice('changing binary')
    const pidPath = service.current.configuration.settings.pidPath!
    if (!movePidFile(pidPath, oldPathOf(pidPath), service.log)) return
    const child = startNewBinary(service.sockets.all(), application.name, end =>
      this.onNewBinaryEnd(child, end),
    )
    this.newBinary = child
    if (child.pid !== undefined) service.log.notice(`start new binary process ${child.pid}`)
  }

  private onNewBinaryEnd({ pid }: ChildProcess, end: WorkerEnd): void {
    const { current, log, isRunning } = this.service
    tellEnd('new binary process', pid ?? null, end, log)
    this.newBinary = null
    const pidPath = current!.configuration.settings.pidPath!
    movePidFile(oldPathOf(pidPath), pidPath, log)
    if (this.isResting && isRunning) this.rise()
  }

  private rest(): void {
    this.isResting = true
    this.workers?.end('quit')
  }

  private rise(): void {
    this.isResting = false
    this.workers?.start(this.service.current!)
  }

  // The end

  private quit(): void {
    if (!this.service.isRunning) return
    this.service.stop(this.newBinary?.pid ?? null)
    this.service.sockets.close(!this.hasOtherBinary)
    this.end('quit')
  }

  private terminate(): void {
    if (this.isTerminating) return
    this.isTerminating = true
    if (this.service.isRunning) this.service.stop(this.newBinary?.pid ?? null)
    setTimeout(() => this.workers?.kill(), KILL_AFTER_MS)
    this.end('terminate')
  }

  private end(command: 'quit' | 'terminate'): void {
    if (this.workers === null) this.finish()
    else this.workers.end(command)
  }

  private onEmpty(): void {
    if (!this.service.isRunning) this.finish()
  }

  private finish(): void {
    const { current } = this.service
    const pidPath = current?.configuration.settings.pidPath ?? null
    const ownPath = pidPath !== null && this.newBinary !== null ? oldPathOf(pidPath) : pidPath
    this.service.finish(ownPath, !this.hasOtherBinary)
  }
}

function unless(isIgnored: () => boolean, action: string, act: () => void): Reaction {
  return {
    action: () => (isIgnored() ? 'ignoring' : action),
    act: () => {
      if (!isIgnored()) act()
    },
  }
}

function oldPathOf(pidPath: string): string {
  return `${pidPath}.oldbin`
}

/** As it was started, but for the Node in front. */
function titleOf(name: string): string {
  const [, program = '', ...args] = process.argv
  return [`${name}: master process`, basename(program), ...args].join(' ')
}
