/** What docs/cgi.md shows is so: its configurations are accepted, and its program answers. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FEATURES } from '../src/modules/features.ts'
import { DiskFiles } from '../src/site/files.ts'
import { layoutBelow } from '../src/site/layout.ts'
import { readConfiguration } from '../src/site/reading.ts'
import { missing } from './e2e/programs.ts'

const GUIDE = readFileSync(fileURLToPath(new URL('../../docs/cgi.md', import.meta.url)), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'veille-cgi-guide-'))
after(() => rmSync(folder, { recursive: true }))

function blocks(language: string): string[] {
  return [...GUIDE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(match => match[1]!)
}

describe('the guide to CGI', () => {
  for (const [i, text] of blocks('nginx').entries()) {
    it(`has a configuration that is right: number ${i + 1}`, () => {
      const path = join(folder, 'site.conf')
      writeFileSync(path, text)
      const layout = layoutBelow(folder)
      const { problems } = readConfiguration(
        { layout, configurationPath: path, globals: null, isForeground: true },
        new DiskFiles(),
      )
      const errors = problems.list.filter(({ severity }) => severity === 'error')
      assert.deepEqual(errors, [])
    })
  }

  it('has a program that answers', { skip: missing('python3') }, () => {
    const [program] = blocks('python')
    assert.equal(
      execFileSync('python3', ['-c', program!], { encoding: 'utf8' }),
      'Content-Type: text/plain\n\nHello\n',
    )
  })

  it('names directives that there are', () => {
    const known = new Set(FEATURES.flatMap(({ table }) => Object.keys(table)))
    const named = [...GUIDE.matchAll(/`(cgi_\w+)/g)]
      .map(match => match[1]!)
      .filter(name => name !== 'cgi_tester')
    assert.ok(named.length > 10)
    for (const name of named) assert.ok(known.has(name), name)
    const rows = [...known].filter(name => name.startsWith('cgi_'))
    for (const name of rows) assert.ok(GUIDE.includes(name), `${name} is told of`)
  })
})
