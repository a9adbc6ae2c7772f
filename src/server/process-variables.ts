/**
 * Variables that are about no request: the time, this process, this program.
 *
 *   PROCESS_ROWS         for `core-variables.ts`
 *   NGINX_VERSION        whose language we speak
 */

import { createRequire } from 'node:module'
import { hostname } from 'node:os'
import { commonLogTime, epochSeconds, isoTime } from '../io/log-time.ts'
import type { VariableRow } from './variables.ts'

export const NGINX_VERSION = '1.31.5'

let machine: string | null = null

/** As it was when somebody first asked: nginx looks once as well. */
function machineName(): string {
  machine ??= hostname().toLowerCase()
  return machine
}

let ownVersion: string | null = null

/** The package asks for itself by name, so it does not matter whether sources or compiled files run. */
export function packageVersion(): string {
  ownVersion ??= (createRequire(import.meta.url)('veille/package.json') as { version: string }).version
  return ownVersion
}

export const PROCESS_ROWS: readonly VariableRow[] = [
  {
    name: 'msec',
    doc: 'The time: seconds since 1970, with milliseconds.',
    get: () => epochSeconds(Date.now()),
  },
  {
    name: 'time_local',
    doc: 'The time in the zone of this machine, as common logs have it: `23/Nov/2026:14:03:07 +0100`.',
    get: () => commonLogTime(Date.now()),
  },
  {
    name: 'time_iso8601',
    doc: 'The time in the zone of this machine, as ISO 8601 has it: `2026-11-23T14:03:07+01:00`.',
    get: () => isoTime(Date.now()),
  },
  { name: 'hostname', doc: 'The name of this machine, in lower case.', get: machineName },
  {
    name: 'pid',
    doc: 'The number of the process that answers: of the worker.',
    get: () => String(process.pid),
  },
  {
    name: 'nginx_version',
    doc: 'The version of nginx whose configuration language this is, for files that look at it.',
    get: () => NGINX_VERSION,
  },
  {
    name: 'veille_version',
    doc: 'The version of veille. nginx does not have this variable.',
    get: packageVersion,
  },
]
