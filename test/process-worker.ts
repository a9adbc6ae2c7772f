/** Its worker. */

import { runWorker } from '../src/process/worker.ts'
import { application } from './process-site.ts'

await runWorker(application)
