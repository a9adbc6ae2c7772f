/**
 * The command line beside the real nginx: the same exit codes, the same sentences, the same output. Each configuration is named, so that
 * neither begins to serve what is installed on the machine.
 */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Exit, MAIN, startProcess } from '../command-process.ts'
import { missing } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'veille-command-'))
const nginx = join(folder, 'bin/nginx')

function file(name: string, text: string): void {
  writeFileSync(join(folder, name), text)
}

before(() => {
  mkdirSync(join(folder, 'bin'))
  // Under this name it is nginx, whatever the options.
  symlinkSync(MAIN, nginx)
  const main = `pid ${folder}/pid; error_log ${folder}/error.log;`
  file(
    'good.conf',
    `${main}\nevents { }\nhttp { access_log off; include parts/*.conf; include parts/a.conf; }\n`,
  )
  mkdirSync(join(folder, 'parts'))
  file('parts/a.conf', '# nothing here\n')
  file('parts/b.conf', 'server { listen 127.0.0.1:18001; return 200; }\n')
  file('bad.conf', `${main} events { } http { foo; }\n`)
  file('no-log.conf', `${main} events { } http { server { access_log ${folder}/none/a.log; } }\n`)
  file('no-pid.conf', `pid ${folder}/no-pid; error_log stderr; events { }\n`)
  // No process has this number: it is the largest that there can be.
  file('stale-pid', '4194304\n')
  file('stale-pid.conf', `pid ${folder}/stale-pid; error_log stderr; events { }\n`)
  file('odd-pid', 'abc')
  file('odd-pid.conf', `pid ${folder}/odd-pid; error_log stderr; events { }\n`)
})
after(() => rmSync(folder, { recursive: true }))

function run(program: 'nginx' | 'veille', args: readonly string[]): Promise<Exit> {
  const options = { cwd: folder }
  if (program === 'veille') return startProcess(process.execPath, [nginx, ...args], options).exit()
  return startProcess('nginx', args, options).exit()
}

/** nginx puts the time before what it says once it has a log; veille adds lines that begin with blanks, and has a version of its own. */
function sentences({ stderr }: Exit): string[] {
  return stderr
    .split('\n')
    .filter(line => line !== '' && !line.startsWith(' ') && !line.includes('signal process started'))
    .map(line => line.replace(/^\S+ \S+ (\[\w+\]) \d+#\d+: /, 'nginx: $1 '))
    .map(line => line.replace(/^nginx version: .*/, 'nginx version'))
}

/** What -h and -V say is each one's own, but for its first line. */
const ONLY_VERSION = new Set(['-h', '-?', '-V', '-hV'])

const LINES = [
  '-v',
  '-V',
  '-h',
  '-?',
  '-hV',
  '-vq',
  '-t -c good.conf',
  '-tq -c good.conf',
  '-q -t -cgood.conf',
  '-T -c good.conf',
  '-Tq -c good.conf',
  '-vt -c good.conf',
  '-vt -c bad.conf',
  '-t -c bad.conf',
  '-tq -c bad.conf',
  '-T -c bad.conf',
  '-c bad.conf',
  '-t -c none.conf',
  '-t -c no-log.conf',
  '-t -c bad.conf -c good.conf',
  '-t -c good.conf -e stderr',
  '-t -c good.conf -g foo;',
  '-t -c good.conf -s quit',
  '-x -c good.conf',
  '-tx',
  'foo',
  '-t foo',
  '-s foo',
  '-s',
  '-c',
  '-p',
  '-g',
  '-e',
  '-v -x',
  '-s reload -c bad.conf',
  '-s stop -c no-pid.conf',
  '-s quit -c stale-pid.conf',
  '-sreopen -c odd-pid.conf',
]

describe("nginx's command line, asked of both", { skip: missing('nginx') }, () => {
  for (const line of LINES) {
    it(`nginx ${line}`, async () => {
      // The prefix comes first, so that what follows may lack its value.
      const args = ['-p', folder, ...line.split(' ')]
      const [theirs, ours] = await Promise.all([run('nginx', args), run('veille', args)])
      assert.equal(ours.code, theirs.code, ours.stderr)
      assert.equal(ours.stdout, theirs.stdout)
      const [said, expected] = [sentences(ours), sentences(theirs)]
      if (ONLY_VERSION.has(line)) assert.equal(said[0], expected[0])
      else assert.deepEqual(said, expected)
    })
  }
})

describe('a file that is named from the current directory', () => {
  const elsewhere = join(folder, 'bin')
  const hint =
    /^ {2}-c good\.conf counts from the prefix, ".*\/bin\/", as in nginx; for ".*\/good\.conf": -p \. -c good\.conf$/m

  it('is told where nginx looks for it', async () => {
    const { code, stderr } = await run('veille', ['-t', '-p', elsewhere, '-c', 'good.conf'])
    assert.equal(code, 1)
    assert.match(stderr, hint)
    assert.match(stderr, /^nginx: \[emerg\] open\(\) ".*\/bin\/good\.conf" failed \(2: /m)
  })

  it('is not told of when it is found, or nowhere', async () => {
    for (const args of [
      ['-t', '-p', folder, '-c', 'good.conf'],
      ['-t', '-p', elsewhere, '-c', 'none.conf'],
    ]) {
      assert.doesNotMatch((await run('veille', args)).stderr, /counts from the prefix/)
    }
  })
})
