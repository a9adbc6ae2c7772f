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
  IPPROTO_TCP,
  MSG_MORE,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  SHUT_WR,
  TCP_NODELAY,
} from '../sys/constants.ts'
import * as libc from '../sys/libc.ts'
import { type Answer, scripted } from '../sys/scripted.ts'
import { formatAddress, inetAddress, unixAddress } from './address.ts'
import { takeBuffer } from './buffers.ts'
import {
  BLOCKED,
  Connection,
  type ConnectionLimits,
  DEFAULT_CONNECTION_LIMITS,
  DRAINING,
  type Driver,
  ENDED,
  type Failure,
  FLOWING,
  interestOf,
  PACED,
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

describe('a connection', () => {
  it('has a number that no other has', () => {
    using bench = new Bench('epoll')
    const serials = [1, 2, 3].map(() => bench.connect().connection.serial)
    assert.ok(serials[0]! >= 1)
    assert.deepEqual(serials, [serials[0], serials[0]! + 1, serials[0]! + 2])
  })

  it('knows its own address and how its bytes travel', () => {
    using bench = new Bench('epoll')
    const { fd, connection } = bench.connect('tcpPair')
    const peer = Buffer.alloc(16)
    libc.getsockname(connection.fd, peer)
    using system = scripted()
    assert.equal(formatAddress(connection.localAddress), `127.0.0.1:${peer.readUInt16BE(2)}`)
    assert.equal(connection.localAddress, connection.localAddress)
    assert.equal(system.calls.getsockname, 1)
    assert.ok(connection.tcpInfo()!.rttMicroseconds > 0)
    assert.equal(bench.connect().connection.tcpInfo(), null)
    assert.ok(fd >= 0)
  })

  it('changes TCP_NODELAY only when that changes something', () => {
    using bench = new Bench('epoll')
    const [near] = bench.fds.tcpPair()
    const { loop, outbox } = bench
    const peer = inetAddress('127.0.0.1', 1)
    const connection = new Connection(bench.fds.disown(near), peer, {
      loop,
      outbox,
      transport: plain,
      limits,
    })
    using system = scripted()
    connection.setNoDelay(true)
    assert.equal(system.calls.setsockopt, 0)
    for (const yes of [false, false, true, true]) {
      connection.setNoDelay(yes)
      assert.equal(libc.getsockopt(near, IPPROTO_TCP, TCP_NODELAY), yes ? 1 : 0)
    }
    assert.equal(system.calls.setsockopt, 2)
    bench.connect().connection.setNoDelay(false)
    assert.equal(system.calls.setsockopt, 2, 'a Unix socket has none')
    connection.abort(null)
  })
})

describe('the interest of a connection', () => {
  const expected = [
    [READING, FLOWING, READABLE],
    [READING, BLOCKED, READABLE | WRITABLE],
    [READING, PACED, READABLE],
    [READING, SHUT, READABLE],
    [PAUSED, FLOWING, NOTHING],
    [PAUSED, BLOCKED, WRITABLE],
    [PAUSED, PACED, NOTHING],
    [PAUSED, SHUT, NOTHING],
    [DRAINING, FLOWING, READABLE],
    [DRAINING, BLOCKED, READABLE | WRITABLE],
    [DRAINING, PACED, READABLE],
    [DRAINING, SHUT, READABLE],
    [ENDED, FLOWING, NOTHING],
    [ENDED, BLOCKED, WRITABLE],
    [ENDED, PACED, NOTHING],
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

    it('give bytes that are lent back with the call, whatever the socket has taken of them', () => {
      using bench = new Bench(poller)
      const client = bench.connect('tcpPair')
      const lent = Buffer.alloc(100_000)
      const pieces = 60
      for (let i = 0; i < pieces; i++) {
        client.connection.writeLent(lent.fill(65 + (i % 26)))
        lent.fill(0)
      }
      assert.equal(client.connection.writing, BLOCKED)
      const parts: Buffer[] = []
      const some = Buffer.alloc(1_000_000)
      for (let got = 0, i = 0; got < pieces * lent.length && i < 10_000; i++) {
        const n = libc.read(client.fd, some)
        if (n > 0) parts.push(Buffer.from(some.subarray(0, n)))
        got += Math.max(n, 0)
        bench.loop.iterate(1)
      }
      const expected = Array.from({ length: pieces }, (_, i) => Buffer.alloc(lent.length, 65 + (i % 26)))
      assert.ok(Buffer.concat(parts).equals(Buffer.concat(expected)))
    })

    it('send framed bytes in one call, however many the socket takes', () => {
      const [before, bytes, after] = ['2710\r\n', Buffer.alloc(10_000, 'x'), '\r\n']
      const whole = Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)])
      const some = Buffer.alloc(2 * whole.length)
      for (const taken of [0, 1, 6, 7, 9000, 10_005, 10_006, 10_007, 10_008]) {
        using bench = new Bench(poller)
        const client = bench.connect()
        using system = scripted({ writev: [taken === 0 ? -EAGAIN : taken] })
        const lent = Buffer.from(bytes)
        client.connection.writeFramed(before, lent, after, true)
        lent.fill(0)
        bench.turn(3)
        const n = Math.max(0, libc.read(client.fd, some))
        assert.ok(some.subarray(0, n).equals(whole.subarray(taken)), `${taken} bytes taken`)
        assert.equal(system.calls.writev, 1)
        if (taken === whole.length) assert.equal(system.calls.send, 0)
      }
    })

    it('keep framed bytes in order with whatever waits before them', () => {
      using bench = new Bench(poller)
      const client = bench.connect('tcpPair')
      const expected: Buffer[] = []
      for (let i = 0; i < 200; i++) {
        const bytes = Buffer.alloc(i % 3 === 0 ? 100 : 60_000, 65 + (i % 26))
        client.connection.writeFramed(`<${i}`, bytes, `${i}>`, i % 2 === 0)
        expected.push(Buffer.from(`<${i}`), Buffer.from(bytes), Buffer.from(`${i}>`))
        if (i % 2 === 0) bytes.fill(0)
      }
      const whole = Buffer.concat(expected)
      const got = Buffer.alloc(whole.length)
      const some = Buffer.alloc(1_000_000)
      for (let at = 0, i = 0; at < whole.length && i < 10_000; i++) {
        const n = libc.read(client.fd, some)
        if (n > 0) at += some.copy(got, at, 0, n)
        bench.loop.iterate(1)
      }
      assert.ok(got.equals(whole))
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
      bench.pass(4 * limits.sendTimeoutMs)
      bench.pass(4 * limits.sendTimeoutMs)
      assert.deepEqual(client.driver.events, [CLOSED])
    })

    it('give a peer that is known to be slow three times as long, since its kernel tells of room only now and then', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.write(Buffer.alloc(2_000_000))
      bench.turn()
      let outstanding = 100_000
      const answer: Answer = (_real, args) => {
        ;(args[2] as Int32Array)[0] = outstanding
        return 0
      }
      using _system = scripted({ ioctl: Array<Answer>(20).fill(answer) })
      for (let period = 0; period < 2; period++) {
        outstanding -= 1000
        bench.pass(limits.sendTimeoutMs)
      }
      bench.pass(3 * limits.sendTimeoutMs - 1)
      assert.deepEqual(client.driver.events, [])
      bench.pass(1)
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

  describe(`a connection's rate (${poller})`, () => {
    it('lets a second’s worth leave at once, and the same after each second', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.setRate(1000)
      client.connection.writeText('head')
      client.connection.write(Buffer.alloc(3996, 'x'))
      bench.turn()
      assert.equal(received(client).length, 1000)
      for (let second = 1; second < 4; second++) {
        assert.equal(bench.loop.deadlines.next, bench.clock.now + 1000, 'the loop sleeps meanwhile')
        bench.pass(999)
        assert.equal(received(client).length, 0)
        assert.deepEqual(client.driver.events, [])
        bench.pass(1)
        assert.equal(received(client).length, 1000)
      }
      assert.deepEqual(client.driver.events, ['drained'])
      assert.equal(client.connection.isFlowing, true)
      assert.equal(bench.loop.deadlines.next, Number.POSITIVE_INFINITY)
    })

    it('holds for files, and for bytes behind them', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      const { file } = bench.file(Buffer.alloc(2500, 'f'))
      client.connection.setRate(1000)
      client.connection.writeFile(file, 0, 2500)
      client.connection.writeText('tail')
      file.release()
      bench.turn()
      const got = [received(client)]
      for (let second = 1; second < 3; second++) {
        bench.pass(1000)
        got.push(received(client))
      }
      assert.deepEqual(
        got.map(text => text.length),
        [1000, 1000, 504],
      )
      assert.ok(got[2]!.endsWith('ffftail'))
      assert.equal(isOpen(file.fd), false)
    })

    it('begins after so many bytes', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.setRate(1000, 5000)
      client.connection.write(Buffer.alloc(8000))
      bench.turn()
      assert.equal(received(client).length, 6000)
      bench.pass(1000)
      assert.equal(received(client).length, 1000)
    })

    it('gives an answer that was slow to come what it has saved up', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      const startedAt = bench.clock.now
      bench.pass(2000)
      client.connection.setRate(1000, 0, startedAt)
      client.connection.write(Buffer.alloc(8000))
      bench.turn()
      assert.equal(received(client).length, 3000)
    })

    it('lets what is small leave in this iteration, in one send', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.setRate(1000)
      using system = scripted()
      client.driver.take = text => {
        client.connection.writeText('head')
        client.connection.writeText('tail')
        return text.length
      }
      send(client, 'question')
      bench.turn()
      assert.equal(received(client), 'headtail')
      assert.deepEqual(client.driver.events, ['input question', 'drained'])
      assert.equal(system.calls.send, 1)
    })

    it('ends with its answer: the next one leaves through the outbox, and what was collected before is not counted', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.writeText('before')
      client.connection.setRate(10)
      client.connection.writeText('0123456789')
      bench.turn()
      assert.equal(received(client), 'before0123456789')
      client.connection.setRate(0)
      client.connection.writeText('x'.repeat(1000))
      bench.turn()
      assert.equal(received(client).length, 1000)
      assert.equal(client.connection.writing, FLOWING)
    })

    it('that ends lets what waits leave at once', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.setRate(10)
      client.connection.writeText('x'.repeat(1000))
      bench.turn()
      assert.equal(received(client).length, 10)
      client.connection.setRate(0)
      assert.deepEqual(client.driver.events, [], 'who ends it is not told here')
      bench.turn()
      assert.equal(received(client).length, 990)
      assert.deepEqual(client.driver.events, ['drained'])
      assert.equal(client.connection.writing, FLOWING)
    })

    it('may change', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.setRate(10)
      client.connection.writeText('x'.repeat(10_000))
      bench.turn()
      client.connection.setRate(500)
      bench.pass(1000)
      assert.equal(received(client).length, 1000)
    })

    it('is no silence of the peer, however slow', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.setRate(1)
      client.connection.writeText('x'.repeat(200))
      bench.turn()
      for (let i = 1; i < 200; i++) bench.pass(1000)
      assert.ok(199_000 > 2 * limits.sendTimeoutMs)
      assert.equal(received(client).length, 200)
      assert.deepEqual(client.driver.events, ['drained'])
    })

    it('does not hide that the peer takes no bytes', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.setRate(10_000_000)
      client.connection.write(Buffer.alloc(30_000_000))
      bench.turn()
      // The rate lets it try; the socket takes nothing any more.
      bench.pass(10_000)
      assert.equal(client.connection.writing, BLOCKED)
      bench.pass(limits.sendTimeoutMs)
      bench.pass(limits.sendTimeoutMs)
      assert.deepEqual(client.driver.failure, { words: 'the client takes no bytes' })
    })

    it('waits for the socket and for its time', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      const total = 1_000_000
      client.connection.setRate(300_000)
      client.connection.write(Buffer.alloc(total))
      let got = 0
      for (let ms = 0; ms <= 3500; ms += 100) {
        bench.turn(3)
        got += received(client).length
        assert.ok(got <= 300_000 * (ms / 1000 + 1), `${got} bytes after ${ms} ms`)
        bench.pass(100)
      }
      got += received(client).length
      assert.equal(got, total)
    })

    it('makes a producer wait above the high-water mark', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.setRate(100_000)
      client.connection.write(Buffer.alloc(300_000))
      assert.equal(client.connection.isCongested, true)
      bench.turn()
      received(client)
      for (let second = 1; second < 3; second++) {
        assert.deepEqual(client.driver.events, [])
        bench.pass(1000)
        received(client)
      }
      assert.deepEqual(client.driver.events, ['drained'])
      assert.equal(client.connection.isCongested, false)
    })

    it('holds until the end: then the connection closes', () => {
      for (const mayStillReceive of [false, true]) {
        using bench = new Bench(poller)
        const client = bench.connect()
        client.connection.setRate(1000)
        client.connection.write(Buffer.alloc(2000))
        client.connection.finish(mayStillReceive)
        bench.turn()
        assert.equal(received(client).length, 1000)
        assert.equal(readOne(client), -EAGAIN)
        bench.pass(1000)
        assert.equal(received(client).length, 1000)
        assert.equal(readOne(client), 0)
        assert.equal(client.connection.isClosed, !mayStillReceive)
      }
    })

    it('does not delay the end of a connection that has nothing to send', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      client.connection.setRate(1)
      client.connection.finish(false)
      assert.deepEqual(client.driver.events, [CLOSED])
    })

    it('of a connection that is gone keeps neither the loop nor a file', () => {
      using bench = new Bench(poller)
      const client = bench.connect()
      const { file } = bench.file(Buffer.alloc(2500, 'f'))
      client.connection.setRate(1000)
      client.connection.writeFile(file, 0, 2500)
      file.release()
      bench.turn()
      client.connection.abort(null)
      client.connection.setRate(2000)
      client.connection.writeText('late')
      assert.equal(bench.loop.deadlines.size, 0)
      bench.pass(5000)
      assert.equal(bench.loop.watched, 0)
      assert.equal(isOpen(file.fd), false)
    })

    it('changes nothing of what arrives, however little the socket takes', () => {
      for (let seed = 1; seed <= 8; seed++) sendsEverythingPaced(poller, seed)
    })
  })

  describe(`a connection's limits (${poller})`, () => {
    const connectWith = (bench: Bench, some: Partial<ConnectionLimits>, kind?: 'tcpPair'): Client => {
      const client = bench.connect(kind)
      client.connection.setLimits({ ...limits, ...some })
      return client
    }

    it('say how long a peer may take no bytes', () => {
      using bench = new Bench(poller)
      const client = connectWith(bench, { sendTimeoutMs: 10 })
      client.connection.write(Buffer.alloc(30_000_000))
      bench.turn()
      bench.pass(10)
      bench.pass(10)
      assert.equal(client.driver.isClosed, true)
    })

    it('say whether such a peer sees a reset', () => {
      for (const resetsTimedOut of [true, false]) {
        using bench = new Bench(poller)
        const client = connectWith(bench, { resetsTimedOut }, 'tcpPair')
        client.connection.write(Buffer.alloc(30_000_000))
        bench.turn(20)
        for (let i = 0; i < 3; i++) bench.pass(limits.sendTimeoutMs + 1)
        assert.deepEqual(client.driver.failure, { words: 'the client takes no bytes' })
        // What had arrived comes first; the reset is told once.
        const bytes = Buffer.alloc(1_000_000)
        const results = Array.from({ length: 50 }, () => libc.read(client.fd, bytes))
        assert.equal(results.includes(-ECONNRESET), resetsTimedOut)
      }
    })

    const lingers: [lingering: ConnectionLimits['lingering'], mayStillReceive: boolean, closed: boolean][] = [
      ['on', true, false],
      ['on', false, true],
      ['always', true, false],
      ['always', false, false],
      ['off', true, true],
      ['off', false, true],
    ]
    for (const [lingering, mayStillReceive, isClosed] of lingers) {
      it(`say whether it lingers (${lingering}, ${mayStillReceive})`, () => {
        using bench = new Bench(poller)
        const client = connectWith(bench, { lingering })
        client.connection.writeText('last')
        client.connection.finish(mayStillReceive)
        bench.turn()
        assert.equal(received(client), 'last')
        assert.equal(client.connection.isClosed, isClosed)
      })
    }

    it('do not make it linger when the peer has ended already', () => {
      using bench = new Bench(poller)
      const client = connectWith(bench, { lingering: 'always' })
      libc.shutdown(client.fd, SHUT_WR)
      bench.turn()
      client.connection.finish(false)
      assert.equal(client.connection.isClosed, true)
    })

    it('say how long it lingers', () => {
      using bench = new Bench(poller)
      const client = connectWith(bench, { lingeringTimeoutMs: 100, lingeringTimeMs: 250 })
      client.connection.finish(true)
      for (let i = 0; i < 2; i++) {
        bench.pass(99)
        send(client, 'x')
        bench.turn()
      }
      assert.equal(client.connection.isClosed, false)
      bench.pass(52)
      assert.equal(client.connection.isClosed, true)
    })

    it('say whether files are read and sent, or left to the kernel', () => {
      const content = Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 7919) % 251))
      for (const sendfile of [true, false]) {
        using bench = new Bench(poller)
        const client = connectWith(bench, { sendfile })
        const { file } = bench.file(content)
        using system = scripted()
        client.connection.writeText('head')
        client.connection.writeFile(file, 1, 400_000)
        client.connection.writeText('tail')
        file.release()
        let got = ''
        bench.until(() => {
          got += received(client)
          return got.length === 400_008
        })
        assert.ok(got === `head${content.toString('latin1', 1, 400_001)}tail`)
        assert.deepEqual([system.calls.sendfile > 0, system.calls.pread > 0], [sendfile, !sendfile])
        assert.equal(isOpen(file.fd), false)
      }
    })

    it('cut a file that has shrunk while it was read', () => {
      using bench = new Bench(poller)
      const client = connectWith(bench, { sendfile: false })
      const { path, file } = bench.file(Buffer.alloc(10_000_000, 'f'))
      client.connection.writeFile(file, 0, 10_000_000)
      file.release()
      truncateSync(path, 100)
      bench.until(() => {
        drain(client.fd)
        return client.driver.isClosed
      })
      assert.deepEqual(client.driver.failure, { words: 'a file became shorter while it was sent' })
    })

    it('end a connection whose file cannot be read', () => {
      using bench = new Bench(poller)
      const client = connectWith(bench, { sendfile: false })
      const { file } = bench.file('x')
      using _system = scripted({ pread: [-EBADF] })
      client.connection.writeFile(file, 0, 1)
      file.release()
      assert.deepEqual(client.driver.failure, { errno: EBADF })
    })

    for (const sendfile of [true, false]) {
      it(`say how much of a file leaves before others have their turn (${sendfile})`, () => {
        using bench = new Bench(poller)
        const client = connectWith(bench, { sendfile, sendfileMaxChunkBytes: 1000 })
        const { file } = bench.file(Buffer.alloc(3500))
        client.connection.writeFile(file, 0, 3500)
        file.release()
        const got = [received(client).length]
        for (let i = 0; i < 4; i++) {
          bench.turn()
          got.push(received(client).length)
        }
        assert.deepEqual(got, [1000, 1000, 1000, 500, 0])
        assert.deepEqual(client.driver.events, ['drained'])
      })
    }

    it('may set no bound for that', () => {
      using bench = new Bench(poller)
      const client = connectWith(bench, { sendfileMaxChunkBytes: 0 })
      const { file } = bench.file(Buffer.alloc(3500))
      client.connection.writeFile(file, 0, 3500)
      file.release()
      assert.equal(received(client).length, 3500)
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

/** The same with rates that come, change and go, and with files that are read. */
function sendsEverythingPaced(poller: PollerName, seed: number): void {
  const random = randomFrom(seed)
  using bench = new Bench(poller)
  const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 251))
  const { file } = bench.file(content)
  const client = { ...bench.connect(), sent: '', got: '' }
  using _system = scripted(stingy(random))
  for (let i = 0; i < 60; i++) {
    const size = random([20, 2000, 20_000, 90_000][random(4)]!)
    const at = random(content.length - size)
    const text = content.toString('latin1', at, at + size)
    const kind = random(7)
    if (kind === 0) client.connection.writeText(text)
    else if (kind === 1) client.connection.write(Buffer.from(text, 'latin1'))
    else if (kind === 2) client.connection.writeFile(file, at, size)
    else if (kind === 3)
      client.connection.setRate(random(3) * (1 + random(200_000)), random(2) * random(50_000))
    else if (kind === 4) client.connection.setLimits({ ...limits, sendfile: random(2) === 0 })
    else bench.pass(random(3000))
    if (kind < 3) client.sent += text
  }
  client.connection.finish(false)
  for (let i = 0; i < 5000 && !client.driver.isClosed; i++) {
    bench.pass(200)
    client.got += received(client)
  }
  file.release()
  client.got += received(client)
  assert.ok(client.got === client.sent, `seed ${seed}: ${client.got.length} of ${client.sent.length} bytes`)
  assert.equal(client.driver.failure, null)
  assert.equal(isOpen(file.fd), false)
}
