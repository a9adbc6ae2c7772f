/** `examples/uploads` answers its requests as they say, on each poller. */

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { disappointments } from './beside-nginx/comparison.ts'
import { Example } from './beside-nginx/example.ts'
import { killLeftOver } from './command-process.ts'
import { forEachPoller } from './pollers.ts'

describe('the example for uploads', () => {
  after(killLeftOver)

  forEachPoller(poller => {
    test('answers as its requests say', async () => {
      const example = await Example.copy('examples/uploads', 'uploads.conf')
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
