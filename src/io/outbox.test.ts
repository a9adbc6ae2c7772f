import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OUTBOX_BYTES, Outbox, type Sender } from './outbox.ts'

class Recorder implements Sender {
  readonly sent: string[] = []
  meanwhile: () => void = () => {}

  sendCollected(bytes: Buffer, length: number): void {
    this.sent.push(bytes.toString('latin1', 0, length))
    this.meanwhile()
  }
}

describe('the outbox', () => {
  it('gives what was collected to its sender, once', () => {
    const outbox = new Outbox()
    const a = new Recorder()
    outbox.claim(a)
    outbox.addText('one ')
    outbox.addBytes(Buffer.from('two'))
    assert.equal(outbox.isHeldBy(a), true)
    outbox.flush()
    outbox.flush()
    assert.deepEqual(a.sent, ['one two'])
    assert.equal(outbox.isHeldBy(a), false)
  })

  it('writes each character below U+0100 as its byte', () => {
    const outbox = new Outbox()
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
    outbox.claim(new Recorder())
    outbox.addText(all)
    assert.equal(outbox.length, 256)
    assert.deepEqual(
      [...outbox.bytes.subarray(0, 256)],
      Array.from({ length: 256 }, (_, i) => i),
    )
  })

  it('sends what another has collected before it changes hands', () => {
    const outbox = new Outbox()
    const [a, b] = [new Recorder(), new Recorder()]
    outbox.claim(a)
    outbox.addText('a')
    outbox.claim(b)
    assert.deepEqual([a.sent, b.sent], [['a'], []])
    outbox.addText('b')
    outbox.claim(b)
    assert.deepEqual([a.sent, b.sent], [['a'], []])
  })

  it('makes room by sending', () => {
    const outbox = new Outbox()
    const a = new Recorder()
    outbox.claim(a)
    outbox.addText('x'.repeat(OUTBOX_BYTES - 1))
    outbox.room(1)
    assert.equal(a.sent.length, 0)
    outbox.room(2)
    assert.equal(a.sent.length, 1)
    outbox.addText('yy')
    assert.equal(outbox.isHeldBy(a), true)
  })

  it('stays with its owner when a send makes others write', () => {
    const outbox = new Outbox()
    const [a, b, c] = [new Recorder(), new Recorder(), new Recorder()]
    a.meanwhile = () => {
      outbox.claim(c)
      outbox.addText('c')
    }
    outbox.claim(a)
    outbox.addText('a')
    outbox.claim(b)
    outbox.addText('b')
    outbox.flush()
    assert.deepEqual([a.sent, b.sent, c.sent], [['a'], ['b'], ['c']])

    outbox.claim(a)
    outbox.addText('x'.repeat(OUTBOX_BYTES))
    outbox.room(1)
    outbox.addText('a')
    a.meanwhile = () => {}
    outbox.flush()
    assert.deepEqual(c.sent, ['c', 'c'])
    assert.equal(a.sent.at(-1), 'a')
  })
})
