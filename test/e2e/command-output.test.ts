/**
 * What the command writes: for scripts, for programs, for a person at a terminal; and that nothing about it can hold the server.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import {
  ask,
  killLeftOver,
  MAIN,
  type Running,
  serving,
  startCommand,
  startProcess,
} from '../command-process.ts'
import { connect } from '../raw-client.ts'
import { makeSite, removeSite, sparseFile } from '../sites.ts'

let root = ''
before(() => {
  root = makeSite({ 'page.txt': 'A page.' })
  // More than the buffers of two sockets take.
  sparseFile(root, 'large', 40 * 1024 * 1024)
})
after(() => removeSite(root))
afterEach(killLeftOver)

describe('what is written', () => {
  it("a line per request, in the form of nginx's combined", async () => {
    const { veille, port } = await serving(root)
    await ask({ port }, '/page.txt?q', 'User-Agent: test')
    await veille.stdout.until(/^127\.0\.0\.1 - - \[.*\] "GET \/page\.txt\?q HTTP\/1\.1" 200 7 "-" "test"\n/m)
    assert.equal(veille.stderr.text, '')
  })

  it('nothing, with --quiet', async () => {
    const path = join(root, 'quiet.sock')
    const veille = startCommand(['--quiet', '--listen', `unix:${path}`, root])
    await connectSoon(path)
    await ask({ path }, '/page.txt')
    veille.kill('SIGINT')
    assert.deepEqual(await veille.exit(), { code: 0, signal: null, stdout: '', stderr: '' })
  })

  it('JSON objects, with --json', async () => {
    const veille = startCommand(['--json', '--port', '0', '--spa=none', root])
    const [, port] = await veille.stdout.until(/http:\/\/localhost:(\d+)\//)
    await ask({ port: Number(port) }, '/page.txt')
    await veille.stdout.until(/page\.txt.*\n/)
    veille.kill('SIGTERM')
    const { stdout, stderr, code } = await veille.exit()
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    assert.equal(code, 0)
    assert.equal(lines.length, 3)
    const [start, request, stop] = lines
    assert.deepEqual([start.event, start.folder, start.pid], ['start', root, veille.pid])
    assert.deepEqual(start.urls, [`http://localhost:${port}/`])
    assert.deepEqual([request.target, request.status, request.bytes], ['/page.txt', 200, 7])
    assert.deepEqual([stop.event, stop.signal], ['stop', 'SIGTERM'])
    assert.equal(JSON.parse(stderr).level, 'warn')
    for (const line of lines) assert.ok(!Number.isNaN(Date.parse(line.time)))
  })

  it('is lost when the reader has gone, and the server goes on', async () => {
    const { veille, port } = await serving(root)
    veille.child.stdout!.destroy()
    for (let i = 0; i < 3; i++) assert.match(await ask({ port }, '/page.txt'), /A page\.$/)
    veille.kill('SIGINT')
    assert.equal((await veille.exit()).code, 0)
  })

  it('is lost when the disk is full, and the server goes on', async () => {
    const path = join(root, 'full.sock')
    const full = openSync('/dev/full', 'w')
    const veille = startCommand(['--listen', `unix:${path}`, root], { stdio: ['ignore', full, full] })
    closeSync(full)
    await connectSoon(path)
    for (let i = 0; i < 3; i++) assert.match(await ask({ path }, '/page.txt'), /A page\.$/)
    veille.kill('SIGINT')
    assert.equal((await veille.exit()).code, 0)
  })

  it('to a reader that does not read does not hold the server', async () => {
    const { veille, port } = await serving(root)
    veille.child.stdout!.pause()
    const client = await connect({ port })
    // Each line repeats the target: more than the pipe takes.
    const target = `/page.txt?${'x'.repeat(7000)}`
    for (let i = 1; i <= 100; i++) {
      client.send(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await client.untilText('A page.', i)
    }
    client.destroy()
  })

  it('--open without a display is one warning', async () => {
    const { veille, port } = await serving(root, '--open')
    await veille.stderr.until(/^veille: warning: --open: there is no display here\n$/)
    assert.match(await ask({ port }, '/page.txt'), /A page\.$/)
  })

  it('--open without a desktop is one warning', async () => {
    const env = { DISPLAY: ':0', PATH: join(root, 'nothing') }
    const veille = startCommand(['-p', '0', '--open', root], { env })
    const { port } = await veille.url()
    await veille.stderr.until(/^veille: warning: --open: xdg-open cannot be started; .*\n$/)
    assert.match(await ask({ port: Number(port) }, '/page.txt'), /A page\.$/)
  })

  it('--open gives the address to the desktop, and says when that fails', async () => {
    const place = join(root, 'opened')
    writeFileSync(join(root, 'xdg-open'), '#!/bin/sh\necho "$1" >"$OPENED"; exit 3\n', { mode: 0o755 })
    const env = { WAYLAND_DISPLAY: 'wayland-0', PATH: root, OPENED: place }
    const veille = startCommand(['-p', '0', '--open', root], { env })
    const url = await veille.url()
    await veille.stderr.until(/^veille: warning: --open: xdg-open found no browser\n$/)
    assert.equal(readFileSync(place, 'utf8'), `${url.href}\n`)
  })
})

describe('on a terminal', () => {
  /** script(1) of util-linux gives a command a terminal of its own; what it shows arrives on stdout. */
  const isThere = spawnSync('script', ['--version']).stdout?.includes('util-linux') ?? false
  const skip = isThere ? false : 'script(1) of util-linux is not installed (apt-get install bsdutils)'

  function onTerminal(args: string[], env: NodeJS.ProcessEnv = {}): Running {
    const command = ['stty cols 90 &&', 'exec', process.execPath, MAIN, '-p', '0', ...args, root].join(' ')
    return startProcess('script', ['-qec', command, '/dev/null'], { env: { TERM: 'xterm', ...env } })
  }

  /** What one types arrives only once somebody listens. */
  async function portOn(veille: Running): Promise<number> {
    const [, port] = await veille.stdout.until(/http:\/\/localhost:(\d+)\/[\s\S]*╯/)
    return Number(port)
  }

  it('a box, a readable line per request, and Ctrl-C', { skip }, async () => {
    const veille = onTerminal([], { NO_COLOR: '1' })
    const port = await portOn(veille)
    assert.match(veille.stdout.text, /╭─ veille \d+\.\d+\.\d+ ─+╮\r\n/)
    assert.ok(veille.stdout.text.includes(`│  Serving   ${root}`))
    assert.match(veille.stdout.text, /│ {2}Stop it with Ctrl-C\. +│/)
    await ask({ port }, '/page.txt')
    await veille.stdout.until(/^\d\d:\d\d:\d\d {2}GET {6}200 {8}7 B +\d+\.\d ms {2}\/page\.txt\r\n/m)
    assert.doesNotMatch(veille.stdout.text, /\x1b/)
    veille.child.stdin!.write('\x03')
    const { code, stdout } = await veille.exit()
    assert.match(stdout, /veille has stopped\./)
    assert.equal(code, 0)
  })

  it('in colour where colour is wanted', { skip }, async () => {
    const veille = onTerminal([])
    const port = await portOn(veille)
    assert.match(veille.stdout.text, /\x1b\[36mhttp:/)
    await ask({ port }, '/page.txt')
    await veille.stdout.until(/\x1b\[32m200\x1b\[0m/)
  })

  it('says how many connections are still open', { skip }, async () => {
    const veille = onTerminal(['--grace', '3600'])
    const client = await connect({ port: await portOn(veille) })
    client.send('GET /large HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.untilText('\r\n\r\n')
    client.socket.pause()
    veille.child.stdin!.write('\x03')
    await veille.stdout.until(
      /Stopping: 1 connection is still open, for at most 3600 s\. Ctrl-C again ends them at once\./,
    )
    const typing = setInterval(() => veille.child.stdin!.write('\x03'), 40)
    const { code } = await veille.exit()
    clearInterval(typing)
    assert.equal(code, 130)
    client.destroy()
  })

  it('that is stopped by Ctrl-S does not hold the server', { skip }, async () => {
    const veille = onTerminal([])
    const port = await portOn(veille)
    await ask({ port }, '/before')
    await veille.stdout.until(/\/before\r\n/)
    veille.child.stdin!.write('\x13')
    // Nothing tells when the terminal has taken it; were this too short, the test would be milder, but not wrong.
    await new Promise(resolve => setTimeout(resolve, 200))
    for (let i = 0; i < 10; i++) await ask({ port }, `/${i}/${'x'.repeat(6000)}`)
    veille.child.stdin!.write('\x11')
    await veille.stdout.until(/ \/9\/x+\r\n/)
  })

  it('a dumb one gets neither box nor colour', { skip }, async () => {
    const veille = onTerminal([], { TERM: 'dumb' })
    await veille.stdout.until(/Local {5}http:\/\/localhost:\d+\/[\s\S]*Stop it with Ctrl-C\.\r\n/)
    assert.doesNotMatch(veille.stdout.text, /[\x1b╭]/)
  })
})

/** For a command that does not say when it listens. */
async function connectSoon(path: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    try {
      const client = await connect({ path })
      return client.destroy()
    } catch {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  assert.fail(`nobody listens on ${path}`)
}
