/**
 * What lies in `packaging/` does what it says: the unit starts the real command, and the rotation of logs reaches it.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { outcomeOf } from '../command-process.ts'
import { nginxFamily } from '../process-family.ts'

const FOLDER = fileURLToPath(new URL('../../../packaging/', import.meta.url))

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}

/** Arguments of a command line of the unit, behind the program. */
function argumentsOf(key: string): string[] {
  const line = new RegExp(`^${key}=/usr/bin/env veille (.*)$`, 'm').exec(read('veille.service'))![1]!
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
}

describe('the units of systemd', () => {
  const units = ['veille.service', 'veille.socket'].map(name => join(FOLDER, name))
  const verify = spawnSync('systemd-analyze', ['verify', ...units])
  it('are right', { skip: verify.error ? 'needs systemd-analyze' : false }, () => {
    // Programs that are not installed here are not what this is about.
    const lines = verify.stderr
      .toString()
      .split('\n')
      .filter(line => line !== '' && !/is not executable/.test(line))
    assert.deepEqual(lines, [])
  })

  it('test the configuration and start a server that stays in the foreground', async () => {
    await using family = await nginxFamily()
    family.configure('', `server { listen 127.0.0.1:${family.port}; return 200 "here\\n"; }`)
    const file = ['-c', family.path('nginx.conf')]
    assert.deepEqual(await outcomeOf([...argumentsOf('ExecStartPre'), ...file]), {
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    })
    const starter = family.start({}, argumentsOf('ExecStart'))
    await family.until(() =>
      family.request('/').then(
        text => text === 'here\n',
        () => false,
      ),
    )
    assert.equal(family.pid, starter.pid)
    family.signal('SIGQUIT')
    assert.equal((await starter.exit()).code, 0)
  })
})

it('the rotation of logs reopens them', async () => {
  await using family = await nginxFamily()
  family.configure('', `server { listen 127.0.0.1:${family.port}; return 200 "here\\n"; }`)
  family.start({}, argumentsOf('ExecStart'))
  await family.until(() => family.request('/').then(Boolean, () => false))
  const script = /postrotate\n([\s\S]*?)\n\tendscript/.exec(read('logrotate'))![1]!
  renameSync(family.path('error.log'), family.path('error.log.1'))
  const here = script.replaceAll('/run/nginx.pid', family.path('pid'))
  assert.equal(spawnSync('/bin/sh', ['-c', here], { stdio: 'inherit' }).status, 0)
  await family.says(/reopening logs/, 2, 'error.log.1')
  const nobody = script.replaceAll('/run/nginx.pid', family.path('no-pid'))
  assert.equal(spawnSync('/bin/sh', ['-c', nobody], { stdio: 'inherit' }).status, 0)
  family.signal('SIGQUIT')
  await family.says(/gracefully shutting down/)
})
