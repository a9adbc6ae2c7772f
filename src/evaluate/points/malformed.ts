/**
 * Malformed requests: raw bytes, each with the rule that it breaks, and what a server may do with it (RFC 9112).
 *
 * A table. `@HOST` is the server's authority, `@PAGE` a page that GET answers; rows with `@POST` want a target that reads content; `@SEND` is a request to it, or to the page. Where RFC 9112
 * lets a recipient repair what it has got, both answers are right.
 */

import { type Examiner, pause } from '../examiner.ts'
import {
  all,
  closes,
  type Expectation,
  either,
  justCloses,
  noServerError,
  refused,
  single,
  status,
} from '../expectation.ts'
import { CUSTOM, type Point, point, type Section, untold } from '../point.ts'
import { type Part, raw } from '../request.ts'
import type { Subject } from '../subject.ts'
import { say, type Words } from '../words.ts'

interface Row {
  readonly id: string
  readonly title: Words
  readonly rule: string
  readonly parts: readonly Part[]
  readonly expected: Expectation
}

function row(id: string, title: Words, rule: string, expected: Expectation, ...parts: readonly Part[]): Row {
  return { id, title, rule, expected, parts }
}

const bad = status(400)
/** The rest of the bytes cannot be trusted, so the connection has to end. */
const badFraming = refused(400)
const lenient = either(status(200), status(400))
const REST = ' HTTP/1.1\r\nHost: @HOST\r\n\r\n'
const LINE = 'GET @PAGE HTTP/1.1\r\n'
const HEAD = `${LINE}Host: @HOST\r\n`

/** As one word, behind which a careless server finds its own request. */
const SMUGGLED = 'GET @PAGE HTTP/1.1\r\nHost: @HOST\r\n\r\n'

const LINES: readonly Row[] = [
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

const FIELDS: readonly Row[] = [
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

function length(id: string, value: string, title: Words, expected: Expectation = badFraming): Row {
  return row(
    id,
    title,
    'RFC 9112 §6.3',
    expected,
    `@SEND HTTP/1.1\r\nHost: @HOST\r\nContent-Length: ${value}\r\n\r\nabc`,
  )
}

function coding(id: string, value: string, title: Words, expected: Expectation): Row {
  return row(
    id,
    title,
    'RFC 9112 §6.1',
    expected,
    `@SEND HTTP/1.1\r\nHost: @HOST\r\nTransfer-Encoding: ${value}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  )
}

const FRAMING: readonly Row[] = [
  length('length-word', 'abc', say('Content-Length: abc', 'Content-Length: abc')),
  length('length-negative', '-1', say('a negative length', 'une longueur négative')),
  length('length-plus', '+3', say('a length with a sign', 'une longueur avec un signe')),
  length('length-empty', '', say('an empty length', 'une longueur vide')),
  length(
    'length-huge',
    '99999999999999999999',
    say('a length of twenty digits', 'une longueur de vingt chiffres'),
    refused(400, 413),
  ),
  row(
    'two-lengths',
    say('two lengths that differ', 'deux longueurs qui diffèrent'),
    'RFC 9112 §6.3',
    badFraming,
    `@SEND HTTP/1.1\r\nHost: @HOST\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
  ),
  row(
    'length-and-coding',
    say(
      'a length and chunks: what is behind them is no request',
      'une longueur et des morceaux : la suite n’est pas une requête',
    ),
    'RFC 9112 §6.1',
    all(single, closesWell()),
    `@SEND HTTP/1.1\r\nHost: @HOST\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ),
  coding(
    'coding-unknown',
    'gzip',
    say('an unknown transfer coding', 'un codage de transfert inconnu'),
    refused(400, 501),
  ),
  coding(
    'coding-not-last',
    'chunked, gzip',
    say('chunked, but not last', 'chunked, mais pas en dernier'),
    refused(400, 501),
  ),
  coding('coding-twice', 'chunked, chunked', say('chunked twice', 'chunked deux fois'), refused(400, 501)),
]

/** RFC 9112 §6.1 lets a server use the chunks, and close: whatever it says, no second answer comes and the connection ends. */
function closesWell(): Expectation {
  return {
    words: say('then the end of the connection', 'puis la fin de la connexion'),
    end: 'closed',
    flawOf: outcome => (outcome.end === 'open' ? closes.flawOf(outcome) : null),
  }
}

function chunks(id: string, title: Words, expected: Expectation, ...parts: readonly Part[]): Row {
  return row(
    id,
    title,
    'RFC 9112 §7.1',
    expected,
    `POST @POST HTTP/1.1\r\nHost: @HOST\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ...parts,
  )
}

const taken = status(200, 201, 202, 204, 303)
const CHUNKS: readonly Row[] = [
  chunks(
    'chunk-extension',
    say('an extension of a chunk, and trailers', 'une extension de morceau, et des champs de fin'),
    taken,
    '3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n',
  ),
  chunks(
    'chunk-zeros',
    say('sizes in both cases and with leading zeros', 'des tailles dans les deux casses et avec des zéros'),
    taken,
    '0a\r\n0123456789\r\n000A\r\n0123456789\r\n00\r\n\r\n',
  ),
  chunks(
    'chunk-empty',
    say('chunks of an empty content', 'des morceaux d’un contenu vide'),
    taken,
    '0\r\n\r\n',
  ),
  chunks(
    'chunk-tiny',
    say('5,000 chunks of one byte', '5 000 morceaux d’un octet'),
    taken,
    ['1\r\nx\r\n', 5000],
    '0\r\n\r\n',
  ),
  chunks(
    'chunk-word',
    say('a size that is no number', 'une taille qui n’est pas un nombre'),
    badFraming,
    'xyz\r\nabc\r\n0\r\n\r\n',
  ),
  chunks(
    'chunk-negative',
    say('a negative size', 'une taille négative'),
    badFraming,
    '-3\r\nabc\r\n0\r\n\r\n',
  ),
  chunks(
    'chunk-huge',
    say('a size of seventeen digits', 'une taille de dix-sept chiffres'),
    refused(400, 413),
    '10000000000000003\r\nabc\r\n0\r\n\r\n',
  ),
  chunks(
    'chunk-without-end',
    say('data without CR LF behind it', 'des données sans CR LF derrière'),
    badFraming,
    '3\r\nabcdef\r\n0\r\n\r\n',
  ),
  chunks(
    'chunk-long-line',
    say('a size of 100,000 digits', 'une taille de 100 000 chiffres'),
    either(refused(400, 413, 431), taken),
    ['0', 100_000],
    '3\r\nabc\r\n0\r\n\r\n',
  ),
]

export const malformed: Section = {
  name: 'malformed',
  title: say('Malformed requests', 'Requêtes mal formées'),
  points: subject => [
    ...[...LINES, ...FIELDS].map(one => pointOf(one, subject)),
    point(
      'endless-head',
      say('a head without end', 'un en-tête sans fin'),
      'RFC 6585 §5',
      sendsHeadWithoutEnd,
    ),
    ...FRAMING.map(one => pointOf(one, subject)),
    ...CHUNKS.map(one =>
      contentTarget(subject) === null ? untold(one.id, one.title, one.rule, 'post') : pointOf(one, subject),
    ),
    point('random', say('random bytes', 'des octets au hasard'), CUSTOM, sendsRandomBytes),
    point(
      'mutated',
      say('requests with one wrong byte', 'des requêtes avec un octet faux'),
      CUSTOM,
      sendsMutatedRequests,
    ),
  ],
}

function contentTarget({ posts, echoes }: Subject): string | null {
  return posts[0] ?? echoes[0]?.target ?? null
}

function pointOf({ id, title, rule, parts, expected }: Row, subject: Subject): Point {
  const page = subject.page.target
  const post = contentTarget(subject) ?? page
  // Where nobody takes POST, it would be refused for that; framing does not depend on the method.
  const send = contentTarget(subject) === null ? `GET ${page}` : `POST ${post}`
  const fill = (text: string): string =>
    text.replaceAll('@PAGE', page).replaceAll('@POST', post).replaceAll('@SEND', send)
  const filled = parts.map(part => (typeof part === 'string' ? fill(part) : part))
  return point(id, title, rule, async e => {
    await e.ask(raw(...filled), expected)
  })
}

/** A server that reads for ever can be filled up. */
const MOST_HEAD_BYTES = 4 * 1024 * 1024

async function sendsHeadWithoutEnd(e: Examiner): Promise<void> {
  const line = say(
    `printf 'GET ${e.page} HTTP/1.1\\r\\nHost: …\\r\\n', then fields without end`,
    `printf 'GET ${e.page} HTTP/1.1\\r\\nHost: …\\r\\n', puis des champs sans fin`,
  )
  const talk = await e.open()
  const expected = either(status(431, 400, 413), justCloses)
  e.told(line, expected.words)
  talk.send(`GET ${e.page} HTTP/1.1\r\nHost: ${e.place.authority}\r\n`)
  const block = Buffer.from('X-Endless: 0123456789012345678901234567890123456789\r\n'.repeat(1000))
  let sent = 0
  while (sent < MOST_HEAD_BYTES && (await talk.end(0)) === 'open' && !(await talk.hears(1))) {
    talk.send(block)
    await talk.sent(e.patience.answerMs)
    sent += block.length
  }
  if (sent >= MOST_HEAD_BYTES) e.finds(false, say(`${sent} bytes were taken`, `${sent} octets ont été pris`))
  const answer = await talk.response('GET', e.patience.answerMs)
  // The reset that follows may take the answer with it: it was over in time, which is what matters here.
  const flaw = expected.flawOf({ answer, interim: [], hasMore: false, end: await talk.end(0) })
  e.finds(flaw === null, flaw ?? ('status' in answer ? status(answer.status).words : answer.words))
}

const SEEDS = 20
const RANDOM_BYTES = 20_000

async function sendsRandomBytes(e: Examiner): Promise<void> {
  e.told(
    say(
      `head -c ${RANDOM_BYTES} /dev/urandom | nc ${e.place.host} ${e.place.port}, ${SEEDS} times`,
      `head -c ${RANDOM_BYTES} /dev/urandom | nc ${e.place.host} ${e.place.port}, ${SEEDS} fois`,
    ),
    SURVIVES,
  )
  for (let seed = 1; seed <= SEEDS; seed++) await throwAt(e, randomBytes(seed))
  e.finds(true, say(`${SEEDS} times nothing worse`, `${SEEDS} fois rien de pire`))
}

const SURVIVES = say(
  'an error of the client, or a closed connection; others are served',
  'une erreur du client, ou une connexion fermée ; les autres sont servis',
)
const MUTATED = 100

async function sendsMutatedRequests(e: Examiner): Promise<void> {
  const whole = `GET ${e.page} HTTP/1.1\r\nHost: ${e.place.authority}\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n`
  e.told(
    say(
      `GET ${e.page} with one byte replaced, ${MUTATED} times`,
      `GET ${e.page} avec un octet remplacé, ${MUTATED} fois`,
    ),
    SURVIVES,
  )
  const values = randomBytes(99)
  for (let i = 0; i < MUTATED; i++) {
    const bytes = Buffer.from(whole, 'latin1')
    bytes[(i * 7) % bytes.length] = values[i]!
    await throwAt(e, bytes)
  }
  e.finds(true, say(`${MUTATED} times nothing worse`, `${MUTATED} fois rien de pire`))
}

function randomBytes(seed: number): Buffer {
  const bytes = Buffer.alloc(RANDOM_BYTES)
  let state = seed * 7919
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Whatever the server says to it, it may not be a fault of its own; that it lives is asked after each point. */
async function throwAt(e: Examiner, bytes: Buffer): Promise<void> {
  const talk = await e.open()
  talk.send(bytes)
  talk.finish()
  const answer = await talk.response('GET', e.patience.answerMs)
  e.leave(talk)
  const flaw =
    'status' in answer
      ? noServerError.flawOf({ answer, interim: [], hasMore: false, end: 'open' })
      : answer.why === 'silence'
        ? answer.words
        : null
  if (flaw !== null) e.finds(false, flaw)
  await pause(0)
}
