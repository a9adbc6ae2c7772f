/**
 * What Linux tells of the server's process, where it runs on this machine (proc(5)).
 *
 *   processFacts(pid)     null where it cannot be read: another machine, another user, no such process
 */

import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessFacts {
  readonly descriptors: number
  readonly rssBytes: number
  /** Of this process, not of its children. */
  readonly cpuMs: number
  /** All of them, with those that have ended. */
  readonly children: number
  /** Children that have ended and were not waited for (wait(2)). */
  readonly zombies: number
}

/** In clock ticks of 10 ms: USER_HZ is 100 on every Linux. */
const TICK_MS = 10

export function processFacts(pid: number): ProcessFacts | null {
  try {
    const stat = statOf(pid)
    const children = childrenOf(pid)
    const rss = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return {
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      rssBytes: Number(rss?.[1] ?? 0) * 1024,
      cpuMs: (Number(stat[11]) + Number(stat[12])) * TICK_MS,
      children: children.length,
      zombies: children.filter(isZombie).length,
    }
  } catch {
    return null
  }
}

/** The fields behind the name, which may hold blanks and parentheses: the state is the first. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(thread => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
    return text
      .split(' ')
      .filter(one => one !== '')
      .map(Number)
  })
}

function isZombie(pid: number): boolean {
  try {
    return statOf(pid)[0] === 'Z'
  } catch {
    return false
  }
}
