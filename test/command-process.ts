/**
 * The compiled command as a child process, as a shell would start it.
 *
 *   const veille = startCommand(['--port', '0', root])
 *   const url = await veille.url()              from the line that it prints for scripts
 *   await veille.stdout.until(/text/)           all that was written until then; fails when the process ends without it
 *   const { veille, port } = await serving(root)   the two in one
 *   veille.kill('SIGINT')
 *   await veille.exit()                         { code, signal, stdout, stderr }
 *   await ask(place, '/path', 'Field: value')   one request on a connection of its own: the whole answer as text
 *   killLeftOver()                              after a test, whatever became of it
 *
 * Nothing here waits for a time, but for what comes; what does not come within the guard fails.
 */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { connect, type Place } from './raw-client.ts'

export const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url))

/** Only what would hang for ever meets it. */
const GUARD_MS = 30_000

/** Text that a process writes, bit by bit. */
export class Transcript {
  text = ''
  private isOver = false
  private readonly name: string
  private readonly waiting = new Set<() => void>()

  constructor(name: string, stream: NodeJS.ReadableStream | null) {
    this.name = name
    this.isOver = stream === null
    stream?.setEncoding('utf8')
    stream?.on('data', text => {
      this.text += text
      this.tell()
    })
    stream?.on('close', () => {
      this.isOver = true
      this.tell()
    })
  }

  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (found: RegExpExecArray | null): void => {
        clearTimeout(guard)
        this.waiting.delete(look)
        if (found !== null) resolve(found)
        else reject(new Error(`${pattern} does not come on ${this.name}: ${JSON.stringify(this.text)}`))
      }
      const look = (): void => {
        const found = pattern.exec(this.text)
        if (found !== null || this.isOver) settle(found)
      }
      const guard = setTimeout(settle, GUARD_MS, null)
      this.waiting.add(look)
      look()
    })
  }

  private tell(): void {
    for (const look of [...this.waiting]) look()
  }
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export class Running {
  readonly child: ChildProcess
  readonly stdout: Transcript
  readonly stderr: Transcript
  private readonly closed: Promise<unknown[]>

  constructor(child: ChildProcess) {
    this.child = child
    this.stdout = new Transcript('stdout', child.stdout)
    this.stderr = new Transcript('stderr', child.stderr)
    this.closed = once(child, 'close')
  }

  get pid(): number {
    return this.child.pid!
  }

  /** The last one of the addresses in the line for scripts. */
  async url(): Promise<URL> {
    const line = /^veille: serving .* at (?:.*, )?(http\S+)\n/m
    const [, last] = await this.stdout.until(line).catch(error => {
      throw new Error(`${error.message}; on stderr: ${JSON.stringify(this.stderr.text)}`)
    })
    return new URL(last!)
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  async exit(): Promise<Exit> {
    const guard = setTimeout(() => this.child.kill('SIGKILL'), GUARD_MS)
    const [code, signal] = (await this.closed) as [number | null, NodeJS.Signals | null]
    clearTimeout(guard)
    return { code, signal, stdout: this.stdout.text, stderr: this.stderr.text }
  }
}

const running = new Set<Running>()

/** Without what the terminal and the surroundings of the test would add. */
export function environment(added: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PORT, NO_COLOR, FORCE_COLOR, DISPLAY, WAYLAND_DISPLAY, LISTEN_FDS, LISTEN_PID, ...rest } =
    process.env
  return { ...rest, ...added }
}

export function startProcess(program: string, args: readonly string[], options: SpawnOptions = {}): Running {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options,
    env: environment(options.env),
  })
  const started = new Running(child)
  running.add(started)
  child.once('close', () => running.delete(started))
  return started
}

export function startCommand(args: readonly string[], options: SpawnOptions = {}): Running {
  return startProcess(process.execPath, [MAIN, ...args], options)
}

/** A folder on a free port. */
export async function serving(root: string, ...args: string[]): Promise<{ veille: Running; port: number }> {
  const veille = startCommand(['--port', '0', ...args, root])
  return { veille, port: Number((await veille.url()).port) }
}

/** For what is refused, or answered at once. */
export function outcomeOf(args: readonly string[], options: SpawnOptions = {}): Promise<Exit> {
  return startCommand(args, options).exit()
}

export async function killLeftOver(): Promise<void> {
  const left = [...running]
  for (const { child } of left) child.kill('SIGKILL')
  await Promise.all(left.map(one => one.exit()))
}

/** @param fields whole lines */
export async function ask(place: Place, target: string, ...fields: string[]): Promise<string> {
  const client = await connect(place)
  const lines = [`GET ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...fields]
  client.send(`${lines.join('\r\n')}\r\n\r\n`)
  const bytes = await client.atEnd()
  client.destroy()
  return bytes.toString('utf8')
}
