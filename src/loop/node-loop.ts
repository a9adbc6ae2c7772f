/**
 * Node's libuv as a guest: its backend descriptor is one more watched descriptor, its timeout one more bound on our sleep.
 *
 *   libuv's turn:  timers → pending → idle → prepare ─┐ → poll (does not sleep) → check → closing → …
 *                                                     │
 *                                          up to eight iterations of our loop, which do sleep
 *
 * So everything of Node works while we wait: timers, promises, fs, child processes, workers, signals, the debugger. Four
 * rules, each of which costs a hang when it is broken:
 *   1. Ticks and microtasks are drained after every iteration: a callback from C does not do it.
 *   2. libuv's timeout is asked anew before every iteration: our handlers set timers. 0 means: leave to libuv now.
 *   3. No exception escapes the prepare callback, and the idle handle is started whatever happened; else libuv would go to
 *      sleep in its own poll and we would never be called again.
 *   4. EINTR counts as nothing ready (`Loop.iterate`).
 *
 * A thread has one libuv, so it has one `NodeLoop`.
 */

import { type LibuvLoop, nodeLoop } from '../sys/libuv.ts'
import type { Loop, Watcher } from './loop.ts'
import { READABLE } from './poller.ts'

/** Iterations in a row before Node's turn comes even though it has asked for none; a larger number gains nothing measurable. */
const ITERATIONS_PER_TURN = 8

/**
 * Runs `process.nextTick` callbacks and microtasks. Node has no public function for it; should this one disappear, a
 * pending immediate makes libuv's timeout 0, and Node drains them itself on its next turn, for 7 to 13 % more CPU.
 */
const drainTicks: () => void =
  (process as unknown as { _tickCallback?: () => void })._tickCallback ?? (() => setImmediate(() => {}))

export class NodeLoop implements Watcher {
  private readonly libuv: LibuvLoop
  private loop: Loop | null = null
  /** libuv has something to do. */
  private nodeIsReady = false

  constructor() {
    this.libuv = nodeLoop(() => this.onPrepare())
  }

  /** From now on `loop` is the main loop of this thread. It keeps the process alive until `stop`. */
  start(loop: Loop): void {
    this.loop = loop
    loop.watch(this.libuv.backendFd, READABLE, this)
    this.libuv.start()
    this.libuv.reference(true)
  }

  /** Node's loop is its own again. May be called from within an iteration. */
  stop(): void {
    this.loop?.unwatch(this.libuv.backendFd)
    this.loop = null
    this.libuv.stop()
  }

  /** Whether the process goes on for our sake alone. */
  reference(yes: boolean): void {
    this.libuv.reference(yes)
  }

  onReadable(): void {
    this.nodeIsReady = true
  }

  onWritable(): void {}

  onFailure(error: unknown): void {
    rethrowLater(error)
  }

  private onPrepare(): void {
    try {
      this.libuv.pollWithoutSleeping(false)
      this.iterate()
    } catch (error) {
      rethrowLater(error)
    } finally {
      if (this.loop !== null) this.libuv.pollWithoutSleeping(true)
    }
  }

  private iterate(): void {
    this.nodeIsReady = false
    for (let i = 0; i < ITERATIONS_PER_TURN; i++) {
      const timeoutMs = this.libuv.backendTimeout()
      if (this.loop === null || (timeoutMs === 0 && i > 0)) return
      const ready = this.loop.iterate(timeoutMs)
      drainTicks()
      if (ready === 0 || this.nodeIsReady) return
    }
  }
}

/** From Node's own turn it reaches `uncaughtException` as any other; thrown through C it would be lost. */
function rethrowLater(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}
