import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { DiskFiles } from '../src/site/files.ts'
import { layoutBelow } from '../src/site/layout.ts'
import { readConfiguration } from '../src/site/reading.ts'
import { missing } from '../test/e2e/programs.ts'
import { CONFIGURATIONS, type ConfigurationName, configurationText } from './configurations.ts'
import { besideSources } from './servers.ts'

const NAMES = Object.keys(CONFIGURATIONS) as ConfigurationName[]
const TEMPLATE = readFileSync(besideSources('servers/nginx.conf'), 'utf8')
const scratch = mkdtempSync(join(tmpdir(), 'veille-configurations-'))
// The program that one of them names.
writeFileSync(join(scratch, 'hello'), '', { mode: 0o755 })
after(() => rmSync(scratch, { recursive: true }))

function textFor(server: string, name: ConfigurationName): string {
  return configurationText(TEMPLATE, name, { server, port: 49151, root: scratch, scratch, connections: 100 })
}

function fileFor(server: string, name: ConfigurationName): string {
  const path = join(scratch, `${server}-${name}.conf`)
  writeFileSync(path, textFor(server, name))
  return path
}

describe('the configurations of the benchmark', () => {
  for (const name of NAMES) {
    it(`has no word left to fill in, and is what veille understands: ${name}`, () => {
      const configurationPath = fileFor('veille', name)
      assert.doesNotMatch(textFor('veille', name), /\{\{/)
      const layout = layoutBelow(scratch)
      const reading = readConfiguration(
        { layout, configurationPath, globals: null, isForeground: true },
        new DiskFiles(),
      )
      assert.deepEqual(
        reading.problems.list.map(({ summary }) => summary),
        [],
      )
    })
  }

  it('gives both servers the same lines, but for where nginx keeps temporary files', () => {
    const own = textFor('veille', 'regexes').split('\n')
    const other = textFor('nginx', 'regexes').split('\n')
    const differing = other.filter(line => !own.includes(line))
    assert.ok(differing.every(line => /_temp_path |^pid /.test(line)))
    assert.deepEqual(
      own.filter(line => !other.includes(line) && line.trim() !== '').map(line => line.split(' ')[0]),
      ['pid'],
    )
  })

  it('is what nginx understands', { skip: missing('nginx', 'nginx-light') }, () => {
    for (const name of NAMES) {
      const args = ['-t', '-q', '-e', 'stderr', '-p', scratch, '-c', fileFor('nginx', name)]
      execFileSync('nginx', args, { stdio: 'pipe' })
    }
  })
})
