/**
 * The files of a configuration: from the disk, with a memory of what was read, or from that memory.
 *
 *   const disk = new DiskFiles()         reads
 *   disk.snapshot                        all that it was asked for, and what it answered: as JSON can carry it
 *   new SnapshotFiles(snapshot)          answers the same again, though the files may have changed since
 *
 * So a worker that is started later, to replace another, works by the very configuration that its master has checked.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { Files } from '../config/parser.ts'
import { errnoForLog } from '../errno.ts'

export interface FilesSnapshot {
  readonly texts: Readonly<Record<string, string>>
  readonly globs: Readonly<Record<string, readonly string[]>>
}

export class DiskFiles implements Files {
  readonly snapshot = { texts: {} as Record<string, string>, globs: {} as Record<string, string[]> }

  read(path: string): { readonly text: string } | { readonly problem: string } {
    try {
      if (statSync(path).isDirectory()) return { problem: `read() "${path}" failed (21: Is a directory)` }
      const text = readFileSync(path, 'utf8')
      this.snapshot.texts[path] = text
      return { text }
    } catch (error) {
      const errno = -((error as NodeJS.ErrnoException).errno ?? 0)
      return { problem: `open() "${path}" failed ${errnoForLog(errno)}` }
    }
  }

  glob(pattern: string): string[] {
    const found = glob(pattern)
    this.snapshot.globs[pattern] = found
    return found
  }
}

export class SnapshotFiles implements Files {
  private readonly snapshot: FilesSnapshot

  constructor(snapshot: FilesSnapshot) {
    this.snapshot = snapshot
  }

  read(path: string): { readonly text: string } | { readonly problem: string } {
    const text = this.snapshot.texts[path]
    return text === undefined
      ? { problem: `open() "${path}" failed (2: No such file or directory)` }
      : { text }
  }

  glob(pattern: string): string[] {
    return [...(this.snapshot.globs[pattern] ?? [])]
  }
}

/**
 * As glob(3), for absolute patterns: `*`, `?` and `[…]` within a segment, a leading dot only when it is written.
 * @returns what is there, sorted
 */
export function glob(pattern: string): string[] {
  let found = ['']
  for (const segment of pattern.split('/').filter(one => one !== '')) {
    found = found.flatMap(folder => matchesIn(folder, segment))
  }
  return found.sort()
}

function matchesIn(folder: string, segment: string): string[] {
  if (!/[*?[]/.test(segment)) {
    const path = `${folder}/${segment.replace(/\\(.)/g, '$1')}`
    return isThere(path) ? [path] : []
  }
  try {
    const regex = segmentRegex(segment)
    const names = readdirSync(folder === '' ? '/' : folder)
    return names
      .filter(name => regex.test(name) && (segment.startsWith('.') || !name.startsWith('.')))
      .map(name => `${folder}/${name}`)
  } catch {
    return []
  }
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** A set, perhaps negated: a "]" that comes first is one of its members. A character that is meant; a wildcard; another sign. */
const PIECE = /\[([!^]?)(\]?(?:\[:\w+:\]|[^\]])+)\]|\\(.)|[*?]|[.+^${}()|[\]\\]/g

/** @throws where a range in brackets is none, such as `[z-a]`: nothing matches it */
function segmentRegex(segment: string): RegExp {
  const source = segment.replace(PIECE, (all, not, set, meant) => {
    if (set !== undefined) return `[${not === '' ? '' : '^'}${setSource(set)}]`
    if (meant !== undefined) return meant.replace(/[^\w]/g, '\\$&')
    if (all === '*') return '.*'
    return all === '?' ? '.' : `\\${all}`
  })
  return new RegExp(`^${source}$`, 's')
}

/** As they are in the locale "C", which is nginx's. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  xdigit: 'A-Fa-f0-9',
}

function setSource(set: string): string {
  return set.replace(/\[:(\w+):\]|[\\^\][]/g, (sign, name) =>
    name === undefined ? `\\${sign}` : (CLASSES[name] ?? ''),
  )
}
