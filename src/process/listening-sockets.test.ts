import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openDescriptors } from '../../test/descriptors.ts'
import { recordingLog } from '../../test/recording-log.ts'
import { EACCES, EINVAL } from '../errno.ts'
import { type Address, formatAddress, inetAddress, unixAddress } from '../io/address.ts'
import type { ListenOptions } from '../io/listen-options.ts'
import { localAddress, openListener } from '../io/listener.ts'
import { SO_RCVBUF, SO_REUSEPORT, SOL_SOCKET } from '../sys/constants.ts'
import { close, getsockopt } from '../sys/libc.ts'
import { scripted } from '../sys/scripted.ts'
import type { ListenSpec } from './application.ts'
import { ListeningSockets } from './listening-sockets.ts'

const folder = mkdtempSync(join(tmpdir(), 'veille-sockets-'))
after(() => rmSync(folder, { recursive: true }))

const RETRY_MS = 1

function spec(address: Address, options: ListenOptions = {}): ListenSpec {
  return { key: formatAddress(address), address, options }
}

/** An address that somebody listens on. */
function taken(): { fd: number; address: Address } {
  const fd = openListener(inetAddress('127.0.0.1', 0))
  assert.ok(typeof fd === 'number')
  return { fd, address: localAddress(fd) }
}

/** An address that nobody listens on. */
function free(): Address {
  const { fd, address } = taken()
  close(fd)
  return address
}

async function opened(sockets: ListeningSockets, listens: ListenSpec[], workers = 1): Promise<void> {
  const log = recordingLog('warn')
  const change = await sockets.open(listens, workers, log)
  assert.deepEqual(log.lines, [])
  change!.commit()
}

describe('listening sockets', () => {
  it('are opened once, kept by their address, and closed when nobody wants them', async () => {
    const before = openDescriptors()
    const sockets = new ListeningSockets(RETRY_MS)
    const [a, b, c] = [spec(free()), spec(free()), spec(free())]
    await opened(sockets, [a, b])
    const [kept] = sockets.forWorker([b], 0)
    await opened(sockets, [b, c])
    assert.deepEqual(sockets.forWorker([b], 7), [kept])
    assert.equal(sockets.all().length, 2)
    const again = openListener(a.address)
    assert.ok(typeof again === 'number', 'the first one is free')
    close(again)
    sockets.close(true)
    assert.equal(openDescriptors(), before)
  })

  it('that are kept are told what is new', async () => {
    const sockets = new ListeningSockets(RETRY_MS)
    const address = free()
    await opened(sockets, [spec(address)])
    await opened(sockets, [spec(address, { receiveBytes: 20_000 })])
    assert.equal(getsockopt(sockets.all()[0]!, SOL_SOCKET, SO_RCVBUF), 40_000)
    sockets.close(true)
  })

  it('with reuseport are one for each worker, also when there was one before and when there are fewer later', async () => {
    const sockets = new ListeningSockets(RETRY_MS)
    const address = free()
    await opened(sockets, [spec(address)], 3)
    const [first] = sockets.all()
    const listens = [spec(address, { reusePort: true })]
    await opened(sockets, listens, 3)
    const fds = sockets.all()
    assert.equal(fds.length, 3)
    for (const fd of fds) assert.equal(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT), 1)
    assert.deepEqual(
      [0, 1, 2].map(i => sockets.forWorker(listens, i)[0]!.fd),
      fds,
    )
    await opened(sockets, listens, 2)
    assert.deepEqual(sockets.all(), fds.slice(0, 2))
    assert.equal(sockets.all()[0], first)
    sockets.close(true)
  })

  it('whose address is in use are tried five times, all of them, and leave nothing open', async () => {
    const [one, two] = [taken(), taken()]
    const before = openDescriptors()
    const sockets = new ListeningSockets(RETRY_MS)
    const log = recordingLog()
    assert.equal(await sockets.open([spec(one.address), spec(free()), spec(two.address)], 1, log), null)
    const round = [one, two].map(
      ({ address }) => `emerg: bind() to ${formatAddress(address)} failed (98: Address already in use)`,
    )
    const rounds = Array.from({ length: 5 }, () => [...round, 'notice: try again to bind() after 1ms'])
    assert.deepEqual(log.lines, [...rounds.flat(), 'emerg: still could not bind()'])
    assert.equal(openDescriptors(), before)
    for (const { fd } of [one, two]) close(fd)
  })

  it('whose address becomes free are opened then', async () => {
    const { fd, address } = taken()
    const sockets = new ListeningSockets(RETRY_MS)
    const log = recordingLog()
    const opening = sockets.open([spec(address)], 1, log)
    close(fd)
    assert.notEqual(await opening, null)
    assert.equal(log.lines.length, 2)
    sockets.close(true)
  })

  it('that the system refuses are not tried again', async () => {
    const address = free()
    const key = formatAddress(address)
    const cases: [script: Parameters<typeof scripted>[0], words: string][] = [
      [{ bind: [-EACCES] }, `emerg: bind() to ${key} failed (13: Permission denied)`],
      [{ listen: [-EINVAL] }, `emerg: listen() to ${key}, backlog 511 failed (22: Invalid argument)`],
      [{ socket: [-EINVAL] }, `emerg: socket() ${key} failed (22: Invalid argument)`],
    ]
    for (const [script, words] of cases) {
      using _system = scripted(script)
      const log = recordingLog()
      const sockets = new ListeningSockets(RETRY_MS)
      assert.equal(await sockets.open([spec(address)], 1, log), null)
      assert.deepEqual(log.lines, [words])
    }
  })

  it('do without an option that the system refuses', async () => {
    const address = free()
    using _system = scripted({ setsockopt: [0, -EINVAL] })
    const log = recordingLog()
    const sockets = new ListeningSockets(RETRY_MS)
    assert.notEqual(await sockets.open([spec(address, { receiveBytes: 1 })], 1, log), null)
    assert.deepEqual(log.lines, [
      `alert: setsockopt(SO_RCVBUF) ${formatAddress(address)} failed (22: Invalid argument), ignored`,
    ])
    sockets.close(true)
  })

  it('of a change that is given up are closed again, those before are not', async () => {
    const sockets = new ListeningSockets(RETRY_MS)
    const [a, b] = [spec(free()), spec(free())]
    await opened(sockets, [a])
    const kept = sockets.all()
    const change = await sockets.open([a, b], 1, recordingLog())
    assert.equal(sockets.all().length, 2)
    change!.discard()
    assert.deepEqual(sockets.all(), kept)
    sockets.close(true)
  })

  it('that others have opened are taken over, and closed when nobody wants them', async () => {
    const [wanted, other] = [taken(), taken()]
    const sockets = new ListeningSockets(RETRY_MS)
    sockets.adopt([wanted.fd, other.fd], 'the binary before')
    const listens = [spec(wanted.address)]
    assert.deepEqual(sockets.unwanted(listens), [formatAddress(other.address)])
    await opened(sockets, listens)
    assert.deepEqual(sockets.all(), [wanted.fd])
    sockets.close(true)
  })

  it('at a path let everybody connect, and go with their path', async () => {
    const path = join(folder, 'socket')
    const listens = [spec(unixAddress(path))]
    const sockets = new ListeningSockets(RETRY_MS)
    await opened(sockets, listens)
    assert.equal(statSync(path).mode & 0o777, 0o666)
    await opened(sockets, [])
    assert.ok(!existsSync(path))
    await opened(sockets, listens)
    sockets.close(false)
    assert.ok(existsSync(path), 'a new binary goes on with it')
    rmSync(path)
  })

  it('at a path of a service manager leave it there', async () => {
    const path = join(folder, 'managed')
    const fd = openListener(unixAddress(path))
    const sockets = new ListeningSockets(RETRY_MS)
    sockets.adopt([fd as number], 'the service manager')
    await opened(sockets, [spec(unixAddress(path))])
    sockets.close(true)
    assert.ok(existsSync(path))
  })
})
