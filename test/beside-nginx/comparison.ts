/**
 * Two outcomes of the same request, and an outcome beside what was expected of it.
 *
 *   differences(asked, nginx, veille)        what is not the same, each with both sides as text
 *   disappointments(asked, outcome, folder)  sentences: what is not as `requests.txt` says; [] when all is
 *
 * The order of fields does not matter; the time of day does not either (Date), but what is counted from it does (Expires). The
 * boundary between parts is of no matter, and the numbers of `stub_status` are not: when a connection ends, its client knows that a
 * moment before the server does.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { breaches, fieldValue, type Response } from '../responses.ts'
import type { Outcome } from './conversation.ts'
import type { Asked } from './requests.ts'

const NONE = '(none)'

export interface Difference {
  readonly asked: Asked
  /** `status`, `content`, `closing`, or the name of a field in small letters. */
  readonly what: string
  readonly nginx: string
  readonly veille: string
  /** The whole answers, for those who judge. */
  readonly answers: { readonly nginx: Response | null; readonly veille: Response | null }
}

export function differences(asked: Asked, nginx: Outcome, veille: Outcome): Difference[] {
  const [theirs, ours] = [nginx, veille].map(aspects)
  // Where the status is another one, all else follows from it.
  const isOther = theirs!.get('status') !== ours!.get('status')
  return [...new Set(isOther ? ['status'] : [...theirs!.keys(), ...ours!.keys()])]
    .map(what => ({
      asked,
      what,
      nginx: theirs!.get(what) ?? '',
      veille: ours!.get(what) ?? '',
      answers: { nginx: nginx.response, veille: veille.response },
    }))
    .filter(one => one.nginx !== one.veille)
}

/** All that can differ, by name. */
function aspects({ response, hasClosed }: Outcome): Map<string, string> {
  const found = new Map([['closing', hasClosed ? 'closes' : 'stays open']])
  if (response === null) return found.set('status', 'no answer')
  found.set('status', String(response.status))
  const boundary = /boundary=(\S+)/.exec(fieldValue(response, 'content-type') ?? '')?.[1] ?? null
  const plain = (text: string): string => (boundary === null ? text : text.replaceAll(boundary, 'BOUNDARY'))
  const content = plain(response.content.toString('latin1'))
  const date = fieldValue(response, 'date') ?? ''
  for (const [name] of response.fields) {
    const lower = name.toLowerCase()
    found.set(lower, withoutTime(lower, plain(fieldValue(response, lower)!), date))
  }
  if (boundary !== null) found.set('content-length', String(content.length))
  if (content.startsWith('Active connections')) found.delete('content-length')
  return found.set('content', withoutCounts(content))
}

function withoutCounts(content: string): string {
  return content.startsWith('Active connections') ? content.replace(/\d+/g, 'N') : content
}

function withoutTime(name: string, value: string, date: string): string {
  if (name === 'date') return 'now'
  const seconds = (Date.parse(value) - Date.parse(date)) / 1000
  // Those of `expires epoch`, `max` and `modified` are the same at all times.
  return name === 'expires' && seconds > -1e5 && seconds < 1e8 ? `Date + ${seconds} s` : value
}

/** @param folder of the example, from which `file` names its files */
export function disappointments(asked: Asked, { response }: Outcome, folder: string): string[] {
  const { status, fields, texts, file } = asked.expected
  if (response === null || status === null)
    return status === (response?.status ?? null) ? [] : [`${response?.status ?? 'closed'}`]
  // `expires` beside `add_header Cache-Control` makes two lines of one list, as in nginx. A field that is said to be missing may be missing.
  const excused = [
    'cache-control stands on',
    ...fields.filter(([, value]) => value === NONE).map(([name]) => `without ${name}`),
  ]
  const found = breaches(response).filter(words => !excused.some(one => words.includes(one)))
  if (response.status !== status) found.push(`status ${response.status}`)
  for (const [name, expected] of fields) {
    const value = fieldValue(response, name.toLowerCase())
    if (!isAs(expected, value)) found.push(`${name}: ${value ?? '(none)'}`)
  }
  const hasContent = asked.method !== 'HEAD'
  const content = response.content.toString()
  for (const text of texts)
    if (hasContent && !content.includes(text)) found.push(`no "${text}" in ${content.slice(0, 200)}`)
  if (file !== null) {
    const bytes = readFileSync(join(folder, file))
    if (hasContent && !bytes.equals(response.content)) found.push(`content ${content.slice(0, 200)}`)
    if (!hasContent && fieldValue(response, 'content-length') !== String(bytes.length))
      found.push(`Content-Length: ${fieldValue(response, 'content-length')}`)
  }
  return found
}

function isAs(expected: string, value: string | null): boolean {
  if (expected === NONE) return value === null
  const parts = expected.split('…').map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return value !== null && new RegExp(`^${parts.join('.*')}$`).test(value)
}
