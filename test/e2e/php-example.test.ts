/** The example of PHP, behind php-fpm and by php-cgi, and behind php-fpm with nginx: what a browser does, and what nobody may. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { killLeftOver, type Running, startCommand, startProcess } from '../command-process.ts'
import { freePort } from '../free-ports.ts'
import { type Fpm, missingFpm, startFpm } from '../php-fpm.ts'
import { connect, eventually } from '../raw-client.ts'
import { missing } from './programs.ts'

const EXAMPLE = fileURLToPath(new URL('../../../examples/php', import.meta.url))
const FILE = Buffer.alloc(3_000_000, 'a file of the cupboard\n')

interface Variant {
  readonly name: string
  readonly conf: string
  readonly program: 'veille' | 'nginx'
  readonly needsFpm: boolean
}

const VARIANTS: readonly Variant[] = [
  { name: 'php-fpm', conf: 'site-fpm.conf', program: 'veille', needsFpm: true },
  { name: 'php-cgi', conf: 'site-cgi.conf', program: 'veille', needsFpm: false },
  { name: 'php-fpm, on nginx', conf: 'site-fpm.conf', program: 'nginx', needsFpm: true },
]

function hindrance({ program, needsFpm }: Variant): string | false {
  return (needsFpm ? missingFpm() : missing('php-cgi')) || (program === 'nginx' && missing('nginx'))
}

describe('the PHP example', () => {
  after(killLeftOver)

  for (const variant of VARIANTS)
    describe(variant.name, { skip: hindrance(variant) }, () => {
      const folder = mkdtempSync(join(tmpdir(), 'veille-php-'))
      let fpm: Fpm | null = null
      let server: Running
      let url = ''
      let cookie = ''

      before(async () => {
        chmodSync(folder, 0o755)
        cpSync(EXAMPLE, folder, { recursive: true, filter: path => !path.endsWith('/data') })
        if (variant.needsFpm) fpm = await startFpm(folder)
        const port = await freePort()
        // The files belong to whoever PHP runs as, and are sent by the server.
        const user = userInfo().uid === 0 ? 'user root;\n' : ''
        const text = readFileSync(join(folder, variant.conf), 'utf8')
          .replace('listen localhost:8080', `listen 127.0.0.1:${port}`)
          .replace('unix:/tmp/cupboard.sock', `unix:${fpm?.socket}`)
        writeFileSync(join(folder, variant.conf), user + text)
        const args = [
          '-p',
          folder,
          '-c',
          join(folder, variant.conf),
          '-e',
          join(folder, 'error.log'),
          '-g',
          'daemon off;',
        ]
        server = variant.program === 'nginx' ? startProcess('nginx', args) : startCommand(args)
        url = `http://127.0.0.1:${port}`
        await answers(port)
      })

      after(async () => {
        server.kill('SIGTERM')
        await server.exit()
        await fpm?.close()
        const log = readFileSync(join(folder, 'error.log'), 'utf8')
        assert.doesNotMatch(log, /PHP (Fatal|Parse|Warning|Notice|Deprecated)/)
        rmSync(folder, { recursive: true })
      })

      interface Answer {
        readonly status: number
        readonly text: string
        readonly location: string | null
      }

      async function ask(path: string, body: FormData | URLSearchParams | null = null): Promise<Answer> {
        const method = body === null ? 'GET' : 'POST'
        const answer = await fetch(url + path, {
          method,
          body,
          redirect: 'manual',
          headers: { Cookie: cookie },
        })
        const set = answer.headers.getSetCookie().at(-1)
        if (set !== undefined) cookie = set.split(';')[0]!
        return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') }
      }

      async function token(): Promise<string> {
        const { text } = await ask('/')
        return /name="token" value="([0-9a-f]{32})"/.exec(text)?.[1] ?? assert.fail(text)
      }

      async function login(password: string): Promise<Answer> {
        return ask('/login', new URLSearchParams({ token: await token(), name: 'Ada <b>', password }))
      }

      async function upload(name: string, bytes: Buffer): Promise<Answer> {
        const form = new FormData()
        form.set('token', await token())
        form.set('file', new Blob([bytes]), name)
        return ask('/files', form)
      }

      it('lets in who knows the password, and nobody else', async () => {
        assert.equal((await ask('/files/a.bin')).status, 403)
        assert.equal((await login('wrong')).status, 403)
        assert.equal(
          (await ask('/login', new URLSearchParams({ name: 'x', password: 'lantern' }))).status,
          403,
        )
        const before = cookie
        const { status, location } = await login('lantern')
        assert.equal(status, 303)
        assert.match(location!, /\/$/)
        assert.notEqual(cookie, before)
        assert.match((await ask('/')).text, /Close, Ada &lt;b&gt;/)
      })

      it('keeps what is put in, and gives it back whole and in parts', async () => {
        assert.equal((await upload('a b & ü.bin', FILE)).status, 303)
        assert.equal((await upload('a b & ü.bin', FILE)).status, 409)
        assert.match((await ask('/')).text, /a b &amp; ü\.bin<\/a><td>3,000,000 bytes/)
        const path = `/files/${encodeURIComponent('a b & ü.bin')}`
        const whole = await fetch(url + path, { headers: { Cookie: cookie } })
        assert.equal(whole.headers.get('content-type'), 'application/octet-stream')
        assert.match(whole.headers.get('content-disposition')!, /^attachment; filename\*=UTF-8''a%20b/)
        assert.equal(sha256(Buffer.from(await whole.arrayBuffer())), sha256(FILE))
        const part = await fetch(url + path, { headers: { Cookie: cookie, Range: 'bytes=2-5' } })
        assert.deepEqual([part.status, await part.text()], [206, 'file'])
      })

      it('keeps its files in their folder, and forgets what is deleted', async () => {
        assert.equal((await upload('../../evil.php', Buffer.from('<?php'))).status, 303)
        assert.match((await ask('/')).text, />evil\.php</)
        assert.ok([400, 404].includes((await ask('/files/..%2f..%2fapp%2findex.php')).status))
        for (const path of ['/files/.user.ini', '/files/none', '/shelf/evil.php', '/evil.php', '/.user.ini'])
          assert.equal((await ask(path)).status, 404, path)
        const deletion = new URLSearchParams({ token: await token() })
        assert.equal((await ask('/files/evil.php', new URLSearchParams({ token: 'no' }))).status, 403)
        assert.equal((await ask('/files/evil.php', deletion)).status, 303)
        assert.equal((await ask('/files/evil.php')).status, 404)
      })

      it('sends its style sheet without PHP, and forgets who leaves', async () => {
        assert.match((await ask('/style.css')).text, /^body/)
        assert.equal((await ask('/logout', new URLSearchParams({ token: await token() }))).status, 303)
        assert.doesNotMatch((await ask('/')).text, /Close/)
      })
    })
})

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function answers(port: number): Promise<void> {
  let isThere = false
  const look = (): void => {
    connect({ port }).then(
      client => {
        client.destroy()
        isThere = true
      },
      () => setTimeout(look, 20),
    )
  }
  look()
  await eventually(
    () => isThere,
    () => 'the server does not listen',
  )
}
