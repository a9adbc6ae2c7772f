/**
 * What a small request costs in JavaScript alone: the whole way from received bytes to sent bytes, through every layer, over a transport
 * that costs nothing. What the kernel takes on top is measured by run.ts.
 *
 *   node dist/bench/hot-path.js
 *
 * Nanoseconds a request, the best of several rounds.
 */

import { unixAddress } from '../src/io/address.ts'
import { Connection } from '../src/io/connection.ts'
import { openDirectory } from '../src/io/file.ts'
import { Outbox } from '../src/io/outbox.ts'
import type { Transport } from '../src/io/transport.ts'
import { SILENT } from '../src/log.ts'
import { Loop } from '../src/loop/loop.ts'
import { siteModules } from '../src/modules/index.ts'
import { HttpConnection } from '../src/server/http-connection.ts'
import { DECLINED, HANDLED, type Module } from '../src/server/module.ts'
import { DEFAULT_LIMITS, Server, singleEndpoint } from '../src/server/server.ts'
import { AF_UNIX, SOCK_NONBLOCK, SOCK_STREAM } from '../src/sys/constants.ts'
import { socketpair } from '../src/sys/libc.ts'

const ROUNDS = 9
const REQUESTS = 100_000

const CHROME = [
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Sec-Fetch-Site: none',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-User: ?1',
  'Sec-Fetch-Dest: document',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,fr;q=0.8',
].join('\r\n')

const CASES: readonly (readonly [name: string, request: string])[] = [
  ['module, 13 bytes', 'GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n'],
  ['module, Chrome head', `GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n${CHROME}\r\n\r\n`],
  ['static file', 'GET /package.json HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n'],
  ['static file, Chrome head', `GET /package.json HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n${CHROME}\r\n\r\n`],
]

const BODY = Buffer.from('Hello, World!')
const hello: Module = {
  name: 'hello',
  content(x) {
    if (x.path !== '/hello') return DECLINED
    x.setField('Content-Type', 'text/plain')
    x.answer(200, BODY)
    return HANDLED
  },
}

/** Receives the same request again and again; what is sent disappears. */
class Treadmill implements Transport {
  request = Buffer.alloc(0)
  sentBytes = 0

  receive(_fd: number, buffer: Uint8Array): number {
    buffer.set(this.request)
    return this.request.length
  }

  send(_fd: number, _buffer: Uint8Array, sizeBytes: number): number {
    this.sentBytes += sizeBytes
    return sizeBytes
  }

  sendPair(_fd: number, _first: Uint8Array, firstBytes: number, second: Uint8Array): number {
    return firstBytes + second.length
  }

  sendFile(_fd: number, _file: number, _offset: number, sizeBytes: number): number {
    return sizeBytes
  }
}

function main(): void {
  const directory = openDirectory('.')
  if (typeof directory === 'number') throw new Error('run it in the repository')
  const site = {
    directory,
    base: '/',
    index: ['index.html'],
    listing: true,
    dotfiles: false,
    precompressed: true,
    spa: null,
    cors: false,
    cacheControl: 'no-cache',
    accessLog: null,
  }
  const loop = new Loop({ poller: 'epoll' })
  const outbox = new Outbox()
  const limits = { ...DEFAULT_LIMITS, requestsPerConnection: Number.POSITIVE_INFINITY }
  const modules = siteModules(site, [hello])
  const server = new Server(loop, outbox, { log: SILENT, modules, mostConnections: 1 })
  const fds = new Int32Array(2)
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, fds)
  const treadmill = new Treadmill()
  const connection = new Connection(fds[0]!, unixAddress(''), { loop, outbox, transport: treadmill, limits })
  new HttpConnection(connection, server, singleEndpoint(modules, limits, SILENT))
  for (const [name, request] of CASES) {
    treadmill.request = Buffer.from(request, 'latin1')
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) times.push(measure(connection, outbox))
    console.log(
      `${name.padEnd(28)} ${Math.min(...times)
        .toFixed(0)
        .padStart(6)} ns`,
    )
  }
  process.exit(0)
}

function measure(connection: Connection, outbox: Outbox): number {
  const begin = performance.now()
  for (let i = 0; i < REQUESTS; i++) {
    connection.onReadable()
    outbox.flush()
  }
  return ((performance.now() - begin) / REQUESTS) * 1e6
}

main()
