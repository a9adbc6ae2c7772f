/**
 * The site of the acceptance case, made on the fly: folders, the CGI program, and the configuration of acceptance.conf.
 *
 *   const site = makeSite(folder, { port, poller, isStrict, program })
 *   site.configuration, site.uploads
 */

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PollerName } from '../../src/loop/poller.ts'

export const FRONT_PAGE = 'This is the front page.\n'
export const INDEX = 'The index of the folder, with an extension that says nothing.\n'
export const NOP_INDEX = 'The index of the folder nop.\n'
export const OTHER = 'Another file.\n'
export const NOT_HAPPY = 'A file in a folder that has no index.\n'

const FILES: Readonly<Record<string, string>> = {
  'front/index.html': FRONT_PAGE,
  'banana/youpi.bad_extension': INDEX,
  'banana/youpi.bla': 'not a program\n',
  'banana/nop/youpi.bad_extension': NOP_INDEX,
  'banana/nop/other.pouic': OTHER,
  'banana/Yeah/not_happy.bad_extension': NOT_HAPPY,
}

/** `sh` is everywhere; `c` is faster, and needs a compiler. */
export type Program = 'sh' | 'c'

export interface Options {
  readonly port: number
  readonly poller: PollerName
  /** Whether `strict_readiness` is on. */
  readonly isStrict: boolean
  readonly program: Program
}

export interface Site {
  /** The path of its file. */
  readonly configuration: string
  readonly uploads: string
}

/** Beside the sources: the compiler copies none of these. */
function source(name: string): string {
  return fileURLToPath(new URL(`../../../test/acceptance/${name}`, import.meta.url))
}

export function makeSite(folder: string, options: Options): Site {
  const uploads = join(folder, 'uploads')
  mkdirSync(uploads)
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  makeProgram(join(folder, 'upper'), options.program)
  const { port, poller, isStrict } = options
  const words: Record<string, string | number> = { port, poller, folder, strict: isStrict ? 'on' : 'off' }
  const template = readFileSync(source('acceptance.conf'), 'utf8')
  const configuration = join(folder, 'acceptance.conf')
  writeFileSync(
    configuration,
    template.replaceAll(/\{\{(\w+)\}\}/g, (whole, name) => String(words[name] ?? whole)),
  )
  return { configuration, uploads }
}

function makeProgram(path: string, program: Program): void {
  if (program === 'c') execFileSync('cc', ['-O2', '-o', path, source('upper.c')])
  else copyFileSync(source('upper.sh'), path)
  chmodSync(path, 0o755)
}
