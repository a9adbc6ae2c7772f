/**
 * Clients that are slow, silent, rude, or gone: each costs itself, and nobody else. After every one of them the server
 * answers others, and all descriptors are back (`serving`).
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SO_LINGER, SOL_SOCKET } from '../../src/sys/constants.ts'
import { close, setsockoptBytes } from '../../src/sys/libc.ts'
import { forEachWay } from '../pollers.ts'
import { connectAndSend, type RawClient, serverHasRead } from '../raw-client.ts'
import { readAll, readResponse } from '../responses.ts'
import { serving } from '../serving.ts'
import { sparseFile } from '../sites.ts'

const HEAD = 'Host: example.org\r\n\r\n'
const GET = `GET /hello.txt HTTP/1.1\r\n${HEAD}`
const FILES = { 'hello.txt': 'Hello, world!', 'digits.txt': '0123456789' }
const LARGE_BYTES = 100 * 1024 * 1024

forEachWay(way => {
  const options = { ...way, files: FILES }

  test('a client that connects and leaves', () =>
    serving(options, async s => {
      const client = await s.connect()
      client.end()
      await client.atEnd()
      await s.connectionsAre(0)
    }))

  test('a thousand that connect and leave, half of them with RST', () =>
    serving(options, async s => {
      for (let i = 0; i < 1000; i++) {
        const client = await s.connect()
        if (i % 2 === 0) client.reset()
        else client.destroy()
      }
      await s.connectionsAre(0)
    }))

  test('a client that is reset before it is accepted', () =>
    serving(options, async s => {
      for (let i = 0; i < 20; i++) resetUnseen(s.port, i % 2 === 0 ? '' : GET)
      await serverHasRead()
      await s.connectionsAre(0)
    }))

  const stages: Record<string, { says: string; until?: string }> = {
    'in the request line': { says: 'GET /hel' },
    'in the fields': { says: GET.slice(0, -4) },
    'in its content': { says: `POST /echo HTTP/1.1\r\nContent-Length: 10\r\n${HEAD}12345` },
    'in a chunk': { says: `POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${HEAD}5\r\n12` },
    'in content that nobody wants': {
      says: `POST /early HTTP/1.1\r\nContent-Length: 10\r\n${HEAD}12345`,
      until: 'early',
    },
    'before an answer that takes its time': { says: `GET /later HTTP/1.1\r\n${HEAD}` },
    'in an answer in pieces': { says: `GET /stream HTTP/1.1\r\n${HEAD}`, until: 'one' },
    'in a large answer': { says: `GET /large HTTP/1.1\r\n${HEAD}`, until: 'HTTP/1.1 200' },
    'in a listing': { says: `GET / HTTP/1.1\r\n${HEAD}` },
    'after its answer': { says: GET, until: 'Hello, world!' },
    'after an answer that closes': { says: 'GET / HTTP/9.9\r\n', until: 'HTTP/1.1 505' },
    'with many requests waiting': { says: GET.repeat(500), until: 'HTTP/1.1 200' },
  }
  for (const [stage, { says, until }] of Object.entries(stages)) {
    for (const way of ['reset', 'destroy'] as const) {
      test(`a client that vanishes ${stage} (${way})`, () =>
        serving(options, async s => {
          sparseFile(s.root, 'large', LARGE_BYTES)
          const client = await s.connect()
          client.send(says)
          if (until === undefined) await serverHasRead()
          else await client.untilText(until)
          client[way]()
          await s.connectionsAre(0)
        }))
    }
  }

  test('fifty that never read a large answer: they hold no memory', () =>
    serving(options, async s => {
      sparseFile(s.root, 'large', LARGE_BYTES)
      const before = memoryInBuffers()
      const clients = Array.from({ length: 50 }, () =>
        connectAndSend(s.port, `GET /large HTTP/1.1\r\n${HEAD}`),
      )
      await s.connectionsAre(50)
      await serverHasRead()
      const perClient = (memoryInBuffers() - before) / 50
      clients.forEach(close)
      assert.ok(perClient < 5 * 1024, `${perClient} bytes for each`)
    }))

  test('one that asks for thousands of answers and reads none: the server stops reading', () =>
    serving(options, async s => {
      sparseFile(s.root, 'large', LARGE_BYTES)
      const client = await s.connect()
      client.socket.pause()
      client.send(`GET /large HTTP/1.1\r\n${HEAD}`.repeat(400_000))
      await s.check()
      const before = memoryInBuffers()
      for (let i = 0; i < 50; i++) await serverHasRead()
      assert.ok(client.socket.writableLength > 0, 'the rest stays with the client')
      assert.ok(memoryInBuffers() - before < 1024 * 1024)
    }))

  test('a hundred requests at once, each for something else, are answered in order', () =>
    serving(options, async s => {
      const names = Array.from(
        { length: 100 },
        (_, i) => ['hello.txt', 'digits.txt', 'nowhere', 'later'][i % 4]!,
      )
      const last = `GET /none HTTP/1.1\r\nConnection: close\r\n${HEAD}`
      const text = await s.ask(names.map(name => `GET /${name} HTTP/1.1\r\n${HEAD}`).join('') + last)
      const responses = readAll(Buffer.from(text, 'latin1'))
      assert.equal(responses.length, 101)
      for (const [i, name] of names.entries()) {
        const { status, content } = responses[i]!
        if (name === 'nowhere') assert.equal(status, 404)
        else assert.equal(content.toString(), name === 'later' ? 'later' : FILES[name as keyof typeof FILES])
      }
    }))

  test('half a megabyte of requests in one go', () =>
    serving({ ...options, limits: { requestsPerConnection: 10_000 } }, async s => {
      const client = await s.connect()
      const count = 10_000
      client.send(GET.repeat(count))
      await client.untilText('Hello, world!', count)
      assert.equal(readAll(client.bytes).length, count)
    }))

  test('a client that goes on sending after 413 can read it', () =>
    serving(options, async s => {
      const client = await s.connect()
      client.send(`POST /echo HTTP/1.1\r\nContent-Length: ${LARGE_BYTES}\r\n${HEAD}`)
      await sendAndRead(client, 8 * 1024 * 1024, 'HTTP/1.1 413')
    }))

  test('… after 413 in the middle of chunks', () =>
    serving(options, async s => {
      const client = await s.connect()
      client.send(`POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${HEAD}10000000\r\n`)
      await sendAndRead(client, 8 * 1024 * 1024, 'HTTP/1.1 413')
    }))

  test('… after 414', () =>
    serving(options, async s => {
      const client = await s.connect()
      client.send('GET /')
      await sendAndRead(client, 4 * 1024 * 1024, 'HTTP/1.1 414')
    }))

  test('… after 431', () =>
    serving(options, async s => {
      const client = await s.connect()
      client.send('GET / HTTP/1.1\r\nX: ')
      await sendAndRead(client, 4 * 1024 * 1024, 'HTTP/1.1 431')
    }))

  test('content that trickles in arrives whole', () =>
    serving(options, async s => {
      const client = await s.connect()
      client.send(`POST /echo HTTP/1.1\r\nContent-Length: 300\r\n${HEAD}`)
      for (let i = 0; i < 300; i++) {
        client.send('x')
        await serverHasRead()
      }
      await client.untilText('x'.repeat(300))
    }))

  test('an answer that is read byte by byte is whole', () =>
    serving(options, async s => {
      const client = await s.connect()
      client.send(`GET /large HTTP/1.1\r\nRange: bytes=0-3000000\r\n${HEAD}`)
      sparseFile(s.root, 'large', LARGE_BYTES)
      let read = 0
      client.socket.on('data', bytes => {
        read += bytes.length
        client.socket.pause()
        setImmediate(() => client.socket.resume())
      })
      await client.until(bytes => isWhole(bytes))
      assert.ok(read > 3_000_000)
    }))

  test('noise: a megabyte of it', () =>
    serving(options, async s => {
      const client = await s.connect()
      const noise = Buffer.alloc(1024 * 1024)
      for (let i = 0, state = 1; i < noise.length; i++) {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0
        noise[i] = state >>> 16
      }
      client.send(noise)
      await client.untilText('HTTP/1.1 ')
      assert.match(client.text, /^HTTP\/1\.1 (400|501) /)
    }))
})

/** The receive buffer of this end never holds it all, so the server goes on answering while we send, and must not cut that. */
async function sendAndRead(client: RawClient, sizeBytes: number, statusLine: string): Promise<void> {
  client.socket.pause()
  const piece = Buffer.alloc(64 * 1024, 'x')
  for (let sent = 0; sent < sizeBytes; sent += piece.length) {
    client.send(piece)
    await serverHasRead()
  }
  client.socket.resume()
  await client.atEnd()
  assert.ok(client.text.startsWith(`${statusLine} `), client.text.slice(0, 100))
  assert.ok(readResponse(client.bytes, 0)?.end === client.bytes.length, 'the whole answer, and nothing else')
  assert.equal(client.failure, null)
}

function isWhole(bytes: Buffer): boolean {
  return readResponse(bytes, 0) !== null
}

function memoryInBuffers(): number {
  const { arrayBuffers, external } = process.memoryUsage()
  return arrayBuffers + external
}

/** Connects, perhaps sends, and resets, before the loop has had a turn. */
function resetUnseen(port: number, text: string): void {
  const fd = connectAndSend(port, text)
  setsockoptBytes(fd, SOL_SOCKET, SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]))
  close(fd)
}
