/**
 * Whose rights workers have, when the master has those of root.
 */

import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { describe, it } from 'node:test'
import { nginxFamily } from '../process-family.ts'

const ROOT = process.geteuid?.() === 0 ? false : 'only root can give rights away'

function userOf(pid: number): string {
  return /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!
}

describe('workers of root', { skip: ROOT }, () => {
  for (const [user, is] of [
    ['', 'not root'],
    ['user root;', 'root'],
    ['user nobody nogroup;', 'not root'],
  ] as const) {
    it(`are ${is}, with "${user}"`, async () => {
      await using family = await nginxFamily()
      family.configure(
        'daemon off;',
        `server { listen 127.0.0.1:${family.port}; location / { return 200 '"$pid"'; } }`,
        user,
      )
      family.start()
      const pid = Number(await family.serves())
      assert.equal(userOf(pid) === '0', is === 'root')
      assert.equal(userOf(family.pid), '0')
    })
  }

  it('own the folder for temporary files, which the master has made', async () => {
    await using family = await nginxFamily()
    family.configure(
      'daemon off;',
      `client_body_temp_path ${family.path('body')}; server { listen 127.0.0.1:${family.port}; location / { return 200 '"$pid"'; } }`,
      'user nobody nogroup;',
    )
    family.start()
    const pid = Number(await family.serves())
    const { uid, mode } = statSync(family.path('body'))
    assert.equal(String(uid), userOf(pid))
    assert.equal(mode & 0o777, 0o700)
  })
})
