/**
 * What a module is: a feature in one file, which the core runs in phases and knows by no name.
 *
 *   rewrite     the path may be changed (`x.rewriteTo`), or the exchange answered
 *   access      may the client have this? Answered with 403 and the like, or left to the next module
 *   precontent  before the content: other places may be tried
 *   content     the exchange is answered, or left to the next module (DECLINED)
 *   failure     the content of an error answer, when nobody else has one
 *   fields      last word on the fields of the answer
 *   log         the exchange is over
 *
 * Each phase runs the modules in the order of the list. A module that answers later returns HANDLED at once and keeps the
 * exchange. What it throws is logged, and costs that exchange at most a 500 (`phases.ts`); what goes wrong later, in a promise or a
 * callback, it gives to `x.crash(error)`.
 */

import type { Exchange } from './exchange.ts'

/** The next module is asked. */
export const DECLINED = 0
/** This module has answered, or will. */
export const HANDLED = 1
export type Outcome = typeof DECLINED | typeof HANDLED

export interface Module {
  readonly name: string
  /** Also methods that the server knows nothing of, since somebody else gives them their meaning; without it they are answered with 501. */
  readonly takesAnyMethod?: boolean
  /**
   * It answers for all paths below one that ends in a slash, as a program does. Who asks for that path without its slash is sent there, if no
   * other location is meant.
   */
  readonly addsSlash?: boolean
  /** Methods that it answers beside those of others, for `Allow` where nobody does. */
  readonly methods?: readonly string[]
  /** The only methods that the location takes, whatever others would answer: `Allow` names no other. */
  readonly allowedMethods?: readonly string[]
  rewrite?(x: Exchange): Outcome
  access?(x: Exchange): Outcome
  precontent?(x: Exchange): Outcome
  content?(x: Exchange): Outcome
  failure?(x: Exchange, status: number): Outcome
  fields?(x: Exchange): void
  log?(x: Exchange): void
  /** The server has ended; whatever the module holds is given back. */
  close?(): void
}
