/**
 * A configured server with one worker and CGI programs, for tests: what they answer, and what they leave behind.
 *
 *   await using cgi = await cgiFamily('epoll', { 'env.sh': '#!/bin/sh\n…' }, 'cgi .sh;')
 *   await cgi.get('/env.sh?a')            a `Response` (`responses.ts`)
 *   await cgi.exchange(bytes)             the same for bytes as they go over the wire
 *   cgi.alive()                           processes that were started by this server's programs and still run, zombies included
 *   await cgi.isQuiet()                   none of them, and as many descriptors in the worker as at first; others are served, and
 *                                       the strict rules of readiness, where they hold, were kept
 *
 * Every program has the variable MARK in its environment, by which its offspring is known, whatever session they have made.
 */

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { PollerName } from '../src/loop/poller.ts'
import type { Way } from './pollers.ts'
import { type NginxFamily, nginxFamily } from './process-family.ts'
import { connect, type RawClient } from './raw-client.ts'
import { type Response, readResponse } from './responses.ts'

export const HOST = 'Host: localhost\r\n'

export class CgiFamily {
  readonly family: NginxFamily
  private readonly mark: string
  private descriptorsAtStart = 0

  constructor(family: NginxFamily, mark: string) {
    this.family = family
    this.mark = mark
  }

  get port(): number {
    return this.family.port
  }

  /** The last one that was started. */
  get worker(): number {
    return this.family.workers.at(-1)!
  }

  path(name: string): string {
    return this.family.path(`html/${name}`)
  }

  /** Before it is started or reads its configuration anew. @param server lines of the server block @param main of the main context */
  configure({ poller, strictReadiness }: Way, server: string, main = ''): void {
    const { family, mark } = this
    family.configure(
      `daemon off; worker_processes 1; ${main}`,
      `cgi_param MARK ${mark}; client_max_body_size 0;
       server { listen 127.0.0.1:${family.port}; root ${family.path('html')};
         location = /ok { return 200 ok; }
         location = /readiness { readiness_status json; }
         cgi .sh; ${server.replaceAll('HTML', family.path('html'))} }`,
      undefined,
      `use ${poller}; strict_readiness ${strictReadiness ? 'on' : 'off'};`,
    )
  }

  async begin(): Promise<void> {
    this.family.start()
    await this.family.until(() => this.served().catch(() => false), 'it serves')
    // What is loaded and opened with the first program is not lost later.
    for (let i = 0; i < 3; i++) await this.get('/warm-up.sh')
    await this.family.until(() => this.alive().length === 0, 'the first programs end')
    this.descriptorsAtStart = this.descriptors
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.worker}/fd`).length
  }

  async served(): Promise<boolean> {
    return (await this.family.request('/ok')) === 'ok'
  }

  connect(): Promise<RawClient> {
    return connect({ port: this.port })
  }

  /** @param request as it goes over the wire; `Connection: close` is added */
  async exchange(request: string | Buffer): Promise<Response> {
    const text = typeof request === 'string' ? request : request.toString('latin1')
    const client = await this.connect()
    client.send(text.replace('\r\n', '\r\nConnection: close\r\n'))
    const bytes = await client.atEnd()
    client.destroy()
    const response = readResponse(bytes, 0, { isHeadOnly: text.startsWith('HEAD '), isLast: true })
    assert.ok(response !== null, `no whole answer: ${bytes.toString('latin1').slice(0, 500)}`)
    return response
  }

  get(target: string, ...fields: string[]): Promise<Response> {
    const lines = fields.map(field => `${field}\r\n`).join('')
    return this.exchange(`GET ${target} HTTP/1.1\r\n${HOST}${lines}\r\n`)
  }

  /** @returns the numbers of all processes with the mark */
  alive(): number[] {
    const numbers = readdirSync('/proc').filter(name => /^\d+$/.test(name))
    const marked = numbers.filter(number => hasMark(number, this.mark)).map(Number)
    return [...new Set([...marked, ...this.zombies()])]
  }

  /** A zombie has no environment any more. */
  private zombies(): number[] {
    try {
      const { worker } = this
      const children = readFileSync(`/proc/${worker}/task/${worker}/children`, 'utf8')
      return children.trim() === '' ? [] : children.trim().split(' ').map(Number)
    } catch {
      // There is no worker any more.
      return []
    }
  }

  async isQuiet(): Promise<void> {
    await this.family.until(() => this.alive().length === 0, 'no program is left')
    await this.family.until(() => this.descriptors <= this.descriptorsAtStart, 'no descriptor is left')
    assert.ok(await this.served())
    const counts = JSON.parse(await this.family.request('/readiness'))
    if (!counts.strict_readiness) return
    const { reads_without_readiness: reads, writes_without_readiness: writes, decisions_by_errno } = counts
    assert.deepEqual([reads, writes, decisions_by_errno], [0, 0, 0])
    assert.equal(counts.most_operations_per_client_and_iteration, 1)
  }

  /** Makes an empty file, for which a program waits. */
  touch(name: string): void {
    writeFileSync(this.path(name), '')
  }

  get log(): string {
    return this.family.log()
  }

  /** The part of the log that comes from now on. */
  logged(): () => string {
    const { length } = this.log
    return () => this.log.slice(length)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.family[Symbol.asyncDispose]()
  }
}

function hasMark(number: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${number}/environ`, 'latin1').includes(`MARK=${mark}\0`)
  } catch {
    return false
  }
}

/**
 * @param files below the root; those that begin with `#!` are made executable
 * @param server lines of the server block, in which HTML stands for the root
 * @param main lines of the main context
 */
export async function cgiFamily(
  way: Way | PollerName,
  files: Readonly<Record<string, string>>,
  server: string,
  main = '',
): Promise<CgiFamily> {
  const family = await nginxFamily()
  const all = { 'warm-up.sh': '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\nwarm"\n', ...files }
  for (const [name, content] of Object.entries(all)) {
    const path = family.path(`html/${name}`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    if (content.startsWith('#!')) chmodSync(path, 0o755)
  }
  const made = new CgiFamily(family, `${process.pid}-${family.port}`)
  made.configure(typeof way === 'string' ? { poller: way, strictReadiness: false } : way, server, main)
  await made.begin()
  return made
}
