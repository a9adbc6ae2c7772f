/**
 * What the processes of a server hold, by /proc: the server itself and its workers, without the programs that it runs.
 *
 *   serverPids(pid)         the process and those of its descendants that run the same executable
 *   peakBytes(pid)          the sum of the most that each has ever had in memory (VmHWM, proc(5))
 *   descriptorsOf(pid)      how many they have open
 *   programsOf(pid)         how many processes descend from it that are something else, dead ones that nobody waited for included
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { processTree } from '../../bench/measure.ts'

export function serverPids(pid: number): number[] {
  const executable = executableOf(pid)
  return processTree(pid).filter(one => executable !== null && executableOf(one) === executable)
}

export function peakBytes(pid: number): number {
  return serverPids(pid).reduce((sum, one) => sum + peakOf(one), 0)
}

export function descriptorsOf(pid: number): number {
  return serverPids(pid).reduce((sum, one) => sum + readdirSync(`/proc/${one}/fd`).length, 0)
}

export function programsOf(pid: number): number {
  return processTree(pid).length - serverPids(pid).length
}

function executableOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    // Over, or a zombie.
    return null
  }
}

function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}
