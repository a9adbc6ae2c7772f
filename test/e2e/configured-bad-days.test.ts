/**
 * A configured server with workers on its bad days: clients that are slow, silent, rude or gone, more of them than there is room for, files
 * that change while they are sent, disks that are full. Each costs itself, and nobody else.
 *
 * After each test others are served, the same processes are there with as many descriptors as before, their memory is bounded, and none
 * of them spins.
 */

import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { after, afterEach, before, describe, it, test } from 'node:test'
import { EAGAIN } from '../../src/errno.ts'
import { close, read } from '../../src/sys/libc.ts'
import { BadDay } from '../bad-day.ts'
import { MAIN, startProcess } from '../command-process.ts'
import { freePorts } from '../free-ports.ts'
import { forEachPollerAndStrictly, type Way } from '../pollers.ts'
import { nginxFamily } from '../process-family.ts'
import { connect, connectAndSend, type RawClient } from '../raw-client.ts'
import { readAll } from '../responses.ts'

const HEAD = 'Host: localhost\r\n\r\n'
const OK = `GET /ok HTTP/1.1\r\n${HEAD}`
const LARGE = `GET /large HTTP/1.1\r\n${HEAD}`
const LARGE_BYTES = 100 * 1024 * 1024
const MEDIUM_BYTES = 12 * 1024 * 1024

/** Every wait is short. */
const TIMEOUTS =
  'client_header_timeout 1s; client_body_timeout 1s; send_timeout 1s; keepalive_timeout 1s; lingering_timeout 1s; lingering_time 1s;'

async function badDay({ poller, strictReadiness }: Way, workers: number, heldFiles: number): Promise<BadDay> {
  const family = await nginxFamily()
  mkdirSync(family.path('html'))
  writeFileSync(family.path('html/index.html'), 'hello')
  writeFileSync(family.path('html/large'), '')
  truncateSync(family.path('html/large'), LARGE_BYTES)
  const cache = heldFiles === 0 ? 'off' : `max=${heldFiles}; open_file_cache_valid 0`
  const locations =
    'location / { } location = /ok { return 200 ok; } location = /readiness { readiness_status json; }'
  family.configure(
    `daemon off; worker_processes ${workers};`,
    `${TIMEOUTS} open_file_cache ${cache}; server { listen 127.0.0.1:${family.port}; root ${family.path('html')}; ${locations} }`,
    undefined,
    `use ${poller}; strict_readiness ${strictReadiness ? 'on' : 'off'};`,
  )
  const day = new BadDay(family, heldFiles)
  await day.begin()
  return day
}

function pattern(letter: string): Buffer {
  return Buffer.alloc(MEDIUM_BYTES, letter)
}

forEachPollerAndStrictly('poll', way => {
  let day: BadDay
  before(async () => {
    day = way.poller === 'poll' && !way.strictReadiness ? await badDay(way, 1, 0) : await badDay(way, 2, 3)
  })
  after(() => day.family[Symbol.asyncDispose]())
  afterEach(async () => {
    await day.isOver()
    const counts = JSON.parse(await day.family.request('/readiness'))
    assert.equal(counts.strict_readiness, way.strictReadiness)
    // What is tried before it is ready shows without the rules, in the same numbers.
    const { reads_without_readiness: reads, writes_without_readiness: writes, decisions_by_errno } = counts
    if (way.strictReadiness) assert.deepEqual([reads, writes, decisions_by_errno], [0, 0, 0])
    else assert.ok(writes > 0)
  })

  it('a client that says nothing is closed after client_header_timeout', async () => {
    const client = await day.connect()
    assert.equal((await client.atEnd()).length, 0)
  })

  it('half a request line gets 408, and so do two hundred heads that never end, while others are served', async () => {
    const clients = [...(await day.crowd(200, 'GET / HTTP/1.1\r\nX: ')), ...(await day.crowd(1, 'GET /ha'))]
    const dripping = setInterval(() => {
      for (const client of clients) client.send('x')
    }, 100)
    assert.ok(await day.served())
    await Promise.all(clients.map(client => client.atEnd()))
    clearInterval(dripping)
    for (const { text } of clients) assert.match(text, /^HTTP\/1\.1 408 /)
  })

  it('content that does not come is waited for no longer than client_body_timeout', async () => {
    const post = 'POST /ok HTTP/1.1\r\nContent-Length: 10\r\n'
    const [client] = await day.crowd(1, `${post}${HEAD}123`)
    await client!.atEnd()
    assert.match(client!.text, /^HTTP\/1\.1 200 /)
  })

  it('a connection that is kept and not used is closed after keepalive_timeout, without a word', async () => {
    const [client] = await day.crowd(1, OK)
    const [answer, ...more] = readAll(await client!.atEnd())
    assert.deepEqual([answer!.status, more], [200, []])
  })

  it('fifty clients that never read a large answer hold no memory, and are cut after send_timeout', async () => {
    const fds = Array.from({ length: 50 }, () => connectAndSend(day.port, LARGE))
    await day.isSending(fds.length)
    assert.ok(await day.served())
    await day.isOver()
    for (const fd of fds) close(fd)
  })

  it('a client that reads slowly but steadily gets all, though it takes much longer than send_timeout', async () => {
    writeFileSync(day.family.path('html/medium'), pattern('m'))
    const fd = connectAndSend(day.port, `GET /medium HTTP/1.1\r\nConnection: close\r\n${HEAD}`)
    const piece = Buffer.alloc(256 * 1024)
    let got = 0
    for (let n = 1; n !== 0; ) {
      n = read(fd, piece)
      assert.ok(n >= 0 || n === -EAGAIN, `cut after ${got} bytes`)
      if (n > 0) got += n
      await new Promise(resolve => setTimeout(resolve, n > 0 ? 50 : 5))
    }
    close(fd)
    assert.ok(got > MEDIUM_BYTES)
  })

  const stages: Record<string, { says: string; until?: string }> = {
    'before its first byte': { says: '' },
    'in the request line': { says: 'GET /la' },
    'in the fields': { says: LARGE.slice(0, -4) },
    'in its content': { says: `POST /ok HTTP/1.1\r\nContent-Length: 10\r\n${HEAD}12345` },
    'in a chunk': { says: `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${HEAD}5\r\n12` },
    'in a large answer': { says: LARGE, until: 'HTTP/1.1 200' },
    'after its answer': { says: OK, until: '\r\n\r\nok' },
    'with hundreds of requests waiting': { says: OK.repeat(300) },
  }
  it('clients that vanish at any stage leave nothing behind', async () => {
    for (const { says, until } of Object.values(stages)) {
      for (const way of ['reset', 'destroy'] as const) {
        const clients = await day.crowd(10, says)
        if (until !== undefined) await Promise.all(clients.map(client => client.untilText(until)))
        for (const client of clients) client[way]()
      }
    }
  })

  it('clients that close their side after the request get all their answers', async () => {
    const [client] = await day.crowd(1, OK.repeat(100))
    client!.end()
    assert.equal(readAll(await client!.atEnd()).length, 100)
    const [large] = await day.crowd(1, LARGE)
    large!.end()
    assert.ok((await large!.atEnd()).length > LARGE_BYTES)
  })

  it('a thousand clients that connect and leave', async () => {
    for (let i = 0; i < 20; i++) {
      for (const [j, client] of (await day.crowd(50)).entries()) {
        if (j % 2 === 0) client.reset()
        else client.destroy()
      }
    }
  })

  describe('a file that changes while it is sent', () => {
    const ask = async (): Promise<RawClient> => {
      writeFileSync(day.family.path('html/medium'), pattern('a'))
      const [client] = await day.crowd(1, `GET /medium HTTP/1.1\r\nConnection: close\r\n${HEAD}`)
      await client!.untilText('HTTP/1.1 200')
      client!.socket.pause()
      return client!
    }
    const rest = async (client: RawClient): Promise<Buffer> => {
      client.socket.resume()
      await client.gone()
      return client.bytes.subarray(client.bytes.indexOf('\r\n\r\n') + 4)
    }

    it('because another one has taken its name: the old one is sent to its end', async () => {
      const client = await ask()
      writeFileSync(day.family.path('html/new'), pattern('b'))
      renameSync(day.family.path('html/new'), day.family.path('html/medium'))
      assert.ok((await rest(client)).equals(pattern('a')))
      assert.equal(await day.family.request('/medium'), pattern('b').toString())
    })

    it('because it is deleted: it is sent to its end', async () => {
      const client = await ask()
      unlinkSync(day.family.path('html/medium'))
      assert.ok((await rest(client)).equals(pattern('a')))
      assert.match(await day.family.request('/medium'), /404/)
    })

    it('because it has grown: what was announced is sent', async () => {
      const client = await ask()
      appendFileSync(day.family.path('html/medium'), 'more')
      assert.ok((await rest(client)).equals(pattern('a')))
    })

    it('because it was cut short: so is the connection', async () => {
      const client = await ask()
      truncateSync(day.family.path('html/medium'), MEDIUM_BYTES / 2)
      assert.ok((await rest(client)).length < MEDIUM_BYTES)
    })
  })
})

describe('a server with less room than clients', () => {
  it('closes those that wait longest for their request, and serves who comes', async () => {
    await using family = await nginxFamily()
    const server = `server { listen 127.0.0.1:${family.port}; return 200 ok; }`
    family.configure('daemon off; worker_processes 1;', server, undefined, 'worker_connections 20;')
    family.start()
    await family.until(async () => (await family.request('/').catch(() => '')) === 'ok', 'it serves')
    const place = { port: family.port }
    const idle = await Promise.all(Array.from({ length: 20 }, () => connect(place)))
    const half = await Promise.all(Array.from({ length: 20 }, () => connect(place)))
    for (const client of half) client.send('GET / HT')
    assert.equal(await family.request('/'), 'ok')
    await family.says(/\[warn\].* accepting pauses: .*; \d+ that waited longest for a request are closed/)
    for (const client of [...idle, ...half]) client.destroy()
  })

  test('starts with 64 descriptors, warns of what that means, and serves files to more clients', async () => {
    await using family = await nginxFamily()
    mkdirSync(family.path('html'))
    writeFileSync(family.path('html/index.html'), 'hello')
    family.configure(
      'daemon off; worker_processes 1;',
      `server { listen 127.0.0.1:${family.port}; root ${family.path('html')}; }`,
    )
    const command = [process.execPath, MAIN, '-c', family.path('nginx.conf')]
    const starter = startProcess('/bin/sh', ['-c', 'ulimit -n 64; exec "$0" "$@"', ...command])
    family.starters.push(starter)
    await family.until(async () => (await family.request('/').catch(() => '')) === 'hello', 'it serves')
    assert.match(starter.stderr.text, /\[warn\] 512 worker_connections exceed open file resource limit: 64/)
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect({ port: family.port })))
    for (const client of clients) client.send(`GET / HTTP/1.1\r\n${HEAD}`)
    await Promise.all(
      clients.map(async client => {
        await client.untilText('\r\n\r\n')
        assert.match(client.text, /^HTTP\/1\.1 200 /)
        client.destroy()
      }),
    )
  })
})

describe('logs', () => {
  it('that cannot be written cost their lines, and nothing else', async () => {
    await using family = await nginxFamily()
    const logs =
      'access_log /dev/full; access_log /dev/full combined buffer=4k flush=1s; error_log /dev/full info;'
    const server = `server { listen 127.0.0.1:${family.port}; ${logs} location = /ok { return 200 ok; } }`
    family.configure('daemon off; worker_processes 1;', server)
    family.start()
    await family.until(async () => (await family.request('/ok').catch(() => '')) === 'ok', 'it serves')
    for (let i = 0; i < 100; i++) assert.match(await family.request('/none'), /404/)
    assert.equal(await family.request('/ok'), 'ok')
    await family.says(
      /\[alert\].* write\(\) to "\/dev\/full" failed \(28: No space left on device\), lines are lost/,
    )
  })

  it('whose folder is gone are written on, and are there again when it is', async () => {
    await using family = await nginxFamily()
    mkdirSync(family.path('logs'))
    const log = family.path('logs/a.log')
    const server = `server { listen 127.0.0.1:${family.port}; access_log ${log}; return 200 ok; }`
    family.configure('daemon off; worker_processes 1;', server)
    family.start()
    await family.until(async () => (await family.request('/').catch(() => '')) === 'ok', 'it serves')
    rmSync(family.path('logs'), { recursive: true })
    family.signal('SIGUSR1')
    await family.says(
      /\[alert\].*a\.log" failed \(2: No such file or directory\), the old file is still written/,
      2,
    )
    family.signal('SIGHUP')
    await family.says(/the new configuration is not taken, the old one stays in force/)
    assert.equal(await family.request('/'), 'ok')
    mkdirSync(family.path('logs'))
    family.signal('SIGUSR1')
    await family.says(/\] \d+#\d+: reopening logs/, 4)
    assert.equal(await family.request('/again'), 'ok')
    await family.until(() => family.read('logs/a.log').includes('GET /again'), 'the line is there')
  })
})

it('fifty ports with two hosts each are told apart, also after a reload', async () => {
  await using family = await nginxFamily()
  const ports = await freePorts(50)
  const servers = ports.flatMap(port =>
    ['a', 'b'].map(
      host => `server { listen 127.0.0.1:${port}; server_name ${host}; return 200 ${host}${port}; }`,
    ),
  )
  family.configure('daemon off; worker_processes 1;', servers.join('\n'))
  family.start()
  const everyone = async (): Promise<void> => {
    for (const port of ports) {
      for (const host of ['a', 'b']) {
        const client = await connect({ port })
        client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
        assert.ok((await client.atEnd()).toString().endsWith(`\r\n\r\n${host}${port}`))
        client.destroy()
      }
    }
  }
  await family.until(
    () =>
      family.request('/', { port: ports.at(-1)! }).then(
        () => true,
        () => false,
      ),
    'it serves',
  )
  await everyone()
  family.signal('SIGHUP')
  await family.says(/worker process \d+ exited with code 0/)
  await everyone()
})
