/**
 * A program that runs for us: its process, the three pipes to it, and its end.
 *
 *   const child = startChild(loop, { program, args, directory, environment }, events)      a `Child`, or `-errno`
 *   child.input.write(…), .end()             its stdin
 *   child.output.pause(), .resume()          its stdout, which comes to `events.onOutput`
 *   child.killGroup(signal)                  it and everybody whom it has started
 *   child.terminate()                        we want nothing more of it: SIGTERM, and SIGKILL after a grace
 *
 * The child leads a session and a process group of its own. It is over when it has ended and both of its outputs have; then whoever is
 * left of its group is killed, and only then it is reaped: while it is a zombie the group's number belongs to nobody else. A
 * grandchild that goes on holding an output after the child's end has `ORPHAN_SILENCE_MS` to say something.
 *
 * What this cannot do: a grandchild that makes a session of its own is in no group of ours, and lives on. It holds nothing of us but the
 * other ends of closed pipes.
 */

import { Deadline } from '../loop/deadlines.ts'
import type { Loop } from '../loop/loop.ts'
import { F_SETFL, F_SETPIPE_SZ, O_CLOEXEC, O_NONBLOCK, O_RDWR, SIGKILL, SIGTERM } from '../sys/constants.ts'
import { close, type Fd, fcntl, kill, pipe2 } from '../sys/libc.ts'
import { spawn } from '../sys/spawn.ts'
import { addChild, type LivingChild, removeChild } from './children.ts'
import { PipeReader, PipeWriter } from './pipe.ts'
import { ProcessEnd, type ProcessEndHearer, type ProcessStatus } from './process-end.ts'

export interface ChildOptions {
  /** An absolute path. */
  readonly program: string
  /** What follows the program's own name. Text of Unicode, as paths are. */
  readonly args: readonly string[]
  readonly directory: string
  /** All of it: `NAME=value`, each character one octet. */
  readonly environment: readonly string[]
}

/** After `terminate` only `onExit` is called. */
export interface ChildEvents {
  /** @param bytes are valid in the call only */
  onOutput(bytes: Buffer): void
  /** There is no more of it: the child and its heirs have closed it, or are dead. */
  onOutputEnd(): void
  onErrorOutput(bytes: Buffer): void
  /** What was written is in the pipe; a producer that found `input.isCongested` may go on. */
  onInputDrained(): void
  /** It will read no more. It may still have something to say. */
  onInputBroken(): void
  /**
   * The process has ended; its output may not have. Called once, and always.
   * @param code null when a signal ended it; both are null when nobody can tell (SIGCHLD ignored by whoever embeds us)
   */
  onExit(code: number | null, signal: number | null): void
  /** An exception left one of the methods above: our mistake. The child is being terminated. Must not throw. */
  onFailure(error: unknown): void
}

/** How long a child has to end after SIGTERM. */
export const TERMINATION_GRACE_MS = 2000
/** A grandchild that holds an output of a child that has ended, and is silent for so long, is killed. */
export const ORPHAN_SILENCE_MS = 1000

/**
 * What stdin and stdout hold in the kernel. Through `tr` and back they move 900 MB/s so, 540 with the 64 KiB that Linux gives, 1100 with
 * the 1 MiB that it gives at most, of which a user may have fewer (Node 20, 2-core VM, November 2026).
 */
const PIPE_BYTES = 256 * 1024

/** @returns `-errno` of pipe2(2), posix_spawn(3), chdir(2) or execve(2); nothing is left behind then */
export function startChild(loop: Loop, options: ChildOptions, events: ChildEvents): Child | number {
  const pipes = openPipes()
  if (typeof pipes === 'number') return pipes
  const { ours, theirs } = pipes
  const pid = spawn({ ...options, fds: theirs })
  // Nobody has watched them: they need not wait for the end of the iteration.
  for (const fd of theirs) close(fd)
  if (pid >= 0) return new Child(pid, ours, loop, events)
  for (const fd of ours) close(fd)
  return pid
}

export class Child extends Deadline implements ProcessEndHearer, LivingChild {
  readonly pid: number
  readonly loop: Loop
  readonly input: PipeWriter
  readonly output: PipeReader
  private readonly errorOutput: PipeReader
  private readonly end: ProcessEnd
  private readonly events: ChildEvents
  private isTerminated = false
  private isOver = false
  private killAt = Number.POSITIVE_INFINITY
  /** The end of an orphan's silence. */
  private silentAt = Number.POSITIVE_INFINITY

  constructor(pid: number, [stdin, stdout, stderr]: ThreeFds, loop: Loop, events: ChildEvents) {
    super()
    this.pid = pid
    this.loop = loop
    this.events = events
    const onFailure = (error: unknown): void => this.onFailure(error)
    this.input = new PipeWriter(stdin, loop, {
      onDrained: () => events.onInputDrained(),
      onBroken: () => events.onInputBroken(),
      onFailure,
    })
    this.output = new PipeReader(stdout, loop, {
      onBytes: bytes => this.onOutput(bytes),
      onEnd: () => this.onOutputEnd(),
      onFailure,
    })
    this.errorOutput = new PipeReader(stderr, loop, {
      onBytes: bytes => events.onErrorOutput(bytes),
      onEnd: () => this.settle(),
      onFailure,
    })
    addChild(this)
    this.end = new ProcessEnd(pid, loop, this)
  }

  /** The process has ended; what it has written may still be coming. */
  get hasEnded(): boolean {
    return this.end.hasEnded
  }

  /** Nobody hears it when there is nobody left. */
  killGroup(signal: number): void {
    if (!this.end.isReaped) kill(-this.pid, signal)
  }

  /** Our ends of the pipes are closed, and the group is asked to end, then made to. */
  terminate(graceMs = TERMINATION_GRACE_MS): void {
    this.isTerminated = true
    this.input.close()
    this.output.close()
    this.errorOutput.close()
    if (this.isOver) return
    this.killGroup(graceMs > 0 ? SIGTERM : SIGKILL)
    if (graceMs > 0) this.killAt = Math.min(this.killAt, this.loop.now + graceMs)
    this.arm()
    // `onExit` is never called from here: who has not ended yet is heard of by readiness.
    if (this.hasEnded) this.settle()
  }

  onProcessEnd({ code, signal }: ProcessStatus): void {
    this.silentAt = this.loop.now + ORPHAN_SILENCE_MS
    this.arm()
    this.events.onExit(code, signal)
    this.settle()
  }

  onDeadline(now: number): void {
    if (now >= this.killAt) {
      this.killAt = Number.POSITIVE_INFINITY
      this.killGroup(SIGKILL)
    }
    if (now >= this.silentAt) this.onSilence()
    this.arm()
  }

  onFailure(error: unknown): void {
    if (!this.isTerminated) this.terminate()
    this.events.onFailure(error)
  }

  /** What is said on stderr only does not count: nobody waits for that. */
  private onOutput(bytes: Buffer): void {
    this.noteOutput()
    this.events.onOutput(bytes)
  }

  private onOutputEnd(): void {
    this.events.onOutputEnd()
    // Now it is most likely; where the kernel has no descriptor for it, this spares a wait.
    this.end.look()
    this.settle()
  }

  private noteOutput(): void {
    if (this.hasEnded) this.silentAt = this.loop.now + ORPHAN_SILENCE_MS
  }

  /** The child is dead, somebody holds its output, and says nothing; unless it is us who do not listen. */
  private onSilence(): void {
    if (this.output.isPaused && !this.output.isClosed) {
      this.noteOutput()
      return
    }
    this.silentAt = Number.POSITIVE_INFINITY
    this.errorOutput.close()
    if (this.output.isClosed) this.settle()
    else {
      this.output.close()
      this.onOutputEnd()
    }
  }

  /** After each step that may have been the last. */
  private settle(): void {
    if (this.isOver || !this.hasEnded || !this.output.isClosed || !this.errorOutput.isClosed) return
    this.isOver = true
    this.killGroup(SIGKILL)
    this.end.reap()
    this.loop.deadlines.clear(this)
    removeChild(this)
    this.breakInput()
  }

  /** A producer that waits for room must hear that there will be none, also where a grandchild holds the other end. */
  private breakInput(): void {
    const wasWanted = !this.input.isFinished
    this.input.close()
    if (wasWanted) this.events.onInputBroken()
  }

  private arm(): void {
    if (this.isOver) return
    const at = Math.min(this.killAt, this.silentAt)
    if (at !== this.deadlineAt) this.loop.deadlines.set(this, at)
  }
}

type ThreeFds = readonly [stdin: Fd, stdout: Fd, stderr: Fd]

const pair = new Int32Array(2)

/** Our ends do not block. Those of the child do: that is a property of each end, and programs expect it so. */
function openPipes(): { ours: ThreeFds; theirs: ThreeFds } | number {
  const fds: Fd[] = []
  for (let i = 0; i < 3; i++) {
    const failed = pipe2(pair, O_CLOEXEC)
    if (failed < 0) {
      for (const fd of fds) close(fd)
      return failed
    }
    fds.push(pair[0]!, pair[1]!)
  }
  const [inputTheirs, inputOurs, outputOurs, outputTheirs, errorOurs, errorTheirs] = fds as SixFds
  const ours = [inputOurs, outputOurs, errorOurs] as const
  for (const fd of ours) fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK)
  // In vain when our user has too many of them (pipe(7)): then they stay as they are.
  for (const fd of [inputOurs, outputOurs]) fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES)
  return { ours, theirs: [inputTheirs, outputTheirs, errorTheirs] }
}

type SixFds = [Fd, Fd, Fd, Fd, Fd, Fd]
