import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { type Exchange, HANDLED, type Module, type RunningServer, serve } from '../index.ts'
import { createLog } from '../log.ts'

/** A module that leaves every exchange to the test. */
function holder(): { module: Module; held: Promise<Exchange> } {
  let give: (x: Exchange) => void = () => {}
  const held = new Promise<Exchange>(done => {
    give = done
  })
  const module: Module = {
    name: 'holder',
    content(x) {
      give(x)
      return HANDLED
    },
  }
  return { module, held }
}

function portOf(server: RunningServer): number {
  return Number(new URL(server.url).port)
}

describe('an exchange', () => {
  it('whose onAbandoned throws does not keep the server from its end', async () => {
    const { module, held } = holder()
    const errors: string[] = []
    const log = createLog('error', (_level, words) => errors.push(words))
    const server = await serve({ root: '/', listen: '127.0.0.1:0', modules: [module], log })
    const client = connect(portOf(server), '127.0.0.1')
    client.on('error', () => {})
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const x = await held
    x.onAbandoned = () => {
      throw new Error('not ours')
    }
    await server.close(0)
    assert.equal(server.connectionCount, 0)
    assert.equal(x.isAbandoned, true)
    assert.match(errors.join('\n'), /not ours/)
    client.destroy()
  })

  it('that waited behind a slow one is answered although the client has ended', async () => {
    const later: Exchange[] = []
    const module: Module = {
      name: 'slow',
      content(x) {
        later.push(x)
        setTimeout(() => x.answer(200, `answer to ${x.path}\n`), 5)
        return HANDLED
      },
    }
    const server = await serve({ root: '/', listen: '127.0.0.1:0', modules: [module] })
    const client = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true })
    const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    client.end(request('/1') + request('/2') + request('/3'))
    let text = ''
    client.on('data', chunk => {
      text += chunk
    })
    await once(client, 'end')
    assert.deepEqual(text.match(/answer to \/\d/g), ['answer to /1', 'answer to /2', 'answer to /3'])
    assert.equal(later.length, 3)
    client.destroy()
    await server.close(0)
  })
})
