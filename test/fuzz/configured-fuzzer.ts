/**
 * The fuzzer for a server with a configuration: conversations made from a seed, and what must never come of them.
 *
 *   const fuzzer = await startConfigured(poller)
 *   await fuzzer.run(seed, first, count)     throws on the first that fails
 *   fuzzer.tally
 *   await fuzzer.close()                     and nothing is left open
 *
 * Each conversation is one to three requests (`configured-requests.ts`), sometimes with something wrong, cut into pieces. It must hold:
 *
 *   - each request that is logged has one answer with the logged status, well formed, and no 500;
 *   - no answer holds what lies outside of the roots, or a word of the server's own code;
 *   - no answer has a field, and no log a line, that a client has made;
 *   - no file has come to be but logs in their folder; the error log has nothing that must never happen.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PollerName } from '../../src/loop/poller.ts'
import { type Here, serveHere } from '../configuration-here.ts'
import { openDescriptors } from '../descriptors.ts'
import { freePort } from '../free-ports.ts'
import { mutated, type Random, randomFrom, randomPieces } from '../pieces.ts'
import { connect, eventually, serverHasRead } from '../raw-client.ts'
import { breaches, type Response, readAll } from '../responses.ts'
import { requestText } from './configured-requests.ts'
import { makeSite, SECRET } from './configured-site.ts'

/** Conversations going on at once. */
const AT_ONCE = 40
/** `open_file_cache max` of the site. */
const MOST_HELD_FILES = 5

/** Every field that the site or the server may send. */
const FIELDS = new Set(
  `accept-ranges allow cache-control connection content-length content-range content-security-policy content-type date etag expires
  last-modified location retry-after server set-cookie trailer transfer-encoding vary x-agent x-args x-content-type-options x-cookie x-domain
  x-id x-language x-name x-path x-rest x-sub
  x-trailer`.split(/\s+/),
)

/** One line of `fuzz.log`: escaped, each value in its quotes. */
const LOG_LINE = /^(\d+) (\d{3}) (\S+)(?: "(?:[^"\\\x00-\x1f\x7f-\xff]|\\x[0-9A-F]{2})*"){11}$/
const ERROR_LINE =
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[(?:info|notice|warn|error|crit)\] \d+#\d+: [^\x00-\x1f\x7f]*$/
/** A stack, a path of ours, a value that was none. */
const OWN_WORDS = /\.[jt]s:\d|node:internal|\[object |\bundefined\b|TypeError|RangeError/

export interface ConfiguredCase {
  readonly bytes: Buffer
  readonly pieces: readonly number[]
  /** The client does not wait for the end. */
  readonly vanishes: boolean
}

export function makeConversation(seed: number, index: number): ConfiguredCase {
  const random = randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
  for (let i = 0; i < 8; i++) random(2) // the first numbers of neighbouring states are alike
  const whole = Buffer.from(conversationText(random), 'latin1')
  const bytes = random(4) === 0 ? mutated(whole, random) : whole
  return { bytes, pieces: randomPieces(bytes.length, random), vanishes: random(20) === 0 }
}

function conversationText(random: Random): string {
  return Array.from({ length: 1 + random(3) }, () => requestText(random)).join('')
}

/** A line of the log. */
interface Entry {
  readonly status: number
  readonly method: string
}

export interface ConfiguredTally {
  cases: number
  answers: number
  vanished: number
  readonly statuses: Map<number, number>
}

export async function startConfigured(poller: PollerName): Promise<ConfiguredFuzzer> {
  const folder = mkdtempSync(join(tmpdir(), 'veille-fuzz-'))
  const port = await freePort()
  const descriptors = openDescriptors()
  const here = await serveHere(folder, makeSite(folder, port, poller))
  return new ConfiguredFuzzer(folder, port, descriptors, here)
}

export class ConfiguredFuzzer {
  readonly tally: ConfiguredTally = { cases: 0, answers: 0, vanished: 0, statuses: new Map() }
  private readonly folder: string
  private readonly port: number
  private readonly descriptors: number
  private readonly here: Here
  private readBytes = 0

  constructor(folder: string, port: number, descriptors: number, here: Here) {
    this.folder = folder
    this.port = port
    this.descriptors = descriptors
    this.here = here
  }

  async run(seed: number, first: number, count: number): Promise<void> {
    const atStart = openDescriptors()
    for (let at = first; at < first + count; at += AT_ONCE) {
      const indexes = Array.from({ length: Math.min(AT_ONCE, first + count - at) }, (_, i) => at + i)
      await this.runBatch(seed, indexes)
    }
    const words = (): string => `${openDescriptors()} descriptors, ${atStart} before`
    await eventually(() => openDescriptors() <= atStart + MOST_HELD_FILES, words)
    this.checkFolder()
  }

  async close(): Promise<void> {
    await this.here.close()
    const words = (): string => `${openDescriptors()} descriptors are open, ${this.descriptors} before`
    await eventually(() => openDescriptors() === this.descriptors, words)
    rmSync(this.folder, { recursive: true })
  }

  private async runBatch(seed: number, indexes: readonly number[]): Promise<void> {
    const talks = await Promise.all(
      indexes.map(async index => ({ index, ...(await this.talk(makeConversation(seed, index))) })),
    )
    this.here.logs.reopen(null)
    const entries = this.readLog()
    for (const { index, one, clientPort, bytes } of talks) {
      this.tally.cases++
      try {
        if (one.vanishes) this.tally.vanished++
        else this.check(bytes, entries.get(clientPort) ?? [])
      } catch (error) {
        const sent = JSON.stringify(one.bytes.toString('latin1'))
        const came = JSON.stringify(bytes.toString('latin1').slice(0, 2000))
        throw new Error(
          `case ${index} of seed ${seed} (alone: --configured --seed ${seed} --first ${index} --cases 1)\n${sent}\n` +
            `was answered by\n${came}\n${(error as Error).message}`,
        )
      }
    }
  }

  private async talk(one: ConfiguredCase) {
    const client = await connect({ port: this.port })
    const clientPort = client.socket.localPort!
    let from = 0
    for (const end of one.pieces) {
      client.send(one.bytes.subarray(from, end))
      await serverHasRead()
      from = end
    }
    if (one.vanishes) client.reset()
    else client.end()
    await client.gone()
    const { bytes } = client
    client.destroy()
    return { one, clientPort, bytes }
  }

  private check(bytes: Buffer, entries: readonly Entry[]): void {
    // 444 and its like are logged, and never sent.
    const answered = entries.filter(({ status }) => status !== 444)
    const methods = answered.map(({ method }) => method)
    const responses = readAll(bytes, methods).filter(({ status }) => status >= 200)
    assert.deepEqual(
      responses.map(({ status }) => status),
      answered.map(({ status }) => status),
      'the answers are those that are logged',
    )
    for (const response of responses) this.checkResponse(response)
  }

  private checkResponse(response: Response): void {
    const { status, content } = response
    const fields = [...response.fields, ...response.trailers]
    this.tally.answers++
    this.tally.statuses.set(status, (this.tally.statuses.get(status) ?? 0) + 1)
    assert.deepEqual(breaches(response), [])
    assert.notEqual(status, 500, 'a client cannot cause a 500')
    for (const [name] of fields) assert.ok(FIELDS.has(name.toLowerCase()), `the field ${name} is nobody's`)
    const all = `${fields.map(field => field.join(': ')).join('\n')}\n${content.toString('latin1')}`
    assert.ok(!all.includes(SECRET), 'a file from outside of the roots')
    assert.doesNotMatch(all, OWN_WORDS)
  }

  /** What was logged since it was read last, by the port of the client. */
  private readLog(): Map<number, Entry[]> {
    const text = readFileSync(join(this.folder, 'fuzz.log'), 'latin1')
    const entries = new Map<number, Entry[]>()
    for (const line of text.slice(this.readBytes).split('\n').slice(0, -1)) {
      const match = LOG_LINE.exec(line)
      assert.ok(match, `a client has made a line of the log: ${JSON.stringify(line)}`)
      const port = Number(match[1])
      const list = entries.get(port) ?? []
      entries.set(port, [...list, { status: Number(match[2]), method: match[3]! }])
    }
    this.readBytes = text.length
    return entries
  }

  private checkFolder(): void {
    const errors = readFileSync(join(this.folder, 'error.log'), 'latin1').split('\n').slice(0, -1)
    for (const line of errors) {
      assert.match(line, ERROR_LINE)
      assert.doesNotMatch(line, OWN_WORDS)
    }
    const known =
      'error.log files files-secret fuzz.log html html-secret logs nginx.conf secret secret.txt sites up'
    assert.deepEqual(readdirSync(this.folder).sort(), known.split(' '))
    assert.deepEqual(readdirSync(join(this.folder, 'secret')), ['secret.txt'])
    for (const name of readdirSync(join(this.folder, 'logs'))) {
      for (const line of readFileSync(join(this.folder, 'logs', name), 'latin1')
        .split('\n')
        .slice(0, -1))
        JSON.parse(line)
    }
  }
}
