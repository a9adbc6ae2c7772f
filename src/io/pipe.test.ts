/** Every case runs with each poller; the other ends of the pipes are the test's. */

import assert from 'node:assert/strict'
import { openSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Descriptors, drain, fill, openDescriptors } from '../../test/descriptors.ts'
import { nameOf, type Way, waysOf } from '../../test/pollers.ts'
import { EAGAIN, EBADF, EINTR, EINVAL, EIO, EPIPE } from '../errno.ts'
import { Loop } from '../loop/loop.ts'
import { TRACE_RECEIVE, TRACE_SEND } from '../loop/trace.ts'
import { F_GETFD } from '../sys/constants.ts'
import * as libc from '../sys/libc.ts'
import { scripted } from '../sys/scripted.ts'
import { OpenFile } from './file.ts'
import { PipeReader, type PipeSink, type PipeSource, PipeWriter } from './pipe.ts'

const MEGABYTE = 1024 * 1024

class Recorder implements PipeSink, PipeSource {
  readonly events: string[] = []
  bytes = ''
  onEach: () => void = () => {}

  onBytes(bytes: Buffer): void {
    this.bytes += bytes.toString('latin1')
    this.onEach()
  }

  onEnd(errno: number): void {
    this.events.push(`end ${errno}`)
  }

  onDrained(): void {
    this.events.push('drained')
    this.onEach()
  }

  onBroken(errno: number): void {
    this.events.push(`broken ${errno}`)
  }

  onFailure(error: unknown): void {
    this.events.push(`failure ${(error as Error).message}`)
  }
}

class Bench {
  readonly fds = new Descriptors()
  readonly loop: Loop
  readonly heard = new Recorder()

  constructor({ poller, strictReadiness: isStrict }: Way) {
    this.loop = new Loop({ poller, ...(isStrict ? { readiness: { isStrict } } : {}) })
  }

  reader(): { reader: PipeReader; far: libc.Fd } {
    const [near, far] = this.fds.pipe()
    return { reader: new PipeReader(this.fds.disown(near), this.loop, this.heard), far }
  }

  writer(): { writer: PipeWriter; far: libc.Fd } {
    const [far, near] = this.fds.pipe()
    return { writer: new PipeWriter(this.fds.disown(near), this.loop, this.heard), far }
  }

  turn(): number {
    return this.loop.iterate(0)
  }

  [Symbol.dispose](): void {
    this.loop.close()
    this.fds[Symbol.dispose]()
  }
}

const FREELY = waysOf([])
const STRICTLY = waysOf().filter(({ strictReadiness }) => strictReadiness)

/** @param ways where it is not the same by the strict rules of readiness */
function each(name: string, test: (bench: Bench) => void, ways = waysOf()): void {
  for (const way of ways) {
    it(`${name} (${nameOf(way)})`, () => {
      const before = openDescriptors()
      {
        using bench = new Bench(way)
        test(bench)
      }
      assert.equal(openDescriptors(), before, 'no descriptor is left')
    })
  }
}

function isOpen(fd: libc.Fd): boolean {
  return libc.fcntl(fd, F_GETFD) !== -EBADF
}

describe('a reader', () => {
  each('gives what comes, then the end', bench => {
    const { reader, far } = bench.reader()
    bench.turn()
    libc.write(far, Buffer.from('one'))
    bench.turn()
    libc.write(far, Buffer.from('two'))
    bench.turn()
    assert.equal(bench.heard.bytes, 'onetwo')
    bench.fds.close(far)
    bench.turn()
    bench.turn()
    assert.deepEqual(bench.heard.events, ['end 0'])
    assert.ok(reader.isClosed)
    assert.ok(!isOpen(reader.fd))
  })

  each('reads once in an iteration, and a share', bench => {
    using system = scripted()
    const { reader, far } = bench.reader()
    const written = fill(far)
    bench.turn()
    assert.equal(system.calls.read, 1)
    assert.ok(bench.heard.bytes.length <= written)
    reader.close()
  })

  each('leaves in the pipe what comes while it is paused, the end too', bench => {
    const { reader, far } = bench.reader()
    reader.pause()
    libc.write(far, Buffer.from('later'))
    bench.fds.close(far)
    for (let i = 0; i < 3; i++) assert.equal(bench.turn(), 0, 'nobody is woken')
    assert.equal(bench.heard.bytes, '')
    reader.resume()
    bench.turn()
    bench.turn()
    assert.equal(bench.heard.bytes, 'later')
    assert.deepEqual(bench.heard.events, ['end 0'])
    reader.pause()
    reader.resume()
    bench.turn()
  })

  each(
    'tells nothing of what is no news, and the errno of what is',
    bench => {
      using _system = scripted({ read: [-EAGAIN, -EINTR, -EIO] })
      const { far } = bench.reader()
      libc.write(far, Buffer.from('x'))
      bench.turn()
      bench.turn()
      assert.deepEqual(bench.heard.events, [])
      bench.turn()
      assert.deepEqual(bench.heard.events, [`end ${EIO}`])
    },
    FREELY,
  )

  each(
    'takes any errno for the end, by the strict rules',
    bench => {
      for (const errno of [EAGAIN, EINTR, EIO]) {
        using _system = scripted({ read: [-errno] })
        const { far } = bench.reader()
        libc.write(far, Buffer.from('x'))
        bench.turn()
        assert.equal(bench.heard.events.pop(), `end ${errno}`)
      }
    },
    STRICTLY,
  )

  each('is closed by whoever hears it, and hears no more', bench => {
    const { reader, far } = bench.reader()
    bench.heard.onEach = () => reader.close()
    libc.write(far, Buffer.from('x'))
    bench.turn()
    bench.turn()
    reader.close()
    assert.deepEqual(bench.heard.events, [])
    assert.equal(libc.write(far, Buffer.from('x')), -EPIPE)
  })

  each('is closed by a mistake of whoever hears it', bench => {
    const { reader, far } = bench.reader()
    bench.heard.onEach = () => {
      throw new Error('ours')
    }
    libc.write(far, Buffer.from('x'))
    bench.turn()
    assert.deepEqual(bench.heard.events, ['failure ours'])
    assert.ok(reader.isClosed)
  })
})

describe('a writer', () => {
  each(
    'writes at once, and is watched for nothing then',
    bench => {
      const { writer, far } = bench.writer()
      writer.write(Buffer.from('at once'))
      assert.equal(drain(far), 7)
      assert.equal(bench.turn(), 0)
      assert.deepEqual(bench.heard.events, [])
      writer.end()
      assert.ok(writer.isClosed)
      bench.turn()
      assert.equal(libc.read(far, Buffer.alloc(1)), 0)
    },
    FREELY,
  )

  each('keeps a copy of what the pipe does not take, and tells when all is written', bench => {
    const { writer, far } = bench.writer()
    const lent = Buffer.alloc(MEGABYTE, 'a')
    writer.write(lent)
    lent.fill('b')
    assert.ok(writer.isCongested)
    const seen = readAll(bench, far, () => bench.heard.events.length > 0)
    assert.equal(seen, 'a'.repeat(MEGABYTE))
    assert.deepEqual(bench.heard.events, ['drained'])
    assert.ok(!writer.isCongested)
    assert.equal(bench.turn(), 0, 'nobody is woken')
    writer.close()
  })

  each('keeps the order of bytes and of files', bench => {
    const { writer, far } = bench.writer()
    const file = fileOf('F'.repeat(300_000))
    writer.write(Buffer.from('<'))
    writer.writeFile(file, 100_000, 200_000)
    writer.write(Buffer.from('>'))
    writer.end()
    file.release()
    assert.ok(!writer.isClosed)
    writer.write(Buffer.from('too late'))
    const seen = readAll(bench, far, () => writer.isClosed)
    assert.equal(seen, `<${'F'.repeat(200_000)}>`)
    assert.deepEqual(bench.heard.events, [], 'who has ended is told no more')
  })

  each(
    'reads files itself where sendfile(2) cannot reach a pipe',
    bench => {
      using system = scripted({ sendfile: [-EINVAL] })
      const { writer, far } = bench.writer()
      const file = fileOf('F'.repeat(300_000))
      writer.writeFile(file, 0, 300_000)
      file.release()
      writer.end()
      assert.equal(
        readAll(bench, far, () => writer.isClosed),
        'F'.repeat(300_000),
      )
      assert.equal(system.calls.sendfile, 1)
    },
    FREELY,
  )

  each('is broken by a file that is shorter than was said', bench => {
    const { writer, far } = bench.writer()
    const file = fileOf('F'.repeat(1000))
    truncateSync(path, 500)
    writer.writeFile(file, 0, 1000)
    file.release()
    readAll(bench, far, () => writer.isClosed)
    assert.deepEqual(bench.heard.events, [`broken ${EIO}`])
  })

  each('is broken when nobody will read, while it waits or while it writes', bench => {
    const waiting = bench.writer()
    waiting.writer.write(Buffer.alloc(MEGABYTE))
    bench.fds.close(waiting.far)
    bench.turn()
    assert.deepEqual(bench.heard.events, [`broken ${EPIPE}`])
    const writing = bench.writer()
    bench.fds.close(writing.far)
    writing.writer.write(Buffer.from('x'))
    bench.turn()
    assert.deepEqual(bench.heard.events, [`broken ${EPIPE}`, `broken ${EPIPE}`])
    writing.writer.write(Buffer.from('x'))
    writing.writer.end()
    bench.turn()
    assert.equal(bench.heard.events.length, 2)
  })

  each(
    'waits when the system is interrupted or full',
    bench => {
      using _system = scripted({ write: [-EINTR, -EAGAIN, 1] })
      const { writer } = bench.writer()
      writer.write(Buffer.from('x'))
      assert.deepEqual(bench.heard.events, [])
      bench.turn()
      assert.deepEqual(bench.heard.events, [])
      bench.turn()
      assert.deepEqual(bench.heard.events, ['drained'])
      writer.close()
    },
    FREELY,
  )

  each(
    'writes nothing before it is told that it may, and takes any errno for the end, by the strict rules',
    bench => {
      const { writer, far } = bench.writer()
      const file = fileOf('file')
      writer.write(Buffer.from('bytes and a '))
      writer.writeFile(file, 0, 4)
      file.release()
      assert.equal(drain(far), 0)
      bench.turn()
      assert.equal(drain(far), 16)
      assert.deepEqual(bench.heard.events, ['drained'])
      using _system = scripted({ write: [-EAGAIN] })
      writer.write(Buffer.from('x'))
      bench.turn()
      assert.deepEqual(bench.heard.events, ['drained', `broken ${EAGAIN}`])
    },
    STRICTLY,
  )

  each('gives back what was queued when it is closed', bench => {
    const { writer, far } = bench.writer()
    const file = fileOf('F'.repeat(MEGABYTE))
    writer.write(Buffer.alloc(MEGABYTE))
    writer.writeFile(file, 0, MEGABYTE)
    file.release()
    writer.close()
    bench.turn()
    assert.ok(!isOpen(writer.fd))
    drain(far)
    assert.deepEqual(bench.heard.events, [])
  })
})

describe('the trace', () => {
  each('has what was read and written', bench => {
    const { loop } = bench
    loop.trace.on = true
    const { reader, far } = bench.reader()
    libc.write(far, Buffer.from('abc'))
    const { writer } = bench.writer()
    writer.write(Buffer.from('abcd'))
    bench.turn()
    const seen: [number, number, number][] = []
    loop.trace.since(0, (kind, fd, n) => seen.push([kind, fd, n]))
    assert.ok(seen.some(([kind, fd, n]) => kind === TRACE_RECEIVE && fd === reader.fd && n === 3))
    assert.ok(seen.some(([kind, fd, n]) => kind === TRACE_SEND && fd === writer.fd && n === 4))
    reader.close()
    writer.close()
  })
})

const path = join(tmpdir(), `veille-pipe-${process.pid}`)
after(() => rmSync(path, { force: true }))

function fileOf(content: string): OpenFile {
  writeFileSync(path, content)
  return new OpenFile(openSync(path, 'r'))
}

/** Reads the other end between iterations until `isDone`, and what is left then. */
function readAll(bench: Bench, far: libc.Fd, isDone: () => boolean): string {
  const buffer = Buffer.alloc(16 * 1024)
  let seen = ''
  for (let done = false; ; ) {
    const n = libc.read(far, buffer)
    if (n > 0) seen += buffer.toString('latin1', 0, n)
    if (n <= 0 && done) return seen
    if (n <= 0) bench.turn()
    done = isDone()
  }
}
