/**
 * Malformed heads: a table, a row for each rule of request lines and fields (RFC 9112 §2 to §5).
 *
 *   LINES, FIELDS
 *   row(id, title, rule, expected, ...parts)
 *
 * `@HOST` is the server's authority, `@PAGE` a page that GET answers. Where the RFC lets a recipient repair what it has got, both
 * answers are right.
 */

import { type Expectation, either, justCloses, noServerError, status } from '../expectation.ts'
import type { Part } from '../request.ts'
import { say, type Words } from '../words.ts'

/** A request, its rule, and what may come of it. */
export interface MalformedRow {
  readonly id: string
  readonly title: Words
  readonly rule: string
  readonly parts: readonly Part[]
  readonly expected: Expectation
}

export function row(
  id: string,
  title: Words,
  rule: string,
  expected: Expectation,
  ...parts: readonly Part[]
): MalformedRow {
  return { id, title, rule, expected, parts }
}

const bad = status(400)
const lenient = either(status(200), status(400))
const REST = ' HTTP/1.1\r\nHost: @HOST\r\n\r\n'
const LINE = 'GET @PAGE HTTP/1.1\r\n'
const HEAD = `${LINE}Host: @HOST\r\n`

export const LINES: readonly MalformedRow[] = [
  row(
    'leading-crlf',
    say('an empty line before the request', 'une ligne vide avant la requête'),
    'RFC 9112 §2.2',
    status(200),
    `\r\n${HEAD}\r\n`,
  ),
  row(
    'bare-lf',
    say('lines that end in LF alone', 'des lignes qui finissent par LF seul'),
    'RFC 9112 §2.2',
    lenient,
    'GET @PAGE HTTP/1.1\nHost: @HOST\n\n',
  ),
  row(
    'bare-cr',
    say('a CR within a value', 'un CR dans une valeur'),
    'RFC 9112 §2.2',
    lenient,
    `${HEAD}A: b\rc\r\n\r\n`,
  ),
  row(
    'nul-in-value',
    say('a zero byte within a value', 'un octet nul dans une valeur'),
    'RFC 9110 §5.5',
    lenient,
    `${HEAD}A: b\0c\r\n\r\n`,
  ),
  row(
    'no-target',
    say('a request line without a target', 'une ligne de requête sans cible'),
    'RFC 9112 §3',
    bad,
    `GET ${REST}`,
  ),
  row(
    'relative-target',
    say('a target that does not begin with a slash', 'une cible qui ne commence pas par une barre oblique'),
    'RFC 9112 §3.2',
    bad,
    `GET index.html${REST}`,
  ),
  row(
    'absolute-target',
    say('a whole URL as target', 'une URL entière comme cible'),
    'RFC 9112 §3.2.2',
    status(200),
    'GET http://@HOST@PAGE HTTP/1.1\r\nHost: @HOST\r\n\r\n',
  ),
  row(
    'two-spaces',
    say('two spaces before the target', 'deux espaces avant la cible'),
    'RFC 9112 §3',
    lenient,
    `GET  @PAGE${REST}`,
  ),
  row(
    'space-in-target',
    say('a space within the target', 'une espace dans la cible'),
    'RFC 9112 §3.2',
    bad,
    `GET /a b${REST}`,
  ),
  row(
    'nul-in-target',
    say('a zero byte within the target', 'un octet nul dans la cible'),
    'RFC 9112 §3.2',
    bad,
    `GET /a\0b${REST}`,
  ),
  row(
    'escaped-nul',
    say('an escaped zero byte in the target', 'un octet nul échappé dans la cible'),
    'RFC 3986 §7.3',
    status(400, 404),
    `GET /a%00b${REST}`,
  ),
  row(
    'bad-escape',
    say('an escape without its digits', 'un échappement sans ses chiffres'),
    'RFC 3986 §2.1',
    status(400, 404),
    `GET /a%zzb${REST}`,
  ),
  row(
    'raw-utf-8',
    say('a target in UTF-8 that is not escaped', 'une cible en UTF-8 non échappée'),
    'RFC 3986 §2',
    status(400, 404),
    `GET /veille-\xc3\xa9valuate${REST}`,
  ),
  row(
    'http-0.9',
    say('a request line without a version', 'une ligne de requête sans version'),
    'RFC 9112 §3',
    either(status(400, 505), closesWithin()),
    'GET @PAGE\r\n\r\n',
  ),
  row(
    'http-2.0',
    say('version 2.0', 'la version 2.0'),
    'RFC 9110 §15.6.6',
    status(505, 400),
    'GET @PAGE HTTP/2.0\r\nHost: @HOST\r\n\r\n',
  ),
  row(
    'http-lower',
    say('the version in small letters', 'la version en minuscules'),
    'RFC 9112 §2.3',
    status(400, 505),
    'GET @PAGE http/1.1\r\nHost: @HOST\r\n\r\n',
  ),
  row(
    'http-x',
    say('a version that is no number', 'une version qui n’est pas un nombre'),
    'RFC 9112 §2.3',
    status(400, 505),
    'GET @PAGE HTTP/1.x\r\nHost: @HOST\r\n\r\n',
  ),
  row(
    'h2-preface',
    say('the preface of HTTP/2', 'le préambule de HTTP/2'),
    'RFC 9113 §3.4',
    either(status(400, 505), justCloses),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ),
  row(
    'tls-hello',
    say('TLS on a port without it', 'TLS sur un port qui n’en a pas'),
    'RFC 9112 §2.2',
    either(status(400), justCloses),
    '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n',
  ),
  row(
    'long-target',
    say('a target of 100,000 bytes', 'une cible de 100 000 octets'),
    'RFC 9110 §15.5.15',
    status(414, 400, 431),
    'GET /',
    ['a', 100_000],
    REST,
  ),
]

/** HTTP/0.9 had no head: what came with 200 and without one is told as a flaw of the response, and is no fault here. */
function closesWithin(): Expectation {
  return {
    words: say('content without a head, or closed', 'un contenu sans en-tête, ou fermée'),
    flawOf: ({ answer }) =>
      'status' in answer
        ? noServerError.flawOf({ answer, interim: [], hasMore: false, end: 'open' })
        : answer.why === 'silence'
          ? answer.words
          : null,
  }
}

export const FIELDS: readonly MalformedRow[] = [
  row('no-host', say('HTTP/1.1 without Host', 'HTTP/1.1 sans Host'), 'RFC 9112 §3.2', bad, `${LINE}\r\n`),
  row(
    'two-hosts',
    say('Host twice', 'Host deux fois'),
    'RFC 9112 §3.2',
    bad,
    `${HEAD}Host: other.example\r\n\r\n`,
  ),
  row(
    'bad-host',
    say('a Host that is none', 'un Host qui n’en est pas un'),
    'RFC 9112 §3.2',
    bad,
    `${LINE}Host: a b/c\r\n\r\n`,
  ),
  row(
    'no-colon',
    say('a field line without a colon', 'une ligne de champ sans deux-points'),
    'RFC 9112 §5',
    bad,
    `${HEAD}nothing\r\n\r\n`,
  ),
  row(
    'space-before-colon',
    say('a space before the colon', 'une espace avant les deux-points'),
    'RFC 9112 §5.1',
    bad,
    `${HEAD}A : b\r\n\r\n`,
  ),
  row(
    'no-name',
    say('a field without a name', 'un champ sans nom'),
    'RFC 9112 §5',
    bad,
    `${HEAD}: b\r\n\r\n`,
  ),
  row(
    'folded-line',
    say('a folded line', 'une ligne repliée'),
    'RFC 9112 §5.2',
    lenient,
    `${HEAD}A: b\r\n c\r\n\r\n`,
  ),
  row(
    'long-field',
    say('a field of 100,000 bytes', 'un champ de 100 000 octets'),
    'RFC 6585 §5',
    status(431, 400, 413),
    `${HEAD}A: `,
    ['a', 100_000],
    '\r\n\r\n',
  ),
  row(
    'many-fields',
    say('5,000 fields', '5 000 champs'),
    'RFC 6585 §5',
    either(status(431, 400, 413), status(200)),
    HEAD,
    ['A: b\r\n', 5000],
    '\r\n',
  ),
]
