/**
 * The loop of this thread: begun with its first server, ended with its last.
 *
 *   const place = takeLoop('epoll')      a loop that runs, with Node as its guest; perhaps under rules
 *   place.loop, place.outbox           what is built on it
 *   place.release(done)                  `done` is called when what was to be closed is closed
 *
 * A thread sleeps in one place, so all its servers share one loop and one poller.
 */

import { childCount, endChildren } from '../io/children.ts'
import { type Outbox, outboxOf } from '../io/outbox.ts'
import { Loop, type ReadinessMode } from '../loop/loop.ts'
import { NodeLoop } from '../loop/node-loop.ts'
import type { PollerName } from '../loop/poller.ts'

export interface Place {
  readonly loop: Loop
  readonly outbox: Outbox
  /** Whether its taker alone keeps the process alive, as it does at first. */
  reference(yes: boolean): void
  release(done: () => void): void
}

interface Running {
  readonly loop: Loop
  readonly outbox: Outbox
  users: number
  /** How many of them keep the process alive. */
  keepers: number
}

/** libuv is one per thread, and so is its guest room. Made with the first loop, kept for the next. */
let nodeLoop: NodeLoop | null = null
let running: Running | null = null

/**
 * @param readiness see `Loop.keepAccount`; null for neither
 * @throws when the thread already waits with another poller, or by other rules
 */
export function takeLoop(poller: PollerName, readiness: ReadinessMode | null = null): Place {
  running ??= start(poller, readiness)
  const here = running
  if (here.loop.poller.name !== poller) {
    throw new Error(
      `this thread already waits with ${here.loop.poller.name}, it cannot use ${poller} as well`,
    )
  }
  keepRules(here.loop, readiness)
  here.users++
  let keeps = false
  const reference = (yes: boolean): void => {
    if (yes === keeps) return
    keeps = yes
    here.keepers += yes ? 1 : -1
    if (here === running) nodeLoop?.reference(here.keepers > 0)
  }
  reference(true)
  return {
    loop: here.loop,
    outbox: here.outbox,
    reference,
    // From Node's turn, that is between two iterations: only there may descriptors be closed at once.
    release: done =>
      void setImmediate(() =>
        release(here, () => {
          reference(false)
          done()
        }),
      ),
  }
}

/** Counting may begin later, a rule holds from the beginning. */
function keepRules(loop: Loop, readiness: ReadinessMode | null): void {
  const isStrict = readiness?.isStrict === true
  if (isStrict !== loop.calls.isStrict) {
    const [now, wanted] = loop.calls.isStrict ? ['strict', 'other'] : ['free', 'strict']
    throw new Error(
      `this thread already waits by ${now} rules of readiness, it cannot wait by ${wanted} ones`,
    )
  }
  if (readiness !== null && loop.account === null) loop.keepAccount(readiness)
}

function start(poller: PollerName, readiness: ReadinessMode | null): Running {
  const loop = new Loop({ poller, ...(readiness === null ? {} : { readiness }) })
  const outbox = outboxOf(loop)
  nodeLoop ??= new NodeLoop()
  nodeLoop.start(loop)
  return { loop, outbox, users: 0, keepers: 0 }
}

/** Programs that still run are of no use to anybody then; until they are reaped, the loop goes on. */
function release(here: Running, done: () => void): void {
  here.loop.settle()
  if (here.users === 1 && childCount(here.loop) > 0) {
    endChildren(here.loop, () => void setImmediate(() => leave(here, done)))
  } else leave(here, done)
}

function leave(here: Running, done: () => void): void {
  here.users--
  if (here.users === 0) {
    running = null
    nodeLoop?.stop()
    here.loop.close()
  }
  done()
}
