/**
 * The blocks of a site: `http`, `server`, `location`, and what names them.
 */

import { blockRow, type Call, custom, listOf } from '../config/directive.ts'
import type { Place } from '../config/source.ts'
import type { LocationMatch } from '../server/feature.ts'
import { type Listen, readListen } from './listen.ts'

/** One of the names of a server. */
export interface ServerName {
  readonly text: string
  readonly place: Place
}

export const blocksTable = {
  http: blockRow<true>({
    in: ['main'],
    syntax: '{ ... }',
    takes: [0, 0],
    block: 'http',
    isOnce: true,
    doc: 'Everything about HTTP.',
    read: () => true,
  }),
  server: blockRow<true>({
    in: ['http'],
    syntax: '{ ... }',
    takes: [0, 0],
    block: 'server',
    doc: 'A site: what answers to some names at some addresses.',
    read: () => true,
  }),
  location: blockRow<LocationMatch>({
    in: ['server', 'location'],
    syntax: ['[ = | ~ | ~* | ^~ ] uri { ... }', '@name { ... }'],
    takes: [1, 2],
    block: 'location',
    doc: 'Settings for some paths: the very path (=), all that begin with it, all that a regular expression matches (~, without regard to case ~*); or for no path but by its name (@). The longest prefix wins, unless a regular expression matches; ^~ keeps them from being asked.',
    read: readLocation,
  }),
  listen: listOf<Listen>({
    in: ['server'],
    syntax: [
      'address[:port] [default_server] [bind] [backlog=number] [rcvbuf=size] [sndbuf=size] [deferred] [ipv6only=on|off] [reuseport] [so_keepalive=on|off|[keepidle]:[keepintvl]:[keepcnt]] [fastopen=number] [proxy_protocol]',
      'port …',
      'unix:path …',
    ],
    takes: [1, Number.POSITIVE_INFINITY],
    default: '*:80 | *:8000',
    isInherited: false,
    doc: 'An address and port at which the server answers; a range of ports, 8080-8090, is as many. Without rights for port 80, 8000 is the default.',
    read: readListen,
  }),
  server_name: listOf<readonly ServerName[]>({
    in: ['server'],
    syntax: 'name ...',
    takes: [1, Number.POSITIVE_INFINITY],
    default: '""',
    isInherited: false,
    doc: 'The hosts that the server answers to: exact names, names with a star as first or last label, .example.org for a name and all below it, regular expressions behind ~, "" for requests without a host.',
    read: readNames,
  }),
  internal: custom<boolean>({
    in: ['location'],
    initial: false,
    default: null,
    syntax: '',
    takes: [0, 0],
    doc: 'Only for what the server itself asks for: error pages, rewritten and tried paths. To everybody else it is 404. Locations inside are as the one around them.',
    read: () => true,
  }),
}

/** As nginx checks them at once; what else a name may be is found out where it is put among the others. */
function readNames(call: Call): readonly ServerName[] | undefined {
  let isRight = true
  const refuse = (place: Place, summary: string, expected: string): void => {
    call.fail(place, summary, expected)
    isRight = false
  }
  for (const { text, place } of call.args) {
    if (/^\*(?!\..)|^\.$/.test(text)) refuse(place, `server name "${text}" is invalid`, adviceForName(text))
    else if (text === '~') {
      refuse(place, `empty regex in server name "~"`, 'directly behind "~" stands a regular expression')
    } else if (!text.startsWith('~')) warnOfSuspicious(call, text, place)
  }
  return isRight ? call.args.map(({ text, place }) => ({ text, place })) : undefined
}

function adviceForName(text: string): string {
  if (text === '*')
    return 'whatever nobody else answers goes to the server with "default_server" in its listen'
  return 'a star stands for the whole first label, *.example.org, or the whole last one, www.example.*'
}

/** No client asks for such a host. */
function warnOfSuspicious(call: Call, text: string, place: Place): void {
  const summary = `server name "${text}" has suspicious symbols`
  if (text.includes('/')) call.warn(place, summary, 'a name is a host alone, without "http://" and path')
  else if (/:\d*$/.test(text))
    call.warn(place, summary, 'a name is a host alone: its port goes into "listen"')
  else if (text.endsWith(',')) call.warn(place, summary, 'names are separated by spaces alone')
}

const MODIFIERS = ['=', '^~', '~*', '~'] as const

/** The sign may stand apart from the path, or directly before it. */
function readLocation(call: Call): LocationMatch | undefined {
  const [first, second] = call.args
  if (second !== undefined) {
    const sign = MODIFIERS.find(one => one === first!.text)
    if (sign !== undefined) return matchOf(sign, second.text)
    const expected = first!.text.startsWith('/')
      ? 'a location has one path: several are several locations, or one regular expression'
      : 'before a path stands = (this very path) or ^~ (its beginning, final), before a regular expression ~ or ~*'
    return call.fail(0, `invalid location modifier "${first!.text}"`, expected)
  }
  const { text } = first!
  if (text.startsWith('@')) return { kind: 'named', name: text }
  const sign = first!.isQuoted ? undefined : MODIFIERS.find(one => text.startsWith(one))
  if (sign !== undefined && text === sign) {
    call.warn(0, `location "${text}" without a path`, `behind "${sign}" stands what the location is for`)
  }
  return sign === undefined ? { kind: 'prefix', path: text } : matchOf(sign, text.slice(sign.length))
}

function matchOf(sign: (typeof MODIFIERS)[number], text: string): LocationMatch {
  if (sign === '=') return { kind: 'exact', path: text }
  if (sign === '^~') return { kind: 'final-prefix', path: text }
  return { kind: 'regex', source: text, isCaseless: sign === '~*' }
}
