/**
 * Writes docs/command.md from the table of options. A test holds the committed file against it.
 */

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { manual } from '../src/command/manual.ts'

const root = dirname(createRequire(import.meta.url).resolve('veille/package.json'))
writeFileSync(join(root, 'docs/command.md'), manual())
