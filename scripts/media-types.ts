/**
 * Writes the table in src/http/media-types.ts from mime-db, which joins the lists of IANA, Apache and nginx.
 *
 *   chooseTypes(db)       one type per extension, by the rule below
 *   renderTable(types)    the table as source text, about 300 lines
 *   regenerate(source)    a source file with its table replaced; a test holds the committed file against it
 *
 * Run it as a program after an update of mime-db. The code around the table is not generated.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What is used of mime-db: type → who lists it, and for which extensions. */
export type MimeDb = Record<string, { source?: string; extensions?: readonly string[] }>

const require = createRequire(import.meta.url)
export const mimeDb: MimeDb = require('mime-db')
/** The file that holds the table, also when this program runs from dist/. */
export const TARGET = join(dirname(require.resolve('veille/package.json')), 'src/http/media-types.ts')

const BEGIN = '// The table is written by scripts/media-types.ts from mime-db.\n'
const END = '// End of the table.\n'
const LINE_WIDTH = 110

/**
 * Where several types claim an extension, the first in these orders gets it: who registered the type, then
 * what kind it is, then the alphabet.
 *
 * A kind that says how to show a file comes before `application` (mp4 is a video), which comes before `text`:
 * a text is sent with a charset, and xml and rtf say their own. Of two audible kinds, video can hold both.
 */
const SOURCES = ['iana', 'apache', 'nginx', undefined]
const KINDS = ['video', 'image', 'audio', 'font', 'model', 'application', 'text']

/** What we know better, or mime-db does not know. */
const OURS: Record<string, string> = {
  // IANA has .ts for MPEG transport streams. In a folder served from npm it is TypeScript, which is registered
  // nowhere; as plain text it is shown. Who streams HLS says `types { video/mp2t ts; }`, as with nginx.
  ts: 'text/plain',
  tsx: 'text/plain',
  mts: 'text/plain',
  cts: 'text/plain',
  // CommonJS: IANA's application/node is a type that a browser can only download.
  cjs: 'text/javascript',
  // Rust, and not the resource list services of RFC 4826. Then sources that nobody registered.
  rs: 'text/plain',
  go: 'text/plain',
  py: 'text/plain',
  rb: 'text/plain',
  diff: 'text/plain',
  patch: 'text/plain',
  // Registered since: RFC 9639, RFC 8878. mime-db has the types, but not the extensions.
  flac: 'audio/flac',
  zst: 'application/zstd',
  tgz: 'application/gzip',
  // Unregistered, but the name that browsers agree on; mime-db has three without a word on which.
  wav: 'audio/wav',
}

/** @returns extension → type. */
export function chooseTypes(db: MimeDb): Map<string, string> {
  const rank = (type: string) =>
    SOURCES.indexOf(db[type]?.source) * KINDS.length + Math.max(0, KINDS.indexOf(type.split('/')[0]!))
  const types = new Map<string, string>()
  for (const type of Object.keys(db).sort()) {
    for (const extension of db[type]?.extensions ?? []) {
      const rival = types.get(extension)
      if (rival === undefined || rank(type) < rank(rival)) types.set(extension, type)
    }
  }
  for (const [extension, type] of Object.entries(OURS)) types.set(extension, type)
  return types
}

/** Kind by kind, `subtype:extension,extension`; where the one extension is the subtype, `subtype` alone. */
export function renderTable(types: ReadonlyMap<string, string>): string {
  const kinds = new Map<string, Map<string, string[]>>()
  for (const [extension, type] of [...types].sort(byTypeThenExtension)) {
    const [kind = '', subtype = ''] = type.split('/')
    const subtypes = kinds.get(kind) ?? new Map<string, string[]>()
    kinds.set(kind, subtypes)
    subtypes.set(subtype, [...(subtypes.get(subtype) ?? []), extension])
  }
  let text = 'const TABLE = {\n'
  for (const [kind, subtypes] of kinds) {
    const words = Array.from(subtypes, ([subtype, extensions]) =>
      `${extensions}` === subtype ? subtype : `${subtype}:${extensions}`,
    )
    text += `  ${/^\w+$/.test(kind) ? kind : `'${kind}'`}: \`\n${wrapped(words)}\`,\n`
  }
  return `${text}}\n`
}

function byTypeThenExtension([a, typeOfA]: [string, string], [b, typeOfB]: [string, string]): number {
  if (typeOfA !== typeOfB) return typeOfA < typeOfB ? -1 : 1
  return a < b ? -1 : 1
}

function wrapped(words: readonly string[]): string {
  let text = ''
  let line = '   '
  for (const word of words) {
    if (line.length + 1 + word.length > LINE_WIDTH) {
      text += `${line}\n`
      line = '   '
    }
    line += ` ${word}`
  }
  return text + line
}

export function regenerate(source: string): string {
  const begin = source.indexOf(BEGIN)
  const end = source.indexOf(END)
  if (begin < 0 || end < begin) throw new Error('the lines around the table are missing')
  return source.slice(0, begin + BEGIN.length) + renderTable(chooseTypes(mimeDb)) + source.slice(end)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(TARGET, regenerate(readFileSync(TARGET, 'utf8')))
}
