/**
 * One exchange that is answered by a peer: which is asked, what is asked next when it fails, and what becomes of its answer
 * (`ngx_http_upstream.c`).
 *
 *   new UpstreamExchange(x, plan).begin()
 *
 *   content ──▶ a peer ──▶ connect, head, content ──▶ head of the answer ──▶ relay ──▶ end
 *                 ▲                     │                      │
 *                 └── the next one ─────┴──────────────────────┘     as long as nothing has gone to the client
 *
 * nginx's sentences stand in the error log, with what was going on and the peer.
 */

import { INCOMPLETE } from '../http/refusals.ts'
import type { SpoolLimits } from '../io/spool.ts'
import { type Exchange, UNANSWERED } from '../server/exchange.ts'
import { storeContent, storedContentOf } from '../server/stored-content.ts'
import { CgiResponseHead, HEAD_TOO_LARGE, responseRefusalWords } from '../upstream/cgi-response.ts'
import { type CallEvents, type CallFailure, type CallOptions, PeerCall } from '../upstream/peer-call.ts'
import type { Peer, Peers } from '../upstream/peers.ts'
import { type ContentFeed, NO_CONTENT, StoredFeed, StreamedFeed } from './upstream-content.ts'
import { ErrorOutput } from './upstream-error-output.ts'
import type { UpstreamPlan } from './upstream-plan.ts'
import { type RelaySource, UpstreamRelay } from './upstream-relay.ts'
import type { NextWord } from './upstream-rows.ts'
import { newState, type UpstreamState } from './upstream-states.ts'

const CHANGES_SOMETHING: ReadonlySet<string> = new Set(['POST', 'LOCK', 'PATCH'])

/** nginx's words for answers that may send a request on. */
const NEXT_BY_STATUS: ReadonlyMap<number, NextWord> = new Map([
  [500, 'http_500'],
  [503, 'http_503'],
  [403, 'http_403'],
  [404, 'http_404'],
  [429, 'http_429'],
])

export class UpstreamExchange implements CallEvents, RelaySource {
  private readonly x: Exchange
  private readonly plan: UpstreamPlan
  private readonly peers: Peers
  private readonly startedAt: number
  private readonly tried = new Set<Peer>()
  private triesLeft: number
  private requestHead: Buffer = NOTHING
  private feed: ContentFeed = NO_CONTENT
  private call: PeerCall | null = null
  private state: UpstreamState | null = null
  private isFirst = true
  /** Of the answer that is awaited. */
  private head: CgiResponseHead
  private relay: UpstreamRelay | null = null
  private readonly errorOutput: ErrorOutput
  private isOver = false
  /** The client has gone, and the peer may come to its end all the same. */
  private isForNobody = false

  constructor(x: Exchange, plan: UpstreamPlan, peers: Peers) {
    this.x = x
    this.plan = plan
    this.peers = peers
    this.startedAt = x.loop.now
    this.head = new CgiResponseHead(plan.head)
    this.errorOutput = new ErrorOutput(plan.caught, words =>
      x.logWhile(this.call?.action ?? '', this.who).error(words),
    )
    this.triesLeft = plan.nextTries > 0 ? Math.min(plan.nextTries, peers.count) : peers.count
  }

  begin(): void {
    const { x, plan } = this
    const stored = storedContentOf(x)
    if (!plan.passesContent || x.contentLength === 0) this.prepare(NO_CONTENT)
    else if (stored !== null) this.prepare(new StoredFeed(x, stored))
    else if (x.isContentTaken) this.prepare(NO_CONTENT)
    else if (plan.storesContent || (!Number.isFinite(x.contentLength) && !plan.dialogue.takesAnyLength))
      storeContent(x, plan.store, content => this.prepare(new StoredFeed(x, content)))
    else this.prepare(new StreamedFeed(x))
  }

  private prepare(feed: ContentFeed): void {
    const { x, plan } = this
    this.feed = feed
    const { keepsOpen } = this.callOptions
    const head = plan.dialogue.head(plan.params.of(x, plan.passesFields), this.contentBytes(), keepsOpen)
    if (typeof head === 'string') {
      x.log.alert(head)
      x.fail(500)
      return
    }
    this.requestHead = head
    x.onAbandoned = () => this.onAbandoned()
    this.ask()
  }

  private contentBytes(): number | null {
    const { x, plan } = this
    if (!plan.passesContent || this.feed === NO_CONTENT) return 0
    const stored = storedContentOf(x)
    return stored !== null ? stored.sizeBytes : Number.isFinite(x.contentLength) ? x.contentLength : null
  }

  private get callOptions(): CallOptions {
    const { call } = this.plan
    return call.keepsOpen && !this.peers.idle.mayKeep ? { ...call, keepsOpen: false } : call
  }

  // Peers

  private ask(): void {
    const { x, peers } = this
    const peer = peers.choose(this.tried, x.loop.now)
    if (peer === null) {
      this.state = this.newState(peers.name)
      this.refuse(502, 'no live upstreams', 'connecting to upstream')
      return
    }
    this.tried.add(peer)
    this.head = new CgiResponseHead(this.plan.head)
    this.state = this.newState(peer.spec.name)
    if (x.isTraced) x.tell(`asks ${this.who}`)
    this.call = new PeerCall(x.loop, peers, peer, this.callOptions, this)
    this.call.start(this.requestHead, this.plan.dialogue.begin())
  }

  private newState(address: string): UpstreamState {
    const state = newState(this.x, address, this.isFirst)
    this.isFirst = false
    return state
  }

  /** `fastcgi://127.0.0.1:9000` */
  private get who(): string {
    return `${this.plan.scheme}://${this.state?.address ?? this.peers.name}`
  }

  /** Whether another peer may be asked, or this one again. */
  private mayAskNext(word: NextWord): boolean {
    const { x, plan, call } = this
    const isSent = call?.isRequestSent === true
    if (!plan.next.has(word)) return false
    if (this.triesLeft <= 1 && !this.isStale(word)) return false
    if (isSent && this.feed.isSpent) return false
    if (isSent && CHANGES_SOMETHING.has(x.method) && !plan.next.has('non_idempotent')) return false
    return plan.nextTimeoutMs === 0 || x.loop.now - this.startedAt < plan.nextTimeoutMs
  }

  private askNext(word: NextWord): void {
    if (this.isStale(word)) this.tried.delete(this.call!.peer)
    else this.triesLeft--
    this.ask()
  }

  /** A kept connection was closed while nobody used it, which says nothing of the peer. */
  private isStale(word: NextWord): boolean {
    return this.call?.isReused === true && word === 'error'
  }

  // CallEvents

  onConnected(): void {
    const state = this.state!
    state.connectMs = this.x.loop.now - state.startedAt
    this.feed.begin(this.call!)
  }

  onInputDrained(): void {
    this.feed.goOn()
  }

  onOutput(bytes: Buffer): void {
    this.errorOutput.tell()
    if (this.isForNobody) return
    if (this.relay !== null) this.takeContent(this.relay, bytes)
    else if (!this.isOver) this.takeHead(bytes)
  }

  private takeContent(relay: UpstreamRelay, bytes: Buffer): void {
    this.state!.contentBytes += bytes.length
    // More than it had announced, or than anybody asked for.
    if (relay.isOver) this.hangUp()
    else relay.take(bytes)
  }

  private takeHead(bytes: Buffer): void {
    const { head } = this
    const at = head.parse(bytes)
    if (at === INCOMPLETE) return
    if (at < 0) {
      const words =
        at === HEAD_TOO_LARGE
          ? 'upstream sent too big header'
          : `upstream sent invalid header: ${responseRefusalWords(at)}`
      this.loseAnswer('invalid_header', words)
      return
    }
    const state = this.state!
    state.headMs = this.x.loop.now - state.startedAt
    state.status = head.status !== 0 ? head.status : head.get('location') === null ? 200 : 302
    state.head = head
    this.call!.action = 'reading upstream'
    const word = NEXT_BY_STATUS.get(state.status)
    if (word !== undefined && this.mayPassOver(word)) return
    const content = at === bytes.length ? null : bytes.subarray(at)
    state.contentBytes = content?.length ?? 0
    this.relay = new UpstreamRelay(this.x, this.plan.relay, this, head, this.spoolFor(head), this.who)
    this.relay.begin(content)
  }

  /** An answer that is a failure by its status: the next peer may have a better one. */
  private mayPassOver(word: NextWord): boolean {
    if (!this.mayAskNext(word)) return false
    const isFault = word !== 'http_403' && word !== 'http_404'
    if (isFault) this.noteFailure(this.call!.action)
    this.hangUp()
    this.askNext(word)
    return true
  }

  private spoolFor(head: CgiResponseHead): SpoolLimits | null {
    const { isBuffered, heedsBuffering, spool } = this.plan
    const said = heedsBuffering ? head.get('x-accel-buffering')?.toLowerCase() : undefined
    const buffers = said === 'yes' ? true : said === 'no' ? false : isBuffered
    if (!buffers) return null
    // What is taken out of chunks cannot go from a file to the client.
    return head.transferCoding === null ? spool : { ...spool, fileBytes: 0 }
  }

  onErrorOutput(bytes: Buffer): void {
    const isInvalid = this.errorOutput.take(bytes)
    if (isInvalid && this.relay === null && !this.isForNobody)
      this.loseAnswer('invalid_header', 'upstream sent an error that fastcgi_catch_stderr names')
  }

  onFinished(): void {
    this.errorOutput.tell()
    this.feed.stop()
    if (this.isForNobody || (this.isOver && this.relay === null)) return
    if (this.relay === null) this.loseAnswer('error', 'upstream prematurely closed connection')
    else {
      this.peers.succeeded(this.call!.peer)
      this.noteEnd()
      if (!this.relay.isOver) this.relay.end()
    }
  }

  onFailed({ kind, words, action, level }: CallFailure): void {
    this.errorOutput.tell()
    this.feed.stop()
    if (this.isForNobody || this.isOver || this.relay?.isOver === true) return
    const { relay, x } = this
    const state = this.state!
    const status = kind === 'timeout' ? 504 : 502
    x.logWhile(action, this.who)[level](words)
    this.noteEnd()
    if (!this.call!.isReused) this.noteFailure(action)
    if (relay !== null) {
      relay.giveUp(status, words)
      return
    }
    state.status = status
    this.goOnWithout(kind === 'invalid' ? 'invalid_header' : kind, status)
  }

  onMistake(error: unknown): void {
    this.isOver = true
    this.feed.stop()
    this.x.crash(error)
  }

  /** The answer is none. */
  private loseAnswer(word: NextWord, words: string): void {
    this.x.logWhile(this.call!.action, this.who).error(words)
    this.hangUp()
    this.state!.status = 502
    this.noteFailure(this.call!.action)
    this.goOnWithout(word, 502)
  }

  /** This peer has no answer. */
  private goOnWithout(word: NextWord, status: number): void {
    if (this.mayAskNext(word)) this.askNext(word)
    else this.give(status)
  }

  private noteFailure(action: string): void {
    const { peers, x, call } = this
    if (!peers.failed(call!.peer, x.loop.now)) return
    x.logWhile(action, this.who).warn('upstream server temporarily disabled')
  }

  private refuse(status: number, words: string, action: string): void {
    this.x.logWhile(action, this.who).error(words)
    this.state!.status = status
    this.give(status)
  }

  private give(status: number): void {
    this.isOver = true
    if (this.x.progress === UNANSWERED) this.x.fail(status)
  }

  private hangUp(): void {
    this.feed.stop()
    this.call?.abandon()
    this.noteEnd()
  }

  private noteEnd(): void {
    const { state, call } = this
    if (state === null || call === null) return
    state.answerMs ??= this.x.loop.now - state.startedAt
    state.sentBytes = call.sentBytes
    state.receivedBytes = call.receivedBytes
  }

  // The client

  /** The client has gone, or another answer is given. What waits for it is forgotten. */
  private onAbandoned(): void {
    this.relay?.abandon()
    const { call } = this
    if (this.plan.ignoresAbort && call !== null && !call.isOver && call.hasWholeRequest) {
      this.isForNobody = true
      call.resume()
      return
    }
    this.isOver = true
    this.hangUp()
  }

  // RelaySource

  pause(): void {
    this.call?.pause()
  }

  resume(): void {
    this.call?.resume()
  }

  /** The peer may still have its last word to say; who announced less than it says is hung up on in `takeContent`. */
  onAnswerOver(): void {
    this.isOver = true
    this.noteEnd()
    this.call?.resume()
  }
}

const NOTHING = Buffer.alloc(0)
