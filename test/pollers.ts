/**
 * One suite, every way of waiting:
 *
 *   forEachPoller(poller => { … })       declares the same tests three times
 *   waysOf()                             the ways by themselves
 *   forEachWay(way => { … })             also for the strict rules of readiness (options for `serving`)
 *   forEachPollerAndStrictly('poll', way => { … })      the same, strictly with one of them only
 */

import { describe } from 'node:test'
import type { PollerName } from '../src/loop/poller.ts'
import { POLLERS } from './descriptors.ts'

export interface Way {
  readonly poller: PollerName
  readonly strictReadiness: boolean
}

/** Each poller freely, then those that are named by the strict rules. */
export function waysOf(strictPollers: readonly PollerName[] = POLLERS): readonly Way[] {
  return [
    ...POLLERS.map(poller => ({ poller, strictReadiness: false })),
    ...strictPollers.map(poller => ({ poller, strictReadiness: true })),
  ]
}

export function nameOf({ poller, strictReadiness }: Way): string {
  return strictReadiness ? `${poller}, strict` : poller
}

export function forEachPoller(declare: (poller: PollerName) => void): void {
  for (const poller of POLLERS) describe(poller, () => declare(poller))
}

/** @param strictPollers where a suite takes so long that one is enough for the strict rules */
export function forEachWay(declare: (way: Way) => void, strictPollers = POLLERS): void {
  for (const way of waysOf(strictPollers)) describe(nameOf(way), () => declare(way))
}

/** The same, with the rare argument first. */
export function forEachPollerAndStrictly(strictPoller: PollerName, declare: (way: Way) => void): void {
  forEachWay(declare, [strictPoller])
}
