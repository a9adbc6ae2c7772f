/**
 * The output of a program (CGI, FastCGI, SCGI, uwsgi) as the answer to an exchange, while it comes.
 *
 *   const answer = new RelayedAnswer(x, rules, source, 'the program "/srv/a.py"')
 *   answer.take(bytes)           more of its output: its head, then content, which leaves at once
 *   answer.takeHead(content)     its head is whole, and was read by somebody else; that much has come behind it
 *   answer.takeFile(file, …)     more content, in a file
 *   answer.end()                 the output is over
 *   answer.fail(504, 'why')      it can come to no end: an error answer, or a cut when the answer has begun; `giveUp` does not log
 *   answer.isOver                nothing more of the output is wanted
 *
 * What its head can ask for (RFC 3875 §6.2; ngx_http_upstream_process_headers):
 *
 *   a document                   its status, or 200; its fields but those of the connection, those that are hidden, Date and Server
 *   Location: /path              and no status: the server goes there itself, with GET (only where `redirectsLocally`)
 *   Location, otherwise          goes to the client, with 302 unless there is a status
 *   X-Accel-Redirect             to a path or a named location of this server; some fields go along (`relayed-fields.ts`)
 *   X-Accel-Limit-Rate           bytes per second
 *
 * A program that speaks HTTP itself (`nph-…`, RFC 3875 §5) is no exception: its status line and fields are read, and its content is taken
 * out of chunks, since the connection is ours.
 *
 * The length is kept honest: what goes beyond an announced one does not leave, and when less comes the client sees a cut. Without one
 * the answer is sent in chunks. What the client does not take stops the source.
 */

import { ChunkedDecoder } from '../http/chunked.ts'
import { INCOMPLETE } from '../http/refusals.ts'
import { mayHaveContent } from '../http/status.ts'
import { pathOf } from '../http/target.ts'
import type { OpenFile } from '../io/file.ts'
import type { Exchange } from '../server/exchange.ts'
import {
  BAD_CODING,
  BAD_LOCATION,
  CGI_RULES,
  CgiResponseHead,
  type CgiRules,
  responseRefusalWords,
} from '../upstream/cgi-response.ts'
import { showsErrorPage } from './error-page-rules.ts'
import { keepFields, yieldFields } from './relayed-fields.ts'

export interface RelayRules {
  /** Fields that are kept from the client, in lower case; see `HIDDEN_FIELDS`. */
  readonly hidden: ReadonlySet<string>
  /** Fields that have no effect here, such as `x-accel-redirect`. */
  readonly ignored: ReadonlySet<string>
  /** From 300 on: `error_page` shows its page in place of the program's, where it has one. */
  readonly interceptsErrors: boolean
  readonly redirectsLocally: boolean
  readonly head: CgiRules
}

/** What is told to the server and not to the client. */
export const HIDDEN_FIELDS: readonly string[] = [
  'x-accel-redirect',
  'x-accel-expires',
  'x-accel-limit-rate',
  'x-accel-buffering',
  'x-accel-charset',
]

export const CGI_RELAY: RelayRules = {
  hidden: new Set(HIDDEN_FIELDS),
  ignored: new Set(),
  interceptsErrors: false,
  redirectsLocally: true,
  head: CGI_RULES,
}

/** Whoever gives the output. */
export interface AnswerSource {
  pauseOutput(): void
  resumeOutput(): void
  /** Called once, perhaps within `take` or `end`: whatever else the program says goes nowhere. */
  endOutput(): void
}

/** About the connection and not the answer, or ours to say in any case (RFC 3875 §6.3.4). */
const NOT_RELAYED: ReadonlySet<string> = new Set([
  'connection',
  'date',
  'keep-alive',
  'proxy-connection',
  'server',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The first line of these holds, as in nginx. */
const SINGLE: ReadonlySet<string> = new Set([
  'content-disposition',
  'content-range',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
])

const IN_HEAD = 0
const IN_CONTENT = 1
const OVER = 2
type State = typeof IN_HEAD | typeof IN_CONTENT | typeof OVER

export class RelayedAnswer {
  readonly head: CgiResponseHead
  private readonly x: Exchange
  private readonly rules: RelayRules
  private readonly source: AnswerSource
  private readonly who: string
  private state: State = IN_HEAD
  /** Of an announced length: what is still to come; Infinity without one. */
  private remaining = Number.POSITIVE_INFINITY
  /** Of content that comes in chunks. */
  private decoder: ChunkedDecoder | null = null

  /** @param who gives the output, for the log @param head that is read, perhaps by somebody else */
  constructor(
    x: Exchange,
    rules: RelayRules,
    source: AnswerSource,
    who: string,
    head = new CgiResponseHead(rules.head),
  ) {
    this.head = head
    this.x = x
    this.rules = rules
    this.source = source
    this.who = who
  }

  get isOver(): boolean {
    return this.state === OVER
  }

  /** The head is sent: what goes wrong now can only be a cut. */
  get hasBegun(): boolean {
    return this.state === IN_CONTENT
  }

  /** @param bytes are the caller's again after the call */
  take(bytes: Buffer): void {
    if (this.state === IN_CONTENT) this.takeContent(bytes)
    if (this.state !== IN_HEAD) return
    const at = this.head.parse(bytes)
    if (at === INCOMPLETE) return
    if (at < 0) this.refuse(at)
    else this.takeHead(at === bytes.length ? null : bytes.subarray(at))
  }

  end(): void {
    if (this.state === IN_HEAD) this.refuse(this.head.endOfOutput())
    else if (this.state === IN_CONTENT) this.endContent()
  }

  /** @param words for the log */
  fail(status: number, words: string): void {
    if (this.state === OVER) return
    this.x.log.error(`${this.who}: ${words}`)
    this.giveUp(status, words)
  }

  /** As `fail`, when the log knows already. */
  giveUp(status: number, words: string): void {
    if (this.state === OVER) return
    const { x, hasBegun } = this
    this.finish()
    if (hasBegun) x.cut(words)
    else x.fail(status)
  }

  private refuse(code: number): void {
    this.fail(502, responseRefusalWords(code))
  }

  private finish(): void {
    this.state = OVER
    this.x.onDrained = null
    this.source.endOutput()
  }

  // The head

  takeHead(content: Buffer | null): void {
    const { x, rules, head } = this
    const accel = rules.ignored.has('x-accel-redirect') ? null : head.get('x-accel-redirect')
    if (accel !== null && accel !== '') {
      this.goTo(accel)
      return
    }
    const location = head.get('location')
    if (rules.redirectsLocally && head.status === 0 && location !== null && isLocalPath(location)) {
      this.goTo(location)
      return
    }
    const coding = head.transferCoding
    if (coding !== null && coding !== 'chunked') {
      this.refuse(BAD_CODING)
      return
    }
    if (coding !== null) this.decoder = new ChunkedDecoder()
    const status = head.status !== 0 ? head.status : location !== null && location !== '' ? 302 : 200
    if (rules.interceptsErrors && status >= 300 && showsErrorPage(x, status)) this.intercept(status)
    else this.begin(status, content)
  }

  private begin(status: number, content: Buffer | null): void {
    const { x, head } = this
    const hasContent = mayHaveContent(status)
    yieldFields(x, head.lines)
    this.addFields()
    x.reason = head.reason
    // What comes in chunks has its end there (RFC 9112 §6.3).
    const lengthBytes = this.decoder === null ? head.contentLength : null
    if (hasContent && lengthBytes !== null) this.remaining = lengthBytes
    this.state = IN_CONTENT
    x.begin(status, hasContent ? lengthBytes : 0)
    if (!x.sendsContent || this.remaining === 0) this.endContent()
    else if (content !== null) this.takeContent(content)
  }

  private addFields(): void {
    const { x, rules, head } = this
    const seen = new Set<string>()
    for (const { name, lowerName, value } of head.lines) {
      if (lowerName === 'x-accel-limit-rate' && !rules.ignored.has(lowerName)) limitRate(x, value)
      if (rules.hidden.has(lowerName) || NOT_RELAYED.has(lowerName)) continue
      if (SINGLE.has(lowerName)) {
        if (seen.has(lowerName) || value === '') continue
        seen.add(lowerName)
      }
      x.addField(name, value)
    }
  }

  /** A page of ours in place of the program's; what it takes to get in is kept (ngx_http_upstream_intercept_errors). */
  private intercept(status: number): void {
    const challenge = this.head.get('www-authenticate')
    this.finish()
    if (status === 401 && challenge !== null) this.x.setErrorField('WWW-Authenticate', challenge)
    this.x.fail(status)
  }

  /** The server asks itself, with GET; a named location is asked as it is. */
  private goTo(target: string): void {
    const { x, head } = this
    const isNamed = target.startsWith('@')
    const mark = target.indexOf('?')
    const path = isNamed ? '' : pathOf(mark < 0 ? target : target.slice(0, mark), x.server.mergesSlashes)
    if (typeof path === 'number' || (!isNamed && !target.startsWith('/'))) {
      this.refuse(BAD_LOCATION)
      return
    }
    if (x.isTraced) x.tell(`${this.who} sends the request on to "${target}"`)
    this.finish()
    keepFields(x, head.lines)
    const rate = head.get('x-accel-limit-rate')
    if (rate !== null && !this.rules.ignored.has('x-accel-limit-rate')) limitRate(x, rate)
    if (isNamed) {
      x.rerouteNamed(target)
      return
    }
    if (x.method !== 'HEAD') x.method = 'GET'
    x.reroute(path, mark < 0 ? null : target.slice(mark + 1))
  }

  // The content

  private takeContent(bytes: Buffer): void {
    const { decoder } = this
    if (decoder === null) {
      this.write(bytes)
      return
    }
    for (let at = 0; at < bytes.length && this.state === IN_CONTENT; ) {
      const next = decoder.read(bytes, at, bytes.length)
      if (next < 0) {
        this.fail(502, 'its chunks are none')
        return
      }
      at = next
      if (decoder.dataEnd > decoder.dataStart) this.write(bytes.subarray(decoder.dataStart, decoder.dataEnd))
      if (decoder.isDone) this.endContent()
    }
  }

  private write(bytes: Buffer): void {
    const { x, remaining } = this
    const isTooMuch = bytes.length > remaining
    const part = isTooMuch ? bytes.subarray(0, remaining) : bytes
    this.remaining -= part.length
    if (part.length > 0) x.writeLent(part)
    this.afterWrite(isTooMuch, x.isCongested)
  }

  /** A piece of a file, which is retained until it has left. Not for content that comes in chunks. */
  takeFile(file: OpenFile, offset: number, sizeBytes: number): void {
    if (this.state !== IN_CONTENT) return
    const { x } = this
    const part = Math.min(sizeBytes, this.remaining)
    this.remaining -= part
    x.writeFile(file, offset, part)
    this.afterWrite(part < sizeBytes, !x.isFlowing)
  }

  private afterWrite(isTooMuch: boolean, isBehind: boolean): void {
    const { x } = this
    if (isTooMuch)
      x.log.warn(`${this.who}: it gave more than the ${this.head.contentLength} bytes it had announced`)
    if (this.remaining === 0) this.endContent()
    else if (isBehind) {
      x.onDrained = () => this.source.resumeOutput()
      this.source.pauseOutput()
    }
  }

  private endContent(): void {
    const { x, remaining, decoder } = this
    if (x.sendsContent && decoder !== null && !decoder.isDone) {
      this.fail(502, 'its chunks ended before the last one')
      return
    }
    if (x.sendsContent && remaining !== 0 && remaining !== Number.POSITIVE_INFINITY) {
      this.fail(502, `it gave ${remaining} bytes less than the ${this.head.contentLength} it had announced`)
      return
    }
    this.finish()
    x.end()
  }
}

/** RFC 3875 §6.2.2: a path, perhaps with a query. Two slashes name a host, and a fragment is for the client. */
function isLocalPath(location: string): boolean {
  return location.startsWith('/') && !location.startsWith('//') && !location.includes('#')
}

function limitRate(x: Exchange, value: string): void {
  if (/^\d{1,15}$/.test(value)) x.rateBytes = Number(value)
}
