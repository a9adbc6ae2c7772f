/**
 * What came of the peers that were asked for an exchange, for `$upstream_addr` and its sisters: several peers are told with commas between
 * them, and those of another location, after an internal redirect, behind a colon (ngx_http_upstream_module, "Embedded Variables").
 *
 *   const state = newState(x, 'unix:/run/app.sock')     one more peer; its fields are filled while it is asked
 *   UPSTREAM_ROWS, UPSTREAM_FAMILIES                     the variables
 */

import type { Exchange } from '../server/exchange.ts'
import type { Getter, VariableFamily, VariableRow } from '../server/variables.ts'
import type { CgiResponseHead } from '../upstream/cgi-response.ts'

/** Times in milliseconds since the peer was chosen; null for what has not come to pass. */
export interface UpstreamState {
  readonly address: string
  /** It is the first one of its location. */
  readonly isFirst: boolean
  readonly startedAt: number
  status: number
  connectMs: number | null
  headMs: number | null
  answerMs: number | null
  contentBytes: number
  receivedBytes: number
  sentBytes: number
  head: CgiResponseHead | null
}

const states = new WeakMap<Exchange, UpstreamState[]>()

/** @param isFirst of a location: what another one was asked before is told apart */
export function newState(x: Exchange, address: string, isFirst: boolean): UpstreamState {
  const list = states.get(x) ?? []
  states.set(x, list)
  const state: UpstreamState = {
    address,
    isFirst: isFirst && list.length > 0,
    startedAt: x.loop.now,
    status: 0,
    connectMs: null,
    headMs: null,
    answerMs: null,
    contentBytes: 0,
    receivedBytes: 0,
    sentBytes: 0,
    head: null,
  }
  list.push(state)
  return state
}

function joined(textOf: (state: UpstreamState) => string): Getter {
  return x => {
    const list = states.get(x)
    if (list === undefined) return null
    let text = ''
    for (const [i, state] of list.entries())
      text += (i === 0 ? '' : state.isFirst ? ' : ' : ', ') + textOf(state)
    return text
  }
}

function seconds(ms: number | null): string {
  return ms === null ? '-' : (ms / 1000).toFixed(3)
}

export const UPSTREAM_ROWS: readonly VariableRow[] = [
  {
    name: 'upstream_addr',
    doc: 'The servers that were asked for the answer, with commas between them; behind a colon those that were asked after an internal redirect. The name of the group when none could be asked.',
    get: joined(({ address }) => address),
  },
  {
    name: 'upstream_status',
    doc: 'What each of them answered; 502 or 504 for one that did not.',
    get: joined(({ status }) => (status === 0 ? '-' : String(status))),
  },
  {
    name: 'upstream_connect_time',
    doc: 'Seconds until there was a connection to each of them.',
    get: joined(({ connectMs }) => seconds(connectMs)),
  },
  {
    name: 'upstream_header_time',
    doc: 'Seconds until the head of each answer had come.',
    get: joined(({ headMs }) => seconds(headMs)),
  },
  {
    name: 'upstream_response_time',
    doc: 'Seconds until each answer was over.',
    get: joined(({ answerMs }) => seconds(answerMs)),
  },
  {
    name: 'upstream_response_length',
    doc: 'The bytes of content in each answer.',
    get: joined(({ contentBytes }) => String(contentBytes)),
  },
  {
    name: 'upstream_bytes_received',
    doc: 'The bytes of output that came from each of them.',
    get: joined(({ receivedBytes }) => String(receivedBytes)),
  },
  {
    name: 'upstream_bytes_sent',
    doc: 'The bytes that were sent to each of them.',
    get: joined(({ sentBytes }) => String(sentBytes)),
  },
]

export const UPSTREAM_FAMILIES: readonly VariableFamily[] = [
  {
    prefix: 'upstream_http_',
    doc: 'A field of the last answer of a server that was asked, also of one that is hidden from the client; underscores stand for dashes.',
    isOctets: true,
    member: name => x => lastField(x, name.replaceAll('_', '-')),
  },
  {
    prefix: 'upstream_cookie_',
    doc: 'The value of a cookie that the last answer of a server sets.',
    isOctets: true,
    member: upstreamCookie,
  },
]

function lastHead(x: Exchange): CgiResponseHead | null {
  return states.get(x)?.at(-1)?.head ?? null
}

function lastField(x: Exchange, lowerName: string): string | null {
  const head = lastHead(x)
  if (head === null) return null
  if (lowerName === 'content-length') return head.contentLength === null ? null : String(head.contentLength)
  if (lowerName === 'status') return head.status === 0 ? null : `${head.status} ${head.reason}`.trimEnd()
  const values = head.lines.filter(line => line.lowerName === lowerName).map(({ value }) => value)
  return values.length === 0 ? null : values.join(', ')
}

function upstreamCookie(name: string): Getter {
  const pair = new RegExp(`^${name} *= *([^;]*)`, 'i')
  return x => {
    for (const { lowerName, value } of lastHead(x)?.lines ?? []) {
      const found = lowerName === 'set-cookie' ? pair.exec(value) : null
      if (found !== null) return found[1]!
    }
    return null
  }
}
