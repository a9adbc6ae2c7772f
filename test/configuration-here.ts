/**
 * A configuration that is served in this very process, so that a test can look at what it does from inside.
 *
 *   const here = await serveHere(folder, path)      paths of the configuration count from the folder
 *   await here.close()                              fast, and its logs are closed
 *
 * Where the strict rules of readiness hold, a referee looks at them until it is closed. Everything is as in a worker, but for the process around it: read, logs opened, one socket listening.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { openListener } from '../src/io/listener.ts'
import { createLog } from '../src/log.ts'
import type { Logs } from '../src/process/application.ts'
import { Counters } from '../src/server/counters.ts'
import { ConfigurationApplication } from '../src/site/application.ts'
import { layoutBelow } from '../src/site/layout.ts'
import { refereed } from './readiness-referee.ts'

export interface Here {
  readonly logs: Logs
  close(): Promise<void>
}

export async function serveHere(folder: string, configurationPath: string): Promise<Here> {
  const told: string[] = []
  const application = new ConfigurationApplication(
    { layout: layoutBelow(folder), configurationPath, globals: null, isForeground: true },
    {
      name: 'here',
      version: '0',
      workerProgram: '',
      startLog: createLog('info', (_level, words) => told.push(words)),
      writeProblem: text => told.push(text),
    },
  )
  const loaded = application.read(application.startLog) ?? assert.fail(told.join('\n'))
  assert.ok(loaded.makeFolders(application.startLog), told.join('\n'))
  const logs = loaded.openLogs(application.startLog) ?? assert.fail(told.join('\n'))
  const { key, address, options } = loaded.settings.listens[0]!
  const fd = openListener(address, options)
  assert.ok(typeof fd === 'number', 'the port is free')
  const isStrict = /strict_readiness on/.test(readFileSync(configurationPath, 'utf8'))
  const referee = isStrict ? refereed() : null
  const counters = new Counters()
  const site = await loaded.serve({
    sockets: [{ key, fd }],
    counters,
    allCounters: [counters],
    workerIndex: 0,
    logs,
  })
  return {
    logs,
    async close() {
      await site.endFast()
      logs.close()
      referee?.restore()
      assert.deepEqual(referee?.breaches ?? [], [])
    },
  }
}
