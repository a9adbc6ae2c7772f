/**
 * What stands between a client and a program, where one of the two does not do what is expected: clients that leave in the middle, content that
 * is refused when a program makes the page for it, and what is then left behind.
 *
 * The server is in this process, so that its descriptors and the iterations of its loop can be counted.
 */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, before, beforeEach, describe, it } from 'node:test'
import { Loop } from '../../src/loop/loop.ts'
import { openDescriptors, POLLERS } from '../descriptors.ts'
import { eventually, serverHasRead } from '../raw-client.ts'
import type { Response } from '../responses.ts'
import { FastcgiPeer, type PeerRequest, type Script, stdout } from '../scripted-peer.ts'
import { SiteFolder, type SiteHere } from '../site-folder.ts'

const folder = new SiteFolder('between')
const program = folder.program.bind(folder)

function textOf({ status, content }: Response): string {
  return `${status} ${content.toString().trim()}`
}

/** Programs of this name that run now. */
function processesOf(name: string): number {
  const isOne = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(folder.at(name))
    } catch {
      return false
    }
  }
  return readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && isOne(pid)).length
}

/** How often the loop turns while nothing happens: once for each timer of Node's, or without end. */
async function turnsAtRest(): Promise<number> {
  for (let turns = 0; turns < 20; turns++) await serverHasRead()
  const { iterate } = Loop.prototype
  let turns = 0
  Loop.prototype.iterate = function (this: Loop, timeoutMs: number): number {
    turns++
    return iterate.call(this, timeoutMs)
  }
  await new Promise(resolve => setTimeout(resolve, 100))
  Loop.prototype.iterate = iterate
  return turns
}

/** What a loop that spins does in a tenth of a second, even on a machine that is busy. */
const MANY_TURNS = 1000

const EVENTS = [...POLLERS.map(poller => `use ${poller};`), 'use poll; strict_readiness on;']

for (const events of EVENTS) {
  describe(`between client and program, events { ${events} }`, () => {
    let site: SiteHere | null = null
    const peers: FastcgiPeer[] = []
    let descriptors = 0

    before(async () => {
      // What is made once for a process is made before anything is counted.
      program('warm.cgi', 'echo A: 1; echo')
      const warm = await folder.serve(events, 'cgi .cgi;')
      await warm.ask('GET /warm.cgi HTTP/1.0\r\n\r\n')
      await warm.close()
    })

    beforeEach(() => {
      descriptors = openDescriptors()
    })

    afterEach(async () => {
      await site?.close()
      site = null
      for (const one of peers.splice(0)) await one.close()
      await eventually(
        () => openDescriptors() <= descriptors,
        () => `${openDescriptors()} descriptors are open, ${descriptors} were`,
      )
    })

    async function serve(server: string): Promise<SiteHere> {
      site = await folder.serve(events, server)
      return site
    }

    async function peerOf(script: Script): Promise<FastcgiPeer> {
      const peer = await FastcgiPeer.listen(script)
      peers.push(peer)
      return peer
    }

    it('a client that leaves a stored answer leaves no file', async () => {
      const block = stdout(Buffer.alloc(64_000, 'z'))
      const peer = await peerOf((request: PeerRequest) => {
        request.send(stdout('\n'))
        for (let i = 0; i < 200; i++) request.send(block)
      })
      const here = await serve(`location / { fastcgi_pass ${peer.address}; }`)
      const client = await here.client()
      client.socket.pause()
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await eventually(
        () => folder.namelessFiles.length > 0,
        () => 'nothing is stored',
      )
      client.reset()
      await eventually(
        () => folder.namelessFiles.length === 0,
        () => `still there: ${folder.namelessFiles}`,
      )
    })

    it('a program makes the page for content that is too large, cut off, or late', async () => {
      program('page.cgi', 'printf "Content-Type: text/plain\\n\\npage of $REQUEST_METHOD"')
      program('cat.cgi', 'printf "Content-Type: text/plain\\n\\n"; cat')
      const here = await serve(
        `cgi .cgi; client_max_body_size 10; client_body_timeout 300ms;
         error_page 413 = /page.cgi; error_page 400 /page.cgi; error_page 408 = /page.cgi;`,
      )
      const head = 'POST /cat.cgi HTTP/1.1\r\nHost: a\r\n'
      const large = `${head}Transfer-Encoding: chunked\r\n\r\n14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`
      assert.equal(textOf(await here.ask(large)), '200 page of GET')
      assert.equal(textOf(await here.ask(`${head}Content-Length: 20\r\n\r\n`)), '200 page of GET')
      assert.equal(textOf(await here.ask(`${head}Content-Length: 5\r\n\r\nabc`)), '200 page of GET')
      const cut = await here.client()
      cut.send(`${head}Content-Length: 5\r\n\r\nabc`)
      cut.end()
      assert.match((await cut.atEnd()).toString(), /^HTTP\/1.1 400 .*page of GET/s)
    })

    it('a client that has sent everything may close its side while nobody reads it yet', async () => {
      rmSync(folder.at('go'), { force: true })
      program('slow.cgi', 'while [ ! -e go ]; do sleep 0.05; done; printf "Content-Type: text/plain\\n\\n"')
      program('cat.cgi', 'printf "Content-Type: text/plain\\n\\n"; cat')
      const here = await serve('cgi .cgi; cgi_request_buffering off; cgi_processes 1;')
      const first = await here.client()
      first.send('GET /slow.cgi HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      await eventually(
        () => processesOf('slow.cgi') === 1,
        () => 'the first one does not run',
      )
      const second = await here.client()
      second.send('POST /cat.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
      second.end()
      for (let turns = 0; turns < 3; turns++) await serverHasRead()
      writeFileSync(folder.at('go'), '')
      assert.match((await second.atEnd()).toString(), /^HTTP\/1.1 200 .*hello/s)
    })

    it('of two programs that lead to one answer, the last one says what it is', async () => {
      program(
        'first.cgi',
        'printf "X-Accel-Redirect: /last.cgi\\nContent-Type: text/html\\nCache-Control: no-store\\nSet-Cookie: a=1\\n\\n"',
      )
      program('last.cgi', 'printf "Content-Type: application/json\\nSet-Cookie: b=2\\n\\n[]"')
      const here = await serve('cgi .cgi;')
      const response = await here.ask('GET /first.cgi HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      const said = response.fields.filter(([name]) => /^(content-type|cache-control|set-cookie)$/i.test(name))
      assert.deepEqual(said.map(field => field.join(': ')).sort(), [
        'Cache-Control: no-store',
        'Content-Type: application/json',
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
      ])
    })

    it('a program is told the host that the request was for, and no other', async () => {
      program('host.cgi', 'printf "Content-Type: text/plain\\n\\n$HTTP_HOST $SERVER_NAME"')
      const peer = await peerOf(request => request.reply(`A: 1\n\n${request.params.get('HTTP_HOST')}`))
      const here = await serve(`cgi .cgi; location /peer { fastcgi_pass ${peer.address}; }`)
      const ask = async (target: string): Promise<string> =>
        textOf(await here.ask(`GET ${target} HTTP/1.1\r\nhOST: b.example\r\nConnection: close\r\n\r\n`))
      assert.equal(await ask('/host.cgi'), '200 b.example b.example')
      assert.equal(await ask('http://a.example:81/host.cgi?x'), '200 a.example:81 a.example')
      assert.equal(await ask('/peer'), '200 b.example')
      assert.equal(await ask('HTTP://a.example/peer'), '200 a.example')
    })

    it('nobody who waits for the other keeps the loop turning', async () => {
      rmSync(folder.at('go'), { force: true })
      const PLAIN = 'printf "Content-Type: text/plain\\n\\n"'
      const WAIT = 'while [ ! -e go ]; do sleep 0.05; done'
      program('flood.cgi', `${PLAIN}; exec cat /dev/zero`)
      program('much.cgi', `${PLAIN}; exec head -c 3000000 /dev/zero`)
      program('wait.cgi', `${WAIT}; ${PLAIN}`)
      program('deaf.cgi', `exec <&-; ${WAIT}; ${PLAIN}`)
      const peer = await peerOf((request: PeerRequest) => {
        request.send(stdout('\n'))
        for (let i = 0; i < 100; i++) request.send(stdout(Buffer.alloc(64_000, 'z')))
        request.hangUp()
      })
      const here = await serve(
        `cgi .cgi; cgi_request_buffering off; client_max_body_size 0;
         location /stored { fastcgi_pass ${peer.address}; }
         location /direct { fastcgi_pass ${peer.address}; fastcgi_buffering off; }`,
      )
      const large = `Content-Length: 30000000\r\n\r\n${'x'.repeat(3_000_000)}`
      const none = '\r\n'
      const ahead = `\r\n${'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2000)}`
      for (const [path, rest, leaves] of [
        ['/flood.cgi', none, false],
        ['/flood.cgi', none, true],
        ['/much.cgi', none, false],
        ['/stored', none, false],
        ['/direct', none, false],
        ['/wait.cgi', none, true],
        ['/wait.cgi', ahead, false],
        ['/wait.cgi', large, false],
        ['/deaf.cgi', large, false],
      ] as const) {
        const client = await here.client()
        client.socket.pause()
        client.send(`${rest === large ? 'POST' : 'GET'} ${path} HTTP/1.1\r\nHost: a\r\n${rest}`)
        if (leaves) client.end()
        const turns = await turnsAtRest()
        assert.ok(turns < MANY_TURNS, `${turns} turns while ${path} waits`)
        client.reset()
      }
      writeFileSync(folder.at('go'), '')
    })
  })
}
