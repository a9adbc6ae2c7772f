/**
 * Runs the documents of test/conformance/: each case for each poller, its bytes sent at once, cut in two at every byte, and byte
 * by byte. However they are cut, the answer must be the same.
 *
 * On epoll every cut is made; on select and poll every seventh, and fewer by the strict rules of readiness, since the parser above them is the same. Long requests, which are
 * there for the sake of a limit, are cut at a hundred places (`piecesOf`), and arrive in pieces of 17 bytes.
 */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type RunningServer, serve } from '../src/index.ts'
import { scripted } from '../src/sys/scripted.ts'
import { answering } from './answering-modules.ts'
import { bytesOf, type Case, type Expected, type Request, readCases } from './conformance-cases.ts'
import { piecesOf } from './pieces.ts'
import { forEachWay, type Way } from './pollers.ts'
import { connect, type RawClient, serverHasRead } from './raw-client.ts'
import { type Referee, refereed } from './readiness-referee.ts'
import { breaches, fieldValue, type Response, readResponse } from './responses.ts'
import { makeSite, removeSite } from './sites.ts'

const FOLDER = fileURLToPath(new URL('../../test/conformance/', import.meta.url))
const RULES = 35

/** The README of the documents shows the same folder. */
const SITE = {
  'index.html': '<!doctype html>Home',
  'hello.txt': 'Hello, world!',
  'digits.txt': '0123456789',
  'empty.txt': '',
  'page.html': '<!doctype html>Page',
  'page.html.br': '(br)',
  'page.html.gz': '(gz)',
  'page.html.zst': '(zst)',
  'a b.txt': 'a space',
  'été.txt': 'summer',
  '100%.txt': 'percent',
  'sub/index.html': '<!doctype html>Sub',
  'list/one.txt': '1',
  '.secret': 'hidden',
}

/** Small, so that a case can exceed it. */
const CONTENT_BYTES = 1024

/** Answered 204 by `answering-modules.ts`: shows that a connection was still of use. */
const PROBE = 'GET /none HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n'

const EVERY_CUT = 'epoll'
const SAMPLE = 7
const STRICT_SAMPLE = 21
const LONG_BYTES = 2000
/** Conversations going on at once. */
const AT_ONCE = 50

const documents = readdirSync(FOLDER)
  .filter(name => /^\d/.test(name))
  .sort()
const cases = documents.flatMap(name => readCases(name, readFileSync(FOLDER + name, 'utf8')))

test('every rule of the wire has a case', () => {
  const missing = Array.from({ length: RULES }, (_, i) => i + 1).filter(
    rule => !cases.some(c => c.rule === rule),
  )
  assert.deepEqual(missing, [])
})

forEachWay(way => {
  describe('answers', () => {
    let referee: Referee | null = null
    let root: string
    let server: RunningServer
    before(async () => {
      if (way.strictReadiness) referee = refereed()
      root = makeSite(SITE)
      server = await serve({
        root,
        ...way,
        listen: '127.0.0.1:0',
        modules: [answering],
        limits: { contentBytes: CONTENT_BYTES },
      })
    })
    after(async () => {
      await server.close()
      removeSite(root)
      referee?.restore()
      assert.deepEqual(referee?.breaches ?? [], [])
    })
    test('what is cut arrives in pieces', async () => {
      let pieces = 0
      for (let attempt = 0; attempt < 10 && pieces !== 3; attempt++) {
        const client = await connect({ port: portOf(server) })
        await serverHasRead()
        using system = scripted()
        await sendInPieces(client, Buffer.from(PROBE), [5, 20])
        await client.atEnd()
        pieces = system.calls.recv
        client.end()
      }
      assert.equal(pieces, 3)
    })
    for (const one of cases) {
      test(`rule ${one.rule}: ${one.title} (${one.file}:${one.line})`, () => runCase(one, server, way))
    }
  })
})

async function runCase(one: Case, server: RunningServer, way: Way): Promise<void> {
  const port = portOf(server)
  const tags = await tagsNamedIn(one, port)
  for (const value of one.values) {
    const talk = new Talk(one, name => meaningOf(name, value, tags))
    const reference = await talk.hold(port, [])
    await inBatches(cutsFor(talk.length, way), async cuts => {
      const answer = await talk.hold(port, cuts).catch(error => {
        throw new Error(`${placeOf(one, value)}, cut at ${cuts}: ${error.message}`)
      })
      assert.equal(answer, reference, `${placeOf(one, value)}: another answer when cut at ${cuts}`)
    })
  }
}

/** What stands in braces: the value of this turn, a part of it, or an entity tag. */
function meaningOf(name: string, value: string, tags: ReadonlyMap<string, string>): string {
  const part = ['first', 'second', 'third'].indexOf(name)
  const meaning = name === 'each' ? value : part >= 0 ? value.split('|')[part] : tags.get(name)
  assert.ok(meaning !== undefined, `nobody knows what \\{${name}} is`)
  return meaning
}

function placeOf(one: Case, value: string): string {
  return `test/conformance/${one.file}:${one.line}${value === '' ? '' : ` (${value})`}`
}

/** @returns lists of places at which the bytes of a conversation are cut */
function cutsFor(length: number, { poller, strictReadiness }: Way): number[][] {
  const all = [...piecesOf(length)].map(pieces => pieces.slice(0, -1)).filter(cuts => cuts.length > 0)
  const everyByte = all.pop()?.filter((_, i) => length < LONG_BYTES || i % 17 === 0)
  const sample = strictReadiness ? STRICT_SAMPLE : poller === EVERY_CUT ? 1 : SAMPLE
  const inTwo = all.filter((_, i) => i % sample === 0)
  return everyByte === undefined ? inTwo : [...inTwo, everyByte]
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += AT_ONCE) await Promise.all(items.slice(i, i + AT_ONCE).map(work))
}

function portOf(server: RunningServer): number {
  const address = server.addresses[0]!
  assert.ok('port' in address)
  return address.port
}

/** Entity tags are opaque, so the documents say `\{tag hello.txt}` or `\{tag page.html br}`; the server is asked what that is. */
async function tagsNamedIn(one: Case, port: number): Promise<Map<string, string>> {
  const tags = new Map<string, string>()
  for (const [, name] of JSON.stringify([one.steps, one.values]).matchAll(/\{(tag [^}]*)\}/g)) {
    const [, path, coding = 'identity'] = name!.split(' ')
    const client = await connect({ port })
    client.send(
      `HEAD /${path} HTTP/1.1\r\nHost: tag\r\nAccept-Encoding: ${coding}\r\nConnection: close\r\n\r\n`,
    )
    tags.set(name!, fieldValue(readResponse(await client.atEnd(), 0, { isHeadOnly: true })!, 'etag')!)
    client.end()
  }
  return tags
}

/** One case with one value, to be held as often as wanted. */
class Talk {
  /** Of all that the client says. */
  readonly length: number
  private readonly one: Case
  private readonly names: (name: string) => string
  private readonly sent: Buffer[]

  constructor(one: Case, names: (name: string) => string) {
    this.one = one
    this.names = names
    this.sent = one.steps.filter(step => step.kind === 'request').map(step => bytesOf(step.template, names))
    this.length = this.sent.reduce((sum, bytes) => sum + bytes.length, 0)
  }

  /**
   * @param cuts places in the whole of what is sent
   * @returns all that came, without what differs from one time to the next
   */
  async hold(port: number, cuts: readonly number[]): Promise<string> {
    const client = await connect({ port })
    try {
      return normalised(await this.play(client, cuts))
    } finally {
      client.destroy()
    }
  }

  private async play(client: RawClient, cuts: readonly number[]): Promise<Buffer> {
    let at = 0
    let begin = 0
    let requests = 0
    for (const step of this.one.steps) {
      if (step.kind === 'request') {
        const bytes = this.sent[requests++]!
        await sendInPieces(
          client,
          bytes,
          cuts.map(cut => cut - begin),
        )
        begin += bytes.length
        if (step.ends) client.end()
      } else if (step.statusLine !== '') {
        const response = await nextResponse(client, at, step.isHeadOnly)
        this.compare(response, step)
        at = response.end
      }
    }
    await this.checkEnd(client, at)
    return client.bytes
  }

  private compare(response: Response, expected: Expected): void {
    const text = (template: string): string => bytesOf(template, this.names).toString('latin1')
    const { status, reason, content } = response
    assertLike(`HTTP/1.1 ${status} ${reason}`, text(expected.statusLine), 'the status line')
    for (const [name, value] of expected.fields) {
      const found = fieldValue(response, name)
      if (value === null) assert.equal(found, null, `${name} must not be there`)
      else assertLike(found ?? '', text(value), name)
    }
    if (expected.content !== null)
      assertLike(content.toString('latin1'), text(expected.content), 'the content')
    assert.deepEqual(breaches(response), [])
    if (expected.after !== null && !this.clientEnds) {
      const saysClose = (fieldValue(response, 'connection') ?? '').toLowerCase() === 'close'
      assert.equal(saysClose, expected.after === 'closes', 'Connection: close is said exactly before closing')
    }
  }

  private get clientEnds(): boolean {
    return this.one.steps.some(step => (step as Request).ends === true)
  }

  /** What must follow the last expected response: the end of the connection, or, when it stays open, the answer to a probe. */
  private async checkEnd(client: RawClient, at: number): Promise<void> {
    const last = this.one.steps.at(-1) as Expected
    if (last.after === 'stays open') client.send(PROBE)
    const bytes = await client.atEnd()
    const rest = bytes.subarray(at)
    if (last.after === 'stays open') {
      const probed = readResponse(rest, 0)
      assert.equal(
        probed?.status,
        204,
        `the connection is of no more use: ${JSON.stringify(rest.toString('latin1'))}`,
      )
      assert.equal(probed.end, rest.length)
    } else assert.equal(rest.toString('latin1'), '', 'nothing follows the last response')
  }
}

async function sendInPieces(client: RawClient, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  let from = 0
  for (const cut of cuts) {
    if (cut <= from || cut >= bytes.length) continue
    client.send(bytes.subarray(from, cut))
    await serverHasRead()
    from = cut
  }
  client.send(bytes.subarray(from))
}

async function nextResponse(client: RawClient, at: number, isHeadOnly: boolean): Promise<Response> {
  let response: Response | null = null
  await client.until(bytes => {
    response = readResponse(bytes, at, { isHeadOnly, isLast: client.hasEnded })
    return response !== null
  })
  return response!
}

/** `…` in the expected text stands for anything. */
function assertLike(actual: string, expected: string, what: string): void {
  const ellipsis = Buffer.from('…', 'utf8').toString('latin1')
  if (!expected.includes(ellipsis)) {
    assert.equal(actual, expected, what)
    return
  }
  const parts = expected.split(ellipsis).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  assert.match(actual, new RegExp(`^${parts.join('.*')}$`, 's'), what)
}

function normalised(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/\r\nDate: [^\r]*/g, '\r\nDate: now')
    .replace(/[0-9a-f]{32}/g, 'boundary')
}
