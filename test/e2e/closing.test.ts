/**
 * The graceful end of a server: nobody new is let in, whoever is being answered gets the whole answer and is told that it was
 * the last one, and who does not come to an end is cut.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { close } from '../../src/sys/libc.ts'
import { answering, Holding } from '../answering-modules.ts'
import { forEachWay } from '../pollers.ts'
import { connect, connectAndSend, eventually, serverHasRead } from '../raw-client.ts'
import { fieldValue, readAll } from '../responses.ts'
import { serving } from '../serving.ts'
import { sparseFile } from '../sites.ts'

const HEAD = 'Host: example.org\r\n\r\n'
const GET = `GET /hello.txt HTTP/1.1\r\n${HEAD}`
const LARGE_BYTES = 50 * 1024 * 1024

forEachWay(way => {
  const files = { 'hello.txt': 'Hello, world!' }
  const options = { ...way, files, isClosedByTest: true }

  test('connections that are idle are closed at once, and no new one is let in', () =>
    serving(options, async s => {
      const clients = await Promise.all([s.connect(), s.connect(), s.connect()])
      for (const client of clients) client.send(GET)
      await Promise.all(clients.map(client => client.untilText('Hello, world!')))
      const ended = s.server.close()
      await Promise.all(clients.map(client => client.atEnd()))
      for (const client of clients) client.end()
      await assert.rejects(connect({ port: s.port }), { code: 'ECONNREFUSED' })
      await ended
    }))

  test('a request that is on its way when the server ends is answered', () =>
    serving(options, async s => {
      const used = await s.connect()
      used.send(GET)
      await used.untilText('Hello, world!')
      const fresh = await s.connect()
      await eventually(
        () => s.server.connectionCount === 2,
        () => 'it was not accepted',
      )
      // In the same turn: the server has not seen it.
      used.send(GET)
      const ended = s.server.close()
      await serverHasRead()
      fresh.send(GET)
      await Promise.all([used.atEnd(), fresh.atEnd()])
      for (const client of [used, fresh]) client.end()
      const responses = [...readAll(used.bytes), ...readAll(fresh.bytes)]
      assert.deepEqual(
        responses.map(response => fieldValue(response, 'connection')),
        [null, 'close', 'close'],
      )
      await ended
    }))

  test('an answer that is being worked at is given, and says that it is the last', () => {
    const holding = new Holding()
    return serving({ ...options, modules: [holding, answering] }, async s => {
      const client = await s.connect()
      client.send(`GET /held HTTP/1.1\r\n${HEAD}${GET}`)
      await eventually(
        () => holding.held.length === 1,
        () => 'nobody has asked',
      )
      const ended = s.server.close()
      await serverHasRead()
      holding.held[0]!.answer(200, 'held')
      await client.atEnd()
      client.end()
      const responses = readAll(client.bytes)
      assert.deepEqual(
        responses.map(response => response.content.toString()),
        ['held'],
      )
      assert.equal(fieldValue(responses[0]!, 'connection'), 'close')
      await ended
    })
  })

  test('a long answer that has begun is sent to its end', () =>
    serving(options, async s => {
      sparseFile(s.root, 'large', LARGE_BYTES)
      const client = await s.connect()
      client.send(`GET /large HTTP/1.1\r\n${HEAD}`)
      await client.untilText('HTTP/1.1 200')
      const ended = s.server.close()
      await client.atEnd()
      client.end()
      assert.equal(readAll(client.bytes)[0]!.content.length, LARGE_BYTES)
      await ended
    }))

  test('a request of which half has come is still answered', () =>
    serving(options, async s => {
      const client = await s.connect()
      client.send(GET.slice(0, 20))
      await serverHasRead()
      const ended = s.server.close()
      client.send(GET.slice(20))
      await client.atEnd()
      client.end()
      assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n.*Hello, world!$/s)
      await ended
    }))

  test('content that is still coming is waited for', () =>
    serving(options, async s => {
      const client = await s.connect()
      client.send(`POST /echo HTTP/1.1\r\nContent-Length: 10\r\n${HEAD}01234`)
      await serverHasRead()
      const ended = s.server.close()
      client.send('56789')
      await client.atEnd()
      client.end()
      assert.match(client.text, /\r\nConnection: close\r\n.*0123456789$/s)
      await ended
    }))

  test('who does not come to an end is cut after the grace', () => {
    const holding = new Holding()
    return serving({ ...options, modules: [holding, answering] }, async s => {
      sparseFile(s.root, 'large', LARGE_BYTES)
      const never = connectAndSend(s.port, `GET /large HTTP/1.1\r\n${HEAD}`)
      const half = await s.connect()
      half.send('GET /')
      const waiting = await s.connect()
      waiting.send(`GET /held HTTP/1.1\r\n${HEAD}`)
      await eventually(
        () => holding.held.length === 1 && s.server.connectionCount === 3,
        () => 'nobody has asked',
      )
      await s.server.close(50)
      assert.equal(s.server.connectionCount, 0)
      assert.equal(await half.gone(), false)
      assert.equal(await waiting.gone(), false)
      assert.ok(holding.held[0]!.isAbandoned)
      holding.held[0]!.answer(200, 'to nobody')
      close(never)
    })
  })

  test('closing twice is closing once', () =>
    serving(options, async s => {
      const [first, second] = [s.server.close(), s.server.close()]
      await Promise.all([first, second])
    }))

  test('the port is free again at once', () =>
    serving(options, async s => {
      const { port } = s
      await s.ask(`GET /hello.txt HTTP/1.1\r\nConnection: close\r\n${HEAD}`)
      await s.server.close()
      await serving({ ...options, isClosedByTest: false, listen: `127.0.0.1:${port}` }, async again =>
        assert.equal(again.port, port),
      )
    }))
})
