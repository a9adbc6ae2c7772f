/**
 * Clients that are slow, that hang, and that vanish: they cost themselves, and nobody else (RFC 9110 §15.5.9).
 */

import { type Conversation, isResponse } from '../conversation.ts'
import { type Examiner, pause } from '../examiner.ts'
import { CUSTOM, forEach, type Point, point, type Section, slowPoint, untold } from '../point.ts'
import { asks, bytesOf, lineOf } from '../request.ts'
import { fieldOf, toldResponse } from '../response.ts'
import type { Subject } from '../subject.ts'
import { plain, say, type Words } from '../words.ts'
import { answeredAfter } from './cgi.ts'

const TIMEOUT = 'RFC 9110 §15.5.9'
const HEAD = say(
  'a head that comes a line at a time and does not end',
  'un en-tête qui vient ligne à ligne et ne finit pas',
)
const SILENT = say('a client that says nothing', 'un client qui ne dit rien')
const CONTENT = say('content that does not come', 'un contenu qui ne vient pas')
const IDLE = say('a client that asks nothing more', 'un client qui ne demande plus rien')
const READER = say('a client that reads slowly gets everything', 'un client qui lit lentement reçoit tout')
const HALF = say(
  'clients with half a request do not keep others waiting',
  'des clients à demi-requête ne font pas attendre les autres',
)
const HANGING = say(
  'connections that hang do not keep others waiting',
  'des connexions qui traînent ne font pas attendre les autres',
)

export const slow: Section = {
  name: 'slow',
  title: say('Slow clients and hanging connections', 'Clients lents et connexions qui traînent'),
  points: subject => [
    point('half-requests', HALF, CUSTOM, e => crowd(e, 50, `GET ${e.page} HTTP/1.1\r\nHost: x`)),
    point('hanging', HANGING, CUSTOM, e => crowd(e, 100, '')),
    ...timeoutPoints(subject),
    ...forEach(
      subject.large.map(target => ({ target })),
      ({ target }, id, title) => [
        point(id('slow-reader'), title(READER), CUSTOM, e => readsSlowly(e, target)),
      ],
      [untold('slow-reader', READER, CUSTOM, 'large')],
    ),
  ],
}

async function crowd(e: Examiner, count: number, text: string): Promise<void> {
  const each =
    text === ''
      ? `nc ${e.place.host} ${e.place.port}`
      : `printf '${text.replaceAll('\r\n', '\\r\\n')}' | nc ${e.place.host} ${e.place.port}`
  const line = lineOf(asks('GET', e.page), e.place)
  e.told(
    say(`${count} times ${each}, then ${line}`, `${count} fois ${each}, puis ${line}`),
    say('answered in time', 'répondu à temps'),
  )
  const talks: Conversation[] = []
  for (let i = 0; i < count; i++) {
    const talk = await e.open()
    talk.send(text)
    talks.push(talk)
  }
  const ms = await e.aliveMs(e.patience.aliveMs)
  e.finds(ms !== null, answeredAfter(ms))
  for (const talk of talks) e.leave(talk)
}

function timeoutPoints({ headTimeout, contentTimeout, idleTimeout, posts }: Subject): Point[] {
  const target = posts[0]
  return [
    headTimeout === null
      ? untold('head-timeout', HEAD, TIMEOUT, 'head_timeout')
      : slowPoint('head-timeout', HEAD, TIMEOUT, e => dripsHead(e, headTimeout)),
    headTimeout === null
      ? untold('silent', SILENT, TIMEOUT, 'head_timeout')
      : slowPoint('silent', SILENT, TIMEOUT, e =>
          waits(e, '', headTimeout, plain(`nc ${e.place.host} ${e.place.port}`)),
        ),
    contentTimeout === null || target === undefined
      ? untold('content-timeout', CONTENT, TIMEOUT, contentTimeout === null ? 'content_timeout' : 'post')
      : slowPoint('content-timeout', CONTENT, TIMEOUT, e => withholdsContent(e, target, contentTimeout)),
    idleTimeout === null
      ? untold('idle-timeout', IDLE, 'RFC 9112 §9.5', 'idle_timeout')
      : slowPoint('idle-timeout', IDLE, 'RFC 9112 §9.5', e => staysIdle(e, idleTimeout)),
  ]
}

function within(seconds: number): Words {
  return say(`408 or closed after ${seconds} s and a little`, `408 ou fermée après ${seconds} s et un peu`)
}

/** Waits until the server lets go; a 408 before that is fine, any other answer is not. */
async function letsGo(e: Examiner, talk: Conversation, seconds: number): Promise<void> {
  const start = performance.now()
  const answer = await talk.response('GET', seconds * 1000 + e.patience.graceMs)
  const end = await talk.end(
    Math.max(e.patience.quietMs, seconds * 1000 + e.patience.graceMs - (performance.now() - start)),
  )
  const after = Math.round(performance.now() - start) / 1000
  const is408 = isResponse(answer) && answer.status === 408
  const told = isResponse(answer) ? toldResponse(answer) : answer.words
  const isRight = end !== 'open' && (is408 || !isResponse(answer))
  e.finds(isRight, say(`${told.en}, after ${after} s`, `${told.fr}, après ${after} s`))
}

async function waits(e: Examiner, text: string, seconds: number, line: Words): Promise<void> {
  const talk = await e.open()
  e.told(line, within(seconds))
  talk.send(text)
  await letsGo(e, talk, seconds)
}

/** A line per second: the time of the whole head is bounded, and not only the silence ("slowloris"). */
async function dripsHead(e: Examiner, seconds: number): Promise<void> {
  const talk = await e.open()
  e.told(
    say(
      `printf 'GET ${e.page} HTTP/1.1\\r\\n', then a field each half second`,
      `printf 'GET ${e.page} HTTP/1.1\\r\\n', puis un champ toutes les demi-secondes`,
    ),
    within(seconds),
  )
  talk.send(`GET ${e.page} HTTP/1.1\r\nHost: ${e.place.authority}\r\n`)
  const dripping = setInterval(() => talk.send('X-Slow: 1\r\n'), 500)
  try {
    await letsGo(e, talk, seconds)
  } finally {
    clearInterval(dripping)
  }
}

async function withholdsContent(e: Examiner, target: string, seconds: number): Promise<void> {
  const text = `POST ${target} HTTP/1.1\r\nHost: ${e.place.authority}\r\nContent-Length: 10\r\n\r\nabc`
  await waits(
    e,
    text,
    seconds,
    plain(`printf '${text.replaceAll('\r\n', '\\r\\n')}' | nc ${e.place.host} ${e.place.port}`),
  )
}

async function staysIdle(e: Examiner, seconds: number): Promise<void> {
  const request = asks('GET', e.page)
  const talk = await e.open()
  e.told(
    say(`${lineOf(request, e.place)}, and then nothing`, `${lineOf(request, e.place)}, puis rien`),
    within(seconds),
  )
  talk.send(bytesOf(request, e.place))
  await talk.response('GET', e.patience.answerMs)
  await letsGo(e, talk, seconds)
}

/** So long nothing is read; then everything, in its own time. */
const PAUSES = 10

async function readsSlowly(e: Examiner, target: string): Promise<void> {
  const request = asks('GET', target)
  const expected = say(
    'the whole file, while others are served',
    'le fichier entier, pendant que les autres sont servis',
  )
  e.told(
    say(
      `curl --limit-rate 1M ${lineOf(request, e.place).slice(5)}`,
      `curl --limit-rate 1M ${lineOf(request, e.place).slice(5)}`,
    ),
    expected,
  )
  const talk = await e.open()
  talk.pause()
  talk.send(bytesOf(request, e.place))
  let longest: number | null = 0
  for (let i = 0; i < PAUSES && longest !== null; i++) {
    await pause(e.patience.quietMs)
    const ms = await e.aliveMs(e.patience.aliveMs)
    longest = ms === null ? null : Math.max(longest, ms)
  }
  talk.resume()
  const answer = await talk.response('GET', 4 * e.patience.answerMs)
  const isWhole =
    isResponse(answer) &&
    answer.status === 200 &&
    (answer.framing === 'chunked' || fieldOf(answer, 'content-length') === String(answer.content.length))
  const told = isResponse(answer) ? toldResponse(answer) : answer.words
  const others = answeredAfter(longest)
  e.finds(
    isWhole && longest !== null,
    say(`${told.en}; others: ${others.en}`, `${told.fr} ; les autres : ${others.fr}`),
  )
}

export const disconnects: Section = {
  name: 'disconnects',
  title: say('Clients that vanish', 'Clients qui disparaissent'),
  points: subject => [
    ...STAGES.map(({ id, title, text }) =>
      point(`vanishes-${id}`, title, CUSTOM, e => vanishes(e, text(e.page, subject))),
    ),
    ...(subject.large.length === 0
      ? [untold('vanishes-answer', ANSWER, CUSTOM, 'large')]
      : [point('vanishes-answer', ANSWER, CUSTOM, e => vanishesReading(e, subject.large[0]!))]),
    point(
      'many-connections',
      say('300 connections that come and go', '300 connexions qui viennent et partent'),
      CUSTOM,
      comesAndGoes,
    ),
  ],
}

const ANSWER = say('… while the answer is sent', '… pendant que la réponse part')

interface Stage {
  readonly id: string
  readonly title: Words
  text(page: string, subject: Subject): string
}

const STAGES: readonly Stage[] = [
  {
    id: 'silent',
    title: say('a client that vanishes without a word', 'un client qui disparaît sans un mot'),
    text: () => '',
  },
  {
    id: 'line',
    title: say('… within the request line', '… au milieu de la ligne de requête'),
    text: page => `GET ${page}`,
  },
  {
    id: 'head',
    title: say('… within the head', '… au milieu de l’en-tête'),
    text: page => `GET ${page} HTTP/1.1\r\nHost: x\r\nAcc`,
  },
  {
    id: 'request',
    title: say('… directly after its request', '… juste après sa requête'),
    text: page => `GET ${page} HTTP/1.1\r\nHost: x\r\n\r\n`,
  },
  {
    id: 'content',
    title: say('… within its content', '… au milieu de son contenu'),
    text: (page, { posts }) =>
      `POST ${posts[0] ?? page} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc`,
  },
  {
    id: 'chunk',
    title: say('… within a chunk', '… au milieu d’un morceau'),
    text: (page, { posts }) =>
      `POST ${posts[0] ?? page} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nabc`,
  },
  {
    id: 'pipelined',
    title: say('… with twenty answers before it', '… avec vingt réponses devant lui'),
    text: page => `GET ${page} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(20),
  },
]

/** Half of them close, half of them cut. */
const TIMES = 10
const SERVED = say('others are served', 'les autres sont servis')

async function vanishes(e: Examiner, text: string): Promise<void> {
  const sent = text.replaceAll('\r\n', '\\r\\n').slice(0, 200)
  const command = `printf '${sent}' | nc ${e.place.host} ${e.place.port}`
  e.told(say(`${command}, ${TIMES} times, interrupted`, `${command}, ${TIMES} fois, interrompu`), SERVED)
  for (let i = 0; i < TIMES; i++) {
    const talk = await e.open()
    talk.send(text)
    await talk.sent(e.patience.answerMs)
    if (i % 2 === 0) talk.reset()
    e.leave(talk)
  }
  const ms = await e.aliveMs(e.patience.aliveMs)
  e.finds(ms !== null, answeredAfter(ms))
}

async function vanishesReading(e: Examiner, target: string): Promise<void> {
  const request = asks('GET', target)
  e.told(
    say(
      `${lineOf(request, e.place)}, ${TIMES} times, interrupted`,
      `${lineOf(request, e.place)}, ${TIMES} fois, interrompu`,
    ),
    SERVED,
  )
  for (let i = 0; i < TIMES; i++) {
    const talk = await e.open()
    talk.send(bytesOf(request, e.place))
    await talk.hears(e.patience.answerMs)
    if (i % 2 === 0) talk.reset()
    e.leave(talk)
  }
  const ms = await e.aliveMs(e.patience.aliveMs)
  e.finds(ms !== null, answeredAfter(ms))
}

const COMING = 300

async function comesAndGoes(e: Examiner): Promise<void> {
  const command = `nc -z ${e.place.host} ${e.place.port}`
  e.told(say(`${command}, ${COMING} times`, `${command}, ${COMING} fois`), SERVED)
  for (let i = 0; i < COMING; i++) e.leave(await e.open())
  const ms = await e.aliveMs(e.patience.aliveMs)
  e.finds(ms !== null, answeredAfter(ms))
}
