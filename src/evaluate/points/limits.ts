/**
 * Limits of content: what fits, what does not, and that the client can read so (RFC 9110 §15.5.14, RFC 9112 §9.6).
 */

import { isResponse } from '../conversation.ts'
import type { Examiner } from '../examiner.ts'
import { status, success } from '../expectation.ts'
import { forEach, type Point, point, type Section, untold } from '../point.ts'
import { asks, bytesOf, content, lineOf, raw } from '../request.ts'
import { toldResponse } from '../response.ts'
import type { Limit } from '../subject.ts'
import { joined, plain, say, type Words } from '../words.ts'

const RULE = 'RFC 9110 §15.5.14'
const WITHIN = say('content within the limit', 'un contenu dans la limite')
const WITHIN_CHUNKED = say('the same in chunks', 'le même en morceaux')
const BEYOND = say('one byte more', 'un octet de plus')
const BEYOND_CHUNKED = say('one byte more, in chunks', 'un octet de plus, en morceaux')
const AT_ONCE = say(
  'a length beyond the limit is refused before the content comes',
  'une longueur hors limite est refusée avant que le contenu ne vienne',
)
const WITHOUT_END = say(
  'chunks without end are refused when their sum passes the limit',
  'des morceaux sans fin sont refusés dès que leur somme passe la limite',
)
const READABLE = say(
  'who sends too much can still read the answer',
  'qui envoie trop peut encore lire la réponse',
)

export const limits: Section = {
  name: 'limits',
  title: say('Limits of content', 'Limites du contenu'),
  points: subject =>
    forEach(subject.limits, limitPoints, [
      untold('limit-within', WITHIN, RULE, 'limit'),
      untold('limit-within-chunked', WITHIN_CHUNKED, RULE, 'limit'),
      untold('limit-beyond', BEYOND, RULE, 'limit'),
      untold('limit-beyond-chunked', BEYOND_CHUNKED, RULE, 'limit'),
      untold('limit-at-once', AT_ONCE, RULE, 'limit'),
      untold('limit-without-end', WITHOUT_END, RULE, 'limit'),
      untold('limit-readable', READABLE, 'RFC 9112 §9.6', 'limit'),
    ]),
}

/** Pieces in which the too much comes: large enough to be quick, small enough to be interrupted. */
const PIECE_BYTES = 64 * 1024

function limitPoints(
  { target, bytes, method }: Limit,
  id: (name: string) => string,
  title: (words: Words) => Words,
): Point[] {
  const send = (size: number, chunkBytes: number) =>
    asks(method, target, { content: content(size), ...(chunkBytes > 0 ? { chunkBytes } : {}) })
  const chunkBytes = Math.max(1, Math.ceil(bytes / 3))
  return [
    point(id('limit-within'), title(WITHIN), RULE, async e => {
      await e.ask(send(0, 0), success)
      await e.ask(send(bytes, 0), success)
    }),
    point(id('limit-within-chunked'), title(WITHIN_CHUNKED), 'RFC 9112 §7.1', async e => {
      await e.ask(send(0, chunkBytes), success)
      await e.ask(send(bytes, chunkBytes), success)
    }),
    point(id('limit-beyond'), title(BEYOND), RULE, async e => {
      await e.ask(send(bytes + 1, 0), status(413))
      await e.ask(send(2 * bytes + 1, 0), status(413))
    }),
    point(id('limit-beyond-chunked'), title(BEYOND_CHUNKED), RULE, async e => {
      await e.ask(send(bytes + 1, chunkBytes), status(413))
    }),
    point(id('limit-at-once'), title(AT_ONCE), RULE, async e => {
      const head = `${method} ${target} HTTP/1.1\r\nHost: @HOST\r\nContent-Length: ${bytes + 100_000_000}\r\n\r\n`
      await e.ask(raw(head), status(413))
    }),
    point(id('limit-without-end'), title(WITHOUT_END), RULE, e => sendsWithoutEnd(e, method, target, bytes)),
    point(id('limit-readable'), title(READABLE), 'RFC 9112 §9.6', e => readsLate(e, method, target, bytes)),
  ]
}

async function sendsWithoutEnd(e: Examiner, method: string, target: string, bytes: number): Promise<void> {
  const head = raw(`${method} ${target} HTTP/1.1\r\nHost: @HOST\r\nTransfer-Encoding: chunked\r\n\r\n`)
  const size = Math.min(PIECE_BYTES, bytes + 1)
  const line = say(
    `${lineOf(head, e.place)} (and chunks of ${size} bytes for ever)`,
    `${lineOf(head, e.place)} (et des morceaux de ${size} octets sans fin)`,
  )
  const talk = await e.open()
  e.told(line, status(413).words)
  talk.send(bytesOf(head, e.place))
  for (let sent = 0; sent <= bytes; sent += size) {
    talk.send(`${size.toString(16)}\r\n`)
    talk.send(Buffer.concat([content(size), Buffer.from('\r\n')]))
    await talk.sent(e.patience.answerMs)
  }
  const answer = await talk.response(method, e.patience.answerMs)
  e.finds(
    isResponse(answer) && answer.status === 413,
    isResponse(answer) ? toldResponse(answer) : answer.words,
  )
}

/** How much a client sends before it looks for an answer: more than the buffers of both sides hold. */
const TOO_MUCH_BYTES = 12 * 1024 * 1024

/** Many libraries write all of their content before they read. The server has to throw it away, or the answer is lost in a reset. */
async function readsLate(e: Examiner, method: string, target: string, bytes: number): Promise<void> {
  const size = bytes + TOO_MUCH_BYTES
  const request = asks(method, target, { content: content(size) })
  const talk = await e.open()
  e.told(
    plain(lineOf(request, e.place)),
    joined([status(413).words, say('after all of it was sent', 'après que tout a été envoyé')]),
  )
  talk.pause()
  talk.send(bytesOf(request, e.place))
  const isWhole = await talk.sent(2 * e.patience.answerMs)
  talk.resume()
  const answer = await talk.response(method, e.patience.answerMs)
  const came = isResponse(answer) ? toldResponse(answer) : answer.words
  const broke = isWhole
    ? came
    : joined([
        say('the connection broke while the content was sent', 'la connexion s’est rompue pendant l’envoi'),
        came,
      ])
  // A client that cannot send everything may still find the answer; then nothing is lost.
  e.finds(isResponse(answer) && answer.status === 413, broke)
}
