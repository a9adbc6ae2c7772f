/**
 * Masters and workers as real processes: what signals do, what becomes of the dead, and that nothing stays behind.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { formatAddress, inetAddress, unixAddress } from '../../src/io/address.ts'
import { localAddress, openListener } from '../../src/io/listener.ts'
import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from '../../src/sys/constants.ts'
import * as libc from '../../src/sys/libc.ts'
import { type Running, startProcess } from '../command-process.ts'
import { Descriptors } from '../descriptors.ts'
import { freePort } from '../free-ports.ts'
import { type Answer, Family, familyOf, titleOf } from '../process-family.ts'
import type { Rights, TestConfiguration } from '../process-site.ts'
import { connect, type RawClient } from '../raw-client.ts'

const isRoot = process.getuid?.() === 0

/** Somebody's request is in hand: the process that has it counts it. */
async function waiting(family: Family, text = ''): Promise<RawClient> {
  const before = await activeOf(family)
  const client = await connect({ port: family.port })
  client.send('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n')
  await family.until(async () => (await activeOf(family)) > before, `${text} a request waits`)
  return client
}

/** Requests in hand, of all processes; the one that asks is one of them. */
async function activeOf(family: Family): Promise<number> {
  const { active } = JSON.parse(await family.request('/counts')) as { active: number }
  return active - 1
}

function contentOf(bytes: Buffer): Answer {
  const text = bytes.toString()
  return JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as Answer
}

describe('a master', () => {
  it('is the process that was started, and says so when every worker can be reached', async () => {
    await using family = await familyOf({ text: 'one', settings: { workerProcesses: 2 } })
    const starter = await family.started()
    assert.equal(readFileSync(family.path('pid'), 'utf8'), `${starter.pid}\n`)
    await family.says(/start worker process (\d+)/, 2)
    assert.match(titleOf(starter.pid), /^veille: master process process-program\.js \//)
    await family.until(() => family.workers.every(pid => titleOf(pid) === 'veille: worker process'))
    family.signal('SIGQUIT')
    assert.deepEqual(await starter.exit(), { code: 0, signal: null, stdout: '', stderr: '' })
    assert.ok(!existsSync(family.path('pid')))
    const said = family
      .log()
      .replace(/^\[(\w+)\] \d+#\d+: /gm, '$1 ')
      .split('\n')
    const own = said.filter(line => !/^notice (signal 17|gracefully|exiting|OS:|getrlimit)/.test(line))
    const [first, second] = family.workers
    assert.deepEqual(
      own.filter(line => !line.includes('exited')),
      [
        'notice using the "epoll" event method',
        'notice veille/0.0.0',
        'notice start worker processes',
        `notice start worker process ${first}`,
        `notice start worker process ${second}`,
        'notice signal 3 (SIGQUIT) received, shutting down',
        'notice exit',
        'notice exit',
        'notice exit',
        '',
      ],
    )
    for (const pid of family.workers)
      assert.match(family.log(), new RegExp(`worker process ${pid} exited with code 0`))
  })

  it('ends with 1 and a word to who has started it when something is missing', async () => {
    await using family = await familyOf({ atStart: 2, settings: { workerProcesses: 2 } })
    const { code, stderr } = await family.start().exit()
    assert.equal(code, 1)
    assert.equal(stderr, 'veille: [emerg] no worker process has started\n')
    assert.match(
      family.log(),
      /\[alert\].* worker process \d+ exited with fatal code 2 and cannot be respawned/,
    )
    assert.ok(!existsSync(family.path('pid')))
    writeFileSync(family.path('conf.json'), '{')
    const wrong = await family.start().exit()
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr, /^veille: \[emerg\] .* in \/.*\/conf\.json\n$/)
    assert.ok(!existsSync(family.path('pid')))
  })

  it('does not remove the pid file of another one', async () => {
    await using family = await familyOf()
    const starter = await family.started()
    writeFileSync(family.path('pid'), '1\n')
    family.signal('SIGTERM', starter.pid)
    assert.equal((await starter.exit()).code, 0)
    assert.equal(readFileSync(family.path('pid'), 'utf8'), '1\n')
  })

  it('closes the debugger that a signal has opened before it was heard', async () => {
    await using family = await familyOf()
    const starter = family.start()
    // Node's own handler is there before any program is.
    await family.until(() => catches(starter.pid, 'SIGUSR1'))
    family.signal('SIGUSR1', starter.pid)
    await family.serves()
    await family.until(() => listenedBy(starter.pid).length === 1, 'it listens on one port')
    assert.deepEqual(listenedBy(starter.pid), queuesOf(family.port))
  })

  it('leaves no debugger behind when it is told to reopen its logs', async () => {
    await using family = await familyOf()
    const starter = await family.started()
    family.signal('SIGUSR1')
    family.signal('SIGUSR1', family.workers[0])
    await family.says(/signal 10 \(SIGUSR1\) received, reopening logs/, 2)
    assert.ok(!/Debugger/.test(family.log() + starter.stderr.text))
  })
})

describe('the end', () => {
  it('QUIT lets answers finish, and takes no new connection', async () => {
    await using family = await familyOf({ text: 'one' })
    const starter = await family.started()
    const client = await waiting(family)
    family.signal('SIGQUIT')
    await family.says(/gracefully shutting down/)
    await family.until(() =>
      connect({ port: family.port }).then(
        late => late.destroy() === null,
        () => true,
      ),
    )
    await family.until(() => titleOf(family.workers[0]!) === 'veille: worker process is shutting down')
    writeFileSync(family.path('release'), '')
    const bytes = await client.atEnd()
    assert.match(bytes.toString(), /\r\nConnection: close\r\n/)
    assert.equal(contentOf(bytes).text, 'one')
    client.destroy()
    assert.equal((await starter.exit()).code, 0)
  })

  it('QUIT waits no longer than worker_shutdown_timeout', async () => {
    await using family = await familyOf({ settings: { workerShutdownTimeoutMs: 20 } })
    const starter = await family.started()
    const client = await waiting(family)
    family.signal('SIGQUIT')
    assert.equal((await starter.exit()).code, 0)
    assert.equal(await client.gone(), false)
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`${signal} waits for nobody, even after QUIT`, async () => {
      await using family = await familyOf()
      const starter = await family.started()
      const client = await waiting(family)
      family.signal('SIGQUIT')
      await family.says(/gracefully shutting down/)
      family.signal(signal)
      assert.equal((await starter.exit()).code, 0)
      await client.gone()
      await family.says(/received, exiting/)
      assert.ok(!existsSync(family.path('pid')))
    })
  }

  it('a worker that does not listen is killed', async () => {
    await using family = await familyOf()
    const starter = await family.started()
    const client = await connect({ port: family.port })
    client.send('GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n')
    await family.says(/stuck/)
    family.signal('SIGTERM')
    assert.equal((await starter.exit()).code, 0)
    await client.gone()
    await family.says(/\[alert\].*worker process \d+ exited on signal 9/)
  })

  it('removes the path of a Unix socket', async () => {
    await using family = await familyOf()
    const path = family.path('socket')
    family.rewrite({ listen: [`unix:${path}`] })
    const starter = family.start()
    await family.until(() => family.request('/', { path }).then(Boolean, () => false))
    family.signal('SIGQUIT')
    assert.equal((await starter.exit()).code, 0)
    assert.ok(!existsSync(path))
  })
})

describe('a worker that dies', () => {
  it('is replaced, by the configuration that it had', async () => {
    await using family = await familyOf({ text: 'one' })
    await family.started()
    const [first] = family.workers as [number]
    family.rewrite({ text: 'not yet' })
    family.signal('SIGKILL', first)
    await family.says(new RegExp(`\\[alert\\].*worker process ${first} exited on signal 9`))
    const { pid, text } = await family.serves()
    assert.notEqual(pid, first)
    assert.equal(text, 'one')
  })

  it('again and again is replaced after a while', async () => {
    await using family = await familyOf()
    await family.started()
    for (let death = 1; death <= 3; death++) {
      await family.serves()
      await family.request('/throw').catch(() => {})
      await family.says(/worker process \d+ exited with code 1/, death)
    }
    const delays = await family.says(/\[warn\].*live only shortly.*starts in (\d+)ms/, 2)
    assert.deepEqual(delays, ['100', '200'])
    await family.serves()
    assert.match(family.log(), /\[alert\].*by a mistake of ours: Error: thrown on purpose\n.* at /)
  })

  it('has its connections forgotten, and its work counted', async () => {
    await using family = await familyOf()
    await family.started()
    const client = await waiting(family)
    family.signal('SIGKILL', family.workers[0])
    await client.gone()
    await family.serves()
    const counts = JSON.parse(await family.request('/counts')) as { active: number; accepted: number }
    assert.equal(counts.active, 1, 'the request that asks')
    assert.ok(counts.accepted >= 4)
  })

  it('without having been asked, gracefully, is replaced as well', async () => {
    await using family = await familyOf()
    await family.started()
    const [first] = family.workers as [number]
    family.signal('SIGQUIT', first)
    await family.says(new RegExp(`worker process ${first} exited with code 0`))
    assert.notEqual((await family.serves()).pid, first)
  })
})

describe('a master that is killed', () => {
  it('leaves workers that serve, sleep, and end by a signal', async () => {
    await using family = await familyOf({ text: 'one', settings: { workerProcesses: 2 } })
    const starter = await family.started()
    await family.says(/start worker process \d+/, 2)
    await family.until(() => family.workers.every(pid => titleOf(pid) === 'veille: worker process'))
    family.signal('SIGKILL', starter.pid)
    await family.says(new RegExp(`\\[alert\\].*the master process ${starter.pid} is gone`), 2)
    assert.equal((await family.serves()).text, 'one')
    // A process that asks again and again whether its master is there would not be found asleep so often in a row.
    for (let times = 0; times < 20; times++) await family.until(() => family.workers.every(isAsleep))
    const [first, second] = family.workers as [number, number]
    family.signal('SIGQUIT', first)
    await family.gone(first)
    assert.equal((await family.serves()).pid, second)
    family.signal('SIGTERM', second)
    await family.gone(second)
  })
})

function isAsleep(pid: number): boolean {
  return /^State:\s+S/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

describe('a reload', () => {
  it('serves by the new configuration while the old one finishes', async () => {
    await using family = await familyOf({ text: 'one', settings: { workerProcesses: 2 } })
    await family.started()
    await family.says(/start worker process (\d+)/, 2)
    const client = await waiting(family)
    family.rewrite({ text: 'two', settings: { workerProcesses: 1, pidPath: family.path('other-pid') } })
    family.signal('SIGHUP')
    await family.says(/gracefully shutting down/, 2)
    const now = await family.serves()
    assert.equal(now.text, 'two')
    assert.equal(now.pid, family.workers[2])
    assert.ok(!existsSync(family.path('pid')))
    assert.equal(family.read('other-pid'), `${family.starters[0]!.pid}\n`)
    writeFileSync(family.path('release'), '')
    assert.equal(contentOf(await client.atEnd()).text, 'one')
    client.destroy()
    await family.says(/exited with code 0/, 2)
    family.signal('SIGQUIT', family.starters[0]!.pid)
    assert.equal((await family.starters[0]!.exit()).code, 0)
  })

  it('opens and closes ports', async () => {
    await using family = await familyOf({ text: 'one' })
    await using other = await familyOf()
    await family.started()
    family.rewrite({ text: 'two', listen: [`127.0.0.1:${other.port}`] })
    family.signal('SIGHUP')
    await other.serves()
    await family.says(/exited with code 0/)
    await assert.rejects(family.request('/'), { code: 'ECONNREFUSED' })
  })

  it('is refused when the new configuration is wrong, cannot listen or does not start', async () => {
    await using family = await familyOf({ text: 'one' })
    await family.started()
    const [first] = family.workers
    const refused = async (times: number): Promise<void> => {
      family.signal('SIGHUP')
      await family.says(/\[error\].*the new configuration is not taken, the old one stays in force/, times)
      assert.deepEqual(await family.serves(), { text: 'one', pid: first, workerIndex: 0 })
    }
    writeFileSync(family.path('conf.json'), 'wrong')
    await refused(1)
    assert.match(family.log(), /\[emerg\].* in \/.*conf\.json\n/)
    family.rewrite({ text: 'two', listen: ['127.0.0.1:1', '192.0.2.1:80'] })
    await refused(2)
    assert.match(
      family.log(),
      /\[emerg\].*bind\(\) to 192\.0\.2\.1:80 failed \(99: Cannot assign requested address\)/,
    )
    family.rewrite({ listen: [`127.0.0.1:${family.port}`], atStart: 'not today' })
    await refused(3)
    assert.match(family.log(), /\[alert\].*by a mistake of ours: Error: not today/)
    family.rewrite({ atStart: undefined })
    family.signal('SIGHUP')
    await family.until(async () => (await family.serves()).text === 'two')
  })

  it('that is asked for while one is under way comes after it', async () => {
    await using family = await familyOf({ text: 'one' })
    await family.started()
    family.signal('SIGHUP')
    await family.says(/received, reconfiguring/)
    family.rewrite({ text: 'two' })
    family.signal('SIGHUP')
    await family.until(async () => (await family.serves()).text === 'two')
    assert.equal((await family.says(/: reconfiguring/, 2)).length, 2)
  })

  it('and an upgrade lose no request', async () => {
    await using family = await familyOf({ text: 'one', settings: { workerProcesses: 2 } })
    await family.started()
    let isOver = false
    let answered = 0
    const client = async (): Promise<void> => {
      for (; !isOver; answered++) assert.equal((JSON.parse(await family.request('/')) as Answer).text, 'one')
    }
    const clients = [1, 2, 3, 4].map(client)
    for (const reload of [1, 2]) {
      family.signal('SIGHUP')
      await family.says(/exited with code 0/, 2 * reload)
    }
    const old = family.pid
    family.signal('SIGUSR2')
    await family.until(() => family.read('pid') !== '' && family.pid !== old)
    await family.says(/start worker process \d+/, 8)
    family.signal('SIGQUIT', old)
    await family.gone(old)
    isOver = true
    await Promise.all(clients)
    assert.ok(answered > 0)
    family.signal('SIGTERM')
    await family.gone(family.pid)
  })
})

describe('reopening logs', () => {
  it('is done by master and workers', async () => {
    await using family = await familyOf()
    await family.started()
    renameSync(family.path('error.log'), family.path('error.log.1'))
    family.signal('SIGUSR1')
    const reopened = /^\[notice\] \d+#\d+: reopening logs/
    await family.says(reopened, 0, 'error.log.1')
    await family.until(() => existsSync(family.path('error.log')))
    family.signal('SIGQUIT')
    await family.starters[0]!.exit()
    assert.match(family.log(), /gracefully shutting down\n/)
    assert.match(family.log(), /exited with code 0\n/)
    assert.doesNotMatch(family.log('error.log.1'), /gracefully/)
    assert.equal(family.log('error.log.1').match(/: reopening logs/g)?.length, 2)
  })

  it('gives the files to the user of the workers', { skip: isRoot ? false : 'needs root' }, async () => {
    await using family = await familyOf({ settings: { user: NOBODY } })
    await family.started()
    renameSync(family.path('error.log'), family.path('error.log.1'))
    family.signal('SIGUSR1')
    await family.until(() => existsSync(family.path('error.log')))
    const { statSync } = await import('node:fs')
    await family.until(() => statSync(family.path('error.log')).uid === NOBODY.uid)
  })
})

const NOBODY = { name: 'nobody', uid: 65534, gid: 65534 }

describe('a new binary', () => {
  it('serves beside the old one, and alone when that has quit', async () => {
    await using family = await familyOf({ text: 'old' })
    const starter = await family.started()
    family.rewrite({ text: 'new' })
    family.signal('SIGUSR2')
    await family.says(/start new binary process (\d+)/)
    await family.until(() => family.read('pid.oldbin') === `${starter.pid}\n` && family.read('pid') !== '')
    const next = family.pid
    await family.says(/start worker process \d+/, 2)
    // Neither may begin another one now.
    family.signal('SIGUSR2', starter.pid)
    family.signal('SIGUSR2', next)
    await family.says(/\(SIGUSR2\) received, ignoring/, 2)
    family.signal('SIGQUIT', starter.pid)
    await family.gone(starter.pid)
    assert.ok(!existsSync(family.path('pid.oldbin')))
    assert.equal((await family.serves()).text, 'new')
    assert.equal(family.pid, next)
    family.signal('SIGQUIT')
    await family.gone(next)
    assert.ok(!existsSync(family.path('pid')))
  })

  it('that does not start changes nothing', async () => {
    await using family = await familyOf({ text: 'old' })
    const starter = await family.started()
    writeFileSync(family.path('conf.json'), 'wrong')
    family.signal('SIGUSR2')
    await family.says(/new binary process \d+ exited with code 1/)
    await family.until(() => family.read('pid') === `${starter.pid}\n`)
    assert.ok(!existsSync(family.path('pid.oldbin')))
    assert.equal((await family.serves()).text, 'old')
  })

  it('is given up by HUP to the old one, whose workers rest until then', async () => {
    await using family = await familyOf({ text: 'old', settings: { daemon: true } })
    assert.equal((await family.start().exit()).code, 0)
    const old = family.pid
    family.rewrite({ text: 'new' })
    family.signal('SIGUSR2')
    await family.says(/start worker process \d+/, 2)
    const next = Number((await family.says(/start new binary process (\d+)/))[0])
    family.signal('SIGWINCH', old)
    await family.says(/SIGWINCH\) received, stop accepting connections/)
    await family.says(/worker process \d+ exited with code 0/)
    await family.until(async () => (await family.serves()).text === 'new')
    family.signal('SIGHUP', old)
    await family.says(/start worker process \d+/, 3)
    family.signal('SIGQUIT', next)
    await family.says(/new binary process \d+ exited with code 0/)
    await family.until(() => family.read('pid') === `${old}\n`)
    assert.equal((await family.serves()).text, 'old')
    // Once more, and the new one dies while the workers of the old one rest.
    family.signal('SIGUSR2')
    await family.says(/start worker process \d+/, 4)
    family.signal('SIGWINCH', old)
    await family.says(/stop accepting connections/, 2)
    family.signal('SIGTERM', Number((await family.says(/start new binary process (\d+)/, 2))[1]))
    await family.says(/start worker process \d+/, 5)
    assert.equal((await family.serves()).text, 'old')
    family.signal('SIGQUIT', old)
    await family.gone(old)
  })
})

describe('a daemon', () => {
  it('is there when the command has come back', async () => {
    await using family = await familyOf({ text: 'one', settings: { daemon: true } })
    const starter = family.start()
    assert.deepEqual(await starter.exit(), { code: 0, signal: null, stdout: '', stderr: '' })
    const { pid } = family
    assert.notEqual(pid, starter.pid)
    assert.equal(JSON.parse(await family.request('/')).text, 'one')
    const session = /^\d+ \(.*\) \S+ \d+ \d+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1]
    assert.equal(Number(session), pid)
    assert.match(titleOf(pid), /^veille: master process process-program\.js \//)
    family.signal('SIGHUP')
    await family.says(/exited with code 0/)
    await family.serves()
    family.signal('SIGQUIT')
    await family.gone(pid)
    assert.ok(!existsSync(family.path('pid')))
  })

  it('that cannot be says why to who has started it', async () => {
    await using family = await familyOf({ listen: ['192.0.2.1:80'], settings: { daemon: true } })
    const { code, stderr } = await family.start().exit()
    assert.equal(code, 1)
    assert.equal(
      stderr,
      'veille: [emerg] bind() to 192.0.2.1:80 failed (99: Cannot assign requested address)\n',
    )
    assert.match(family.log(), /\[emerg\].*bind\(\) to 192\.0\.2\.1:80 failed/)
    family.rewrite({ listen: [`127.0.0.1:${family.port}`], atStart: 2 })
    const second = await family.start().exit()
    assert.equal(second.code, 1)
    assert.equal(second.stderr, 'veille: [emerg] no worker process has started\n')
  })

  it('ends when whoever started it is interrupted before it serves', async () => {
    using fds = new Descriptors()
    const taken = fds.own(openListener(inetAddress('127.0.0.1', 0)) as number)
    const key = formatAddress(localAddress(taken))
    await using family = await familyOf({ listen: [key], settings: { daemon: true } })
    const starter = family.start()
    const daemon = Number((await family.says(/(\d+)#\d+: try again to bind\(\)/))[0])
    starter.kill('SIGINT')
    await family.gone(daemon)
    assert.doesNotMatch(family.log(), /still could not bind/)
  })

  it('in the foreground ignores that its terminal has another size', async () => {
    await using family = await familyOf()
    const starter = await family.started()
    family.signal('SIGWINCH', starter.pid)
    await family.says(/signal 28 \(SIGWINCH\) received, ignoring/)
    await family.serves()
  })
})

describe('a single process', () => {
  const settings = { masterProcess: false }

  it('serves, reloads, reopens and ends', async () => {
    await using family = await familyOf({ text: 'one', settings })
    const starter = await family.started()
    assert.equal((await family.serves()).pid, starter.pid)
    const client = await waiting(family)
    family.rewrite({ text: 'two', log: 'other.log' })
    family.signal('SIGHUP')
    await family.until(async () => (await family.serves()).text === 'two')
    writeFileSync(family.path('release'), '')
    assert.equal(contentOf(await client.atEnd()).text, 'one')
    client.destroy()
    family.signal('SIGUSR1')
    await family.says(/reopening logs/, 1, 'other.log')
    family.signal('SIGUSR2')
    await family.says(/SIGUSR2\) received, ignoring/, 1, 'other.log')
    family.signal('SIGQUIT')
    assert.deepEqual(await starter.exit(), { code: 0, signal: null, stdout: '', stderr: '' })
    assert.ok(!existsSync(family.path('pid')))
  })

  it('keeps its configuration when the new one is wrong or does not start', async () => {
    await using family = await familyOf({ text: 'one', settings })
    const starter = await family.started()
    family.rewrite({ atStart: 'not today' })
    family.signal('SIGHUP')
    await family.says(/not taken, the old one stays/)
    assert.match(family.log(), /\[emerg\].*cannot serve: Error: not today/)
    writeFileSync(family.path('conf.json'), 'wrong')
    family.signal('SIGHUP')
    await family.says(/not taken, the old one stays/, 2)
    assert.equal((await family.serves()).text, 'one')
    const client = await waiting(family)
    family.signal('SIGTERM')
    assert.equal((await starter.exit()).code, 0)
    assert.equal(await client.gone(), false)
  })

  it('ends with 1 when it cannot serve', async () => {
    await using family = await familyOf({ atStart: 'not today', settings })
    assert.equal((await family.start().exit()).code, 1)
    assert.ok(!existsSync(family.path('pid')))
  })
})

describe('workers', () => {
  it('have the rights that the configuration gives them', {
    skip: isRoot ? false : 'needs root',
  }, async () => {
    await using family = await familyOf({
      settings: {
        user: NOBODY,
        workerPriority: 5,
        workerRlimitNofile: 500,
        workerCpuAffinity: [[0]],
        workingDirectory: '/tmp',
      },
    })
    await family.started()
    const rights = JSON.parse(await family.request('/rights')) as Rights
    const { uid, gid, folder, openFiles } = rights
    assert.deepEqual(
      { uid, gid, folder, openFiles },
      { uid: 65534, gid: 65534, folder: '/tmp', openFiles: '500' },
    )
    assert.ok(rights.groups.every(group => group !== 0))
    assert.ok(rights.priorities.length > 1, 'threads')
    assert.deepEqual(new Set(rights.priorities), new Set([5]))
    assert.deepEqual(new Set(rights.processors), new Set(['0']))
  })

  it('do not start as a user that they cannot be, or in a folder that is not there', async () => {
    await using family = await familyOf({ settings: { workingDirectory: '/nowhere' } })
    assert.equal((await family.start().exit()).code, 1)
    await family.says(/\[alert\].*chdir\("\/nowhere"\) failed \(2: No such file or directory\)/)
    await family.says(/exited with fatal code 2 and cannot be respawned/)
  })

  it('know of the environment what the configuration lets them', async () => {
    const environment = [
      { name: 'KEPT', value: null },
      { name: 'NEW', value: 'made here' },
      { name: 'ABSENT', value: null },
    ]
    await using family = await familyOf({ settings: { environment } })
    await family.started({ KEPT: 'kept', GONE: 'gone', TZ: 'UTC' })
    assert.deepEqual(JSON.parse(await family.request('/env')), { KEPT: 'kept', NEW: 'made here', TZ: 'UTC' })
  })

  it('with reuseport each have a queue of their own', async () => {
    await using family = await familyOf({
      listenOptions: { reusePort: true },
      settings: { workerProcesses: 2 },
    })
    await family.started()
    const seen = new Set<number>()
    await family.until(async () => seen.add((await family.serves()).workerIndex).size === 2)
    const before = queuesOf(family.port)
    assert.equal(before.length, 2)
    // Over a reload the queues stay: whoever waits in one is served by whoever comes to it.
    family.signal('SIGHUP')
    await family.says(/exited with code 0/, 2)
    assert.deepEqual(queuesOf(family.port), before)
    family.rewrite({ settings: { workerProcesses: 1 } })
    family.signal('SIGHUP')
    await family.says(/exited with code 0/, 4)
    assert.deepEqual(queuesOf(family.port).length, 1)
  })
})

describe('a service manager', () => {
  it('hears of the start, of reloads, of another main process and of the end', async () => {
    using fds = new Descriptors()
    const name = `@veille-manager-${process.pid}`
    const socket = fds.own(libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC))
    assert.equal(
      libc.bindTo(socket, Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(name.replace('@', '\0'))])),
      0,
    )
    const heard: string[] = []
    const bytes = Buffer.alloc(1000)
    const hears = async (family: Family, ...expected: string[]): Promise<void> => {
      await family.until(() => {
        const size = libc.recv(socket, bytes)
        if (size > 0) heard.push(bytes.toString('utf8', 0, size).replace(/\d+$/, ''))
        return heard.length >= expected.length
      }, `${expected} is heard, not ${heard}`)
      assert.deepEqual(heard.splice(0), expected)
    }
    await using family = await familyOf({ text: 'one' })
    family.start({ NOTIFY_SOCKET: name })
    await hears(family, 'READY=')
    assert.equal(JSON.parse(await family.request('/')).text, 'one')
    assert.doesNotMatch(await family.request('/env'), /NOTIFY/)
    family.signal('SIGHUP')
    await hears(family, 'RELOADING=1\nMONOTONIC_USEC=', 'READY=')
    const old = family.pid
    family.signal('SIGUSR2')
    await hears(family, 'READY=')
    family.signal('SIGQUIT', old)
    await hears(family, 'MAINPID=')
    await family.gone(old)
    family.signal('SIGTERM')
    await hears(family, 'STOPPING=')
    await family.until(() => !existsSync(family.path('pid')))
  })

  it('may have opened the sockets, whose paths it keeps', async () => {
    await using family = await familyOf({ text: 'one' })
    const path = family.path('socket')
    using fds = new Descriptors()
    const [managed, unasked] = [unixAddress(path), unixAddress(family.path('unasked'))].map(address =>
      fds.own(openListener(address) as number),
    )
    family.rewrite({ listen: [`unix:${path}`] })
    const early = await connect({ path })
    early.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const starter = family.startActivated(managed!, unasked!)
    assert.equal(contentOf(await early.atEnd()).text, 'one')
    early.destroy()
    await family.says(/\[warn\].*the inherited socket unix:.*unasked is not in the configuration, closed/)
    family.signal('SIGQUIT')
    assert.equal((await starter.exit()).code, 0)
    assert.ok(existsSync(path))
  })
})

/** Has the process a handler for the signal? (proc(5), SigCgt) */
function catches(pid: number, signal: NodeJS.Signals): boolean {
  const mask = /^SigCgt:\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!
  return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
}

/** Of the sockets that listen on a port, or on all: their inodes (proc(5), /proc/net/tcp). */
function queuesOf(port: number | null): string[] {
  const here = port === null ? ':' : `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map(line => line.trim().split(/\s+/))
  const listening = rows.filter(([, local, , state]) => local?.includes(here) && state === '0A')
  return listening.map(row => row[9]!).sort()
}

function listenedBy(pid: number): string[] {
  const fds = readdirSync(`/proc/${pid}/fd`).map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`))
  return queuesOf(null).filter(inode => fds.includes(`socket:[${inode}]`))
}

describe('a program that a process of ours has started', () => {
  const masterOrNot: [name: string, masterProcess: boolean][] = [
    ['a worker', true],
    ['a single process', false],
  ]
  for (const [name, masterProcess] of masterOrNot) {
    it(`has nothing but its three pipes, of ${name}`, async () => {
      await using family = await familyOf({ settings: { masterProcess, workerProcesses: 2 } })
      await family.started()
      const pid = await startProgram(family, '/program')
      await family.until(() => readdirSync(`/proc/${pid}/fd`).join() === '0,1,2')
      for (const fd of ['0', '1', '2']) assert.match(readlinkSync(`/proc/${pid}/fd/${fd}`), /^pipe:/)
    })

    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
      it(`does not outlive ${name}, ended by ${signal}`, async () => {
        await using family = await familyOf({ settings: { masterProcess, workerProcesses: 2 } })
        const starter = await family.started()
        const pid = await startProgram(family, '/program')
        family.signal(signal)
        assert.equal((await starter.exit()).code, 0)
        await family.gone(pid)
      })
    }
  }

  it('is killed by the master when its worker is killed', async () => {
    await using family = await familyOf()
    await family.started()
    const [worker] = family.workers as [number]
    const pid = await startProgram(family, '/program')
    family.signal('SIGKILL', worker)
    await family.gone(pid)
  })

  it('ends with its stdin when everybody else is killed', async () => {
    await using family = await familyOf()
    const starter = await family.started()
    const [worker] = family.workers as [number]
    const pid = await startProgram(family, '/reader')
    family.signal('SIGKILL', starter.pid)
    family.signal('SIGKILL', worker)
    await family.gone(pid)
  })
})

describe('the first process of a container', () => {
  const mayUnshare = spawnSync('unshare', ['--pid', '--mount-proc', '--kill-child', 'true']).status === 0
  for (const masterProcess of [true, false]) {
    it(`reaps heirs of programs: ${masterProcess ? 'a master' : 'a single process'}`, {
      skip: mayUnshare ? false : 'needs root and unshare(1)',
    }, async () => {
      await using family = await containedFamily({ settings: { masterProcess } })
      const starter = await family.started()
      const processes = async (): Promise<string> => family.request('/processes')
      await startProgram(family, '/heir')
      await family.until(async () => !/ (sh|sleep)"/.test(await processes()), 'both are gone, and no zombies')
      starter.kill('SIGKILL')
    })
  }
})

/** In a namespace of processes that ends with whoever has started it. */
class ContainedFamily extends Family {
  override start(): Running {
    const words = ['--pid', '--mount-proc', '--kill-child', process.execPath, ...this.command]
    const starter = startProcess('unshare', words, {})
    this.starters.push(starter)
    return starter
  }

  /** Numbers in its log are those of the namespace, and other processes' outside of it. */
  override async [Symbol.asyncDispose](): Promise<void> {
    for (const starter of this.starters) starter.kill('SIGKILL')
    for (const starter of this.starters) await starter.exit()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function containedFamily(configuration: Partial<TestConfiguration>): Promise<ContainedFamily> {
  return new ContainedFamily(mkdtempSync(join(tmpdir(), 'veille-family-')), await freePort(), configuration)
}

async function startProgram(family: Family, target: string): Promise<number> {
  const { pid } = JSON.parse(await family.request(target)) as { pid: number }
  return pid
}
