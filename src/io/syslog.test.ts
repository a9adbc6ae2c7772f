import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { SOCK_CLOEXEC, SOCK_DGRAM } from '../sys/constants.ts'
import { bindTo, close, recv, socket } from '../sys/libc.ts'
import { scripted } from '../sys/scripted.ts'
import { sockaddrOf, unixAddress } from './address.ts'
import type { Trouble } from './log-file.ts'
import { parseSyslog, SyslogSender, type SyslogTarget } from './syslog.ts'

function target(text: string): SyslogTarget {
  const parsed = parseSyslog(text)
  assert.ok(typeof parsed !== 'string', String(parsed))
  return parsed
}

function refuses(text: string, words: string): void {
  assert.equal(parseSyslog(text), words)
}

class Told implements Trouble {
  readonly words: string[] = []

  onTrouble(words: string): void {
    this.words.push(words)
  }

  onRecovery(words: string): void {
    this.words.push(words)
  }
}

async function receiver(type: 'udp4' | 'udp6', host: string): Promise<{ udp: Socket; port: number }> {
  const udp = createSocket(type)
  udp.bind(0, host)
  await once(udp, 'listening')
  return { udp, port: udp.address().port }
}

async function received(udp: Socket): Promise<string> {
  const [bytes] = (await once(udp, 'message')) as [Buffer]
  return bytes.toString('latin1')
}

const TIME = '[A-Z][a-z]{2} [ 1-3]\\d \\d\\d:\\d\\d:\\d\\d'

describe('the parameters of syslog', () => {
  it("have nginx's defaults", () => {
    assert.deepEqual(target('server=unix:/dev/log'), {
      server: { path: '/dev/log' },
      facility: 23,
      severity: 6,
      tag: 'nginx',
      hasHostname: true,
    })
  })

  it('may all be given', () => {
    assert.deepEqual(target('facility=daemon,tag=web_1,severity=warn,nohostname,server=127.0.0.1:5140'), {
      server: { host: '127.0.0.1', port: 5140 },
      facility: 3,
      severity: 4,
      tag: 'web_1',
      hasHostname: false,
    })
  })

  it('name a server with or without its port', () => {
    const serverOf = (text: string): unknown => target(`server=${text}`).server
    assert.deepEqual(serverOf('logs.example.com'), { host: 'logs.example.com', port: 514 })
    assert.deepEqual(serverOf('logs.example.com:10'), { host: 'logs.example.com', port: 10 })
    assert.deepEqual(serverOf('[2001:db8::1]'), { host: '2001:db8::1', port: 514 })
    assert.deepEqual(serverOf('[::1]:10'), { host: '::1', port: 10 })
  })

  it('are refused in the words of nginx', () => {
    refuses('tag=a', 'no syslog server specified')
    refuses('server=a,server=b', 'duplicate syslog "server"')
    refuses('server=a,facility=local8', 'unknown syslog facility "local8"')
    refuses('server=a,severity=warning', 'unknown syslog severity "warning"')
    refuses('server=a,tag=a-b', 'syslog "tag" only allows alphanumeric characters and underscore')
    refuses(`server=a,tag=${'a'.repeat(33)}`, 'syslog tag length exceeds 32')
    refuses('server=a,colour=red', 'unknown syslog parameter "colour=red"')
    refuses('server=a,', 'unknown syslog parameter ""')
    refuses('server=a,toString=1', 'unknown syslog parameter "toString=1"')
    refuses('server=a:0', 'invalid port in syslog server "a:0"')
    refuses('server=a:99999', 'a port is a number from 0 to 65535, found 99999 in syslog server "a:99999"')
    refuses('server=[::x]', '"::x" is not an IPv6 address in syslog server "[::x]"')
    refuses('server=', 'no host in syslog server ""')
  })
})

describe('a sender to syslog', () => {
  for (const [type, host] of [
    ['udp4', '127.0.0.1'],
    ['udp6', '::1'],
    ['udp4', 'localhost'],
  ] as const) {
    it(`sends a datagram for each line, to ${host}`, async () => {
      const { udp, port } = await receiver(type, type === 'udp4' ? '127.0.0.1' : '::1')
      const server = host.includes(':') ? `[${host}]` : host
      const told = new Told()
      const sender = new SyslogSender(target(`server=${server}:${port},tag=web`), told)
      sender.write('GET /caf\xc3\xa9')
      assert.match(
        await received(udp),
        new RegExp(`^<190>${TIME} ${hostname().toLowerCase()} web: GET /caf\xc3\xa9$`),
      )
      sender.send(3, 'an error')
      assert.match(await received(udp), /^<187>.* web: an error$/)
      assert.deepEqual(told.words, [])
      sender.close()
      udp.close()
    })
  }

  it('leaves out the name of the host where that is wanted', async () => {
    const { udp, port } = await receiver('udp4', '127.0.0.1')
    const sender = new SyslogSender(target(`server=127.0.0.1:${port},nohostname,facility=kern`), new Told())
    sender.send(0, 'x')
    assert.match(await received(udp), new RegExp(`^<0>${TIME} nginx: x$`))
    sender.close()
    udp.close()
  })

  it('loses what a full or missing server does not take, says so once, and comes back by itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'veille-syslog-'))
    const path = join(folder, 'log')
    const told = new Told()
    const sender = new SyslogSender(target(`server=unix:${path}`), told)
    sender.write('1')
    sender.write('2')
    const trouble = `syslog server unix:${path}: connect() failed (2: No such file or directory), lines are lost`
    assert.deepEqual(told.words, [trouble])

    const first = listening(path)
    sender.write('3')
    assert.match(read(first), /: 3$/)
    assert.equal(told.words[1], `syslog server unix:${path} takes lines again, 2 lines were lost`)

    close(first)
    rmSync(path)
    const second = listening(path)
    sender.write('4')
    assert.match(read(second), /: 4$/, 'the server was started anew')
    assert.equal(told.words.length, 2)

    // A queue of datagrams that nobody reads (net.unix.max_dgram_qlen).
    for (let i = 0; i < 2000; i++) sender.write('x')
    assert.match(told.words[2]!, /send\(\) failed \(11: .*\), lines are lost$/)
    assert.equal(told.words.length, 3)
    sender.close()
    close(second)
    rmSync(folder, { recursive: true })
  })

  it('loses a line only when a new socket does not take it either', async () => {
    const { udp, port } = await receiver('udp4', '127.0.0.1')
    const told = new Told()
    const sender = new SyslogSender(target(`server=127.0.0.1:${port}`), told)
    sender.write('1')
    await received(udp)
    const ECONNREFUSED = 111
    using system = scripted({ send: [-ECONNREFUSED] })
    sender.write('2')
    assert.match(await received(udp), /: 2$/)
    assert.equal(system.calls.socket, 1)
    assert.deepEqual(told.words, [])
    sender.close()
    udp.close()
  })

  it('keeps a few lines while the name is looked up', async () => {
    const { udp, port } = await receiver('udp4', '127.0.0.1')
    const told = new Told()
    const sender = new SyslogSender(target(`server=localhost:${port}`), told)
    const lines: string[] = []
    udp.on('message', bytes => lines.push(/\d+$/.exec(bytes.toString())![0]))
    for (let i = 0; i < 250; i++) sender.write(String(i))
    assert.match(told.words[0]!, /the name is not found yet, lines are lost$/)
    while (lines.length < 200) await once(udp, 'message')
    assert.equal(lines.at(-1), '199')
    sender.write('250')
    await received(udp)
    assert.match(told.words[1]!, /takes lines again, \d+ lines were lost$/)
    sender.close()
    udp.close()
  })

  it('says that there is no host of this name', async () => {
    const told = new Told()
    const sender = new SyslogSender(target('server=a..b'), told)
    sender.write('x')
    while (told.words.length === 0) await new Promise(setImmediate)
    assert.match(told.words[0]!, /^syslog server a\.\.b:514: host not found \(E\w+\), lines are lost$/)
    sender.close()
  })
})

function listening(path: string): number {
  const fd = socket(1, SOCK_DGRAM | SOCK_CLOEXEC)
  assert.equal(bindTo(fd, sockaddrOf(unixAddress(path))), 0)
  return fd
}

function read(fd: number): string {
  const bytes = Buffer.alloc(1000)
  const n = recv(fd, bytes)
  assert.ok(n > 0)
  return bytes.toString('latin1', 0, n)
}
