/**
 * Malformed requests: raw bytes, each with the rule that it breaks (`malformed-heads.ts`, `malformed-framing.ts`); a head without end,
 * and bytes by chance.
 */

import { type Examiner, pause } from '../examiner.ts'
import { either, justCloses, noServerError, status } from '../expectation.ts'
import { CUSTOM, type Point, point, type Section, untold } from '../point.ts'
import { raw } from '../request.ts'
import type { Subject } from '../subject.ts'
import { say } from '../words.ts'
import { CHUNKS, FRAMING } from './malformed-framing.ts'
import { FIELDS, LINES, type MalformedRow } from './malformed-heads.ts'

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

function pointOf({ id, title, rule, parts, expected }: MalformedRow, subject: Subject): Point {
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
