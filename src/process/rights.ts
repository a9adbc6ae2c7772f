/**
 * A worker becomes what the configuration wants it to be: its priority, limits, user, processors and folder.
 *
 *   giveUpRights(settings, workerIndex, log)      false when the worker must not serve like this: it ends with FATAL
 *
 * The order is nginx's: what needs root's rights comes before them being given up. The C library gives a new user to all threads
 * (nptl(7)); priority and processors belong to single threads on Linux, so they are set for each that V8 and libuv have started.
 */

import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'
import { errnoForLog } from '../errno.ts'
import type { Log } from '../log.ts'
import { PR_SET_DUMPABLE, RLIMIT_CORE, RLIMIT_NOFILE } from '../sys/constants.ts'
import { prctl, prlimit, schedSetaffinity } from '../sys/libc.ts'
import type { ProcessSettings, WorkerUser } from './application.ts'

/** The exit code of a worker that would end again at once: the master starts no other in its place. */
export const FATAL = 2

/** setpriority(2) knows none beyond. */
const LOWEST_PRIORITY = 19

export function giveUpRights(settings: ProcessSettings, workerIndex: number, log: Log): boolean {
  if (settings.workerPriority !== null) setPriorityOfThreads(settings.workerPriority, log)
  setLimit('RLIMIT_NOFILE', RLIMIT_NOFILE, settings.workerRlimitNofile, log)
  setLimit('RLIMIT_CORE', RLIMIT_CORE, settings.workerRlimitCore, log)
  if (settings.user !== null && process.geteuid?.() === 0 && !becomeUser(settings.user, log)) return false
  const { workerCpuAffinity } = settings
  const processors = workerCpuAffinity[Math.min(workerIndex, workerCpuAffinity.length - 1)]
  if (processors !== undefined) bindToProcessors(processors, log)
  // A change of user has made /proc/self root's, and forbidden core files (prctl(2)).
  prctl(PR_SET_DUMPABLE, 1)
  return settings.workingDirectory === null || enter(settings.workingDirectory, log)
}

function threads(): number[] {
  return readdirSync('/proc/self/task').map(Number)
}

function setPriorityOfThreads(priority: number, log: Log): void {
  try {
    for (const tid of threads()) setPriority(tid, Math.min(priority, LOWEST_PRIORITY))
  } catch (error) {
    log.alert(`setpriority(${priority}) failed ${reasonOf(error)}`)
  }
}

function setLimit(name: string, resource: number, limit: number | null, log: Log): void {
  if (limit === null) return
  const failed = prlimit(resource, new BigUint64Array([BigInt(limit), BigInt(limit)]), null)
  if (failed < 0) log.alert(`setrlimit(${name}, ${limit}) failed ${errnoForLog(failed)}`)
}

function becomeUser({ name, uid, gid }: WorkerUser, log: Log): boolean {
  const steps: [words: string, step: () => void][] = [
    [`setgid(${gid})`, () => process.setgid?.(gid)],
    [`initgroups(${name}, ${gid})`, () => initgroups(name, gid)],
    [`setuid(${uid})`, () => process.setuid?.(uid)],
  ]
  for (const [words, step] of steps) {
    try {
      step()
    } catch (error) {
      log.emerg(`${words} failed ${reasonOf(error)}`)
      return false
    }
  }
  return true
}

/** Node has it; its types for version 20 do not. */
function initgroups(name: string, gid: number): void {
  ;(process as { initgroups?: (user: string, group: number) => void }).initgroups?.(name, gid)
}

function bindToProcessors(processors: readonly number[], log: Log): void {
  const mask = Buffer.alloc(8 * Math.ceil((Math.max(...processors) + 1) / 64))
  for (const processor of processors) mask[processor >> 3]! |= 1 << (processor & 7)
  for (const tid of threads()) {
    const failed = schedSetaffinity(tid, mask)
    if (failed >= 0) continue
    log.alert(`sched_setaffinity() failed ${errnoForLog(failed)}`)
    return
  }
}

function enter(directory: string, log: Log): boolean {
  try {
    process.chdir(directory)
    return true
  } catch (error) {
    log.alert(`chdir("${directory}") failed ${reasonOf(error)}`)
    return false
  }
}

function reasonOf(error: unknown): string {
  const { errno, message, info } = error as NodeJS.ErrnoException & { info?: { errno?: number } }
  const number = errno ?? info?.errno
  return number === undefined ? `(${message})` : errnoForLog(number)
}
