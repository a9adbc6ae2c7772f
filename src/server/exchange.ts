/**
 * One request and its response: what a module sees. It knows no protocol version; a `Responder` (today
 * `http-connection.ts`) carries what it says.
 *
 *   x.method, x.path, x.query, x.fields           the request, its content through x.readContent(consumer)
 *   x.setField('ETag', '"1"')                     the response's fields, before it begins
 *   x.answer(200, bytes)                          a whole answer
 *   x.begin(200, 1234) … x.write(bytes) … x.end() an answer in pieces; null for a length that is not known
 *   x.writeLent(bytes)                            the same for bytes that are the caller's again after the call
 *   x.fail(404)                                   an error answer, with the page that belongs to it
 *   x.crash(error)                                the same for our own mistakes, in a promise or a callback: logged
 *   x.cut('why')                                  the answer has begun and cannot be finished: the client must notice
 *   x.atEnd(release)                              whatever the exchange comes to, this is called when it is over
 *
 *   x.rewriteTo('/b', null)                       in the rewrite phase: a location is looked for anew
 *   x.reroute('/b', null)                         the server asks itself for another path, from the first phase on
 *   x.rerouteNamed('@b')                          the same for a named location
 *
 * An answer to HEAD is produced like the one to GET; its content goes nowhere.
 */

import type { FieldLookup } from '../http/fields.ts'
import type { RequestHead } from '../http/request-head.ts'
import { fieldLine } from '../http/response-head.ts'
import { mayHaveContent } from '../http/status.ts'
import type { Target } from '../http/target.ts'
import type { Address } from '../io/address.ts'
import type { OpenFile } from '../io/file.ts'
import { createLog, type Log } from '../log.ts'
import type { Loop } from '../loop/loop.ts'
import type { Location } from './location.ts'
import { logContextOf } from './log-context.ts'
import type { ContentConsumer, Responder } from './responder.ts'
import type { VirtualServer } from './routing.ts'
import { NO_VALUES } from './variables.ts'

/** What the server around the exchange does for it; see `phases.ts`. */
export interface ExchangePhases {
  /** From the first phase on, for another path. */
  reroute(x: Exchange): void
  rerouteNamed(x: Exchange, name: string): void
  /** Answers with an error of this status. */
  fail(x: Exchange, status: number, words: string): void
  /** The modules' last word on the fields. */
  finishFields(x: Exchange): void
  /** Our own mistake is logged. */
  report(error: unknown): void
  /** Calls `x.onAbandoned`; an exception in there must not keep the connection from its end. */
  abandon(x: Exchange): void
}

/** Shared by all exchanges that have added no field: most answers carry prepared lines only. */
const NO_LINES: string[] = []
const NO_ENDINGS: readonly (() => void)[] = []

/** No answer yet. */
export const UNANSWERED = 0
/** The head is sent. */
export const ANSWERING = 1
/** The whole answer is handed over. */
export const ANSWERED = 2
export type Progress = typeof UNANSWERED | typeof ANSWERING | typeof ANSWERED

/** nginx's NGX_HTTP_MAX_URI_CHANGES. */
export const MOST_TURNS = 10

export class Exchange {
  /** The request's head; made a copy of when the exchange outlives the read buffer. */
  head: RequestHead
  /** GET after an error has led to another path. */
  method: string
  /** Decoded and without dot segments; see `rewriteTo` and `reroute`. */
  path: string
  /** As received; of a request that was refused, the whole target, '' when it had not come to its end. */
  readonly rawPath: string
  /** Without its question mark, octets, one character each; null for none. */
  query: string | null
  /** As it was received. */
  readonly rawQuery: string | null
  /** The host asked for, lower-case, without port; '' if HTTP/1.0 named none. */
  readonly host: string
  /** `OPTIONS *`: about the server, not about a resource. */
  readonly isAboutServer: boolean
  /** Bytes of content announced; 0 for none, Infinity when its length is not known. */
  readonly contentLength: number
  /** When the head was complete, by the loop's clock. */
  readonly startedAt: number
  /** Of a request that was refused before its head was complete: what came of its line, in octets. */
  refusedLine = ''
  /** When its first byte came. */
  begunAt: number

  /** Where it belongs: the block of its host, and of its path as soon as that is looked for. */
  server: VirtualServer
  location: Location
  /** The path comes from the server itself. */
  isInternal = false
  /** `rewriteTo` was called in this round. */
  isRewritten = false
  /** How often the path may still change; an end to cycles. */
  turnsLeft = MOST_TURNS
  /** The status that the answer to the rerouted path takes, whatever it is by itself; 0 for its own. */
  errorStatus = 0
  /** An error has led to another path: what fails now gets the built-in page. */
  hasErrorPage = false
  /** Groups of the last regular expression that matched; [0] is the whole. */
  captures: readonly (string | undefined)[] | null = null
  /** Of variables that the configuration defines; see `Variables.slot`. */
  values: (string | undefined)[] = NO_VALUES
  /** Somebody wants to know each step; see `tell`. */
  isTraced: boolean
  /** Who is told, in place of the error log. */
  tracer: ((words: string) => void) | null = null

  /** What the content is, in words, once somebody gives it; said only if `isTraced`. */
  origin = ''
  /** See `rehearse`. */
  rehearsed = ''
  status = 0
  /** The words behind the status, where a program has words of its own; '' for the registered ones. */
  reason = ''
  /** Bytes of the head of the answer, once it is sent. */
  sentHeadBytes = 0
  /** Of the request: its head, and the content received so far, as it came. */
  requestBytes = 0
  progress: Progress = UNANSWERED
  /** Bytes of content sent, and what the transfer coding has added to them. */
  sentContentBytes = 0
  sentFramingBytes = 0
  /** Of all these, what was still waiting for the socket when the connection was lost. */
  unsentBytes = 0
  /** The answer is in the transfer coding chunked; known once the head is sent. */
  isChunked = false
  /** Bytes per second that this exchange has been given in place of what its location says; 0 for no limit, null for nothing said. */
  rateBytes: number | null = null
  /** So many bytes leave before the rate holds. */
  rateAfterBytes = 0
  /** Lines that have followed the content. */
  sentTrailers = ''
  /** Length of the content as announced; null when it is not known. */
  responseLength: number | null = null
  /** The sentence that explains a failure, if it is one. */
  failureWords = ''
  /** Called once what was written has left, after `isCongested`. */
  onDrained: (() => void) | null = null
  /**
   * Called when nobody waits for the answer any more, or another one is given since the content has not come: whoever works for it stops, and
   * says nothing more.
   */
  onAbandoned: (() => void) | null = null
  isAbandoned = false
  /** Somebody reads the content of the request, or has read it. */
  isContentTaken = false
  /** What is given back at the end; see `atEnd`. */
  private endings: (() => void)[] | null = null
  /** A module's own state for this exchange. */
  note: unknown = null

  readonly responder: Responder
  private readonly phases: ExchangePhases
  private ownLog: Log | null = null
  /** Lines that were put together before, as a cache has them; they come first and are not looked at. */
  preparedLines = ''
  /** The same, of a module that adds them to what others have prepared. Apart, so that neither needs to be joined anew. */
  appendedLines = ''
  /** Lines that belong to an error answer: `Allow`, `Location`, … */
  private errorLines = ''
  /** Gives the lines that follow the content; see `promiseTrailers`. */
  private giveTrailers: ((x: Exchange) => string) | null = null
  /** The other lines. */
  private lines: string[] = NO_LINES

  constructor(
    head: RequestHead,
    target: Target,
    contentLength: number,
    startedAt: number,
    responder: Responder,
    phases: ExchangePhases,
    server: VirtualServer,
    isAboutServer: boolean,
  ) {
    this.head = head
    this.method = head.method
    this.path = target.path
    this.rawPath = target.rawPath
    this.query = target.query
    this.rawQuery = target.query
    this.server = server
    this.location = server.location
    this.isTraced = server.location.isTraced || responder.facts.isWatched
    this.host = target.host
    this.isAboutServer = isAboutServer
    this.contentLength = contentLength
    this.startedAt = startedAt
    this.begunAt = startedAt
    this.responder = responder
    this.phases = phases
  }

  /** The field section of the request. */
  get fields(): FieldLookup {
    return this.head.fields
  }

  get peer(): Address {
    return this.responder.facts.peer
  }

  get isSecure(): boolean {
    return this.responder.isSecure
  }

  /** GET or HEAD: answered alike. */
  get isRetrieval(): boolean {
    return this.method === 'GET' || this.method === 'HEAD'
  }

  /** Whether bytes of content go to the client: not to HEAD, nor with 204 and 304. */
  get sendsContent(): boolean {
    return this.method !== 'HEAD' && mayHaveContent(this.status)
  }

  get isCongested(): boolean {
    return this.responder.isCongested
  }

  /** Everything that was written has left: no `onDrained` will come of it. */
  get isFlowing(): boolean {
    return this.responder.isFlowing
  }

  /** The loop of this process, for descriptors and deadlines of whoever works for this exchange. */
  get loop(): Loop {
    return this.responder.loop
  }

  // Where it belongs

  enterServer(server: VirtualServer): void {
    this.server = server
    this.isTraced = server.location.isTraced || this.tracer !== null || this.responder.facts.isWatched
    this.enterLocation(server.location)
  }

  enterLocation(location: Location): void {
    if (location === this.location) return
    this.location = location
    this.ownLog = null
    this.responder.setLimits(location.limits)
  }

  /** In the rewrite phase: a location is looked for anew, for this path. */
  rewriteTo(path: string, query: string | null): void {
    this.path = path
    this.query = query
    this.isRewritten = true
  }

  /** The server asks itself for `path`, from the first phase on. The caller then returns HANDLED. */
  reroute(path: string, query: string | null): void {
    if (this.isAbandoned) return
    this.path = path
    this.query = query
    this.isInternal = true
    this.phases.reroute(this)
  }

  /** As `reroute`, but to a location by its name (`@name`), with the same path. */
  rerouteNamed(name: string): void {
    if (this.isAbandoned) return
    this.isInternal = true
    this.phases.rerouteNamed(this, name)
  }

  /** The error log of the place, whose lines tell what they are about. */
  get log(): Log {
    this.ownLog ??= this.logAbout(null, null)
    return this.ownLog
  }

  /** As `log`, of lines that also tell what was going on, behind "while", and who was asked. */
  logWhile(action: string, upstream: string): Log {
    return this.logAbout(action, upstream)
  }

  private logAbout(action: string | null, upstream: string | null): Log {
    const least = this.responder.facts.isWatched ? 'debug' : undefined
    return this.tracer === null
      ? this.location.log.withContext(logContextOf(this, action, upstream), least)
      : toldLog(this.tracer, this.location.log)
  }

  /** One step of what happens to it, for `veille explain` and `error_log … debug`. Asked only if `isTraced`. */
  tell(words: string): void {
    if (this.tracer !== null) this.tracer(words)
    else this.log.debug(words)
  }

  /**
   * Somebody only asks what would happen (`veille explain`): whoever would start, change or send something says so with `rehearse` instead.
   */
  get isRehearsal(): boolean {
    return this.tracer !== null
  }

  /** @param words what would have been done, as the end of the explanation: `runs "/srv/cgi/a.py"` */
  rehearse(words: string): void {
    this.rehearsed = words
    this.drop()
  }

  // The request's content

  /** Only once, and before the answer is whole. Sends 100 (Continue) to a client that waits for it. */
  readContent(consumer: ContentConsumer): void {
    this.isContentTaken = true
    this.responder.readContent(this, consumer)
  }

  pauseContent(): void {
    this.responder.pauseContent(this)
  }

  resumeContent(): void {
    this.responder.resumeContent(this)
  }

  // The response's fields

  /** In place of what the field was before. @throws TypeError for what cannot stand in a head */
  setField(name: string, value: string): void {
    this.removeField(name)
    this.addField(name, value)
  }

  /** One more line of this name. */
  addField(name: string, value: string): void {
    const line = fieldLine(name, value)
    // An array of one element has room for one; the first push into an empty one would make room for 17.
    if (this.lines === NO_LINES) this.lines = [line]
    else this.lines.push(line)
  }

  hasField(name: string): boolean {
    this.unpack()
    return this.indexOfField(name) >= 0
  }

  /** Has somebody added this field, other than among prepared lines? Costs little enough to be asked for every answer. */
  hasAddedField(name: string): boolean {
    return this.indexOfField(name) >= 0
  }

  /** The first line's value, or null. */
  getField(name: string): string | null {
    this.unpack()
    const line = this.lines[this.indexOfField(name)]
    return line === undefined ? null : line.slice(name.length + 2, -2)
  }

  removeField(name: string): void {
    this.unpack()
    for (let i = this.indexOfField(name); i >= 0; i = this.indexOfField(name)) this.lines.splice(i, 1)
  }

  private indexOfField(name: string): number {
    const { lines } = this
    for (let i = 0; i < lines.length; i++) if (isLineOf(name, lines[i]!)) return i
    return -1
  }

  /** Prepared lines become lines like the others: somebody wants to look at single fields. */
  private unpack(): void {
    if (this.preparedLines === '' && this.appendedLines === '') return
    this.lines = [...linesIn(this.preparedLines), ...this.lines, ...linesIn(this.appendedLines)]
    this.preparedLines = ''
    this.appendedLines = ''
  }

  /** @param lines whole field lines, each with its CR LF, that the caller has made with `fieldLine` */
  setPreparedLines(lines: string): void {
    this.preparedLines = lines
  }

  /** More of them, behind those that are there. */
  appendPreparedLines(lines: string): void {
    this.appendedLines += lines
  }

  /** A field of the answer that `fail` gives, also when that is a page from somewhere else. */
  setErrorField(name: string, value: string): void {
    const others = linesIn(this.errorLines).filter(
      line => !line.toLowerCase().startsWith(`${name.toLowerCase()}:`),
    )
    this.errorLines = others.join('') + fieldLine(name, value)
  }

  /**
   * Lines will follow the content: the answer is sent in chunks then, also when its length is known, to everybody but HTTP/1.0. To be
   * called before the answer begins.
   * @param give is asked for them at the content's end: whole field lines, as for `setPreparedLines`
   */
  promiseTrailers(give: (x: Exchange) => string): void {
    const { giveTrailers } = this
    this.giveTrailers = giveTrailers === null ? give : x => giveTrailers(x) + give(x)
  }

  get hasTrailers(): boolean {
    return this.giveTrailers !== null
  }

  /** For the driver, once. Whoever makes a mistake here gives none. */
  takeTrailers(): string {
    try {
      this.sentTrailers = this.giveTrailers?.(this) ?? ''
    } catch (error) {
      this.phases.report(error)
    }
    return this.sentTrailers
  }

  /** The lines that were added one by one. */
  get addedLines(): string {
    return this.lines.length === 1 ? this.lines[0]! : this.lines.join('')
  }

  /** Forgets every field; for an error answer in place of one that was being prepared. */
  private clearFields(): void {
    this.preparedLines = ''
    this.appendedLines = ''
    this.lines = NO_LINES
    this.reason = ''
    this.giveTrailers = null
  }

  // The answer

  /** @param text is sent as UTF-8 */
  answer(status: number, content: Buffer | string | null): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    this.begin(status, bytes === null ? 0 : bytes.length)
    if (bytes !== null) this.write(bytes)
    this.end()
  }

  begin(status: number, lengthBytes: number | null): void {
    if (this.isAbandoned) return
    if (this.progress !== UNANSWERED) throw new Error(`a second answer (${status}) to one request`)
    this.status = this.statusFor(status)
    if (this.status !== status) this.reason = ''
    this.responseLength = lengthBytes
    if (this.errorLines !== '') this.appendedLines += this.errorLines
    this.phases.finishFields(this)
    this.progress = ANSWERING
    this.responder.begin(this, lengthBytes)
  }

  /** The page of an error keeps the error's status, whatever it would be by itself; one that became 200 may be a part of it. */
  private statusFor(status: number): number {
    const { errorStatus } = this
    if (errorStatus === 0 || (errorStatus === 200 && (status === 206 || status === 304))) return status
    return errorStatus
  }

  /** @param bytes the caller does not change them any more */
  write(bytes: Buffer): void {
    if (this.isOpen && this.sendsContent) this.responder.write(this, bytes, false)
  }

  /** @param bytes are valid during the call only: what the socket does not take at once is copied */
  writeLent(bytes: Buffer): void {
    if (this.isOpen && this.sendsContent) this.responder.write(this, bytes, true)
  }

  writeFile(file: OpenFile, offset: number, sizeBytes: number): void {
    if (this.isOpen && this.sendsContent) this.responder.writeFile(this, file, offset, sizeBytes)
  }

  end(): void {
    if (!this.isOpen) return
    this.progress = ANSWERED
    this.responder.end(this)
  }

  /** @param words one sentence for the page, when the status alone does not say enough */
  fail(status: number, words = ''): void {
    if (this.isAbandoned) return
    if (this.progress === UNANSWERED) {
      this.errorStatus = 0
      this.clearFields()
      this.phases.fail(this, status, words)
    } else {
      this.cut(words === '' ? `failed with ${status} after the answer had begun` : words)
    }
  }

  /**
   * Our own mistake, in work that a module goes on with after it has returned: logged, and a 500, or a cut when the answer has
   * begun. What is thrown before that ends here by itself.
   */
  crash(error: unknown): void {
    this.phases.report(error)
    this.fail(500)
  }

  /** The connection ends without an answer. */
  drop(): void {
    if (this.progress !== UNANSWERED || this.isAbandoned) return
    this.progress = ANSWERED
    this.responder.drop(this)
  }

  cut(words: string): void {
    if (this.progress === ANSWERED || this.isAbandoned) return
    this.progress = ANSWERED
    this.responder.cut(this, words)
  }

  /** The driver says that the content will not come to its end: whoever works for the exchange stops, and it is answered otherwise. */
  interrupt(): void {
    if (this.isAbandoned) return
    this.phases.abandon(this)
    this.onAbandoned = null
  }

  /** The driver says that nobody waits any more. */
  abandon(): void {
    if (this.isAbandoned) return
    this.isAbandoned = true
    this.phases.abandon(this)
  }

  /** Calls `release` when the exchange is over, whatever its end, after it was logged. */
  atEnd(release: () => void): void {
    this.endings ??= []
    this.endings.push(release)
  }

  /** For `Phases`: all that `atEnd` was told, once. */
  takeEndings(): readonly (() => void)[] {
    const { endings } = this
    this.endings = null
    return endings ?? NO_ENDINGS
  }

  private get isOpen(): boolean {
    return this.progress === ANSWERING && !this.isAbandoned
  }
}

/** Whoever follows an exchange from outside of a server is told what its error log would say. */
function toldLog(tell: (words: string) => void, log: Log): Log {
  return createLog('warn', (level, words) => {
    if (log.isOn(level)) tell(`error log, [${level}]: ${words}`)
  })
}

/** Each with its CR LF. */
function linesIn(text: string): string[] {
  return text.match(/[^\n]+\n/g) ?? []
}

const COLON = 0x3a

/** Names have no case. Nearly always the length tells already that it is another one. */
function isLineOf(name: string, line: string): boolean {
  if (line.charCodeAt(name.length) !== COLON) return false
  return line.startsWith(name) || line.slice(0, name.length).toLowerCase() === name.toLowerCase()
}
