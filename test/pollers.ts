/** One suite, every way of waiting: `forEachPoller(poller => { … })` declares the same tests three times. */

import { describe } from 'node:test'
import type { PollerName } from '../src/loop/poller.ts'
import { POLLERS } from './descriptors.ts'

export function forEachPoller(declare: (poller: PollerName) => void): void {
  for (const poller of POLLERS) describe(poller, () => declare(poller))
}
