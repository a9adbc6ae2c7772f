/**
 * What ends the command with one sentence: the user's mistake, or something that the system refuses.
 *
 *   throw new Mistake('…', USAGE)       `main.ts` prints `veille: …` on stderr and exits with the code
 *   sentenceOf(error)                   any error as such a sentence; never a stack
 *
 * Imports nothing that is bound natively, so it can speak also where nothing else of veille can be loaded.
 */

import { visible } from './terminal.ts'

/** What was asked for cannot be done. */
export const REFUSED = 1
/** The command line was not understood. */
export const USAGE = 2

export class Mistake extends Error {
  readonly exitCode: number

  /** @param message a sentence without its full stop: what was found, what is expected, what would be right */
  constructor(message: string, exitCode: number = REFUSED) {
    super(message)
    this.exitCode = exitCode
  }
}

export function exitCodeOf(error: unknown): number {
  return error instanceof Mistake ? error.exitCode : REFUSED
}

/** A mistake may quote what a user wrote, whatever that is; what others throw may have further lines, which are for programmers. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Mistake) return visible(error.message)
  const message = error instanceof Error ? error.message : String(error)
  return visible(message.split('\n', 1)[0]!)
}
