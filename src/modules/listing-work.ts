/**
 * The work of a listing, in steps that never hold the loop.
 *
 *   await describeAll(x, names, describe)     asks for the status of each, some at a time, as long as somebody waits
 *   streamText(x, chunks)                     the answer, piece by piece
 */

import type { Exchange } from '../server/exchange.ts'

/** No path leads to a name with a backslash or a control character (`http/target.ts`): a link to it would be a lie. */
export const UNREACHABLE = /[\x00-\x1f\x7f\\]/

/** Files whose status is asked at once; more would wait in Node's four threads anyway. */
const AT_ONCE = 64

/** @param describe gives null for what is not shown */
export async function describeAll<N, E>(
  x: Exchange,
  names: readonly N[],
  describe: (name: N) => Promise<E | null>,
): Promise<E[]> {
  const entries: E[] = []
  for (let i = 0; i < names.length && !x.isAbandoned; i += AT_ONCE) {
    const some = names.slice(i, i + AT_ONCE).map(describe)
    for (const entry of await Promise.all(some)) if (entry !== null) entries.push(entry)
  }
  return entries
}

/** A page of one piece is sent with its length; a longer one piece by piece, with Node's turn between them. */
export function streamText(x: Exchange, chunks: Iterator<string>): void {
  const first = chunks.next()
  const second = chunks.next()
  const head = Buffer.from(first.value ?? '')
  if (second.done === true) {
    x.answer(200, head)
    return
  }
  x.begin(200, null)
  x.write(head)
  x.write(Buffer.from(second.value))
  const goOn = (): void => {
    try {
      sendNext()
    } catch (error) {
      x.crash(error)
    }
  }
  const sendNext = (): void => {
    if (x.isAbandoned) return
    if (x.isCongested) {
      x.onDrained = () => setImmediate(goOn)
      return
    }
    const next = chunks.next()
    if (next.done === true) {
      x.end()
      return
    }
    x.write(Buffer.from(next.value))
    setImmediate(goOn)
  }
  setImmediate(goOn)
}
