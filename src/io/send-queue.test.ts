import assert from 'node:assert/strict'
import { openSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { EAGAIN, EBADF, EINTR, ENOMEM, EPIPE } from '../errno.ts'
import { NOT_TOLD } from '../loop/calls.ts'
import { MSG_MORE } from '../sys/constants.ts'
import { giveBuffer, takeBuffer } from './buffers.ts'
import { OpenFile } from './file.ts'
import { FILE_SHRANK, SendQueue } from './send-queue.ts'
import { plain, type Transport } from './transport.ts'

const MEGABYTE = 1024 * 1024

/** Takes what its script says: a result, or that much at most. */
class FakeTransport implements Transport {
  readonly taken: string[] = []
  readonly flags: number[] = []
  readonly isStrict: boolean
  private readonly script: number[]

  constructor(script: number[] = [], isStrict = false) {
    this.script = script
    this.isStrict = isStrict
  }

  receive(): number {
    return 0
  }

  send(_fd: number, bytes: Uint8Array, sizeBytes: number, flags: number): number {
    this.flags.push(flags)
    return this.answer(sizeBytes, n => Buffer.from(bytes.subarray(0, Math.min(n, 20))).toString('latin1'))
  }

  sendPair(): number {
    return 0
  }

  sendFile(_fd: number, _file: number, offset: number, sizeBytes: number): number {
    return this.answer(sizeBytes, n => `file ${offset}+${n}`)
  }

  maySend(): boolean {
    return this.script[0] !== NOT_TOLD
  }

  mustWait(result: number): boolean {
    return this.isStrict ? result === NOT_TOLD : plain.mustWait(result)
  }

  private answer(sizeBytes: number, describeTaken: (n: number) => string): number {
    const n = Math.min(this.script.shift() ?? sizeBytes, sizeBytes)
    if (n >= 0) this.taken.push(describeTaken(n))
    return n
  }
}

/** A file whose users are counted, and whose descriptor is none. */
function file(): { file: OpenFile; users: () => number } {
  const file = new OpenFile(-1)
  return { file, users: () => (file as unknown as { users: number }).users }
}

/** One that is there only as long as it is open. */
function fileOf(text: string): OpenFile {
  const path = join(tmpdir(), `veille-queue-${process.pid}`)
  writeFileSync(path, text)
  const read = new OpenFile(openSync(path, 'r'))
  unlinkSync(path)
  return read
}

describe('the send queue', () => {
  it('copies what is lent, and sends copies together, in order with whatever else there is', () => {
    const queue = new SendQueue()
    const lent = Buffer.alloc(3)
    for (const text of ['abc', 'def', 'ghi']) {
      lent.write(text)
      queue.addCopy(lent)
      lent.fill(0)
    }
    queue.addBytes(Buffer.from('own'))
    lent.write('jkl')
    queue.addCopy(lent)
    assert.equal(queue.memoryBytes, 15)
    const transport = new FakeTransport([4])
    assert.equal(queue.send(transport, 3), 4)
    lent.write('mno')
    queue.addCopy(lent)
    assert.equal(queue.send(transport, 3), 14)
    assert.deepEqual(transport.taken, ['abcd', 'efghi', 'own', 'jklmno'])
    assert.equal(queue.memoryBytes, 0)
    assert.ok(queue.isEmpty)
  })

  it('gives the buffers of copies back when they are sent, and when they are dropped', () => {
    const queue = new SendQueue()
    const lent = Buffer.alloc(100_000, 'x')
    const before = takeBuffer(lent.length)
    giveBuffer(before)
    queue.addCopy(lent)
    assert.notEqual(takeBuffer(lent.length), before, 'it is in use')
    queue.send(new FakeTransport(), 3)
    assert.equal(takeBuffer(lent.length), before)
    giveBuffer(before)
    queue.addCopy(lent)
    queue.drop()
    assert.equal(takeBuffer(lent.length), before)
  })

  it('fills the buffer of a copy before it takes another, at whatever size', () => {
    for (const sizeBytes of [1, 1000, 1024, 5000, 65_536, 70_000, 300_000]) {
      const queue = new SendQueue()
      const [sent, expected]: [Buffer[], Buffer[]] = [[], []]
      for (let i = 0; i < 20; i++) {
        const bytes = Buffer.alloc(sizeBytes + i, 65 + i)
        queue.addCopy(bytes)
        expected.push(Buffer.from(bytes))
        bytes.fill(0)
      }
      const transport = new FakeTransport()
      transport.send = (_fd, bytes, size) => {
        const n = Math.min(size, 50_001)
        sent.push(Buffer.from(bytes.subarray(0, n)))
        return n
      }
      while (!queue.isEmpty) queue.send(transport, 3)
      assert.ok(Buffer.concat(sent).equals(Buffer.concat(expected)), `${sizeBytes} bytes`)
    }
  })

  it('sends bytes and pieces of files in order, and says that more follows', () => {
    const queue = new SendQueue()
    const a = file()
    queue.addBytes(Buffer.from('head'))
    queue.addFile(a.file, 10, 5)
    queue.addBytes(Buffer.from('tail'))
    assert.equal(a.users(), 2)
    assert.equal(queue.memoryBytes, 8)
    const transport = new FakeTransport()
    assert.equal(queue.send(transport, 0), 13)
    assert.deepEqual(transport.taken, ['head', 'file 10+5', 'tail'])
    assert.deepEqual(transport.flags, [MSG_MORE, 0])
    assert.equal(a.users(), 1)
    assert.deepEqual([queue.isEmpty, queue.memoryBytes], [true, 0])
  })

  it('stops where the socket takes less, and goes on there', () => {
    const queue = new SendQueue()
    const a = file()
    queue.addBytes(Buffer.from('abcdef'))
    queue.addFile(a.file, 0, 100)
    const transport = new FakeTransport([2, 4, 30, -EAGAIN, -EINTR, 70])
    assert.equal(queue.send(transport, 0), 2)
    assert.equal(queue.memoryBytes, 4)
    assert.equal(queue.send(transport, 0), 34)
    assert.equal(queue.send(transport, 0), 0)
    assert.equal(queue.send(transport, 0), 0)
    assert.equal(a.users(), 2)
    assert.equal(queue.send(transport, 0), 70)
    assert.deepEqual(transport.taken, ['ab', 'cdef', 'file 0+30', 'file 30+70'])
    assert.equal(a.users(), 1)
  })

  it('counts what was sent before the socket was full or a signal came', () => {
    for (const nothing of [-EAGAIN, -EINTR]) {
      const queue = new SendQueue()
      queue.addBytes(Buffer.from('abc'))
      queue.addBytes(Buffer.from('def'))
      assert.equal(queue.send(new FakeTransport([3, nothing]), 0), 3)
      assert.equal(queue.memoryBytes, 3)
    }
  })

  it('sends one share of two megabytes at a time', () => {
    const queue = new SendQueue()
    const a = file()
    queue.addBytes(Buffer.alloc(MEGABYTE))
    queue.addFile(a.file, 0, 5 * MEGABYTE)
    const transport = new FakeTransport()
    const shares = [1, 2, 3].map(() => queue.send(transport, 0) / MEGABYTE)
    assert.deepEqual(shares, [2, 2, 2])
    assert.ok(queue.isEmpty)
  })

  it('sends a smaller share when it is told so, and does not promise more behind it', () => {
    const queue = new SendQueue()
    const a = file()
    queue.addBytes(Buffer.from('head'))
    queue.addFile(a.file, 0, 10)
    queue.addBytes(Buffer.from('tail'))
    const transport = new FakeTransport()
    const shares = [4, 3, 8, 100].map(most => queue.send(transport, 0, most))
    assert.deepEqual(shares, [4, 3, 8, 3])
    assert.deepEqual(transport.taken, ['head', 'file 0+3', 'file 3+7', 't', 'ail'])
    assert.deepEqual(transport.flags, [0, 0, 0])
  })

  it('reads files that are not to be sent by the kernel, and reads again what was not taken', () => {
    const queue = new SendQueue()
    const read = fileOf('0123456789'.repeat(10_000))
    queue.addBytes(Buffer.from('head'))
    queue.addFile(read, 3, 90_000)
    read.release()
    const transport = new FakeTransport([4, 5, -EAGAIN])
    assert.equal(queue.send(transport, 0, MEGABYTE, true), 9)
    assert.equal(queue.send(transport, 0, MEGABYTE, true), 0)
    assert.equal(queue.send(transport, 0, MEGABYTE, true), 89_995)
    assert.deepEqual(transport.taken, ['head', '34567', '89012345678901234567', '45678901234567890123'])
    // More follows the head and each piece but the last.
    assert.deepEqual(transport.flags, [MSG_MORE, MSG_MORE, MSG_MORE, MSG_MORE, 0])
    assert.equal(queue.isEmpty, true)
    assert.equal(read.read(1), -EBADF, 'it is released')
  })

  describe('by the strict rules of readiness', () => {
    it('makes one call, in which small pieces leave together', () => {
      const queue = new SendQueue()
      const read = fileOf('0123456789')
      queue.addBytes(Buffer.from('head'))
      queue.addFile(read, 3, 7)
      queue.addBytes(Buffer.from('tail'))
      read.release()
      const transport = new FakeTransport([6], true)
      assert.equal(queue.send(transport, 0), 6)
      assert.equal(queue.memoryBytes, 4)
      assert.equal(queue.send(transport, 0), 9)
      assert.deepEqual(transport.taken, ['head34', '56789tail'])
      assert.deepEqual(transport.flags, [0, 0])
      assert.equal(queue.isEmpty, true)
      assert.equal(read.read(1), -EBADF, 'it is released')
    })

    it('sends what is large by itself, and says before it that more follows', () => {
      const queue = new SendQueue()
      const a = file()
      queue.addBytes(Buffer.from('head'))
      queue.addFile(a.file, 0, MEGABYTE)
      queue.addBytes(Buffer.alloc(MEGABYTE, 'x'))
      queue.addBytes(Buffer.from('tail'))
      const transport = new FakeTransport([], true)
      const shares = [1, 2, 3, 4].map(() => queue.send(transport, 0))
      assert.deepEqual(shares, [4, MEGABYTE, MEGABYTE, 4])
      assert.deepEqual(transport.taken, ['head', `file 0+${MEGABYTE}`, 'x'.repeat(20), 'tail'])
      assert.deepEqual(transport.flags, [MSG_MORE, MSG_MORE, 0])
      assert.equal(a.users(), 1)
    })

    it('keeps to a smaller share', () => {
      const queue = new SendQueue()
      queue.addBytes(Buffer.from('head'))
      queue.addBytes(Buffer.from('tail'))
      const transport = new FakeTransport([], true)
      assert.deepEqual([queue.send(transport, 0, 6), queue.send(transport, 0, 6)], [6, 2])
      assert.deepEqual(transport.flags, [0, 0])
    })

    it('sends a large file in whatever small shares it is told', () => {
      const queue = new SendQueue()
      const a = file()
      queue.addBytes(Buffer.from('head'))
      queue.addFile(a.file, 0, MEGABYTE)
      const transport = new FakeTransport([], true)
      const shares = [1, 2, 3].map(() => queue.send(transport, 0, 1000))
      assert.deepEqual(shares, [4, 1000, 1000])
      assert.deepEqual(transport.taken, ['head', 'file 0+1000', 'file 1000+1000'])
      assert.deepEqual(transport.flags, [MSG_MORE])
      queue.drop()
    })

    it('does nothing that the poller has not announced', () => {
      const queue = new SendQueue()
      queue.addBytes(Buffer.from('head'))
      const transport = new FakeTransport([NOT_TOLD], true)
      assert.equal(queue.send(transport, 0), 0)
      assert.deepEqual(transport.flags, [])
      assert.equal(queue.memoryBytes, 4)
    })

    it('ends with any errno, also one that says to try again', () => {
      for (const errno of [EAGAIN, EINTR, EPIPE]) {
        const queue = new SendQueue()
        queue.addBytes(Buffer.from('head'))
        assert.equal(queue.send(new FakeTransport([-errno], true), 0), -errno)
      }
    })

    it('sends what a file has left when it became shorter, and tells so next time', () => {
      const queue = new SendQueue()
      const read = fileOf('0123456789')
      queue.addFile(read, 5, 10)
      read.release()
      const transport = new FakeTransport([], true)
      assert.equal(queue.send(transport, 0), 5)
      assert.equal(queue.send(transport, 0), FILE_SHRANK)
      queue.drop()
    })
  })

  it('reports what ends the connection', () => {
    for (const failure of [-EPIPE, -ENOMEM]) {
      const queue = new SendQueue()
      queue.addBytes(Buffer.from('x'))
      assert.equal(queue.send(new FakeTransport([failure]), 0), failure)
    }
  })

  it('reports a file that ends too early', () => {
    const queue = new SendQueue()
    const a = file()
    queue.addFile(a.file, 0, 100)
    const transport = new FakeTransport([40, 0])
    assert.equal(queue.send(transport, 0), 40)
    assert.equal(queue.send(transport, 0), FILE_SHRANK)
    queue.drop()
    assert.equal(a.users(), 1)
  })

  it('takes nothing that is empty', () => {
    const queue = new SendQueue()
    const a = file()
    queue.addBytes(Buffer.alloc(0))
    queue.addFile(a.file, 3, 0)
    assert.equal(queue.isEmpty, true)
    assert.equal(a.users(), 1)
    assert.equal(queue.send(new FakeTransport(), 0), 0)
  })

  it('gives everything back when it is dropped', () => {
    const queue = new SendQueue()
    const [a, b] = [file(), file()]
    queue.addFile(a.file, 0, 1)
    queue.addBytes(Buffer.from('x'))
    queue.addFile(b.file, 0, 1)
    queue.drop()
    assert.deepEqual([a.users(), b.users(), queue.memoryBytes, queue.isEmpty], [1, 1, 0, true])
  })
})
