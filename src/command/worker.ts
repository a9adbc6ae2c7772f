/**
 * The program of a worker. The master starts it with an inherited channel, over which the configuration comes.
 */

import { inlineMore } from './engine.ts'
import { loadInSteps } from './loading.ts'

await loadInSteps()
const { runWorker } = await import('../process/worker.ts')
const { ConfigurationApplication } = await import('../site/application.ts')
const { terminalLog } = await import('./nginx-command.ts')
const { packageVersion } = await import('./version.ts')

inlineMore()
await runWorker(
  new ConfigurationApplication(null, {
    name: 'nginx',
    version: packageVersion(),
    workerProgram: '',
    startLog: terminalLog(),
    writeProblem: text => process.stderr.write(text),
  }),
)
