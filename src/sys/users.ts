/**
 * Users and groups of the system by name: whatever passwd(5), LDAP or another source of nsswitch.conf(5) knows.
 *
 *   userOf('nobody')       { uid: 65534, gid: 65534 }
 *   groupOf('nogroup')     65534
 *
 * Both give null for a name that nobody knows. They may read files or ask a server: for start-up only.
 */

import { GROUP, PASSWD } from './constants.ts'
import { bind, memoryAt } from './ffi.ts'

export interface UserIds {
  readonly uid: number
  /** The user's first group. */
  readonly gid: number
}

const getpwnam = bind<(name: string) => number>('int64_t getpwnam(const char *name)')
const getgrnam = bind<(name: string) => number>('int64_t getgrnam(const char *name)')

/** @see getpwnam(3) */
export function userOf(name: string): UserIds | null {
  const address = getpwnam(name)
  if (address === 0) return null
  const entry = new DataView(memoryAt(address, PASSWD.sizeBytes))
  return { uid: entry.getUint32(PASSWD.uid, true), gid: entry.getUint32(PASSWD.gid, true) }
}

/** @see getgrnam(3) */
export function groupOf(name: string): number | null {
  const address = getgrnam(name)
  if (address === 0) return null
  return new DataView(memoryAt(address, GROUP.sizeBytes)).getUint32(GROUP.gid, true)
}
