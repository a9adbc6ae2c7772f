/**
 * What a server costs, read from /proc: CPU time and memory of a process and of all that descend from it.
 *
 *   processTree(pid)                the process and its descendants
 *   cpuMicros(pid)                  CPU time so far, all threads (proc(5), schedstat)
 *   coreMicros(core)                how long a core has been busy, whoever kept it so
 *   residentKb(pid)                 resident memory, counted by walking the pages
 *   cores(), pinSelf(), onCore()    the server on one core, the load on another
 *   descriptorLimit(), machine()    what the machine allows, and what it is
 *   median(values)
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'

export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = parentOf(Number(name))
    if (parent === null) continue
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [Number(name)])
    else siblings.push(Number(name))
  }
  const tree = [pid]
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i]!) ?? []))
  return tree
}

function parentOf(pid: number): number | null {
  const stat = readIfThere(`/proc/${pid}/stat`)
  // The second field, the name in parentheses, may hold anything, even ")"; the fourth is the parent.
  return stat === null ? null : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

/** Microseconds on a core, of all threads that live. Read while the server is idle, so that nothing is pending. */
export function cpuMicros(pid: number): number {
  let nanoseconds = 0
  for (const process of processTree(pid)) {
    for (const thread of threadsOf(process)) {
      const schedstat = readIfThere(`/proc/${process}/task/${thread}/schedstat`)
      if (schedstat !== null) nanoseconds += Number(schedstat.split(' ')[0])
    }
  }
  return nanoseconds / 1000
}

/** In steps of a hundredth of a second: what of /proc/stat is neither idle nor waiting for a disk nor stolen. */
export function coreMicros(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? ''
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = line.split(' ').map(Number)
  return (user + nice + system + interrupts + softInterrupts) * 10_000
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** From smaps_rollup: VmRSS of /proc/PID/status may be behind by some hundred KB since Linux 6.2. */
export function residentKb(pid: number): number {
  let sum = 0
  for (const process of processTree(pid)) {
    const rollup = readFileSync(`/proc/${process}/smaps_rollup`, 'latin1')
    sum += Number(/^Rss: +(\d+) kB/m.exec(rollup)?.[1])
  }
  return sum
}

/** `null` when the process or thread has ended in the meantime. */
function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}

export interface Cores {
  server: number
  load: number
}

/** The first two cores this process may use; `null` when there is only one, or no taskset(1). */
export function cores(): Cores | null {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? ''
  const allowed = list.split(',').flatMap(range => {
    const [first, last] = range.split('-').map(Number)
    return Array.from({ length: (last ?? first!) - first! + 1 }, (_, i) => first! + i)
  })
  const [server, load] = allowed
  if (server === undefined || load === undefined) return null
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
  } catch {
    return null
  }
  return { server, load }
}

/** The command so that it runs on one core; itself where nothing can be pinned. */
export function onCore(core: number | undefined, command: readonly string[]): string[] {
  return core === undefined ? [...command] : ['taskset', '-c', String(core), ...command]
}

/** The harness, and every load generator it starts, leave the server's core alone. */
export function pinSelf(core: number): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' })
}

/** The hard limit of open files: Node raises its own soft limit to it, and children inherit that. */
export function descriptorLimit(): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard)
}

export interface Machine {
  cpu: string
  cores: number
  memoryGb: number
  kernel: string
  node: string
}

export function machine(): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release().split('-')[0] ?? '',
    node: process.version,
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
