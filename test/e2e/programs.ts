/**
 * Programs that tests use and that a machine may lack: such a test is skipped with a word that says what to install, but in CI,
 * which installs what it needs, it fails.
 */

import { execFileSync } from 'node:child_process'

/** @returns false when the program is there, otherwise the word for `skip`; @throws in CI */
export function missing(program: string, install = program): string | false {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${program}`])
    return false
  } catch {
    const words = `${program} is not installed (apt-get install ${install})`
    if (process.env.CI === 'true') throw new Error(words)
    return words
  }
}
