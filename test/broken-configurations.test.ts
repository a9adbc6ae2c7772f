/**
 * Configurations with mistakes, each of which carries what is to be said about it (`expected-problems.ts`): in `conf/broken` what is
 * refused, in `conf/warned` what works and is seldom what was meant, beside what is meant so.
 *
 * Where nginx is installed it reads the same files: its complaint is the first of ours, word for word and in the same line, unless the file
 * says what else it is and why.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Diagnostic, visible } from '../src/config/diagnostic.ts'
import { DiskFiles } from '../src/site/files.ts'
import { layoutBelow } from '../src/site/layout.ts'
import { type Reading, readConfiguration } from '../src/site/reading.ts'
import { linesOf, readExpectations } from './expected-problems.ts'

const TOP = fileURLToPath(new URL('../../test/conf/', import.meta.url))
/** nginx makes what it does not find, such as folders and logs: it works on a copy. */
const copies = mkdtempSync(join(tmpdir(), 'veille-broken-'))
cpSync(TOP, copies, { recursive: true })
after(() => rmSync(copies, { recursive: true }))

const nginx = ['nginx', '/usr/sbin/nginx'].find(program => spawnSync(program, ['-v']).status === 0)
const skip = nginx === undefined ? 'nginx is not installed (apt-get install nginx)' : false
/** Without root's rights nginx ignores `user`, as we do. */
const isRoot = process.geteuid?.() === 0

interface Sample {
  readonly name: string
  readonly folder: string
  readonly path: string
}

function samplesIn(folder: string): Sample[] {
  const names = readdirSync(join(TOP, folder)).filter(name => name.endsWith('.conf'))
  const samples = names.sort().map(name => ({ name, folder, path: join(TOP, folder, name) }))
  return samples.filter(({ name }) => isRoot || !name.startsWith('user-'))
}

const broken = samplesIn('broken')
const warned = samplesIn('warned')

function read({ folder, path }: Sample): Reading {
  const layout = layoutBelow(join(TOP, folder))
  return readConfiguration(
    { layout, configurationPath: path, globals: null, isForeground: false },
    new DiskFiles(),
  )
}

/** Sentences that name files do not depend on where these lie. */
function told(sentence: string, folder: string): string {
  return visible(sentence.replaceAll(`${folder}/`, './'))
}

/** Everything in all files that were read, and in each its own. */
function check(sample: Sample): Reading {
  const reading = read(sample)
  for (const source of reading.sources) {
    const { lines } = readExpectations(source.text)
    const isIts = ({ place }: Diagnostic): boolean =>
      place === null ? source.name === sample.path : place.source === source
    const found = linesOf(reading.problems.list.filter(isIts), lines, words =>
      told(words, dirname(sample.path)),
    )
    assert.deepEqual(found, lines, source.name)
  }
  return reading
}

/** Its first complaint, with the line if it tells one. */
function nginxSays({ folder, name }: Sample): string {
  const prefix = join(copies, folder)
  const args = ['-t', '-e', 'stderr', '-p', prefix, '-c', join(prefix, name)]
  const { stderr, signal } = spawnSync(nginx!, args, { encoding: 'utf8' })
  if (signal !== null) return 'crashes'
  const complaint = /\[(?:emerg|crit)\] \d+#\d+: ([\s\S]*?)\n(?:nginx: configuration file .*\n)?$/.exec(
    stderr,
  )?.[1]
  // What follows on a right syntax is about ports and folders.
  const isRight = stderr.includes('syntax is ok') && complaint?.startsWith('no "events"') !== true
  if (isRight) return 'accepts this'
  return told(complaint ?? stderr, prefix).replace(
    / in (\S+):(\d+)$/,
    (_, file, line) => ` in line ${line}${other(file, name)}`,
  )
}

/** Of another file than that which is tested. */
function other(file: string, name: string): string {
  return file === `./${name}` ? '' : ` of ${file}`
}

function weSay(sample: Sample): string {
  const first = read(sample).problems.list.find(({ severity }) => severity === 'error')
  if (first === undefined) return 'accepts this'
  const { summary, place } = first
  const folder = dirname(sample.path)
  if (place === null) return told(summary, folder)
  return `${told(summary, folder)} in line ${place.line}${other(told(place.source.name, folder), sample.name)}`
}

/** Some of nginx's sentences tell no place. */
function checkBeside(sample: Sample): void {
  const { nginx } = readExpectations(readFileSync(sample.path, 'utf8'))
  if (nginx !== null) assert.notEqual(nginx.why, '', 'it is said why nginx says another thing')
  const theirs = nginxSays(sample)
  const ours = nginx?.says ?? weSay(sample)
  assert.equal(theirs, theirs.includes(' in line ') ? ours : ours.replace(/ in line \d+$/, ''))
  if (nginx !== null)
    assert.notEqual(theirs, weSay(sample), 'nginx says the same: the comment is out of date')
}

describe('a broken configuration', () => {
  for (const sample of broken) {
    it(sample.name, () => assert.ok(check(sample).problems.hasErrors, 'it is refused'))
  }

  it('is one of many', () => assert.ok(broken.length >= 300, String(broken.length)))
})

describe('a configuration that says nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'veille-nothing-'))
  after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'empty.conf'), '')
  mkdirSync(join(folder, 'folder.conf'))

  function says(name: string, ...expected: string[]): void {
    it(name, () => {
      const path = join(folder, name)
      const { problems, site } = read({ name, folder, path })
      assert.deepEqual(
        problems.list.map(({ summary }) => told(summary, folder)),
        expected,
      )
      assert.deepEqual(site.sockets, [])
    })
  }
  says('empty.conf', 'no "events" section in configuration')
  says('none.conf', 'open() "./none.conf" failed (2: No such file or directory)')
  says('folder.conf', 'read() "./folder.conf" failed (21: Is a directory)')
})

describe('a configuration that is warned of', () => {
  for (const sample of warned) {
    it(sample.name, () => {
      const { problems } = check(sample)
      assert.ok(!problems.hasErrors && problems.list.length > 0, 'it is accepted, with warnings')
    })
  }
})

describe('nginx says the same of', { skip }, () => {
  for (const sample of [...broken, ...warned]) {
    it(sample.name, () => checkBeside(sample))
  }
})
