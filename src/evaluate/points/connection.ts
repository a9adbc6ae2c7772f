/**
 * Connections: several requests on one, one after the other or at once; byte by byte; Expect (RFC 9112 §9, RFC 9110 §10.1.1).
 */

import { type Conversation, isResponse } from '../conversation.ts'
import { type Examiner, mayPersist, pause } from '../examiner.ts'
import { all, closes, type Expectation, either, status, success } from '../expectation.ts'
import { type Point, point, type Section, untold } from '../point.ts'
import { asks, bytesOf, content, lineOf, type Request, raw } from '../request.ts'
import { fieldOf, toldResponse } from '../response.ts'
import type { Subject } from '../subject.ts'
import { plain, say, type Words } from '../words.ts'
import { sameBytes } from './uploaded-file.ts'

export const pieces: Section = {
  name: 'pieces',
  title: say('Byte by byte, and many at once', 'Octet par octet, et plusieurs à la fois'),
  points: subject => [
    point('byte-by-byte', say('GET byte by byte', 'GET octet par octet'), 'RFC 9112 §2.2', e =>
      byteByByte(e, asks('GET', e.page), status(200)),
    ),
    ...contentByByte(subject),
    point(
      'two-packets',
      say('GET in two pieces, cut at every byte', 'GET en deux morceaux, coupée à chaque octet'),
      'RFC 9112 §2.2',
      inTwoPieces,
    ),
    point('pipelined', say('two requests at once', 'deux requêtes à la fois'), 'RFC 9112 §9.3.2', e =>
      pipelined(e, 2),
    ),
    point(
      'pipelined-100',
      say('a hundred requests at once', 'cent requêtes à la fois'),
      'RFC 9112 §9.3.2',
      e => pipelined(e, 100),
    ),
    point(
      'content-of-get',
      say('GET with content, and a request behind it', 'GET avec un contenu, et une requête derrière'),
      'RFC 9110 §9.3.1',
      contentOfGet,
    ),
    ...requestBehindContent(subject),
  ],
}

async function byteByByte(e: Examiner, request: Request, expected: Expectation): Promise<void> {
  const talk = await e.open()
  const line = lineOf(request, e.place)
  e.told(
    say(
      `${line} (a byte every ${e.patience.byteMs} ms)`,
      `${line} (un octet toutes les ${e.patience.byteMs} ms)`,
    ),
    expected.words,
  )
  for (const byte of bytesOf(request, e.place)) {
    talk.send(Buffer.from([byte]))
    await pause(e.patience.byteMs)
  }
  await e.met(talk, request.method, expected)
}

function contentByByte(subject: Subject): Point[] {
  const titles = [
    say('POST byte by byte', 'POST octet par octet'),
    say('POST in chunks, byte by byte', 'POST en morceaux, octet par octet'),
  ]
  const echo = subject.echoes.find(({ isUpper }) => !isUpper)
  const target = echo?.target ?? subject.posts[0] ?? null
  return [0, 10].map((chunkBytes, i) => {
    const id = i === 0 ? 'byte-by-byte-post' : 'byte-by-byte-chunked'
    if (target === null) return untold(id, titles[i]!, 'RFC 9112 §6.3', 'post', 'cgi_echo')
    const sent = content(40, 2)
    const expected = echo === undefined ? success : all(status(200), sameBytes(sent))
    return point(id, titles[i]!, 'RFC 9112 §6.3', e =>
      byteByByte(e, asks('POST', target, { content: sent, chunkBytes }), expected),
    )
  })
}

async function inTwoPieces(e: Examiner): Promise<void> {
  const request = asks('GET', e.page)
  const bytes = bytesOf(request, e.place)
  const line = lineOf(request, e.place)
  e.told(
    say(
      `${line}, ${bytes.length - 1} times, cut elsewhere each time`,
      `${line}, ${bytes.length - 1} fois, coupée ailleurs à chaque fois`,
    ),
    status(200).words,
  )
  for (let at = 1; at < bytes.length; at++) {
    const talk = await e.open()
    talk.send(bytes.subarray(0, at))
    await pause(e.patience.byteMs)
    talk.send(bytes.subarray(at))
    const answer = await talk.response('GET', e.patience.answerMs)
    e.leave(talk)
    if (isResponse(answer) && answer.status === 200) continue
    const { en, fr } = isResponse(answer) ? toldResponse(answer) : answer.words
    e.finds(false, say(`cut after ${at} bytes: ${en}`, `coupée après ${at} octets : ${fr}`))
  }
  e.finds(true, say('200 each time', '200 chaque fois'))
}

/** In order: GET and HEAD alternate where HEAD is taken, so that answers in the wrong order show. */
async function pipelined(e: Examiner, count: number): Promise<void> {
  const request = asks('GET', e.page)
  const talk = await e.open()
  e.told(
    say(
      `${lineOf(request, e.place)}, ${count} times in one packet`,
      `${lineOf(request, e.place)}, ${count} fois dans un paquet`,
    ),
    say(
      `${count} answers of 200, the last of a missing target`,
      `${count} réponses 200, puis celle d’une cible absente`,
    ),
  )
  const last = asks('GET', '/veille-evaluate/not-there')
  const bytes = bytesOf(request, e.place)
  talk.send(Buffer.concat([...Array.from({ length: count }, () => bytes), bytesOf(last, e.place)]))
  for (let i = 0; i < count; i++) {
    const answer = await talk.response('GET', e.patience.answerMs)
    if (isResponse(answer) && answer.status === 200) continue
    const { en, fr } = isResponse(answer) ? toldResponse(answer) : answer.words
    e.finds(false, say(`answer ${i + 1}: ${en}`, `réponse ${i + 1} : ${fr}`))
  }
  const end = await talk.response('GET', e.patience.answerMs)
  e.finds(isResponse(end), isResponse(end) ? say(`${count} times 200`, `${count} fois 200`) : end.words)
}

async function contentOfGet(e: Examiner): Promise<void> {
  const request = asks('GET', e.page, { content: Buffer.from('GET /no HTTP/1.1\r\n\r\n') })
  await twoAnswers(e, request, status(200, 400, 413))
}

function requestBehindContent(subject: Subject): Point[] {
  const title = say(
    'a request directly behind the content of another',
    'une requête juste derrière le contenu d’une autre',
  )
  const target = subject.posts[0] ?? subject.echoes[0]?.target
  if (target === undefined) return [untold('behind-content', title, 'RFC 9112 §9.3.2', 'post', 'cgi_echo')]
  return [
    point('behind-content', title, 'RFC 9112 §9.3.2', async e => {
      await twoAnswers(e, asks('POST', target, { content: content(5000) }), success)
      await twoAnswers(e, asks('POST', target, { content: content(5000), chunkBytes: 1000 }), success)
    }),
  ]
}

/** Two right answers, or one that says that the connection ends. */
async function twoAnswers(e: Examiner, request: Request, first: Expectation): Promise<void> {
  const next = asks('GET', e.page)
  const talk = await e.open()
  e.told(
    say(
      `${lineOf(request, e.place)} and ${lineOf(next, e.place)} in one packet`,
      `${lineOf(request, e.place)} et ${lineOf(next, e.place)} dans un paquet`,
    ),
    first.words,
  )
  talk.send(Buffer.concat([bytesOf(request, e.place), bytesOf(next, e.place)]))
  const answer = await e.met(talk, request.method, first)
  e.told(
    say('the second answer', 'la deuxième réponse'),
    say('200, or closed when the first one has said so', '200, ou fermée si la première l’a dit'),
  )
  if (!mayPersist(answer))
    e.finds((await talk.end(e.patience.answerMs)) !== 'open', say('Connection: close', 'Connection: close'))
  else await e.met(talk, 'GET', status(200))
}

export const connections: Section = {
  name: 'connections',
  title: say('Keep-alive and close', 'Keep-alive et close'),
  points: subject => [
    point('keep-alive', say('a connection stays', 'une connexion reste ouverte'), 'RFC 9112 §9.3', e =>
      oneAfterTheOther(e, 3),
    ),
    point(
      'keep-alive-100',
      say('a hundred requests, one after the other', 'cent requêtes, l’une après l’autre'),
      'RFC 9112 §9.3',
      e => oneAfterTheOther(e, 100),
    ),
    point('close', say('Connection: close', 'Connection: close'), 'RFC 9112 §9.6', async e => {
      await e.ask(asks('GET', e.page, { fields: ['Connection: close'] }), all(status(200), closes))
    }),
    point('close-http-1.0', say('HTTP/1.0 closes', 'HTTP/1.0 ferme'), 'RFC 9112 §9.3', async e => {
      await e.ask(asks('GET', e.page, { version: '1.0' }), all(status(200), closes))
    }),
    point(
      'keep-alive-http-1.0',
      say('HTTP/1.0 with keep-alive', 'HTTP/1.0 avec keep-alive'),
      'RFC 9112 §9.3',
      keepsOldClient,
    ),
    point(
      'half-close',
      say(
        'a client that has nothing more to say still gets its answer',
        'un client qui n’a plus rien à dire reçoit quand même sa réponse',
      ),
      'RFC 9112 §9.6',
      answersHalfClosed,
    ),
    point(
      'stays-after-error',
      say('an error that breaks nothing', 'une erreur qui ne casse rien'),
      'RFC 9112 §9.3',
      staysAfterError,
    ),
    ...expectPoints(subject),
  ],
}

async function oneAfterTheOther(e: Examiner, count: number): Promise<void> {
  const request = asks('GET', e.page)
  const talk = await e.open()
  e.told(
    say(
      `${lineOf(request, e.place)}, ${count} times on one connection`,
      `${lineOf(request, e.place)}, ${count} fois sur une connexion`,
    ),
    status(200).words,
  )
  for (let i = 1; i <= count; i++) {
    talk.send(bytesOf(request, e.place))
    const answer = await talk.response('GET', e.patience.answerMs)
    if (isResponse(answer) && answer.status === 200) continue
    const { en, fr } = isResponse(answer) ? toldResponse(answer) : answer.words
    e.finds(false, say(`request ${i}: ${en}`, `requête ${i} : ${fr}`))
  }
  e.finds(true, say(`${count} times 200`, `${count} fois 200`))
}

/** It may close, unless it says that it stays. */
async function keepsOldClient(e: Examiner): Promise<void> {
  const request = asks('GET', e.page, { version: '1.0', fields: ['Connection: keep-alive'] })
  const talk = await e.open()
  const answer = await e.answer(talk, request, status(200))
  if (!/keep-alive/i.test(fieldOf(answer, 'connection') ?? '')) {
    e.told(
      say(
        'the connection, which was not promised to stay',
        'la connexion, dont on n’a pas promis qu’elle reste',
      ),
      closes.words,
    )
    e.finds((await talk.end(e.patience.answerMs)) !== 'open', say('see above', 'voir plus haut'))
    return
  }
  await e.answer(talk, request, status(200))
}

async function answersHalfClosed(e: Examiner): Promise<void> {
  const request = raw(`GET ${e.page} HTTP/1.1\r\nHost: @HOST\r\n\r\n`)
  const talk = await e.open()
  e.told(plain(lineOf(request, e.place).replace('| nc', '| nc -N')), status(200).words)
  talk.send(bytesOf(request, e.place))
  talk.finish()
  await e.met(talk, 'GET', status(200))
}

async function staysAfterError(e: Examiner): Promise<void> {
  await twoAnswers(e, asks('GET', '/veille-evaluate/not-there'), status(404, 403, 200))
}

const EXPECT = say(
  'Expect: 100-continue is answered by 100, then by the answer',
  'Expect: 100-continue reçoit 100, puis la réponse',
)
const EXPECT_LARGE = say(
  'content that is too large is not waited for',
  'un contenu trop grand n’est pas attendu',
)
const EXPECT_OTHER = say('an expectation that nobody knows', 'une attente que personne ne connaît')

function expectPoints(subject: Subject): Point[] {
  const target = subject.posts[0] ?? subject.echoes[0]?.target
  const limit = subject.limits[0]
  return [
    target === undefined
      ? untold('expect', EXPECT, 'RFC 9110 §10.1.1', 'post', 'cgi_echo')
      : point('expect', EXPECT, 'RFC 9110 §10.1.1', e => continues(e, target)),
    limit === undefined
      ? untold('expect-too-large', EXPECT_LARGE, 'RFC 9110 §10.1.1', 'limit')
      : point('expect-too-large', EXPECT_LARGE, 'RFC 9110 §10.1.1', async e => {
          const head = `${limit.method} ${limit.target} HTTP/1.1\r\nHost: @HOST\r\nExpect: 100-continue\r\nContent-Length: ${limit.bytes + 1000}\r\n\r\n`
          await e.ask(raw(head), all(status(413, 417), withoutContinue))
        }),
    point('expect-other', EXPECT_OTHER, 'RFC 9110 §10.1.1', async e => {
      await e.ask(asks('GET', e.page, { fields: ['Expect: the-moon'] }), either(status(417), status(200)))
    }),
  ]
}

const withoutContinue: Expectation = {
  words: say('no 100 before it', 'pas de 100 avant'),
  flawOf: ({ interim }) => (interim.length === 0 ? null : plain(`${interim[0]!.status}`)),
}

/** The content follows the 100, as curl does; a server that answers at once without it has no use for it, and that is fine. */
async function continues(e: Examiner, target: string): Promise<void> {
  const head = raw(
    `POST ${target} HTTP/1.1\r\nHost: @HOST\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
  )
  const talk = await e.open()
  e.told(plain(lineOf(head, e.place)), say('100, then 2xx', '100, puis 2xx'))
  talk.send(bytesOf(head, e.place))
  const first = await talk.response('POST', e.patience.answerMs)
  e.finds(isResponse(first) && first.status === 100, cameOf(first))
  e.told(say('hello (the content)', 'hello (le contenu)'), success.words)
  talk.send('hello')
  await e.met(talk, 'POST', success)
}

function cameOf(answer: Awaited<ReturnType<Conversation['response']>>): Words {
  return isResponse(answer) ? toldResponse(answer) : answer.words
}
