/**
 * `listen`: what its arguments say, and the addresses that it comes to.
 *
 *   readListen(call)              a `Listen`, or undefined
 *   addressesOf(listen, resolve)  one for each host and port
 *
 * A host may be a name, which has as many addresses as the system finds.
 */

import type { Call } from '../config/directive.ts'
import { suggestion } from '../config/directive.ts'
import { nearest } from '../config/nearest.ts'
import type { Place } from '../config/source.ts'
import { parseMilliseconds, parseSize } from '../config/units.ts'
import { type Address, inetAddress, isAddress, parseEndpoint, unixAddress } from '../io/address.ts'
import type { KeepAlive, ListenOptions } from '../io/listen-options.ts'

export interface Listen {
  /** As it was written. */
  readonly text: string
  readonly place: Place
  /** null: a Unix socket. */
  readonly host: string | null
  readonly firstPort: number
  readonly lastPort: number
  readonly path: string | null
  readonly isDefault: boolean
  readonly speaksProxyProtocol: boolean
  readonly options: ListenOptions
  /** Options of the socket were given, which only one `listen` of an address may do. */
  readonly setsOptions: boolean
  /** A socket of its own, though another one listens on every address of the port. */
  readonly isBound: boolean
}

const PARAMETERS = [
  'default_server',
  'bind',
  'backlog=',
  'rcvbuf=',
  'sndbuf=',
  'deferred',
  'ipv6only=',
  'reuseport',
  'so_keepalive=',
  'fastopen=',
  'proxy_protocol',
]

/** What nginx has, and veille has not yet, or this system never. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['ssl', 'TLS is not part of veille yet'],
  ['http2', 'HTTP/2 is not part of veille yet'],
  ['quic', 'HTTP/3 is not part of veille'],
  ['spdy', 'SPDY is a thing of the past; it was the draft of HTTP/2'],
  ['setfib', 'routing tables by number exist on FreeBSD only'],
  ['accept_filter', 'accept filters exist on FreeBSD only; deferred does the same on Linux'],
  ['multipath', 'Multipath TCP is not part of veille'],
])

/** nginx's own default: with the rights to have it, the port of HTTP. */
export function defaultListen(place: Place): Listen {
  const port = process.getuid?.() === 0 ? 80 : 8000
  return {
    text: `*:${port}`,
    place,
    host: '0.0.0.0',
    firstPort: port,
    lastPort: port,
    path: null,
    isDefault: false,
    speaksProxyProtocol: false,
    options: {},
    setsOptions: false,
    isBound: false,
  }
}

/** The mutable twin of what is collected from the parameters. */
interface Collected {
  isDefault: boolean
  speaksProxyProtocol: boolean
  setsOptions: boolean
  isBound: boolean
  options: ListenOptions
}

export function readListen(call: Call): Listen | undefined {
  const text = call.text(0)
  const where = text.startsWith('unix:') ? readUnix(call, text) : readInet(call, text)
  if (where === undefined) return undefined
  const collected: Collected = {
    isDefault: false,
    speaksProxyProtocol: false,
    setsOptions: false,
    isBound: false,
    options: {},
  }
  const isIPv6 = where.host?.includes(':') === true
  if (isIPv6) collected.options.ipv6Only = true
  let isRight = true
  for (let i = 1; i < call.args.length; i++) {
    if (!readParameter(call, i, collected, where.path !== null, isIPv6)) isRight = false
  }
  return isRight ? { text, place: call.args[0]!.place, ...where, ...collected } : undefined
}

type Where = Pick<Listen, 'host' | 'firstPort' | 'lastPort' | 'path'>

function readUnix(call: Call, text: string): Where | undefined {
  const endpoint = parseEndpoint(text)
  if (typeof endpoint !== 'string' && 'path' in endpoint) {
    return { host: null, firstPort: 0, lastPort: 0, path: endpoint.path }
  }
  const [reason, expected] =
    text === 'unix:'
      ? ['no path in the unix domain socket', 'behind "unix:" stands the path of the socket']
      : ['too long path in the unix domain socket', 'the path of a Unix socket has at most 107 bytes']
  return call.fail(0, `${reason} in "${text}" of the "listen" directive`, expected)
}

const EXPECTED = 'expected a port, address:port, [IPv6]:port or unix:/path'
const PORT_EXPECTED = 'a port is a number from 1 to 65535'

/** `80`, `8080-8090`, `*`, `host`, `host:80`, `[::]:80`. */
function readInet(call: Call, text: string): Where | undefined {
  const fail = (reason: string, expected = adviceFor(text)): undefined =>
    call.fail(0, `${reason} in "${text}" of the "listen" directive`, expected)
  if (text.startsWith('[')) {
    const [, host, ports] = /^\[(.*?)\](?::(.*))?$/.exec(text) ?? []
    if (host === undefined) return fail('invalid host')
    const range = readPorts(ports)
    if (typeof range === 'string') return fail(range, PORTS_EXPECTED[range])
    if (host === '') return fail('no host')
    if (!host.includes(':') || !isAddress(host)) return fail('invalid IPv6 address')
    return { host, firstPort: range[0], lastPort: range[1], path: null }
  }
  if (/[/?]/.test(text)) return fail('invalid host')
  if (text.endsWith(',')) return fail('host not found')
  const [host, ports] = splitHost(text)
  const range = readPorts(ports)
  if (typeof range === 'string') {
    return fail(
      range,
      host?.includes(':') === true || ports?.includes(':') === true ? undefined : PORTS_EXPECTED[range],
    )
  }
  if (host === '') return fail('no host')
  return {
    host: host === undefined || host === '*' ? '0.0.0.0' : host,
    firstPort: range[0],
    lastPort: range[1],
    path: null,
  }
}

/** What looks like another thing is told what it has to look like. */
function adviceFor(text: string): string {
  if (/^[a-z]+:\/\//.test(text)) return `an address and a port, without "${/^[a-z]+:\/\//.exec(text)![0]}"`
  if (text.includes('/')) return 'an address and a port, without a path: that is the matter of "location"'
  if (/^[^[]*:.*:/.test(text) || text.startsWith('[')) return 'an IPv6 address stands in brackets: [::1]:8080'
  if (text.endsWith(',')) return 'each address has a "listen" of its own, without commas'
  return EXPECTED
}

/** The host and the ports. A word of digits is a port. */
function splitHost(text: string): readonly [string | undefined, string | undefined] {
  const colon = text.indexOf(':')
  if (colon >= 0) return [text.slice(0, colon), text.slice(colon + 1)]
  return /^\d+(?:-\d+)?$/.test(text) ? [undefined, text] : [text, undefined]
}

const PORTS_EXPECTED = {
  'invalid port': PORT_EXPECTED,
  'invalid port range': 'the first port is not above the last',
} as const

function readPorts(text: string | undefined): readonly [number, number] | keyof typeof PORTS_EXPECTED {
  if (text === undefined) return [80, 80]
  const match = /^(\d+)(?:-(\d+))?$/.exec(text)
  if (match === null) return 'invalid port'
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  if (first < 1 || first > 65535 || last > 65535) return 'invalid port'
  return first > last ? 'invalid port range' : [first, last]
}

/** @returns whether it is right */
function readParameter(call: Call, index: number, to: Collected, isUnix: boolean, isIPv6: boolean): boolean {
  const text = call.text(index)
  const equals = text.indexOf('=')
  const name = equals < 0 ? text : text.slice(0, equals)
  const value = equals < 0 ? null : text.slice(equals + 1)
  const say = (summary: string, expected: string): boolean => {
    call.fail(index, summary, expected)
    return false
  }
  /** nginx takes it without a word. */
  const ignore = (why: string): boolean => {
    call.warn(index, `"${text}" says nothing about "${call.text(0)}"`, why)
    return true
  }
  const number = (least: number): number | null => {
    const n = value !== null && /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
    return n >= least ? n : null
  }
  const set = (options: ListenOptions): boolean => {
    Object.assign(to.options, options)
    to.setsOptions = true
    to.isBound = true
    return true
  }
  switch (value === null ? name : `${name}=`) {
    case 'default_server':
    case 'default':
      to.isDefault = true
      return true
    case 'proxy_protocol':
      to.speaksProxyProtocol = true
      return true
    case 'bind':
      to.isBound = true
      to.setsOptions = true
      return true
    case 'reuseport':
      return isUnix ? ignore('a Unix socket has one listener') : set({ reusePort: true })
    case 'deferred':
      return isUnix ? ignore('only TCP can wait for the first byte') : set({ deferSeconds: 1 })
    case 'backlog=': {
      const backlog = number(1)
      return backlog === null
        ? say(`invalid backlog "${text}"`, 'expected a number of connections from 1')
        : set({ backlog })
    }
    case 'fastopen=': {
      const fastOpen = number(0)
      return fastOpen === null
        ? say(`invalid fastopen "${text}"`, 'expected a number of connections')
        : set({ fastOpen })
    }
    case 'rcvbuf=':
    case 'sndbuf=': {
      const bytes = parseSize(value!)
      if (bytes === null) return say(`invalid ${name} "${text}"`, 'expected a size such as 64k')
      return set(name === 'rcvbuf' ? { receiveBytes: bytes } : { sendBytes: bytes })
    }
    case 'ipv6only=':
      if (value !== 'on' && value !== 'off') {
        const summary = value!.startsWith('o')
          ? `invalid ipv6only flags "${value}"`
          : `invalid parameter "${text}"`
        return say(summary, suggestion(value!, ['on', 'off'], 'on or off'))
      }
      if (!isIPv6) {
        return ignore('it is for IPv6 addresses, such as [::]:80')
      }
      return set({ ipv6Only: value === 'on' })
    case 'so_keepalive=': {
      const keepAlive = readKeepAlive(value!)
      if (keepAlive === null)
        return say(
          `invalid so_keepalive value: "${value}"`,
          'expected on, off, or idle:interval:count such as 30m::10',
        )
      return set({ keepAlive })
    }
  }
  const elsewhere = ELSEWHERE.get(name)
  if (elsewhere !== undefined) return say(`invalid parameter "${text}"`, elsewhere)
  const isAddress = /^[\d.:*[\]-]+,?$/.test(text) || text.startsWith('unix:')
  const near = nearest(text, PARAMETERS)
  const expected = near === null ? `expected one of ${PARAMETERS.join(', ')}` : `did you mean "${near}"?`
  return say(`invalid parameter "${text}"`, isAddress ? 'each address has a "listen" of its own' : expected)
}

/** `on`, `off`, or times and a count, each of which may be missing. */
function readKeepAlive(text: string): boolean | KeepAlive | null {
  if (text === 'on' || text === 'off') return text === 'on'
  const parts = text.split(':')
  if (parts.length > 3 || parts.every(part => part === '')) return null
  const seconds = (part: string): number | null => {
    const ms = parseMilliseconds(part)
    return ms === null ? null : Math.round(ms / 1000)
  }
  const [idle = '', interval = '', count = ''] = parts
  const idleSeconds = idle === '' ? undefined : seconds(idle)
  const intervalSeconds = interval === '' ? undefined : seconds(interval)
  if (idleSeconds === null || intervalSeconds === null || !/^\d{0,4}$/.test(count)) return null
  return { idleSeconds, intervalSeconds, count: count === '' ? undefined : Number(count) }
}

/** @param resolve the addresses of a name; none when there are none */
export function addressesOf(listen: Listen, resolve: (name: string) => readonly string[]): Address[] {
  if (listen.path !== null) return [unixAddress(listen.path)]
  const host = listen.host!
  const hosts = isAddress(host) ? [host] : resolve(host)
  const addresses: Address[] = []
  for (const one of hosts) {
    for (let port = listen.firstPort; port <= listen.lastPort; port++) addresses.push(inetAddress(one, port))
  }
  return addresses
}
