/**
 * One worker as the master sees it: a child process, started with its sockets, told what to do, mourned.
 *
 *   const worker = new WorkerProcess(plan, hearer)
 *   worker.tell('quit')          what it does not understand for being deaf, `kill` does
 *   await worker.started         true when it accepts connections, false when it has ended before
 *
 * The child is this same Node with the worker's program. Listening sockets and counters come to it as inherited descriptors.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { withoutMasters } from './environment.ts'
import type { Generation } from './generation.ts'
import { type Command, FIRST_INHERITED, type Start, type ToWorker } from './messages.ts'
import { quietNodeOptions } from './signals.ts'

/** What a worker is started with. */
export interface WorkerPlan {
  readonly name: string
  readonly program: string
  readonly generation: Generation
  readonly index: number
  /** Of the shared counters. */
  readonly row: number
  readonly counters: { readonly fd: number; readonly sizeBytes: number }
  readonly sockets: readonly { readonly key: string; readonly fd: number }[]
  readonly isDaemon: boolean
}

export interface WorkerEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It could not even be started; why. */
  readonly error: Error | null
}

export class WorkerProcess {
  readonly plan: WorkerPlan
  readonly startedAt = performance.now()
  readonly started: Promise<boolean>
  /** It was told to end: nobody replaces it. */
  isEnding = false
  /** Null when the system has refused to start it. */
  private readonly child: ChildProcess | null

  constructor(plan: WorkerPlan, onEnd: (worker: WorkerProcess, end: WorkerEnd) => void) {
    this.plan = plan
    const child = spawnWorker(plan)
    this.child = child instanceof Error ? null : child
    this.started = new Promise(resolve => {
      const end = (code: number | null, signal: NodeJS.Signals | null, error: Error | null): void => {
        resolve(false)
        onEnd(this, { code, signal, error })
      }
      if (child instanceof Error) {
        setImmediate(end, null, null, child)
        return
      }
      child.on('message', () => resolve(true))
      child.once('exit', (code, signal) => end(code, signal, null))
      // Of a child that lives it is about a message or a signal that did not reach it; its end will tell.
      child.on('error', error => {
        if (child.pid === undefined) end(null, null, error)
      })
    })
    this.send({ start: startOf(plan) })
  }

  /** Null when it could not be started. */
  get pid(): number | null {
    return this.child?.pid ?? null
  }

  tell(command: Command): void {
    if (command !== 'reopen') this.isEnding = true
    this.send(command)
  }

  kill(): void {
    this.child?.kill('SIGKILL')
  }

  private send(message: ToWorker): void {
    if (this.child?.connected) this.child.send(message, () => {})
  }
}

/**
 * The first word of its arguments is its title until it sets it itself, and makes room for a long one (uv_set_process_title).
 * @returns an error for want of memory; for want of processes or descriptors the child has no `pid` and says so later
 */
function spawnWorker({ name, program, counters, sockets }: WorkerPlan): ChildProcess | Error {
  try {
    return spawn(process.execPath, [...quietNodeOptions(), program], {
      argv0: `${name}: worker process`,
      env: withoutMasters(process.env),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', counters.fd, ...sockets.map(({ fd }) => fd)],
    })
  } catch (error) {
    return error as Error
  }
}

function startOf({ generation, index, row, counters, sockets, isDaemon }: WorkerPlan): Start {
  return {
    snapshot: generation.configuration.snapshot,
    workerIndex: index,
    sockets: sockets.map(({ key }, i) => ({ key, fd: FIRST_INHERITED + 1 + i })),
    counters: { fd: FIRST_INHERITED, sizeBytes: counters.sizeBytes, row },
    isDaemon,
  }
}
