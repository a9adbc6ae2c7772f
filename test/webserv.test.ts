/** `examples/webserv` answers its requests as they say, on each poller, and keeps the strict rules of readiness meanwhile. */

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { disappointments } from './beside-nginx/comparison.ts'
import { Example } from './beside-nginx/example.ts'
import { killLeftOver } from './command-process.ts'
import { missing } from './e2e/programs.ts'
import { forEachPoller } from './pollers.ts'

describe('the example for examinations', () => {
  after(killLeftOver)

  forEachPoller(poller => {
    test('answers as its requests say', { skip: missing('python3') }, async () => {
      const example = await Example.copy('examples/webserv', 'webserv.conf')
      const asked = example.requests()
      await example.start('veille', poller)
      const outcomes = await example.ask(asked)
      const failures = asked.flatMap((one, i) =>
        disappointments(one, outcomes[i]!, example.folder).map(
          words => `${one.place}: ${one.words}\n    ${words}`,
        ),
      )
      await example.stop()
      assert.equal(failures.join('\n'), '')
    })
  })
})
