/**
 * Node as the guest of our loop. Each case is a process of its own (`test/node-guest.ts`), since it is about how a process lives
 * and ends. What must happen must happen at all: a hang is ended after a minute.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { POLLERS } from '../../test/descriptors.ts'

const GUEST = fileURLToPath(import.meta.resolve('../../test/node-guest.js'))
const HANG_MS = 60_000

interface Outcome {
  readonly lines: string[]
  readonly errors: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

interface RunOptions {
  nodeOptions?: string[]
  /** Called once with the child, when it says that it is ready. */
  onReady?: (child: ChildProcess) => void
  /** Called with what stands on stderr, whenever there is more. */
  onErrors?: (errors: string, child: ChildProcess) => void
}

function run(poller: string, scenario: string, options: RunOptions = {}): Promise<Outcome> {
  const { nodeOptions = [], onReady, onErrors } = options
  const child = spawn(process.execPath, [...nodeOptions, GUEST, poller, scenario], { timeout: HANG_MS })
  let output = ''
  let errors = ''
  let isReady = false
  child.stdout.on('data', chunk => {
    output += chunk
    if (isReady || !output.includes('ready')) return
    isReady = true
    onReady?.(child)
  })
  child.stderr.on('data', chunk => {
    errors += chunk
    onErrors?.(errors, child)
  })
  return new Promise(done => {
    child.once('close', (code, signal) =>
      done({ lines: output.split('\n').filter(line => line !== ''), errors, code, signal }),
    )
  })
}

/** Lines in any order, and a good end. */
async function says(poller: string, scenario: string, lines: string[], code = 0): Promise<void> {
  const outcome = await run(poller, scenario)
  assert.deepEqual(
    { ...outcome, lines: outcome.lines.toSorted() },
    { lines: lines.toSorted(), errors: '', code, signal: null },
  )
}

const GUESTS = [
  'setTimeout',
  'setImmediate',
  'setInterval',
  'nextTick and await',
  'readFile',
  'execFile',
  'worker',
  'fetch',
  'lookup',
]

for (const poller of POLLERS) {
  describe(`Node as a guest of ${poller}`, { concurrency: 2 }, () => {
    it('does everything while the loop is always busy', () => says(poller, 'busy', GUESTS))

    it('does everything while the loop has nothing to do', () => says(poller, 'idle', GUESTS))

    it('runs ticks and microtasks after each iteration', () => says(poller, 'microtasks', ['none was late']))

    it('does what a handler has begun, although nothing else happens', () =>
      says(poller, 'from a handler', ['setTimeout', 'setImmediate', 'readFile']))

    it('hands exceptions from everywhere to uncaughtException, and the loop goes on', () =>
      says(poller, 'exceptions', [
        'caught onFailure',
        'caught nextTick',
        'caught setTimeout',
        'caught setImmediate',
        'caught rejection',
      ]))

    for (const scenario of ['unhandled rejection', 'uncaught exception']) {
      it(`ends the process with 1 after an ${scenario}`, async () => {
        const { code, errors } = await run(poller, scenario)
        assert.equal(code, 1)
        assert.match(errors, /Error: nobody listens/)
      })
    }

    it('handles a signal while the loop is asleep', async () => {
      const onReady = (child: ChildProcess): void => void child.kill('SIGTERM')
      const outcome = await run(poller, 'signal with a handler', { onReady })
      assert.deepEqual(outcome, { lines: ['ready', 'SIGTERM'], errors: '', code: 0, signal: null })
    })

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      it(`ends by ${signal} when nobody handles it`, async () => {
        const onReady = (child: ChildProcess): void => void child.kill(signal)
        const outcome = await run(poller, 'signal without a handler', { onReady })
        assert.deepEqual(outcome, { lines: ['ready'], errors: '', code: null, signal })
      })
    }

    it('opens the inspector on SIGUSR1 while the loop is asleep', async () => {
      const { errors } = await run(poller, 'asleep for ever', {
        nodeOptions: ['--inspect-port=0'],
        onReady: child => void child.kill('SIGUSR1'),
        onErrors: (errors, child) => {
          if (errors.includes('Debugger listening on')) child.kill()
        },
      })
      assert.match(errors, /Debugger listening on ws:/)
    })

    it('ends by itself when the loop is stopped', () => says(poller, 'natural end', ['beforeExit', 'exit 0']))

    it('ends by itself when the loop is stopped from a handler, which is called no more', () =>
      says(poller, 'end from a handler', ['called 1']))

    it('ends at once with process.exit()', () => says(poller, 'process.exit', [], 7))

    it('ends at once with process.exit() from a promise', () =>
      says(poller, 'process.exit from a promise', [], 7))

    it('ends when only a loop without reference is left', () =>
      says(poller, 'without reference', ['the last timer']))

    it('may be given to another loop later', () =>
      says(poller, 'another loop afterwards', ['select', 'poll', 'epoll']))

    it('leaves an idle process asleep', async () => {
      const { lines, code } = await run(poller, 'idle waits')
      const waits = /^waits (\d+)$/.exec(lines[0] ?? '')
      assert.ok(waits !== null && Number(waits[1]) <= 6, `${lines}`)
      assert.equal(code, 0)
    })

    it('survives a worker with a loop of its own that is terminated', () =>
      says(poller, 'terminate a worker', ['terminated 1', 'terminated 1', 'terminated 1']))

    it('survives a worker that is terminated in its sleep', () =>
      says(poller, 'terminate a sleeping worker', ['terminated 1']))

    it('lets a worker with a loop of its own end by itself', () =>
      says(poller, 'worker that ends', ['beforeExit', 'exit 0', 'worker 0']))

    it('ends at once with process.exit() beside a worker whose loop is busy', () =>
      says(poller, 'process.exit beside a worker', [], 7))
  })
}
