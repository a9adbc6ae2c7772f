import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { randomFrom } from '../../test/pieces.ts'
import { giveBuffer, takeBuffer } from './buffers.ts'
import { InputRest } from './input-rest.ts'

function textOf(rest: InputRest): string {
  return rest.bytes.toString('latin1', rest.start, rest.end)
}

describe('the rest of an input', () => {
  it('is a copy: the buffer it came in is used again', () => {
    const scratch = Buffer.from('understood, not understood, behind')
    const rest = InputRest.of(scratch, 12, 26)
    scratch.fill(0)
    assert.equal(textOf(rest), 'not understood')
    assert.equal(rest.isEmpty, false)
    rest.advance(rest.end)
    assert.equal(rest.isEmpty, true)
    rest.drop()
  })

  it('has always room for more, and keeps what is there', () => {
    const random = randomFrom(11)
    const first = Buffer.alloc(1, 'x')
    const rest = InputRest.of(first, 0, 1)
    let model = 'x'
    let most = 1
    for (let i = 0; i < 3000; i++) {
      const room = rest.room()
      assert.ok(room.length > 0)
      const n = 1 + random(Math.min(room.length, 900))
      const text = String.fromCharCode(97 + random(26)).repeat(n)
      room.write(text, 'latin1')
      rest.extend(n)
      model += text
      most = Math.max(most, model.length)
      const understood = random(3) === 0 ? random(model.length + 1) : 0
      rest.advance(rest.start + understood)
      model = model.slice(understood)
      assert.ok(textOf(rest) === model)
      // What was understood makes room: the buffer does not grow without need.
      assert.ok(rest.bytes.length <= Math.max(1024, 4 * most))
    }
    rest.drop()
  })
})

describe('the buffers of a loop', () => {
  it('have the next power of two', () => {
    const sizes = [1, 1024, 1025, 100_000, 131_073].map(n => takeBuffer(n).length)
    assert.deepEqual(sizes, [1024, 1024, 2048, 131_072, 262_144])
  })

  it('are used again, by size', () => {
    const small = takeBuffer(1)
    const large = takeBuffer(5000)
    giveBuffer(small)
    giveBuffer(large)
    assert.equal(takeBuffer(5000), large)
    assert.equal(takeBuffer(1000), small)
    assert.notEqual(takeBuffer(1000), small)
  })

  it('are not kept when they are huge or many', () => {
    const huge = takeBuffer(200_000)
    giveBuffer(huge)
    assert.notEqual(takeBuffer(200_000), huge)
    const many = Array.from({ length: 100 }, () => takeBuffer(2048))
    for (const buffer of many) giveBuffer(buffer)
    const again = new Set(Array.from({ length: 100 }, () => takeBuffer(2048)))
    assert.equal(many.filter(buffer => again.has(buffer)).length, 64)
  })
})
