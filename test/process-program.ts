/** The command of a server for tests of the process model: `node process-program.js CONFIGURATION`. */

import { run } from '../src/process/run.ts'
import { application } from './process-site.ts'

await run(application)
