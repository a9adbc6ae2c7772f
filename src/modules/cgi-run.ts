/**
 * One exchange, answered by a CGI program: from the wait for its content to the last line of its stderr.
 *
 *   new CgiRun(x, rules, order).begin()
 *
 *     content stored ──▶ a slot ──▶ the process ──▶ content to its stdin, while its stdout becomes the answer
 *     (if it is to be)   (or 503)   (or 403, 502, 503)            (`relayed-answer.ts`)
 *
 * The process may outlive the exchange for a while: it is over with `onExit`. A program that does not read its stdin is answered for
 * all the same; what it did not read is dropped.
 */

import { EACCES, EAGAIN, EMFILE, ENFILE, ENOENT, ENOEXEC, ENOMEM, errnoForLog } from '../errno.ts'
import type { Exchange } from '../server/exchange.ts'
import type { ContentConsumer } from '../server/responder.ts'
import {
  type ContentStore,
  type StoredContent,
  storeContent,
  storedContentOf,
} from '../server/stored-content.ts'
import { CgiClient, type CgiClientEvents, type CgiTimes } from '../upstream/cgi-client.ts'
import { ErrorLines } from '../upstream/error-lines.ts'
import type { ProcessSlots, Slot, SlotEvents } from '../upstream/process-slots.ts'
import { environmentOf, type Invocation, type Param } from './cgi-request.ts'
import { type AnswerSource, RelayedAnswer, type RelayRules } from './relayed-answer.ts'
import { isMissing } from './static-files.ts'

/** What a place says of its programs. */
export interface CgiPlace {
  readonly times: CgiTimes
  readonly relay: RelayRules
  readonly params: readonly Param[]
  readonly slots: ProcessSlots
  readonly queueMs: number
  /** null: content goes to the program as it comes. */
  readonly store: ContentStore | null
  readonly ignoresAbort: boolean
}

/** What is to be run. */
export interface CgiOrder {
  readonly program: string
  readonly args: readonly string[]
  readonly directory: string
  readonly invocation: Invocation
  /** The program is the file that was asked for. */
  readonly isScriptItself: boolean
}

export class CgiRun implements AnswerSource, ContentConsumer, CgiClientEvents, SlotEvents {
  private readonly x: Exchange
  private readonly place: CgiPlace
  private readonly order: CgiOrder
  private readonly who: string
  private readonly client: CgiClient
  private readonly answer: RelayedAnswer
  private readonly errorLines: ErrorLines
  private slot: Slot | null = null
  private stored: StoredContent | null = null
  /** Nothing more of the program is wanted, nor of the content for it. */
  private isOver = false
  private isContentPaused = false
  /** The client has gone, and the program may come to its end all the same. */
  private isForNobody = false

  constructor(x: Exchange, place: CgiPlace, order: CgiOrder) {
    this.x = x
    this.place = place
    this.order = order
    this.who = `CGI program "${order.isScriptItself ? order.program : order.invocation.scriptFile}"`
    this.client = new CgiClient(x.loop, place.times, this)
    this.answer = new RelayedAnswer(x, place.relay, this, this.who)
    this.errorLines = new ErrorLines(words => x.log.error(`${this.who} wrote to stderr: "${words}"`))
  }

  begin(): void {
    const { x, place } = this
    x.onAbandoned = () => this.abandon()
    if (place.store === null || !this.hasContent) this.askForSlot()
    else
      storeContent(x, place.store, content => {
        this.stored = content
        this.askForSlot()
      })
  }

  /** A request that was sent on with GET has none; what somebody else has read as it came is not there any more. */
  private get hasContent(): boolean {
    const { x } = this
    if (x.contentLength === 0 || x.method !== x.head.method) return false
    return !x.isContentTaken || storedContentOf(x) !== null
  }

  private askForSlot(): void {
    this.slot = this.place.slots.ask(this.x.loop, this.place.queueMs, this)
    // It may have been used already, within the call, or nobody waits any more.
    if (this.isOver) this.slot.giveBack()
  }

  onNoSlot(): void {
    this.isOver = true
    this.x.onAbandoned = null
    this.x.log.error(`${this.who} was not started: too many programs run already`)
    this.x.fail(503)
  }

  onSlot(): void {
    if (this.isOver) return
    const { x, order } = this
    const environment = environmentOf(x, order.invocation, this.place.params, this.contentBytes)
    const { program, args, directory } = order
    const result = this.client.start({ program, args, directory, environment })
    if (result < 0) this.failStart(result)
    else this.giveContent()
  }

  /** null: there is none, or nobody knows how long it will be. */
  private get contentBytes(): number | null {
    const { x, stored } = this
    if (stored !== null) return stored.sizeBytes
    if (this.hasContent) return Number.isFinite(x.contentLength) ? x.contentLength : null
    return x.contentLength === 0 && x.fields.get('content-length') !== null ? 0 : null
  }

  private failStart(errno: number): void {
    const { x, order } = this
    this.isOver = true
    x.onAbandoned = null
    this.slot?.giveBack()
    const status = statusForStart(errno, order.isScriptItself)
    const hint =
      errno === -ENOENT && order.isScriptItself ? ': it is there, but what its first line names is not' : ''
    const words = `${this.who} could not be started: "${order.program}" ${errnoForLog(errno)}${hint}`
    if (status === 503) x.log.alert(words)
    else x.log.error(words)
    x.fail(status)
  }

  // The content of the request

  private giveContent(): void {
    const { x, stored, client } = this
    if (stored !== null) {
      if (stored.file !== null) client.writeFile(stored.file, stored.sizeBytes)
      else if (stored.bytes !== null) client.write(stored.bytes)
      client.endInput()
    } else if (this.hasContent) x.readContent(this)
    else client.endInput()
  }

  onContent(bytes: Buffer): void {
    if (this.isOver) return
    this.client.write(bytes)
    if (!this.client.isInputCongested) return
    this.isContentPaused = true
    this.x.pauseContent()
  }

  onContentEnd(): void {
    if (!this.isOver) this.client.endInput()
  }

  onInputDrained(): void {
    this.resumeContent()
  }

  onInputBroken(): void {
    this.resumeContent()
  }

  private resumeContent(): void {
    if (!this.isContentPaused) return
    this.isContentPaused = false
    this.x.resumeContent()
  }

  // The answer

  onOutput(bytes: Buffer): void {
    if (!this.isForNobody) this.answer.take(bytes)
  }

  onOutputEnd(): void {
    if (this.isForNobody) this.client.finish()
    else this.answer.end()
  }

  pauseOutput(): void {
    this.client.pauseOutput()
  }

  resumeOutput(): void {
    this.client.resumeOutput()
  }

  endOutput(): void {
    this.isOver = true
    this.x.onAbandoned = null
    this.client.finish()
    this.resumeContent()
  }

  onSilence(): void {
    const words = `it was silent for ${this.place.times.silenceMs / 1000} s`
    if (this.isForNobody) this.x.log.error(`${this.who}: ${words}`)
    else this.answer.fail(504, words)
    this.client.stop()
  }

  /** The client has gone, or another answer is given. */
  private abandon(): void {
    if (this.isOver) return
    if (this.place.ignoresAbort && this.client.hasAllInput) {
      this.isForNobody = true
      if (this.x.isTraced) this.x.tell(`the client has gone; ${this.who} goes on`)
      this.client.resumeOutput()
      return
    }
    this.isOver = true
    if (!this.client.isStarted) this.slot?.giveBack()
    this.client.stop()
  }

  // The end of the process

  onErrorOutput(bytes: Buffer): void {
    this.errorLines.take(bytes)
  }

  onExit(code: number | null, signal: number | null): void {
    this.errorLines.end()
    this.slot?.giveBack()
    const { x, who, client } = this
    if (signal !== null && !client.isStopped) x.log.error(`${who} was ended by signal ${signal}`)
    else if (code !== null && code !== 0) x.log.warn(`${who} ended with exit code ${code}`)
    else if (x.isTraced) x.tell(`${who} has ended`)
  }

  onFailure(error: unknown): void {
    this.isOver = true
    this.x.crash(error)
  }
}

/** The file itself is not executable: that is forbidden; whatever else the configuration names and is not there is a bad gateway. */
function statusForStart(errno: number, isScriptItself: boolean): number {
  if (errno === -EAGAIN || errno === -ENOMEM || errno === -EMFILE || errno === -ENFILE) return 503
  if (errno === -EACCES && isScriptItself) return 403
  return isMissing(errno) || errno === -EACCES || errno === -ENOEXEC ? 502 : 500
}
