/**
 * What a request costs in calls into the kernel, beside the wait that all connections share. Calls, not microseconds, decide how
 * fast the server is (docs of `sys/`), and they can be counted on any machine.
 *
 * The clock stands still while calls are counted, so that what is remembered of a file is not looked up again in between.
 */

import assert from 'node:assert/strict'
import { after, before, beforeEach, type TestContext, test } from 'node:test'
import { type RunningServer, serve } from '../../src/index.ts'
import { IN_MEMORY_BYTES } from '../../src/modules/folder-file-cache.ts'
import { close, type Fd, recv } from '../../src/sys/libc.ts'
import { type ScriptedSystem, scripted } from '../../src/sys/scripted.ts'
import { forEachPoller } from '../pollers.ts'
import { connect, connectAndSend, eventually, type RawClient } from '../raw-client.ts'
import { readAll } from '../responses.ts'
import { makeSite, removeSite } from '../sites.ts'

const SMALL = 'GET /hello.txt HTTP/1.1\r\nHost: example.org\r\n\r\n'
const LARGE_BYTES = 256 * 1024

const WAITS = ['select', 'poll', 'epoll_wait']

function spent(system: ScriptedSystem): Record<string, number> {
  const calls = Object.entries(system.calls).filter(([name, count]) => count > 0 && !WAITS.includes(name))
  return Object.fromEntries(calls)
}

forEachPoller(poller => {
  let root: string
  let server: RunningServer
  let port: number

  before(async () => {
    root = makeSite({
      'hello.txt': 'Hello, world!',
      'kept.txt': Buffer.alloc(IN_MEMORY_BYTES, 'x'),
      '256k.txt': Buffer.alloc(LARGE_BYTES, 'x'),
    })
    server = await serve({ root, poller, listen: '127.0.0.1:0' })
    port = (server.addresses[0] as { port: number }).port
  })
  after(async () => {
    await server.close()
    removeSite(root)
  })
  beforeEach(context => {
    const now = performance.now()
    ;(context as TestContext).mock.method(performance, 'now', () => now)
  })

  /** A connection on which the file has been asked for once, so that it is open or in memory. */
  async function warm(request: string): Promise<RawClient> {
    const client = await connect({ port })
    await ask(client, request)
    return client
  }

  async function ask(client: RawClient, request: string, count = 1): Promise<void> {
    const before = client.bytes.length
    client.send(request)
    await client.until(bytes => isWhole(bytes.subarray(before), count))
  }

  test('a small keep-alive GET: one recv, one send', async () => {
    const client = await warm(SMALL)
    using system = scripted()
    await ask(client, SMALL)
    assert.deepEqual(spent(system), { recv: 1, send: 1 })
    client.end()
  })

  test('sixteen pipelined requests: one recv, one send', async () => {
    const client = await warm(SMALL)
    using system = scripted()
    await ask(client, SMALL.repeat(16), 16)
    assert.deepEqual(spent(system), { recv: 1, send: 1 })
    client.end()
  })

  test('the largest file that is kept in memory: one recv, one writev', async () => {
    const request = SMALL.replace('hello', 'kept')
    const client = await warm(request)
    using system = scripted()
    await ask(client, request)
    assert.deepEqual(spent(system), { recv: 1, writev: 1 })
    client.end()
  })

  test('a file that is kept open: its head, then sendfile; nothing is read into memory', async () => {
    const request = SMALL.replace('hello', '256k')
    const client = await warm(request)
    using system = scripted()
    await ask(client, request)
    const { recv, send, sendfile, read, pread, open, openat2, statx } = system.calls
    assert.deepEqual({ recv, send }, { recv: 1, send: 1 })
    assert.ok(sendfile >= 1)
    assert.deepEqual(
      { read, pread, open, openat2, statx },
      { read: 0, pread: 0, open: 0, openat2: 0, statx: 0 },
    )
    client.end()
  })

  test('a connection for one request: accepted, watched, read, answered, closed', async () => {
    ;(await warm(SMALL)).end()
    await eventually(
      () => server.connectionCount === 0,
      () => 'somebody is still connected',
    )
    const request = SMALL.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
    // The second accept4 finds that there is nobody else.
    const watching = poller === 'epoll' ? { epoll_ctl: 1 } : {}
    const client = connectAndSend(port, request)
    using system = scripted()
    await eventually(
      () => system.calls.close > 0,
      () => 'it is not closed',
    )
    const calls = spent(system)
    assert.match(receiveAll(client), /^HTTP\/1\.1 200 OK\r\n.*Hello, world!$/s)
    close(client)
    assert.deepEqual(calls, { accept4: 2, ...watching, recv: 1, send: 1, close: 1 })
  })

  test('an idle connection holds no buffer; one with half a head holds one, for as long as it needs it', async t => {
    // Buffers come in powers of two, and those of other tests lie in the free list: each poller gets a size of its own.
    const bufferBytes = { select: 2048, poll: 4096, epoll: 8192 }[poller]
    const half = SMALL.replace('\r\n\r\n', `\r\nX: ${'x'.repeat(bufferBytes / 2 - 100)}`)
    const clients = await Promise.all(Array.from({ length: 20 }, () => warm(`${half}\r\n\r\n`)))
    const made = t.mock.method(Buffer, 'allocUnsafeSlow').mock
    const taken = (): number => made.calls.filter(call => call.arguments[0] === bufferBytes).length
    for (const client of clients) await ask(client, `${half}\r\n\r\n`)
    assert.equal(taken(), 0)
    for (let round = 0; round < 3; round++) {
      for (const client of clients) client.send(half)
      await eventually(
        () => taken() >= clients.length,
        () => `${taken()} buffers were taken`,
      )
      assert.equal(taken(), clients.length, 'one each; in later rounds, the same ones')
      for (const client of clients) await ask(client, '\r\n\r\n')
    }
    for (const client of clients) client.end()
  })
})

function isWhole(bytes: Buffer, count: number): boolean {
  try {
    return readAll(bytes).length === count
  } catch {
    return false
  }
}

function receiveAll(fd: Fd): string {
  const buffer = Buffer.alloc(65536)
  let text = ''
  for (let n = recv(fd, buffer); n > 0; n = recv(fd, buffer)) text += buffer.toString('latin1', 0, n)
  return text
}
