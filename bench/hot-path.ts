/**
 * What a small request costs in JavaScript alone: the whole way from received bytes to sent bytes, through every layer, over a transport
 * that costs nothing. What the kernel takes on top is measured by run.ts.
 *
 *   node dist/bench/hot-path.js [words]   only the cases whose names contain these
 *
 * Nanoseconds a request, the best of several rounds. A case is fastest alone: engines make code for what they have seen.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unixAddress } from '../src/io/address.ts'
import { Connection } from '../src/io/connection.ts'
import { openDirectory } from '../src/io/file.ts'
import { Outbox } from '../src/io/outbox.ts'
import type { Transport } from '../src/io/transport.ts'
import { SILENT } from '../src/log.ts'
import { Loop } from '../src/loop/loop.ts'
import { siteModules } from '../src/modules/folder.ts'
import type { Endpoint } from '../src/server/endpoint.ts'
import { HttpConnection } from '../src/server/http-connection.ts'
import { DECLINED, HANDLED, type Module } from '../src/server/module.ts'
import { DEFAULT_LIMITS, Server, singleEndpoint } from '../src/server/server.ts'
import { DiskFiles } from '../src/site/files.ts'
import { layoutBelow } from '../src/site/layout.ts'
import { readConfiguration } from '../src/site/reading.ts'
import { AF_UNIX, SOCK_NONBLOCK, SOCK_STREAM } from '../src/sys/constants.ts'
import { socketpair } from '../src/sys/libc.ts'
import {
  type ConfigurationName,
  configurationText,
  hostOf,
  LOCATIONS_EACH,
  MANY_SERVERS,
  pathOf,
} from './configurations.ts'
import { besideSources } from './servers.ts'

/** Short and many: on a busy machine some of them are left alone. */
const ROUNDS = 300
const REQUESTS = 4_000

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

interface Case {
  readonly name: string
  readonly request: string
  /** Others that come between, in turn. */
  readonly others?: readonly string[]
  /** What answers: the folder server with a module, or a configuration. */
  readonly by: 'library' | ConfigurationName
  /** Each request is a turn of the loop: what is believed for a turn is looked at again. */
  readonly isTurn?: true
}

const HELLO = 'GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n'
const FILE = 'GET /package.json HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n'

/** Nothing that was learnt of one of them helps with the next. */
const ELSEWHERE = Array.from({ length: 99 }, (_, i) => {
  const path = pathOf(i % LOCATIONS_EACH)
  return `GET ${path} HTTP/1.1\r\nHost: ${hostOf((i * 7) % MANY_SERVERS)}\r\n`
})

const CASES: readonly Case[] = [
  { name: 'module, 13 bytes', request: HELLO, by: 'library' },
  { name: 'module, Chrome head', request: `${HELLO}${CHROME}\r\n`, by: 'library' },
  { name: 'static file', request: FILE, by: 'library' },
  { name: 'static file, Chrome head', request: `${FILE}${CHROME}\r\n`, by: 'library' },
  { name: 'configured, return 200', request: HELLO, by: 'plain' },
  { name: 'configured, static file', request: FILE, by: 'plain' },
  { name: 'configured, no open_file_cache', request: FILE, by: 'uncached', isTurn: true },
  { name: 'configured, try_files', request: FILE, by: 'tried' },
  { name: 'configured, 20 regexes', request: HELLO, by: 'regexes' },
  { name: 'configured, add_header', request: HELLO, by: 'fields' },
  { name: 'configured, expires', request: HELLO, by: 'expires' },
  { name: 'configured, 100 of 10,000 locations', request: HELLO, others: ELSEWHERE, by: 'many' },
  { name: 'configured, access log', request: HELLO, by: 'logged' },
  { name: 'configured, access log of Chrome', request: `${HELLO}${CHROME}\r\n`, by: 'logged' },
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

/** Receives the same requests again and again; what is sent disappears. */
class Treadmill implements Transport {
  readonly isStrict = false
  requests: readonly Buffer[] = []
  sentBytes = 0
  private next = 0

  receive(_fd: number, buffer: Uint8Array): number {
    this.next = this.next + 1 < this.requests.length ? this.next + 1 : 0
    const request = this.requests[this.next]!
    buffer.set(request)
    return request.length
  }

  send(_fd: number, _buffer: Uint8Array, sizeBytes: number): number {
    this.sentBytes += sizeBytes
    return sizeBytes
  }

  sendPair(
    _fd: number,
    _first: Uint8Array,
    firstBytes: number,
    second: Uint8Array,
    tailBytes: number,
  ): number {
    return firstBytes + second.length + tailBytes
  }

  sendFile(_fd: number, _file: number, _offset: number, sizeBytes: number): number {
    return sizeBytes
  }

  maySend(): boolean {
    return true
  }

  mustWait(): boolean {
    return false
  }
}

/** One for each kind of answer; they share the loop. */
class Subjects {
  private readonly loop = new Loop({ poller: 'epoll' })
  private readonly outbox = new Outbox()
  private readonly treadmill = new Treadmill()
  private readonly connections = new Map<Case['by'], Connection>()
  private readonly scratch = mkdtempSync(join(tmpdir(), 'veille-hot-path-'))

  /** @returns nanoseconds */
  measure({ by, request, others = [], isTurn }: Case): number {
    const connection = this.connections.get(by) ?? this.connect(by)
    this.treadmill.requests = [request, ...others].map(head => Buffer.from(`${head}\r\n`, 'latin1'))
    const begin = performance.now()
    for (let i = 0; i < REQUESTS; i++) {
      if (isTurn) this.loop.now += 0.001
      connection.onReadable()
      this.outbox.flush()
    }
    return ((performance.now() - begin) / REQUESTS) * 1e6
  }

  private connect(by: Case['by']): Connection {
    const limits = { ...DEFAULT_LIMITS, requestsPerConnection: Number.POSITIVE_INFINITY }
    const modules = by === 'library' ? libraryModules() : []
    const endpoint =
      by === 'library' ? singleEndpoint(modules, limits, SILENT) : configuredEndpoint(by, this.scratch)
    const { loop, outbox, treadmill: transport } = this
    const server = new Server(loop, outbox, { log: SILENT, modules, mostConnections: 1 })
    const fds = new Int32Array(2)
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, fds)
    const connection = new Connection(fds[0]!, unixAddress(''), { loop, outbox, transport, limits })
    new HttpConnection(connection, server, endpoint)
    this.connections.set(by, connection)
    return connection
  }

  end(): void {
    rmSync(this.scratch, { recursive: true })
  }
}

function libraryModules(): readonly Module[] {
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
  return siteModules(site, [hello])
}

function configuredEndpoint(name: ConfigurationName, scratch: string): Endpoint {
  const template = readFileSync(besideSources('servers/nginx.conf'), 'utf8')
  const setting = { server: 'veille', port: 8080, root: process.cwd(), scratch, connections: 10 }
  const configurationPath = join(scratch, `${name}.conf`)
  writeFileSync(configurationPath, configurationText(template, name, setting))
  const layout = layoutBelow(scratch)
  const invocation = { layout, configurationPath, globals: null, isForeground: true }
  const { site, logFiles } = readConfiguration(invocation, new DiskFiles())
  logFiles.open()
  return site.sockets[0]!.endpoint
}

function main(words: string): void {
  const subjects = new Subjects()
  for (const one of CASES.filter(({ name }) => name.includes(words))) {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) times.push(subjects.measure(one))
    const best = Math.min(...times)
    console.log(`${one.name.padEnd(34)} ${best.toFixed(0).padStart(6)} ns`)
  }
  subjects.end()
  process.exit(0)
}

main(process.argv[2] ?? '')
