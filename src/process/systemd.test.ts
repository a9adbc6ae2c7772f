import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Descriptors } from '../../test/descriptors.ts'
import { eventually } from '../../test/raw-client.ts'
import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from '../sys/constants.ts'
import { bindTo, type Fd, recv, socket } from '../sys/libc.ts'
import { serviceManager } from './systemd.ts'

const folder = mkdtempSync(join(tmpdir(), 'veille-notify-'))
after(() => rmSync(folder, { recursive: true }))

/** A service manager that hears. */
function listener(fds: Descriptors, name: string): Fd {
  const fd = fds.own(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC))
  assert.equal(
    bindTo(fd, Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(name.replace('@', '\0'))])),
    0,
  )
  return fd
}

function heard(fd: Fd): string | null {
  const bytes = Buffer.alloc(1000)
  const size = recv(fd, bytes)
  return size < 0 ? null : bytes.toString('utf8', 0, size)
}

const NAMES = [join(folder, 'notify'), `@veille-test-${process.pid}`]

describe('a service manager', () => {
  for (const name of NAMES) {
    it(`hears how it is, at ${name.startsWith('@') ? 'an abstract name' : 'a path'}`, () => {
      using fds = new Descriptors()
      const fd = listener(fds, name)
      const manager = serviceManager({ NOTIFY_SOCKET: name })
      manager.ready()
      assert.equal(heard(fd), 'READY=1')
      const before = process.hrtime.bigint() / 1000n
      manager.reloading()
      const [, stamp] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(heard(fd)!)!
      assert.ok(BigInt(stamp!) >= before && BigInt(stamp!) <= process.hrtime.bigint() / 1000n)
      manager.mainPid(1234)
      manager.stopping()
      assert.equal(heard(fd), 'MAINPID=1234')
      assert.equal(heard(fd), 'STOPPING=1')
      assert.equal(heard(fd), null)
    })
  }

  it('hears regularly that it lives, if it has asked this process', async () => {
    using fds = new Descriptors()
    const name = `@veille-watch-${process.pid}`
    const fd = listener(fds, name)
    const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: '2000' }
    for (const nobody of [{ WATCHDOG_USEC: '' }, { WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' }])
      serviceManager({ NOTIFY_SOCKET: name, ...nobody }).keepWatch()
    assert.equal(heard(fd), null)
    serviceManager({ ...env, WATCHDOG_PID: String(process.pid) }).keepWatch()
    // The timer does not keep the process alive, turns of the loop do.
    const lives: string[] = []
    await eventually(
      () => {
        const one = heard(fd)
        if (one !== null) lives.push(one)
        return lives.length === 3
      },
      () => `only ${lives.length}`,
    )
    assert.deepEqual(new Set(lives), new Set(['WATCHDOG=1']))
  })

  it('that is not there, or does not listen, is no trouble', () => {
    for (const name of [undefined, '', '@', 'relative', join(folder, 'nobody')]) {
      const manager = serviceManager({ NOTIFY_SOCKET: name, WATCHDOG_USEC: '1' })
      manager.ready()
      manager.stopping()
    }
    serviceManager({}).keepWatch()
  })
})
