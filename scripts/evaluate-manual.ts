/**
 * Writes the tables of docs/evaluate.md, of words and of points, into it. A test holds the committed file against it.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { wordTable } from '../src/evaluate/directives.ts'
import { pointTable } from '../src/evaluate/points/index.ts'

const path = join(dirname(createRequire(import.meta.url).resolve('veille/package.json')), 'docs/evaluate.md')
const text = readFileSync(path, 'utf8')
const withWords = text.replace(/^\| line \| meaning \|\n(\|.*\n)*/m, () => wordTable())
writeFileSync(
  path,
  withWords.replace(/^### [\s\S]*?(?=<!-- end of points -->)/m, () => pointTable()),
)
