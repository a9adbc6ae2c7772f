/**
 * The package as it is published: packed, installed into an empty directory, run, imported, and type-checked against. What is
 * installed beside it (koffi) comes from npm's registry; without one this is skipped.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask, environment, killLeftOver, startProcess } from '../command-process.ts'

const TOP = fileURLToPath(new URL('../../../', import.meta.url))
const TSC = join(TOP, 'node_modules/typescript/bin/tsc')

const place = mkdtempSync(join(tmpdir(), 'veille-package-'))
after(() => rmSync(place, { recursive: true }))
afterEach(killLeftOver)

function run(program: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: place,
    encoding: 'utf8',
    env: environment(),
  })
  return { status, output: stdout + stderr }
}

function write(name: string, ...lines: string[]): void {
  writeFileSync(join(place, name), `${lines.join('\n')}\n`)
}

/** What lies in dist/ is what is packed: building it anew would take it away from tests that run beside this one. */
function pack(): string {
  const { status, output } = run('npm', 'pack', TOP, '--ignore-scripts', '--pack-destination', place)
  assert.equal(status, 0, output)
  return readdirSync(place).find(name => name.endsWith('.tgz'))!
}

const tarball = pack()
const names = run('tar', '-tzf', tarball).output.trimEnd().split('\n')

describe('the tarball', () => {
  it('has the command, the types, and what a package shows', () => {
    const expected = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']
    for (const name of [
      ...expected,
      'dist/src/main.js',
      'dist/src/index.js',
      'dist/src/index.d.ts',
      'packaging/veille.service',
    ]) {
      assert.ok(names.includes(`package/${name}`), name)
    }
  })

  it('has no tests, no benchmarks, no sources', () => {
    const wrong = names.filter(name => /\.test\.|\/(test|bench|examples|scripts)\/|(?<!\.d)\.ts$/.test(name))
    assert.deepEqual(wrong, [])
  })

  it('has no maps that lead to sources which it does not have', () => {
    assert.deepEqual(
      names.filter(name => name.endsWith('.map')),
      [],
    )
  })

  it('runs nothing when it is installed', () => {
    const { scripts } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8'))
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare']) {
      assert.equal(scripts[name], undefined, name)
    }
  })
})

describe('installed into an empty directory', () => {
  let skip: string | null = null

  before(() => {
    write('package.json', '{ "type": "module", "private": true }')
    mkdirSync(join(place, 'site'))
    write('site/page.txt', 'A page.')
    const { status, output } = run('npm', 'install', '--no-audit', '--no-fund', `./${tarball}`)
    const isOffline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(output)
    if (isOffline) skip = "npm's registry cannot be reached"
    else assert.equal(status, 0, output)
  })

  it('npx runs it', async context => {
    if (skip !== null) return context.skip(skip)
    const { output } = run('npx', '--no-install', 'veille', '--version')
    assert.match(output, /^veille \d+\.\d+\.\d+$/m)
    const args = ['--no-install', 'veille', '--port', '0', 'site']
    const npx = startProcess('npx', args, { cwd: place, detached: true })
    const { port } = await npx.url()
    assert.match(await ask({ port: Number(port) }, '/page.txt'), /A page\.\n$/)
    // As Ctrl-C does: the whole group is told, npx, its shell and veille.
    process.kill(-npx.pid, 'SIGINT')
    await npx.exit()
  })

  it('a program imports it', context => {
    if (skip !== null) return context.skip(skip)
    write(
      'program.js',
      "import { serve } from 'veille'",
      "const server = await serve({ root: 'site' })",
      "const answer = await fetch(server.url + 'page.txt')",
      'console.log(answer.status, await answer.text())',
      'await server.close()',
    )
    const { status, output } = run(process.execPath, 'program.js')
    assert.deepEqual([status, output], [0, '200 A page.\n\n'])
  })

  it('TypeScript knows its types', context => {
    if (skip !== null) return context.skip(skip)
    write(
      'typed.ts',
      "import { type Module, type RunningServer, serve, DECLINED } from 'veille'",
      "const nothing: Module = { name: 'nothing', content: x => (x.method === 'GET' ? DECLINED : DECLINED) }",
      "const server: RunningServer = await serve({ root: 'site', poller: 'poll', modules: [nothing] })",
      'const url: string = server.url',
      'await server.close(0)',
      '// @ts-expect-error: there is no such poller',
      "await serve({ poller: 'kqueue' })",
      '// @ts-expect-error: a port is a number',
      'export const wrong: number = url',
    )
    const roots = join(TOP, 'node_modules/@types')
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node']
    const { status, output } = run(process.execPath, TSC, ...options, '--typeRoots', roots, 'typed.ts')
    assert.deepEqual([status, output], [0, ''])
  })
})
