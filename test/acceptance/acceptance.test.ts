/** The published acceptance case, scaled down, with every poller, under the rules of an examination and without. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forEachPoller } from '../pollers.ts'
import { playCase, sizeAt } from './case.ts'
import { serveSite } from './served-site.ts'

describe('the acceptance case on veille', { concurrency: 2 }, () => {
  forEachPoller(poller => {
    for (const isStrict of [false, true])
      it(`passes ${isStrict ? 'with' : 'without'} strict_readiness`, async () => {
        await using served = await serveSite({ poller, isStrict, program: 'sh' })
        for await (const { title, fault } of playCase(served.target, sizeAt(0.005, 0)))
          assert.equal(fault, null, `${title}: ${fault}\n${served.words()}`)
      })
  })
})
