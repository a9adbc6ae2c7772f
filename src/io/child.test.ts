/** Every case runs with each poller, and by the strict rules of readiness, and leaves no process and no descriptor behind. */

import assert from 'node:assert/strict'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openDescriptors } from '../../test/descriptors.ts'
import { nameOf, waysOf } from '../../test/pollers.ts'
import {
  E2BIG,
  EACCES,
  EAGAIN,
  ECHILD,
  EINVAL,
  EMFILE,
  ENOENT,
  ENOEXEC,
  ENOMEM,
  ENOSYS,
  errnoName,
} from '../errno.ts'
import { Loop } from '../loop/loop.ts'
import type { PollerName } from '../loop/poller.ts'
import { readinessCounts } from '../loop/readiness-account.ts'
import { F_GETFD, RLIMIT_NOFILE, SIGKILL, SIGTERM } from '../sys/constants.ts'
import { fcntl, prlimit, waitProcess } from '../sys/libc.ts'
import { scripted } from '../sys/scripted.ts'
import { Child, type ChildEvents, type ChildOptions, ORPHAN_SILENCE_MS, startChild } from './child.ts'
import { childCount, endChildren } from './children.ts'

const HERE = realpathSync(tmpdir())
/** No case comes near it; without it one that hangs would say nothing. */
const MOST_WAIT_MS = 20_000

class Recorder implements ChildEvents {
  readonly events: string[] = []
  readonly chunks: Buffer[] = []
  errorOutput = ''
  exit: string | null = null
  failure: unknown = null
  onBytes: (bytes: Buffer) => void = () => {}
  onRoom: () => void = () => {}

  onOutput(bytes: Buffer): void {
    this.chunks.push(Buffer.from(bytes))
    this.onBytes(bytes)
  }

  onOutputEnd(): void {
    this.events.push('output end')
  }

  onErrorOutput(bytes: Buffer): void {
    this.errorOutput += bytes.toString()
  }

  onInputDrained(): void {
    this.onRoom()
  }

  onInputBroken(): void {
    this.events.push('input broken')
  }

  onExit(code: number | null, signal: number | null): void {
    this.events.push('exit')
    this.exit = `code ${code}, signal ${signal}`
  }

  onFailure(error: unknown): void {
    this.failure = error
  }

  get output(): string {
    return Buffer.concat(this.chunks).toString()
  }

  has(event: string): boolean {
    return this.events.includes(event)
  }
}

interface Started {
  readonly child: Child
  readonly heard: Recorder
}

/** A loop with children, and a look at the end whether anything of them is left. */
class Bench {
  readonly loop: Loop
  readonly started: Started[] = []
  /** Added to the real time: deadlines come when the test says. */
  private laterMs = 0
  private readonly before = openDescriptors()

  constructor(poller: PollerName, isStrict: boolean) {
    this.loop = new Loop({ poller, clock: () => performance.now() + this.laterMs, readiness: { isStrict } })
  }

  tryStart(options: Partial<ChildOptions>, heard = new Recorder()): Child | number {
    return startChild(
      this.loop,
      { program: '/bin/sh', args: [], directory: HERE, environment: ['PATH=/usr/bin:/bin'], ...options },
      heard,
    )
  }

  start(options: Partial<ChildOptions>): Started {
    const heard = new Recorder()
    const child = this.tryStart(options, heard)
    assert.ok(child instanceof Child, `a child, not ${child}`)
    const started = { child, heard }
    this.started.push(started)
    return started
  }

  shell(script: string): Started {
    return this.start({ args: ['-c', script] })
  }

  until(what: string, isSo: () => boolean): void {
    const giveUpAt = performance.now() + MOST_WAIT_MS
    while (!isSo()) {
      this.loop.iterate(20)
      assert.ok(performance.now() < giveUpAt, `never: ${what}`)
    }
  }

  untilOver(): void {
    this.until('all children are over', () => childCount(this.loop) === 0)
  }

  advance(ms: number): void {
    this.laterMs += ms
  }

  [Symbol.dispose](): void {
    endChildren(this.loop, () => {})
    this.untilOver()
    this.loop.close()
    for (const { child } of this.started) assert.ok(!isThere(child.pid), `${child.pid} is reaped`)
    assert.equal(openDescriptors(), this.before, 'no descriptor is left')
  }
}

/** A signal that a shell answers with its last words. */
const SIGUSR1 = 10
const TALKS_WHEN_ASKED = 'trap "echo told; exit 0" USR1;'

function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`)
}

/** A zombie that its new parent has not reaped yet counts as dead. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

function each(name: string, test: (bench: Bench) => void): void {
  for (const way of waysOf()) {
    it(`${name} (${nameOf(way)})`, () => {
      using bench = new Bench(way.poller, way.strictReadiness)
      test(bench)
      if (way.strictReadiness) assertRulesKept(bench.loop)
    })
  }
}

function assertRulesKept({ account }: Loop): void {
  const { reads_without_readiness, writes_without_readiness, decisions_by_errno } = readinessCounts([
    account!.cells,
  ])
  assert.deepEqual([reads_without_readiness, writes_without_readiness, decisions_by_errno], [0, 0, 0])
}

describe('a child', () => {
  each('answers on stdout and stderr, and tells its code', bench => {
    const { heard } = bench.shell('echo out; echo err >&2; exit 3')
    bench.untilOver()
    assert.equal(heard.output, 'out\n')
    assert.equal(heard.errorOutput, 'err\n')
    assert.equal(heard.exit, 'code 3, signal null')
    assert.equal(heard.events.filter(e => e === 'output end').length, 1)
    assert.equal(heard.events.filter(e => e === 'exit').length, 1)
  })

  each('gets its arguments, its folder and nothing but its environment', bench => {
    const { heard } = bench.start({
      args: ['-c', 'pwd; echo "$0:$1"; /usr/bin/env', 'zéro', 'a b'],
      environment: ['ONE=1', 'OCTETS=\xe9\xff', 'EMPTY='],
    })
    bench.untilOver()
    const [folder, args, ...rest] = heard.output.trimEnd().split('\n')
    assert.equal(folder, HERE)
    assert.equal(args, 'zéro:a b')
    // The shell itself adds PWD.
    const variables = Buffer.concat(heard.chunks)
      .toString('latin1')
      .split('\n')
      .filter(line => /^[A-Z]+=/.test(line))
    assert.deepEqual(variables.filter(v => !/^(PWD|OLDPWD|SHLVL|_)=/.test(v)).sort(), [
      'EMPTY=',
      'OCTETS=\xe9\xff',
      'ONE=1',
    ])
    assert.ok(rest.length >= 3)
  })

  each('has three descriptors, a session of its own, and every signal as it was born', bench => {
    const { child } = bench.start({ program: '/bin/sleep', args: ['1000'] })
    const of = (name: string): string => readFileSync(`/proc/${child.pid}/${name}`, 'latin1')
    // The kernel lets us go on while it still closes what the program does not get.
    bench.until('it has 0, 1 and 2', () => readdirSync(`/proc/${child.pid}/fd`).join() === '0,1,2')
    const [, group, session] = of('stat')
      .replace(/^.*\) . /, '')
      .split(' ')
      .map(Number)
    assert.equal(group, child.pid)
    assert.equal(session, child.pid)
    assert.match(of('status'), /SigBlk:\s+0+\n/)
    assert.match(of('status'), /SigIgn:\s+0+\n/)
  })

  each('upper-cases ten megabytes while both of its pipes are full', bench => {
    const { child, heard } = bench.start({ program: '/usr/bin/tr', args: ['a-z', 'A-Z'] })
    const piece = Buffer.from('the quick brown fox jumps over the lazy dog\n'.repeat(1000))
    const pieces = Math.ceil(10_000_000 / piece.length)
    let written = 0
    heard.onRoom = () => {
      while (written < pieces && !child.input.isCongested) {
        child.input.write(piece)
        written++
      }
      if (written === pieces) child.input.end()
    }
    heard.onRoom()
    assert.ok(written < pieces, 'it is congested before all is written')
    // Nobody reads for a while: neither side may be stuck for good.
    child.output.pause()
    for (let i = 0; i < 20; i++) bench.loop.iterate(1)
    assert.equal(heard.chunks.length, 0)
    child.output.resume()
    bench.untilOver()
    const expected = Buffer.from(piece.toString().toUpperCase())
    assert.ok(Buffer.concat(heard.chunks).equals(Buffer.concat(Array(pieces).fill(expected))))
    assert.equal(heard.exit, 'code 0, signal null')
  })

  each('that never reads makes its input congested, and is killed by us', bench => {
    const { child, heard } = bench.start({ program: '/bin/sleep', args: ['1000'] })
    const piece = Buffer.alloc(64 * 1024)
    for (let i = 0; i < 100 && !child.input.isCongested; i++) child.input.write(piece)
    assert.ok(child.input.isCongested)
    child.terminate()
    bench.untilOver()
    assert.deepEqual(heard.events, ['exit'])
    assert.equal(heard.exit, `code null, signal ${SIGTERM}`)
  })

  each('that closes its stdin breaks the input, and is still heard', bench => {
    const { child, heard } = bench.shell(
      `exec <&-; ${TALKS_WHEN_ASKED} echo closed; while :; do sleep 0.02; done`,
    )
    bench.until('it has closed', () => heard.output !== '')
    child.input.write(Buffer.from('nobody reads this'))
    bench.until('nobody reads', () => heard.has('input broken'))
    assert.ok(child.input.isFinished)
    child.input.write(Buffer.from('nor this'))
    child.input.end()
    child.killGroup(SIGUSR1)
    bench.untilOver()
    assert.equal(heard.output, 'closed\ntold\n')
    assert.equal(heard.exit, 'code 0, signal null')
    assert.equal(heard.events.filter(e => e === 'input broken').length, 1)
  })

  each('that floods waits while nobody listens', bench => {
    const { child, heard } = bench.start({ program: '/usr/bin/yes' })
    bench.until('a megabyte', () => heard.chunks.length > 16)
    child.output.pause()
    const received = heard.chunks.length
    for (let i = 0; i < 20; i++) bench.loop.iterate(1)
    assert.equal(heard.chunks.length, received)
    child.output.resume()
    bench.until('more', () => heard.chunks.length > received)
    child.killGroup(SIGKILL)
    bench.untilOver()
    assert.equal(heard.exit, `code null, signal ${SIGKILL}`)
    assert.ok(heard.has('output end'))
  })

  each('that is gone before it was written to breaks the input', bench => {
    const { child, heard } = bench.start({ program: '/bin/true' })
    bench.untilOver()
    assert.ok(child.hasEnded)
    assert.equal(heard.exit, 'code 0, signal null')
    assert.ok(heard.has('input broken'))
    child.input.write(Buffer.from('x'))
    child.killGroup(SIGKILL)
    child.terminate()
    assert.equal(heard.events.filter(e => e === 'input broken').length, 1)
  })

  each('tells the signal of which it died', bench => {
    const { heard } = bench.shell('kill -SEGV $$')
    bench.untilOver()
    assert.equal(heard.exit, 'code null, signal 11')
  })

  each('that ignores SIGTERM is killed after the grace', bench => {
    const { child, heard } = bench.shell('trap "" TERM; echo ready; while :; do sleep 1000; done')
    bench.until('it ignores', () => heard.output !== '')
    child.terminate(5000)
    for (let i = 0; i < 5; i++) bench.loop.iterate(1)
    assert.ok(isAlive(child.pid))
    bench.advance(5000)
    bench.untilOver()
    assert.equal(heard.exit, `code null, signal ${SIGKILL}`)
  })

  each(
    'whose grandchild is silent and holds stdout ends after a while, and so does the grandchild',
    bench => {
      const { heard } = bench.shell('sleep 1000 & echo $!')
      bench.until('it has ended', () => heard.exit !== null)
      const grandchild = Number(heard.output)
      assert.ok(isAlive(grandchild))
      assert.ok(!heard.has('output end'))
      bench.advance(ORPHAN_SILENCE_MS)
      bench.untilOver()
      assert.ok(heard.has('output end'))
      bench.until('the grandchild is dead', () => !isAlive(grandchild))
    },
  )

  each('whose grandchild goes on talking is heard to the end', bench => {
    const { child, heard } = bench.shell(`(${TALKS_WHEN_ASKED} echo here; while :; do sleep 0.02; done) &`)
    bench.until('both have done their part', () => heard.exit !== null && heard.output !== '')
    child.killGroup(SIGUSR1)
    bench.untilOver()
    assert.equal(heard.output, 'here\ntold\n')
    assert.ok(heard.has('output end'))
    assert.equal(heard.exit, 'code 0, signal null')
  })

  each('leaves its last words to a slow reader, however long that takes', bench => {
    const { child, heard } = bench.shell('sleep 1000 & echo $!')
    child.output.pause()
    bench.until('it has ended', () => heard.exit !== null)
    for (let i = 0; i < 3; i++) {
      bench.advance(10 * ORPHAN_SILENCE_MS)
      bench.loop.iterate(1)
    }
    assert.equal(childCount(bench.loop), 1)
    child.output.resume()
    bench.until('its words', () => /\d\n/.test(heard.output))
    bench.advance(ORPHAN_SILENCE_MS)
    bench.untilOver()
    assert.ok(heard.has('output end'))
  })

  each('that cannot be told of by a descriptor is asked', bench => {
    using _system = scripted({ pidfd_open: [-ENOSYS, -EMFILE] })
    const first = bench.shell('exec >&- 2>&-; sleep 0.05; exit 7')
    const second = bench.start({ program: '/bin/true' })
    bench.untilOver()
    assert.equal(first.heard.exit, 'code 7, signal null')
    assert.equal(second.heard.exit, 'code 0, signal null')
  })

  each('that somebody else has reaped is over all the same', bench => {
    using _system = scripted({ waitid: [-ECHILD] })
    const { child, heard } = bench.start({ program: '/bin/true' })
    bench.untilOver()
    assert.equal(heard.exit, 'code null, signal null')
    // Here it was not so: the system is asked to forget it after all.
    while (waitProcess(child.pid, false, { code: null, signal: null }) === 0);
  })

  each('is terminated when a mistake of ours leaves a handler', bench => {
    const { heard } = bench.shell('echo first; sleep 1000')
    heard.onBytes = () => {
      throw new Error('ours')
    }
    bench.untilOver()
    assert.equal((heard.failure as Error).message, 'ours')
    assert.deepEqual(heard.events, ['exit'])
  })
})

describe('a child that cannot be started', () => {
  const folder = mkdtempSync(join(tmpdir(), 'veille-child-'))
  const notExecutable = join(folder, 'text')
  const noProgram = join(folder, 'no-program')
  writeFileSync(notExecutable, '#!/bin/sh\n')
  writeFileSync(noProgram, 'no shebang, no magic number\n', { mode: 0o755 })
  after(() => rmSync(folder, { recursive: true }))

  const refused: [name: string, options: Partial<ChildOptions>, errno: number][] = [
    ['a program that is not there', { program: '/nowhere/program' }, ENOENT],
    ['a file that may not be executed', { program: notExecutable }, EACCES],
    ['a folder', { program: folder }, EACCES],
    ['a file that is no program', { program: noProgram }, ENOEXEC],
    ['a working folder that is not there', { directory: '/nowhere' }, ENOENT],
    ['an argument with a NUL', { args: ['a\0b'] }, EINVAL],
    ['a variable with a NUL', { environment: ['A=\0'] }, EINVAL],
    ['too long an argument', { args: ['x'.repeat(1024 * 1024)] }, E2BIG],
  ]
  for (const [name, options, errno] of refused) {
    each(`for ${name}`, bench => {
      assert.equal(errnoName(Number(bench.tryStart(options))), errnoName(errno))
      assert.equal(childCount(bench.loop), 0)
    })
  }

  for (const errno of [EAGAIN, ENOMEM]) {
    each(`for want of processes or memory, ${errnoName(errno)}`, bench => {
      using _system = scripted({ posix_spawn: [errno] })
      assert.equal(bench.tryStart({}), -errno)
      assert.equal(childCount(bench.loop), 0)
    })
  }

  each('for want of descriptors, however few there are', bench => {
    for (let free = 0; free < SIX_ENDS; free++) {
      using _limit = onlyFree(free)
      assert.equal(bench.tryStart({}), -EMFILE, `with ${free}`)
    }
    // The end of this one must be asked for.
    using _limit = onlyFree(SIX_ENDS)
    const { heard } = bench.start({ program: '/bin/true' })
    bench.untilOver()
    assert.equal(heard.exit, 'code 0, signal null')
  })
})

const SIX_ENDS = 6

/** Until it is disposed of, so many descriptors can be opened and no more. */
function onlyFree(count: number): Disposable {
  const before = new BigUint64Array(2)
  prlimit(RLIMIT_NOFILE, null, before)
  const open = new Set(
    readdirSync('/proc/self/fd')
      .map(Number)
      .filter(fd => fcntl(fd, F_GETFD) >= 0),
  )
  let limit = 0
  for (let free = count; free > 0 || open.has(limit); limit++) if (!open.has(limit)) free--
  prlimit(RLIMIT_NOFILE, new BigUint64Array([BigInt(limit), before[1]!]), null)
  return { [Symbol.dispose]: () => void prlimit(RLIMIT_NOFILE, before, null) }
}

describe('many children', () => {
  each('a hundred at once, then three hundred in a row', bench => {
    for (let i = 0; i < 100; i++) bench.shell(`echo ${i}`)
    assert.equal(childCount(bench.loop), 100)
    bench.untilOver()
    assert.deepEqual(
      bench.started.map(({ heard }) => heard.output),
      bench.started.map((_, i) => `${i}\n`),
    )
    for (let i = 0; i < 300; i++) {
      const { heard } = bench.start({ program: '/bin/true' })
      bench.untilOver()
      assert.equal(heard.exit, 'code 0, signal null')
    }
  })

  each('are all killed at the end of their loop', bench => {
    for (let i = 0; i < 10; i++) bench.shell('trap "" TERM; while :; do sleep 1000; done')
    let isDone = false
    endChildren(bench.loop, () => {
      isDone = true
    })
    assert.ok(!isDone)
    bench.until('they are gone', () => isDone)
    assert.equal(childCount(bench.loop), 0)
  })
})
