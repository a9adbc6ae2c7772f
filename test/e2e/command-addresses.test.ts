/**
 * Where the command listens: what it was told, what is free, what was passed on.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { inetAddress } from '../../src/io/address.ts'
import { localAddress, openListener } from '../../src/io/listener.ts'
import { close } from '../../src/sys/libc.ts'
import {
  ask,
  killLeftOver,
  MAIN,
  outcomeOf,
  serving,
  startCommand,
  startProcess,
} from '../command-process.ts'
import { connect } from '../raw-client.ts'
import { makeSite, removeSite } from '../sites.ts'

let root = ''
before(() => {
  root = makeSite({ 'index.html': '<h1>Front</h1>', 'page.txt': 'A page.' })
})
after(() => removeSite(root))
afterEach(killLeftOver)

/** A Node server on a port, to be in the way. */
async function occupy(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>(resolve => {
    // Whoever has the port already is in the way as well.
    server.once('error', () => resolve())
    server.listen(port, resolve)
  })
  return server
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port
}

describe('addresses', () => {
  it('are said in one line, and serve what is in the folder now', async () => {
    const veille = startCommand(['--port', '0', root])
    const { port } = await veille.url()
    assert.equal(veille.stdout.text, `veille: serving ${root} at http://localhost:${port}/\n`)
    for (const host of ['127.0.0.1', 'localhost']) {
      assert.match(await ask({ port: Number(port), host }, '/'), /<h1>Front<\/h1>$/)
    }
    writeFileSync(join(root, 'later.txt'), 'Later.')
    assert.match(await ask({ port: Number(port) }, '/later.txt'), /Later\.$/)
  })

  it('are taken from PORT', async () => {
    const free = await occupy(0)
    const port = portOf(free)
    await new Promise(resolve => free.close(resolve))
    const veille = startCommand([root], { env: { PORT: String(port) } })
    assert.equal((await veille.url()).port, String(port))
  })

  it('may be several, and cover only what they say', async () => {
    const path = join(root, 'several.sock')
    const veille = startCommand(['-l', `unix:${path}`, '-l', '127.0.0.1:0', root])
    const { port, hostname } = await veille.url()
    assert.equal(hostname, '127.0.0.1')
    assert.match(veille.stdout.text, new RegExp(` at unix:${path}, http://127.0.0.1:`))
    assert.match(await ask({ path }, '/page.txt'), /A page\.$/)
    assert.match(await ask({ port: Number(port) }, '/page.txt'), /A page\.$/)
    await assert.rejects(connect({ port: Number(port), host: '127.0.0.2' }), { code: 'ECONNREFUSED' })
  })

  it('a port that was given and is in use ends it', async () => {
    const other = await occupy(0)
    const port = portOf(other)
    const sentence = `veille: port ${port} is already in use; choose another one, or none: then veille takes one that is free\n`
    const byOption = await outcomeOf(['--port', String(port), root])
    assert.deepEqual([byOption.code, byOption.stderr], [1, sentence])
    const byEnvironment = await outcomeOf([root], { env: { PORT: String(port) } })
    assert.deepEqual([byEnvironment.code, byEnvironment.stderr], [1, sentence])
    const byAddress = await outcomeOf(['--listen', `127.0.0.1:${port}`, root])
    assert.deepEqual([byAddress.code, byAddress.stderr], [1, `veille: 127.0.0.1:${port} is already in use\n`])
    other.close()
  })

  it('the default port moves on where it is in use, and that is said', async () => {
    const other = await occupy(8080)
    const veille = startCommand([root])
    const { port } = await veille.url()
    assert.ok(Number(port) > 8080 && Number(port) <= 8090, port)
    await veille.stderr.until(
      new RegExp(`^veille: warning: Port 8080 is in use, so this is ${port}\\.$`, 'm'),
    )
    other.close()
  })

  it('a port is shared with --reuse-port', async () => {
    const { port } = await serving(root, '--reuse-port')
    const second = startCommand(['--reuse-port', '--port', String(port), root])
    assert.equal((await second.url()).port, String(port))
  })

  it('the network is not asked', async context => {
    if (spawnSync('unshare', ['-rn', 'true']).status !== 0)
      return context.skip('unshare(1) may not make a network')
    const path = join(root, 'alone.sock')
    const args = ['-rn', process.execPath, MAIN, '-l', '0', '-l', 'localhost:0', '-l', `unix:${path}`, root]
    const veille = startProcess('unshare', args)
    await veille.stdout.until(/ at http.*unix:/)
    assert.match(await ask({ path }, '/page.txt'), /A page\.$/)
  })
})

describe('a Unix socket', () => {
  it('is removed at the end', async () => {
    const path = join(root, 'end.sock')
    const veille = startCommand(['--listen', `unix:${path}`, root])
    await veille.stdout.until(/unix:/)
    assert.ok(statSync(path).isSocket())
    veille.kill('SIGTERM')
    assert.equal((await veille.exit()).code, 0)
    assert.equal(existsSync(path), false)
  })

  it('left by a server that died is replaced, one in use is not', async () => {
    const path = join(root, 'stale.sock')
    const died = startCommand(['--listen', `unix:${path}`, root])
    await died.stdout.until(/unix:/)
    died.kill('SIGKILL')
    await died.exit()
    assert.ok(existsSync(path))
    const next = startCommand(['--listen', `unix:${path}`, root])
    await next.stdout.until(/unix:/)
    const refused = await outcomeOf(['--listen', `unix:${path}`, root])
    assert.deepEqual([refused.code, refused.stderr], [1, `veille: unix:${path} is already in use\n`])
    assert.match(await ask({ path }, '/page.txt'), /A page\.$/)
  })
})

describe('sockets that were passed on', () => {
  it('take the place of the default address', async () => {
    const fd = openListener(inetAddress('127.0.0.1', 0))
    assert.ok(typeof fd === 'number')
    const address = localAddress(fd)
    assert.ok('port' in address)
    const line = 'LISTEN_PID=$$ exec "$0" "$@"'
    const veille = startProcess('sh', ['-c', line, process.execPath, MAIN, root], {
      env: { LISTEN_FDS: '1' },
      stdio: ['ignore', 'pipe', 'pipe', fd],
    })
    close(fd)
    assert.equal((await veille.url()).href, `http://127.0.0.1:${address.port}/`)
    assert.match(await ask({ port: address.port }, '/page.txt'), /A page\.$/)
    assert.doesNotMatch(veille.stdout.text, /localhost/)
  })

  it('for another process are left alone', async () => {
    const { port } = await startCommand(['-p', '0', root], {
      env: { LISTEN_FDS: '1', LISTEN_PID: '1' },
    }).url()
    assert.match(await ask({ port: Number(port) }, '/page.txt'), /A page\.$/)
  })
})
