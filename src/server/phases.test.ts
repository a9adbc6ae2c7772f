import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect, serverHasRead } from '../../test/raw-client.ts'
import { DECLINED, HANDLED, type Module, type RunningServer, serve } from '../index.ts'
import { createLog } from '../log.ts'

const root = mkdtempSync(join(tmpdir(), 'veille-phases-'))
const mistake = (): never => {
  throw new Error('not ours')
}

/** What the log has said in the end. */
async function errorsWith(module: Module, work: (server: RunningServer) => Promise<void>): Promise<string> {
  const errors: string[] = []
  const log = createLog('error', (_level, words) => errors.push(words))
  const server = await serve({ root, listen: '127.0.0.1:0', modules: [module], log })
  try {
    await work(server)
  } finally {
    await server.close(0)
  }
  return errors.join('\n')
}

describe('a module', () => {
  before(() => writeFileSync(join(root, 'page.txt'), 'A page.'))
  after(() => rmSync(root, { recursive: true }))

  it('whose last word on the fields throws leaves the answers to others, also those that come later', async () => {
    const errors = await errorsWith({ name: 'wordy', fields: mistake }, async ({ url }) => {
      for (const [path, status] of [
        ['page.txt', 200],
        ['', 200],
        ['none', 404],
      ] as const) {
        assert.equal((await fetch(url + path)).status, status, path)
      }
    })
    assert.equal(errors.match(/module wordy: Error: not ours/g)?.length, 3)
  })

  it('that makes a mistake after it has returned says so: it is logged, and costs the exchange a 500 or its rest', async () => {
    const later: Module = {
      name: 'later',
      content(x) {
        if (x.path === '/begun') x.begin(200, null)
        setImmediate(() => x.crash(new Error('not ours')))
        return HANDLED
      },
    }
    const errors = await errorsWith(later, async ({ url }) => {
      assert.equal((await fetch(url)).status, 500)
      await assert.rejects(async () => await (await fetch(`${url}begun`)).text())
    })
    assert.equal(errors.match(/Error: not ours/g)?.length, 2)
  })

  it('whose close throws does not keep the server from its end', async () => {
    const errors = await errorsWith({ name: 'clingy', close: mistake }, async () => {})
    assert.match(errors, /module clingy: Error: not ours/)
  })

  it('whose error page breaks off is cut, and no second answer follows', async () => {
    const half: Module = {
      name: 'half',
      failure(x, status) {
        x.begin(status, 100)
        x.write(Buffer.alloc(10))
        return mistake()
      },
    }
    const errors = await errorsWith(half, async server => {
      const client = await connect({ port: Number(new URL(server.url).port) })
      client.send('GET /none HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.gone()
      assert.ok(client.text.split('HTTP/1.1').length <= 2, client.text)
    })
    assert.match(errors, /^module half: Error: not ours/)
    assert.doesNotMatch(errors, /second answer/)
  })

  it('that says more than it has announced is cut before a client could take the rest for another answer', async () => {
    const talkative: Module = {
      name: 'talkative',
      content(x) {
        x.begin(200, 5)
        x.write(Buffer.from('helloHTTP/1.1 200 OK\r\n\r\n'))
        return HANDLED
      },
    }
    await errorsWith(talkative, async server => {
      const client = await connect({ port: Number(new URL(server.url).port) })
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.gone()
      assert.doesNotMatch(client.text, /hello/)
    })
  })

  it('replaces what a file would say of itself, and has the last word on how long it may be kept', async () => {
    const own: Module = {
      name: 'own',
      fields(x) {
        if (x.status !== 200) return
        assert.equal(x.getField('content-type'), 'text/plain; charset=utf-8')
        assert.ok(x.hasField('ETag') && !x.hasField('Content-Language'))
        x.setField('Content-Type', 'text/x-own')
        x.removeField('etag')
        x.setField('Cache-Control', 'max-age=5')
      },
    }
    const errors = await errorsWith(own, async server => {
      const client = await connect({ port: Number(new URL(server.url).port) })
      client.send('GET /page.txt HTTP/1.0\r\n\r\n')
      await client.atEnd()
      client.end()
      const names = [...client.text.matchAll(/^([A-Za-z-]+): /gm)].map(match => match[1])
      assert.equal(new Set(names).size, names.length, client.text)
      assert.match(client.text, /\r\nContent-Type: text\/x-own\r\n/)
      assert.match(client.text, /\r\nCache-Control: max-age=5\r\n/)
      assert.doesNotMatch(client.text, /ETag/)
      assert.match(client.text, /\r\n\r\nA page\.$/)
    })
    assert.equal(errors, '')
  })

  it('that asks for content which the client holds back, and answers before it comes, keeps the connection', async () => {
    const hasty: Module = {
      name: 'hasty',
      content(x) {
        if (x.path !== '/hasty') return DECLINED
        x.readContent({ onContent() {}, onContentEnd() {} })
        x.answer(200, 'hasty')
        return HANDLED
      },
    }
    await errorsWith(hasty, async server => {
      const client = await connect({ port: Number(new URL(server.url).port) })
      const head = 'Host: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'
      client.send(`POST /hasty HTTP/1.1\r\n${head}`)
      await client.untilText('hasty')
      assert.match(client.text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
      assert.doesNotMatch(client.text, /Connection: close/)
      client.send('helloGET /page.txt HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.untilText('A page.')
      client.end()
    })
  })

  it('that has answered without waiting for the content is heard to the end, though the content breaks off', async () => {
    const sizeBytes = 20 * 1024 * 1024
    const early: Module = {
      name: 'early',
      content(x) {
        if (x.path !== '/early') return DECLINED
        x.readContent({ onContent() {}, onContentEnd() {} })
        x.answer(200, Buffer.alloc(sizeBytes))
        return HANDLED
      },
    }
    await errorsWith(early, async server => {
      const client = await connect({ port: Number(new URL(server.url).port) })
      client.socket.pause()
      client.send('POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe')
      client.end()
      await serverHasRead()
      await serverHasRead()
      client.socket.resume()
      assert.ok((await client.atEnd()).length > sizeBytes)
    })
  })

  it('that logs is told the target of a request that was refused', async () => {
    const lines: string[] = []
    const listening: Module = {
      name: 'listening',
      log: x => lines.push(`${x.method} ${x.rawPath} ${x.status}`),
    }
    await errorsWith(listening, async server => {
      for (const request of ['GET /a?b HTTP/1.1\r\n\r\n', 'GET /a\r\n', 'PUT /a?b HTTP/1.1\r\n X']) {
        const client = await connect({ port: Number(new URL(server.url).port) })
        client.send(request)
        await client.atEnd()
        client.end()
      }
    })
    assert.deepEqual(lines, ['GET /a?b 400', 'GET  400', 'PUT /a?b 400'])
  })
})
