/**
 * One program for one request: its process, how long it may be silent, and how long it may stay when nothing more is wanted of it.
 *
 *   const client = new CgiClient(loop, { silenceMs, graceMs }, events)
 *   client.start({ program, args, directory, environment })      0, or `-errno`
 *   client.write(bytes), .writeFile(file, size), .endInput()     its stdin; wait for `onInputDrained` while `isInputCongested`
 *   client.pauseOutput(), .resumeOutput()
 *   client.finish()      the answer is over: it may come to its end, for a while
 *   client.stop()        it is to end now
 *
 * Silence is time in which we wait for the program: it gives no output though we would take it, and takes no input though there is
 * some. While it waits for the client's content, or the client for the answer that is there, other deadlines hold.
 *
 *   SERVING ──finish──▶ FINISHED ──after the grace──▶ STOPPED: SIGTERM, and SIGKILL after the grace (`io/child.ts`)
 *      └──────────────────── stop ──────────────────────┘
 */

import { type Child, type ChildEvents, type ChildOptions, startChild } from '../io/child.ts'
import type { OpenFile } from '../io/file.ts'
import { Deadline } from '../loop/deadlines.ts'
import type { Loop } from '../loop/loop.ts'

export interface CgiTimes {
  readonly silenceMs: number
  readonly graceMs: number
}

export interface CgiClientEvents extends ChildEvents {
  /** It has been silent for too long. Whoever hears it calls `stop`, or lets it go on. */
  onSilence(): void
}

const SERVING = 0
const FINISHED = 1
const STOPPED = 2

/** What a program says after its answer is over is read up to so much; then its stdout is closed. */
const MOST_DISCARDED_BYTES = 1024 * 1024

export class CgiClient extends Deadline implements ChildEvents {
  private readonly loop: Loop
  private readonly times: CgiTimes
  private readonly events: CgiClientEvents
  private child: Child | null = null
  private state: typeof SERVING | typeof FINISHED | typeof STOPPED = SERVING
  private isInputOver = false
  private isOutputPaused = false
  private discardedBytes = 0

  constructor(loop: Loop, times: CgiTimes, events: CgiClientEvents) {
    super()
    this.loop = loop
    this.times = times
    this.events = events
  }

  /** We have ended it, or let it end. */
  get isStopped(): boolean {
    return this.state === STOPPED
  }

  get isStarted(): boolean {
    return this.child !== null
  }

  start(options: ChildOptions): number {
    const child = startChild(this.loop, options, this)
    if (typeof child === 'number') return child
    this.child = child
    this.expectProgress()
    return 0
  }

  // Its stdin

  /** @param bytes are the caller's again after the call */
  write(bytes: Buffer): void {
    this.child?.input.write(bytes)
    this.expectProgress()
  }

  writeFile(file: OpenFile, sizeBytes: number): void {
    this.child?.input.writeFile(file, 0, sizeBytes)
  }

  endInput(): void {
    this.isInputOver = true
    this.child?.input.end()
    this.expectProgress()
  }

  /** All of it was given. */
  get hasAllInput(): boolean {
    return this.isInputOver
  }

  get isInputCongested(): boolean {
    return this.child?.input.isCongested === true
  }

  // Its stdout

  pauseOutput(): void {
    this.isOutputPaused = true
    this.child?.output.pause()
    this.expectProgress()
  }

  resumeOutput(): void {
    this.isOutputPaused = false
    this.child?.output.resume()
    this.expectProgress()
  }

  // Its end

  finish(): void {
    if (this.state !== SERVING) return
    this.state = FINISHED
    this.child?.input.close()
    this.child?.output.resume()
    if (this.child !== null) this.loop.deadlines.set(this, this.loop.now + this.times.graceMs)
  }

  stop(): void {
    if (this.state === STOPPED) return
    this.state = STOPPED
    this.loop.deadlines.clear(this)
    this.child?.terminate(this.times.graceMs)
  }

  onDeadline(): void {
    if (this.state === SERVING) this.events.onSilence()
    else this.stop()
  }

  // What the process does

  onOutput(bytes: Buffer): void {
    if (this.state !== SERVING) {
      this.discard(bytes.length)
      return
    }
    this.events.onOutput(bytes)
    this.expectProgress()
  }

  onOutputEnd(): void {
    if (this.state === SERVING) this.events.onOutputEnd()
  }

  onErrorOutput(bytes: Buffer): void {
    this.events.onErrorOutput(bytes)
  }

  onInputDrained(): void {
    if (this.state === SERVING) this.events.onInputDrained()
    this.expectProgress()
  }

  onInputBroken(): void {
    this.isInputOver = true
    if (this.state === SERVING) this.events.onInputBroken()
    this.expectProgress()
  }

  onExit(code: number | null, signal: number | null): void {
    // What it has written may still be coming; whoever else holds its output has his own time (`io/child.ts`).
    this.loop.deadlines.clear(this)
    this.events.onExit(code, signal)
  }

  onFailure(error: unknown): void {
    this.state = STOPPED
    this.loop.deadlines.clear(this)
    this.child?.terminate(this.times.graceMs)
    this.events.onFailure(error)
  }

  private discard(sizeBytes: number): void {
    this.discardedBytes += sizeBytes
    if (this.discardedBytes > MOST_DISCARDED_BYTES) this.child?.output.close()
  }

  /** The time begins anew, if it is the program that is waited for. */
  private expectProgress(): void {
    if (this.state !== SERVING || this.child === null || this.child.hasEnded) return
    const isForUs = this.isOutputPaused || !(this.isInputOver || this.isInputCongested)
    if (isForUs) this.loop.deadlines.clear(this)
    else this.loop.deadlines.set(this, this.loop.now + this.times.silenceMs)
  }
}
