import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Descriptors, drain, openDescriptors } from '../../test/descriptors.ts'
import { ENOENT } from '../errno.ts'
import { F_SETFL, O_RDWR } from './constants.ts'
import * as libc from './libc.ts'
import { type SpawnRequest, spawn } from './spawn.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'veille-spawn-')))
after(() => rmSync(folder, { recursive: true }))

const PWD: SpawnRequest = {
  program: '/bin/pwd',
  args: [],
  directory: folder,
  environment: [],
  fds: [0, 1, 2],
}

/** @returns what it writes to stdout */
function outputOf(request: SpawnRequest, mayAddChdir: boolean): string {
  using fds = new Descriptors()
  const [reading, writing] = fds.pipe()
  libc.fcntl(writing, F_SETFL, O_RDWR)
  libc.fcntl(reading, F_SETFL, O_RDWR)
  const pid = spawn({ ...request, fds: [0, writing, 2] }, mayAddChdir)
  assert.ok(pid > 0, `a process, not ${pid}`)
  fds.close(writing)
  const bytes = Buffer.alloc(4096)
  const text = bytes.toString('utf8', 0, libc.read(reading, bytes))
  assert.equal(drain(reading), 0)
  while (libc.waitProcess(pid, false, { code: null, signal: null }) === 0);
  return text
}

describe('a process', () => {
  for (const [name, mayAddChdir] of [
    ['whose folder the system changes', true],
    ['whose folder we must change ourselves', false],
  ] as const) {
    it(`begins in its folder: one ${name}`, () => {
      const here = process.cwd()
      assert.equal(outputOf(PWD, mayAddChdir), `${folder}\n`)
      assert.equal(realpathSync('.'), realpathSync(here))
    })

    it(`cannot begin in a folder that is not there: one ${name}`, () => {
      const before = openDescriptors()
      assert.equal(spawn({ ...PWD, directory: join(folder, 'nothing') }, mayAddChdir), -ENOENT)
      assert.equal(openDescriptors(), before)
    })
  }

  it('has the name of its program before its arguments', () => {
    const request = { ...PWD, program: '/bin/sh', args: ['-c', 'echo "$0|$#"', 'name', 'a', 'b'] }
    assert.equal(outputOf(request, true), 'name|2\n')
    const title = { ...PWD, program: '/bin/sh', args: ['-c', 'tr "\\0" " " < /proc/$$/cmdline; :'] }
    assert.match(outputOf({ ...title, environment: ['PATH=/usr/bin:/bin'] }, true), /^\/bin\/sh -c /)
  })
})
