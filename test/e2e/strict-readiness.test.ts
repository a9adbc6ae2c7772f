/**
 * `strict_readiness`: what it promises, seen from three sides: what a referee sees between us and the system, what the server's own counters say,
 * and what becomes of a connection whose call fails. That everything else works as it does without stands in the other suites, which run both ways.
 */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { EAGAIN, ECONNRESET, EINTR, errnoName } from '../../src/errno.ts'
import { serve } from '../../src/index.ts'
import type { PollerName } from '../../src/loop/poller.ts'
import { scripted } from '../../src/sys/scripted.ts'
import { POLLERS } from '../descriptors.ts'
import { type NginxFamily, nginxFamily } from '../process-family.ts'
import { connect, eventually, type RawClient } from '../raw-client.ts'
import { refereed } from '../readiness-referee.ts'
import { readAll } from '../responses.ts'
import { type Serving, serving } from '../serving.ts'

const HEAD = 'Host: example.org\r\n\r\n'
const GET = `GET /hello.txt HTTP/1.1\r\n${HEAD}`
const CLOSING = `Connection: close\r\n${HEAD}`
const LARGE_BYTES = 8 * 1024 * 1024
const FILES = { 'hello.txt': 'Hello, world!', large: Buffer.alloc(LARGE_BYTES, 'x') }

/** A good part of what a server is for: small and large answers, several at once, content up and down, errors, a lingering close. */
async function work(s: Serving): Promise<void> {
  const [hello, large, echo] = await Promise.all([
    s.ask(`${GET.repeat(40)}GET /none HTTP/1.1\r\n${CLOSING}`),
    s.ask(`GET /large HTTP/1.1\r\n${CLOSING}`),
    s.ask(
      `POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${CLOSING}40000\r\n${'y'.repeat(262_144)}\r\n0\r\n\r\n`,
    ),
    s.ask('GET / HTTP/9.9\r\n\r\n'),
  ])
  assert.equal(readAll(Buffer.from(hello, 'latin1')).length, 41)
  assert.equal(readAll(Buffer.from(large, 'latin1'))[0]!.content.length, LARGE_BYTES)
  assert.equal(readAll(Buffer.from(echo, 'latin1'))[0]!.content.length, 262_144)
}

for (const poller of POLLERS) {
  describe(`strict readiness (${poller})`, () => {
    const strict = { poller, strictReadiness: true, files: FILES }

    test('the counters of the server say what the referee says', () =>
      serving(strict, async s => {
        await work(s)
        const counts = s.server.readiness!
        assert.equal(counts.reads_without_readiness, 0)
        assert.equal(counts.writes_without_readiness, 0)
        assert.equal(counts.accepts_without_readiness, 0)
        assert.equal(counts.most_operations_per_client_and_iteration, 1)
        assert.equal(counts.most_accepts_per_listener_and_iteration, 1)
        assert.equal(counts.decisions_by_errno, 0)
        assert.equal(counts.accepts, 4)
        assert.ok(counts.reads >= 4 && counts.writes >= 4)
        assert.ok(counts.waits - counts.iterations <= 1, 'one wait for each iteration')
      }))

    for (const [call, errno] of [
      ['recv', EAGAIN],
      ['recv', EINTR],
      ['recv', ECONNRESET],
      ['send', EAGAIN],
      ['send', EINTR],
    ] as const) {
      test(`a ${call} that fails ends its connection, though errno be ${errnoName(errno)}`, () =>
        serving(strict, async s => {
          const client = await s.connect()
          await s.connectionsAre(1)
          using system = scripted({ [call]: [-errno] })
          client.send(GET)
          await s.connectionsAre(0)
          await eventually(
            () => client.isClosed || client.hasEnded,
            () => 'the client has noticed nothing',
          )
          assert.equal(system.calls[call], 1)
          assert.equal(client.text, '')
        }))
    }

    for (const limits of [
      { sendfileMaxChunkBytes: 60_000 },
      { sendfile: false },
      { sendfile: false, sendfileMaxChunkBytes: 999 },
    ]) {
      test(`a large file leaves whole, with ${JSON.stringify(limits)}`, () =>
        serving({ ...strict, limits }, async s => {
          const part = `Range: bytes=-${LARGE_BYTES / 8}\r\n${CLOSING}`
          const [answer] = readAll(Buffer.from(await s.ask(`GET /large HTTP/1.1\r\n${part}`), 'latin1'))
          assert.equal(answer!.content.length, LARGE_BYTES / 8)
        }))
    }

    test('without it the referee sees the calls that are tried first', async () => {
      const breaches = await breachesOf(poller)
      assert.ok(breaches.some(words => /^send of \d+ without readiness$/.test(words)))
      assert.ok(
        breaches.some(words => /^accept4 of \d+ is the second operation of one iteration$/.test(words)),
      )
    })
  })
}

/** Of a server that does not keep the rules. */
async function breachesOf(poller: PollerName): Promise<readonly string[]> {
  const referee = refereed()
  try {
    await serving({ poller, files: FILES }, work)
  } finally {
    referee.restore()
  }
  return referee.breaches
}

describe('a configuration by the strict rules', () => {
  const LARGE = `GET /large HTTP/1.1\r\n${CLOSING}`

  async function strictFamily(main: string): Promise<NginxFamily> {
    const family = await nginxFamily()
    mkdirSync(family.path('html'))
    writeFileSync(family.path('html/large'), Buffer.alloc(4 * LARGE_BYTES, 'x'))
    configure(family, main, 'on')
    family.start()
    await family.until(
      () =>
        family.request('/readiness').then(
          () => true,
          () => false,
        ),
      'it serves',
    )
    return family
  }

  function configure(family: NginxFamily, main: string, strict: 'on' | 'off'): void {
    family.configure(
      `daemon off; ${main}`,
      `server { listen 127.0.0.1:${family.port}; root ${family.path('html')};
         location = /readiness { readiness_status json; }
         location /paced/ { alias ${family.path('html')}/; limit_rate 20m; sendfile on; } }`,
      undefined,
      `use poll; strict_readiness ${strict};`,
    )
  }

  /** A download that has begun, and waits for its client. */
  async function download(family: NginxFamily): Promise<RawClient> {
    const client = await connect({ port: family.port })
    client.send(LARGE)
    await client.untilText('HTTP/1.1 200')
    client.socket.pause()
    return client
  }

  async function isWhole(client: RawClient): Promise<void> {
    client.socket.resume()
    const [answer] = readAll(await client.atEnd())
    assert.equal(answer!.content.length, 4 * LARGE_BYTES)
    client.destroy()
  }

  test('finishes answers over a reload and at the end; the counts are those of the processes that there are', async () => {
    await using family = await strictFamily('worker_processes 2;')
    const before = await download(family)
    family.signal('SIGHUP')
    await family.says(/reconfiguring/)
    await isWhole(before)
    await family.says(/worker process \d+ exited with code 0/, 2)
    assert.equal((await family.request('/paced/large')).length, 4 * LARGE_BYTES)
    const after = await download(family)
    const counts = JSON.parse(await family.request('/readiness'))
    assert.deepEqual(
      [counts.reads_without_readiness, counts.writes_without_readiness, counts.decisions_by_errno],
      [0, 0, 0],
    )
    family.signal('SIGQUIT')
    await family.says(/gracefully shutting down/)
    await isWhole(after)
    await family.says(/\] \d+#\d+: exit/)
  })

  test('may change them by a reload, if it has workers', async () => {
    await using family = await strictFamily('worker_processes 1;')
    assert.equal(JSON.parse(await family.request('/readiness')).writes_without_readiness, 0)
    configure(family, 'worker_processes 1;', 'off')
    family.signal('SIGHUP')
    await family.until(
      async () => JSON.parse(await family.request('/readiness')).writes_without_readiness > 0,
      'the rules are off',
    )
  })

  test('says that they cannot change in a process without workers, and goes on', async () => {
    await using family = await strictFamily('master_process off;')
    configure(family, 'master_process off;', 'off')
    family.signal('SIGHUP')
    await family.says(/already waits by strict rules of readiness/)
    assert.equal(JSON.parse(await family.request('/readiness')).strict_readiness, true)
  })
})

test('a thread waits in one way: a second server by other rules is refused, in words', async () => {
  const first = await serve({ listen: '127.0.0.1:0', strictReadiness: true })
  await assert.rejects(
    serve({ listen: '127.0.0.1:0' }),
    /already waits by strict rules of readiness, it cannot wait by other ones/,
  )
  await first.close(0)
  const second = await serve({ listen: '127.0.0.1:0' })
  assert.equal(second.readiness, null)
  await assert.rejects(serve({ listen: '127.0.0.1:0', strictReadiness: true }), /by free rules of readiness/)
  await second.close(0)
})
