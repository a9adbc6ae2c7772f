/**
 * The folder that is to be served: it is there, and it is a folder.
 *
 *   findFolder('site')      its absolute path, or a `Mistake` that says what stands there and what was perhaps meant
 */

import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { basename, dirname, relative, resolve } from 'node:path'
import { didYouMean } from '../config/nearest.ts'
import { Mistake } from './mistake.ts'

/** @throws {Mistake} */
export function findFolder(name: string): string {
  const path = resolve(name)
  const kind = kindOf(path)
  if (kind === 'folder') return path
  if (kind === 'missing') throw new Mistake(`there is no folder "${name}"${hintForMissing(name, path)}`)
  if (kind === 'other') throw new Mistake(`"${name}" is a file${hintForFile(path)}`)
  throw new Mistake(`the folder "${name}" cannot be reached: ${kind.words}`)
}

type Kind = 'folder' | 'missing' | 'other' | { words: string }

/** A link counts as what it leads to. A folder that may be entered but not read can still be served, without lists. */
function kindOf(path: string): Kind {
  try {
    if (!statSync(path).isDirectory()) return 'other'
    accessSync(path, constants.X_OK)
    return 'folder'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing'
    return { words: code === 'EACCES' ? 'permission denied' : String(code) }
  }
}

function hintForMissing(name: string, path: string): string {
  if (/^\d+$/.test(name)) return `; a port is given as --port ${name}`
  const found = basename(path)
  return didYouMean(
    found,
    foldersIn(dirname(path)).filter(other => other !== found),
  )
}

/** Links may lead to folders; a broken one has the very name that was not found. */
function foldersIn(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    return entries.filter(entry => entry.isDirectory() || entry.isSymbolicLink()).map(entry => entry.name)
  } catch {
    return []
  }
}

function hintForFile(path: string): string {
  return `, and veille serves folders; to serve the one it is in: veille ${relative('.', dirname(path)) || '.'}`
}
