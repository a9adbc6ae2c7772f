/**
 * The directives of `userid`, and how they are read. What ends up in a field must be able to stand there: nginx takes anything.
 *
 *   useridTable, UseridSettings
 *   MAX, MAX_DATE                  `userid_expires max`
 */

import {
  type Call,
  custom,
  oneOf,
  readCount,
  readDurationMs,
  type SettingsOf,
  suggestion,
} from '../config/directive.ts'

const PLACES = ['http', 'server', 'location']

/** `31-Dec-37` in nginx: the last year of 32 bits. */
export const MAX = Number.POSITIVE_INFINITY
export const MAX_DATE = Date.UTC(2037, 11, 31, 23, 55, 55)

const SAME_SITES = ['samesite=strict', 'samesite=lax', 'samesite=none']
const FLAGS = ['secure', 'httponly', ...SAME_SITES]

export const useridTable = {
  userid: oneOf(['on', 'v1', 'log', 'off'], {
    in: PLACES,
    initial: 'off',
    doc: 'on: a visitor who has no identifier yet is given one in a cookie. log: none is given, and those that come are seen in $uid_got. v1: as on, with the number of userid_service in the order of bytes that the first version had.',
  }),
  userid_name: custom<string>({
    in: PLACES,
    initial: 'uid',
    syntax: 'name',
    takes: [1, 1],
    doc: 'The name of the cookie.',
    read: readName,
  }),
  userid_domain: custom<string>({
    in: PLACES,
    initial: '',
    default: 'none',
    syntax: 'name | none',
    takes: [1, 1],
    doc: 'The domain for which the cookie is set; none: the host that was asked alone.',
    read: call => (call.text(0) === 'none' ? '' : readAttribute(call)),
  }),
  userid_path: custom<string>({
    in: PLACES,
    initial: '/',
    syntax: 'path',
    takes: [1, 1],
    doc: 'The path for which the cookie is set.',
    read: readAttribute,
  }),
  userid_expires: custom<number>({
    in: PLACES,
    initial: 0,
    default: 'off',
    syntax: 'time | max | off',
    takes: [1, 1],
    doc: 'How long a browser keeps the cookie: this long, until the end of 2037, or until it is closed.',
    read: readExpires,
  }),
  userid_flags: custom<readonly string[]>({
    in: PLACES,
    initial: [],
    default: 'off',
    syntax: 'off | flag ...',
    takes: [1, Number.POSITIVE_INFINITY],
    doc: 'Attributes of the cookie: secure, httponly, samesite=strict, samesite=lax, samesite=none.',
    read: readFlags,
  }),
  userid_mark: custom<string>({
    in: PLACES,
    initial: '',
    default: 'off',
    syntax: 'letter | digit | = | off',
    takes: [1, 1],
    doc: 'A sign in the cookie, by which those that were set under other rules are told: they are set again, with the same identifier.',
    read: readMark,
  }),
  userid_p3p: custom<string>({
    in: PLACES,
    initial: '',
    default: 'none',
    syntax: 'string | none',
    takes: [1, 1],
    doc: 'The field P3P that goes with a cookie, for browsers of the time before 2010.',
    read: call => (call.text(0) === 'none' ? '' : readFieldValue(call)),
  }),
  userid_service: custom<number | null>({
    in: PLACES,
    initial: null,
    default: null,
    syntax: 'number',
    takes: [1, 1],
    doc: 'The first four bytes of each identifier, where several servers give them; the other twelve are random. Without it all sixteen are.',
    read: call => readCount(call, 0, 0, 0xffff_ffff),
  }),
}

export type UseridSettings = SettingsOf<typeof useridTable>

/** RFC 6265 §4.1.1: a name is a token, an attribute all but controls and the semicolon. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const ATTRIBUTE = /^[\x20-\x3a\x3c-\x7e]+$/
const FIELD_VALUE = /^[\t\x20-\x7e]+$/

function readName(call: Call): string | undefined {
  const name = call.text(0)
  return TOKEN.test(name)
    ? name
    : call.fail(
        0,
        `invalid value "${name}"`,
        'expected the name of a cookie: letters, digits and signs such as - and _',
      )
}

function readAttribute(call: Call): string | undefined {
  const value = call.text(0)
  return ATTRIBUTE.test(value)
    ? value
    : call.fail(0, `invalid value "${value}"`, 'expected plain characters without a semicolon')
}

function readFieldValue(call: Call): string | undefined {
  const value = call.text(0)
  return FIELD_VALUE.test(value)
    ? value
    : call.fail(0, `invalid value "${value}"`, 'expected plain characters')
}

function readExpires(call: Call): number | undefined {
  const value = call.text(0)
  if (value === 'off') return 0
  return value === 'max' ? MAX : readDurationMs(call, 0)
}

function readFlags(call: Call): readonly string[] | undefined {
  const flags = call.args.map(({ text }) => text)
  if (flags.length === 1 && flags[0] === 'off') return []
  const odd = flags.findIndex(flag => !FLAGS.includes(flag))
  if (odd >= 0) {
    const expected = `one of ${FLAGS.join(', ')}, or off alone`
    return call.fail(odd, `invalid value "${flags[odd]}"`, suggestion(flags[odd]!, FLAGS, expected))
  }
  const none = flags.indexOf('samesite=none')
  if (none >= 0 && !flags.includes('secure')) {
    call.warn(none, 'browsers refuse a cookie with samesite=none that is not secure', 'add the flag secure')
  }
  return FLAGS.filter(flag => flags.includes(flag))
}

function readMark(call: Call): string | undefined {
  const mark = call.text(0)
  if (mark === 'off') return ''
  if (/^[0-9A-Za-z=]$/.test(mark)) return mark
  const summary = `"userid_mark" directive value must be "off" or a single letter, digit or "="`
  return call.fail(0, summary, 'expected one sign, such as a')
}
