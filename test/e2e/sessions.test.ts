/**
 * The example of sessions, with both of its programs: what a browser gets, what nobody can take, and that no update is lost.
 */

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Running, startCommand } from '../command-process.ts'
import { freePort } from '../free-ports.ts'
import { missing } from './programs.ts'

const EXAMPLE = fileURLToPath(new URL('../../../examples/sessions', import.meta.url))
const skip = missing('python3') || missing('bash') || missing('flock', 'util-linux')

const PROGRAMS = ['/py/app.py', '/sh/app.sh'] as const
/** More than the 128 bits that nobody guesses. */
const COOKIE = /^sid=([0-9a-f]{48}); Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax$/
const MOST_SESSIONS = 50

interface Visit {
  readonly status: number
  /** The id that the answer gives; '' for none. */
  readonly id: string
  readonly visits: number
  readonly user: string | null
  readonly text: string
}

describe('sessions', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'veille-sessions-'))
  const state = join(folder, 'state')
  let server: Running
  let url = ''

  before(async () => {
    cpSync(EXAMPLE, folder, { recursive: true, filter: path => !path.endsWith('/state') })
    const port = await freePort()
    const conf = join(folder, 'site.conf')
    const text = readFileSync(conf, 'utf8')
      .replace('listen localhost:8080', `listen 127.0.0.1:${port}`)
      .replace('http {', 'http { access_log access.log;')
      .replace(/SESSIONS_MOST +1000/, `SESSIONS_MOST ${MOST_SESSIONS}`)
    writeFileSync(conf, text)
    server = startCommand([conf])
    url = `http://127.0.0.1:${port}`
    await server.url()
  })
  after(async () => {
    server.kill('SIGTERM')
    const { stderr } = await server.exit()
    assert.doesNotMatch(stderr, /stderr|exit code|signal/)
    rmSync(folder, { recursive: true })
  })

  async function ask(path: string, cookie = '', form: Record<string, string> | null = null): Promise<Visit> {
    const answer = await fetch(url + path, {
      redirect: 'manual',
      headers: cookie === '' ? {} : { Cookie: cookie },
      ...(form === null ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    const text = await answer.text()
    const [given = ''] = answer.headers.getSetCookie()
    return {
      status: answer.status,
      id: COOKIE.exec(given)?.[1] ?? given,
      visits: Number(/id="visits">(\d+)</.exec(text)?.[1] ?? Number.NaN),
      user: /id="user">(.*?)<\/strong>/.exec(text)?.[1] ?? null,
      text,
    }
  }

  const login = (user: string, password = 'lantern') => ({ action: 'login', user, password })
  const sessionFiles = (): string[] => readdirSync(state).filter(name => name.endsWith('.session'))

  it('begin on a page for people', async () => {
    const page = await (await fetch(url)).text()
    for (const program of PROGRAMS) assert.ok(page.includes(`href="${program}"`))
  })

  for (const program of PROGRAMS) {
    it(`${program} gives a cookie, and knows it again`, async () => {
      const first = await ask(program)
      assert.match(first.id, /^[0-9a-f]{48}$/)
      assert.deepEqual([first.status, first.visits, first.user], [200, 1, null])
      const second = await ask(program, `sid=${first.id}`)
      assert.deepEqual([second.id, second.visits], [first.id, 2])
      const somebodyElse = await ask(program)
      assert.notEqual(somebodyElse.id, first.id)
      assert.equal(somebodyElse.visits, 1)
      assert.equal((await ask(program, `sid=${first.id}`)).visits, 3)
    })

    it(`${program} finds its cookie among others, with spaces and quotes`, async () => {
      const { id } = await ask(program)
      for (const cookies of [
        `a=b; sid=${id}`,
        `sid=x;sid=${id}; c`,
        `  sid = ${id} ;`,
        `sid="${id}"`,
        `*=*; sid=${id}`,
      ])
        assert.equal((await ask(program, cookies)).id, id, cookies)
    })

    it(`${program} makes nothing of ids that it has not given`, async () => {
      const wrong = [
        'f'.repeat(48),
        'F'.repeat(48),
        '',
        '../../etc/passwd',
        'a'.repeat(8000),
        '%00',
        '$(id)',
        '*',
      ]
      for (const id of wrong) {
        const { status, id: given, visits } = await ask(program, `sid=${id}`)
        assert.deepEqual([status, visits], [200, 1])
        assert.match(given, /^[0-9a-f]{48}$/)
        assert.notEqual(given, id)
      }
    })

    it(`${program} lets in, under a new id, and out`, async () => {
      const before = await ask(program)
      const inside = await ask(program, `sid=${before.id}`, login('Ada <b>&"Lovelace" ée'))
      assert.equal(inside.status, 303)
      assert.notEqual(inside.id, before.id)
      const page = await ask(program, `sid=${inside.id}`)
      assert.equal(page.user, 'Ada &lt;b&gt;&amp;&quot;Lovelace&quot; ée')
      assert.equal(page.visits, 2)
      assert.equal((await ask(program, `sid=${before.id}`)).visits, 1, 'the old id is worth nothing')
      const out = await ask(program, `sid=${inside.id}`, { action: 'logout' })
      assert.deepEqual([out.status, out.id], [303, 'sid=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'])
      const later = await ask(program, `sid=${inside.id}`)
      assert.deepEqual([later.user, later.visits], [null, 1])
    })

    it(`${program} lets nobody in without the password, and has no other action`, async () => {
      const { id } = await ask(program)
      for (const form of [login('Ada', 'Lantern'), login('Ada', ''), login(''), login(' ')])
        assert.equal((await ask(program, `sid=${id}`, form)).status, 403)
      assert.equal((await ask(program, `sid=${id}`, { action: 'other' })).status, 400)
      assert.equal((await ask(program, `sid=${id}`, {})).status, 400)
      assert.equal((await fetch(url + program, { method: 'DELETE' })).status, 405)
      assert.equal((await ask(program, `sid=${id}`)).user, null)
    })

    it(`${program} forgets whoever stays away for too long`, async () => {
      for (const name of sessionFiles()) rmSync(join(state, name))
      const { id } = await ask(program, '', login('Ada'))
      assert.equal((await ask(program, `sid=${id}`)).user, 'Ada')
      const [file] = sessionFiles()
      const text = readFileSync(join(state, file!), 'utf8')
      writeFileSync(join(state, file!), text.replace(/expires=\d+/, 'expires=1000000000'))
      const later = await ask(program, `sid=${id}`)
      assert.deepEqual([later.user, later.visits], [null, 1])
      assert.notEqual(later.id, id)
    })
  }

  it('are the same for both programs', async () => {
    const { id } = await ask(PROGRAMS[0], '', login('Ada'))
    assert.equal((await ask(PROGRAMS[1], `sid=${id}`)).user, 'Ada')
    await ask(PROGRAMS[1], `sid=${id}`, { action: 'logout' })
    assert.equal((await ask(PROGRAMS[0], `sid=${id}`)).user, null)
  })

  it('lose no visit when many come at the same moment', async () => {
    const { id } = await ask(PROGRAMS[0])
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(PROGRAMS[i % 2]!, `sid=${id}`)))
    const seen = all.map(({ visits }) => visits).sort((a, b) => a - b)
    assert.deepEqual(
      seen,
      Array.from({ length: 40 }, (_, i) => i + 2),
    )
  })

  it('are never too many, and their files tell no id', async () => {
    const ids = new Set<string>()
    for (let i = 0; i < MOST_SESSIONS + 10; i += 10) {
      const some = await Promise.all(Array.from({ length: 10 }, (_, j) => ask(PROGRAMS[(i + j) % 2]!)))
      for (const { id } of some) ids.add(id)
    }
    assert.equal(ids.size, MOST_SESSIONS + 10)
    const files = sessionFiles()
    assert.equal(files.length, MOST_SESSIONS)
    assert.deepEqual(
      readdirSync(state).filter(name => name !== 'lock' && !name.endsWith('.session')),
      [],
    )
    const told = files.join() + files.map(name => readFileSync(join(state, name), 'utf8')).join()
    for (const id of ids) assert.ok(!told.includes(id))
  })

  it('are not served, nor is what the programs are made of', async () => {
    for (const path of ['/state/lock', '/../state/lock', '/lib/sessions.py', '/py/', '/site.conf'])
      assert.ok((await fetch(url + path)).status >= 403, path)
  })
})
