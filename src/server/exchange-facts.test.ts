import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { serving } from '../../test/serving.ts'
import type { Exchange } from './exchange.ts'
import { requestLine } from './log-context.ts'
import { HANDLED, type Module } from './module.ts'

/** Answers with the path, in pieces where it is `/pieces`, and notes of each exchange what `note` says at its end. */
function noting<T>(note: (x: Exchange) => T): { module: Module; notes: T[] } {
  const notes: T[] = []
  const module: Module = {
    name: 'noting',
    content(x) {
      if (x.path === '/later') setImmediate(() => x.answer(200, x.path))
      else if (x.path === '/pieces') {
        x.begin(200, null)
        x.write(Buffer.from('one'))
        x.end()
      } else if (x.contentLength > 0) {
        x.readContent({ onContent() {}, onContentEnd: () => x.answer(200, 'read') })
      } else x.answer(200, x.path)
      return HANDLED
    },
    log: x => void notes.push(note(x)),
  }
  return { module, notes }
}

const get = (path: string, rest = 'Host: a\r\n\r\n'): string => `GET ${path} HTTP/1.1\r\n${rest}`

describe('an exchange over a connection', () => {
  it('counts what the request had', async () => {
    const { module, notes } = noting(x => x.requestBytes)
    await serving({ modules: [module] }, async s => {
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'
      await s.ask(`${head}Content-Length: 3\r\n\r\nabc`)
      await s.ask(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`)
      assert.deepEqual(notes, [head.length + 24, head.length + 43])
    })
  })

  it('knows which requests had come before the answer to the one before', async () => {
    const { module, notes } = noting(x => x.responder.facts.isPipelined)
    await serving({ modules: [module] }, async s => {
      const client = await s.connect()
      client.send(get('/1') + get('/later') + get('/3') + get('/4').slice(0, 20))
      await client.untilText('\r\n\r\n/3')
      client.send(get('/4').slice(20))
      await client.untilText('\r\n\r\n/4')
      client.send(get('/5'))
      await client.untilText('\r\n\r\n/5')
      assert.deepEqual(notes, [false, true, true, true, false])
    })
  })

  it('is told of also when it is refused', async () => {
    const { module, notes } = noting(x => [requestLine(x), x.requestBytes, x.responder.facts.requestCount])
    await serving({ modules: [module] }, async s => {
      const whole = 'GET /a HTTP/1.1\r\n\r\n'
      for (const request of [whole, 'GET /b HTTP/1.1\r\n X: a\r\n', '\r\n\x16\x03\x01 \xe9'])
        await s.ask(request)
      assert.deepEqual(notes, [
        ['GET /a HTTP/1.1', whole.length, 1],
        ['GET /b HTTP/1.1', 0, 1],
        ['\x16\x03\x01 \xe9', 0, 1],
      ])
    })
  })

  it('tells the sizes of an answer in chunks', async () => {
    const { module, notes } = noting(x => [x.sentContentBytes, x.sentFramingBytes, x.isChunked])
    await serving({ modules: [module] }, async s => {
      const text = await s.ask(get('/pieces', 'Host: a\r\nConnection: close\r\n\r\n'))
      assert.ok(text.endsWith('\r\n\r\n3\r\none\r\n0\r\n\r\n'), text)
      await s.ask('GET /pieces HTTP/1.0\r\n\r\n')
      assert.deepEqual(notes, [
        [3, 10, true],
        [3, 0, false],
      ])
    })
  })

  it('tells what did not leave when its connection was lost', async () => {
    const { module, notes } = noting(x => [x.sentContentBytes, x.unsentBytes])
    const big: Module = {
      name: 'big',
      content(x) {
        x.answer(200, Buffer.alloc(64 * 1024 * 1024))
        return HANDLED
      },
    }
    await serving({ modules: [{ ...module, ...big }] }, async s => {
      const client = await s.connect()
      client.send(get('/'))
      await client.untilText('\r\n\r\n')
      client.destroy()
      await s.connectionsAre(0)
    })
    const [sent, unsent] = notes[0]!
    assert.equal(sent, 64 * 1024 * 1024)
    assert.ok(unsent! > 0 && unsent! < sent!)
  })
})

describe('trailers', () => {
  const trailing: Module = {
    name: 'trailing',
    fields: x => x.promiseTrailers(() => `X-Sum: ${x.sentContentBytes}\r\n`),
  }
  const ask = async (request: string): Promise<string> => {
    let text = ''
    const { module } = noting(() => {})
    await serving({ modules: [trailing, module] }, async s => {
      text = await s.ask(request)
    })
    return text
  }
  const close = 'Host: a\r\nConnection: close\r\n\r\n'

  it('follow the content, which goes in chunks then, whatever its length', async () => {
    const text = await ask(get('/abc', close))
    assert.match(text, /\r\nTransfer-Encoding: chunked\r\n/)
    assert.doesNotMatch(text, /Content-Length/)
    assert.ok(text.endsWith('\r\n\r\n4\r\n/abc\r\n0\r\nX-Sum: 4\r\n\r\n'), text)
  })

  it('are not for HTTP/1.0, nor for HEAD', async () => {
    assert.match(await ask('GET /abc HTTP/1.0\r\n\r\n'), /\r\nContent-Length: 4\r\n.*\r\n\r\n\/abc$/s)
    assert.match(await ask(`HEAD /abc HTTP/1.1\r\n${close}`), /\r\nContent-Length: 4\r\n.*\r\n\r\n$/s)
  })

  it('are left out by whoever makes a mistake in them', async () => {
    const wrong: Module = {
      name: 'wrong',
      fields: x =>
        x.promiseTrailers(() => {
          throw new Error('of ours')
        }),
    }
    const { module } = noting(() => {})
    await serving({ modules: [wrong, module] }, async s => {
      assert.ok((await s.ask(get('/a', close))).endsWith('2\r\n/a\r\n0\r\n\r\n'))
    })
  })
})
