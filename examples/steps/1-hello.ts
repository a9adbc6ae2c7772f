/**
 * Step 1: a server that says hello, once to everybody who comes.
 *
 *   npm run step 1             then, in another terminal, `curl -i http://127.0.0.1:PORT/`, or open it in a browser
 *
 *   server                                          client
 *   socket  bind  listen
 *   accept: sleeps …      ◀────── connection ─────  socket  connect
 *   send                  ─────── "Hello World" ──▶ recv
 *   close                 ─────── the end ────────▶ recv gives 0
 *   accept: sleeps …
 *
 * Six system calls make a server, and each of them is one line here. Two things this program does not do: it serves nobody
 * else while it is busy with one client (steps 2 and 3), and it does not listen to what the client says (step 4).
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
import { accept4, bindTo, close, getsockname, listen, send, setsockopt, socket } from '../../src/sys/libc.ts'

const port = Number(process.argv[2] ?? 0)

/**
 * Answers "Hello World". The lines above it are the head that HTTP asks for: without them a browser would refuse to show
 * the words. Each line ends with the two bytes CR and LF, and an empty line ends the head (RFC 9112 §2.1). Content-Length
 * says where the content ends, so nobody has to guess it from the end of the connection.
 */
const hello = Buffer.from(
  'HTTP/1.1 200 OK\r\n' +
    'Content-Type: text/plain\r\n' +
    'Content-Length: 12\r\n' +
    'Connection: close\r\n' +
    '\r\n' +
    'Hello World\n',
)

// socket(2) makes an endpoint that can talk, and gives a file descriptor: a small number by which this process names it
// from now on. AF_INET: it speaks IPv4. SOCK_STREAM: it carries a stream of bytes in order, without loss; with AF_INET
// that is TCP. SOCK_CLOEXEC: a program that this process starts does not inherit it.
const listener = must('socket', socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC))

// A port that was in use rests for a minute after its last connection (TIME_WAIT, tcp(7)). SO_REUSEADDR lets us have it all
// the same, so that the program can be stopped and started again at once (socket(7)).
must('setsockopt', setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1))

// bind(2) gives the socket its own name, an address and a port. 127.0.0.1 is this machine and can be reached from this
// machine only; we do not bind 0.0.0.0, every address it has, because an exercise is not for the whole network. Port 0
// means: any free one. Ports below 1024 are reserved for the administrator on most systems (ip(7)).
must('bind', bindTo(listener, sockaddrOf(inetAddress('127.0.0.1', port))))

// listen(2) turns it into a socket that receives connections, not bytes. The kernel completes connections by itself from
// here on and keeps up to 16 of them in a queue, the backlog, while we are busy.
must('listen', listen(listener, 16))

// Which port did the kernel choose? getsockname(2) says what the socket is bound to.
const bound = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
const boundBytes = must('getsockname', getsockname(listener, bound))
console.log(`listening on http://${formatAddress(addressOf(bound, boundBytes))}/`)

const peer = Buffer.alloc(SOCKADDR_STORAGE_BYTES)
for (;;) {
  // accept(2) takes the first connection from the queue. When the queue is empty it *blocks*: the kernel puts the whole
  // thread to sleep until a client comes. That costs no processor time, but it also means that nothing else runs in this
  // process: no timer, no promise, no callback of Node. (Ctrl-C works, because no JavaScript listens for SIGINT here: the
  // signal ends the process, asleep or not. A function given to process.on('SIGINT') would never be called.)
  //
  // What it gives is a *new* socket, connected to this one client. The listening socket stays as it was.
  const client = accept4(listener, peer, SOCK_CLOEXEC)
  if (client === -EINTR) continue // a signal came first (signal(7)); nothing is lost
  must('accept', client)

  // send(2) hands the bytes to the kernel, which sends them on its own time. It blocks as well: when the kernel's buffer
  // for this connection is full, it waits until the client has read something. Twelve bytes and a short head always fit
  // into a fresh buffer, so here it never does; step 3 cannot rely on that. We do not look at the result, because there
  // is nothing to be done about a client that has left already.
  send(client, hello, hello.length)

  // close(2) says to the client that nothing more will come, and gives the descriptor back: the next accept will use the
  // same number. Without this line each client would cost one descriptor, until accept fails with EMFILE.
  //
  // We never read the request. When a socket is closed over bytes that nobody has read, the kernel tells the client with
  // a reset (RST), and over a long wire that may destroy an answer that is still on its way (RFC 9112 §9.6). On this
  // machine the answer is in the client's hands before. Step 3 reads first, and closes more politely.
  close(client)
}

/** System calls do not throw: here a negative result is an error number of errno(3). At start-up that ends the program. */
function must(call: string, result: number): number {
  if (result >= 0) return result
  console.error(`${call}: ${errnoWords(result)} (${errnoName(result)})`)
  process.exit(1)
}
