/**
 * nginx with a configuration of ours, for tests that compare: where it is installed.
 *
 *   if (hasNginx()) …
 *   const nginx = await startNginx(['location / { return 200; }', …])     a server block each, at ports of their own
 *   await nginx.ask(0, 'GET /')                                           { status, fields, body }; status 0: closed without an answer
 *   nginx.stop()
 *   nginxSentence('return abc;')                                          what `nginx -t` says first of such a server block; null for nothing
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'

export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v']).status === 0
}

export interface RawAnswer {
  readonly status: number
  /** The first line of each name, in lower case. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
}

export interface Nginx {
  readonly directory: string
  readonly ports: readonly number[]
  ask(server: number, request: string): Promise<RawAnswer>
  stop(): Promise<void>
}

/** @param servers what stands in each server block, beside listen @param http beside them */
export async function startNginx(servers: readonly string[], http = ''): Promise<Nginx> {
  const directory = mkdtempSync(join(tmpdir(), 'veille-nginx-'))
  mkdirSync(join(directory, 'html'))
  const ports = await freePorts(servers.length)
  const blocks = servers.map((text, i) => `server { listen 127.0.0.1:${ports[i]};\n${text}\n}`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${directory}/${name};`,
  )
  writeFileSync(
    join(directory, 'nginx.conf'),
    `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;
events {}
http { access_log off; root ${directory}/html; ${temporary.join(' ')}
${http}
${blocks.join('\n')}
}
`,
  )
  const child = spawn('nginx', ['-p', directory, '-c', join(directory, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await untilListening(child, ports[0]!)
  return {
    directory,
    ports,
    ask: (server, request) => ask(ports[server]!, request),
    async stop() {
      const gone = once(child, 'exit')
      child.kill()
      await gone
      rmSync(directory, { recursive: true })
    },
  }
}

/** Without level, file and line; of a warning behind `warn: `. @param http beside the server */
export function nginxSentence(server: string, http = ''): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'veille-nginx-'))
  const text = `pid ${directory}/pid; error_log stderr;\nevents {}\nhttp { ${http}\nserver { listen 127.0.0.1:1;\n${server}\n} }\n`
  writeFileSync(join(directory, 'nginx.conf'), text)
  const { stderr } = spawnSync('nginx', ['-t', '-p', directory, '-c', join(directory, 'nginx.conf')], {
    encoding: 'utf8',
  })
  rmSync(directory, { recursive: true })
  const found = /\[(emerg|warn)\] (?:\d+#\d+: )?(.*?)(?: in \S+:\d+)?$/m.exec(
    stderr.replace(/^.*"user" directive.*$/m, ''),
  )
  if (found === null) return null
  return `${found[1] === 'warn' ? 'warn: ' : ''}${found[2]}`
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  let words = ''
  child.stderr!.on('data', chunk => {
    words += chunk
  })
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx did not start: ${words}`)
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>(done => {
      socket.once('connect', () => done(true))
      socket.once('error', () => done(false))
    })
    socket.destroy()
    if (isOpen) return
  }
}

/** @param request a request line, perhaps without version, and perhaps field lines behind it */
async function ask(port: number, request: string): Promise<RawAnswer> {
  const [line = '', ...fields] = request.split('\r\n')
  const hasVersion = / HTTP\/1\.[01]$/.test(line)
  const host =
    line.endsWith('HTTP/1.0') || fields.some(field => /^host:/i.test(field)) ? [] : ['Host: localhost']
  const lines = [hasVersion ? line : `${line} HTTP/1.1`, ...host, ...fields, 'Connection: close', '', '']
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.on('error', () => {})
  socket.end(lines.join('\r\n'))
  await once(socket, 'close')
  return parse(Buffer.concat(chunks))
}

function parse(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.subarray(0, Math.max(0, end)).toString('latin1').split('\r\n')
  const fields = new Map<string, string>()
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    if (!fields.has(name)) fields.set(name, line.slice(line.indexOf(':') + 1).trim())
  }
  return { status: Number(first.split(' ')[1] ?? 0), fields, body: bytes.subarray(end + 4).toString() }
}
