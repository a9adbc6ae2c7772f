/**
 * One suite, every way of waiting:
 *
 *   forEachPoller(poller => { … })       declares the same tests three times
 *   forEachWay(way => { … })             also for the strict rules of readiness, with each of the three or some (options for `serving`)
 */

import { describe } from 'node:test'
import type { PollerName } from '../src/loop/poller.ts'
import { POLLERS } from './descriptors.ts'

export function forEachPoller(declare: (poller: PollerName) => void): void {
  for (const poller of POLLERS) describe(poller, () => declare(poller))
}

export interface Way {
  readonly poller: PollerName
  readonly strictReadiness: boolean
}

/** @param strictPollers where a suite takes so long that one is enough for the strict rules */
export function forEachWay(declare: (way: Way) => void, strictPollers = POLLERS): void {
  for (const poller of POLLERS) describe(poller, () => declare({ poller, strictReadiness: false }))
  for (const poller of strictPollers) {
    describe(`${poller}, strict`, () => declare({ poller, strictReadiness: true }))
  }
}
