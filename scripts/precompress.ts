/**
 * Writes compressed neighbours of files, which the server sends to clients that accept their coding:
 *
 *   npm run build && node dist/scripts/precompress.js examples/site/style.css
 *
 * `style.css` then has `style.css.br` and `style.css.gz` beside it. A neighbour that would not be smaller than the
 * file is not kept. No `.zst`: zlib has zstd only since Node 22.15, and this must give the same on every version.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const CODINGS = [
  { ending: '.br', compress: brotli },
  { ending: '.gz', compress: (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }) },
] as const

/** The strongest setting; it is slow, and done once. The size is a hint that saves a few bytes more. */
function brotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}

/** @returns the paths of the neighbours that were written; those that would not help are removed. */
export function precompress(path: string): string[] {
  const bytes = readFileSync(path)
  const written: string[] = []
  for (const { ending, compress } of CODINGS) {
    const compressed = compress(bytes)
    if (compressed.length >= bytes.length) {
      rmSync(path + ending, { force: true })
      continue
    }
    writeFileSync(path + ending, compressed)
    written.push(path + ending)
  }
  return written
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  for (const path of argv.slice(2)) {
    for (const neighbour of precompress(path)) console.log(neighbour)
  }
}
