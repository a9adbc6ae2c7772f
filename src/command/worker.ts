/**
 * The program of a worker. The master starts it with an inherited channel, over which the configuration comes.
 */

import { runWorker } from '../process/worker.ts'
import { ConfigurationApplication } from '../site/application.ts'
import { terminalLog } from './nginx-command.ts'
import { packageVersion } from './version.ts'

await runWorker(
  new ConfigurationApplication(null, {
    name: 'nginx',
    version: packageVersion(),
    workerProgram: '',
    startLog: terminalLog(),
    writeProblem: text => process.stderr.write(text),
  }),
)
