/** Every case runs with each poller. Time is the test's: nobody sleeps until a deadline. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Descriptors, drain, type FakeClock, fakeClock, fill, POLLERS } from '../../test/descriptors.ts'
import { type Random, randomFrom } from '../../test/pieces.ts'
import { EAGAIN, EBADF, ECONNRESET, EINTR, EPIPE } from '../errno.ts'
import { Loop } from '../loop/loop.ts'
import { NOTHING, type PollerName, READABLE, WRITABLE } from '../loop/poller.ts'
import { TRACE_RECEIVE, TRACE_SEND, TRACE_STATE } from '../loop/trace.ts'
import {
  F_GETFD,
  F_SETFL,
  IOVEC_BYTES,
  MSG_MORE,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  SHUT_WR,
} from '../sys/constants.ts'
import * as libc from '../sys/libc.ts'
import { type Answer, scripted } from '../sys/scripted.ts'
import { unixAddress } from './address.ts'
import { takeBuffer } from './buffers.ts'
import {
  BLOCKED,
  Connection,
  DEFAULT_CONNECTION_LIMITS,
  DRAINING,
  type Driver,
  ENDED,
  type Failure,
  FLOWING,
  interestOf,
  PAUSED,
  READING,
  SHUT,
} from './connection.ts'
import { OpenFile } from './file.ts'
import { Outbox } from './outbox.ts'
import { plain } from './transport.ts'

const limits = DEFAULT_CONNECTION_LIMITS
const CLOSED = 'closed'

/** Understands everything unless told otherwise, and notes what happens. */
class Recorder implements Driver {
  readonly events: string[] = []
  input = ''
  failure: Failure | undefined
  /** What to do with input; @returns how many bytes of `text` are understood. */
  take: (text: string) => number = text => text.length
  drained: () => void = () => {}
  closed: () => void = () => {}

  onInput(bytes: Buffer, start: number, end: number): number {
    const text = bytes.toString('latin1', start, end)
    const understood = this.take(text)
    this.input += text.slice(0, understood)
    this.events.push(`input ${text}`)
    return start + understood
  }

  onInputEnd(): void {
    this.events.push('end')
  }

  onDrained(): void {
    this.events.push('drained')
    this.drained()
  }

  onReadDeadline(): void {
    this.events.push('deadline')
  }

  onClosed(failure: Failure): void {
    this.events.push(CLOSED)
    this.failure = failure
    this.closed()
  }

  get isClosed(): boolean {
    return this.events.includes(CLOSED)
  }
}

interface Client {
  readonly fd: libc.Fd
  readonly connection: Connection
  readonly driver: Recorder
}

/** A loop, and connections whose other ends the test holds. */
class Bench {
  readonly fds = new Descriptors()
  readonly clock: FakeClock = fakeClock()
  readonly loop: Loop
  readonly outbox = new Outbox()
  private readonly directory = mkdtempSync(join(tmpdir(), 'veille-connection-'))

  constructor(poller: PollerName) {
    this.loop = new Loop({ poller, clock: this.clock })
    this.loop.flush = () => this.outbox.flush()
  }

  connect(kind: 'pair' | 'tcpPair' = 'pair'): Client {
    const [near, far] = this.fds[kind]()
    libc.fcntl(near, F_SETFL, O_RDWR | O_NONBLOCK)
    const { loop, outbox } = this
    const connection = new Connection(this.fds.disown(far), unixAddress(''), {
      loop,
      outbox,
      transport: plain,
      limits,
    })
    const driver = new Recorder()
    connection.driver = driver
    return { fd: near, connection, driver }
  }

  /** The loop looks, and does not sleep. */
  turn(times = 1): void {
    for (let i = 0; i < times; i++) this.loop.iterate(0)
  }

  /** TCP may take a moment, even on one machine. */
  until(condition: () => boolean): void {
    for (let i = 0; i < 1000 && !condition(); i++) this.loop.iterate(5)
    assert.ok(condition(), 'what was waited for has come')
  }

  pass(ms: number): void {
    this.clock.now += ms
    this.turn()
  }

  file(content: string | Buffer): { path: string; file: OpenFile } {
    const path = join(this.directory, String(Math.random()))
    writeFileSync(path, content)
    return { path, file: new OpenFile(libc.open(path, O_RDONLY)) }
  }

  [Symbol.dispose](): void {
    this.loop.close()
    this.fds[Symbol.dispose]()
    rmSync(this.directory, { recursive: true })
  }
}

function send(client: Client, text: string): void {
  assert.equal(libc.write(client.fd, Buffer.from(text, 'latin1')), text.length)
}

/** What has come until now. */
function received(client: Client): string {
  const bytes = Buffer.alloc(1024 * 1024)
  let text = ''
  for (;;) {
    const n = libc.read(client.fd, bytes)
    if (n <= 0) return text
    text += bytes.toString('latin1', 0, n)
  }
}

/** @returns 0 when our side has closed, `-EAGAIN` while it has not */
function readOne(client: Client): number {
  return libc.read(client.fd, Buffer.alloc(1))
}

function isOpen(fd: libc.Fd): boolean {
  return libc.fcntl(fd, F_GETFD) !== -EBADF
}

describe('the interest of a connection', () => {
  const expected = [
    [READING, FLOWING, READABLE],
    [READING, BLOCKED, READABLE | WRITABLE],
    [READING, SHUT, READABLE],
    [PAUSED, FLOWING, NOTHING],
    [PAUSED, BLOCKED, WRITABLE],
    [PAUSED, SHUT, NOTHING],
    [DRAINING, FLOWING, READABLE],
    [DRAINING, BLOCKED, READABLE | WRITABLE],
    [DRAINING, SHUT, READABLE],
    [ENDED, FLOWING, NOTHING],
    [ENDED, BLOCKED, WRITABLE],
    [ENDED, SHUT, NOTHING],
  ] as const
  it('follows from its two half states', () => {
    for (const [reading, writing, interest] of expected) assert.equal(interestOf(reading, writing), interest)
  })
})

for (const poller of POLLERS) {
  describe(`a connection's input (${poller})`, () => {
    it('is given once, as it comes', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      send(client, 'one')
      bench.turn(3)
      send(client, 'two')
      bench.turn(3)
      assert.deepEqual(client.driver.events, ['input one', 'input two'])
      assert.equal(client.connection.receivedBytes, 6)
      assert.equal(client.connection.hasRest, false)
    })

    it('comes again with more while it is not understood', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.driver.take = text => text.lastIndexOf('.') + 1
      for (const piece of ['a', 'b.c', 'd', '.', 'e']) {
        send(client, piece)
        bench.turn()
      }
      assert.deepEqual(client.driver.events, ['input a', 'input ab.c', 'input cd', 'input cd.', 'input e'])
      assert.equal(client.driver.input, 'ab.cd.')
      assert.equal(client.connection.hasRest, true)
      send(client, '.')
      bench.turn()
      assert.equal(client.connection.hasRest, false)
    })

    it('is kept whole, however large and in whatever pieces it comes', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      const random = randomFrom(3)
      client.driver.take = text =>
        text.endsWith('!') ? text.length : random(4) === 0 ? Math.min(random(50), text.length) : 0
      let sent = ''
      while (sent.length < 200_000) {
        const piece = String.fromCharCode(97 + random(26)).repeat(1 + random(5000))
        sent += piece
        send(client, piece)
        bench.turn()
      }
      send(client, '!')
      bench.turn(3)
      assert.equal(client.driver.input, `${sent}!`)
      assert.equal(client.connection.receivedBytes, sent.length + 1)
    })

    it('holds no buffer while nothing is left of it', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.driver.take = text => (text.length < 2000 ? 0 : text.length)
      send(client, 'x'.repeat(1500))
      bench.turn()
      const { bytes } = (client.connection as unknown as { rest: { bytes: Buffer } }).rest
      send(client, 'x'.repeat(1500))
      bench.turn()
      assert.equal(client.connection.hasRest, false)
      assert.equal(takeBuffer(bytes.length), bytes, 'it is back in the free list')
    })

    it('stays in the kernel while the driver is behind', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.pause()
      send(client, 'x')
      using system = scripted()
      bench.turn(3)
      assert.equal(system.calls.recv, 0)
      assert.deepEqual(client.driver.events, [])
      client.connection.resume()
      bench.turn()
      assert.deepEqual(client.driver.events, ['input x'])
    })

    it('that was left comes before the one that waits', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.driver.take = () => {
        client.connection.pause()
        return 1
      }
      send(client, 'abc')
      bench.turn(3)
      send(client, 'def')
      for (let i = 0; i < 5; i++) {
        client.connection.resume()
        bench.turn(2)
      }
      assert.equal(client.driver.input, 'abcdef')
    })

    it('is not overtaken by its end', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.driver.take = () => {
        client.connection.pause()
        return 1
      }
      send(client, 'abc')
      libc.shutdown(client.fd, SHUT_WR)
      bench.turn(3)
      for (let i = 0; i < 3; i++) {
        assert.ok(!client.driver.events.includes('end'))
        client.connection.resume()
        bench.turn(3)
      }
      assert.deepEqual(client.driver.events, ['input abc', 'input bc', 'input c', 'end'])
    })

    it('ends once, and answers still leave', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      send(client, 'x')
      libc.shutdown(client.fd, SHUT_WR)
      bench.turn(4)
      assert.deepEqual(client.driver.events, ['input x', 'end'])
      assert.equal(client.connection.reading, ENDED)
      client.connection.writeText('answer')
      bench.turn()
      client.connection.finish(true)
      bench.turn()
      assert.equal(received(client), 'answer')
      assert.equal(readOne(client), 0)
      assert.equal(client.driver.failure, null)
    })

    it('that ends with a rest is told after it', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.driver.take = () => 0
      send(client, 'half')
      libc.shutdown(client.fd, SHUT_WR)
      bench.turn(4)
      assert.deepEqual(client.driver.events, ['input half', 'end'])
    })

    it('may be a false hope: EAGAIN and EINTR mean nothing', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      send(client, 'x')
      using _system = scripted({ recv: [-EAGAIN, -EINTR] })
      bench.turn(2)
      assert.deepEqual(client.driver.events, [])
      bench.turn()
      assert.deepEqual(client.driver.events, ['input x'])
    })

    it('that is reset ends the connection with ECONNRESET', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      send(client, 'x')
      using _system = scripted({ recv: [-ECONNRESET] })
      bench.turn()
      assert.deepEqual(client.driver.events, [CLOSED])
      assert.deepEqual(client.driver.failure, { errno: ECONNRESET })
      assert.equal(isOpen(client.connection.fd), false)
    })
  })

  describe(`a connection's output (${poller})`, () => {
    it('is collected and leaves in one send', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      using system = scripted()
      client.connection.writeText('head ')
      client.connection.write(Buffer.from('and '))
      client.connection.writeText('tail')
      bench.turn()
      assert.equal(received(client), 'head and tail')
      assert.equal(system.calls.send, 1)
      assert.equal(client.connection.sentBytes, 13)
    })

    it('of a small exchange costs one recv and one send', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.driver.take = text => {
        client.connection.writeText('answer')
        return text.length
      }
      send(client, 'question')
      using system = scripted()
      bench.turn()
      const { recv, send: sends, writev, epoll_ctl, ioctl, setsockopt } = system.calls
      assert.deepEqual([recv, sends, writev, ioctl, setsockopt], [1, 1, 0, 0, 0])
      assert.ok(epoll_ctl <= 1, 'at most the first watch')
    })

    it('of several connections goes to each of them', () => {
      using bench = new Bench(poller)
      const [a, b] = [bench.connect(), bench.connect()]
      for (const text of ['1', '2']) {
        a.connection.writeText(`a${text}`)
        b.connection.writeText(`b${text}`)
      }
      bench.turn()
      assert.deepEqual([received(a), received(b)], ['a1a2', 'b1b2'])
    })

    it('leaves at once when it is flushed', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.writeText('100')
      client.connection.flush()
      assert.equal(received(client), '100')
    })

    it('larger than the outbox arrives whole', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      const text = 'text'.repeat(50_000)
      client.connection.writeText('a')
      client.connection.writeText(text)
      client.connection.writeText('z')
      let got = ''
      bench.until(() => {
        got += received(client)
        return got.length === text.length + 2
      })
      assert.equal(got, `a${text}z`)
    })

    it('arrives whole and in order, however little the socket takes at a time', () => {
      for (let seed = 1; seed <= 12; seed++) sendsEverything(poller, seed)
    })

    it('that the peer does not take makes a producer wait above the high-water mark', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      fill(client.connection.fd)
      client.connection.write(Buffer.alloc(256 * 1024, 'a'))
      assert.equal(client.connection.isFlowing, false)
      assert.equal(client.connection.isCongested, false)
      client.connection.write(Buffer.from('b'))
      assert.equal(client.connection.isCongested, true)
      bench.turn(2)
      assert.deepEqual(client.driver.events, [])
      bench.until(() => {
        drain(client.fd)
        return client.driver.events.length > 0
      })
      assert.deepEqual(client.driver.events, ['drained'])
      assert.equal(client.connection.isCongested, false)
      assert.equal(client.connection.isFlowing, true)
    })

    it('goes on from onDrained', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      let left = 20
      const produce = (): void => {
        while (left > 0 && !client.connection.isCongested) {
          left--
          client.connection.write(Buffer.alloc(100 * 1024, 'p'))
        }
        if (left === 0) client.connection.finish(false)
      }
      client.driver.drained = produce
      produce()
      let got = 0
      bench.until(() => {
        got += drain(client.fd)
        return client.driver.isClosed
      })
      assert.equal(got + drain(client.fd), 20 * 100 * 1024)
    })

    for (const errno of [EPIPE, ECONNRESET]) {
      it(`that fails ends the connection (${errno})`, () => {
        using bench = new Bench(poller)
        const [client, other] = [bench.connect(), bench.connect()]
        using _system = scripted({ send: [-errno] })
        client.connection.writeText('lost')
        other.connection.writeText('arrives')
        client.connection.writeText('lost too')
        bench.turn(2)
        assert.deepEqual(client.driver.events, [CLOSED])
        assert.deepEqual(client.driver.failure, { errno })
        assert.deepEqual([received(client), received(other)], ['', 'arrives'])
      })

      it(`in two buffers that fails ends the connection (${errno})`, () => {
        using bench = new Bench(poller)
        const client = bench.connect()
        using _system = scripted({ writev: [-errno] })
        client.connection.writeText('head')
        client.connection.write(Buffer.alloc(10_000))
        client.connection.writeText('tail')
        bench.turn(2)
        assert.deepEqual(client.driver.events, [CLOSED])
        assert.equal(received(client), '')
      })
    }

    it('goes to the right connection when a failed send makes somebody else write', () => {
      using bench = new Bench(poller)
      const [lost, told, writer] = [bench.connect(), bench.connect(), bench.connect()]
      lost.driver.closed = () => told.connection.writeText('somebody has gone')
      using _system = scripted({ send: [-EPIPE] })
      lost.connection.writeText('never arrives')
      writer.connection.writeText('mine')
      bench.turn(2)
      assert.deepEqual([received(lost), received(told), received(writer)], ['', 'somebody has gone', 'mine'])
    })

    it('keeps its order when a failed send makes the same connection write', () => {
      using bench = new Bench(poller)
      const [lost, writer] = [bench.connect(), bench.connect()]
      lost.driver.closed = () => writer.connection.writeText('first ')
      using _system = scripted({ send: [-EPIPE] })
      lost.connection.writeText('never arrives')
      writer.connection.write(Buffer.alloc(10_000, 'x'))
      bench.turn(2)
      assert.equal(received(writer), `first ${'x'.repeat(10_000)}`)
    })

    it('of a file follows the head, and releases the file', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      const { file } = bench.file('0123456789')
      client.connection.writeText('head:')
      client.connection.writeFile(file, 2, 5)
      client.connection.writeText(':tail')
      file.release()
      bench.turn(2)
      assert.equal(received(client), 'head:23456:tail')
      assert.equal(isOpen(file.fd), false)
    })

    it('of a connection that is lost releases the file', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      fill(client.connection.fd)
      const { file } = bench.file('0123456789')
      client.connection.writeFile(file, 0, 10)
      file.release()
      assert.equal(isOpen(file.fd), true)
      client.connection.abort(null)
      assert.equal(isOpen(file.fd), false)
    })

    it('of an empty piece of a file holds nothing back in the kernel', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      const { file } = bench.file('')
      const flags: unknown[] = []
      using _system = scripted({
        send: [
          (real, args) => {
            flags.push(args[3])
            return (real as (...args: unknown[]) => number)(...args)
          },
        ],
      })
      client.connection.writeText('head')
      client.connection.writeFile(file, 0, 0)
      bench.turn()
      assert.equal(received(client), 'head')
      assert.ok(flags.length === 1 && ((flags[0] as number) & MSG_MORE) === 0)
      file.release()
    })

    it('of a file that has shrunk is cut', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      const { path, file } = bench.file(Buffer.alloc(10_000_000, 'f'))
      client.connection.writeFile(file, 0, 10_000_000)
      file.release()
      truncateSync(path, 100)
      let got = 0
      bench.until(() => {
        got += drain(client.fd)
        return client.driver.isClosed
      })
      assert.deepEqual(client.driver.failure, { words: 'a file became shorter while it was sent' })
      assert.ok(got < 10_000_000)
      assert.equal(isOpen(file.fd), false)
    })
  })

  describe(`a connection's deadlines (${poller})`, () => {
    it('tell the driver that input is late, once', () => {
      using bench = new Bench(poller)
      const { connection, driver } = bench.connect()
      connection.setReadDeadline(bench.clock.now + 100)
      bench.pass(99)
      assert.deepEqual(driver.events, [])
      bench.pass(1)
      bench.pass(100)
      assert.deepEqual(driver.events, ['deadline'])
    })

    it('are moved and taken back', () => {
      using bench = new Bench(poller)
      const { connection, driver } = bench.connect()
      connection.setReadDeadline(bench.clock.now + 100)
      connection.setReadDeadline(bench.clock.now + 300)
      bench.pass(200)
      assert.deepEqual(driver.events, [])
      bench.pass(100)
      assert.deepEqual(driver.events, ['deadline'])
      connection.setReadDeadline(bench.clock.now + 100)
      connection.setReadDeadline(Number.POSITIVE_INFINITY)
      bench.pass(1000)
      assert.deepEqual(driver.events, ['deadline'])
    })

    it('end a peer that takes no bytes', () => {
      using bench = new Bench(poller)
      const client = bench.connect('tcpPair')
      client.connection.write(Buffer.alloc(30_000_000))
      bench.turn(20)
      assert.equal(client.connection.writing, BLOCKED)
      bench.pass(limits.sendTimeoutMs - 1)
      assert.deepEqual(client.driver.events, [])
      // The first time may find that the kernel has delivered something since; the second cannot.
      bench.pass(limits.sendTimeoutMs + 1)
      bench.pass(limits.sendTimeoutMs + 1)
      assert.deepEqual(client.driver.events, [CLOSED])
      assert.deepEqual(client.driver.failure, { words: 'the client takes no bytes' })
      bench.until(() => readOne(client) !== 1 || drain(client.fd) < 0)
    })

    it('give a slow peer more time as long as it takes some', () => {
      using bench = new Bench(poller)
      const client = bench.connect('tcpPair')
      const total = 30_000_000
      client.connection.write(Buffer.alloc(total))
      const some = Buffer.alloc(3_000_000)
      let got = 0
      for (let i = 0; i < 400 && got < total; i++) {
        const n = libc.read(client.fd, some)
        if (n > 0) got += n
        bench.loop.iterate(1)
        if (n > 0) bench.pass(limits.sendTimeoutMs - 1)
        assert.deepEqual(
          client.driver.events.filter(e => e !== 'drained'),
          [],
        )
      }
      assert.equal(got, total)
    })

    it('look at what the peer has acknowledged, not only at what the socket takes', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.write(Buffer.alloc(2_000_000))
      bench.turn()
      assert.equal(client.connection.writing, BLOCKED)
      // Bytes that wait for an acknowledgement become fewer without the socket becoming writable.
      let outstanding = 100_000
      const answer: Answer = (_real, args) => {
        ;(args[2] as Int32Array)[0] = outstanding
        return 0
      }
      using _system = scripted({ ioctl: Array<Answer>(10).fill(answer) })
      for (; outstanding >= 60_000; outstanding -= 10_000) {
        bench.pass(limits.sendTimeoutMs)
        assert.deepEqual(client.driver.events, [])
      }
      bench.pass(limits.sendTimeoutMs)
      bench.pass(limits.sendTimeoutMs)
      assert.deepEqual(client.driver.events, [CLOSED])
    })

    it('of a connection that is gone do not keep the loop', () => {
      using bench = new Bench(poller)
      const { connection } = bench.connect()
      connection.setReadDeadline(bench.clock.now + 100)
      connection.abort(null)
      connection.setReadDeadline(bench.clock.now + 100)
      assert.equal(bench.loop.deadlines.size, 0)
      bench.turn()
      assert.equal(bench.loop.watched, 0)
    })
  })

  describe(`a connection's end (${poller})`, () => {
    it('waits for everything to be sent', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.write(Buffer.alloc(1_000_000, 'x'))
      client.connection.writeText('last')
      client.connection.finish(false)
      let got = ''
      bench.until(() => {
        got += received(client)
        return client.driver.isClosed
      })
      got += received(client)
      assert.equal(got.length, 1_000_004)
      assert.ok(got.endsWith('last'))
      assert.deepEqual(client.driver.events, [CLOSED])
      assert.equal(client.driver.failure, null)
    })

    for (const mayStillReceive of [false, true]) {
      it(`is not disturbed by late input or an old deadline (${mayStillReceive})`, () => {
        using bench = new Bench(poller)
        const client = bench.connect()
        client.connection.setReadDeadline(bench.clock.now + 100)
        client.connection.write(Buffer.alloc(1_000_000, 'x'))
        client.connection.finish(mayStillReceive)
        send(client, 'late')
        bench.turn(2)
        bench.pass(200)
        assert.deepEqual(client.driver.events, [], 'the driver hears of neither')
        let got = 0
        bench.until(() => {
          got += received(client).length
          return got === 1_000_000
        })
        bench.turn()
        assert.equal(client.connection.isClosed, !mayStillReceive)
      })
    }

    it('lingers: our side is shut, what still comes is thrown away, the answer arrives', () => {
      using bench = new Bench(poller)
      const client = bench.connect('tcpPair')
      client.connection.writeText('refused')
      client.connection.finish(true)
      bench.turn()
      assert.equal(client.connection.writing, SHUT)
      assert.equal(client.connection.reading, DRAINING)
      for (let i = 0; i < 20; i++) {
        send(client, 'x'.repeat(10_000))
        bench.turn()
      }
      assert.equal(received(client), 'refused')
      assert.equal(readOne(client), 0)
      bench.fds.close(client.fd)
      bench.until(() => client.driver.isClosed)
      assert.deepEqual(client.driver.events, [CLOSED])
      assert.equal(client.driver.failure, null)
    })

    it('lingers for five seconds of silence', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.finish(true)
      bench.pass(limits.lingeringTimeoutMs - 1)
      send(client, 'x')
      bench.turn()
      bench.pass(limits.lingeringTimeoutMs - 1)
      assert.deepEqual(client.driver.events, [])
      bench.pass(1)
      assert.deepEqual(client.driver.events, [CLOSED])
    })

    it('lingers for thirty seconds in all', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.finish(true)
      for (let ms = 0; ms < limits.lingeringTimeMs; ms += 1000) {
        assert.deepEqual(client.driver.events, [], `after ${ms} ms`)
        send(client, 'x')
        bench.pass(1000)
      }
      assert.deepEqual(client.driver.events, [CLOSED])
    })

    it('does not linger when the peer has ended already', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      libc.shutdown(client.fd, SHUT_WR)
      bench.turn()
      client.connection.finish(true)
      assert.deepEqual(client.driver.events, ['end', CLOSED])
    })

    it('at once is seen as a reset', () => {
      using bench = new Bench(poller)
      const client = bench.connect('tcpPair')
      client.connection.abort({ words: 'cut' })
      bench.turn()
      bench.until(() => readOne(client) !== -EAGAIN)
      assert.deepEqual(client.driver.failure, { words: 'cut' })
      assert.equal(libc.write(client.fd, Buffer.from('x')), -EPIPE)
    })

    it('throws away what was collected for a connection that is cut', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.writeText('never')
      client.connection.abort(null)
      client.connection.writeText('nor this')
      client.connection.write(Buffer.alloc(10_000))
      bench.turn()
      assert.equal(received(client), '')
    })

    it('is told once, whoever asks for it and how often', () => {
      using bench = new Bench(poller)
      const { connection, driver } = bench.connect()
      connection.finish(false)
      connection.finish(true)
      connection.abort(null)
      connection.onFailure(new Error('late'))
      bench.turn(2)
      assert.deepEqual(driver.events, [CLOSED])
    })

    it('closes the descriptor at the end of the iteration, not before', () => {
      using bench = new Bench(poller)
      const { connection } = bench.connect()
      connection.abort(null)
      assert.equal(isOpen(connection.fd), true)
      bench.turn()
      assert.equal(isOpen(connection.fd), false)
    })

    const endings: Record<string, (connection: Connection) => void> = {
      abort: connection => connection.abort(null),
      'finish(true)': connection => connection.finish(true),
      'finish(false)': connection => connection.finish(false),
      throw: () => {
        throw new Error('our mistake')
      },
    }
    for (const [name, end] of Object.entries(endings)) {
      it(`may come from the driver while it is given input: ${name}`, () => {
        using bench = new Bench(poller)
        // Fresh input, and input behind a rest.
        for (const first of ['', 'rest']) {
          const client = bench.connect()
          client.driver.take = text => {
            if (!text.includes('!')) return 0
            client.connection.writeText('bye')
            end(client.connection)
            return 1
          }
          if (first !== '') {
            send(client, first)
            bench.turn()
          }
          send(client, 'go!')
          bench.turn()
          libc.write(client.fd, Buffer.from('more'))
          bench.turn(3)
          const inputs = client.driver.events.filter(event => event.startsWith('input')).length
          assert.ok(inputs <= (first === '' ? 1 : 2), 'no more input afterwards')
          assert.equal(client.connection.hasRest, false)
          assert.equal(received(client), name.startsWith('finish') ? 'bye' : '')
          if (name === 'throw')
            assert.match(String((client.driver.failure as { error: Error }).error), /our mistake/)
          bench.fds.close(client.fd)
          bench.turn(2)
          assert.equal(client.driver.events.filter(event => event === CLOSED).length, 1)
        }
        assert.equal(bench.loop.watched, 0)
      })

      it(`may come from the driver when its output has left: ${name}`, () => {
        using bench = new Bench(poller)
        const client = bench.connect()
        client.driver.drained = () => end(client.connection)
        client.connection.write(Buffer.alloc(1_000_000))
        bench.until(() => {
          drain(client.fd)
          return client.driver.events.includes('drained')
        })
        bench.fds.close(client.fd)
        bench.turn(3)
        assert.deepEqual(client.driver.events, ['drained', CLOSED])
        assert.equal(bench.loop.watched, 0)
      })
    }
  })

  describe(`a connection's trace (${poller})`, () => {
    it('tells bytes, states and failures', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      bench.loop.trace.on = true
      send(client, 'four')
      bench.turn()
      client.connection.writeText('three')
      client.connection.pause()
      bench.turn()
      client.connection.resume()
      send(client, 'x')
      using _system = scripted({ recv: [-ECONNRESET] })
      bench.turn()
      const seen: [number, number][] = []
      bench.loop.trace.since(0, (kind, _a, b) => {
        if (kind === TRACE_RECEIVE || kind === TRACE_SEND || kind === TRACE_STATE) seen.push([kind, b])
      })
      assert.deepEqual(seen, [
        [TRACE_RECEIVE, 4],
        [TRACE_STATE, PAUSED * 16 + FLOWING],
        [TRACE_SEND, 5],
        [TRACE_STATE, READING * 16 + FLOWING],
        [TRACE_RECEIVE, -ECONNRESET],
      ])
    })
  })
}

/** A system that takes only a part of what it is given, or nothing, as `random` says. */
function stingy(random: Random): { send: Answer[]; writev: Answer[]; sendfile: Answer[] } {
  const less = (size: number): number => 1 + random(random(3) === 0 ? 10 : size)
  const times = <T>(f: () => T): T[] => Array.from({ length: 300 }, f)
  type Real = (...args: unknown[]) => number
  const cutSize =
    (at: number): Answer =>
    (real, args) => {
      const cut = [...args]
      cut[at] = Math.min(args[at] as number, less(args[at] as number))
      return (real as Real)(...cut)
    }
  const orNothing = (answer: Answer): (() => Answer) => {
    return () => (random(4) === 0 ? [-EAGAIN, -EINTR][random(2)]! : answer)
  }
  const cutPieces: Answer = (real, args) => {
    const pieces = Buffer.from(args[1] as Buffer)
    const sizes = [8, IOVEC_BYTES + 8].map(at => ({ at, size: pieces.readUInt32LE(at) }))
    let left = less(sizes[0]!.size + sizes[1]!.size)
    for (const { at, size } of sizes) {
      pieces.writeUInt32LE(Math.min(left, size), at)
      left -= Math.min(left, size)
    }
    return (real as Real)(args[0], pieces, 2)
  }
  return {
    send: times(orNothing(cutSize(2))),
    writev: times(orNothing(cutPieces)),
    sendfile: times(orNothing(cutSize(3))),
  }
}

/** Texts, bytes and files of every size, to two connections in turn, through a stingy system. */
function sendsEverything(poller: PollerName, seed: number): void {
  const random = randomFrom(seed)
  using bench = new Bench(poller)
  const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 251))
  const { file } = bench.file(content)
  const clients = [bench.connect(), bench.connect()].map(client => ({ ...client, sent: '', got: '' }))
  using _system = scripted(stingy(random))
  for (let i = 0; i < 60; i++) {
    const client = clients[random(2)]!
    const size = random([20, 2000, 20_000, 90_000][random(4)]!)
    const at = random(content.length - size)
    const text = content.toString('latin1', at, at + size)
    const kind = random(4)
    if (kind === 0) client.connection.writeText(text)
    else if (kind === 1) client.connection.write(Buffer.from(text, 'latin1'))
    else if (kind === 2) client.connection.writeFile(file, at, size)
    else bench.turn()
    if (kind < 3) client.sent += text
  }
  for (const { connection } of clients) connection.finish(false)
  bench.until(() => {
    for (const client of clients) client.got += received(client)
    return clients.every(client => client.driver.isClosed)
  })
  file.release()
  for (const client of clients) {
    client.got += received(client)
    assert.ok(client.got === client.sent, `seed ${seed}: ${client.got.length} of ${client.sent.length} bytes`)
    assert.equal(client.connection.sentBytes, client.sent.length)
    assert.equal(client.driver.failure, null)
  }
  assert.equal(isOpen(file.fd), false)
}
