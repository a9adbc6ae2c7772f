/**
 * What the master and a worker say to each other, over the channel of child_process.
 *
 *   master → worker     Start, once; then commands
 *   worker → master     'ready', when it accepts connections
 *
 * Commands come as messages rather than as signals: one that is sent while the worker still starts is not lost, and does not end it.
 * What happens to a worker is known by its end; signals that a person sends to it are heard as well (`worker.ts`).
 */

import type { Snapshot } from './application.ts'

/** Descriptors are those of the worker: its stdio is 0 to 2, the channel 3. */
export interface Start {
  readonly snapshot: Snapshot
  readonly workerIndex: number
  readonly sockets: readonly { readonly key: string; readonly fd: number }[]
  readonly counters: { readonly fd: number; readonly sizeBytes: number; readonly row: number }
  readonly isDaemon: boolean
}

export type Command = 'quit' | 'terminate' | 'reopen'

export type ToWorker = { readonly start: Start } | Command
export type ToMaster = 'ready'

/** The first descriptor behind stdio and the channel. */
export const FIRST_INHERITED = 4
