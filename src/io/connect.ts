/**
 * Connecting: connect(2) without waiting, then readiness, then what SO_ERROR says (connect(2), EINPROGRESS).
 *
 *   const attempt = connectTo(address, loop, options, {
 *     onConnected: connection => { … },       a `Connection` without a driver yet
 *     onConnectFailed: ({ call, errno }) => { … },
 *   })
 *   attempt.cancel()                          nobody waits for it any more
 *
 * Exactly one of the two is called, never before `connectTo` has returned. The deadline is a failure of the call `wait` with ETIMEDOUT; the
 * kernel's own patience, which ends with the same errno, is one of `connect`.
 */

import { EINPROGRESS, EMFILE, ETIMEDOUT } from '../errno.ts'
import { Deadline } from '../loop/deadlines.ts'
import type { Continuation, Loop, Watcher } from '../loop/loop.ts'
import { NOTHING, WRITABLE } from '../loop/poller.ts'
import {
  AF_UNIX,
  IPPROTO_TCP,
  SO_ERROR,
  SO_KEEPALIVE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from '../sys/constants.ts'
import { bindTo, close, connect, type Fd, getsockopt, setsockopt, socket } from '../sys/libc.ts'
import { type Address, sockaddrOf } from './address.ts'
import { Connection, type ConnectionLimits } from './connection.ts'
import { outboxOf } from './outbox.ts'
import { forgiving } from './transport.ts'

export interface ConnectOptions {
  readonly timeoutMs: number
  /** Of the connection that comes of it. */
  readonly limits: ConnectionLimits
  /** The peer may read no more and answer all the same; see `forgiving`. */
  readonly mayBeDeaf: boolean
  /** Our end of it; null: the system chooses. Of the same family, with port 0 for any. */
  readonly from: Address | null
  /** The kernel looks now and then whether the peer is still there (socket(7), SO_KEEPALIVE). */
  readonly keepAlive: boolean
}

export interface ConnectFailure {
  readonly call: 'socket' | 'bind' | 'connect' | 'wait'
  /** Positive. */
  readonly errno: number
}

export interface ConnectEvents {
  onConnected(connection: Connection): void
  onConnectFailed(failure: ConnectFailure): void
  /** An exception left one of the two. Must not throw. */
  onFailure(error: unknown): void
}

export interface ConnectAttempt {
  cancel(): void
}

export function connectTo(
  address: Address,
  loop: Loop,
  options: ConnectOptions,
  events: ConnectEvents,
): ConnectAttempt {
  return new Connecting(address, loop, options, events)
}

const NO_FD: Fd = -1

class Connecting extends Deadline implements Watcher, Continuation, ConnectAttempt {
  private readonly address: Address
  private readonly loop: Loop
  private readonly options: ConnectOptions
  private readonly events: ConnectEvents
  private fd: Fd = NO_FD
  /** What is told with the next turn; null while the kernel is at work, or when it has connected at once. */
  private failure: ConnectFailure | null = null
  private isOver = false

  constructor(address: Address, loop: Loop, options: ConnectOptions, events: ConnectEvents) {
    super()
    this.address = address
    this.loop = loop
    this.options = options
    this.events = events
    this.begin()
  }

  cancel(): void {
    if (this.isOver) return
    this.isOver = true
    this.loop.deadlines.clear(this)
    if (this.fd !== NO_FD) this.loop.closeLater(this.fd)
  }

  private begin(): void {
    this.fd = socket(this.address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
    if (this.fd < 0) {
      this.failLater('socket', this.fd)
      return
    }
    this.setOptions()
    const { from } = this.options
    const bound = from === null ? 0 : bindTo(this.fd, sockaddrOf(from))
    if (bound < 0) {
      this.failLater('bind', bound)
      return
    }
    const result = connect(this.fd, sockaddrOf(this.address))
    if (result < 0 && result !== -EINPROGRESS) this.failLater('connect', result)
    else {
      this.loop.watch(this.fd, result === 0 ? NOTHING : WRITABLE, this)
      if (result === 0) this.loop.again(this)
      else this.loop.deadlines.set(this, this.loop.now + this.options.timeoutMs)
    }
  }

  private setOptions(): void {
    if (this.address.family !== AF_UNIX) setsockopt(this.fd, IPPROTO_TCP, TCP_NODELAY, 1)
    if (this.options.keepAlive) setsockopt(this.fd, SOL_SOCKET, SO_KEEPALIVE, 1)
  }

  private failLater(call: ConnectFailure['call'], result: number): void {
    if (this.fd >= 0) close(this.fd)
    this.fd = NO_FD
    this.failure = { call, errno: -result }
    this.loop.again(this)
  }

  /** What was known at once is told now. */
  onTurn(): void {
    if (this.isOver) return
    if (this.failure === null) this.succeed()
    else {
      this.isOver = true
      this.events.onConnectFailed(this.failure)
    }
  }

  onReadable(): void {}

  onWritable(): void {
    const error = getsockopt(this.fd, SOL_SOCKET, SO_ERROR)
    if (error === 0) this.succeed()
    else this.fail('connect', Math.abs(error))
  }

  onDeadline(): void {
    this.fail('wait', ETIMEDOUT)
  }

  /** The poller cannot watch so large a descriptor: there are too many. */
  onFailure(error: unknown): void {
    if (this.isOver) this.events.onFailure(error)
    else this.fail('socket', EMFILE)
  }

  private succeed(): void {
    const { loop, fd, address, options } = this
    this.isOver = true
    loop.deadlines.clear(this)
    loop.unwatch(fd)
    const { limits, mayBeDeaf } = options
    const transport = mayBeDeaf ? forgiving(loop.calls) : loop.calls
    this.events.onConnected(new Connection(fd, address, { loop, outbox: outboxOf(loop), transport, limits }))
  }

  private fail(call: ConnectFailure['call'], errno: number): void {
    if (this.isOver) return
    this.cancel()
    this.events.onConnectFailed({ call, errno })
  }
}
