/**
 * Variables about fields: `$http_…` and `$cookie_…` of the request, `$sent_http_…` and `$sent_trailer_…` of the answer.
 *
 *   FIELD_ROWS, FIELD_FAMILIES          for `core-variables.ts`
 *   requestFieldsTable                  underscores_in_headers, ignore_invalid_headers
 *
 * The name of a variable cannot hold a dash, so an underscore stands for it. A field whose own name holds an underscore would then be
 * taken for another, and a client could say `X_Real_IP` where a server in front says `X-Real-IP`; therefore such fields are not seen,
 * unless the configuration wants it.
 */

import { flag } from '../config/directive.ts'
import { COOKIE, KNOWN_FIELDS } from '../http/known-fields.ts'
import { mayHaveContent } from '../http/status.ts'
import type { Exchange } from './exchange.ts'
import { storedContentOf } from './stored-content.ts'
import type { Getter, VariableFamily, VariableRow } from './variables.ts'

const SERVERS = ['http', 'server']

export const requestFieldsTable = {
  underscores_in_headers: flag({
    in: SERVERS,
    initial: false,
    doc: 'Request fields with an underscore in their name are valid, and are seen through `$http_…`. Fields that are not valid are ignored, or not, by `ignore_invalid_headers`.',
  }),
  ignore_invalid_headers: flag({
    in: SERVERS,
    initial: true,
    doc: 'Request fields whose name holds anything but letters, digits and dashes (and underscores where `underscores_in_headers` is on) are not seen through `$http_…`. A name that HTTP does not allow is refused with 400 in any case.',
  }),
}

export const FIELD_FAMILIES: readonly VariableFamily[] = [
  {
    prefix: 'http_',
    doc: 'A field of the request; underscores stand for dashes. Several lines of one name are joined with `, `, those of `Cookie` with `; `. See `underscores_in_headers` for names that hold an underscore themselves.',
    isOctets: true,
    member: requestField,
  },
  {
    prefix: 'cookie_',
    doc: 'The value of the first cookie of this name. The case of the name does not matter.',
    isOctets: true,
    member: cookie,
  },
  {
    prefix: 'sent_http_',
    doc: 'A field of the answer, as far as it is known; underscores stand for dashes, and several lines are joined with `, `.',
    isOctets: true,
    member: name => sentField(name, x => x.preparedLines + x.addedLines + x.appendedLines),
  },
  {
    prefix: 'sent_trailer_',
    doc: 'A field that has followed the content of the answer (RFC 9110 §6.5); for logs.',
    isOctets: true,
    member: name => sentField(name, x => x.sentTrailers),
  },
]

export const FIELD_ROWS: readonly VariableRow[] = [
  {
    name: 'content_length',
    doc: 'The field `Content-Length` of the request; of a content that came in chunks, its length once it is stored.',
    get: x => x.fields.get('content-length') ?? storedContentOf(x)?.sizeBytes.toString() ?? null,
  },
  {
    name: 'content_type',
    doc: 'The field `Content-Type` of the request.',
    isOctets: true,
    get: x => x.fields.get('content-type'),
  },
  {
    name: 'sent_http_content_length',
    doc: 'The length of the answer that is announced; no value when it goes in chunks.',
    get: sentLength,
  },
  {
    name: 'sent_http_transfer_encoding',
    doc: '`chunked` when the answer is sent so; known once its head is sent.',
    get: x => (x.isChunked ? 'chunked' : null),
  },
  {
    name: 'sent_http_connection',
    doc: '`keep-alive` or `close`: whether the connection stays open behind this answer; `upgrade` with a status of 101.',
    get: x => (x.status === 101 ? 'upgrade' : x.responder.facts.isPersistent ? 'keep-alive' : 'close'),
  },
  {
    name: 'sent_http_keep_alive',
    doc: 'The field `Keep-Alive` of the answer: `timeout=…`, where `keepalive_timeout` has a second time.',
    get: sentKeepAlive,
  },
]

/** @param name of the variable, in lower case: no dashes, perhaps underscores */
function requestField(name: string): Getter {
  if (name === KNOWN_FIELDS[COOKIE]) return cookieText
  if (!name.includes('_')) return x => x.fields.get(name)
  // What has dashes only is the same with and without underscores. Nearly nobody lets these in, so that is asked last.
  const dashed = name.replaceAll('_', '-')
  const spelled = spelling(name)
  return x => (seesUnderscores(x) ? spelledField(x, spelled) : x.fields.get(dashed))
}

/** Whether fields with an underscore in their name are seen, where `x` belongs. */
export function seesUnderscores(x: Exchange): boolean {
  const settings = x.server.location.block?.settings(requestFieldsTable)
  return settings !== undefined && (settings.underscores_in_headers || !settings.ignore_invalid_headers)
}

/** Each underscore also as a dash. */
function spelling(name: string): RegExp {
  return new RegExp(`^${name.replaceAll('_', '[-_]')}$`, 'i')
}

function spelledField(x: Exchange, name: RegExp): string | null {
  const values: string[] = []
  for (const [other, value] of x.head.fields.entries()) if (name.test(other)) values.push(value)
  return values.length === 0 ? null : values.join(', ')
}

/** Lines of cookies are joined as cookies are (RFC 9113 §8.2.3): a comma may be part of one. */
function cookieText(x: Exchange): string | null {
  const { fields } = x.head
  const count = fields.countOf(COOKIE)
  if (count === 0) return null
  return count === 1 ? fields.valueAt(fields.known(COOKIE)) : fields.getAll('cookie').join('; ')
}

/** `ngx_http_parse_multi_header_lines`: a name stands at the begin or behind a semicolon or comma, a value ends with a semicolon. */
export function cookie(name: string): Getter {
  const pair = new RegExp(`(?:^|[;,]) *${name.replace(/\W/g, '\\$&')} *= *([^;]*)`, 'i')
  return x => {
    const cookies = cookieText(x)
    return cookies === null ? null : (pair.exec(cookies)?.[1] ?? null)
  }
}

/** @param lines whole field lines, each with its CR LF */
function sentField(name: string, lines: (x: Exchange) => string): Getter {
  const line = new RegExp(`^${name.replaceAll('_', '[-_]')}: ?([^\\r\\n]*)`, 'gim')
  return x => {
    const values = Array.from(lines(x).matchAll(line), ([, value]) => value)
    return values.length === 0 ? null : values.join(', ')
  }
}

function sentLength(x: Exchange): string | null {
  if (x.responseLength === null || x.isChunked || !mayHaveContent(x.status)) return null
  return String(x.responseLength)
}

function sentKeepAlive(x: Exchange): string | null {
  const { keepAliveFieldSeconds } = x.location.limits
  return x.responder.facts.isPersistent && keepAliveFieldSeconds > 0
    ? `timeout=${keepAliveFieldSeconds}`
    : null
}
