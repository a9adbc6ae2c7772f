/**
 * What the process model needs of the rest of the server, and knows no more of: something that reads configurations, and a
 * configuration that can serve.
 *
 *   application.read(log)               in the master, at the start and again at each reload
 *   application.restore(snapshot)       in a worker: what the master has read, though the files may have changed since
 *   configuration.makeFolders(log)      in the master, before anybody serves by it
 *   configuration.openLogs(log)         in each process that works by it, with the rights that the process was started with
 *   configuration.serve(surroundings)   in a worker, or in the one process that is both: from here on it answers
 *
 * A worker's life: restore → openLogs → rights given up (`rights.ts`) → serve → endGracefully or endFast → logs closed.
 */

import type { Address } from '../io/address.ts'
import type { ListenOptions } from '../io/listen-options.ts'
import type { Log } from '../log.ts'
import type { PollerName } from '../loop/poller.ts'
import type { Counters } from '../server/counters.ts'

export interface Application {
  /** `veille` or `nginx`: the processes' titles begin with it, and so does what is written to a terminal. */
  readonly name: string
  readonly version: string
  /** The script that calls `runWorker(application)`, an absolute path. */
  readonly workerProgram: string
  /** Until the log of the configuration is open: the terminal. */
  readonly startLog: Log
  /** @param log what is wrong or doubtful is told there, every bit of it @returns null when it cannot be used */
  read(log: Log): LoadedConfiguration | null
  restore(snapshot: Snapshot): LoadedConfiguration
}

/** What JSON can carry from the master to a worker; the application alone knows what it means. */
export type Snapshot = unknown

export interface LoadedConfiguration {
  readonly settings: ProcessSettings
  readonly snapshot: Snapshot
  /** Makes the folders for temporary files, which a worker has no right to. @returns false when that fails, after telling `log` so */
  makeFolders(log: Log): boolean
  /** Opens all files of logs, error logs and access logs. @returns null when one cannot be opened, after telling `log` so */
  openLogs(log: Log): Logs | null
  serve(surroundings: Surroundings): Promise<Site>
}

/** The files of logs that a process holds open. */
export interface Logs {
  /** `error_log` of the main context. */
  readonly log: Log
  /** That log goes to the terminal: what is said at the start is not said there twice. */
  readonly isOnStderr: boolean
  /** The file that takes what a daemon would write to stderr; null: nothing does. */
  readonly stderrPath: string | null
  /**
   * Writes what is buffered, then opens all files anew by their paths.
   * @param owner who is to own them from now on: workers reopen without the master's rights; null: nobody new
   */
  reopen(owner: number | null): void
  /** Writes what is buffered; nothing is logged afterwards. */
  close(): void
  /** What is kept in memory only, as octets; '' for nothing. Also when they are closed. */
  memory(): string
}

export interface Surroundings {
  /** The process's own: non-blocking, closed on exec(3). The site closes them at its end, and removes no path. */
  readonly sockets: readonly ListeningSocket[]
  /** Of this process; and those of all processes, for whoever tells the sum. */
  readonly counters: Counters
  readonly allCounters: readonly Counters[]
  /** Counted from 0 among the workers of one configuration. */
  readonly workerIndex: number
  readonly logs: Logs
}

export interface ListeningSocket {
  /** Of its `ListenSpec`. */
  readonly key: string
  readonly fd: number
}

/** A configuration that serves. */
export interface Site {
  /**
   * Accepts no more, finishes what is being answered, closes what is idle.
   * @param graceMs what is open after it is cut; null: it may take as long as it takes
   */
  endGracefully(graceMs: number | null): Promise<void>
  /** Closes everything now; may be called while it ends gracefully. */
  endFast(): Promise<void>
}

/** What the main context of a configuration says about processes. All paths are absolute. */
export interface ProcessSettings {
  readonly daemon: boolean
  readonly masterProcess: boolean
  /** `auto` is a number here. */
  readonly workerProcesses: number
  /** null: workers keep the rights of the master. Without root's rights it is not looked at. */
  readonly user: WorkerUser | null
  /** null: none is written. Only a process without a master may do without. */
  readonly pidPath: string | null
  /** From -20 to 20; null: unchanged. */
  readonly workerPriority: number | null
  /** Numbers of processors: of the first worker, the second …; the last list holds for all that follow. Empty: unchanged. */
  readonly workerCpuAffinity: readonly (readonly number[])[]
  /** Descriptors; null: unchanged. */
  readonly workerRlimitNofile: number | null
  /** Bytes of a core file; null: unchanged. */
  readonly workerRlimitCore: number | null
  /** null: no limit. */
  readonly workerShutdownTimeoutMs: number | null
  readonly workingDirectory: string | null
  /** `env` directives, in order. */
  readonly environment: readonly EnvironmentRule[]
  readonly eventMethod: PollerName
  /** One per address. Where a wildcard takes the connections of other addresses too, only the wildcard stands here. */
  readonly listens: readonly ListenSpec[]
}

export interface WorkerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export interface EnvironmentRule {
  readonly name: string
  /** null: what the master was started with. */
  readonly value: string | null
}

export interface ListenSpec {
  /** The address as `formatAddress` writes it: sockets are known again by it over reloads and upgrades. */
  readonly key: string
  readonly address: Address
  readonly options: ListenOptions
}
