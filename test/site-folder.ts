/**
 * A server of this process between clients that a test plays and programs that it writes.
 *
 *   const folder = new SiteFolder('between')            removed after the tests of the file
 *   folder.program('a.cgi', 'echo …')                   a shell script
 *   const site = await folder.serve(events, 'cgi .cgi;')
 *   await site.ask('GET / HTTP/1.0\r\n\r\n')           a `Response`; site.client() for other conversations
 *   folder.namelessFiles                                temporary files that are open
 */

import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Here, serveHere } from './configuration-here.ts'
import { freePort } from './free-ports.ts'
import { connect, type RawClient } from './raw-client.ts'
import { type Response, readResponse } from './responses.ts'

export class SiteFolder {
  readonly path: string

  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), `veille-${name}-`))
    chmodSync(this.path, 0o755)
    mkdirSync(join(this.path, 'logs'))
    after(() => rmSync(this.path, { recursive: true }))
  }

  at(name: string): string {
    return join(this.path, name)
  }

  program(name: string, lines: string): void {
    writeFileSync(this.at(name), `#!/bin/sh\n${lines}\n`)
    chmodSync(this.at(name), 0o755)
  }

  /** @param events, server, http lines of these blocks */
  async serve(events: string, server: string, http = ''): Promise<SiteHere> {
    const port = await freePort()
    writeFileSync(this.at('logs/error.log'), '')
    writeFileSync(
      this.at('site.conf'),
      `daemon off; master_process off; pid logs/pid; error_log logs/error.log info;
       events { ${events} }
       http { access_log off; ${http} server { listen 127.0.0.1:${port}; root ${this.path}; ${server} } }`,
    )
    return new SiteHere(port, await serveHere(this.path, this.at('site.conf')))
  }

  get errors(): string {
    return readFileSync(this.at('logs/error.log'), 'latin1')
  }

  /** Files without a name that this process has open. */
  get namelessFiles(): string[] {
    const targets = readdirSync('/proc/self/fd').map(targetOf)
    return targets.filter(target => target.startsWith(this.path) && target.includes('(deleted)'))
  }
}

/** @returns '' for a descriptor that was closed meanwhile */
function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

export class SiteHere {
  readonly port: number
  private readonly here: Here
  private readonly clients: RawClient[] = []

  constructor(port: number, here: Here) {
    this.port = port
    this.here = here
  }

  /** Gone with the site. */
  async client(): Promise<RawClient> {
    const client = await connect({ port: this.port })
    this.clients.push(client)
    return client
  }

  /** @param request after whose answer the server closes */
  async ask(request: string): Promise<Response> {
    const client = await this.client()
    client.send(request)
    const bytes = await client.atEnd()
    const response = readResponse(bytes, 0, { isLast: true })
    return response ?? assert.fail(`no whole answer: ${bytes.toString('latin1')}`)
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy()
    await this.here.close()
  }
}
