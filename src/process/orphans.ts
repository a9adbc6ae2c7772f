/**
 * Processes whose parent is gone.
 *
 *   killOrphans(pids, uid)      programs of a worker that was killed
 *   reapOrphans()               from now on, for the first process of a container
 *
 * That one inherits everybody whose parent is gone: heirs of programs, and programs that have made themselves daemons. When they end,
 * they stay as zombies until it reaps them, and Node waits for its own children only. Ours are told from them by their session: workers have that of this process, programs that still run for us are known.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { isChild } from '../io/children.ts'
import { SIGKILL } from '../sys/constants.ts'
import { kill, waitProcess } from '../sys/libc.ts'

export const FIRST_PROCESS = 1

/** Many may end at once, and nobody is in a hurry. */
const PAUSE_MS = 100

/**
 * Each with the process group that it leads.
 * @param uid only those of this user: the numbers come from a worker, which may have fewer rights than we
 */
export function killOrphans(pids: readonly number[], uid: number): void {
  for (const pid of pids) {
    const status = statusOf(pid)
    if (status !== null && status.session === pid && ownerOf(pid) === uid) kill(-pid, SIGKILL)
  }
}

export function reapOrphans(): void {
  const own = statusOf(process.pid)
  if (own === null) return
  let isAsked = false
  const reap = (): void => {
    isAsked = false
    for (const pid of zombiesOf(process.pid, own.session))
      waitProcess(pid, false, { code: null, signal: null })
  }
  process.on('SIGCHLD', () => {
    if (isAsked) return
    isAsked = true
    setTimeout(reap, PAUSE_MS)
  })
}

function zombiesOf(parent: number, ownSession: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter(pid => {
    const status = statusOf(pid)
    if (status === null || status.state !== 'Z' || status.parent !== parent) return false
    return status.session !== ownSession && !isChild(pid)
  })
}

/** @returns null for one that is no more */
function ownerOf(pid: number): number | null {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? null
}

interface Status {
  readonly state: string
  readonly parent: number
  readonly session: number
}

/** @returns null for one that is no more, or where proc(5) is not there */
function statusOf(pid: number): Status | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold anything, even ")".
    const [state = '', parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state, parent: Number(parent), session: Number(session) }
  } catch {
    return null
  }
}
