/**
 * What the README shows is so: its programs compile against the published types and run, its commands and links exist.
 */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const TOP = fileURLToPath(new URL('../../', import.meta.url))
const README = readFileSync(join(TOP, 'README.md'), 'utf8')
const SCRIPTS = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8')).scripts as Record<string, string>

/** A project of somebody else, with this package among its dependencies. */
const place = mkdtempSync(join(tmpdir(), 'veille-readme-'))
mkdirSync(join(place, 'node_modules'))
symlinkSync(TOP, join(place, 'node_modules/veille'))
symlinkSync(join(TOP, 'node_modules/@types'), join(place, 'node_modules/@types'))
writeFileSync(join(place, 'package.json'), '{"type":"module","private":true}')
after(() => rmSync(place, { recursive: true }))

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(match => match[1]!)
}

describe('the README', () => {
  for (const [i, program] of blocks('ts').entries()) {
    it(`has a program that compiles and runs: number ${i + 1}`, () => {
      const source = join(place, `program-${i}.ts`)
      writeFileSync(source, program.replace("'./site'", "'examples/site'").replace('8080', "'localhost:0'"))
      const tsc = join(TOP, 'node_modules/.bin/tsc')
      const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
      execFileSync(tsc, [...options, '--skipLibCheck', '--outDir', place, source], { cwd: place })
      const output = execFileSync(process.execPath, [source.replace(/ts$/, 'js')], {
        cwd: TOP,
        encoding: 'utf8',
      })
      if (program.includes('console.log')) assert.match(output, /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+\/\n$/)
    })
  }

  it('names commands that there are', () => {
    const named = [...README.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:]+)/g)].map(match => match[1]!)
    assert.ok(named.length >= 8)
    for (const name of named) assert.ok(name in SCRIPTS, name)
  })

  it('gives the two commands by which everything is installed and started, installed and tested', () => {
    for (const command of ['npm install && npm start', 'npm install && npm test']) {
      assert.ok(blocks('sh').includes(`${command}\n`), command)
    }
  })

  it('has links that lead somewhere', () => {
    const links = [...README.matchAll(/\]\(([^)#:]+)\)/g)].map(match => match[1]!)
    assert.ok(links.length >= 5)
    for (const link of links) assert.ok(existsSync(join(TOP, link)), link)
  })
})
