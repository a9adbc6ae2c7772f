/**
 * One connection to the server that is examined, which says exactly the bytes it is told.
 *
 *   const talk = await openConversation(place, withinMs)   a Conversation; throws Unreachable
 *   talk.send(bytes)                                       as one write
 *   await talk.sent()                                      all is with the kernel, or the connection is broken: false
 *   await talk.response('GET', withinMs)                   the next Response, or why there is none
 *   await talk.end(withinMs)                               'closed' or 'reset', or 'open' when it stays
 *   talk.finish() / reset() / leave()                      shuts our side; cuts with RST; forgets it
 *
 * Built on node:net, not on the server's own loop, so that the examiner and the examined have nothing in common.
 */

import { createConnection, type Socket } from 'node:net'
import { type Flaw, type Response, ResponseReader } from './response.ts'
import { byteCount, joined, NOTHING, say, type Words } from './words.ts'

export interface Place {
  readonly host: string
  readonly port: number
  /** As it stands in Host and in URLs: host and port, IPv6 in brackets. */
  readonly authority: string
}

/** No connection can be made. */
export class Unreachable extends Error {
  readonly words: Words

  constructor(place: Place, code: string) {
    super(`${place.authority}: ${code}`)
    const [en, fr] = REASONS[code] ?? [code, code]
    this.words = say(
      `${place.authority} cannot be reached: ${en}`,
      `${place.authority} est injoignable : ${fr}`,
    )
  }
}

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ['nobody listens there (ECONNREFUSED)', 'personne n’y écoute (ECONNREFUSED)'],
  ETIMEDOUT: ['no answer to the connection (ETIMEDOUT)', 'pas de réponse à la connexion (ETIMEDOUT)'],
  ENOTFOUND: ['nobody knows this name (ENOTFOUND)', 'personne ne connaît ce nom (ENOTFOUND)'],
  EAI_AGAIN: [
    'this name cannot be looked up now (EAI_AGAIN)',
    'ce nom ne peut être cherché maintenant (EAI_AGAIN)',
  ],
  EHOSTUNREACH: ['no way leads there (EHOSTUNREACH)', 'aucun chemin n’y mène (EHOSTUNREACH)'],
}

/** Why no response came. */
export interface NoAnswer {
  readonly why: 'silence' | 'closed' | 'reset' | 'flaw'
  readonly words: Words
}

export type Answer = Response | NoAnswer
export type End = 'open' | 'closed' | 'reset'

export function isResponse(answer: Answer): answer is Response {
  return 'status' in answer
}

export function openConversation({ host, port, authority }: Place, withinMs: number): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, allowHalfOpen: true, noDelay: true })
    const refuse = (code: string): void => {
      clearTimeout(guard)
      socket.destroy()
      reject(new Unreachable({ host, port, authority }, code))
    }
    const guard = setTimeout(refuse, withinMs, 'ETIMEDOUT')
    const onError = (error: NodeJS.ErrnoException): void => refuse(error.code ?? error.message)
    socket.once('error', onError)
    socket.once('connect', () => {
      clearTimeout(guard)
      socket.off('error', onError)
      resolve(new Conversation(socket))
    })
  })
}

export class Conversation {
  /** Bytes that came, all together. */
  receivedBytes = 0
  private readonly socket: Socket
  private readonly reader = new ResponseReader()
  private state: End = 'open'
  private readonly waiting = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', bytes => {
      this.receivedBytes += bytes.length
      this.reader.push(bytes)
      this.tell()
    })
    socket.on('end', () => this.over('closed'))
    socket.on('error', () => this.over('reset'))
    socket.on('close', () => this.over('closed'))
  }

  send(bytes: Buffer | string): void {
    if (this.socket.writable)
      this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** @returns false when the connection broke before everything was given to the kernel, or the time was over */
  async sent(withinMs: number): Promise<boolean> {
    if (this.socket.writableLength === 0) return this.state !== 'reset'
    const look = (): void => this.tell()
    this.socket.once('drain', look)
    await this.wait(() => this.socket.writableLength === 0 || this.socket.destroyed, withinMs)
    return this.socket.writableLength === 0 && !this.socket.destroyed
  }

  /** Bytes stay in the kernel: a client that is busy with something else. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** Interim responses (1xx) are responses too: whoever does not want them calls again. */
  async response(method: string, withinMs: number): Promise<Answer> {
    let read: Response | Flaw | null = null
    await this.wait(() => {
      read = this.reader.next(method)
      return read !== null
    }, withinMs)
    return answerOf(read, this.state, this.reader.bytes)
  }

  /** Until the server closes its side. */
  async end(withinMs: number): Promise<End> {
    await this.wait(() => this.state !== 'open', withinMs)
    return this.state
  }

  /** Whether anything comes that was not read as a response. */
  async hears(withinMs: number): Promise<boolean> {
    await this.wait(() => this.reader.bytes.length > 0, withinMs)
    return this.reader.bytes.length > 0
  }

  finish(): void {
    this.socket.end()
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  leave(): void {
    this.socket.destroy()
  }

  private over(state: End): void {
    if (this.state === 'open') this.state = state
    this.reader.end()
    this.tell()
  }

  private wait(condition: () => boolean, withinMs: number): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(guard)
        this.waiting.delete(look)
        resolve()
      }
      const look = (): void => {
        if (condition() || this.state !== 'open') done()
      }
      const guard = setTimeout(done, withinMs)
      this.waiting.add(look)
      look()
    })
  }

  private tell(): void {
    for (const look of [...this.waiting]) look()
  }
}

function answerOf(read: Response | Flaw | null, state: End, bytes: Buffer): Answer {
  if (read !== null) return 'flaw' in read ? { why: 'flaw', words: read.flaw } : read
  const begun = bytes.length === 0 ? null : joined([say(' after', ' après'), byteCount(bytes.length)], ' ')
  const { en, fr } = begun ?? NOTHING
  if (state === 'reset')
    return { why: 'reset', words: say(`connection reset${en}`, `connexion coupée (RST)${fr}`) }
  if (state === 'closed')
    return { why: 'closed', words: say(`connection closed${en}`, `connexion fermée${fr}`) }
  return begun === null
    ? { why: 'silence', words: say('no answer', 'pas de réponse') }
    : {
        why: 'silence',
        words: say(`an answer that does not end,${en}`, `une réponse qui ne finit pas,${fr}`),
      }
}
