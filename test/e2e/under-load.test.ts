/**
 * What an operator does to a server that is busy, with the real command: no request is lost that need not be, and no line of a log.
 *
 * Two kinds of clients ask all the time and look at every answer: one makes a connection for each request, the other keeps its
 * connection, and makes a new one when it was told that the answer was the last, or when an idle one was closed (RFC 9112 §9.3.1).
 */

import assert from 'node:assert/strict'
import { existsSync, renameSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type NginxFamily, nginxFamily } from '../process-family.ts'
import { connect } from '../raw-client.ts'

const FRESH_CLIENTS = 3
const KEEPING_CLIENTS = 2

class Load {
  /** Whole answers, by their content. */
  readonly answers = new Map<string, number>()
  /** Requests without an answer, and why. */
  readonly lost: string[] = []
  private readonly port: number
  private isOver = false
  private readonly clients: Promise<void>[]

  constructor(port: number) {
    this.port = port
    this.clients = [
      ...Array.from({ length: FRESH_CLIENTS }, () => this.askFreshly()),
      ...Array.from({ length: KEEPING_CLIENTS }, () => this.askAgain()),
    ]
  }

  get count(): number {
    return [...this.answers.values()].reduce((sum, one) => sum + one, 0)
  }

  async end(): Promise<void> {
    this.isOver = true
    await Promise.all(this.clients)
  }

  private async askFreshly(): Promise<void> {
    while (!this.isOver) {
      try {
        const client = await connect({ port: this.port })
        client.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        this.note((await client.atEnd()).toString())
        client.destroy()
      } catch (error) {
        this.lost.push((error as Error).message)
      }
    }
  }

  private async askAgain(): Promise<void> {
    while (!this.isOver) {
      const client = await connect({ port: this.port })
      try {
        for (let answers = 0, isLast = false; !isLast && !this.isOver; answers++) {
          const before = client.bytes.length
          client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
          await client.until(bytes => bytes.subarray(before).includes('.\n') || client.hasEnded)
          const answer = client.text.slice(before)
          if (answer === '' && answers > 0) break
          this.note(answer)
          isLast = /\r\nConnection: close\r\n/.test(answer)
        }
      } catch (error) {
        // An idle connection was closed as the request left: nobody has seen it, and the client asks again.
        if (client.text === '' || !client.text.endsWith('.\n')) this.lost.push((error as Error).message)
      }
      client.destroy()
    }
  }

  private note(answer: string): void {
    const content = /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n([a-z]+ \d+\.\n)$/.exec(answer)?.[1]
    if (content === undefined) this.lost.push(`answer ${JSON.stringify(answer)}`)
    else this.answers.set(content, (this.answers.get(content) ?? 0) + 1)
  }
}

function configure(family: NginxFamily, text: string, workers = 2): void {
  family.configure(
    `daemon off; worker_processes ${workers};`,
    `server { listen 127.0.0.1:${family.port}; location / { return 200 "${text} $pid.\n"; } }`,
  )
}

async function answering(text: string): Promise<NginxFamily> {
  const family = await nginxFamily()
  configure(family, text)
  family.start()
  await family.until(() => family.request('/').then(Boolean, () => false))
  await family.says(/start worker process \d+/, 2)
  return family
}

/** Those of `answering`. */
const FIRST_REQUESTS = 1

/** Until such an answer has come. */
async function answersOf(load: Load, family: NginxFamily, pattern: RegExp): Promise<void> {
  await family.until(
    () => [...load.answers.keys()].some(answer => pattern.test(answer)),
    `${pattern} answers`,
  )
}

function linesOf(family: NginxFamily, ...names: string[]): number {
  return names.reduce((sum, name) => sum + family.read(name).split('\n').length - 1, 0)
}

describe('a busy server', () => {
  it('is reloaded, upgraded and ended, and its logs are rotated, without a request or a line being lost', async () => {
    await using family = await answering('one')
    const load = new Load(family.port)
    await answersOf(load, family, /^one/)

    configure(family, 'two')
    family.signal('SIGHUP')
    await family.says(/exited with code 0/, 2)
    await answersOf(load, family, /^two/)

    renameSync(family.path('access.log'), family.path('access.log.1'))
    const moved = linesOf(family, 'access.log.1')
    family.signal('SIGUSR1')
    await family.until(() => existsSync(family.path('access.log')) && linesOf(family, 'access.log') > 100)
    assert.ok(linesOf(family, 'access.log.1') >= moved)

    const old = family.pid
    configure(family, 'three')
    family.signal('SIGUSR2')
    await family.until(() => family.read('pid') !== '' && family.pid !== old)
    await answersOf(load, family, /^three/)
    family.signal('SIGQUIT', old)
    await family.gone(old)

    await load.end()
    assert.deepEqual(load.lost, [])
    const last = family.pid
    family.signal('SIGQUIT')
    await family.gone(last)
    assert.equal(linesOf(family, 'access.log.1', 'access.log'), load.count + FIRST_REQUESTS)
  })

  it('loses what a killed worker had in hand, and no more; of a killed master nothing', async () => {
    await using family = await answering('one')
    const load = new Load(family.port)
    const [first] = family.workers as [number]
    await answersOf(load, family, new RegExp(` ${first}\\.`))
    family.signal('SIGKILL', first)
    await family.says(/start worker process \d+/, 3)
    await answersOf(load, family, new RegExp(` ${family.workers[2]}\\.`))
    const lost = load.lost.length
    assert.ok(lost <= FRESH_CLIENTS + KEEPING_CLIENTS, `${lost} lost`)

    family.signal('SIGKILL')
    await family.says(/the master process \d+ is gone/, 2)
    const { count } = load
    await family.until(() => load.count > count + 100)
    await load.end()
    assert.equal(load.lost.length, lost)
    for (const pid of family.workers.slice(1)) {
      family.signal('SIGQUIT', pid)
      await family.gone(pid)
    }
  })
})
