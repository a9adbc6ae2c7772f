/**
 * The fuzzer: cases made from a seed, thrown at veille and at another parser, and the two compared.
 *
 *   const fuzzer = await startFuzzer(poller)
 *   await fuzzer.run(seed, first, count)     cases number `first` to `first + count - 1`; throws on the first that fails
 *   fuzzer.tally                             what became of them
 *   await fuzzer.close()
 *
 * A case is the same in every run: its bytes, where they are cut, and how the client leaves. Never may veille accept what llhttp
 * refuses, or read a message otherwise, unless `differences.ts` says why. After each batch the server is alive, has nothing left
 * open, and sleeps.
 */

import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import * as refusals from '../../src/http/refusals.ts'
import { type Exchange, HANDLED, type Module, type RunningServer, serve } from '../../src/index.ts'
import type { PollerName } from '../../src/loop/poller.ts'
import { scripted } from '../../src/sys/scripted.ts'
import { openDescriptors } from '../descriptors.ts'
import { mutated, type Random, randomFrom, randomPieces } from '../pieces.ts'
import { connect, eventually, serverHasRead } from '../raw-client.ts'
import { breaches, readAll } from '../responses.ts'
import { CORPUS } from './corpus.ts'
import { explanation, LENIENT, STRICTER } from './differences.ts'
import { type Accepted, type SecondOpinion, secondOpinion } from './second-opinion.ts'

/** Conversations going on at once. */
const AT_ONCE = 40

export interface FuzzCase {
  readonly bytes: Buffer
  /** Where the pieces end. */
  readonly pieces: readonly number[]
  /** After this many pieces the client vanishes; null when it waits for the end. */
  readonly vanishesAfter: number | null
}

export function makeCase(seed: number, index: number): FuzzCase {
  const random = randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
  for (let i = 0; i < 8; i++) random(2) // the first numbers of neighbouring states are alike
  const bytes = random(20) === 0 ? noise(random) : messages(random)
  const pieces = randomPieces(bytes.length, random)
  return { bytes, pieces, vanishesAfter: random(10) === 0 ? random(pieces.length + 1) : null }
}

/** Up to three messages, one of them (or none) with something wrong. */
function messages(random: Random): Buffer {
  const parts = Array.from({ length: 1 + random(3) }, () =>
    Buffer.from(CORPUS[random(CORPUS.length)]!, 'latin1'),
  )
  const whole = Buffer.concat(parts)
  return random(8) === 0 ? whole : mutated(whole, random)
}

function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random(400) }, () => random(256)))
}

/** What veille made of one connection. */
interface Account {
  readonly accepted: Accepted[]
  /** Of all exchanges, in order; what answers HEAD has no content. */
  readonly methods: string[]
  /** The words of the refusal that ended it, or ''. */
  refusal: string
}

function newAccount(): Account {
  return { accepted: [], methods: [], refusal: '' }
}

export interface Tally {
  cases: number
  requests: number
  refused: number
  vanished: number
  /** How often each of the explained differences was met. */
  readonly differences: Map<string, number>
}

export async function startFuzzer(poller: PollerName): Promise<Fuzzer> {
  const accounts = new Map<number, Account>()
  const server = await serve({
    root: tmpdir(),
    listen: '127.0.0.1:0',
    poller,
    modules: [recording(accounts)],
  })
  return new Fuzzer(server, accounts, await secondOpinion(), poller)
}

export class Fuzzer {
  readonly tally: Tally = { cases: 0, requests: 0, refused: 0, vanished: 0, differences: new Map() }
  private readonly server: RunningServer
  private readonly accounts: Map<number, Account>
  private readonly opinion: SecondOpinion
  private readonly wait: 'select' | 'poll' | 'epoll_wait'

  constructor(
    server: RunningServer,
    accounts: Map<number, Account>,
    opinion: SecondOpinion,
    poller: PollerName,
  ) {
    this.server = server
    this.accounts = accounts
    this.opinion = opinion
    this.wait = poller === 'epoll' ? 'epoll_wait' : poller
  }

  async run(seed: number, first: number, count: number): Promise<void> {
    const atStart = openDescriptors()
    for (let at = first; at < first + count; at += AT_ONCE) {
      const some = Math.min(AT_ONCE, first + count - at)
      await Promise.all(Array.from({ length: some }, (_, i) => this.runOne(seed, at + i)))
    }
    await this.checkRest(atStart)
  }

  async close(): Promise<void> {
    await Promise.all([this.server.close(0), this.opinion.close()])
  }

  private async runOne(seed: number, index: number): Promise<void> {
    const one = makeCase(seed, index)
    this.tally.cases++
    try {
      if (one.vanishesAfter !== null) await this.vanish(one)
      else await this.compare(one)
    } catch (error) {
      const bytes = JSON.stringify(one.bytes.toString('latin1'))
      throw new Error(
        `case ${index} of seed ${seed} (run it alone: --seed ${seed} --first ${index} --cases 1)\n` +
          `${bytes}\nin pieces that end at ${one.pieces.join(', ')}\n${(error as Error).message}`,
      )
    }
  }

  private async vanish(one: FuzzCase): Promise<void> {
    this.tally.vanished++
    const client = await connect({ port: portOf(this.server) })
    await sendPieces(client, one, one.vanishesAfter!)
    if (one.bytes.length % 2 === 0) client.reset()
    else client.destroy()
  }

  private async compare(one: FuzzCase): Promise<void> {
    const [ours, theirs] = await Promise.all([
      this.talk(portOf(this.server), one),
      this.talk(this.opinion.port, one),
    ])
    const account = this.accounts.get(ours.clientPort) ?? newAccount()
    this.accounts.delete(ours.clientPort)
    checkAnswers(ours.bytes, account.methods)
    this.tally.requests += account.accepted.length
    if (account.refusal !== '') this.tally.refused++
    const difference = differenceOf(account, this.opinion.requestsOf(theirs.clientPort), one.bytes)
    if (difference !== null)
      this.tally.differences.set(difference, (this.tally.differences.get(difference) ?? 0) + 1)
  }

  private async talk(port: number, one: FuzzCase): Promise<{ clientPort: number; bytes: Buffer }> {
    const client = await connect({ port })
    const clientPort = client.socket.localPort!
    // Somebody may have had this port before, and have vanished.
    this.accounts.delete(clientPort)
    await sendPieces(client, one, one.pieces.length)
    client.end()
    await client.gone()
    const { bytes } = client
    client.destroy()
    return { clientPort, bytes }
  }

  /** Alive, nothing left open, and asleep. */
  private async checkRest(atStart: number): Promise<void> {
    this.accounts.clear()
    const words = (): string => `${openDescriptors()} descriptors, ${atStart} before`
    await eventually(() => this.server.connectionCount === 0 && openDescriptors() === atStart, words)
    const client = await connect({ port: portOf(this.server) })
    client.send('GET / HTTP/1.0\r\n\r\n')
    assert.match((await client.atEnd()).toString('latin1'), /^HTTP\/1\.1 200 OK\r\n/)
    client.destroy()
    await eventually(() => this.server.connectionCount === 0, words)
    const turns = 20
    using system = scripted()
    for (let i = 0; i < turns; i++) await serverHasRead()
    // Nothing is ready: one look for each turn of Node (two in `serverHasRead`). A loop that spins makes eight.
    assert.ok(system.calls[this.wait] <= 3 * turns, 'the loop spins')
  }
}

async function sendPieces(
  client: Awaited<ReturnType<typeof connect>>,
  one: FuzzCase,
  count: number,
): Promise<void> {
  let from = 0
  for (const end of one.pieces.slice(0, count)) {
    client.send(one.bytes.subarray(from, end))
    await serverHasRead()
    from = end
  }
}

function portOf(server: RunningServer): number {
  const address = server.addresses[0]!
  assert.ok('port' in address)
  return address.port
}

/** Every answer is whole and well formed, whatever was asked. */
function checkAnswers(bytes: Buffer, methods: readonly string[]): void {
  for (const response of readAll(bytes, methods)) {
    assert.deepEqual(breaches(response), [])
    assert.notEqual(response.status, 500, 'a client cannot cause a 500')
  }
}

/** @returns why the two differ, null when they do not; throws when nobody can explain it */
function differenceOf(ours: Account, theirs: readonly Accepted[], bytes: Buffer): string | null {
  const common = Math.min(ours.accepted.length, theirs.length)
  for (let i = 0; i < common; i++) {
    const [a, b] = [ours.accepted[i]!, theirs[i]!]
    assert.deepEqual(
      { ...a, content: a.content ?? b.content },
      b,
      `message ${i + 1} has two readings (ours first)`,
    )
  }
  const text = bytes.toString('latin1')
  const [extra] = [...theirs.slice(common), ...ours.accepted.slice(common)]
  if (extra === undefined) return null
  const isStricter = theirs.length > common
  const why = explanation(isStricter ? STRICTER : LENIENT, extra, text, ours.refusal)
  const [yes, no] = isStricter ? ['llhttp', 'veille'] : ['veille', 'llhttp']
  assert.ok(why, `${yes} accepts ${JSON.stringify(extra)}, ${no} does not. ${ours.refusal}`)
  return why
}

/** The words of every rule of the wire. */
const REFUSALS: ReadonlySet<string> = new Set(
  Object.values(refusals)
    .filter(code => typeof code === 'number' && refusals.isRefusal(code))
    .map(code => refusals.refusalOf(code as number).words),
)

/** Answers everything with its content read, and keeps account of it. */
function recording(accounts: Map<number, Account>): Module {
  const accountOf = (x: Exchange): Account => {
    const port = 'port' in x.peer ? x.peer.port : -1
    const account = accounts.get(port) ?? newAccount()
    accounts.set(port, account)
    return account
  }
  return {
    name: 'recording',
    content(x) {
      const target = x.head.targetText()
      const { versionMinor } = x.head
      const parts: Buffer[] = []
      x.note = HANDLED
      x.readContent({
        onContent: bytes => void parts.push(Buffer.from(bytes)),
        onContentEnd() {
          const content = Buffer.concat(parts).toString('latin1')
          accountOf(x).accepted.push({ method: x.method, target, content, versionMinor })
          // Nothing, so that the answer to HEAD looks like the others.
          x.answer(200, null)
        },
      })
      return HANDLED
    },
    log(x) {
      accountOf(x).methods.push(x.method)
      if (x.note === HANDLED && x.failureWords === '') return
      const account = accountOf(x)
      // What the core answers by itself (OPTIONS *, TRACE, unknown methods) is a message like any other.
      const isAnswered = x.head.isComplete && x.status !== 400 && !REFUSALS.has(x.failureWords)
      const { method, head } = x
      if (isAnswered)
        account.accepted.push({
          method,
          target: head.targetText(),
          content: null,
          versionMinor: head.versionMinor,
        })
      else account.refusal = x.failureWords
    },
  }
}
