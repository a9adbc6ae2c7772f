/** With each poller: real programs, and a clock that only the test moves. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { afterEach, describe, it } from 'node:test'
import { type FakeClock, fakeClock, openDescriptors, POLLERS } from '../../test/descriptors.ts'
import { ENOENT } from '../errno.ts'
import { childCount } from '../io/children.ts'
import { Loop } from '../loop/loop.ts'
import type { PollerName } from '../loop/poller.ts'
import { CgiClient, type CgiClientEvents } from './cgi-client.ts'

const SILENCE_MS = 10_000
const GRACE_MS = 3000
/** Only what would hang for ever meets it. */
const MOST_TURNS = 3000

class Recorder implements CgiClientEvents {
  output = ''
  errorOutput = ''
  silences = 0
  hasOutputEnded = false
  isInputBroken = false
  drained = 0
  exit: { code: number | null; signal: number | null } | null = null

  onOutput(bytes: Buffer): void {
    this.output += bytes.toString('latin1')
  }

  onOutputEnd(): void {
    this.hasOutputEnded = true
  }

  onErrorOutput(bytes: Buffer): void {
    this.errorOutput += bytes.toString('latin1')
  }

  onInputDrained(): void {
    this.drained++
  }

  onInputBroken(): void {
    this.isInputBroken = true
  }

  onSilence(): void {
    this.silences++
  }

  onExit(code: number | null, signal: number | null): void {
    this.exit = { code, signal }
  }

  onFailure(error: unknown): void {
    throw error
  }
}

class Bench {
  readonly clock: FakeClock = fakeClock()
  readonly loop: Loop
  readonly events = new Recorder()
  readonly client: CgiClient

  constructor(poller: PollerName, script: string) {
    this.loop = new Loop({ poller, clock: this.clock })
    this.client = new CgiClient(this.loop, { silenceMs: SILENCE_MS, graceMs: GRACE_MS }, this.events)
    const options = {
      program: '/bin/sh',
      args: ['-c', script],
      directory: '/',
      environment: ['PATH=/usr/bin:/bin'],
    }
    assert.equal(this.client.start(options), 0)
  }

  until(condition: (events: Recorder) => boolean): void {
    for (let i = 0; i < MOST_TURNS; i++) {
      if (condition(this.events)) return
      this.loop.iterate(10)
    }
    assert.fail(`it does not come to that: ${condition}`)
  }

  /** What is due by then is called. */
  pass(ms: number): void {
    this.clock.now += ms
    this.loop.iterate(0)
  }

  /** Everything is given back. */
  close(): void {
    this.client.stop()
    this.until(() => childCount(this.loop) === 0)
    this.loop.close()
  }
}

function isStopped(pid: number): boolean {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') T ')
}

for (const poller of POLLERS) {
  describe(`a CGI client on ${poller}`, () => {
    const before = openDescriptors()
    let bench: Bench | null = null
    afterEach(() => {
      bench?.close()
      bench = null
      assert.equal(openDescriptors(), before)
    })
    const run = (script: string): Bench => {
      bench = new Bench(poller, script)
      return bench
    }

    it('gives content, takes output, and hears the end', () => {
      const { client, events } = run('cat; echo mistake >&2; exit 3')
      client.write(Buffer.from('hello'))
      client.endInput()
      bench!.until(({ exit, hasOutputEnded }) => exit !== null && hasOutputEnded)
      assert.deepEqual(
        [events.output, events.errorOutput, events.exit],
        ['hello', 'mistake\n', { code: 3, signal: null }],
      )
    })

    it('calls silence what it waits for when everything was given', () => {
      const { client, events } = run('echo ready; cat >/dev/null; exec sleep 3600')
      bench!.until(({ output }) => output !== '')
      bench!.pass(100 * SILENCE_MS)
      assert.equal(events.silences, 0, 'the program waits for content')
      client.endInput()
      bench!.pass(SILENCE_MS - 1)
      assert.equal(events.silences, 0)
      bench!.pass(2)
      assert.equal(events.silences, 1)
    })

    it('counts anew with each output', () => {
      const { client, events } = run('echo one; read x; echo two; exec sleep 3600')
      bench!.until(({ output }) => output === 'one\n')
      bench!.pass(SILENCE_MS - 1)
      client.write(Buffer.from('\n'))
      client.endInput()
      bench!.until(({ output }) => output === 'one\ntwo\n')
      bench!.pass(SILENCE_MS - 1)
      assert.equal(events.silences, 0)
      bench!.pass(2)
      assert.equal(events.silences, 1)
    })

    it('calls it no silence when the output is not wanted for now', () => {
      const { client, events } = run('echo one; exec sleep 3600')
      client.endInput()
      bench!.until(({ output }) => output !== '')
      client.pauseOutput()
      bench!.pass(100 * SILENCE_MS)
      assert.equal(events.silences, 0)
      client.resumeOutput()
      bench!.pass(SILENCE_MS + 1)
      assert.equal(events.silences, 1)
    })

    it('calls it silence when content is not taken', () => {
      const { client, events } = run('exec sleep 3600')
      while (!client.isInputCongested) client.write(Buffer.alloc(64 * 1024))
      bench!.pass(SILENCE_MS + 1)
      assert.equal(events.silences, 1)
      assert.equal(events.drained, 0)
    })

    it('says when content is taken again, and when never', () => {
      // It stands still until there is too much for it: otherwise it might be done with reading before.
      const { client, events } = run(
        'echo $$; kill -STOP $$; head -c 1000000 >/dev/null; exec <&-; exec sleep 3600',
      )
      bench!.until(({ output }) => output !== '' && isStopped(Number(output)))
      while (!client.isInputCongested) client.write(Buffer.alloc(64 * 1024))
      process.kill(Number(events.output), 'SIGCONT')
      bench!.until(({ drained }) => drained > 0)
      bench!.until(({ isInputBroken }) => {
        client.write(Buffer.alloc(64 * 1024))
        return isInputBroken
      })
    })

    it('lets a program whose answer is over come to its end, for a while', () => {
      const { client, events } = run('echo done; exec >&-; exec sleep 3600')
      client.endInput()
      bench!.until(({ hasOutputEnded }) => hasOutputEnded)
      client.finish()
      bench!.pass(GRACE_MS - 1)
      assert.ok(!client.isStopped)
      bench!.pass(2)
      assert.ok(client.isStopped)
      bench!.until(({ exit }) => exit !== null)
      assert.deepEqual(events.exit, { code: null, signal: 15 })
    })

    it('takes nothing more of it then, and not without end', () => {
      const { client, events } = run('echo one; exec cat /dev/zero')
      client.endInput()
      bench!.until(({ output }) => output !== '')
      client.finish()
      const { output } = events
      bench!.until(({ exit }) => exit !== null)
      assert.equal(events.output, output)
      assert.equal(events.exit?.signal, 13, 'SIGPIPE')
      assert.ok(!client.isStopped)
    })

    it('makes one end that does not hear SIGTERM', () => {
      const { client, events } = run("trap '' TERM; echo ready; while :; do sleep 0.01; done")
      bench!.until(({ output }) => output !== '')
      client.stop()
      bench!.loop.iterate(50)
      assert.equal(events.exit, null)
      bench!.pass(GRACE_MS + 1)
      bench!.until(({ exit }) => exit !== null)
      assert.deepEqual(events.exit, { code: null, signal: 9 })
    })

    it('says why a program cannot be started', () => {
      const loop = new Loop({ poller })
      const client = new CgiClient(loop, { silenceMs: 1, graceMs: 1 }, new Recorder())
      const options = { program: '/nowhere/x', args: [], directory: '/', environment: [] }
      assert.equal(client.start(options), -ENOENT)
      assert.ok(!client.isStarted)
      client.finish()
      client.stop()
      loop.close()
    })
  })
}
