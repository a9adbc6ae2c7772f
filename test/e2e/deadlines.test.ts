/**
 * Every wait has a deadline. The loop's clock stands still here and is moved by hand, so nginx's defaults (60, 60, 60 and 75
 * seconds) are tested to the second and no test waits for one. One test at the end lets the clock run, to see that the poller's
 * sleep ends in time.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DECLINED, HANDLED, type Module } from '../../src/server/module.ts'
import { F_SETFL, O_NONBLOCK, O_RDWR } from '../../src/sys/constants.ts'
import { close, fcntl } from '../../src/sys/libc.ts'
import { scripted } from '../../src/sys/scripted.ts'
import { answering, Holding } from '../answering-modules.ts'
import { drain } from '../descriptors.ts'
import { forEachWay } from '../pollers.ts'
import { connectAndSend, eventually, type RawClient, serverHasRead } from '../raw-client.ts'
import { type Serving, serving } from '../serving.ts'
import { sparseFile } from '../sites.ts'
import { stoppedClock } from '../stopped-clock.ts'

const HEAD = 'Host: example.org\r\n\r\n'
const GET = `GET /hello.txt HTTP/1.1\r\n${HEAD}`
const FILES = { 'hello.txt': 'Hello, world!' }
const LARGE_BYTES = 100 * 1024 * 1024

/** A connection whose first deadline is set: the clock may be moved. */
async function accepted(s: Serving): Promise<RawClient> {
  const before = s.server.connectionCount
  const client = await s.connect()
  await s.connectionsAre(before + 1)
  return client
}

/** Sends, and waits until the server has received it: the clock may be moved. */
async function say(client: RawClient, text: string): Promise<void> {
  using system = scripted()
  client.send(text)
  await eventually(
    () => system.calls.recv > 0,
    () => `the server does not read ${JSON.stringify(text)}`,
  )
}

/** The socket of a client that takes nothing is full. By the strict rules of readiness each share takes an iteration of its own. */
async function socketIsFull(): Promise<void> {
  for (let share = 0; share < 8; share++) await serverHasRead()
}

async function staysOpen(client: RawClient): Promise<void> {
  await serverHasRead()
  assert.ok(!client.hasEnded && !client.isClosed, `closed after: ${client.text}`)
}

forEachWay(way => {
  const options = { ...way, files: FILES }

  test('a client that connects and says nothing: a minute, then closed without a word', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      await pass(59)
      await staysOpen(client)
      await pass(1)
      assert.equal((await client.atEnd()).length, 0)
    }))

  test('empty lines are nothing said', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      await say(client, '\r\n\r\n')
      await pass(60)
      assert.equal((await client.atEnd()).length, 0)
    }))

  test('half a head: 408 after a minute, however diligently its bytes drip', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      await say(client, 'GET /hello.txt HTTP/1.1\r\nX: ')
      for (let i = 0; i < 59; i++) {
        await say(client, 'x')
        await pass(1)
        await staysOpen(client)
      }
      await pass(1)
      await client.atEnd()
      assert.match(client.text, /^HTTP\/1\.1 408 Request Timeout\r\n.*\r\nConnection: close\r\n/s)
    }))

  test('the minute of a later head begins with its first byte', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      client.send(GET)
      await client.untilText('Hello, world!')
      await pass(70)
      await say(client, 'GET ')
      await pass(59)
      await staysOpen(client)
      await pass(1)
      await client.untilText('HTTP/1.1 408')
      await client.atEnd()
    }))

  test('… also where that byte came together with the end of the head before', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      await say(client, 'GET ')
      for (let i = 1; i <= 5; i++) {
        await pass(50)
        client.send(`${GET.slice(4)}GET `)
        await client.untilText('Hello, world!', i)
      }
      await staysOpen(client)
      await pass(60)
      await client.untilText('HTTP/1.1 408')
    }))

  test('content that does not come: 408 after a minute of silence', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      for (const framing of ['Content-Length: 5', 'Transfer-Encoding: chunked']) {
        const client = await accepted(s)
        await say(client, `POST /echo HTTP/1.1\r\n${framing}\r\n${HEAD}`)
        await pass(59)
        await staysOpen(client)
        await pass(1)
        await client.atEnd()
        assert.match(client.text, /^HTTP\/1\.1 408 Request Timeout\r\n/)
      }
    }))

  test('content that comes slowly but steadily takes as long as it takes', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      await say(client, `POST /echo HTTP/1.1\r\nContent-Length: 20\r\n${HEAD}`)
      for (let i = 0; i < 20; i++) {
        await pass(59)
        await say(client, 'x')
      }
      await client.untilText('x'.repeat(20))
    }))

  test('content that stops coming when its answer has begun: the client sees that the answer is not whole', t => {
    const talking: Module = {
      name: 'talking',
      content(x) {
        if (x.path !== '/talk') return DECLINED
        x.readContent({ onContent() {}, onContentEnd: () => x.end() })
        x.begin(200, null)
        x.write(Buffer.from('so far'))
        return HANDLED
      },
    }
    return serving({ ...options, modules: [talking, answering] }, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      // By HTTP/1.0 the end of the connection is the end of the answer: only a reset tells that it is not.
      client.send('POST /talk HTTP/1.0\r\nContent-Length: 5\r\n\r\n')
      await client.untilText('so far')
      await pass(60)
      assert.equal(await client.gone(), false)
    })
  })

  test('content that nobody waits for does not keep a connection either', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      client.send(`POST /early HTTP/1.1\r\nContent-Length: 5\r\n${HEAD}`)
      await client.untilText('early')
      await pass(60)
      await client.atEnd()
      assert.equal(client.text.split('HTTP/1.1').length, 2, 'one answer')
    }))

  test('an idle connection is closed after 75 seconds, without a word', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      for (let i = 0; i < 3; i++) {
        client.send(GET)
        await client.untilText('Hello, world!', i + 1)
        await pass(74)
        await staysOpen(client)
      }
      const before = client.bytes.length
      await pass(1)
      assert.equal((await client.atEnd()).length, before)
    }))

  test('a handler may take as long as it likes: only the client is on the clock', t => {
    const holding = new Holding()
    return serving({ ...options, modules: [holding, answering] }, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      await say(client, `GET /held HTTP/1.1\r\n${HEAD}`)
      await pass(3600)
      await staysOpen(client)
      holding.held[0]!.answer(200, 'at last')
      await client.untilText('at last')
    })
  })

  test('a client that resets while its request is worked for is noticed at once, whatever it has sent ahead', t => {
    const holding = new Holding()
    return serving({ ...options, modules: [holding, answering] }, async s => {
      stoppedClock(t)
      for (const ahead of ['', GET, 'x'.repeat(1000)]) {
        const client = await accepted(s)
        await say(client, `GET /held HTTP/1.1\r\n${HEAD}`)
        if (ahead !== '') await say(client, ahead)
        const x = holding.held.at(-1)!
        assert.equal(x.isAbandoned, false)
        client.reset()
        await eventually(
          () => x.isAbandoned,
          () => 'nobody is told that the client is gone',
        )
        await s.connectionsAre(0)
      }
    })
  })

  test('what a client sends ahead of its answer stays in the kernel when it is much', t => {
    const holding = new Holding()
    return serving({ ...options, modules: [holding, answering] }, async s => {
      stoppedClock(t)
      const client = await accepted(s)
      await say(client, `GET /held HTTP/1.1\r\n${HEAD}`)
      const many = GET.repeat(100_000)
      client.send(many)
      await serverHasRead()
      const x = holding.held[0]!
      assert.ok(
        x.responder.facts.receivedBytes < 1024 * 1024,
        `${x.responder.facts.receivedBytes} bytes read`,
      )
      x.answer(200, 'held')
      await client.untilText('Hello, world!', 900)
      client.destroy()
      await s.connectionsAre(0)
    })
  })

  test('a client that has closed its side gets its answer, but silence for it ends after five seconds', t => {
    const holding = new Holding()
    return serving({ ...options, modules: [holding, answering] }, async s => {
      const pass = stoppedClock(t)
      const [patient, gone] = [await accepted(s), await accepted(s)]
      for (const client of [patient, gone]) {
        await say(client, `GET /held HTTP/1.1\r\n${HEAD}`)
        using system = scripted()
        client.end()
        await eventually(
          () => system.calls.recv > 0,
          () => 'the end is not read',
        )
      }
      const [first, second] = holding.held
      await pass(4)
      first!.begin(200, null)
      first!.write(Buffer.from('so far'))
      await patient.untilText('so far')
      await pass(4)
      assert.equal(second!.isAbandoned, true, 'nothing came for it')
      assert.equal(first!.isAbandoned, false, 'the silence began anew')
      first!.end()
      await patient.atEnd()
      await gone.gone()
      await s.connectionsAre(0)
    })
  })

  test('a client that takes no bytes is cut after a minute', t =>
    serving(options, async s => {
      sparseFile(s.root, 'large', LARGE_BYTES)
      const pass = stoppedClock(t)
      const client = connectAndSend(s.port, `GET /large HTTP/1.1\r\n${HEAD}`)
      await s.connectionsAre(1)
      await socketIsFull()
      await pass(59)
      assert.equal(s.server.connectionCount, 1)
      await pass(1)
      await s.connectionsAre(0)
      close(client)
    }))

  test('one that takes a few every now and then is not', t =>
    serving(options, async s => {
      sparseFile(s.root, 'large', LARGE_BYTES)
      const pass = stoppedClock(t)
      const client = connectAndSend(s.port, `GET /large HTTP/1.1\r\n${HEAD}`)
      fcntl(client, F_SETFL, O_RDWR | O_NONBLOCK)
      await s.connectionsAre(1)
      await socketIsFull()
      for (let i = 0; i < 20; i++) {
        drain(client)
        await pass(59)
        assert.equal(s.server.connectionCount, 1)
      }
      await pass(121)
      await s.connectionsAre(0)
      close(client)
    }))

  test('lingering: five seconds of silence after the last answer', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = connectAndSend(s.port, 'GET / HTTP/9.9\r\n')
      await s.connectionsAre(1)
      await pass(4.9)
      assert.equal(s.server.connectionCount, 1)
      await pass(0.1)
      await s.connectionsAre(0)
      close(client)
    }))

  test('… and thirty of chatter', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const client = await accepted(s)
      client.send('GET / HTTP/9.9\r\n')
      await client.atEnd()
      for (let i = 0; i < 29; i++) {
        await say(client, 'x')
        await pass(1)
        assert.equal(s.server.connectionCount, 1)
      }
      await say(client, 'x')
      await pass(1)
      await s.connectionsAre(0)
    }))

  test('a thousand deadlines at the same moment', t =>
    serving(options, async s => {
      const pass = stoppedClock(t)
      const clients = await Promise.all(Array.from({ length: 1000 }, () => s.connect()))
      await s.connectionsAre(1000)
      await pass(60)
      await Promise.all(clients.map(client => client.atEnd()))
      for (const client of clients) client.end()
      await s.connectionsAre(0)
    }))

  test('the clock runs: the poller wakes for the deadline', () =>
    serving({ ...options, limits: { headTimeoutMs: 80, idleTimeoutMs: 80 } }, async s => {
      const [silent, half, idle] = await Promise.all([s.connect(), s.connect(), s.connect()])
      half.send('GET /')
      idle.send(GET)
      await Promise.all([silent.atEnd(), half.atEnd(), idle.atEnd()])
      assert.match(half.text, /^HTTP\/1\.1 408 /)
      assert.match(idle.text, /^HTTP\/1\.1 200 /)
    }))
})
