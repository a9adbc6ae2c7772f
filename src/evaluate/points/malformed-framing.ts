/**
 * Malformed framing: a table, a row for each way to say where content ends, and to lie about it (RFC 9112 §6 and §7).
 *
 *   FRAMING     lengths and codings; `@SEND` is a request to a target that reads content, or else to the page
 *   CHUNKS      `@POST` is a target that reads content
 */

import { all, closes, type Expectation, either, refused, single, status } from '../expectation.ts'
import type { Part } from '../request.ts'
import { say, type Words } from '../words.ts'
import { type MalformedRow, row } from './malformed-heads.ts'

/** The rest of the bytes cannot be trusted, so the connection has to end. */
const badFraming = refused(400)

/** Behind other content, where a careless server finds it. */
const SMUGGLED = 'GET @PAGE HTTP/1.1\r\nHost: @HOST\r\n\r\n'

function length(id: string, value: string, title: Words, expected: Expectation = badFraming): MalformedRow {
  return row(
    id,
    title,
    'RFC 9112 §6.3',
    expected,
    `@SEND HTTP/1.1\r\nHost: @HOST\r\nContent-Length: ${value}\r\n\r\nabc`,
  )
}

function coding(id: string, value: string, title: Words, expected: Expectation): MalformedRow {
  return row(
    id,
    title,
    'RFC 9112 §6.1',
    expected,
    `@SEND HTTP/1.1\r\nHost: @HOST\r\nTransfer-Encoding: ${value}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  )
}

export const FRAMING: readonly MalformedRow[] = [
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

function chunks(id: string, title: Words, expected: Expectation, ...parts: readonly Part[]): MalformedRow {
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
export const CHUNKS: readonly MalformedRow[] = [
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
