/**
 * The version of this package, and what it found to run on.
 *
 *   packageVersion()      '0.1.0'
 *   versionText()         for `veille --version`: two lines
 */

import { createRequire } from 'node:module'
import { release } from 'node:os'

/** The package asks for itself by name, so it does not matter whether sources or compiled files run. */
export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('veille/package.json') as { version: string }
  return version
}

export function versionText(): string {
  const { node, uv } = process.versions
  const found = `Node ${node}, libuv ${uv}, epoll, Linux ${release()} on ${process.arch}`
  return `veille ${packageVersion()}\n${found}\n`
}
