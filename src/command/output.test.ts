import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { type OutputStream, outputTo } from './output.ts'

class Stream implements OutputStream {
  writableLength = 0
  written = ''
  /** What becomes of the next writes. */
  failure: string | null = null
  private onError: (error: NodeJS.ErrnoException) => void = () => {}

  write(text: string): boolean {
    if (this.failure === null) this.written += text
    else this.onError(Object.assign(new Error(this.failure), { code: this.failure }))
    return true
  }

  on(_event: 'error', listener: (error: NodeJS.ErrnoException) => void): void {
    this.onError = listener
  }
}

describe('output', () => {
  let stream = new Stream()
  beforeEach(() => {
    stream = new Stream()
  })

  it('is written', () => {
    outputTo(stream).write('a\n')
    assert.equal(stream.written, 'a\n')
  })

  it('is given up when the reader has gone', () => {
    const output = outputTo(stream)
    stream.failure = 'EPIPE'
    output.write('a\n')
    stream.failure = null
    output.write('b\n')
    assert.equal(stream.written, '')
  })

  it('goes on when a full disk has room again', () => {
    const output = outputTo(stream)
    stream.failure = 'ENOSPC'
    output.write('a\n')
    stream.failure = null
    output.write('b\n')
    assert.equal(stream.written, 'b\n')
  })

  it('is dropped while the reader is far behind, and counted', () => {
    const lost: number[] = []
    const output = outputTo(stream, count => lost.push(count))
    stream.writableLength = 2 ** 21
    output.write('a\nb\n')
    output.write('c\n')
    stream.writableLength = 0
    output.write('d\n')
    output.write('e\n')
    assert.equal(stream.written, 'd\ne\n')
    assert.deepEqual(lost, [3])
  })
})
