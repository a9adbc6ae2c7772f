/**
 * Who asks: what a point has in hand while it examines.
 *
 *   await e.ask(asks('GET', '/'), status(200))       one request on a connection of its own; the response, or the point has failed
 *   await e.open()                                   a conversation, for what takes more than one request
 *   await e.answer(talk, request, status(200))       the same on a conversation
 *   await e.head('/', status(200), status(200))      HEAD, and nothing behind it
 *   e.told(line, expected) … e.finds(isSo, came)     for what is no single request
 *
 * What is asked, expected and come goes into a record, which becomes a row of the sheet. The first thing that is not as expected throws
 * `Unmet` and so ends the point. Connections are counted and closed by the examiner, whatever becomes of the point.
 */

import {
  type Answer,
  type Conversation,
  type End,
  isResponse,
  openConversation,
  type Place,
} from './conversation.ts'
import type { Expectation, Outcome } from './expectation.ts'
import { NotExamined } from './point.ts'
import type { ProcessFacts } from './process-facts.ts'
import { asks, authorityOf, bytesOf, lineOf, type Request } from './request.ts'
import { fieldOf, type Response, toldResponse } from './response.ts'
import type { Subject } from './subject.ts'
import { plain, say, type Words } from './words.ts'

/** How long we wait, in milliseconds. */
export interface Patience {
  /** For a connection, and for any answer. */
  readonly answerMs: number
  /** To see that nothing more comes. */
  readonly quietMs: number
  /** For the answer that shows that the server is still alive. */
  readonly aliveMs: number
  /** Between two bytes of a client that sends byte by byte. */
  readonly byteMs: number
  /** What a timeout may take longer than it was told to. */
  readonly graceMs: number
}

export const PATIENCE: Patience = { answerMs: 5000, quietMs: 150, aliveMs: 2000, byteMs: 2, graceMs: 5000 }

export interface Surroundings {
  readonly place: Place
  readonly subject: Subject
  readonly patience: Patience
  /** Whether a siege is wanted that deserves the name. */
  readonly hasSiege: boolean
  /** Of the server, where it runs on this machine. */
  readonly pid: number | null
}

/** A point has failed: the last line of its record says what came. */
export class Unmet extends Error {}

/** What a point has asked and got. */
export interface PointRecord {
  readonly asked: Words[]
  readonly expected: Words[]
  readonly came: Words[]
}

/** Never more than these, whatever a configuration asks for. */
export const MOST_CONNECTIONS = 100_000

export const STOPPED = say('the examination was stopped', 'l’examen a été interrompu')

/** What all examiners of one examination share. */
export interface Shared {
  connections: number
  /** Somebody wants to have his terminal back. */
  isStopped: boolean
  readonly talks: Set<Conversation>
  /** Of the server's process, after its first answer; null when it is not told, or cannot be read. */
  atStart: ProcessFacts | null
  /** Names of what was uploaded and could not be removed. */
  readonly left: string[]
}

export class Examiner {
  readonly place: Place
  readonly subject: Subject
  readonly patience: Patience
  readonly surroundings: Surroundings
  readonly record: PointRecord = { asked: [], expected: [], came: [] }
  readonly shared: Shared
  private readonly talks = new Set<Conversation>()

  constructor(surroundings: Surroundings, shared: Shared) {
    this.surroundings = surroundings
    this.place = surroundings.place
    this.subject = surroundings.subject
    this.patience = surroundings.patience
    this.shared = shared
  }

  /** The page that is asked when any will do. */
  get page(): string {
    return this.subject.page.target
  }

  async open(port: number | null = null): Promise<Conversation> {
    if (++this.shared.connections > MOST_CONNECTIONS)
      throw new NotExamined(say('too many connections already', 'déjà trop de connexions'))
    if (this.shared.isStopped) throw new NotExamined(STOPPED)
    const talk = await openConversation(this.placeAt(port), this.patience.answerMs)
    this.talks.add(talk)
    this.shared.talks.add(talk)
    return talk
  }

  async ask(request: Request, expectation: Expectation): Promise<Response> {
    const talk = await this.open(request.port)
    try {
      return await this.answer(talk, request, expectation)
    } finally {
      this.leave(talk)
    }
  }

  async answer(talk: Conversation, request: Request, expectation: Expectation): Promise<Response> {
    this.told(plain(lineOf(request, this.place)), expectation.words)
    talk.send(bytesOf(request, this.placeAt(request.port)))
    return this.met(talk, request.method, expectation)
  }

  /** What comes next is as expected; the request was sent and told already. */
  async met(talk: Conversation, method: string, expectation: Expectation): Promise<Response> {
    const outcome = await this.outcomeOf(talk, method, expectation.end === 'closed')
    const flaw = expectation.flawOf(outcome)
    const { answer } = outcome
    this.finds(flaw === null, flaw ?? (isResponse(answer) ? toldResponse(answer, NAMED) : answer.words))
    // Where no answer is fine, nobody looks at it.
    return answer as Response
  }

  /** A row without a request of its own: a line that says what is done, and what is expected of it. */
  told(asked: Words, expected: Words): void {
    this.record.asked.push(asked)
    this.record.expected.push(expected)
  }

  finds(isSo: boolean, came: Words): void {
    this.record.came.push(came)
    if (!isSo) throw new Unmet()
  }

  /** HEAD, and whether content comes behind it after all: as the next answer, or before the end. */
  async head(target: string, expectation: Expectation, next: Expectation): Promise<void> {
    const talk = await this.open()
    const answer = await this.answer(talk, asks('HEAD', target), expectation)
    if (mayPersist(answer)) await this.answer(talk, asks('GET', target), next)
    else {
      this.told(say('what comes behind it', 'ce qui vient derrière'), say('nothing', 'rien'))
      const hasContent = await talk.hears(this.patience.quietMs)
      this.finds(!hasContent, hasContent ? say('content', 'un contenu') : say('nothing', 'rien'))
    }
    this.leave(talk)
  }

  leave(talk: Conversation): void {
    talk.leave()
    this.talks.delete(talk)
    this.shared.talks.delete(talk)
  }

  leaveAll(): void {
    for (const talk of this.talks) this.leave(talk)
  }

  /** Somebody else is served while a point keeps the server busy. @returns how long it took; null when nothing good came in time */
  async aliveMs(withinMs: number): Promise<number | null> {
    const start = performance.now()
    const talk = await this.open().catch(() => null)
    if (talk === null) return null
    talk.send(bytesOf(asks('GET', this.page, { fields: ['Connection: close'] }), this.place))
    const answer = await talk.response('GET', withinMs)
    this.leave(talk)
    return isResponse(answer) && answer.status < 400 ? performance.now() - start : null
  }

  private placeAt(port: number | null): Place {
    if (port === null) return this.place
    return { ...this.place, port, authority: authorityOf(this.place.host, port) }
  }

  private async outcomeOf(talk: Conversation, method: string, isEndWanted: boolean): Promise<Outcome> {
    const interim: Response[] = []
    let answer: Answer = await talk.response(method, this.patience.answerMs)
    while (isResponse(answer) && answer.status < 200 && answer.status !== 101) {
      interim.push(answer)
      answer = await talk.response(method, this.patience.answerMs)
    }
    let end: End = 'open'
    if (isEndWanted && (isResponse(answer) || answer.why !== 'silence'))
      end = await talk.end(this.patience.answerMs)
    const hasMore = isEndWanted && isResponse(answer) && (await talk.hears(0))
    return { answer, interim, hasMore, end }
  }
}

/** RFC 9112 §9.3. */
export function mayPersist(answer: Response): boolean {
  const connection = fieldOf(answer, 'connection') ?? ''
  return answer.minor > 0 ? !/\bclose\b/i.test(connection) : /\bkeep-alive\b/i.test(connection)
}

/** Fields that say more than the status. */
const NAMED = ['Allow', 'Location', 'Connection']

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
