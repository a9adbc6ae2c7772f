/**
 * A system that answers from a script, so that a test can replay what a kernel does on a bad day: EINTR, EMFILE,
 * EAGAIN, a partial write, ECONNRESET. Calls that the script does not name, and calls after the script has run out,
 * go to the real system.
 *
 *   using system = scripted({ accept4: [-EMFILE, -EMFILE], send: [3, -EAGAIN] })
 *   …
 *   system.calls.send          how often it was called, script and kernel together
 *
 * Only tests import this file.
 */

import { setErrno } from './ffi.ts'
import { type Native, native } from './libc.ts'

/** An answer: a result `>= 0`, a `-errno`, or a function that is given the arguments and may call the real one. */
export type Answer = number | ((real: (...args: never[]) => number, args: unknown[]) => number)

export type Script = { [name in keyof Native]?: Answer[] }

export interface ScriptedSystem {
  readonly calls: { [name in keyof Native]: number }
  restore(): void
  [Symbol.dispose](): void
}

type Call = (...args: unknown[]) => number

function answering(real: Call, answers: Answer[], count: () => void): Call {
  return (...args) => {
    count()
    const answer = answers.shift()
    if (answer === undefined) return real(...args)
    const value = typeof answer === 'number' ? answer : answer(real as (...args: never[]) => number, args)
    if (value >= 0) return value
    setErrno(-value)
    return -1
  }
}

/** Replaces the functions of `native` until `restore()`. Every function is counted, scripted or not. */
export function scripted(script: Script = {}): ScriptedSystem {
  const table = native as unknown as Record<string, Call>
  const originals = { ...table }
  const calls = Object.fromEntries(Object.keys(table).map(name => [name, 0])) as Record<string, number>
  for (const [name, real] of Object.entries(originals)) {
    const answers = script[name as keyof Native] ?? []
    table[name] = answering(real, answers, () => {
      calls[name] = calls[name]! + 1
    })
  }
  const restore = (): void => {
    Object.assign(table, originals)
  }
  return { calls: calls as ScriptedSystem['calls'], restore, [Symbol.dispose]: restore }
}
