/** What no real process does on demand: not to start at all. Everything else stands in `test/e2e/processes.test.ts`. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { recordingLog } from '../../test/recording-log.ts'
import { close } from '../sys/libc.ts'
import type { Application } from './application.ts'
import type { Generation } from './generation.ts'
import { ListeningSockets } from './listening-sockets.ts'
import { SharedCounters } from './shared-counters.ts'
import { Workers } from './workers.ts'

it('a worker that cannot be started is tried again after a while, until nobody wants it any more', async () => {
  const counters = new SharedCounters(1)
  const log = recordingLog()
  const node = process.execPath
  process.execPath = '/no/such/node'
  try {
    const ended = new Promise<void>(onEmpty => {
      const workers = new Workers({
        application: { name: 'veille', workerProgram: '' } as Application,
        counters,
        sockets: new ListeningSockets(),
        isDaemon: false,
        log: () => log,
        onEmpty: () => onEmpty(),
      })
      const settings = { workerProcesses: 1, listens: [] as const }
      const [worker] = workers.start({ configuration: { settings, snapshot: null } } as unknown as Generation)
      assert.equal(worker!.pid, null)
      const look = (): void => {
        if (!log.lines.some(line => line.startsWith('warn'))) setImmediate(look)
        else workers.end('quit')
      }
      look()
    })
    await ended
  } finally {
    process.execPath = node
    close(counters.fd)
  }
  const failure = 'alert: spawn() failed while starting a worker process: spawn /no/such/node ENOENT'
  const [first, second, third, warning, ...rest] = log.lines
  assert.deepEqual([first, second, third, rest], ['notice: start worker processes', failure, failure, []])
  assert.match(warning!, /^warn: worker processes live only shortly \(\d+ms\); the next one starts in 100ms$/)
})
