/**
 * Moments at which something must have happened: a binary heap, whose top bounds the poller's sleep.
 *
 *   deadlines.set(d, at)        `d.onDeadline(now)` is called once `now >= at`, unless it is set again before
 *   deadlines.clear(d)
 *   deadlines.next              the moment up to which one may sleep; Infinity when there is none
 *   deadlines.expire(now)       calls everybody whose moment has come
 *
 * Most deadlines are moved later again and again and never come: each request of a keep-alive connection does that. So a
 * later moment is only noted in the object; the heap keeps the earlier one, and when that comes the object is put in anew
 * at the right place. Moving a deadline costs a store then, and `next` may be too early, never too late.
 *
 * Times are milliseconds of the loop's clock.
 */

export abstract class Deadline {
  /** When it is due; Infinity for never. Changed only by `Deadlines`. */
  deadlineAt = Number.POSITIVE_INFINITY
  /** The moment under which it stands in the heap, never later than `deadlineAt`. */
  queuedAt = Number.POSITIVE_INFINITY
  /** Its place in the heap, -1 outside. */
  place = -1

  abstract onDeadline(now: number): void
  /** An exception left `onDeadline`. Must not throw. */
  abstract onFailure(error: unknown): void
}

export class Deadlines {
  private readonly heap: Deadline[] = []

  get next(): number {
    return this.heap.length === 0 ? Number.POSITIVE_INFINITY : this.heap[0]!.queuedAt
  }

  get size(): number {
    return this.heap.length
  }

  set(deadline: Deadline, at: number): void {
    deadline.deadlineAt = at
    if (at >= deadline.queuedAt && deadline.place >= 0) return
    if (at === Number.POSITIVE_INFINITY) return
    if (deadline.place < 0) {
      deadline.place = this.heap.length
      this.heap.push(deadline)
    }
    deadline.queuedAt = at
    this.rise(deadline)
  }

  /** Takes it out at once, so that nothing is kept alive by the heap. */
  clear(deadline: Deadline): void {
    deadline.deadlineAt = Number.POSITIVE_INFINITY
    if (deadline.place >= 0) this.remove(deadline)
  }

  /** No more calls than there are deadlines: somebody who sets a moment that has come already cannot hold the loop here. */
  expire(now: number): void {
    for (let most = this.heap.length; most > 0 && this.next <= now; most--) {
      const deadline = this.heap[0]!
      const at = deadline.deadlineAt
      this.remove(deadline)
      if (at > now) {
        this.set(deadline, at)
      } else {
        deadline.deadlineAt = Number.POSITIVE_INFINITY
        call(deadline, now)
      }
    }
  }

  private remove(deadline: Deadline): void {
    const last = this.heap.pop()!
    if (last !== deadline) {
      last.place = deadline.place
      this.heap[last.place] = last
      this.rise(last)
      this.sink(last)
    }
    deadline.place = -1
    deadline.queuedAt = Number.POSITIVE_INFINITY
  }

  private rise(deadline: Deadline): void {
    const { heap } = this
    let at = deadline.place
    while (at > 0) {
      const parent = heap[(at - 1) >> 1]!
      if (parent.queuedAt <= deadline.queuedAt) break
      heap[at] = parent
      parent.place = at
      at = (at - 1) >> 1
    }
    heap[at] = deadline
    deadline.place = at
  }

  private sink(deadline: Deadline): void {
    const { heap } = this
    let at = deadline.place
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.queuedAt < heap[child]!.queuedAt) child++
      const smaller = heap[child]!
      if (smaller.queuedAt >= deadline.queuedAt) break
      heap[at] = smaller
      smaller.place = at
      at = child
    }
    heap[at] = deadline
    deadline.place = at
  }
}

function call(deadline: Deadline, now: number): void {
  try {
    deadline.onDeadline(now)
  } catch (error) {
    deadline.onFailure(error)
  }
}
