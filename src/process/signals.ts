/**
 * Signals, and how the log tells of them.
 *
 *   onSignals({ SIGHUP: { action: 'reconfiguring', act() {…} }, … }, () => log)
 *   numberOf('SIGHUP')                                                     1
 *
 * Who has sent a signal is not told: Node does not pass on `si_pid`. nginx leaves it out as well when it does not know.
 *
 * SIGUSR1 is Node's own call for its debugger. A handler takes its place, but a signal that comes before opens the debugger's port:
 * `closeDebugger` closes it again. Processes that we start are told not to open it (`quietNodeOptions`); their Node then blocks
 * the signal for good, so whoever wants to hear it unblocks it. What had come before comes then.
 */

import { constants } from 'node:os'
import type { Log } from '../log.ts'
import { unblockSignal } from '../sys/libc.ts'

export interface Reaction {
  /** `reconfiguring`; '' when the line ends before it. */
  readonly action: string | (() => string)
  act(): void
}

export type Reactions = { readonly [signal in NodeJS.Signals]?: Reaction }

/** Nothing happens, and the log says so; without a handler most signals would end the process. */
export const IGNORED: Reaction = { action: 'ignoring', act() {} }

/** @param log the one that is open when the signal comes */
export function onSignals(reactions: Reactions, log: () => Log): void {
  // A file beyond `ulimit -f` is refused (EFBIG) and told where it is written; by itself, the signal would end the process (setrlimit(2)).
  process.on('SIGXFSZ', () => {})
  for (const [name, { action, act }] of Object.entries(reactions)) {
    const signal = name as NodeJS.Signals
    process.on(signal, () => {
      const words = typeof action === 'string' ? action : action()
      log().notice(`signal ${numberOf(signal)} (${signal}) received${words === '' ? '' : `, ${words}`}`)
      act()
    })
  }
  if (reactions.SIGUSR1 === undefined) return
  unblockSignal(numberOf('SIGUSR1'))
  void closeDebugger()
}

export function numberOf(signal: NodeJS.Signals): number {
  return constants.signals[signal]
}

/** So many turns of libuv see both starts. */
const TURNS = 3

/** Unless somebody has asked for it on the command line. */
async function closeDebugger(): Promise<void> {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? '']
  if (!process.features.inspector || options.some(option => option.includes('--inspect'))) return
  const { default: inspector } = await import('node:inspector')
  // Node 22 and later start it twice: from an interrupt, and again from libuv's turn if it has been closed until then.
  for (let turn = 0; turn < TURNS; turn++) {
    if (inspector.url() !== undefined) inspector.close()
    await new Promise(resolve => setImmediate(resolve))
  }
}

const NO_DEBUGGER = '--disable-sigusr1'

/** @returns options for the Node of a child: this process's own, and that SIGUSR1 opens no debugger */
export function quietNodeOptions(): string[] {
  const own = process.execArgv
  return process.allowedNodeEnvironmentFlags.has(NO_DEBUGGER) && !own.includes(NO_DEBUGGER)
    ? [...own, NO_DEBUGGER]
    : [...own]
}
