// A model of veille's loop, slow enough to be looked at: what it does in each of its steps, and to which descriptor.
// It knows no page; loop.js draws what it says. Time is given with every call, so a test can move it.

export const STEPS = ['clock', 'wait', 'dispatch', 'deadlines', 'sweep', 'node']

const LISTENER = 5
const KEPT_ALIVE_MS = 20_000
const ANSWER = 65_536
const SHARE = 16_384 // bytes that a socket takes at a time
const ACCEPTS = 4 // connections that the listener may hand out in one iteration

/** What a house is to the loop. */
export const EMPTY = 'empty' // nobody is connected
export const KNOWN = 'known' // connected and silent: costs nothing
export const READY = 'ready' // the kernel says: something can be done here
export const FULL = 'full' // the rest of an answer waits until the visitor has read

export class Watch {
  /** @param {number[]} fds the descriptors that connections may get; the listening socket is 5 */
  constructor(fds) {
    this.houses = new Map(fds.map(fd => [fd, { fd, state: EMPTY, left: 0, isSlow: false, since: 0, dueAt: Infinity }]))
    this.step = 0
    this.isAsleep = false
    this.atTheDoor = [] // connections that the kernel has made and nobody has accepted: true for a slow reader
    this.batch = []
    this.marked = []
  }

  /** Somebody connects. */
  knock(isSlow = false) {
    if (this.atTheDoor.length < 12) this.atTheDoor.push(isSlow)
  }

  /** Somebody has been here for a while already. */
  settle(fd, now) {
    const house = this.houses.get(fd)
    if (house) Object.assign(house, { state: KNOWN, since: now })
  }

  stateOf(fd) {
    if (fd === LISTENER) return this.atTheDoor.length > 0 ? READY : KNOWN
    return this.houses.get(fd).state
  }

  /** What happens outside, whether the loop sleeps or not: requests arrive, slow readers read. */
  pass(now) {
    for (const house of this.houses.values()) {
      if (now < house.dueAt) continue
      house.dueAt = Infinity
      house.state = READY
    }
  }

  /**
   * One step of the iteration.
   * @returns {{ step: string, fd: number | null, line: string | null }} the step that was done, for whom, and the call
   */
  advance(now) {
    this.pass(now)
    const step = STEPS[this.step]
    const [fd, line] = this[step](now)
    return { step, fd, line }
  }

  next() {
    this.step = (this.step + 1) % STEPS.length
  }

  clock() {
    this.next()
    return [null, null]
  }

  wait() {
    const ready = [...this.houses.values()].filter(house => house.state === READY).map(house => house.fd)
    if (this.atTheDoor.length > 0) ready.unshift(LISTENER)
    const accepts = Math.min(this.atTheDoor.length, ACCEPTS)
    if (ready.length === 0) {
      const line = this.isAsleep ? null : 'epoll_wait(4, …)      asleep'
      this.isAsleep = true
      return [null, line]
    }
    this.isAsleep = false
    this.batch = [...Array(Math.max(0, accepts - 1)).fill(LISTENER), ...ready]
    this.next()
    return [null, `epoll_wait(4, …) = ${ready.length}    ${ready.map(fd => `fd ${fd}`).join(', ')}`]
  }

  dispatch(now) {
    const fd = this.batch.shift()
    const line = fd === LISTENER ? this.accept(now) : this.serve(this.houses.get(fd), now)
    if (this.batch.length === 0) this.next()
    return [fd, line]
  }

  accept(now) {
    const free = [...this.houses.values()].filter(house => house.state === EMPTY)
    const isSlow = this.atTheDoor.shift()
    if (free.length === 0) return 'accept4(5, …) = -EMFILE    the street is full'
    const house = free[Math.floor(Math.random() * free.length)]
    Object.assign(house, { state: KNOWN, isSlow, left: 0, since: now, dueAt: now + 900 + Math.random() * 900 })
    return `accept4(5, …) = ${house.fd}`
  }

  serve(house, now) {
    house.since = now
    if (house.left > 0) return this.send(house, now)
    house.left = house.isSlow ? ANSWER : 1204
    const line = this.send(house, now)
    return `recv(${house.fd}, "GET / HTTP/1.1…")  ${line}`
  }

  send(house, now) {
    const sent = Math.min(house.left, SHARE)
    house.left -= sent
    house.state = house.left > 0 ? FULL : KNOWN
    if (house.left > 0) house.dueAt = now + 2200
    return `send(${house.fd}, …) = ${sent}${house.left > 0 ? `    ${house.left} to go` : ''}`
  }

  deadlines(now) {
    this.marked = [...this.houses.values()].filter(h => h.state === KNOWN && h.dueAt === Infinity && now - h.since > KEPT_ALIVE_MS)
    this.next()
    return [null, null]
  }

  sweep() {
    const house = this.marked.shift()
    if (house) house.state = EMPTY
    if (this.marked.length === 0) this.next()
    return house ? [house.fd, `close(${house.fd}) = 0`] : [null, null]
  }

  node() {
    this.next()
    return [null, null]
  }

  /** When the next deadline passes, so that the sleeper is woken for it. */
  nextDeadline() {
    const silent = [...this.houses.values()].filter(h => h.state === KNOWN && h.dueAt === Infinity)
    return Math.min(...silent.map(h => h.since + KEPT_ALIVE_MS))
  }

  /** The time-out of epoll_wait has passed: the iteration goes on with nobody ready. */
  timeOut() {
    this.isAsleep = false
    this.step = STEPS.indexOf('deadlines')
    return 'epoll_wait(4, …) = 0    a deadline has passed'
  }
}
