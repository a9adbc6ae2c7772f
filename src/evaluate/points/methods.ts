/**
 * Methods and statuses: GET and HEAD, what is not allowed, and what nobody knows (RFC 9110 §9, RFC 9112 §3).
 */

import {
  all,
  contains,
  type Expectation,
  has,
  noServerError,
  response,
  status,
  success,
} from '../expectation.ts'
import { CUSTOM, forEach, type Point, point, type Section, untold } from '../point.ts'
import { asks, raw } from '../request.ts'
import { fieldOf, type Response, toldResponse } from '../response.ts'
import { isAllowed, type MethodAt, type Subject } from '../subject.ts'
import { joined, plain, say, type Words } from '../words.ts'

export const methods: Section = {
  name: 'methods',
  title: say('Methods and statuses', 'Méthodes et statuts'),
  points: subject => [
    ...getPoints(),
    ...headPoints(subject),
    ...strangePoints(),
    ...forEach(subject.notAllowed, notAllowedPoints, [
      untold('method-not-allowed', NOT_ALLOWED, 'RFC 9110 §15.5.6', 'method_not_allowed'),
    ]),
    ...postPoints(subject),
  ],
}

const NOT_ALLOWED = say('a method that is not for this target', 'une méthode qui n’est pas pour cette cible')

/** IMF-fixdate (RFC 9110 §5.6.7). */
const DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/
const DAY_MS = 86_400_000

function getPoints(): Point[] {
  return [
    point('get', say('GET of a page', 'GET d’une page'), 'RFC 9110 §9.3.1', async e => {
      await e.ask(asks('GET', e.page), all(status(200), contains(e.subject.page.text)))
    }),
    point('content-type', say('the page has a type', 'la page a un type'), 'RFC 9110 §8.3', async e => {
      await e.ask(asks('GET', e.page), all(status(200), has('Content-Type')))
    }),
    point('date', say('the answer tells its time', 'la réponse dit l’heure'), 'RFC 9110 §6.6.1', async e => {
      await e.ask(asks('GET', e.page), all(status(200), datedToday))
    }),
  ]
}

const datedToday: Expectation = response(say('Date, as of now', 'Date, de maintenant'), answer => {
  const date = fieldOf(answer, 'date')
  if (date === null) return say('no Date', 'pas de Date')
  const isNow = DATE.test(date) && Math.abs(Date.parse(date) - Date.now()) < DAY_MS
  return isNow ? null : plain(`Date: ${date}`)
})

function headPoints(subject: Subject): Point[] {
  const title = say('HEAD is GET without content', 'HEAD est GET sans contenu')
  // Where HEAD is refused on purpose, that is examined as such.
  if (!isAllowed(subject, 'HEAD', subject.page.target)) return []
  return [
    point('head', title, 'RFC 9110 §9.3.2', async e => {
      const got = await e.ask(asks('GET', e.page), status(200))
      await e.head(e.page, all(status(200), sameLength(got)), status(200))
    }),
  ]
}

function sameLength(got: Response): Expectation {
  const length = fieldOf(got, 'content-length')
  const words = say(
    'the Content-Length of GET, or none, and no content',
    'le Content-Length de GET, ou aucun, et pas de contenu',
  )
  return response(words, answer => {
    const own = fieldOf(answer, 'content-length')
    return own === null || own === length ? null : plain(`Content-Length: ${own}, GET: ${length}`)
  })
}

const UNKNOWN = say('a method that nobody knows', 'une méthode que personne ne connaît')
const LOWER = say(
  'a known method in small letters is another one',
  'une méthode connue en minuscules en est une autre',
)
const LONG = say('a method of 10,000 letters', 'une méthode de 10 000 lettres')

function strangePoints(): Point[] {
  return [
    point('unknown-method', UNKNOWN, 'RFC 9110 §9.1', async e => {
      await e.ask(asks('UNKNOWN', e.page), status(501, 405, 400))
    }),
    point('lower-case-method', LOWER, 'RFC 9110 §9.1', async e => {
      await e.ask(asks('get', e.page), status(501, 405, 400))
    }),
    point('long-method', LONG, 'RFC 9112 §3', async e => {
      await e.ask(
        raw(['A', 10_000], ` ${e.page} HTTP/1.1\r\nHost: @HOST\r\n\r\n`),
        status(501, 400, 405, 414, 431),
      )
    }),
    ...(['TRACE', 'OPTIONS'] as const).map(method =>
      point(
        method.toLowerCase(),
        say(`${method} of a page`, `${method} d’une page`),
        method === 'TRACE' ? 'RFC 9110 §9.3.8' : 'RFC 9110 §9.3.7',
        async e => {
          await e.ask(
            asks(method, e.page),
            method === 'TRACE' ? status(405, 501, 400) : status(204, 200, 405, 501, 400),
          )
        },
      ),
    ),
    point(
      'options-asterisk',
      say('OPTIONS of the whole server', 'OPTIONS du serveur entier'),
      'RFC 9112 §3.2.4',
      async e => {
        await e.ask(raw('OPTIONS * HTTP/1.1\r\nHost: @HOST\r\n\r\n'), status(204, 200, 405, 501, 400))
      },
    ),
    point(
      'connect',
      say('CONNECT to another server', 'CONNECT vers un autre serveur'),
      'RFC 9110 §9.3.6',
      async e => {
        await e.ask(
          raw('CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n'),
          status(501, 405, 400, 403, 404),
        )
      },
    ),
  ]
}

function notAllowedPoints(told: MethodAt, id: (name: string) => string): Point[] {
  const { method, target } = told
  const title = joined([NOT_ALLOWED, plain(`${method} ${target}`)], ': ')
  return [
    point(id('method-not-allowed'), title, 'RFC 9110 §15.5.6', async e => {
      const sent = method === 'GET' || method === 'HEAD' ? {} : { content: Buffer.from('a=b') }
      await e.ask(asks(method, target, sent), all(status(405), allowsOthers(method)))
    }),
  ]
}

/** "The origin server MUST generate an Allow header field in a 405 response." */
function allowsOthers(method: string): Expectation {
  return response(say(`Allow, without ${method}`, `Allow, sans ${method}`), answer => {
    const allow = fieldOf(answer, 'allow')
    if (allow === null) return joined([toldResponse(answer), say('no Allow', 'pas de Allow')])
    return allow.split(/\s*,\s*/).includes(method) ? plain(`Allow: ${allow}`) : null
  })
}

function postPoints(subject: Subject): Point[] {
  const title = say(
    'POST without content and without length does not hang',
    'POST sans contenu ni longueur ne bloque pas',
  )
  const rule = 'RFC 9112 §6.3'
  const target = subject.posts[0] ?? subject.notAllowed.find(({ method }) => method === 'POST')?.target
  if (target === undefined) return [untold('post-without-length', title, rule, 'post', 'method_not_allowed')]
  return [
    point('post-without-length', title, rule, async e => {
      await e.ask(asks('POST', target), noServerError)
    }),
    ...subject.posts.slice(0, 1).map(one => postPoint(one, CUSTOM)),
  ]
}

function postPoint(target: string, rule: Words): Point {
  return point('post', say('POST of a form', 'POST d’un formulaire'), rule, async e => {
    const fields = ['Content-Type: application/x-www-form-urlencoded']
    await e.ask(asks('POST', target, { fields, content: Buffer.from('name=Ada&age=36') }), success)
  })
}
