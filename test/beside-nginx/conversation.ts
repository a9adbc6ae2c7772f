/**
 * Requests held with a server over raw sockets, and what came of each.
 *
 *   await hold(asked, placeOf, change)   one outcome per request, in their order
 *
 * Requests wait for the answer before, but pipelined ones. A connection that the server ends is followed by another.
 */

import { connect, type Place, type RawClient } from '../raw-client.ts'
import { fieldValue, type Response, readResponse } from '../responses.ts'
import type { Asked, Change } from './requests.ts'

export interface Outcome {
  /** null: the connection ended without an answer. */
  readonly response: Response | null
  /** The server has closed its side behind the answer. */
  readonly hasClosed: boolean
}

/** @param placeOf where a server listens for what the configuration calls so; null: its first address */
export async function hold(
  asked: readonly Asked[],
  placeOf: (port: string | null) => Place,
  change: (one: Change) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  /** By host and target. */
  const tags = new Map<string, string>()
  let client: RawClient | null = null
  for (let i = 0; i < asked.length; ) {
    const first = asked[i]!
    let end = i + 1
    while (asked[end]?.isPipelined === true && !asked[end]!.isFirst) end++
    for (const one of first.changes) change(one)
    if (first.isFirst) client = over(client)
    client ??= await connect(placeOf(first.port), first.client === null ? {} : { localAddress: first.client })
    const together = asked.slice(i, end)
    const from = client.bytes.length
    client.send(together.map(one => bytesOf(one, tags)).join(''))
    const found = await outcomesOf(client, from, together)
    for (const [j, one] of together.entries()) {
      const tag = found[j]!.response && fieldValue(found[j]!.response!, 'etag')
      if (tag !== null) tags.set(keyOf(one), tag)
    }
    outcomes.push(...found)
    if (found.at(-1)!.hasClosed) client = over(client)
    i = end
  }
  over(client)
  return outcomes
}

function over(client: RawClient | null): null {
  client?.destroy()
  return null
}

function keyOf({ fields, target }: Asked): string {
  return `${fields.find(([name]) => name.toLowerCase() === 'host')?.[1]} ${target}`
}

/** @returns octets, as a latin1 string */
function bytesOf(asked: Asked, tags: ReadonlyMap<string, string>): string {
  const lines = asked.fields.map(
    ([name, value]) => `${name}: ${value.replaceAll('<tag>', () => tags.get(keyOf(asked)) ?? '<tag>')}`,
  )
  const text = [`${asked.method} ${asked.target} ${asked.version}`, ...lines, '', asked.content].join('\r\n')
  return Buffer.from(text).toString('latin1')
}

/** @param from where the first answer begins in what the client has received */
async function outcomesOf(client: RawClient, from: number, together: readonly Asked[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let at = from
  for (const { method } of together) {
    let response: Response | null = null
    const look = (): boolean => {
      const isLast = client.hasEnded
      response = readResponse(client.bytes, at, { isHeadOnly: method === 'HEAD', isLast })
      return response !== null || isLast || client.isClosed
    }
    await client.until(look)
    const found = response as Response | null
    at = found?.end ?? at
    const closes = found === null || fieldValue(found, 'connection') === 'close'
    if (closes) await client.gone()
    outcomes.push({ response: found, hasClosed: closes })
  }
  return outcomes
}
