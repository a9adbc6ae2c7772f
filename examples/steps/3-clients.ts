/**
 * Step 3: many clients, none of whom can make another one wait: not the one who speaks slowly, not the one who does not read.
 *
 *   npm run step 3             then `curl -i http://127.0.0.1:PORT/`, or `/100000` for a hundred thousand Hello Worlds
 *
 *   client = socket + request buffer + response buffer + state
 *
 *      READING ──── the empty line has come ────▶ ANSWERING ──── all is sent ────▶ ENDING ──── its end has come ────▶ closed
 *      watched for reading                        watched for writing              watched for reading
 *
 * Every socket is non-blocking now: recv and send do what can be done at once, or say EAGAIN; the only sleep is in select.
 * So both can do half the work, and this program remembers the other half, per client: that is what is new in it.
 *
 * The sets and FD_ISSET of step 2 are in src/loop/select.ts. Not here: a second request on one connection and real parsing
 * (step 4), and deadlines (step 4), without which a client that stays silent keeps its place for ever.
 */

import { EAGAIN, ECONNABORTED, EINTR, EMFILE, ENFILE, errnoName, errnoWords } from '../../src/errno.ts'
import { addressOf, formatAddress, inetAddress, sockaddrOf } from '../../src/io/address.ts'
import { NOTHING, READABLE, type Readiness, WRITABLE } from '../../src/loop/poller.ts'
import { SelectPoller } from '../../src/loop/select.ts'
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
  close,
  type Fd,
  getsockname,
  listen,
  recv,
  send,
  setsockopt,
  shutdown,
  socket,
} from '../../src/sys/libc.ts'

/** A request that is longer is refused: without a limit one client could fill the memory. */
const REQUEST_BYTES = 8192

const READING = 0
const ANSWERING = 1
const ENDING = 2
type State = typeof READING | typeof ANSWERING | typeof ENDING

/** What we know of one client: the partial data of both directions, and how far it has come. */
interface Client {
  readonly fd: Fd
  state: State
  /** What it has said so far: the first `received` bytes. */
  readonly request: Buffer
  received: number
  /** What it is to get, of which the kernel has taken the first `sent` bytes. */
  response: Buffer
  sent: number
}

/**
 * What a client is watched for follows from its state, and is nowhere kept beside it: two things that must agree would one day
 * disagree. While it is answered we do not read: a client that takes no answers gets none of its further words heard. They
 * wait in the kernel, and when the kernel's buffer is full, TCP makes the client wait.
 */
function interestOf(state: State): Readiness {
  return state === ANSWERING ? WRITABLE : READABLE
}

// The listening socket, as before but for SOCK_NONBLOCK: between select and accept the waiting connection may vanish, and
// a blocking accept would then sleep until another one comes (accept(2), "Notes").

const port = Number(process.argv[2] ?? 0)
const listener = must('socket', socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC))
must('setsockopt', setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1))
must('bind', bindTo(listener, sockaddrOf(inetAddress('127.0.0.1', port))))
must('listen', listen(listener, 128))
const bound = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
const boundBytes = must('getsockname', getsockname(listener, bound))
console.log(`listening on http://${formatAddress(addressOf(bound, boundBytes))}/`)

/** `clients[fd]`: descriptors are small numbers, so an array is the table. */
const clients: (Client | undefined)[] = []
const peer = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
const wasted = Buffer.alloc(4096)

const poller = new SelectPoller()
poller.watch(listener, READABLE)

for (;;) {
  const ready = poller.wait(-1)
  if (ready === -EINTR) continue
  must('select', ready)
  for (let i = 0; i < ready; i++) {
    const fd = poller.readyFd(i)
    if (fd === listener) welcome()
    else serve(clients[fd]!, poller.readyFor(i))
  }
  // Each round gives each ready client one recv or one send: whoever sends a flood gets no larger share than anybody else.
}

function welcome(): void {
  // SOCK_NONBLOCK again: it is a property of each socket, and accept(2) does not pass it on by itself.
  const fd = accept4(listener, peer, SOCK_NONBLOCK | SOCK_CLOEXEC)
  if (fd === -EAGAIN || fd === -EINTR || fd === -ECONNABORTED) return
  if (fd === -EMFILE || fd === -ENFILE) {
    // No descriptors left, for this process or for the whole system. The connection stays in the queue, so the listener stays readable, and select would wake us up
    // at once, again and again. So we stop looking at it until a client has gone.
    poller.watch(listener, NOTHING)
    return
  }
  if (fd < 0) return // an error of this one connection (accept(2), "Error handling")
  clients[fd] = {
    fd,
    state: READING,
    request: Buffer.alloc(REQUEST_BYTES),
    received: 0,
    response: Buffer.alloc(0),
    sent: 0,
  }
  poller.watch(fd, READABLE)
}

function serve(client: Client, readiness: Readiness): void {
  if (client.state === READING && (readiness & READABLE) !== 0) receive(client)
  else if (client.state === ANSWERING && (readiness & WRITABLE) !== 0) sendMore(client)
  else if (client.state === ENDING) waitForEnd(client)
}

/** READING: one recv, whatever it brings. */
function receive(client: Client): void {
  const before = client.received
  const n = recv(client.fd, client.request.subarray(before))
  // Readiness is a hint, not a promise: it can happen that nothing is there (select(2), "Bugs"). Then we wait on.
  if (n === -EAGAIN || n === -EINTR) return
  // 0: the client has closed its side in the middle of its request. Below 0: the connection is lost (ECONNRESET).
  if (n <= 0) {
    forget(client)
    return
  }
  // TCP carries a stream of bytes, not messages: what one send() of the client put in may come out in three pieces here, and
  // two requests in one. n says only how much there is. So we collect, and ask after each piece: is the request complete?
  client.received += n
  // It is, for a request without content, when an empty line has come: CR LF CR LF (RFC 9112 §2.1). These four bytes may
  // have come in two pieces, therefore we go three bytes back; further back has been searched before.
  const end = client.request.subarray(0, client.received).indexOf('\r\n\r\n', Math.max(0, before - 3))
  if (end >= 0) answer(client, helloWorlds(client.request.toString('latin1', 0, end)))
  else if (client.received === REQUEST_BYTES) {
    answer(client, responseOf('431 Request Header Fields Too Large', 'That is too much for me.\n'))
  }
}

/** From now on it is watched for writing. A fresh socket is writable nearly always, so the next round begins to send. */
function answer(client: Client, response: Buffer): void {
  client.response = response
  enter(client, ANSWERING)
  // We could try to send at once, and watch for writing only if the kernel does not take everything: that spares a round,
  // and src/io/connection.ts does it. The other way round is a mistake: an idle socket is writable all the time, so whoever
  // watches it for writing with nothing to write is woken up for ever.
}

/** ANSWERING: one send, whatever the kernel takes. */
function sendMore(client: Client): void {
  const rest = client.response.subarray(client.sent)
  // Writable means that there is *some* room in the kernel's buffer for this connection. send(2) on a non-blocking socket
  // takes what fits and says how much that was. The buffer empties as the client reads; one who does not read leaves us
  // here, asleep in select, at no cost for the others.
  const n = send(client.fd, rest, rest.length)
  if (n === -EAGAIN || n === -EINTR) return
  if (n < 0) {
    forget(client) // EPIPE or ECONNRESET: it has left
    return
  }
  client.sent += n
  if (client.sent < client.response.length) return
  // Everything is on its way. SHUT_WR says that no more will come (the client's recv gives 0), but we do not close yet:
  // if the client has sent something that we have not read, close would reset the connection and might destroy the
  // answer on its way (RFC 9112 §9.6). So we read until it has ended as well.
  shutdown(client.fd, SHUT_WR)
  client.response = Buffer.alloc(0)
  enter(client, ENDING)
}

/** ENDING: what still comes is thrown away. 0 or an error is the end. */
function waitForEnd(client: Client): void {
  const n = recv(client.fd, wasted)
  if (n === 0 || (n < 0 && n !== -EAGAIN && n !== -EINTR)) forget(client)
}

function enter(client: Client, state: State): void {
  client.state = state
  poller.watch(client.fd, interestOf(state))
}

/**
 * It closes at once, in the middle of a round, and the next accept may use the number again. That is safe only because whoever
 * is served closes nobody but itself, and a descriptor stands in the ready list once. src/loop/loop.ts, where anybody may
 * close anybody, waits until the end of the round.
 */
function forget(client: Client): void {
  poller.forget(client.fd)
  clients[client.fd] = undefined
  close(client.fd)
  poller.watch(listener, READABLE) // there is a free descriptor again; without effect when the listener is watched anyway
}

/** `GET /3 HTTP/1.1` gets three Hello Worlds; anything else gets one. The count is there to make answers large. */
function helloWorlds(head: string): Buffer {
  const count = Number(/^GET \/(\d{1,6}) /.exec(head)?.[1] ?? 1)
  return responseOf('200 OK', 'Hello World\n'.repeat(count))
}

function responseOf(status: string, content: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${content.length}\r\nConnection: close\r\n\r\n${content}`,
  )
}

function must(call: string, result: number): number {
  if (result >= 0) return result
  console.error(`${call}: ${errnoWords(result)} (${errnoName(result)})`)
  process.exit(1)
}
