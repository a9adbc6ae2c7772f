/**
 * How the command ends, and that it sleeps until then.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, describe, it } from 'node:test'
import { ask, killLeftOver, serving } from '../command-process.ts'
import { connect, type RawClient } from '../raw-client.ts'
import { makeSite, removeSite, sparseFile } from '../sites.ts'

/** More than the buffers of two sockets take. */
const LARGE_BYTES = 40 * 1024 * 1024

let root = ''
before(() => {
  root = makeSite({ 'page.txt': 'A page.' })
  sparseFile(root, 'large', LARGE_BYTES)
})
after(() => removeSite(root))
afterEach(killLeftOver)

describe('stopping', () => {
  /** A download that is under way: its head has come, and the kernel holds back the rest. */
  async function downloading(port: number): Promise<RawClient> {
    const client = await connect({ port })
    client.send('GET /large HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.untilText('\r\n\r\n')
    client.socket.pause()
    return client
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal} closes what is idle, finishes what runs, then exits with 0`, async () => {
      const { veille, port } = await serving(root)
      const idle = await connect({ port })
      const download = await downloading(port)
      veille.kill(signal)
      await idle.atEnd()
      idle.end()
      await assert.rejects(connect({ port }), { code: 'ECONNREFUSED' })
      download.socket.resume()
      const bytes = await download.atEnd()
      download.end()
      assert.equal(bytes.length, bytes.indexOf('\r\n\r\n') + 4 + LARGE_BYTES)
      const { code, stderr } = await veille.exit()
      assert.deepEqual([code, stderr], [0, ''])
    })
  }

  it('a second signal ends it at once', async () => {
    for (const [signal, expected] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const { veille, port } = await serving(root, '--grace', '3600')
      const download = await downloading(port)
      const ended = veille.exit()
      // Two in quick succession count as one, so it is said until it is heard.
      const saying = setInterval(() => veille.kill(signal), 40)
      assert.equal((await ended).code, expected)
      clearInterval(saying)
      download.destroy()
    }
  })

  it('a signal that npm passes on once more is not a second one', async () => {
    const { veille, port } = await serving(root)
    const download = await downloading(port)
    veille.kill('SIGINT')
    veille.kill('SIGINT')
    download.socket.resume()
    assert.ok((await download.atEnd()).length > LARGE_BYTES)
    download.end()
    assert.equal((await veille.exit()).code, 0)
  })

  it('--grace cuts what takes longer', async () => {
    const { veille, port } = await serving(root, '--grace', '0.1')
    const download = await downloading(port)
    veille.kill('SIGINT')
    assert.equal((await veille.exit()).code, 0)
    download.destroy()
  })
})

it('sleeps when there is nothing to do', async () => {
  const { veille, port } = await serving(root)
  await ask({ port }, '/page.txt')
  const idle = await connect({ port })
  await ask({ port }, '/page.txt')
  const before = cpuTicks(veille.pid)
  await new Promise(resolve => setTimeout(resolve, 1000))
  // A hundred would be one processor; housekeeping of V8 may take a few.
  assert.ok(cpuTicks(veille.pid) - before <= 10)
  idle.destroy()
})

/** Of 10 ms: utime and stime of proc(5). */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return Number(fields[11]) + Number(fields[12])
}
