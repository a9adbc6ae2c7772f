/**
 * An example of `examples/`, ready to be started: a copy in a folder of its own, whose configuration listens on free ports of the
 * loopback interface, and whose Unix sockets are in that folder, so that nothing depends on a machine and several servers run at once.
 *
 *   const copy = await Example.copy('examples/multi-site')
 *   await copy.start('veille', poller?)      or 'nginx': the server, as its users start it; resolves once it listens
 *   await copy.ask(requests)                 outcomes; free ports are written as the ports of the configuration
 *   await copy.stop()                        the server has ended in order; the folder is gone
 *
 * Files were last modified on 2 January 2026 at 03:04:05 UTC.
 */

import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MAIN, type Running, startProcess } from '../command-process.ts'
import { freePorts } from '../free-ports.ts'
import { connect, type Place } from '../raw-client.ts'
import { hold, type Outcome } from './conversation.ts'
import { type Asked, readRequests } from './requests.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const MODIFIED = new Date('2026-01-02T03:04:05Z')
const LISTEN_UNIX = /(^|[;{}\s])listen\s+(unix:[^\s;]+)/g
const LISTEN = /(^|[;{}\s])listen\s+(?:(\*|[\d.]+|\[[^\]]*\]):)?(\d+)(?=[\s;])/g
/** One process in the foreground: what a test can end, and which needs no other user's rights. */
const IN_FOREGROUND = 'daemon off; master_process off;'
const GUARD_MS = 30_000
const LOOK_MS = 5

/** From the root of the repository: the examples that have a configuration, and what no example would do. */
export function exampleFolders(): string[] {
  const examples = readdirSync(join(ROOT, 'examples')).map(name => join('examples', name))
  return [...examples, 'test/beside-nginx/corners', 'test/beside-nginx/dav'].filter(one =>
    existsSync(join(ROOT, one, 'nginx.conf')),
  )
}

/** @returns why an example cannot run here: what it listens on is not there; false when it can */
export function hindrance(origin: string): string | false {
  const text = readFileSync(join(ROOT, origin, 'nginx.conf'), 'utf8')
  const own = Object.values(networkInterfaces()).flatMap(all => all!.map(one => one.address))
  if (text.includes('[::1]') && !own.includes('::1')) return 'there is no ::1'
  // Elsewhere the whole network 127.0.0.0/8 is there, though nobody lists it.
  return process.platform === 'darwin' && text.includes('127.0.0.2') && 'there is no 127.0.0.2'
}

export class Example {
  readonly name: string
  /** The copy. */
  readonly folder: string
  /** Free ports by those that the configuration names. */
  private readonly ports: ReadonlyMap<string, number>
  /** As the configuration has them, `ADDRESS:PORT` or `unix:PATH`. */
  private readonly listens: readonly string[]
  private readonly configuration: string
  private server: Running | null = null

  private constructor(
    name: string,
    folder: string,
    ports: Map<string, number>,
    listens: readonly string[],
    configuration: string,
  ) {
    this.name = name
    this.configuration = configuration
    this.folder = folder
    this.ports = ports
    this.listens = listens
  }

  static async copy(origin: string, configuration = 'nginx.conf'): Promise<Example> {
    const name = basename(origin)
    const folder = mkdtempSync(join(tmpdir(), `veille-${name}-`))
    cpSync(join(ROOT, origin), folder, { recursive: true })
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(one => join(folder, one))
    const configurations = files.filter(one => one.endsWith('.conf'))
    const texts = configurations.map(one => readFileSync(one, 'utf8'))
    const found = texts.flatMap(text => [...text.matchAll(LISTEN)])
    const names = [...new Set(found.map(([, , , port]) => port!))]
    const free = await freePorts(names.length)
    const ports = new Map(names.map((port, i) => [port, free[i]!]))
    for (const [i, path] of configurations.entries()) {
      const text = texts[i]!.replace(
        LISTEN_UNIX,
        (_, before, at) => `${before}listen unix:${socketIn(folder, at)}`,
      ).replace(
        LISTEN,
        (_, before, address = '127.0.0.1', port) => `${before}listen ${address}:${ports.get(port)}`,
      )
      writeFileSync(path, text)
    }
    for (const path of files) utimesSync(path, MODIFIED, MODIFIED)
    const listens = found.map(([, , address = '127.0.0.1', port]) => `${address}:${port}`)
    const sockets = texts.flatMap(text => [...text.matchAll(LISTEN_UNIX)]).map(([, , name]) => name!)
    return new Example(name, folder, ports, [...listens, ...sockets], configuration)
  }

  requests(): Asked[] {
    return readRequests('requests.txt', readFileSync(join(this.folder, 'requests.txt'), 'utf8'))
  }

  /** @param poller stands in the configuration as `use`: of veille only, since nginx is seldom built with all of them */
  async start(program: 'nginx' | 'veille', poller: string | null = null): Promise<void> {
    const path = join(this.folder, this.configuration)
    if (poller !== null) {
      const text = readFileSync(path, 'utf8')
      const changed = text.replace(/^events *\{(\s*use \w+;)?/m, `events { use ${poller};`)
      assert.notEqual(changed, text, 'a line begins with "events {"')
      writeFileSync(path, changed)
    }
    const args = ['-p', this.folder, '-c', this.configuration, '-g', IN_FOREGROUND]
    const server =
      program === 'nginx' ? startProcess('nginx', args) : startProcess(process.execPath, [MAIN, ...args])
    this.server = server
    await this.listening(server)
  }

  async ask(asked: readonly Asked[]): Promise<Outcome[]> {
    const outcomes = await hold(
      asked,
      port => this.placeOf(port ?? this.listens[0]!),
      ({ kind, path }) => {
        if (kind === 'touch') writeFileSync(join(this.folder, path), '')
        else rmSync(join(this.folder, path))
      },
    )
    return outcomes.map(one => this.withOwnPorts(one))
  }

  /** @throws unless the server has ended with 0 */
  async stop(): Promise<void> {
    this.server!.kill('SIGQUIT')
    const { code, stderr } = await this.server!.exit()
    assert.equal(code, 0, `${stderr}${this.log()}`)
    rmSync(this.folder, { recursive: true })
  }

  private placeOf(listen: string): Place {
    if (listen.startsWith('unix:')) return { path: socketIn(this.folder, listen) }
    const [, address, port = ''] = /^(?:(.*):)?(\d+)$/.exec(listen) ?? []
    const free = this.ports.get(port)
    if (free === undefined) throw new Error(`the configuration does not listen on ${listen}`)
    const isAny = address === undefined || address === '*'
    return { host: isAny ? '127.0.0.1' : address.replace(/^\[(.*)\]$/, '$1'), port: free }
  }

  private async listening(server: Running): Promise<void> {
    const end = performance.now() + GUARD_MS
    for (const listen of this.listens) {
      for (;;) {
        const client = await connect(this.placeOf(listen)).catch(() => null)
        client?.destroy()
        if (client !== null) break
        const isOver = server.child.exitCode !== null || performance.now() > end
        if (isOver) assert.fail(`${this.name} does not start: ${server.stderr.text}${this.log()}`)
        await new Promise(done => setTimeout(done, LOOK_MS))
      }
    }
  }

  private log(): string {
    const path = join(this.folder, 'error.log')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  /** As if the server lay and listened where its configuration says. All folders and free ports are of one length. */
  private withOwnPorts({ response, hasClosed }: Outcome): Outcome {
    if (response === null) return { response, hasClosed }
    const replace = (text: string): string =>
      [...this.ports].reduce(
        (all, [port, free]) => all.replaceAll(`:${free}`, `:${port}`),
        text.replaceAll(this.folder, '/prefix'),
      )
    const fields = response.fields.map(([name, value]) => [name, replace(value)] as const)
    const content = Buffer.from(replace(response.content.toString('latin1')), 'latin1')
    return { response: { ...response, fields, content }, hasClosed }
  }
}

/** @param name `unix:/tmp/a.sock` */
function socketIn(folder: string, name: string): string {
  return join(folder, basename(name))
}
