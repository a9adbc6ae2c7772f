/**
 * Step 2: one thread that waits for many sockets at once, with select(2).
 *
 *   npm run step 2             then connect twice with `nc 127.0.0.1 PORT`, and type a line in the second one first
 *
 *   watched   { listener, client, client, client }        a set of descriptors, which we keep
 *                              │ copy
 *   select()  sleeps until at least one of them is ready
 *                              │
 *   readable  {           client          client }        the same set, in which the kernel left only the ready ones
 *
 * Step 1 slept in accept(2), so only a new client could wake it up. Here the program sleeps in select(2), and whoever has
 * something for us wakes it: a listening socket is ready when a connection waits in its queue, a connected one when bytes
 * have come. No client is asked before it is ready, so a silent one holds up nobody.
 *
 * Still missing, and added by step 3: whatever arrives first counts as the whole request, and send may still block.
 */

import { EINTR, errnoName, errnoWords } from '../../src/errno.ts'
import { addressOf, formatAddress, inetAddress, sockaddrOf } from '../../src/io/address.ts'
import {
  AF_INET,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
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
  select,
  send,
  setsockopt,
  socket,
} from '../../src/sys/libc.ts'

// A set of descriptors is a row of bits: bit number 5 stands for descriptor 5. C calls the type fd_set, gives it 1024 bits,
// and calls its four operations FD_ZERO, FD_SET, FD_CLR and FD_ISSET (select(2)). Here they are, under the same names.

const FD_SETSIZE = 1024
type FdSet = Int32Array

/** An empty set. 32 bits per word, so descriptor `fd` is bit `fd & 31` of word `fd >> 5`: 37 is bit 5 of word 1. */
function newSet(): FdSet {
  return new Int32Array(FD_SETSIZE / 32)
}

function FD_ZERO(set: FdSet): void {
  set.fill(0)
}

function FD_SET(fd: Fd, set: FdSet): void {
  set[fd >> 5]! |= 1 << (fd & 31)
}

function FD_CLR(fd: Fd, set: FdSet): void {
  set[fd >> 5]! &= ~(1 << (fd & 31))
}

function FD_ISSET(fd: Fd, set: FdSet): boolean {
  return (set[fd >> 5]! & (1 << (fd & 31))) !== 0
}

// The listening socket, as in step 1.

const port = Number(process.argv[2] ?? 0)
const listener = must('socket', socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC))
must('setsockopt', setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1))
must('bind', bindTo(listener, sockaddrOf(inetAddress('127.0.0.1', port))))
must('listen', listen(listener, 16))
const bound = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
const boundBytes = must('getsockname', getsockname(listener, bound))
console.log(`listening on http://${formatAddress(addressOf(bound, boundBytes))}/`)

/** Whom we wait for: the listening socket, and every client that has not been answered yet. */
const watched = newSet()
FD_ZERO(watched)
FD_SET(listener, watched)

/** The copy for the kernel. */
const readable = newSet()
/** select(2) takes a second set, of sockets that we want to write to. Nobody is in it before step 3. */
const writable = newSet()

/** The highest descriptor in `watched`. select wants to know how far to look. */
let highest = listener

const buffer = Buffer.alloc(4096)
const peer = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
/** Clients that are connected and have said nothing yet. */
let silentClients = 0

for (;;) {
  // select(2) overwrites the sets that it is given: that is how it answers. So it always gets a copy.
  readable.set(watched)
  FD_ZERO(writable)

  // The one place where this program sleeps. The first argument is not a count, but the highest descriptor plus one: the
  // kernel looks at bits 0 to highest. -1: without a time limit. The result says how many are ready, not which.
  const ready = select(highest + 1, readable, writable, -1)
  if (ready === -EINTR) continue // a signal came first (signal(7)); the sets mean nothing then
  must('select', ready)

  // Which ones? There is no list: every bit has to be asked. With three clients that is nothing; with ten thousand of which
  // one is ready, the kernel and we have both looked at ten thousand bits for it. poll(2) has the same cost, epoll(7) not.
  for (let fd = 0; fd <= highest; fd++) {
    if (!FD_ISSET(fd, readable)) continue
    if (fd === listener) welcome()
    else answer(fd)
  }
}

/** The listening socket is readable: a connection waits in its queue, so accept(2) will not block. */
function welcome(): void {
  const client = accept4(listener, peer, SOCK_CLOEXEC)
  if (client < 0) return // it has gone in the meantime (ECONNABORTED); see accept(2), "Error handling"
  if (client >= FD_SETSIZE) {
    // There is no bit for it. C programs that forget this line write behind the end of the set. The limit is that of the
    // C type, not of the Linux kernel: src/loop/select.ts passes larger sets.
    close(client)
    return
  }
  // We do not read from it now: nothing may have come yet, and then recv(2) would block and everybody would wait again.
  FD_SET(client, watched)
  highest = Math.max(highest, client)
  silentClients++
}

/** A client is readable: bytes have come, or its end. Either way recv(2) will not block. */
function answer(fd: Fd): void {
  // 0 means that the client has closed its side without a word. That is readable too: there is something to find out.
  if (recv(fd, buffer) > 0) sayHello(fd)
  // Out of the set before the number is given back: accept hands out the lowest free one, so the next client may get it,
  // and a descriptor that is closed but still watched makes select fail with EBADF.
  FD_CLR(fd, watched)
  while (!FD_ISSET(highest, watched)) highest-- // ends at the latest at `listener`, which never leaves
  silentClients--
  close(fd)
}

function sayHello(fd: Fd): void {
  const content = `Hello World\nSilent clients beside you: ${silentClients - 1}\n`
  const text = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${content.length}\r\nConnection: close\r\n\r\n${content}`
  send(fd, Buffer.from(text), text.length)
}

function must(call: string, result: number): number {
  if (result >= 0) return result
  console.error(`${call}: ${errnoWords(result)} (${errnoName(result)})`)
  process.exit(1)
}
