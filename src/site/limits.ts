/**
 * What a request may cost, and how its connection behaves: the directives, and the limits that a location gets of them.
 *
 *   limitsTable                 rows of http, server and location
 *   headTable                   rows of http and server: a head is read before its location is known
 *   limitsOf(settings)          the same object for the same settings
 */

import {
  count,
  custom,
  duration,
  flag,
  oneOf,
  readDurationMs,
  readOffset,
  readSize,
  type SettingsOf,
  size,
  suggestion,
} from '../config/directive.ts'
import { parseSize } from '../config/units.ts'
import type { HeadLimits } from '../http/request-head.ts'
import type { Exchange } from '../server/exchange.ts'
import type { ExchangeLimits } from '../server/location.ts'

const EVERYWHERE = ['http', 'server', 'location']
const ALSO_IF = [...EVERYWHERE, 'if in location']
const SERVERS = ['http', 'server']
const NO_POOL = 'memory is the business of the JavaScript engine, whose tables grow by themselves'

/** A size that may be more than memory holds; 0 stands for no limit. */
function lengthRow(initial: number, text: string, doc: string) {
  return custom<number>({
    in: EVERYWHERE,
    initial,
    default: text,
    doc,
    syntax: 'size',
    takes: [1, 1],
    read: call => readOffset(call, 0),
  })
}

export const limitsTable = {
  client_max_body_size: lengthRow(
    1024 * 1024,
    '1m',
    'The largest content that a request may have; beyond it, 413. It is enforced while the content arrives, also where its length is not known. 0: no limit.',
  ),
  client_body_timeout: duration({
    in: EVERYWHERE,
    initial: 60_000,
    default: '60s',
    doc: 'How long the client may be silent while its content is awaited; then 408.',
  }),
  half_closed_timeout: duration({
    in: EVERYWHERE,
    initial: 5000,
    default: '5s',
    doc: 'A client that has closed its side of the connection after its request may wait for the answer, or be gone: nobody can tell before something is sent. So long may a program that works for the answer be silent then, until it is stopped.',
  }),
  send_timeout: duration({
    in: EVERYWHERE,
    initial: 60_000,
    default: '60s',
    doc: 'How long the client may take no bytes while an answer is sent. Slow is not silent: each acknowledged byte begins it anew.',
  }),
  keepalive_timeout: custom<{ idleMs: number; fieldSeconds: number }>({
    in: EVERYWHERE,
    initial: { idleMs: 75_000, fieldSeconds: 0 },
    default: '75s',
    doc: 'How long a connection may wait for its next request; 0 closes it after each answer. The second time is told to the client in the field Keep-Alive.',
    syntax: 'timeout [header_timeout]',
    takes: [1, 2],
    read(call) {
      const idleMs = readDurationMs(call, 0)
      const fieldMs = call.args.length > 1 ? readDurationMs(call, 1) : 0
      if (idleMs === undefined || fieldMs === undefined) return undefined
      return { idleMs, fieldSeconds: Math.floor(fieldMs / 1000) }
    },
  }),
  keepalive_requests: count({
    in: EVERYWHERE,
    initial: 1000,
    doc: 'The answer to so many requests is the last one of its connection.',
  }),
  keepalive_time: duration({
    in: EVERYWHERE,
    initial: 3_600_000,
    default: '1h',
    doc: 'A connection that is older than this closes after the answer in hand.',
  }),
  keepalive_disable: custom<readonly string[]>({
    in: EVERYWHERE,
    initial: ['msie6'],
    default: 'msie6',
    doc: 'Browsers whose connections close after each answer to a POST (msie6) or after each answer (safari, on macOS), because they get lost otherwise. Nobody uses them any more.',
    syntax: 'none | browser ...',
    takes: [1, Number.POSITIVE_INFINITY],
    read(call) {
      const words = call.args.map(arg => arg.text)
      const wrong = words.findIndex(word => !['none', 'msie6', 'safari'].includes(word))
      if (wrong < 0) return words.filter(word => word !== 'none')
      const expected = suggestion(words[wrong]!, ['none', 'msie6', 'safari'], 'none, msie6 or safari')
      return call.fail(wrong, `invalid value "${words[wrong]}"`, expected)
    },
  }),
  lingering_close: oneOf(['on', 'off', 'always'], {
    in: EVERYWHERE,
    initial: 'on',
    doc: 'Before a connection is closed whose client may still be sending, its bytes are read and thrown away, so that no reset destroys the answer on its way (RFC 9112 §9.6). off closes at once.',
  }),
  lingering_time: duration({
    in: EVERYWHERE,
    initial: 30_000,
    default: '30s',
    doc: 'How long that may go on altogether.',
  }),
  lingering_timeout: duration({
    in: EVERYWHERE,
    initial: 5000,
    default: '5s',
    doc: 'How long the client may be silent meanwhile.',
  }),
  reset_timedout_connection: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'Connections whose time is up, and those of return 444, are reset instead of closed, which frees what the kernel still holds for them.',
  }),
  tcp_nodelay: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'Small pieces leave at once, instead of waiting until earlier ones are acknowledged (tcp(7), TCP_NODELAY).',
  }),
  tcp_nopush: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'A head leaves in one packet with the beginning of its file.',
    withoutEffect: 'it is always so: what belongs together is sent together (MSG_MORE)',
  }),
  sendfile: flag({
    in: ALSO_IF,
    initial: false,
    doc: 'Files that are not held in memory go from the page cache to the socket without a copy in this process (sendfile(2)); off reads them piece by piece.',
  }),
  sendfile_max_chunk: custom<number>({
    in: EVERYWHERE,
    initial: 2 * 1024 * 1024,
    default: '2m',
    doc: 'The most that one call of sendfile(2) sends, so that a fast connection does not keep the others waiting. 0: as much as one turn of a connection allows.',
    syntax: 'size',
    takes: [1, 1],
    read: call => readOffset(call, 0),
  }),
  chunked_transfer_encoding: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'An answer of unknown length is sent in chunks; off ends it with its connection, as in HTTP/1.0.',
  }),
}

/** Sizes of buffers that are limits here: veille reads heads where they lie, and takes room as it needs it. */
export const headTable = {
  client_header_timeout: duration({
    in: SERVERS,
    initial: 60_000,
    default: '60s',
    doc: 'How long a head may take from its first byte to its last; the first one of a connection from the beginning of the connection. Then 408.',
  }),
  client_header_buffer_size: custom<number>({
    in: SERVERS,
    initial: 1024,
    default: '1k',
    doc: 'The room for most heads.',
    withoutEffect:
      'a head is read where it was received, and what is not complete gets as much room as it needs, up to large_client_header_buffers',
    syntax: 'size',
    takes: [1, 1],
    read: call => readSize(call, 0),
  }),
  large_client_header_buffers: custom<{ number: number; bytes: number }>({
    in: SERVERS,
    initial: { number: 4, bytes: 8192 },
    default: '4 8k',
    doc: 'The limits of a head: the request line (414) and each field (431) fit one of so many buffers of this size, all of it fits all of them (431).',
    syntax: 'number size',
    takes: [2, 2],
    read(call) {
      const number = /^[1-9]\d{0,5}$/.test(call.text(0)) ? Number(call.text(0)) : null
      const bytes = parseSize(call.text(1))
      if (number !== null && bytes !== null && bytes > 0) return { number, bytes }
      return call.fail(
        number === null ? 0 : 1,
        `"${call.name}" directive invalid value`,
        'expected a number of buffers from 1, and a size such as 8k',
      )
    },
  }),
  max_headers: count({
    in: SERVERS,
    initial: 1000,
    least: 1,
    doc: 'The most field lines that a head may have; beyond it, 431.',
  }),
  merge_slashes: flag({
    in: SERVERS,
    initial: true,
    doc: 'Several slashes in a row count as one when a location is looked for.',
  }),
  connection_pool_size: withoutPool(SERVERS, '512', 'The memory that is set aside for a connection.'),
  request_pool_size: withoutPool(SERVERS, '4k', 'The memory that is set aside for a request.'),
  server_names_hash_bucket_size: withoutTable(
    ['http'],
    '64',
    'The size of a slot in the table of server names.',
  ),
  server_names_hash_max_size: withoutTable(['http'], '512', 'The size of the table of server names.'),
  variables_hash_bucket_size: withoutTable(['http'], '64', 'The size of a slot in the table of variables.'),
  variables_hash_max_size: withoutTable(['http'], '1024', 'The size of the table of variables.'),
  types_hash_bucket_size: withoutTable(EVERYWHERE, '64', 'The size of a slot in the table of media types.'),
  types_hash_max_size: withoutTable(EVERYWHERE, '1024', 'The size of the table of media types.'),
}

function withoutPool(where: string[], text: string, doc: string) {
  return size({ in: where, initial: 0, default: text, doc, withoutEffect: NO_POOL })
}

/** nginx calls these numbers sizes, and takes no units. */
function withoutTable(where: string[], text: string, doc: string) {
  return count({ in: where, initial: 0, default: text, doc, withoutEffect: NO_POOL })
}

const known = new WeakMap<object, ExchangeLimits>()

/** Where nothing is said anew, blocks share their settings, and so their limits. */
export function limitsOf(settings: SettingsOf<typeof limitsTable>): ExchangeLimits {
  const made = known.get(settings)
  if (made !== undefined) return made
  const limits: ExchangeLimits = {
    contentBytes: settings.client_max_body_size || Number.POSITIVE_INFINITY,
    contentTimeoutMs: settings.client_body_timeout,
    halfClosedTimeoutMs: settings.half_closed_timeout,
    sendTimeoutMs: settings.send_timeout,
    resetsTimedOut: settings.reset_timedout_connection,
    sendfile: settings.sendfile,
    sendfileMaxChunkBytes: settings.sendfile_max_chunk,
    lingering: settings.lingering_close,
    idleTimeoutMs: settings.keepalive_timeout.idleMs,
    keepAliveFieldSeconds: settings.keepalive_timeout.fieldSeconds,
    requestsPerConnection: settings.keepalive_requests,
    connectionTimeMs: settings.keepalive_time,
    lingeringTimeMs: settings.lingering_time,
    lingeringTimeoutMs: settings.lingering_timeout,
    mayChunk: settings.chunked_transfer_encoding,
    noDelay: settings.tcp_nodelay,
    distrusts: distrustOf(settings.keepalive_disable),
  }
  known.set(settings, limits)
  return limits
}

/** Internet Explorer before its service pack, which loses itself after a POST; Safari on macOS of its time. */
function distrustOf(browsers: readonly string[]): ((x: Exchange) => boolean) | null {
  const hasOld = browsers.includes('msie6')
  const hasSafari = browsers.includes('safari')
  if (!hasOld && !hasSafari) return null
  return x => {
    if (!hasSafari && x.method !== 'POST') return false
    const agent = x.fields.get('user-agent') ?? ''
    if (hasOld && x.method === 'POST' && /MSIE (?:[45]\.|6\.(?!.*SV1))/.test(agent)) return true
    return hasSafari && agent.includes('Mac OS X') && agent.includes('Safari/') && !agent.includes('Chrome/')
  }
}

export function headLimitsOf(settings: SettingsOf<typeof headTable>): HeadLimits {
  const { number, bytes } = settings.large_client_header_buffers
  return {
    requestLineBytes: bytes,
    fieldLineBytes: bytes,
    headBytes: number * bytes,
    fieldCount: settings.max_headers,
    emptyLines: 16,
  }
}
