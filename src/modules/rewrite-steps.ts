/**
 * What the directives of the rewrite module become: a list of steps, which is run in the order in which they are written.
 *
 *   runSteps(steps, x)
 *
 * A step says how it goes on: with the next one, not at all, or not at all because the exchange is answered.
 */

import type { Exchange } from '../server/exchange.ts'

export const GOES_ON = 0
/** No further step; the exchange goes on. */
export const ENDS = 1
export const ANSWERED = 2
export type Course = typeof GOES_ON | typeof ENDS | typeof ANSWERED

export interface Step {
  run(x: Exchange): Course
}

export function runSteps(steps: readonly Step[], x: Exchange): Course {
  for (const step of steps) {
    const course = step.run(x)
    if (course !== GOES_ON) return course
  }
  return GOES_ON
}
