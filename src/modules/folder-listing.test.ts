import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { EMFILE } from '../errno.ts'
import { type RunningServer, type ServeOptions, serve } from '../index.ts'
import { scripted } from '../sys/scripted.ts'

const place = mkdtempSync(join(tmpdir(), 'veille-list-'))

async function namesIn(server: RunningServer, path: string): Promise<string[]> {
  const answer = await fetch(server.url + path, { headers: { Accept: 'application/json' } })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('vary'), 'Accept')
  return ((await answer.json()) as { name: string }[]).map(entry => entry.name)
}

function start(options: ServeOptions = {}): Promise<RunningServer> {
  return serve({ root: place, listen: '127.0.0.1:0', ...options })
}

describe('a listing', () => {
  let server: RunningServer

  before(async () => {
    mkdirSync(join(place, 'all/folder'), { recursive: true })
    mkdirSync(join(place, 'many'))
    for (const name of ['file2', 'file10', '.hidden', 'back\\slash', 'new\nline', 'été & <b>?#%.txt']) {
      writeFileSync(join(place, 'all', name), name)
    }
    symlinkSync('file2', join(place, 'all/inside'))
    symlinkSync('/etc/passwd', join(place, 'all/outside'))
    symlinkSync('nowhere', join(place, 'all/broken'))
    execFileSync('mkfifo', [join(place, 'all/fifo')])
    for (let i = 0; i < 3000; i++) writeFileSync(join(place, 'many', `a rather long name, number ${i}`), '')
    server = await start()
  })
  after(async () => {
    await server.close(0)
    rmSync(place, { recursive: true })
  })

  it('shows what can be had, in natural order, and nothing else', async () => {
    assert.deepEqual(await namesIn(server, 'all/'), [
      'folder',
      'été & <b>?#%.txt',
      'file2',
      'file10',
      'inside',
    ])
  })

  it('has links that lead where they say', async () => {
    const page = await (await fetch(`${server.url}all/`)).text()
    const links = [...page.matchAll(/href="(\.\/[^"]+[^/"])"/g)].map(match => match[1]!)
    assert.equal(links.length, 4)
    for (const link of links) {
      const answer = await fetch(new URL(link.replaceAll('&amp;', '&'), `${server.url}all/`))
      assert.equal(answer.status, 200, link)
    }
  })

  it('of thousands comes in pieces, and whole', async () => {
    assert.equal((await namesIn(server, 'many/')).length, 3000)
    const answer = await fetch(`${server.url}many/`)
    assert.equal(answer.headers.get('transfer-encoding'), 'chunked')
    assert.equal((await answer.text()).match(/<tr>|<tr /g)?.length ?? 0, 3000 + 2)
  })

  it('is not there for a moment, rather than not at all, when there are no descriptors', async () => {
    using system = scripted({ openat2: Array(4).fill(-EMFILE) })
    assert.equal((await fetch(`${server.url}many/`)).status, 503)
    system.restore()
    assert.equal((await fetch(`${server.url}many/`)).status, 200)
  })

  it('shows dot files where they are served, and is forbidden where lists are not wanted', async () => {
    const open = await start({ dotfiles: true })
    const closed = await start({ listing: false })
    try {
      assert.ok((await namesIn(open, 'all/')).includes('.hidden'))
      assert.equal((await fetch(`${closed.url}all/`)).status, 403)
      assert.equal((await fetch(`${closed.url}none/`)).status, 404)
    } finally {
      await Promise.all([open.close(0), closed.close(0)])
    }
  })
})
