/**
 * Folders to be served, made for one test and removed after it.
 *
 *   const root = makeSite({ 'hello.txt': 'Hello, world!', 'sub/': '' })   the path of the folder
 *   sparseFile(root, 'large', bytes)                                      one more file, of zeros
 *   removeSite(root)
 *   MODIFIED                                                              when all its files were modified
 */

import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export const MODIFIED = new Date('2026-01-02T03:04:05Z')

/** @param files contents by name; a name that ends in a slash is a directory */
export function makeSite(files: Readonly<Record<string, string | Buffer>>): string {
  const root = mkdtempSync(join(tmpdir(), 'veille-site-'))
  for (const [name, content] of Object.entries(files)) {
    const place = join(root, name)
    mkdirSync(name.endsWith('/') ? place : dirname(place), { recursive: true })
    if (name.endsWith('/')) continue
    writeFileSync(place, content)
    utimesSync(place, MODIFIED, MODIFIED)
  }
  return root
}

/** A file of zeros that takes no room on the disk. */
export function sparseFile(root: string, name: string, sizeBytes: number): void {
  writeFileSync(join(root, name), '')
  truncateSync(join(root, name), sizeBytes)
}

export function removeSite(root: string): void {
  rmSync(root, { recursive: true, force: true })
}
