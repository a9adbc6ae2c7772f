/**
 * Variables about a request: its line, its path, its query, its host, and what it took. Its fields are in `field-variables.ts`.
 *
 *   REQUEST_ROWS, REQUEST_FAMILIES      for `core-variables.ts`
 *   REQUEST_ID                          computed once
 */

import { randomBytes } from 'node:crypto'
import { portOf } from '../http/host.ts'
import { octetsOf } from '../http/octets.ts'
import { epochSeconds } from '../io/log-time.ts'
import { ANSWERED, type Exchange } from './exchange.ts'
import { requestLine, targetText } from './log-context.ts'
import type { VariableFamily, VariableRow } from './variables.ts'

const getPath = (x: Exchange): string => x.path
/** nginx takes an empty one for none: a log shows `-`. */
const getQuery = (x: Exchange): string | null => x.query || null

/** An empty query is none: no question mark is left of it. */
function setQuery(x: Exchange, query: string): void {
  x.query = query === '' ? null : octetsOf(query)
}

export const REQUEST_ROWS: readonly VariableRow[] = [
  {
    name: 'uri',
    doc: 'The path: decoded, without dot segments and doubled slashes, and as rewrites and internal redirects have changed it. Without the query.',
    get: getPath,
  },
  { name: 'document_uri', doc: 'The same as `$uri`.', get: getPath },
  {
    name: 'request_uri',
    doc: 'The path and query as the client has sent them: nothing decoded, nothing rewritten. Without scheme and host.',
    isOctets: true,
    get: x => targetText(x) || null,
  },
  {
    name: 'args',
    doc: 'The query, as it came or as a rewrite has changed it, without its question mark.',
    isOctets: true,
    get: getQuery,
    set: setQuery,
  },
  {
    name: 'query_string',
    doc: 'The same as `$args`, but it cannot be set.',
    isOctets: true,
    get: getQuery,
  },
  {
    name: 'is_args',
    doc: '`?` when there is a query that is not empty, otherwise empty: `$uri$is_args$args` is a whole target.',
    get: x => (x.query === null || x.query === '' ? '' : '?'),
  },
  {
    name: 'request',
    doc: 'The request line as the client has sent it; of a request that was refused, what had come of it.',
    isOctets: true,
    get: requestLine,
  },
  {
    name: 'request_method',
    doc: 'The method: `GET`, `POST`, … While an error leads to another path it is `GET`.',
    isOctets: true,
    get: x => x.method || null,
  },
  {
    name: 'server_protocol',
    doc: 'The version that the client speaks: `HTTP/1.0` or `HTTP/1.1`. No value when the request line did not come so far.',
    get: x => (x.head.isComplete ? `HTTP/1.${x.head.versionMinor}` : null),
  },
  {
    name: 'request_length',
    doc: 'The bytes of the request: its line, its fields, and so much of its content as has come, with its coding.',
    get: x => String(x.requestBytes),
  },
  {
    name: 'request_time',
    doc: 'Seconds, with milliseconds, since the first byte of the request. In an access log: until the last byte of the answer was handed to the kernel.',
    get: x => epochSeconds(Math.max(0, x.responder.facts.now - x.begunAt)),
  },
  {
    name: 'request_completion',
    doc: '`OK` when the answer has been sent as a whole, otherwise empty.',
    get: x => (isWhole(x) ? 'OK' : ''),
  },
  {
    name: 'host',
    doc: 'The host that is asked: from the request line, else from the field `Host`, else the first name of the server. In lower case, without port.',
    get: x => x.host || x.server.name,
  },
  {
    name: 'request_port',
    doc: 'The port that the client has named with the host, in the request line or else in the field `Host`; empty when it has named none.',
    get: portText,
  },
  {
    name: 'is_request_port',
    doc: '`:` when `$request_port` is not empty: `$host$is_request_port$request_port` is host and port as the client knows them.',
    get: x => (portText(x) === '' ? '' : ':'),
  },
  {
    name: 'server_name',
    doc: 'The first name of the server that the request belongs to.',
    get: x => x.server.name,
  },
  {
    name: 'remote_user',
    doc: 'The name from the credentials of the scheme Basic (RFC 7617). Nobody has checked a password for it.',
    isOctets: true,
    get: x => basicUser(x.fields.get('authorization')),
  },
]

export const REQUEST_ID: VariableRow = {
  name: 'request_id',
  doc: 'Sixteen random bytes in hexadecimal, the same for the whole of the request: a name for it in logs, here and behind.',
  get: () => randomBytes(16).toString('hex'),
}

export const REQUEST_FAMILIES: readonly VariableFamily[] = [
  {
    prefix: 'arg_',
    doc: 'The value of the first argument of this name in the query, as it came: nothing is decoded. The case of the name does not matter.',
    isOctets: true,
    member: name => x => argumentOf(x.query, name),
  },
]

/** What follows the head of a dropped exchange is nothing, though nothing is left to do for it. */
function isWhole(x: Exchange): boolean {
  return x.progress === ANSWERED && x.sentHeadBytes > 0 && !x.isAbandoned
}

function portText(x: Exchange): string {
  const [, authority = x.fields.get('host') ?? ''] = AUTHORITY.exec(x.head.targetText()) ?? []
  const port = portOf(authority)
  return port > 0 ? String(port) : ''
}

/** Of a target in absolute form (RFC 9112 §3.2.2). */
const AUTHORITY = /^https?:\/\/([^/?]*)/i

/** `ngx_http_arg`: a name is followed by its equals sign, and preceded by nothing or an ampersand. */
function argumentOf(query: string | null, lowerName: string): string | null {
  if (query === null) return null
  for (let at = 0; at < query.length; ) {
    const ampersand = query.indexOf('&', at)
    const end = ampersand < 0 ? query.length : ampersand
    const equals = at + lowerName.length
    if (equals < end && query[equals] === '=' && query.slice(at, equals).toLowerCase() === lowerName) {
      return query.slice(equals + 1, end)
    }
    at = end + 1
  }
  return null
}

/** `ngx_http_auth_basic_user`: neither an empty name nor credentials without a colon are one. */
function basicUser(authorization: string | null): string | null {
  const encoded = authorization === null ? null : BASIC.exec(authorization)
  if (encoded === null) return null
  const credentials = Buffer.from(encoded[1]!, 'base64').toString('latin1')
  const colon = credentials.indexOf(':')
  return colon > 0 ? credentials.slice(0, colon) : null
}

const BASIC = /^basic +([a-z\d+/]+)=*$/i
