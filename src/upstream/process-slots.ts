/**
 * How many programs may run at the same time, and who waits until one of them has ended.
 *
 *   const slot = slots.ask(loop, timeoutMs, { onSlot() { … }, onNoSlot() { … } })
 *   slot.giveBack()           whoever waits longest gets it; also for one who still waits and has no use for it any more
 *
 * `onSlot` may be called at once, within `ask`. A time of 0 waits for nobody.
 */

import { Deadline } from '../loop/deadlines.ts'
import type { Loop } from '../loop/loop.ts'

export interface SlotEvents {
  onSlot(): void
  /** The time is over, and it is forgotten. */
  onNoSlot(): void
  /** An exception left one of these. */
  onFailure(error: unknown): void
}

export class ProcessSlots {
  running = 0
  private readonly most: number
  /** Those who wait, in their order. */
  private readonly queue = new Set<Slot>()
  private isHandingOut = false

  constructor(most: number) {
    this.most = most
  }

  get waiting(): number {
    return this.queue.size
  }

  ask(loop: Loop, timeoutMs: number, events: SlotEvents): Slot {
    const slot = new Slot(this, loop, events)
    if (this.running < this.most) this.grant(slot)
    else if (timeoutMs <= 0) slot.refuse()
    else {
      this.queue.add(slot)
      loop.deadlines.set(slot, loop.now + timeoutMs)
    }
    return slot
  }

  leave(slot: Slot): void {
    this.queue.delete(slot)
  }

  /** Whoever gives back at once what he gets is followed by the next, however many there are: one after the other, not one within the other. */
  release(): void {
    this.running--
    if (this.isHandingOut) return
    this.isHandingOut = true
    for (const next of this.queue) {
      if (this.running >= this.most) break
      this.queue.delete(next)
      this.grant(next)
    }
    this.isHandingOut = false
  }

  private grant(slot: Slot): void {
    this.running++
    slot.grant()
  }
}

const WAITING = 0
const HELD = 1
const GIVEN_BACK = 2

export class Slot extends Deadline {
  private readonly slots: ProcessSlots
  private readonly loop: Loop
  private readonly events: SlotEvents
  private state: typeof WAITING | typeof HELD | typeof GIVEN_BACK = WAITING

  constructor(slots: ProcessSlots, loop: Loop, events: SlotEvents) {
    super()
    this.slots = slots
    this.loop = loop
    this.events = events
  }

  grant(): void {
    this.state = HELD
    this.loop.deadlines.clear(this)
    try {
      this.events.onSlot()
    } catch (error) {
      this.giveBack()
      this.events.onFailure(error)
    }
  }

  refuse(): void {
    this.state = GIVEN_BACK
    this.events.onNoSlot()
  }

  giveBack(): void {
    const { state } = this
    this.state = GIVEN_BACK
    if (state === HELD) this.slots.release()
    if (state !== WAITING) return
    this.loop.deadlines.clear(this)
    this.slots.leave(this)
  }

  onDeadline(): void {
    this.slots.leave(this)
    this.refuse()
  }

  onFailure(error: unknown): void {
    this.events.onFailure(error)
  }
}
