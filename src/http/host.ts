/**
 * The host of a request: `uri-host [ ":" port ]` (RFC 9110 §4.2.1, §7.2; RFC 3986 §3.2.2).
 *
 *   normalHost(text)   the host alone, in the one spelling by which hosts are compared; '' when the text is no host
 *   portOf(text)       the port of such a text, or -1
 *   isIPv6(text)       what may stand between square brackets
 *
 * A name is not looked up, and its escapes are left as they are. IPvFuture and zones are refused: no such address
 * can be served (RFC 3986 §3.2.2 foresees that for unknown versions; RFC 9844 has withdrawn zones from URIs). So are two dots in a
 * row: the grammar of URIs has them, but no name does (RFC 1034 §3.1), and `root sites/$host` must not lead to `..`.
 */
import { COLON, HEX_VALUE, PERCENT, REG_NAME_CHAR } from './bytes.ts'

/** @returns lower case, without port and without the dot of the root: `Example.ORG.:80` is `example.org` */
export function normalHost(text: string): string {
  const end = endOfHost(text)
  if (end <= 0 || !isPort(text, end) || text.includes('..')) return ''
  const dotless = text[end - 1] === '.' ? end - 1 : end
  return text.slice(0, dotless).toLowerCase()
}

/** The port behind a valid host; -1 when there is none, an empty one, or one above 65535. */
export function portOf(text: string): number {
  const end = endOfHost(text)
  if (end < 0 || end + 1 >= text.length) return -1
  const port = Number(text.slice(end + 1))
  return port <= 65535 ? port : -1
}

/** Behind the host, where its colon stands or the text ends; -1 when the host is not valid. */
function endOfHost(text: string): number {
  if (text[0] !== '[') return endOfName(text)
  const bracket = text.indexOf(']')
  return bracket > 0 && isIPv6(text.slice(1, bracket)) ? bracket + 1 : -1
}

/** Every IPv4 address is a valid `reg-name` too, so it needs no case of its own. */
function endOfName(text: string): number {
  let i = 0
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (REG_NAME_CHAR[code] === 1) continue
    if (code !== PERCENT) break
    if (hexAt(text, i + 1) === 255 || hexAt(text, i + 2) === 255) return -1
    i += 2
  }
  return i
}

function hexAt(text: string, index: number): number {
  return HEX_VALUE[text.charCodeAt(index)] ?? 255
}

/** `[ ":" *DIGIT ]`: nothing, or a colon and any number of digits. */
function isPort(text: string, at: number): boolean {
  if (at === text.length) return true
  if (text.charCodeAt(at) !== COLON) return false
  for (let i = at + 1; i < text.length; i++) if (text[i]! < '0' || text[i]! > '9') return false
  return true
}

/** Eight groups of one to four hexadecimal digits; `::` once for one or more of zeros; the last two as IPv4. */
export function isIPv6(text: string): boolean {
  const [left, right, ...more] = text.split('::')
  if (more.length > 0) return false
  if (right === undefined) return groupsIn(left!, true) === 8
  const before = groupsIn(left!, false)
  const after = groupsIn(right, true)
  return before >= 0 && after >= 0 && before + after <= 7
}

/** How many groups of 16 bits these are; 0 for none; NaN when one is not valid, which compares as false. */
function groupsIn(text: string, mayEndInIPv4: boolean): number {
  if (text === '') return 0
  const groups = text.split(':')
  const last = groups.at(-1)!
  const hasIPv4 = mayEndInIPv4 && IPV4.test(last)
  if (hasIPv4) groups.pop()
  if (!groups.every(group => H16.test(group))) return Number.NaN
  return groups.length + (hasIPv4 ? 2 : 0)
}

const H16 = /^[0-9a-f]{1,4}$/i
/** 0 to 255 without leading zeros. */
const DEC_OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = new RegExp(`^(?:${DEC_OCTET}\\.){3}${DEC_OCTET}$`)
