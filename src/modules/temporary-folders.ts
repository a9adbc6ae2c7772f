/**
 * The folders for temporary files that a configuration has, so that they can be made before it is served.
 *
 *   temporaryFoldersOf(site).at(path, levels)     the folder of this path, the same one for all who name it
 *   temporaryFoldersOf(site).standard(site, name) the same for the path that holds where nothing is said
 *   folders.make(uid)                             null, or what has failed
 *
 *   temporaryPathRow(common)                      a directive `…_temp_path path [level1 [level2 [level3]]]`
 */

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Call, custom, type Row } from '../config/directive.ts'
import { type FolderFailure, TemporaryFolder } from '../io/temporary-folder.ts'
import type { SiteContext } from '../server/feature.ts'

export interface TemporaryPath {
  /** Absolute. */
  readonly path: string
  readonly levels: readonly number[]
}

export class TemporaryFolders {
  private readonly byPath = new Map<string, TemporaryFolder>()
  /** Whose parents are made too: the operator has not named them. */
  private readonly standards = new Set<TemporaryFolder>()

  /** Who says other levels than the first gets the folder of the first; `checkLevels` has reported it. */
  at({ path, levels }: TemporaryPath): TemporaryFolder {
    const known = this.byPath.get(path)
    if (known !== undefined) return known
    const folder = new TemporaryFolder(path, levels)
    this.byPath.set(path, folder)
    return folder
  }

  /** @param name `client_body_temp`, below where this installation has such folders */
  standard(
    { surroundings: { prefix, temporaryPrefix = prefix } }: SiteContext,
    name: string,
  ): TemporaryFolder {
    const folder = this.at({ path: temporaryPrefix + name, levels: [] })
    this.standards.add(folder)
    return folder
  }

  /** @param uid who is to own them; null: whoever makes them */
  make(uid: number | null): FolderFailure | null {
    for (const folder of this.byPath.values()) {
      if (this.standards.has(folder)) makeParents(folder.path)
      const failure = folder.make(uid)
      if (failure !== null) return failure
    }
    return null
  }
}

/** What goes wrong is told by the making of the folder itself. */
function makeParents(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch {}
}

export function temporaryFoldersOf(site: SiteContext): TemporaryFolders {
  return site.shared('temporary folders', () => new TemporaryFolders())
}

interface TemporaryRow {
  readonly in: readonly string[]
  readonly default: string
  readonly doc: string
}

export function temporaryPathRow(common: TemporaryRow): Row<TemporaryPath | null> {
  return custom<TemporaryPath | null>({
    ...common,
    initial: null,
    syntax: 'path [level1 [level2 [level3]]]',
    takes: [1, 4],
    read: readTemporaryPath,
  })
}

/** Of the ten digits of a name, each level takes some. */
function readTemporaryPath(call: Call): TemporaryPath | undefined {
  const levels: number[] = []
  for (let i = 1; i < call.args.length; i++) {
    const text = call.text(i)
    if (!/^[1-9]$/.test(text)) {
      return call.fail(
        i,
        `"${call.name}" directive invalid value`,
        'a level is a number from 1: how many of the ten digits of a name its folders have',
      )
    }
    levels.push(Number(text))
  }
  return { path: call.path(0).replace(/(?<=.)\/+$/, ''), levels }
}
