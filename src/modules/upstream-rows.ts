/**
 * The directives that `fastcgi_…`, `scgi_…` and `uwsgi_…` share.
 *
 *   const table = { ...upstreamRows('fastcgi', 'FastCGI'), fastcgi_index: … }
 *   type Settings = SettingsOf<typeof table>          { fastcgi_pass: …, fastcgi_read_timeout: number, … }
 *   withoutPrefix(settings, 'fastcgi')                 the same without `fastcgi_`, whichever of the three it is
 */

import {
  type AnyRow,
  type Call,
  count,
  custom,
  duration,
  flag,
  listOf,
  type Row,
  readCount,
  readOffset,
  readSize,
  readWord,
  type SettingsOf,
  size,
  type Table,
} from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { type Address, inetAddress, isAddress, parseEndpoint } from '../io/address.ts'
import { temporaryPathRow } from './temporary-folders.ts'
import { type PeerAddress, readPeerAddress } from './upstream-address.ts'
import { type ParamRule, readParam } from './upstream-params.ts'

const EVERYWHERE = ['http', 'server', 'location']

/** What follows `…_pass`. */
export interface PassRule {
  readonly target: Template
  /** null for a name or for what holds variables: what it stands for is known later. */
  readonly addresses: readonly PeerAddress[] | null
}

/** What `…_next_upstream` may name. */
export const NEXT_WORDS = [
  'error',
  'timeout',
  'invalid_header',
  'http_500',
  'http_503',
  'http_403',
  'http_404',
  'http_429',
  'non_idempotent',
  'off',
] as const
export type NextWord = (typeof NEXT_WORDS)[number]

const IGNORABLE = [
  'X-Accel-Redirect',
  'X-Accel-Expires',
  'X-Accel-Limit-Rate',
  'X-Accel-Buffering',
  'X-Accel-Charset',
  'Expires',
  'Cache-Control',
  'Set-Cookie',
  'Vary',
] as const

export interface Buffers {
  readonly count: number
  readonly sizeBytes: number
}

/** The common table, without a prefix. */
function rows(prefix: string, who: string) {
  return {
    pass: custom<PassRule | null>({
      in: ['location', 'if in location'],
      syntax: 'address',
      takes: [1, 1],
      initial: null,
      isInherited: false,
      doc: `Requests of this location are answered by a ${who} server: host and port, unix: and a path, or the name of an \`upstream\` block. With variables, what they come to is such a name, or an address without a host name.`,
      read: readPass,
    }),
    param: listOf<ParamRule>({
      in: EVERYWHERE,
      syntax: 'parameter value [if_not_empty]',
      takes: [2, 3],
      doc: `What the ${who} server is told, beside the fields of the request, which are \`HTTP_…\`. With if_not_empty only if the value is not empty. A level that has any of these has none of the level outside. A parameter \`HTTP_…\` takes the place of the field.`,
      read: readParam,
    }),
    bind: custom<Address | 'off'>({
      in: EVERYWHERE,
      syntax: 'address | off',
      takes: [1, 1],
      initial: 'off',
      doc: `The address of this machine from which ${who} servers are connected to.`,
      read: readBind,
    }),
    buffer_size: size({
      in: EVERYWHERE,
      initial: 4096,
      default: '4k',
      doc: 'The greatest size of the head of an answer; one that is larger is answered with 502.',
    }),
    buffering: flag({
      in: EVERYWHERE,
      initial: true,
      doc: `An answer that comes faster than the client takes it is taken from the ${who} server all the same, so that it is free for others: it waits in memory, then in a temporary file. With off the server has to wait. The field \`X-Accel-Buffering\` of an answer, yes or no, says it for that one.`,
    }),
    buffers: custom<Buffers>({
      in: EVERYWHERE,
      syntax: 'number size',
      takes: [2, 2],
      initial: { count: 8, sizeBytes: 4096 },
      default: '8 4k',
      doc: 'So much of an answer waits in memory at most: their number times their size. What lies in the queue of the client’s connection already does not count.',
      read: readBuffers,
    }),
    busy_buffers_size: size({
      in: EVERYWHERE,
      initial: 8192,
      default: '8k',
      doc: 'How much of what waits may be on its way to the client.',
      withoutEffect: 'what is on its way is bounded by the queue of the connection, at 256 KiB',
    }),
    connect_timeout: duration({
      in: EVERYWHERE,
      initial: 60_000,
      default: '60s',
      doc: `How long a connection to a ${who} server may take; then 504, or the next server.`,
    }),
    hide_header: fieldList(
      'A field of answers that the client does not get, beside those that never reach it: `Status` and `X-Accel-…`.',
    ),
    ignore_client_abort: flag({
      in: EVERYWHERE,
      initial: false,
      doc: `When the client has gone, the ${who} server may finish its answer; with off the connection to it is closed.`,
    }),
    ignore_headers: custom<readonly string[]>({
      in: EVERYWHERE,
      syntax: 'field ...',
      takes: [1, Number.POSITIVE_INFINITY],
      initial: [],
      doc: 'Fields of answers that have no effect on this server: `X-Accel-Redirect`, `X-Accel-Limit-Rate` and `X-Accel-Buffering`. The other names that nginx knows never have one here.',
      read: readIgnored,
    }),
    intercept_errors: flag({
      in: EVERYWHERE,
      initial: false,
      doc: 'An answer from 300 on is replaced by the page that `error_page` has for it, where there is one.',
    }),
    max_temp_file_size: custom<number>({
      in: EVERYWHERE,
      syntax: 'size',
      takes: [1, 1],
      initial: 1024 * 1024 * 1024,
      default: '1024m',
      doc: 'How much of an answer that does not fit the buffers may wait in a temporary file; 0: nothing.',
      read: call => readOffset(call, 0),
    }),
    next_upstream: custom<ReadonlySet<NextWord>>({
      in: EVERYWHERE,
      syntax:
        'error | timeout | invalid_header | http_500 | http_503 | http_403 | http_404 | http_429 | non_idempotent | off ...',
      takes: [1, NEXT_WORDS.length],
      initial: new Set<NextWord>(['error', 'timeout']),
      default: 'error timeout',
      doc: 'When the next server of a group is asked, as long as nothing of an answer has gone to the client. A request that changes something (POST, LOCK, PATCH) goes to one server only, once it was sent, unless non_idempotent is named.',
      read: readNext,
    }),
    next_upstream_timeout: duration({
      in: EVERYWHERE,
      initial: 0,
      doc: 'For how long after its beginning a request may go to a next server; 0: no limit.',
    }),
    next_upstream_tries: count({
      in: EVERYWHERE,
      initial: 0,
      doc: 'How many servers are asked for one request at most; 0: no limit.',
    }),
    pass_header: fieldList(
      'A field that would otherwise be kept from the client, such as `X-Accel-Redirect`.',
    ),
    pass_request_body: flag({
      in: EVERYWHERE,
      initial: true,
      doc: `The content of the request goes to the ${who} server.`,
    }),
    pass_request_headers: flag({
      in: EVERYWHERE,
      initial: true,
      doc: `The fields of the request go to the ${who} server, as \`HTTP_…\`.`,
    }),
    read_timeout: duration({
      in: EVERYWHERE,
      initial: 60_000,
      default: '60s',
      doc: `How long a ${who} server may be silent once it has the request; then 504.`,
    }),
    request_buffering: flag({
      in: EVERYWHERE,
      initial: true,
      doc: `The content of a request is read as a whole before a ${who} server is asked, see \`client_body_buffer_size\`. With off it is sent on as it comes; then no other server can be asked when this one fails.`,
    }),
    send_timeout: duration({
      in: EVERYWHERE,
      initial: 60_000,
      default: '60s',
      doc: `How long a ${who} server may take nothing of what is sent to it; then 504.`,
    }),
    socket_keepalive: flag({
      in: EVERYWHERE,
      initial: false,
      doc: 'The system looks now and then whether a server that is silent is still there (SO_KEEPALIVE).',
    }),
    temp_file_write_size: custom<number>({
      in: EVERYWHERE,
      syntax: 'size',
      takes: [1, 1],
      initial: 8192,
      default: '8k',
      doc: 'How much is written to a temporary file at once.',
      withoutEffect: 'what has come is written as it comes, at most 64 KiB at once',
      read: call => readSize(call, 0),
    }),
    temp_path: temporaryPathRow({
      in: EVERYWHERE,
      default: `${prefix}_temp`,
      doc: 'The folder of temporary files for answers. It is made at the start, for the user of the workers alone.',
    }),
  }
}

type Common = ReturnType<typeof rows>
export type UpstreamSettings = SettingsOf<Common>
type Prefixed<P extends string, T extends Table> = { readonly [K in keyof T & string as `${P}_${K}`]: T[K] }

export function upstreamRows<const P extends string>(prefix: P, who: string): Prefixed<P, Common> {
  const named = Object.entries(rows(prefix, who)).map(([name, row]): [string, AnyRow] => [
    `${prefix}_${name}`,
    row,
  ])
  return Object.fromEntries(named) as unknown as Prefixed<P, Common>
}

export function withoutPrefix(settings: object, prefix: string): UpstreamSettings {
  const own = Object.entries(settings).filter(([name]) => name.startsWith(`${prefix}_`))
  return Object.fromEntries(
    own.map(([name, value]) => [name.slice(prefix.length + 1), value]),
  ) as UpstreamSettings
}

function fieldList(doc: string): Row<readonly string[]> {
  return listOf<string>({
    in: EVERYWHERE,
    syntax: 'field',
    takes: [1, 1],
    doc,
    read: call => call.text(0).toLowerCase(),
  })
}

function readPass(call: Call): PassRule | undefined {
  const target = call.template(0)
  const isConstant = target.parts.every(part => typeof part === 'string')
  const text = call.text(0).replace(/^uwsgi:\/\//, '')
  if (!isConstant) return { target, addresses: null }
  if (/^\w+:\/\//.test(text)) {
    return call.fail(
      0,
      `invalid URL prefix in "${text}"`,
      'an address without http:// or the like: 127.0.0.1:9000',
    )
  }
  // A name without a port may be that of a block; whether there is one is known when all of them are.
  if (/^[^:/[\]]+$/.test(text)) return { target, addresses: null }
  const addresses = readPeerAddress(text, null)
  if ('summary' in addresses) return call.fail(0, addresses.summary, addresses.expected)
  return { target, addresses }
}

function readBind(call: Call): Address | 'off' | undefined {
  const text = call.text(0)
  if (text === 'off') return 'off'
  const host = text.replace(/^\[(.*)\]$/, '$1')
  if (isAddress(host)) return inetAddress(host, 0)
  const endpoint = parseEndpoint(text)
  if (
    typeof endpoint === 'object' &&
    'host' in endpoint &&
    endpoint.host !== null &&
    isAddress(endpoint.host)
  )
    return inetAddress(endpoint.host, endpoint.port)
  return call.fail(
    0,
    `invalid address "${text}"`,
    'expected an address of this machine, perhaps with a port, or off',
  )
}

function readBuffers(call: Call): Buffers | undefined {
  const number = readCount(call, 0, 2, 1_000_000, `there must be at least 2 "${call.name}"`)
  const sizeBytes = readSize(call, 1)
  return number === undefined || sizeBytes === undefined ? undefined : { count: number, sizeBytes }
}

function readIgnored(call: Call): readonly string[] | undefined {
  const names: string[] = []
  for (const [i, { text }] of call.args.entries()) {
    const known = IGNORABLE.find(one => one.toLowerCase() === text.toLowerCase())
    if (known === undefined) return void readWord(call, i, IGNORABLE)
    names.push(known.toLowerCase())
  }
  return names
}

function readNext(call: Call): ReadonlySet<NextWord> | undefined {
  const words = new Set<NextWord>()
  for (const i of call.args.keys()) {
    const word = readWord(call, i, NEXT_WORDS)
    if (word === undefined) return undefined
    words.add(word)
  }
  return words
}
