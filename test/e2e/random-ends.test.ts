/**
 * Clients that send whatever they like to programs, FastCGI and folders, and leave at any moment: afterwards nothing is left, and the server
 * serves. The choices are the same in each run; what of it the server has seen when the client leaves is not, and need not be.
 *
 *   SEED=7 CLIENTS=500 node --test dist/test/e2e/random-ends.test.js        other choices, and more of them
 */

import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { openDescriptors, POLLERS } from '../descriptors.ts'
import { eventually, serverHasRead } from '../raw-client.ts'
import { endRequest, FastcgiPeer, type PeerRequest, stdout } from '../scripted-peer.ts'
import { SiteFolder, type SiteHere } from '../site-folder.ts'

const SEED = Number(process.env.SEED ?? 1)
const CLIENTS = Number(process.env.CLIENTS ?? 60)
const AT_ONCE = 20

const folder = new SiteFolder('random-ends')
const PLAIN = 'printf "Content-Type: text/plain\\n\\n"'
folder.program('cat.cgi', `${PLAIN}; cat`)
folder.program('flood.cgi', `${PLAIN}; exec head -c 2000000 /dev/zero`)
folder.program('deaf.cgi', `exec <&-; ${PLAIN}`)
folder.program('slow.cgi', `sleep 0.05; ${PLAIN}; echo a; sleep 0.05; echo b`)
folder.program('accel.cgi', 'printf "X-Accel-Redirect: /f/x\\n\\n"')
folder.program('local.cgi', 'printf "Location: /cat.cgi\\n\\n"')
folder.program('fail.cgi', 'printf "Status: 404\\n\\n"')
mkdirSync(folder.at('dav'))
mkdirSync(folder.at('up'))

const PROGRAMS = [
  '/cat.cgi',
  '/flood.cgi',
  '/deaf.cgi',
  '/slow.cgi',
  '/accel.cgi',
  '/local.cgi',
  '/fail.cgi',
  '/none.cgi',
]
const OTHERS = [
  '/f/a',
  '/fs/a',
  '/fn/a',
  '/s/cat.cgi',
  '/s/flood.cgi',
  '/s/deaf.cgi',
  '/s/slow.cgi',
  '/ia/cat.cgi',
  '/ia/slow.cgi',
]
const FOLDERS = ['/dav/a/b', '/dav/x', '/up/a', '/up/']
const PATHS = [...PROGRAMS, ...OTHERS, ...FOLDERS]

/** Each kind of answer that a peer can have, one after the other. */
function peerWithMoods(): Promise<FastcgiPeer> {
  let asked = 0
  const moods: ((request: PeerRequest) => void)[] = [
    request => request.reset(),
    request => request.reply('Content-Type: x/y\n\nhello'),
    request => request.hangUp(),
    request => request.reply('X-Accel-Redirect: /cat.cgi\n\n'),
    request => request.reply('Status: 404\n\nno'),
    request => request.reply('nonsense'),
    request => {
      request.send(stdout('\n'))
      for (let i = 0; i < 30; i++) request.send(stdout(Buffer.alloc(64_000, 'z')))
      request.send(Buffer.concat([stdout(''), endRequest()]))
      if (!request.keepsOpen) request.hangUp()
    },
    () => {},
  ]
  return FastcgiPeer.listen(request => moods[asked++ % moods.length]!(request))
}

function upstreamOf(peer: string): string {
  return `upstream peer { server ${peer}; keepalive 8; keepalive_timeout 100ms; }`
}

function serverLines(): string {
  const root = folder.path
  return `
    client_body_timeout 150ms; send_timeout 300ms; lingering_timeout 100ms; lingering_time 200ms; half_closed_timeout 100ms;
    keepalive_timeout 200ms; cgi_timeout 300ms; cgi_kill_grace 100ms; cgi_processes 3; cgi_queue_timeout 200ms; fastcgi_read_timeout 200ms;
    fastcgi_intercept_errors on; cgi_intercept_errors on; client_max_body_size 400k; client_body_buffer_size 4k;
    error_page 404 502 503 504 /cat.cgi; error_page 413 400 408 = /f/err;
    cgi .cgi;
    location /f/ { fastcgi_pass peer; fastcgi_keep_conn on; }
    location /fs/ { fastcgi_pass peer; fastcgi_request_buffering off; }
    location /fn/ { fastcgi_pass peer; fastcgi_buffering off; fastcgi_ignore_client_abort on; }
    location /s/ { cgi .cgi; cgi_request_buffering off; alias ${root}/; }
    location /ia/ { cgi .cgi; cgi_ignore_client_abort on; alias ${root}/; }
    location /dav/ { cgi off; dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; error_page 413 400 408 @page; }
    location @page { fastcgi_pass peer; }
    location /up/ { cgi off; upload_store ${root}/up; upload_overwrite on; error_page 413 /fail.cgi; }`
}

class Chance {
  private state = SEED

  /** From 0 to n - 1. */
  below(n: number): number {
    this.state = (this.state * 1_103_515_245 + 12_345) & 0x7fff_ffff
    return (this.state >> 8) % n
  }

  among<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  pause(mostMs: number): Promise<void> {
    return new Promise(resolve => setTimeout(resolve, this.below(mostMs)))
  }
}

const FORM = 'Content-Type: multipart/form-data; boundary=b\r\n'

function requestTo(path: string, chance: Chance): string {
  const methods = path.startsWith('/dav')
    ? ['PUT', 'PUT', 'DELETE', 'MKCOL', 'COPY', 'MOVE']
    : path.startsWith('/up')
      ? ['POST']
      : ['GET', 'POST', 'POST', 'HEAD']
  const method = chance.among(methods)
  const isForm = path === '/up/' && chance.below(2) === 0
  const bytes = 'x'.repeat(chance.among([0, 3, 5000, 100_000, 500_000]))
  const content = isForm
    ? `--b\r\nContent-Disposition: form-data; name="f"; filename="z"\r\n\r\n${bytes}\r\n--b--\r\n`
    : bytes
  const head =
    `${method} ${path} HTTP/1.${chance.below(6) === 0 ? 0 : 1}\r\nHost: a\r\nDestination: /dav/y\r\n` +
    `${chance.below(8) === 0 ? 'Expect: 100-continue\r\n' : ''}${isForm ? FORM : ''}`
  if (!/^P/.test(method)) return `${head}\r\n`
  if (chance.below(2) === 0) return `${head}Content-Length: ${content.length}\r\n\r\n${content}`
  const chunk = content === '' ? '' : `${content.length.toString(16)}\r\n${content}\r\n`
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`
}

/** Up to three requests, in two pieces, perhaps without their end; then the client leaves in one way or another. */
async function oneClient(site: SiteHere, chance: Chance): Promise<void> {
  const client = await site.client()
  if (chance.below(3) === 0) client.socket.pause()
  let text = ''
  for (let i = chance.below(3); i >= 0; i--) text += requestTo(chance.among(PATHS), chance)
  const end = chance.below(3) === 0 ? chance.below(text.length) : text.length
  const middle = chance.below(end + 1)
  client.send(text.slice(0, middle))
  await chance.pause(20)
  client.send(text.slice(middle, end))
  await chance.pause(chance.below(4) === 0 ? 300 : 40)
  const way = chance.below(3)
  if (way === 0) client.reset()
  else if (way === 1) client.end()
  await chance.pause(100)
  client.destroy()
}

/** Of this process: everything that runs for it, and is not reaped. */
function childrenHere(): string {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').trim()
}

for (const events of [...POLLERS.map(poller => `use ${poller};`), 'use poll; strict_readiness on;']) {
  describe(`clients that leave at any moment, events { ${events} }`, () => {
    it('leave nothing behind', async () => {
      const peer = await peerWithMoods()
      const site = await folder.serve(events, serverLines(), upstreamOf(peer.address))
      // What is made once for a process is made before anything is counted.
      await site.ask('GET /deaf.cgi HTTP/1.0\r\n\r\n')
      for (let turns = 0; turns < 20; turns++) await serverHasRead()
      const descriptors = openDescriptors()
      const chance = new Chance()
      for (let i = 0; i < CLIENTS; i += AT_ONCE)
        await Promise.all(Array.from({ length: AT_ONCE }, () => oneClient(site, chance)))
      await eventually(
        () => childrenHere() === '' && folder.namelessFiles.length === 0 && openDescriptors() <= descriptors,
        () =>
          `children: ${childrenHere()}, files: ${folder.namelessFiles}, descriptors: ${openDescriptors() - descriptors}`,
      )
      assert.equal((await site.ask('GET /deaf.cgi HTTP/1.0\r\n\r\n')).status, 200)
      const hidden = [...readdirSync(folder.at('up')), ...readdirSync(folder.at('dav'))].filter(name =>
        name.startsWith('.'),
      )
      assert.deepEqual(hidden, [])
      assert.deepEqual(folder.errors.match(/.*(\[alert\]|\[crit\]|Error: ).*/g) ?? [], [])
      await site.close()
      await peer.close()
    })
  })
}
