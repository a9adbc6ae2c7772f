/**
 * One suite, every way of waiting:
 *
 *   forEachPoller(poller => { … })       declares the same tests three times
 *   forEachWay(way => { … })             also for the strict rules of readiness, with each of the three (options for `serving`)
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

export function forEachWay(declare: (way: Way) => void): void {
  for (const strictReadiness of [false, true]) {
    for (const poller of POLLERS) {
      describe(strictReadiness ? `${poller}, strict` : poller, () => declare({ poller, strictReadiness }))
    }
  }
}
