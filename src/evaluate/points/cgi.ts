/**
 * Programs that answer: their environment, their content, and what they do wrong (RFC 3875).
 */

import { isResponse } from '../conversation.ts'
import { type Examiner, pause } from '../examiner.ts'
import { all, type Expectation, response, status } from '../expectation.ts'
import { CUSTOM, forEach, type Point, point, type Section, slowPoint, untold } from '../point.ts'
import { asks, bytesOf, content, lineOf } from '../request.ts'
import { type Response, toldResponse } from '../response.ts'
import type { Echo, Endless } from '../subject.ts'
import { byteCount, joined, plain, say, type Words } from '../words.ts'
import { sameBytes } from './uploaded-file.ts'

const GET = say('GET with a query', 'GET avec une requête (query)')
const POST = say(
  'POST: what the program is told of its content',
  'POST : ce que le programme sait du contenu',
)
const SERVER = say('what the program is told of the server', 'ce que le programme sait du serveur')
const FIELDS = say(
  'fields of the request reach the program',
  'les champs de la requête parviennent au programme',
)
const PROXY = say('Proxy does not become HTTP_PROXY', 'Proxy ne devient pas HTTP_PROXY')
const EXTRA = say('the rest of the path', 'le reste du chemin')
const ECHO = say('content goes through the program and back', 'le contenu traverse le programme et revient')
const BROKEN = say('a program that fails', 'un programme qui échoue')
const ENDLESS = say('a program that never answers', 'un programme qui ne répond jamais')
const LEFT = say(
  'clients that leave while the program works',
  'des clients qui partent pendant que le programme travaille',
)
const ENVIRONMENT = 'RFC 3875 §4.1'

export const cgi: Section = {
  name: 'cgi',
  title: say('Programs (CGI)', 'Programmes (CGI)'),
  points: subject => [
    ...forEach(
      subject.cgis.map(target => ({ target })),
      environmentPoints,
      [
        untold('cgi-get', GET, 'RFC 3875 §4.1.7', 'cgi'),
        untold('cgi-post', POST, 'RFC 3875 §4.1.2', 'cgi'),
        untold('cgi-server', SERVER, ENVIRONMENT, 'cgi'),
        untold('cgi-fields', FIELDS, 'RFC 3875 §4.1.18', 'cgi'),
        untold('cgi-proxy', PROXY, 'RFC 3875 §4.1.18', 'cgi'),
        untold('cgi-path-info', EXTRA, 'RFC 3875 §4.1.5', 'cgi'),
      ],
    ),
    ...forEach(subject.echoes, echoPoints, [untold('cgi-echo', ECHO, 'RFC 3875 §4.2', 'cgi_echo')]),
    ...forEach(
      subject.brokenCgis.map(target => ({ target })),
      brokenPoints,
      [untold('cgi-broken', BROKEN, 'RFC 9110 §15.6', 'cgi_broken')],
    ),
    ...forEach(subject.endlessCgis, endlessPoints, [
      untold('cgi-endless', ENDLESS, 'RFC 9110 §15.6.5', 'cgi_endless'),
      untold('cgi-left', LEFT, CUSTOM, 'cgi_endless'),
    ]),
  ],
}

type Name = (name: string) => string
type Title = (words: Words) => Words

/** Whatever the program makes of it: `NAME=value`, `NAME: value`, or a table of HTML. */
export function variableOf({ content: bytes }: Response, name: string): string | null {
  const text = bytes
    .toString('utf8')
    .replace(/<\/?(td|th|b|i|code|strong|dt|dd|li|pre|p|br)\b[^>]*>/gi, match =>
      /^<\/?(p|br|li|dt|pre)/i.test(match) ? '\n' : ' ',
    )
    .replaceAll('&amp;', '&')
  const match = new RegExp(`(?:^|[\\s'"{,>])${name}['"]?[ \\t]*(?:=>|=|:|[ \\t])[ \\t]*(.*)$`, 'm').exec(text)
  return match === null
    ? null
    : match[1]!
        .trim()
        .replace(/^(['"])(.*)\1,?$/, '$2')
        .replace(/^["']|["'],?$/g, '')
}

function tells(name: string, ...values: readonly string[]): Expectation {
  return response(plain(`${name}=${values.join(' | ')}`), answer => {
    const value = variableOf(answer, name)
    if (value !== null && values.includes(value)) return null
    return joined([
      toldResponse(answer),
      value === null ? say(`no ${name}`, `pas de ${name}`) : plain(`${name}=${value}`),
    ])
  })
}

function environmentPoints({ target }: { target: string }, id: Name, title: Title): Point[] {
  return [
    point(id('cgi-get'), title(GET), 'RFC 3875 §4.1.7', async e => {
      const expected = all(status(200), tells('REQUEST_METHOD', 'GET'), tells('QUERY_STRING', 'a=1&b=%20x'))
      await e.ask(asks('GET', `${target}?a=1&b=%20x`), expected)
    }),
    point(id('cgi-post'), title(POST), 'RFC 3875 §4.1.2', async e => {
      const type = 'application/x-www-form-urlencoded'
      const expected = all(
        status(200),
        tells('REQUEST_METHOD', 'POST'),
        tells('CONTENT_LENGTH', '7'),
        tells('CONTENT_TYPE', type),
      )
      await e.ask(
        asks('POST', target, { fields: [`Content-Type: ${type}`], content: Buffer.from('a=1&b=2') }),
        expected,
      )
    }),
    point(id('cgi-server'), title(SERVER), ENVIRONMENT, async e => {
      const protocol = tells('SERVER_PROTOCOL', 'HTTP/1.1', 'HTTP/1.0')
      const port = tells('SERVER_PORT', String(e.place.port))
      await e.ask(
        asks('GET', target),
        all(
          status(200),
          tells('GATEWAY_INTERFACE', 'CGI/1.1'),
          protocol,
          port,
          names('SERVER_NAME'),
          names('REMOTE_ADDR'),
        ),
      )
    }),
    point(id('cgi-fields'), title(FIELDS), 'RFC 3875 §4.1.18', async e => {
      await e.ask(
        asks('GET', target, { fields: ['X-Evaluated-By: veille'] }),
        all(status(200), tells('HTTP_X_EVALUATED_BY', 'veille')),
      )
    }),
    point(id('cgi-proxy'), title(PROXY), 'RFC 3875 §4.1.18', async e => {
      await e.ask(
        asks('GET', target, { fields: ['Proxy: http://203.0.113.1/'] }),
        all(status(200), hidesProxy),
      )
    }),
    point(id('cgi-path-info'), title(EXTRA), 'RFC 3875 §4.1.5', async e => {
      // The whole path is what some examiners of students' servers want.
      await e.ask(
        asks('GET', `${target}/extra/path?q`),
        all(
          status(200),
          tells('PATH_INFO', '/extra/path', `${target}/extra/path`),
          tells('QUERY_STRING', 'q'),
        ),
      )
    }),
  ]
}

function names(name: string): Expectation {
  return response(plain(name), answer =>
    (variableOf(answer, name) ?? '') === ''
      ? joined([toldResponse(answer), say(`no ${name}`, `pas de ${name}`)])
      : null,
  )
}

/** Programs take it for the proxy of their own requests ("httpoxy"). */
const hidesProxy: Expectation = response(say('no HTTP_PROXY', 'pas de HTTP_PROXY'), answer => {
  const value = variableOf(answer, 'HTTP_PROXY')
  return value === null || value === '' ? null : plain(`HTTP_PROXY=${value}`)
})

const ECHO_SIZES = [0, 1, 65_537, 1_000_000]

function echoPoints({ target, isUpper }: Echo, id: Name, title: Title): Point[] {
  return ECHO_SIZES.flatMap(size => {
    // Who makes capitals of letters may well take the bytes for text.
    const sent = isUpper
      ? Buffer.from(content(size, size + 1).map(byte => byte & 0x7f))
      : content(size, size + 1)
    const back = isUpper ? upperCased(sent) : sent
    const of = (words: Words): Words => title(joined([ECHO, byteCount(size), words]))
    const send =
      (chunkBytes: number): Point['examine'] =>
      async e => {
        await e.ask(
          asks('POST', target, { content: sent, ...(chunkBytes > 0 ? { chunkBytes } : {}) }),
          all(status(200), sameBytes(back)),
        )
      }
    return [
      point(id(`cgi-echo-${size}`), of(say('by length', 'avec longueur')), 'RFC 3875 §4.2', send(0)),
      point(
        id(`cgi-echo-${size}-chunked`),
        of(say('in chunks', 'en morceaux')),
        'RFC 9112 §7.1',
        send(10_000),
      ),
    ]
  })
}

function upperCased(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map(byte => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte)))
}

function brokenPoints({ target }: { target: string }, id: Name, title: Title): Point[] {
  return [
    point(id('cgi-broken'), title(BROKEN), 'RFC 9110 §15.6', async e => {
      await e.ask(asks('GET', target), status(502, 500, 503))
    }),
  ]
}

function endlessPoints({ target, seconds }: Endless, id: Name, title: Title): Point[] {
  return [
    slowPoint(id('cgi-endless'), title(ENDLESS), 'RFC 9110 §15.6.5', e => waitsForEnd(e, target, seconds)),
    slowPoint(id('cgi-left'), title(LEFT), CUSTOM, e => leavesWorking(e, target)),
  ]
}

async function waitsForEnd(e: Examiner, target: string, seconds: number): Promise<void> {
  const request = asks('GET', target)
  const within = say(
    `504, 502, 500 or 408 within ${seconds} s and a little`,
    `504, 502, 500 ou 408 en ${seconds} s et un peu`,
  )
  e.told(plain(lineOf(request, e.place)), within)
  const talk = await e.open()
  talk.send(bytesOf(request, e.place))
  const other = await e.aliveMs(e.patience.aliveMs)
  const answer = await talk.response('GET', seconds * 1000 + e.patience.graceMs)
  const isRight = isResponse(answer) && [504, 502, 500, 408].includes(answer.status)
  e.finds(isRight, isResponse(answer) ? toldResponse(answer) : answer.words)
  e.told(plain(lineOf(asks('GET', e.page), e.place)), say('answered meanwhile', 'répondu entre-temps'))
  e.finds(other !== null, answeredAfter(other))
}

const LEAVERS = 5

async function leavesWorking(e: Examiner, target: string): Promise<void> {
  const request = asks('GET', target)
  const line = lineOf(request, e.place)
  e.told(
    say(`${line}, ${LEAVERS} times at once, interrupted`, `${line}, ${LEAVERS} fois à la fois, interrompu`),
    say('others are served', 'les autres sont servis'),
  )
  for (let i = 0; i < LEAVERS; i++) {
    const talk = await e.open()
    talk.send(bytesOf(request, e.place))
    await pause(e.patience.quietMs / LEAVERS)
    if (i % 2 === 0) talk.reset()
    e.leave(talk)
  }
  const other = await e.aliveMs(e.patience.aliveMs)
  e.finds(other !== null, answeredAfter(other))
}

export function answeredAfter(ms: number | null): Words {
  return ms === null
    ? say('not answered in time', 'pas de réponse à temps')
    : say(`answered after ${Math.ceil(ms)} ms`, `répondu après ${Math.ceil(ms)} ms`)
}
