/**
 * A listening socket: socket, bind, listen, then accept in bounded shares.
 *
 *   openListener(address, options)         a descriptor, or which call failed and why (options: `listen-options.ts`)
 *   adoptListener(fd)                      the same for one that another process has opened
 *   new Listener(fd, loop, owner, options) accepts while it is not paused
 *   listener.close()                       stops listening; a Unix socket's path is removed, unless it was inherited
 *
 * When the process or the system has no descriptors left (EMFILE, ENFILE), or the owner has enough connections, the listener is
 * watched no more: level-triggered readiness would otherwise spin. It tries again when the owner says that a connection has gone,
 * and every half second, because the descriptors may be somebody else's.
 */

import {
  EBADF,
  ECONNABORTED,
  ECONNREFUSED,
  EINTR,
  EINVAL,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  errnoName,
  errnoWords,
} from '../errno.ts'
import { Deadline } from '../loop/deadlines.ts'
import type { Loop, Watcher } from '../loop/loop.ts'
import { NOTHING, READABLE } from '../loop/poller.ts'
import { TRACE_ACCEPT } from '../loop/trace.ts'
import {
  AF_UNIX,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  F_SETFD,
  F_SETFL,
  FD_CLOEXEC,
  IPPROTO_TCP,
  O_NONBLOCK,
  O_RDWR,
  S_IFMT,
  S_IFSOCK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOCKADDR_STORAGE_BYTES,
  TCP_NODELAY,
} from '../sys/constants.ts'
import {
  bindTo,
  chmod,
  close,
  connect,
  type Fd,
  fcntl,
  listen,
  setsockopt,
  socket,
  statAt,
  unlink,
} from '../sys/libc.ts'
import { type Address, addressOf, sockaddrOf } from './address.ts'
import { newStatus } from './file.ts'
import {
  DEFAULT_BACKLOG,
  type ListenFailure,
  type ListenOptions,
  setListenOptions,
} from './listen-options.ts'
import { isListening, localAddress } from './socket-info.ts'

export type { ListenFailure, ListenOptions } from './listen-options.ts'
export { isListening, localAddress } from './socket-info.ts'

/** Without them several sockets would not share a port, or one would take connections that it must not take. */
const NEEDED: ReadonlySet<string> = new Set(['setsockopt(SO_REUSEPORT)', 'setsockopt(IPV6_V6ONLY)'])

/**
 * @param ignored receives the calls for options that failed, and without which the socket listens all the same
 * @returns a non-blocking listening descriptor, or what failed
 */
export function openListener(
  address: Address,
  options: ListenOptions = {},
  ignored: ListenFailure[] = [],
): Fd | ListenFailure {
  const fd = socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
  if (fd < 0) return { call: 'socket', errno: -fd }
  if (address.family === AF_UNIX) removeStaleSocket(address.path)
  const failures = setListenOptions(fd, address, options)
  ignored.push(...failures)
  const failure = failures.find(({ call }) => NEEDED.has(call)) ?? bindAndListen(fd, address, options)
  if (failure === null) return fd
  close(fd)
  return failure
}

/** Before it listens, nobody can connect: the mode is that of the first connection, too. */
function bindAndListen(fd: Fd, address: Address, options: ListenOptions): ListenFailure | null {
  const bound = bindTo(fd, sockaddrOf(address))
  if (bound < 0) return { call: 'bind', errno: -bound }
  const isPath = address.family === AF_UNIX && address.path !== ''
  const allowed = isPath && options.mode !== undefined ? chmod(address.path, options.mode) : 0
  if (allowed < 0) return { call: 'chmod', errno: -allowed }
  const listening = listen(fd, options.backlog ?? DEFAULT_BACKLOG)
  return listening < 0 ? { call: 'listen', errno: -listening } : null
}

/** A path whose socket nobody listens on is left from a server that died; it would make bind(2) fail. Anything else stays. */
function removeStaleSocket(path: string): void {
  // Asked first: connect(2) says ECONNREFUSED of a regular file too.
  const status = newStatus()
  if (statAt(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, status) < 0 || (status.mode & S_IFMT) !== S_IFSOCK) return
  const probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
  if (probe < 0) return
  if (connect(probe, sockaddrOf({ family: AF_UNIX, path })) === -ECONNREFUSED) unlink(path)
  close(probe)
}

/** The first descriptor that systemd passes on (sd_listen_fds(3)). */
const LISTEN_FDS_START = 3

/**
 * Sockets that a service manager has opened for us, if it has: LISTEN_FDS in our environment, for our process. The variables are
 * taken away, so that no child believes they are meant for it.
 */
export function inheritedListeners(env: NodeJS.ProcessEnv = process.env): Fd[] {
  const given = env.LISTEN_FDS ?? ''
  const count = /^\d{1,5}$/.test(given) ? Number(given) : 0
  const isOurs = env.LISTEN_PID === String(process.pid)
  delete env.LISTEN_FDS
  delete env.LISTEN_PID
  delete env.LISTEN_FDNAMES
  if (!isOurs) return []
  const fds = Array.from({ length: count }, (_, i) => LISTEN_FDS_START + i)
  return fds.filter(fd => isListening(fd) && adoptListener(fd))
}

/** Makes a descriptor that came from another process ours: it does not block, no child gets it by accident, and it sends at once. */
export function adoptListener(fd: Fd): boolean {
  // In vain for a Unix socket, which never waits.
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1)
  return fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) >= 0
}

/** Connections accepted by one listener in one iteration, unless its owner says otherwise. */
export const ACCEPTS_PER_ITERATION = 64
/** How long accepting rests when there are no descriptors: nginx's `accept_mutex_delay`. */
const PAUSE_MS = 500

/** What the next accept would meet as well: want of descriptors or memory, or a socket that somebody has shut down. */
const PAUSING: ReadonlySet<number> = new Set([EMFILE, ENFILE, ENOBUFS, ENOMEM, EINVAL, EBADF])

const peerBytes = Buffer.alloc(SOCKADDR_STORAGE_BYTES)

export interface ListenerOwner {
  /** Is there room for one more connection? */
  mayAccept(): boolean
  onAccept(fd: Fd, peer: Address, listener: Listener): void
  /** Accepting pauses, for want of descriptors or of room. Told once per pause. */
  onPause(reason: string): void
}

export interface AcceptOptions {
  /** The socket stays with whoever has passed it to us: its path is not ours to remove. */
  isInherited?: boolean
  /** Other processes accept from the same socket, and one of them is enough for a connection; see `Poller.share`. */
  isShared?: boolean
  /**
   * At most so many connections are taken per iteration; 1 is nginx's `multi_accept off`. For the cost it is all the same (a
   * connection per request, 1 to 256 clients: within the noise of 5 %, Node 20, 2-core VM); workers that share a socket get more
   * even shares with 1, a single process that is flooded empties its queue sooner with more.
   */
  acceptsPerIteration?: number
}

export class Listener extends Deadline implements Watcher {
  readonly fd: Fd
  readonly address: Address
  isPaused = false
  private readonly loop: Loop
  private readonly owner: ListenerOwner
  private readonly isInherited: boolean
  private readonly acceptsPerIteration: number
  private isClosed = false

  constructor(fd: Fd, loop: Loop, owner: ListenerOwner, options: AcceptOptions = {}) {
    super()
    this.fd = fd
    this.address = localAddress(fd)
    this.loop = loop
    this.owner = owner
    this.isInherited = options.isInherited === true
    this.acceptsPerIteration = options.acceptsPerIteration ?? ACCEPTS_PER_ITERATION
    loop.watch(fd, READABLE, this, options.isShared === true)
  }

  onReadable(): void {
    for (let i = 0; i < this.acceptsPerIteration && !this.isClosed; i++) {
      if (!this.owner.mayAccept()) {
        this.pause('as many connections as allowed')
        return
      }
      const fd = this.loop.calls.accept(this.fd, peerBytes, SOCK_NONBLOCK | SOCK_CLOEXEC)
      if (fd >= 0) this.accepted(fd)
      else if (fd !== -EINTR && fd !== -ECONNABORTED) {
        this.onAcceptFailure(fd)
        return
      }
    }
  }

  onWritable(): void {}

  /** A descriptor or a place has become free. */
  resume(): void {
    if (!this.isPaused || this.isClosed) return
    this.isPaused = false
    this.loop.deadlines.clear(this)
    this.loop.setInterest(this.fd, READABLE)
  }

  onDeadline(): void {
    this.resume()
  }

  onFailure(error: unknown): void {
    if (!this.isClosed) this.pause(String(error))
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.loop.deadlines.clear(this)
    this.loop.closeLater(this.fd, this.isInherited)
    if (this.isInherited || this.address.family !== AF_UNIX || this.address.path === '') return
    unlink(this.address.path)
  }

  private accepted(fd: Fd): void {
    if (this.loop.trace.on) this.loop.trace.record(TRACE_ACCEPT, fd, this.fd, this.loop.now)
    // The kernel does not say the size of what it wrote in this call's result; a family that it left out is a Unix socket's.
    const peer = this.address.family === AF_UNIX ? this.address : addressOf(peerBytes, peerBytes.length)
    this.owner.onAccept(fd, peer, this)
  }

  private onAcceptFailure(result: number): void {
    if (this.loop.calls.mustWait(result)) return
    // Everything else is an error of the connection that was to be accepted (accept(2), "Error handling"): others wait.
    if (PAUSING.has(-result)) this.pause(`${errnoName(result)}: ${errnoWords(result)}`)
  }

  private pause(reason: string): void {
    if (this.isPaused) return
    this.isPaused = true
    this.loop.setInterest(this.fd, NOTHING)
    this.loop.deadlines.set(this, this.loop.now + PAUSE_MS)
    this.owner.onPause(reason)
  }
}
