/**
 * The environment of a worker: what the configuration's `env` names, and TZ; nothing else reaches what the worker starts.
 *
 *   keepEnvironment(rules, process.env)
 *
 * The worker itself is started with all that the master was started with, as a forked one would be: Node reads NODE_OPTIONS, the
 * dynamic linker LD_LIBRARY_PATH. Only what belongs to the master alone is kept from it (`withoutMasters`).
 */

import type { EnvironmentRule } from './application.ts'

/** nginx keeps it unasked: the C library may read it at any time. */
const ALWAYS_KEPT: EnvironmentRule = { name: 'TZ', value: null }

export function keepEnvironment(rules: readonly EnvironmentRule[], env: NodeJS.ProcessEnv): void {
  const before = { ...env }
  const kept = new Map([ALWAYS_KEPT, ...rules].map(({ name, value }) => [name, value ?? before[name]]))
  for (const name of Object.keys(before)) if (kept.get(name) === undefined) delete env[name]
  for (const [name, value] of kept) if (value !== undefined) env[name] = value
}

/** Between a master and its service manager, or the master before it. */
const MASTERS = [
  'NGINX',
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_FDNAMES',
]

export function withoutMasters(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const rest = { ...env }
  for (const name of MASTERS) delete rest[name]
  return rest
}
