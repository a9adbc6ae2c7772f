/** Neighbours decompress to their file; those of the example site are not stale. */

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { precompress } from './precompress.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'veille-precompress-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

function assertNeighboursMatch(path: string): void {
  const bytes = readFileSync(path)
  assert.deepEqual(brotliDecompressSync(readFileSync(`${path}.br`)), bytes)
  assert.deepEqual(gunzipSync(readFileSync(`${path}.gz`)), bytes)
}

test('a text gets both neighbours, smaller than itself and with the same content', t => {
  const path = join(folder(t), 'a.txt')
  writeFileSync(path, 'a watch kept\n'.repeat(1000))
  assert.deepEqual(precompress(path), [`${path}.br`, `${path}.gz`])
  assertNeighboursMatch(path)
})

test('a file that does not become smaller gets none, and an old one is removed', t => {
  const path = join(folder(t), 'empty')
  writeFileSync(path, '')
  writeFileSync(`${path}.gz`, 'stale')
  assert.deepEqual(precompress(path), [])
  assert.equal(existsSync(`${path}.gz`), false)
})

test('the neighbours of the example site were made from the style sheet as it is', () => {
  // From dist/scripts/ up to the repository.
  assertNeighboursMatch(fileURLToPath(new URL('../../examples/site/style.css', import.meta.url)))
})
