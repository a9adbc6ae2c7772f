/**
 * Writes docs/directives.md from the tables of directives. A test holds the committed file against it.
 */

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { directivesManual } from '../src/site/manual.ts'

const root = dirname(createRequire(import.meta.url).resolve('veille/package.json'))
writeFileSync(join(root, 'docs/directives.md'), directivesManual())
