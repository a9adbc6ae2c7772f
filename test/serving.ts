/**
 * A server for the time of one test, and the proof that it leaves nothing behind.
 *
 *   await serving({ poller, files: { 'hello.txt': 'Hello, world!' } }, async s => {
 *     const client = await s.connect()          a raw client; gone with the test
 *     await s.ask('GET / HTTP/1.0\r\n\r\n')     a conversation of its own: all that came until the server closed
 *   })
 *
 * Afterwards no connection and no descriptor is left, or the test fails. Where the strict rules of readiness are asked for, a referee looks
 * whether they are kept.
 */

import assert from 'node:assert/strict'
import { type RunningServer, type ServeOptions, serve } from '../src/index.ts'
import { answering } from './answering-modules.ts'
import { openDescriptors } from './descriptors.ts'
import { connect, eventually, type RawClient } from './raw-client.ts'
import { refereed } from './readiness-referee.ts'
import { makeSite, removeSite } from './sites.ts'

export interface ServingOptions extends ServeOptions {
  readonly files?: Readonly<Record<string, string | Buffer>>
  /** The test closes the server itself; otherwise it is seen at the end whether the server is still alive. */
  readonly isClosedByTest?: boolean
}

export class Serving {
  readonly server: RunningServer
  readonly root: string
  private readonly clients: RawClient[] = []

  constructor(server: RunningServer, root: string) {
    this.server = server
    this.root = root
  }

  get port(): number {
    const address = this.server.addresses[0]!
    assert.ok('port' in address)
    return address.port
  }

  get url(): string {
    return this.server.url
  }

  async connect(): Promise<RawClient> {
    const { host } = this.server.addresses[0] as { host: string }
    const client = await connect({ port: this.port, host })
    this.clients.push(client)
    return client
  }

  async ask(request: string | Uint8Array): Promise<string> {
    const client = await this.connect()
    client.send(request)
    await client.atEnd()
    client.end()
    return client.text
  }

  /** Is it alive? */
  async check(): Promise<void> {
    assert.match(await this.ask('GET /early HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/)
  }

  /** Until this many connections are left. */
  connectionsAre(count: number): Promise<void> {
    return eventually(
      () => this.server.connectionCount === count,
      () => `${this.server.connectionCount} connections`,
    )
  }

  forget(): void {
    for (const client of this.clients) client.destroy()
  }
}

export async function serving(options: ServingOptions, work: (s: Serving) => Promise<void>): Promise<void> {
  const atStart = openDescriptors()
  const root = makeSite(options.files ?? {})
  const server = await serve({ root, listen: '127.0.0.1:0', modules: [answering], ...options })
  const s = new Serving(server, root)
  const referee = options.strictReadiness === true ? refereed() : null
  try {
    await work(s)
    if (options.isClosedByTest !== true) await s.check()
  } finally {
    s.forget()
    await server.close(1000)
    referee?.restore()
    removeSite(root)
  }
  assert.deepEqual(referee?.breaches ?? [], [])
  await eventually(
    () => openDescriptors() === atStart,
    () => `${openDescriptors()} descriptors, ${atStart} at first`,
  )
}
