import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fakeClock } from '../../test/descriptors.ts'
import { Loop } from '../loop/loop.ts'
import { ProcessSlots, type Slot } from './process-slots.ts'

class Asker {
  got = 0
  refused = 0
  failures: unknown[] = []
  throws = false

  onSlot(): void {
    this.got++
    if (this.throws) throw new Error('no')
  }

  onNoSlot(): void {
    this.refused++
  }

  onFailure(error: unknown): void {
    this.failures.push(error)
  }
}

describe('slots for programs', () => {
  const clock = fakeClock()
  const loop = new Loop({ clock })

  function asked(slots: ProcessSlots, timeoutMs = 1000): { asker: Asker; slot: Slot } {
    const asker = new Asker()
    return { asker, slot: slots.ask(loop, timeoutMs, asker) }
  }

  it('are given at once while there are some', () => {
    const slots = new ProcessSlots(2)
    assert.deepEqual([asked(slots).asker.got, asked(slots).asker.got, asked(slots).asker.got], [1, 1, 0])
    assert.deepEqual([slots.running, slots.waiting], [2, 1])
  })

  it('go to those who wait, in their order', () => {
    const slots = new ProcessSlots(1)
    const first = asked(slots)
    const second = asked(slots)
    const third = asked(slots)
    first.slot.giveBack()
    first.slot.giveBack()
    assert.deepEqual([second.asker.got, third.asker.got, slots.running], [1, 0, 1])
    second.slot.giveBack()
    assert.equal(third.asker.got, 1)
    third.slot.giveBack()
    assert.deepEqual([slots.running, slots.waiting], [0, 0])
  })

  it('pass through thousands who have no use for them', () => {
    const slots = new ProcessSlots(1)
    const { slot: first } = asked(slots)
    let passed = 0
    const waiting: Slot[] = []
    for (let i = 0; i < 20_000; i++) {
      const onSlot = (): void => {
        passed++
        waiting[i]!.giveBack()
      }
      waiting.push(slots.ask(loop, 1000, { onSlot, onNoSlot: assert.fail, onFailure: assert.fail }))
    }
    first.giveBack()
    assert.deepEqual([passed, slots.running, slots.waiting], [20_000, 0, 0])
  })

  it('pass over those who have gone', () => {
    const slots = new ProcessSlots(1)
    const first = asked(slots)
    const gone = asked(slots)
    const patient = asked(slots)
    gone.slot.giveBack()
    first.slot.giveBack()
    assert.deepEqual([gone.asker.got, gone.asker.refused, patient.asker.got], [0, 0, 1])
  })

  it('are refused when the time is over', () => {
    const slots = new ProcessSlots(1)
    const first = asked(slots)
    const late = asked(slots, 1000)
    assert.equal(asked(slots, 0).asker.refused, 1)
    clock.now += 999
    loop.iterate(0)
    assert.equal(late.asker.refused, 0)
    clock.now += 2
    loop.iterate(0)
    assert.equal(late.asker.refused, 1)
    first.slot.giveBack()
    assert.deepEqual([late.asker.got, slots.running, slots.waiting], [0, 0, 0])
  })

  it('come back from one who fails to use his', () => {
    const slots = new ProcessSlots(1)
    const asker = new Asker()
    asker.throws = true
    slots.ask(loop, 0, asker)
    assert.equal(asker.failures.length, 1)
    assert.equal(slots.running, 0)
  })
})
