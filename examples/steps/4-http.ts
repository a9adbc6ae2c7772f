/**
 * Step 4: HTTP. The parser and the loop of veille, under a server that still fits into one file.
 *
 *   npm run step 4             then a browser, or `curl -i http://127.0.0.1:PORT/a/b?c=d http://127.0.0.1:PORT/`
 *   npm run step 4 0 select    the same with another poller: select, poll or epoll
 *
 *   readiness ──▶ bytes ──▶ head ──▶ answer ──▶ bytes ──▶ the socket
 *   Loop          recv      RequestHead         output    send
 *
 * New against step 3: a connection is kept for further requests (keep-alive), several may arrive at once and are answered
 * in order (pipelining), what is malformed gets 400 and the connection ends, and each wait has a deadline.
 *
 * Not here: content of requests (src/http/framing.ts, chunked.ts), files (src/modules/folder-files.ts), timers and promises beside
 * the loop (src/loop/node-loop.ts). Everything else that separates this file from src/io/connection.ts and
 * src/server/http-connection.ts is there to spare copies and system calls.
 */

import { EAGAIN, ECONNABORTED, EINTR, errnoName, errnoWords } from '../../src/errno.ts'
import { DateClock } from '../../src/http/date.ts'
import { NO_CONTENT } from '../../src/http/framing.ts'
import { CONTENT_TOO_LARGE, INCOMPLETE, isRefusal, OK, refusalOf } from '../../src/http/refusals.ts'
import { isKnownMethod, RequestHead } from '../../src/http/request-head.ts'
import { checkRequest, RequestFacts } from '../../src/http/request-rules.ts'
import { statusLine } from '../../src/http/response-head.ts'
import { addressOf, formatAddress, inetAddress, sockaddrOf } from '../../src/io/address.ts'
import { Deadline } from '../../src/loop/deadlines.ts'
import { Loop, type Watcher } from '../../src/loop/loop.ts'
import { type PollerName, READABLE, WRITABLE } from '../../src/loop/poller.ts'
import {
  AF_INET,
  SHUT_WR,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOCKADDR_STORAGE_BYTES,
  SOL_SOCKET,
} from '../../src/sys/constants.ts'
import {
  accept4,
  bindTo,
  type Fd,
  getsockname,
  listen,
  recv,
  send,
  setsockopt,
  shutdown,
  socket,
} from '../../src/sys/libc.ts'

/** Silence, a head that does not come to its end, an answer that is not taken: after this long the client has gone for us. */
const PATIENCE_MS = 60_000
/** Larger than the largest head that the parser takes (32 KiB), so the buffer is never full of one unfinished head. */
const INPUT_BYTES = 64 * 1024

const clock = new DateClock()
/** What checkRequest() finds out about a request; overwritten by each. */
const facts = new RequestFacts()
const wasted = Buffer.alloc(4096)
const peer = Buffer.alloc(SOCKADDR_STORAGE_BYTES)

/** The loop calls a watcher's methods when its descriptor is ready. It knows nothing of HTTP, and we nothing of its set. */
class Listener extends Deadline implements Watcher {
  private readonly loop: Loop
  readonly fd: Fd

  constructor(loop: Loop, port: number) {
    super()
    this.loop = loop
    this.fd = must('socket', socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC))
    must('setsockopt', setsockopt(this.fd, SOL_SOCKET, SO_REUSEADDR, 1))
    must('bind', bindTo(this.fd, sockaddrOf(inetAddress('127.0.0.1', port))))
    must('listen', listen(this.fd, 128))
    loop.watch(this.fd, READABLE, this)
  }

  get url(): string {
    const bytes = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
    return `http://${formatAddress(addressOf(bytes, must('getsockname', getsockname(this.fd, bytes))))}/`
  }

  onReadable(): void {
    const fd = accept4(this.fd, peer, SOCK_NONBLOCK | SOCK_CLOEXEC)
    if (fd >= 0) new Client(fd, this.loop)
    else if (fd !== -EAGAIN && fd !== -EINTR && fd !== -ECONNABORTED) this.rest()
  }

  onWritable(): void {}

  /** EMFILE, most likely (step 3). With deadlines there is no need to wait for a client to go: we look again in half a second. */
  private rest(): void {
    this.loop.setInterest(this.fd, 0)
    this.loop.deadlines.set(this, this.loop.now + 500)
  }

  onDeadline(): void {
    this.loop.setInterest(this.fd, READABLE)
  }

  onFailure(error: unknown): void {
    throw error
  }
}

/**
 * One connection. `output` and `isEnding` are its state; what it is watched for is computed from them (`settle`): as long as
 * something is to be sent it is not read from, so a client that takes no answers cannot make us collect more of them.
 */
class Client extends Deadline implements Watcher {
  private readonly fd: Fd
  private readonly loop: Loop
  /** Parses one head after the other. It remembers where it stopped, so no byte is looked at twice. */
  private readonly head = new RequestHead()
  /** `input[0..inputEnd)` has been received and is not a complete request yet. */
  private readonly input = Buffer.alloc(INPUT_BYTES)
  private inputEnd = 0
  /** Answers on their way. The parser's text has one character per byte: hence latin1, here and below. */
  private output = Buffer.alloc(0)
  /** The answer in `output` is the last one; nothing behind its request is read as a request. */
  private isEnding = false
  private isShut = false

  constructor(fd: Fd, loop: Loop) {
    super()
    this.fd = fd
    this.loop = loop
    loop.watch(fd, READABLE, this)
    this.begin()
  }

  onReadable(): void {
    if (this.isEnding) {
      this.drain()
      return
    }
    const n = recv(this.fd, this.input.subarray(this.inputEnd))
    if (n === -EAGAIN || n === -EINTR) return
    if (n <= 0) {
      this.close() // its end, or a lost connection; a request that has not come to its end is never answered
      return
    }
    this.inputEnd += n
    this.answerAll()
    // Try first, then watch: most answers fit into the kernel's buffer, and then nobody has to wait for writability.
    this.onWritable()
  }

  /** Pipelining: one recv may have brought several requests (RFC 9112 §9.3.2). Their answers collect in `output`, in order. */
  private answerAll(): void {
    let answers = ''
    let at = 0
    while (!this.isEnding && at < this.inputEnd) {
      const next = this.head.parse(this.input, at, this.inputEnd)
      if (next === INCOMPLETE) break
      answers += isRefusal(next) ? this.refusal(next) : this.response()
      this.head.reset()
      at = next
    }
    this.output = Buffer.from(answers, 'latin1')
    if (this.isEnding) return
    // What is left is the beginning of a request. It moves to the front, where parse() will go on with it.
    this.input.copyWithin(0, at, this.inputEnd)
    this.inputEnd -= at
  }

  /** A complete head is correct line by line, but does it make sense as a whole? Host, target, framing: RFC 9112 §3.2, §6. */
  private response(): string {
    const { head } = this
    const broken = checkRequest(head, false, facts)
    if (broken !== OK) return this.refusal(broken)
    // The content would follow now, and whoever does not read it takes it for the next request. We do not read it, because
    // that is a chapter of its own: so we refuse it, and this is the last request.
    if (facts.framing !== NO_CONTENT) return this.refusal(CONTENT_TOO_LARGE)
    // Persistent unless one side says otherwise; HTTP/1.0 has to ask for it (RFC 9112 §9.3).
    this.isEnding = !facts.mayPersist
    if (!isKnownMethod(head.method)) return this.message(501, '', 'This method is unknown here.\n')
    if (head.method !== 'GET' && head.method !== 'HEAD') {
      return this.message(405, 'Allow: GET, HEAD\r\n', 'Only GET and HEAD are answered here.\n')
    }
    return this.message(200, '', this.hello())
  }

  /** Shows what the parser has understood. As text/plain, and with nosniff, so that no browser takes it for a page. */
  private hello(): string {
    const { head } = this
    const lines = ['Hello World', '', `method   ${head.method}`, `path     ${head.pathText()}`]
    lines.push(`query    ${head.queryText() ?? '(none)'}`, `version  1.${head.versionMinor}`, '')
    for (const [name, value] of head.fields.entries()) lines.push(`${name}: ${value}`)
    return `${lines.join('\n')}\n`
  }

  /** Somebody who breaks the rules of the language gets one answer. Where the next request would begin, nobody can say now. */
  private refusal(code: number): string {
    const { status, words } = refusalOf(code)
    this.isEnding = true
    return this.message(status, '', `${words}\n`)
  }

  private message(status: number, fieldLines: string, content: string): string {
    const connection = this.isEnding ? 'close' : this.head.versionMinor === 0 ? 'keep-alive' : ''
    return (
      statusLine(status) +
      clock.dateLine(Date.now()) +
      'Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n' +
      `Content-Length: ${content.length}\r\n` +
      fieldLines +
      (connection === '' ? '' : `Connection: ${connection}\r\n`) +
      // The answer to HEAD has the head of the answer to GET, and no content (RFC 9110 §9.3.2).
      `\r\n${this.head.method === 'HEAD' ? '' : content}`
    )
  }

  onWritable(): void {
    if (this.output.length === 0) return
    const n = send(this.fd, this.output, this.output.length)
    if (n < 0 && n !== -EAGAIN && n !== -EINTR) {
      this.close()
      return
    }
    // What the kernel has not taken waits for its turn; a client that takes a little now and then is not a silent one.
    if (n > 0) this.begin()
    this.output = this.output.subarray(Math.max(n, 0))
    this.settle()
  }

  private settle(): void {
    if (this.output.length === 0 && this.isEnding && !this.isShut) {
      // As in step 3: our side is shut, the client's is read to its end, and then nothing is left that could cause a reset.
      this.isShut = true
      shutdown(this.fd, SHUT_WR)
    }
    this.loop.setInterest(this.fd, this.output.length > 0 ? WRITABLE : READABLE)
  }

  private drain(): void {
    const n = recv(this.fd, wasted)
    if (n === 0 || (n < 0 && n !== -EAGAIN && n !== -EINTR)) this.close()
  }

  /**
   * The deadline is moved when something is finished (an answer, a part of one), not when something arrives: a client that
   * sends one byte a minute never finishes a head, and has the same minute for it as everybody else.
   */
  private begin(): void {
    this.loop.deadlines.set(this, this.loop.now + PATIENCE_MS)
  }

  onDeadline(): void {
    this.close()
  }

  /** Something above has thrown: our own mistake, which costs this connection and not the server. */
  onFailure(error: unknown): void {
    console.error(error)
    this.close()
  }

  private close(): void {
    this.loop.deadlines.clear(this)
    this.loop.closeLater(this.fd)
  }
}

function must(call: string, result: number): number {
  if (result >= 0) return result
  console.error(`${call}: ${errnoWords(result)} (${errnoName(result)})`)
  process.exit(1)
}

function pollerOf(name: string): PollerName {
  if (name === 'select' || name === 'poll' || name === 'epoll') return name
  console.error(`"${name}" is no poller: choose select, poll or epoll.`)
  process.exit(1)
}

// Classes are not there before their line is reached, unlike functions: hence the start at the end.

const loop = new Loop({ poller: pollerOf(process.argv[3] ?? 'epoll') })
const server = new Listener(loop, Number(process.argv[2] ?? 0))
console.log(`listening on ${server.url}`)
// Sleeps, calls whoever is ready, and begins again: src/loop/loop.ts, `iterate`. It blocks this thread, as in the steps before;
// inside of Node's own loop (`src/loop/node-loop.ts`) it would share the thread with timers and promises.
loop.run()
