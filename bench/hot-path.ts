/**
 * What a small request costs in JavaScript alone: the whole way from received bytes to sent bytes, through every layer, over a transport
 * that costs nothing. What the kernel takes on top is measured by run.ts.
 *
 *   node dist/bench/hot-path.js
 *
 * Nanoseconds a request, the best of several rounds; first of the folder command, then of configurations. There a file is looked at in
 * each turn of the loop, unless open_file_cache says that it is believed, and each request here is a turn of its own.
 */

import { unixAddress } from '../src/io/address.ts'
import { Connection } from '../src/io/connection.ts'
import { openDirectory } from '../src/io/file.ts'
import { Outbox } from '../src/io/outbox.ts'
import type { Transport } from '../src/io/transport.ts'
import { SILENT } from '../src/log.ts'
import { Loop } from '../src/loop/loop.ts'
import { siteModules } from '../src/modules/index.ts'
import type { Endpoint } from '../src/server/endpoint.ts'
import { HttpConnection } from '../src/server/http-connection.ts'
import { DECLINED, HANDLED, type Module } from '../src/server/module.ts'
import { DEFAULT_LIMITS, Server, singleEndpoint } from '../src/server/server.ts'
import { layoutBelow } from '../src/site/layout.ts'
import { readConfiguration } from '../src/site/reading.ts'
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

const HELLO = CASES[0]![1]
const FILE = CASES[2]![1]

const CONFIGURED: readonly (readonly [name: string, request: string, server: string])[] = [
  ['return 200 "…"', HELLO, 'location /hello { return 200 "Hello, World!"; }'],
  ['configured file', FILE, ''],
  ['the same, open_file_cache', FILE, 'open_file_cache max=100;'],
  ['the same, and try_files', FILE, 'open_file_cache max=100; try_files $uri $uri/ =404;'],
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

/** A connection that the treadmill feeds. */
class Driven {
  private readonly loop = new Loop({ poller: 'epoll' })
  private readonly outbox = new Outbox()
  private readonly treadmill = new Treadmill()
  private readonly connection: Connection

  constructor(modules: readonly Module[], endpoint: Endpoint) {
    const { loop, outbox, treadmill: transport } = this
    const server = new Server(loop, outbox, { log: SILENT, modules, mostConnections: 1 })
    const fds = new Int32Array(2)
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, fds)
    this.connection = new Connection(fds[0]!, unixAddress(''), { loop, outbox, transport, limits: LIMITS })
    new HttpConnection(this.connection, server, endpoint)
  }

  measure(name: string, request: string): void {
    this.treadmill.request = Buffer.from(request, 'latin1')
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) times.push(this.round())
    const best = Math.min(...times).toFixed(0)
    console.log(`${name.padEnd(28)} ${best.padStart(6)} ns`)
  }

  private round(): number {
    const begin = performance.now()
    for (let i = 0; i < REQUESTS; i++) {
      this.loop.now += 0.001
      this.connection.onReadable()
      this.outbox.flush()
    }
    return ((performance.now() - begin) / REQUESTS) * 1e6
  }
}

const LIMITS = { ...DEFAULT_LIMITS, requestsPerConnection: Number.POSITIVE_INFINITY }

function folder(): Driven {
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
  const modules = siteModules(site, [hello])
  return new Driven(modules, singleEndpoint(modules, LIMITS, SILENT))
}

/** @param server what stands in the server block */
function configured(server: string): Driven {
  const text = `events {} http { access_log off; keepalive_requests 1000000000; keepalive_time 1d;
    server { listen 8080; root .; ${server} } }`
  const layout = layoutBelow(process.cwd())
  const invocation = { layout, configurationPath: '/bench.conf', globals: null, isForeground: true }
  const { site, problems } = readConfiguration(invocation, { read: () => ({ text }), glob: () => [] })
  if (problems.hasErrors) throw new Error(problems.list.map(({ summary }) => summary).join())
  return new Driven(site.modules, site.sockets[0]!.endpoint)
}

function main(): void {
  const ofFolder = folder()
  for (const [name, request] of CASES) ofFolder.measure(name, request)
  for (const [name, request, server] of CONFIGURED) configured(server).measure(name, request)
  process.exit(0)
}

main()
