import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openDescriptors } from '../test/descriptors.ts'
import { DECLINED, HANDLED, type Module, type RunningServer, type ServeOptions, serve } from './index.ts'

const place = mkdtempSync(join(tmpdir(), 'veille-serve-'))
after(() => rmSync(place, { recursive: true }))
mkdirSync(join(place, 'sub'))
writeFileSync(join(place, 'index.html'), '<p>front</p>')
writeFileSync(join(place, 'a.txt'), 'a file')

async function withServer(
  options: ServeOptions,
  use: (server: RunningServer) => Promise<void>,
): Promise<void> {
  const server = await serve({ root: place, listen: '127.0.0.1:0', ...options })
  try {
    await use(server)
  } finally {
    await server.close(0)
  }
}

describe('serve()', () => {
  it('serves a folder, and tells where', async () => {
    await withServer({}, async ({ url, addresses }) => {
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
      assert.equal(addresses.length, 1)
      assert.equal(await (await fetch(url)).text(), '<p>front</p>')
      assert.equal(await (await fetch(`${url}a.txt`)).text(), 'a file')
      assert.equal((await fetch(`${url}none`)).status, 404)
    })
  })

  it('names the base in its URL, and leads to it', async () => {
    await withServer({ base: 'docs' }, async ({ url }) => {
      assert.match(url, /\/docs\/$/)
      assert.equal(await (await fetch(url)).text(), '<p>front</p>')
      assert.equal((await fetch(new URL('/', url))).url, url)
      assert.equal((await fetch(new URL('/a.txt', url))).status, 404)
    })
  })

  it('listens on several addresses, each of a name on one port', async () => {
    await withServer({ listen: ['127.0.0.1:0', 'localhost:0'] }, async ({ addresses }) => {
      const ports = addresses.map(address => ('port' in address ? address.port : -1))
      assert.ok(addresses.length >= 2)
      assert.equal(new Set(ports.slice(1)).size, 1)
      for (const port of ports) assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200)
    })
  })

  it('asks modules of the caller before the folder', async () => {
    const hello: Module = {
      name: 'hello',
      content(x) {
        if (x.path !== '/a.txt') return DECLINED
        x.answer(200, 'Hello World')
        return HANDLED
      },
    }
    await withServer({ modules: [hello] }, async ({ url }) => {
      assert.equal(await (await fetch(`${url}a.txt`)).text(), 'Hello World')
      assert.equal(await (await fetch(url)).text(), '<p>front</p>')
    })
  })

  it('says how long found things may be kept, as it is told', async () => {
    const cases: [ServeOptions['cache'], string | null][] = [
      [undefined, 'no-cache'],
      [60.9, 'public, max-age=60'],
      ['no-store', 'no-store'],
      [null, null],
    ]
    for (const [cache, expected] of cases) {
      await withServer({ cache }, async ({ url }) => {
        assert.equal((await fetch(url)).headers.get('cache-control'), expected)
        assert.equal((await fetch(`${url}none`)).headers.get('cache-control'), null)
      })
    }
  })

  it('answers pipelined requests that ask for much, all and in order, over several turns', async () => {
    const big = Buffer.alloc(64 * 1024, 'x')
    writeFileSync(join(place, 'big'), big)
    await withServer({}, async ({ addresses }) => {
      const { port } = addresses[0] as { port: number }
      const client = connect(port, '127.0.0.1')
      const request = (name: string, more = ''): string => `GET /${name} HTTP/1.1\r\nHost: h\r\n${more}\r\n`
      client.write(request('big').repeat(150) + request('a.txt', 'Connection: close\r\n'))
      const received: Buffer[] = []
      for await (const bytes of client) received.push(bytes as Buffer)
      const text = Buffer.concat(received).toString('latin1')
      assert.equal(text.split('HTTP/1.1 200 OK').length, 152)
      assert.equal(text.split('x'.repeat(big.length)).length, 151)
      assert.ok(text.endsWith('\r\n\r\na file'))
    })
  })

  it('is closed once, however often that is asked', async () => {
    const server = await serve({ root: place, listen: '127.0.0.1:0' })
    await Promise.all([server.close(), server.close()])
    await server.close()
    await assert.rejects(fetch(server.url))
  })
})

describe('serve() with a mistake', () => {
  const refuses = (name: string, options: ServeOptions, message: RegExp, code = ''): void => {
    it(`${name} is told in one sentence, and leaves nothing open`, async () => {
      const before = openDescriptors()
      await assert.rejects(serve({ root: place, listen: '127.0.0.1:0', ...options }), error => {
        assert.ok(error instanceof Error)
        assert.equal(error.name, 'ServeError')
        assert.match(error.message, message)
        assert.equal((error as NodeJS.ErrnoException).code ?? '', code)
        return true
      })
      assert.equal(openDescriptors(), before)
    })
  }

  refuses(
    'a folder that is not there',
    { root: join(place, 'none') },
    /cannot serve .*none: no such file/,
    'ENOENT',
  )
  refuses('a file in place of a folder', { root: join(place, 'a.txt') }, /not a directory/, 'ENOTDIR')
  refuses('no address', { listen: [] }, /no address to listen on/)
  refuses('a port beyond 65535', { listen: 70_000 }, /a port is a number from 0 to 65535/)
  refuses('a host that is none', { listen: '999.1.1.1:80' }, /"999\.1\.1\.1" is not an IPv4 address/)
  refuses(
    'an address of another machine',
    { listen: '192.0.2.77:0' },
    /cannot listen on .*EADDRNOTAVAIL/,
    'EADDRNOTAVAIL',
  )
  refuses('a poller that is none', { poller: 'kqueue' as never }, /"kqueue" is no poller/)
  refuses('a descriptor that does not listen', { listenFds: [0] }, /descriptor 0 is not a listening socket/)
  refuses('a negative time', { cache: -1 }, /cache takes a number of seconds/)
  refuses('one bad address among good ones', { listen: ['127.0.0.1:0', 'x y'] }, /"x y" is not an address/)

  it('a port that is taken is told with its address', async () => {
    await withServer({}, async ({ addresses }) => {
      const [address] = addresses
      const listen = `127.0.0.1:${address !== undefined && 'port' in address ? address.port : 0}`
      await assert.rejects(serve({ root: place, listen }), {
        code: 'EADDRINUSE',
        message: `${listen} is already in use`,
      })
    })
  })

  it('a second poller beside the one that waits is refused', async () => {
    await withServer({ poller: 'epoll' }, async () => {
      await assert.rejects(
        serve({ root: place, listen: '127.0.0.1:0', poller: 'poll' }),
        /already waits with epoll/,
      )
    })
  })
})
