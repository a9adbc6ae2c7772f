/**
 * The arrows of ARCHITECTURE.md hold: what a folder imports stands in the table there, which this test reads, so that the document
 * cannot go stale. Tests beside the sources are free.
 */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const TOP = fileURLToPath(new URL('../../', import.meta.url))
const SOURCES = join(TOP, 'src')

interface Import {
  /** Relative to src/, `io/file.ts`. */
  readonly from: string
  /** Relative to src/ too; or as written, for what is no file of ours. */
  readonly to: string
  /** The line it stands on, for the message. */
  readonly words: string
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'` and `import('x')`. */
const IMPORT =
  /^(?:import|export)\b[^'"`;]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SOURCES, file), 'utf8')
  return [...text.matchAll(IMPORT)].map(([words, a, b, c]) => {
    const written = (a ?? b ?? c)!
    const to = written.startsWith('.') ? relative(SOURCES, join(SOURCES, dirname(file), written)) : written
    return { from: file, to, words: words.replace(/\s+/g, ' ') }
  })
}

const files = (readdirSync(SOURCES, { recursive: true }) as string[]).filter(
  name => name.endsWith('.ts') && !name.endsWith('.test.ts'),
)
const imports = files.flatMap(importsOf)

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : ''
}

/** The rows of the table below the heading "The arrows": a folder, and what it may import: folders, or files at the top of src/. */
function readArrows(): Map<string, string[]> {
  const text = readFileSync(join(TOP, 'ARCHITECTURE.md'), 'utf8')
  const section = text.split(/^## /m).find(part => part.startsWith('The arrows\n')) ?? ''
  const rows = [...section.matchAll(/^\|(.*)\|(.*)\|$/gm)].map(([, left, right]) => [left!, right!] as const)
  const named = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
  return new Map(rows.flatMap(([left, right]) => named(left).map(folder => [folder, named(right)] as const)))
}

function listed(wrong: readonly Import[]): string[] {
  return wrong.map(({ from, words }) => `src/${from}: ${words}`)
}

test('the sources and the table are there', () => {
  assert.ok(files.length > 30)
  assert.ok(imports.length > 100)
  assert.ok(readArrows().size >= 6)
})

test('a folder imports what the table of ARCHITECTURE.md lets it import', () => {
  const arrows = readArrows()
  const wrong = imports.filter(({ from, to }) => {
    const [here, there] = [folderOf(from), folderOf(to)]
    // `main.ts` and `index.ts` put everything together; `log.ts` and `errno.ts` may be imported by all.
    if (here === '' || here === there || !files.includes(to)) return false
    return !['log.ts', 'errno.ts', ...(arrows.get(here) ?? [])].includes(there === '' ? to : there)
  })
  assert.deepEqual(listed(wrong), [])
})

test('every folder of src/ has its row', () => {
  const folders = new Set(files.map(folderOf).filter(folder => folder !== ''))
  assert.deepEqual(
    [...folders].filter(folder => !readArrows().has(folder)),
    [],
  )
})

test('every import of a file of ours leads to one', () => {
  const wrong = imports.filter(({ to }) => to.endsWith('.ts') && !files.includes(to))
  assert.deepEqual(listed(wrong), [])
})

test('native code has one door', () => {
  const wrong = imports.filter(({ from, to }) => /koffi|node:ffi/.test(to) && from !== 'sys/ffi.ts')
  assert.deepEqual(listed(wrong), [])
})

test("sockets are ours: Node's are used nowhere but by the examiner, who shall have nothing in common with the server", () => {
  const network = /^(node:)?(net|http|https|http2|tls|dgram)$/
  const wrong = imports.filter(({ from, to, words }) => {
    if (!network.test(to) || folderOf(from) === '' || from === 'evaluate/conversation.ts') return false
    // What tells an address from a name opens no socket.
    return !/^import \{ (isIP(v4|v6)?(, )?)+ \} from 'node:net'$/.test(words)
  })
  assert.deepEqual(listed(wrong), [])
})

test('the languages are pure: no module of Node, no package', () => {
  const wrong = imports.filter(
    ({ from, to }) => /^(http|config)$/.test(folderOf(from)) && !files.includes(to),
  )
  assert.deepEqual(listed(wrong), [])
})

test('the system is played in tests only', () => {
  assert.deepEqual(listed(imports.filter(({ to }) => to === 'sys/scripted.ts')), [])
})
