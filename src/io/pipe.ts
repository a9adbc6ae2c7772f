/**
 * One end of a pipe on the loop: what a program's stdin, stdout and stderr are on our side.
 *
 *   const reader = new PipeReader(fd, loop, sink)      `sink.onBytes`, then `sink.onEnd` once
 *   reader.pause() / resume()                          backpressure: the bytes stay in the pipe, and the program waits
 *
 *   const writer = new PipeWriter(fd, loop, source)
 *   writer.write(bytes) / writeFile(file, 0, size)     tried at once, if the loop's rules allow it; what the pipe does not take is queued
 *   writer.isCongested                                 wait for `source.onDrained`
 *   writer.end()                                       closed when everything is written
 *
 * Both own their descriptor, which must not block. As connections, they take a bounded share in each iteration, and close at its end.
 * Nobody reads what is written: that is `onBroken(EPIPE)`, an ordinary event, since Node ignores SIGPIPE.
 */

import { EINVAL, EIO } from '../errno.ts'
import type { Calls } from '../loop/calls.ts'
import type { Loop, Watcher } from '../loop/loop.ts'
import { NOTHING, READABLE, WRITABLE } from '../loop/poller.ts'
import { TRACE_RECEIVE, TRACE_SEND } from '../loop/trace.ts'
import type { Fd } from '../sys/libc.ts'
import { scratch } from './buffers.ts'
import type { OpenFile } from './file.ts'
import { FILE_SHRANK, SendQueue, SHARE_BYTES } from './send-queue.ts'
import type { SendTransport } from './transport.ts'

export interface PipeSink {
  /** @param bytes are in the loop's scratch buffer: what must outlive the call is copied */
  onBytes(bytes: Buffer): void
  /** Called once, unless the reader was closed before. @param errno 0: everybody who could write has closed the other end */
  onEnd(errno: number): void
  /** An exception left one of the methods above. The reader is closed, and `onEnd` will not come. Must not throw. */
  onFailure(error: unknown): void
}

export class PipeReader implements Watcher {
  readonly fd: Fd
  isClosed = false
  isPaused = false
  private readonly loop: Loop
  private readonly sink: PipeSink

  constructor(fd: Fd, loop: Loop, sink: PipeSink) {
    this.fd = fd
    this.loop = loop
    this.sink = sink
    loop.watch(fd, READABLE, this)
  }

  /** The only read, and it is made when the poller has said so. */
  onReadable(): void {
    const { calls } = this.loop
    const n = calls.read(this.fd, scratch)
    if (calls.mustWait(n)) return
    if (this.loop.trace.on) this.loop.trace.record(TRACE_RECEIVE, this.fd, n, this.loop.now)
    if (n > 0) this.sink.onBytes(scratch.subarray(0, n))
    else {
      this.close()
      this.sink.onEnd(-n)
    }
  }

  onWritable(): void {}

  pause(): void {
    this.setPaused(true)
  }

  resume(): void {
    this.setPaused(false)
  }

  /** Whoever writes meets EPIPE from now on. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.loop.closeLater(this.fd)
  }

  onFailure(error: unknown): void {
    this.close()
    this.sink.onFailure(error)
  }

  private setPaused(yes: boolean): void {
    if (this.isClosed) return
    this.isPaused = yes
    this.loop.setInterest(this.fd, yes ? NOTHING : READABLE)
  }
}

export interface PipeSource {
  /** Everything that was queued is in the pipe. */
  onDrained(): void
  /**
   * Nothing more can be written, and what was queued is dropped. Called once, perhaps from within `write`.
   * @param errno EPIPE: nobody will read it; EIO: a file is shorter than was said
   */
  onBroken(errno: number): void
  /** An exception left one of the methods above. The writer is closed. Must not throw. */
  onFailure(error: unknown): void
}

/** Above this much queued memory a producer should wait for `onDrained`: as much as for a connection. */
const HIGH_WATER_BYTES = 256 * 1024

/** A pipe is written to; only files go by the same call as into a socket. */
function throughPipe(calls: Calls): SendTransport {
  return {
    isStrict: calls.isStrict,
    send: (fd, buffer, sizeBytes) => calls.write(fd, buffer.subarray(0, sizeBytes)),
    sendFile: (fd, file, offset, sizeBytes) => calls.sendFile(fd, file, offset, sizeBytes),
    maySend: fd => calls.maySend(fd),
    mustWait: result => calls.mustWait(result),
  }
}

export class PipeWriter implements Watcher {
  readonly fd: Fd
  isClosed = false
  private readonly loop: Loop
  private readonly source: PipeSource
  private readonly transport: SendTransport
  private readonly queue = new SendQueue()
  private isEnding = false
  /**
   * Files are read and written: before Linux 5.12, and in some file systems, sendfile(2) knows no pipes. Only errno tells, so by the strict
   * rules of readiness it is not tried.
   */
  private copies: boolean

  constructor(fd: Fd, loop: Loop, source: PipeSource) {
    this.fd = fd
    this.loop = loop
    this.source = source
    this.transport = throughPipe(loop.calls)
    this.copies = loop.calls.isStrict
    loop.watch(fd, NOTHING, this)
  }

  /** @param bytes are the caller's again after the call: what the pipe does not take at once is copied */
  write(bytes: Buffer): void {
    if (this.isFinished || bytes.length === 0) return
    const taken = this.queue.isEmpty ? this.writeAtOnce(bytes) : 0
    if (this.isClosed || taken === bytes.length) return
    this.queue.addCopy(taken === 0 ? bytes : bytes.subarray(taken))
    this.watch()
  }

  /** The file is retained until its piece is written. */
  writeFile(file: OpenFile, offset: number, sizeBytes: number): void {
    if (this.isFinished || sizeBytes === 0) return
    const mayTry = this.queue.isEmpty
    this.queue.addFile(file, offset, sizeBytes)
    if (mayTry) this.writeQueued()
    if (!this.isClosed) this.watch()
  }

  /** Nothing more will be written; the reader sees the end behind what was. */
  end(): void {
    this.isEnding = true
    if (this.queue.isEmpty) this.close()
  }

  /** At once: what is queued is dropped. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.queue.drop()
    this.loop.closeLater(this.fd)
  }

  get isCongested(): boolean {
    return this.queue.memoryBytes > HIGH_WATER_BYTES
  }

  /** `end` or `close` was called, or it is broken: what is written now goes nowhere. */
  get isFinished(): boolean {
    return this.isClosed || this.isEnding
  }

  onReadable(): void {}

  onWritable(): void {
    this.writeQueued()
    if (this.isClosed || !this.queue.isEmpty) return
    this.watch()
    if (this.isEnding) this.close()
    else this.source.onDrained()
  }

  onFailure(error: unknown): void {
    this.close()
    this.source.onFailure(error)
  }

  /** The only write that nobody has announced. @returns bytes taken */
  private writeAtOnce(bytes: Buffer): number {
    const { calls } = this.loop
    const n = calls.write(this.fd, bytes)
    return this.count(calls.mustWait(n) ? 0 : n)
  }

  private writeQueued(): void {
    const n = this.queue.send(this.transport, this.fd, SHARE_BYTES, this.copies)
    if (n === -EINVAL && !this.copies) {
      this.copies = true
      this.writeQueued()
    } else this.count(n)
  }

  /** @returns `n`, or 0 when the pipe is broken */
  private count(n: number): number {
    if (n !== 0 && this.loop.trace.on) this.loop.trace.record(TRACE_SEND, this.fd, n, this.loop.now)
    if (n >= 0) return n
    this.close()
    this.source.onBroken(n === FILE_SHRANK ? EIO : -n)
    return 0
  }

  private watch(): void {
    this.loop.setInterest(this.fd, this.queue.isEmpty ? NOTHING : WRITABLE)
  }
}
