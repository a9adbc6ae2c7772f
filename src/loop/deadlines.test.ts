import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { randomFrom } from '../../test/pieces.ts'
import { Deadline, Deadlines } from './deadlines.ts'

const NEVER = Number.POSITIVE_INFINITY

class Bell extends Deadline {
  readonly rung: number[] = []
  readonly failures: unknown[] = []
  /** What it does besides. */
  act: (now: number) => void = () => {}

  override onDeadline(now: number): void {
    this.rung.push(now)
    this.act(now)
  }

  override onFailure(error: unknown): void {
    this.failures.push(error)
  }
}

function bells(count: number): Bell[] {
  return Array.from({ length: count }, () => new Bell())
}

describe('deadlines', () => {
  it('come in their order, once each, and not before their moment', () => {
    const deadlines = new Deadlines()
    const order: number[] = []
    for (const at of [50, 10, 40, 30, 20, 10]) {
      const bell = new Bell()
      bell.act = () => order.push(at)
      deadlines.set(bell, at)
    }
    deadlines.expire(9)
    assert.deepEqual(order, [])
    assert.equal(deadlines.next, 10)
    deadlines.expire(30)
    assert.deepEqual(order, [10, 10, 20, 30])
    assert.equal(deadlines.next, 40)
    deadlines.expire(1000)
    assert.deepEqual(order, [10, 10, 20, 30, 40, 50])
    assert.equal(deadlines.next, NEVER)
    assert.equal(deadlines.size, 0)
  })

  it('are moved earlier at once', () => {
    const deadlines = new Deadlines()
    const [a, b] = bells(2) as [Bell, Bell]
    deadlines.set(a, 10)
    deadlines.set(b, 20)
    deadlines.set(b, 5)
    assert.equal(deadlines.next, 5)
    deadlines.expire(5)
    assert.deepEqual([a.rung, b.rung], [[], [5]])
  })

  it('are moved later without a change in the heap', () => {
    const deadlines = new Deadlines()
    const all = bells(100)
    for (const [i, bell] of all.entries()) deadlines.set(bell, i)
    const places = all.map(bell => bell.place)
    for (const bell of all) for (const at of [1000, 2000, 3000]) deadlines.set(bell, at)
    assert.deepEqual(
      all.map(bell => bell.place),
      places,
    )
    assert.equal(deadlines.next, 0, 'too early, never too late')
    deadlines.expire(2999)
    assert.ok(all.every(bell => bell.rung.length === 0))
    assert.equal(deadlines.next, 3000)
    deadlines.expire(3000)
    assert.ok(all.every(bell => bell.rung.length === 1))
  })

  it('are gone from the heap when they are cleared, so that nothing is kept alive', () => {
    const deadlines = new Deadlines()
    const [bell] = bells(1) as [Bell]
    deadlines.set(bell, 10)
    deadlines.clear(bell)
    deadlines.clear(bell)
    assert.equal(deadlines.size, 0)
    deadlines.expire(20)
    assert.deepEqual(bell.rung, [])
  })

  it('moved to Infinity never come', () => {
    const deadlines = new Deadlines()
    const [bell] = bells(1) as [Bell]
    deadlines.set(bell, NEVER)
    assert.equal(deadlines.size, 0)
    deadlines.set(bell, 10)
    deadlines.set(bell, NEVER)
    deadlines.expire(1_000_000)
    assert.deepEqual(bell.rung, [])
    assert.equal(deadlines.size, 0)
  })

  it('that throw cost only themselves', () => {
    const deadlines = new Deadlines()
    const [a, b, c] = bells(3) as [Bell, Bell, Bell]
    const mistake = new Error('ours')
    b.act = () => {
      throw mistake
    }
    for (const bell of [a, b, c]) deadlines.set(bell, 10)
    deadlines.expire(10)
    assert.deepEqual([a.rung, b.rung, c.rung], [[10], [10], [10]])
    assert.deepEqual([a.failures, b.failures, c.failures], [[], [mistake], []])
    assert.equal(deadlines.size, 0)
  })

  it('may set and clear themselves and others while they are called', () => {
    const deadlines = new Deadlines()
    const [a, b, c] = bells(3) as [Bell, Bell, Bell]
    a.act = now => {
      deadlines.clear(b)
      deadlines.set(a, now + 10)
      deadlines.set(c, now + 5)
    }
    deadlines.set(a, 10)
    deadlines.set(b, 11)
    deadlines.expire(12)
    assert.deepEqual([a.rung, b.rung, c.rung], [[12], [], []])
    assert.equal(deadlines.next, 17)
    deadlines.expire(17)
    assert.deepEqual([a.rung, b.rung, c.rung], [[12], [], [17]])
  })

  it('that are set anew to a moment that has come wait for the next call', () => {
    const deadlines = new Deadlines()
    const [eager, other] = bells(2) as [Bell, Bell]
    eager.act = now => deadlines.set(eager, now)
    deadlines.set(eager, 10)
    deadlines.set(other, 10)
    deadlines.expire(10)
    deadlines.expire(10)
    assert.deepEqual(other.rung, [10])
    assert.ok(eager.rung.length >= 1 && eager.rung.length <= 3)
    assert.equal(deadlines.next, 10)
  })

  /** The model: a list of moments, looked through from end to end. */
  function compareWithModel(seed: number): void {
    const random = randomFrom(seed)
    const deadlines = new Deadlines()
    const all = bells(40)
    const moments = all.map(() => NEVER)
    const due: number[] = []
    for (const [i, bell] of all.entries()) bell.act = () => due.push(i)
    for (let now = 0, step = 0; step < 2000; step++) {
      const i = random(all.length)
      const choice = random(10)
      if (choice < 6) {
        moments[i] = now + random(50) - 5
        deadlines.set(all[i]!, moments[i]!)
      } else if (choice < 8) {
        moments[i] = NEVER
        if (choice === 6) deadlines.clear(all[i]!)
        else deadlines.set(all[i]!, NEVER)
      } else {
        now += random(15)
        const expected = [...moments.keys()].filter(k => moments[k]! <= now)
        due.length = 0
        deadlines.expire(now)
        assert.deepEqual(
          due.toSorted((a, b) => a - b),
          expected,
        )
        for (const k of expected) moments[k] = NEVER
      }
      assert.ok(deadlines.next <= Math.min(...moments), 'never too late')
      assert.ok(all.every((bell, k) => bell.deadlineAt === moments[k]))
    }
  }

  it('do what a plain list would do, whatever is asked of them', () => {
    for (let seed = 1; seed <= 20; seed++) compareWithModel(seed)
  })
})
