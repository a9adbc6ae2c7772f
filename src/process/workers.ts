/**
 * All workers of a master, of the configuration in force and of those before that still end.
 *
 *   workers.start(generation)          as many as it wants; those started
 *   workers.tell('reopen')             all
 *   workers.end('quit', generations)   those are told, and not replaced any more
 *   workers.kill()                     who does not listen
 *   workers.count                      processes that live
 *
 * A worker that ends unasked is replaced, by the same configuration and in the same place, after a wait if it lived only shortly.
 * One that ends with FATAL is not: it would end again.
 */

import type { Log } from '../log.ts'
import type { Application } from './application.ts'
import { Backoff } from './backoff.ts'
import type { Generation } from './generation.ts'
import type { ListeningSockets } from './listening-sockets.ts'
import type { Command } from './messages.ts'
import { killOrphans } from './orphans.ts'
import { FATAL } from './rights.ts'
import type { SharedCounters } from './shared-counters.ts'
import { numberOf } from './signals.ts'
import { type WorkerEnd, WorkerProcess } from './worker-process.ts'

export interface WorkersSetting {
  readonly application: Application
  readonly counters: SharedCounters
  readonly sockets: ListeningSockets
  readonly isDaemon: boolean
  /** The one that is open at the moment. */
  log(): Log
  /** The last one has ended, and none is about to be started. */
  onEmpty(): void
}

/** Where a worker stands: its number among those of its configuration, and what is known of those who stood there before. */
interface Place {
  readonly generation: Generation
  readonly index: number
  readonly backoff: Backoff
}

export class Workers {
  private readonly setting: WorkersSetting
  private readonly places = new Map<WorkerProcess, Place>()
  /** Places that are empty for a while. */
  private readonly waiting = new Map<Place, NodeJS.Timeout>()

  constructor(setting: WorkersSetting) {
    this.setting = setting
  }

  get count(): number {
    return this.places.size
  }

  start(generation: Generation): WorkerProcess[] {
    this.setting.log().notice('start worker processes')
    const count = generation.configuration.settings.workerProcesses
    return Array.from({ length: count }, (_, index) =>
      this.fill({ generation, index, backoff: new Backoff() }),
    )
  }

  tell(command: Command): void {
    for (const worker of this.places.keys()) worker.tell(command)
  }

  /** @param concerns all, unless it says otherwise */
  end(command: 'quit' | 'terminate', concerns: (generation: Generation) => boolean = () => true): void {
    for (const [place, timer] of this.waiting) {
      if (!concerns(place.generation)) continue
      clearTimeout(timer)
      this.waiting.delete(place)
    }
    for (const [worker, { generation }] of this.places) if (concerns(generation)) worker.tell(command)
    this.noteIfEmpty()
  }

  kill(): void {
    for (const worker of this.places.keys()) worker.kill()
  }

  private fill(place: Place): WorkerProcess {
    const { application, counters, sockets, isDaemon } = this.setting
    const { generation, index } = place
    const { listens } = generation.configuration.settings
    const plan = {
      name: application.name,
      program: application.workerProgram,
      generation,
      index,
      row: counters.takeRow(),
      counters,
      sockets: sockets.forWorker(listens, index),
      isDaemon,
    }
    const worker = new WorkerProcess(plan, (one, end) => this.onEnd(one, end))
    this.places.set(worker, place)
    if (worker.pid !== null) this.setting.log().notice(`start worker process ${worker.pid}`)
    return worker
  }

  private onEnd(worker: WorkerProcess, end: WorkerEnd): void {
    const place = this.places.get(worker)!
    this.places.delete(worker)
    if (end.signal !== null) this.killProgramsOf(worker)
    this.setting.counters.giveRow(worker.plan.row)
    tellEnd('worker process', worker.pid, end, this.setting.log())
    if (!worker.isEnding) this.replace(place, worker, end)
    this.noteIfEmpty()
  }

  /** By a signal that it does not hear; otherwise it has done so itself. */
  private killProgramsOf({ plan }: WorkerProcess): void {
    const { user } = plan.generation.configuration.settings
    const own = process.geteuid?.() ?? 0
    killOrphans(this.setting.counters.takePrograms(plan.row), own === 0 ? (user?.uid ?? own) : own)
  }

  private replace(place: Place, worker: WorkerProcess, { code }: WorkerEnd): void {
    const log = this.setting.log()
    if (code === FATAL) {
      log.alert(`worker process ${worker.pid} exited with fatal code ${FATAL} and cannot be respawned`)
      return
    }
    const livedMs = performance.now() - worker.startedAt
    const delayMs = place.backoff.delayAfter(livedMs)
    if (delayMs === 0) {
      this.fill(place)
      return
    }
    log.warn(
      `worker processes live only shortly (${Math.round(livedMs)}ms); the next one starts in ${delayMs}ms`,
    )
    const fill = (): void => {
      this.waiting.delete(place)
      this.fill(place)
    }
    this.waiting.set(place, setTimeout(fill, delayMs))
  }

  private noteIfEmpty(): void {
    if (this.places.size === 0 && this.waiting.size === 0) this.setting.onEmpty()
  }
}

/** In nginx's words, which log watchers look for. @param what `worker process`, `new binary process` */
export function tellEnd(
  what: string,
  pid: number | null,
  { code, signal, error }: WorkerEnd,
  log: Log,
): void {
  if (error !== null) {
    log.alert(`spawn() failed while starting a ${what}: ${error.message}`)
    return
  }
  log.notice(`signal ${numberOf('SIGCHLD')} (SIGCHLD) received from ${pid}`)
  if (signal !== null) log.alert(`${what} ${pid} exited on signal ${numberOf(signal)}`)
  else log.notice(`${what} ${pid} exited with code ${code}`)
}
