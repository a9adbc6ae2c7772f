/**
 * Writes docs/variables.md from the tables of variables. A test holds the committed file against it.
 */

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { variablesManual } from '../src/command/variables-manual.ts'

const root = dirname(createRequire(import.meta.url).resolve('veille/package.json'))
writeFileSync(join(root, 'docs/variables.md'), variablesManual())
