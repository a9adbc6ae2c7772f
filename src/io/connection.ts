/**
 * One connected socket: bytes in, bytes out, and its end.
 *
 * Two half states, from which the interest is computed and never stored beside them:
 *
 *   reading   READING    input is wanted
 *             PAUSED     the layer above is behind: the bytes stay in the kernel, and TCP slows the peer down
 *             DRAINING   input is received and thrown away (lingering close)
 *             ENDED      the peer has closed its side
 *   writing   FLOWING    nothing waits: send at once
 *             BLOCKED    the socket took less than there was: the send queue waits for WRITABLE
 *             PACED      a rate is set: the send queue waits for its time, which is a deadline
 *             SHUT       our side is closed
 *
 * The layer above is a `Driver`: it is given input and says how much of it is understood; the connection keeps the rest. Output
 * is collected in the loop's outbox, tried at once, and only what the socket does not take is queued.
 *
 * How it ends: `finish()` when everything is sent, with a lingering close if the peer may still be sending, since closing a socket
 * with unread input makes the kernel send RST, which can destroy our last answer on its way (RFC 9112 §9.6); `abort()` at once.
 */

import { NOT_TOLD } from '../loop/calls.ts'
import { Deadline } from '../loop/deadlines.ts'
import type { Continuation, Loop, Watcher } from '../loop/loop.ts'
import { READABLE, type Readiness, WRITABLE } from '../loop/poller.ts'
import { TRACE_RECEIVE, TRACE_SEND, TRACE_STATE } from '../loop/trace.ts'
import {
  AF_UNIX,
  IPPROTO_TCP,
  MSG_MORE,
  SHUT_WR,
  SIOCOUTQ,
  SO_LINGER,
  SOL_SOCKET,
  TCP_NODELAY,
} from '../sys/constants.ts'
import { type Fd, ioctl, setsockopt, setsockoptBytes, shutdown } from '../sys/libc.ts'
import type { Address } from './address.ts'
import { scratch } from './buffers.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import { type Driver, type Failure, NO_DRIVER } from './driver.ts'
import type { OpenFile } from './file.ts'
import { InputRest } from './input-rest.ts'
import { OUTBOX_BYTES, type Outbox, type Sender } from './outbox.ts'
import { Pace } from './pace.ts'
import { FILE_SHRANK, SendQueue, SHARE_BYTES } from './send-queue.ts'
import { localAddress, type TcpInfo, tcpInfo } from './socket-info.ts'
import type { Transport } from './transport.ts'

export { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from './connection-limits.ts'
export type { Driver, Failure } from './driver.ts'

export const READING = 0
export const PAUSED = 1
export const DRAINING = 2
export const ENDED = 3
export type Reading = typeof READING | typeof PAUSED | typeof DRAINING | typeof ENDED

export const FLOWING = 0
export const BLOCKED = 1
export const SHUT = 2
export const PACED = 3
export type Writing = typeof FLOWING | typeof BLOCKED | typeof SHUT | typeof PACED

export function interestOf(reading: Reading, writing: Writing): Readiness {
  return (reading === READING || reading === DRAINING ? READABLE : 0) | (writing === BLOCKED ? WRITABLE : 0)
}

/** What a connection needs of its surroundings; one object for all connections of a listener. */
export interface ConnectionSetting {
  readonly loop: Loop
  readonly outbox: Outbox
  readonly transport: Transport
  /** Until `setLimits` says otherwise. */
  readonly limits: ConnectionLimits
}

/** Connections are numbered through the life of the process. */
let lastSerial = 0

/** Above this much queued memory a producer is told to wait. */
const HIGH_WATER_BYTES = 256 * 1024
/** From this size on, bytes are handed to the kernel where they lie instead of being copied behind the head (3 µs per 64 KiB). */
const COPY_BELOW_BYTES = 8 * 1024

/**
 * A receiver tells of room only when that is half of its buffer, or a whole segment (RFC 9293 §3.8.6.2.2): who reads 1 KiB a second into
 * 128 KiB is silent for longer than a minute. So much longer may one be silent that is known to be slow.
 */
const PATIENCE_WITH_SLOW = 3

export class Connection extends Deadline implements Watcher, Continuation, Sender {
  readonly fd: Fd
  readonly peer: Address
  /** Its number in this process, from 1. */
  readonly serial = ++lastSerial
  /** The layer above; set once, right after the connection is made. */
  driver: Driver = NO_DRIVER
  reading: Reading = READING
  writing: Writing = FLOWING
  receivedBytes = 0
  sentBytes = 0
  isClosed = false
  private readonly setting: ConnectionSetting
  private limits: ConnectionLimits
  /** Input that is not understood yet; null when there is none. */
  private rest: InputRest | null = null
  private queue: SendQueue | null = null
  /** null: output leaves as fast as it can. */
  private pace: Pace | null = null
  /** What happens when everything is sent. */
  private ending: 'none' | 'close' | 'linger' = 'none'
  private readDeadlineAt = Number.POSITIVE_INFINITY
  /** While BLOCKED, the end of a silence; while PACED, the moment for the next share. */
  private sendDeadlineAt = Number.POSITIVE_INFINITY
  private lingerEndsAt = Number.POSITIVE_INFINITY
  /** How much the peer had acknowledged when we last looked. */
  private acknowledgedBytes = 0
  /** While BLOCKED: how often a whole timeout brought some acknowledgement, and the socket took nothing. */
  private slowPeriods = 0
  private willTakeTurn = false
  /** TCP_NODELAY, which listeners give to their connections. */
  private isUndelayed = true
  private local: Address | null = null

  constructor(fd: Fd, peer: Address, setting: ConnectionSetting) {
    super()
    this.fd = fd
    this.peer = peer
    this.setting = setting
    this.limits = setting.limits
    setting.loop.watch(fd, READABLE, this)
  }

  get loop(): Loop {
    return this.setting.loop
  }

  /** From now on; what is waited for already keeps its deadline. */
  setLimits(limits: ConnectionLimits): void {
    this.limits = limits
  }

  /** Our end of it. The kernel is asked once. */
  get localAddress(): Address {
    this.local ??= localAddress(this.fd)
    return this.local
  }

  /** @returns null for a Unix socket */
  tcpInfo(): TcpInfo | null {
    return tcpInfo(this.fd)
  }

  /** Whether small pieces are sent before earlier ones are acknowledged (tcp(7), TCP_NODELAY). So it is at first. */
  setNoDelay(yes: boolean): void {
    if (yes === this.isUndelayed || this.peer.family === AF_UNIX) return
    this.isUndelayed = yes
    setsockopt(this.fd, IPPROTO_TCP, TCP_NODELAY, yes ? 1 : 0)
  }

  // Input

  onReadable(): void {
    // The rest comes first, in this same iteration: what stands in it must not be overtaken by the end of input.
    if (this.willTakeTurn) return
    const rest = this.rest
    const buffer = rest === null || this.reading === DRAINING ? scratch : rest.room()
    const n = this.setting.transport.receive(this.fd, buffer)
    if (n <= 0 || this.reading === DRAINING) {
      this.onReceived(n)
      return
    }
    this.count(n)
    if (rest === null) this.feed(0, n)
    else {
      rest.extend(n)
      this.feedRest(rest)
    }
  }

  /** Input from now on stays in the kernel. Called by a driver that cannot take more; it then keeps the rest. */
  pause(): void {
    if (this.reading === READING) this.setReading(PAUSED)
  }

  /** Input is wanted again; a kept rest comes first, when this round of dispatch, or the next, is over. */
  resume(): void {
    if (this.reading === PAUSED) this.setReading(READING)
    if (this.rest !== null || this.reading === ENDED) this.askForTurn()
  }

  onTurn(): void {
    this.willTakeTurn = false
    if (this.isClosed || this.reading === PAUSED || this.reading === DRAINING) return
    if (this.rest !== null) this.feedRest(this.rest)
    if (this.reading === ENDED && !this.isClosed && this.ending === 'none') this.driver.onInputEnd()
  }

  /** Is there input that the driver has not taken? */
  get hasRest(): boolean {
    return this.rest !== null
  }

  /** How much of it there is. */
  get restBytes(): number {
    return this.rest === null ? 0 : this.rest.end - this.rest.start
  }

  /** At `at`, or never: the driver is told through `onReadDeadline`. */
  setReadDeadline(at: number): void {
    this.readDeadlineAt = at
    this.arm()
  }

  /** Gives what is in the scratch buffer to the driver, and keeps what it leaves. */
  private feed(start: number, end: number): void {
    const understood = this.driver.onInput(scratch, start, end)
    if (understood < end && this.wantsInput()) this.rest = InputRest.of(scratch, understood, end)
  }

  private feedRest(rest: InputRest): void {
    rest.advance(this.driver.onInput(rest.bytes, rest.start, rest.end))
    if (this.rest === rest && rest.isEmpty) this.dropRest()
  }

  private wantsInput(): boolean {
    return !this.isClosed && this.ending === 'none'
  }

  private dropRest(): void {
    this.rest?.drop()
    this.rest = null
  }

  private count(n: number): void {
    if (n > 0) this.receivedBytes += n
    if (this.loop.trace.on) this.loop.trace.record(TRACE_RECEIVE, this.fd, n, this.loop.now)
  }

  /** A receive that brought nothing to understand: the end, a failure, or input that nobody wants any more. */
  private onReceived(n: number): void {
    if (this.setting.transport.mustWait(n)) return
    this.count(n)
    if (n < 0) this.destroy({ errno: -n })
    else if (n > 0) this.linger()
    else if (this.writing === SHUT) this.destroy(null)
    else {
      this.setReading(ENDED)
      if (this.ending === 'none') this.driver.onInputEnd()
    }
  }

  /** The rest is given to the driver in the next iteration, whether or not more comes. */
  askForTurn(): void {
    if (this.willTakeTurn) return
    this.willTakeTurn = true
    this.loop.again(this)
  }

  // Output

  /** Text whose characters are all below U+0100, written as one byte each. */
  writeText(text: string): void {
    if (this.writing === FLOWING && text.length <= OUTBOX_BYTES) {
      const { outbox } = this.setting
      // Both may send, and sending may block or fail.
      outbox.claim(this)
      outbox.room(text.length)
      if (this.isFlowing) {
        outbox.addText(text)
        return
      }
    }
    this.enqueue(Buffer.from(text, 'latin1'), true)
  }

  /** @param bytes the caller does not change them any more */
  write(bytes: Buffer): void {
    this.take(bytes, false)
  }

  /** @param bytes are the caller's again after the call: what the socket does not take at once is copied */
  writeLent(bytes: Buffer): void {
    this.take(bytes, true)
  }

  private take(bytes: Buffer, isLent: boolean): void {
    if (this.writing === FLOWING) {
      const { outbox } = this.setting
      const isLarge = bytes.length >= COPY_BELOW_BYTES
      outbox.claim(this)
      if (!isLarge) outbox.room(bytes.length)
      if (this.isFlowing) {
        if (isLarge) this.sendWith(bytes, isLent, 0)
        else outbox.addBytes(bytes)
        return
      }
    }
    this.enqueue(bytes, isLent)
  }

  /**
   * Bytes and a little text on both sides, the framing of a chunk, in one piece: what follows behind would otherwise have a call and a
   * packet of its own.
   * @param isLent the bytes are the caller's again after the call
   */
  writeFramed(before: string, bytes: Buffer, after: string, isLent: boolean): void {
    if (bytes.length < COPY_BELOW_BYTES || this.writing !== FLOWING) {
      this.writeJoined(before, bytes, after, isLent)
      return
    }
    const { outbox } = this.setting
    outbox.claim(this)
    outbox.room(before.length + after.length)
    if (!this.isFlowing) {
      this.writeJoined(before, bytes, after, isLent)
      return
    }
    outbox.addText(before)
    outbox.addText(after)
    this.sendWith(bytes, isLent, after.length)
  }

  /** Copies share a buffer in the outbox or in the send queue. */
  private writeJoined(before: string, bytes: Buffer, after: string, isLent: boolean): void {
    this.writeText(before)
    this.take(bytes, isLent)
    this.writeText(after)
  }

  /** The file is retained until its piece is sent. */
  writeFile(file: OpenFile, offset: number, sizeBytes: number): void {
    // What is collected must not leave with MSG_MORE when nothing follows: the kernel would hold it for 200 ms (tcp(7)).
    if (sizeBytes === 0) return
    if (this.writing === FLOWING) {
      const { outbox } = this.setting
      outbox.claim(this)
      const { length } = outbox
      outbox.length = 0
      if (length > 0) this.sendBytes(outbox.bytes, length, MSG_MORE)
    }
    if (this.isClosed || this.writing === SHUT) return
    this.queue ??= new SendQueue()
    this.queue.addFile(file, offset, sizeBytes)
    this.onQueued()
  }

  /** A producer should wait for `onDrained`. */
  get isCongested(): boolean {
    return this.queue !== null && this.queue.memoryBytes > HIGH_WATER_BYTES
  }

  /** Nothing waits for the socket or for its time; what is collected in the outbox will leave at the end of the iteration. */
  get isFlowing(): boolean {
    if (this.isClosed) return false
    return this.writing === FLOWING || (this.writing === PACED && (this.queue === null || this.queue.isEmpty))
  }

  /**
   * What is written from now on leaves at this rate at most; see `Pace`. While there is one, everything goes through the send queue.
   * @param bytesPerSecond 0: as fast as it can, what still waits included
   * @param afterBytes leave before the rate begins to count
   * @param startedAt when the time began to count; of no meaning when there is a rate already, which then only changes
   */
  setRate(bytesPerSecond: number, afterBytes = 0, startedAt = this.loop.now): void {
    if (bytesPerSecond === 0) this.endPace()
    else if (this.pace !== null) this.pace.change(bytesPerSecond, afterBytes)
    else {
      this.flush()
      this.pace = new Pace(bytesPerSecond, afterBytes, startedAt)
      if (this.writing === FLOWING) this.setWriting(PACED)
    }
  }

  /** What waits leaves with the next deadlines, not here: who sets a rate does not expect to be told `onDrained` meanwhile. */
  private endPace(): void {
    this.pace = null
    if (this.writing !== PACED) return
    if (this.isFlowing) this.setWriting(FLOWING)
    else this.awaitMoment(this.loop.now)
  }

  /** Sends what is collected, without waiting for the end of the iteration. */
  flush(): void {
    if (this.setting.outbox.isHeldBy(this)) this.setting.outbox.flush()
  }

  sendCollected(bytes: Buffer, length: number): void {
    this.sendBytes(bytes, length, 0)
  }

  onWritable(): void {
    this.sendQueued()
  }

  private enqueue(bytes: Buffer, isLent: boolean): void {
    if (this.writing === FLOWING) this.flush()
    if (this.isClosed || this.writing === SHUT) return
    this.queue ??= new SendQueue()
    if (isLent) this.queue.addCopy(bytes)
    else this.queue.addBytes(bytes)
    this.onQueued()
  }

  /** With a rate nothing leaves before the iteration's deadlines: the pieces of an answer are together then. */
  private onQueued(): void {
    if (this.writing === FLOWING) this.sendQueued()
    else if (this.writing === PACED) this.awaitMoment(Math.max(this.loop.now, this.pace?.nextAt ?? 0))
  }

  /** Sends from a buffer that will be overwritten. */
  private sendBytes(bytes: Buffer, length: number, flags: number): void {
    if (this.isClosed || this.writing === SHUT) return
    const n = this.setting.transport.send(this.fd, bytes, length, flags)
    if (!this.countSent(n)) return
    const sent = Math.max(n, 0)
    if (sent < length) this.block(bytes.subarray(sent, length), true)
  }

  /**
   * Sends what is collected together with `bytes`, which are not copied, but for what is left of them if they are lent.
   * @param tailBytes the end of what is collected: they leave behind `bytes`
   */
  private sendWith(bytes: Buffer, isLent: boolean, tailBytes: number): void {
    const { outbox, transport } = this.setting
    const length = outbox.length - tailBytes
    outbox.length = 0
    const n = transport.sendPair(this.fd, outbox.bytes, length, bytes, tailBytes)
    if (!this.countSent(n)) return
    let sent = Math.max(n, 0)
    if (sent < length) this.block(outbox.bytes.subarray(sent, length), true)
    sent = Math.max(0, sent - length)
    if (sent < bytes.length) this.block(bytes.subarray(sent), isLent)
    sent = Math.max(0, sent - bytes.length)
    if (sent < tailBytes) this.block(outbox.bytes.subarray(length + sent, length + tailBytes), true)
  }

  /** @returns false when the connection is lost */
  private countSent(n: number): boolean {
    const { trace } = this.loop
    if (trace.on && n !== NOT_TOLD) trace.record(TRACE_SEND, this.fd, n, this.loop.now)
    if (n >= 0) this.sentBytes += n
    else if (!this.setting.transport.mustWait(n)) {
      this.destroy({ errno: -n })
      return false
    }
    return true
  }

  private block(rest: Buffer, isLent: boolean): void {
    this.queue ??= new SendQueue()
    if (isLent) this.queue.addCopy(rest)
    else this.queue.addBytes(rest)
    if (this.writing === FLOWING) this.setBlocked()
  }

  private setBlocked(): void {
    this.setWriting(BLOCKED)
    this.acknowledgedBytes = this.acknowledged()
    this.sendDeadlineAt = this.loop.now + this.patienceMs()
    this.arm()
  }

  /** The first period may only have seen the kernel deliver what it had. Whoever then takes something in another one is slow, not gone. */
  private patienceMs(): number {
    return this.limits.sendTimeoutMs * (this.slowPeriods > 1 ? PATIENCE_WITH_SLOW : 1)
  }

  /** Being slowed down is not being silent: nothing is expected of the peer until then. */
  private awaitMoment(at: number): void {
    if (this.writing !== PACED) this.setWriting(PACED)
    this.sendDeadlineAt = at
    this.arm()
  }

  /** What may leave at once; 0 while the rate allows nothing. */
  private share(): number {
    const mostBytes = Math.min(SHARE_BYTES, this.limits.sendfileMaxChunkBytes || SHARE_BYTES)
    return this.pace === null ? mostBytes : Math.min(mostBytes, this.pace.allowance(this.loop.now))
  }

  private sendQueued(): void {
    const { queue, pace } = this
    if (queue === null || this.isClosed) return
    const share = this.share()
    if (share === 0) {
      this.awaitMoment(pace!.nextAt)
      return
    }
    const n = queue.send(this.setting.transport, this.fd, share, !this.limits.sendfile)
    if (n === FILE_SHRANK) {
      this.destroy({ words: 'a file became shorter while it was sent' })
      return
    }
    if (!this.countSent(n)) return
    const { now } = this.loop
    if (n > 0) pace?.count(n, now)
    if (queue.isEmpty) {
      if (this.writing !== FLOWING) this.onUnblocked()
    } else if (pace !== null && pace.nextAt > now) this.awaitMoment(pace.nextAt)
    else if (this.writing !== BLOCKED || n > 0) this.setBlocked()
  }

  private onUnblocked(): void {
    this.setWriting(this.pace === null ? FLOWING : PACED)
    this.slowPeriods = 0
    this.sendDeadlineAt = Number.POSITIVE_INFINITY
    if (this.ending === 'none') this.driver.onDrained()
    else this.endOutput()
  }

  // The end

  /**
   * No more output will come, and no more input is given to the driver. Once everything is sent the connection is closed.
   * @param mayStillReceive the peer has not promised to be silent: half-close, drain for a while, then close
   */
  finish(mayStillReceive: boolean): void {
    if (this.isClosed || this.ending !== 'none') return
    const { lingering } = this.limits
    const lingers = lingering === 'always' || (lingering === 'on' && mayStillReceive)
    this.ending = lingers && this.reading !== ENDED ? 'linger' : 'close'
    this.dropRest()
    this.setReadDeadline(Number.POSITIVE_INFINITY)
    this.flush()
    if (this.isFlowing) this.endOutput()
    else if (!this.isClosed && this.reading !== ENDED) this.setReading(DRAINING)
  }

  /** Closes now, and visibly so: the peer gets RST, and the kernel forgets what is not delivered. */
  abort(failure: Failure): void {
    if (this.isClosed) return
    setsockoptBytes(this.fd, SOL_SOCKET, SO_LINGER, LINGER_ZERO)
    this.destroy(failure)
  }

  onDeadline(now: number): void {
    if (now >= this.sendDeadlineAt) {
      if (this.writing === PACED) this.onPaceDeadline()
      else this.onSendDeadline(now)
    }
    if (this.isClosed) return
    if (now >= this.readDeadlineAt) {
      this.readDeadlineAt = Number.POSITIVE_INFINITY
      if (this.ending === 'none') this.driver.onReadDeadline()
      else this.destroy(null)
    }
    if (!this.isClosed) this.arm()
  }

  onFailure(error: unknown): void {
    this.destroy({ error })
  }

  /** A slow peer is not a silent one: as long as it acknowledges bytes, it gets more time. */
  private onSendDeadline(now: number): void {
    const acknowledged = this.acknowledged()
    if (acknowledged > this.acknowledgedBytes) {
      this.acknowledgedBytes = acknowledged
      this.slowPeriods++
      this.sendDeadlineAt = now + this.patienceMs()
      return
    }
    const failure = { words: 'the client takes no bytes' }
    if (this.limits.resetsTimedOut) this.abort(failure)
    else this.destroy(failure)
  }

  private onPaceDeadline(): void {
    this.sendDeadlineAt = Number.POSITIVE_INFINITY
    this.sendQueued()
  }

  private acknowledged(): number {
    return this.sentBytes - Math.max(0, ioctl(this.fd, SIOCOUTQ))
  }

  private endOutput(): void {
    if (this.isClosed) return
    if (this.ending === 'close' || this.reading === ENDED) {
      this.destroy(null)
      return
    }
    shutdown(this.fd, SHUT_WR)
    this.setWriting(SHUT)
    this.setReading(DRAINING)
    this.lingerEndsAt = this.loop.now + this.limits.lingeringTimeMs
    this.linger()
  }

  /** Draining goes on for as long as something comes, but not for ever. */
  private linger(): void {
    if (this.writing !== SHUT) return
    this.setReadDeadline(Math.min(this.loop.now + this.limits.lingeringTimeoutMs, this.lingerEndsAt))
  }

  private destroy(failure: Failure): void {
    if (this.isClosed) return
    this.isClosed = true
    this.queue?.drop()
    this.dropRest()
    this.loop.deadlines.clear(this)
    this.loop.closeLater(this.fd)
    this.driver.onClosed(failure)
  }

  private arm(): void {
    if (this.isClosed) return
    const at = Math.min(this.readDeadlineAt, this.sendDeadlineAt)
    if (at !== this.deadlineAt) this.loop.deadlines.set(this, at)
  }

  private setReading(reading: Reading): void {
    this.reading = reading
    this.onStateChange()
  }

  private setWriting(writing: Writing): void {
    this.writing = writing
    this.onStateChange()
  }

  private onStateChange(): void {
    const { loop } = this.setting
    if (this.isClosed) return
    loop.setInterest(this.fd, interestOf(this.reading, this.writing))
    if (loop.trace.on) loop.trace.record(TRACE_STATE, this.fd, this.reading * 16 + this.writing, loop.now)
  }
}

/** `struct linger` { 1, 0 }: close(2) then resets instead of delivering (socket(7), SO_LINGER). */
const LINGER_ZERO = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])
