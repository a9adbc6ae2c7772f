/**
 * The loop's clock, in the hands of a test: `performance.now()` of this process stands still until the test moves it.
 *
 *   const pass = stoppedClock(t)
 *   await pass(60)                  seconds go by, and the loop notices
 */

import type { TestContext } from 'node:test'
import { serverHasRead } from './raw-client.ts'

export function stoppedClock(t: TestContext): (seconds: number) => Promise<void> {
  // A whole number, so that parts of a second add up to one.
  let now = Math.ceil(performance.now())
  t.mock.method(performance, 'now', () => now)
  return async seconds => {
    await serverHasRead()
    now += seconds * 1000
    await serverHasRead()
  }
}
