/**
 * Sessions: a visitor gets a cookie, and is known by it (RFC 6265).
 */

import { all, type Expectation, response, status } from '../expectation.ts'
import { CUSTOM, forEach, type Point, point, type Section, untold } from '../point.ts'
import { asks } from '../request.ts'
import { fieldOf, type Response } from '../response.ts'
import { joined, plain, say, type Words } from '../words.ts'

const FIRST = say(
  'the first visit gives a cookie that scripts cannot read',
  'la première visite donne un cookie que les scripts ne peuvent lire',
)
const SECOND = say('the second visit is known', 'la deuxième visite est reconnue')
const OTHERS = say('two visitors are two', 'deux visiteurs sont deux')
const STRANGE = say('cookies that nobody gave', 'des cookies que personne n’a donnés')
const COOKIES = 'RFC 6265 §4.1'

export const sessions: Section = {
  name: 'sessions',
  title: say('Cookies and sessions', 'Cookies et sessions'),
  points: subject =>
    forEach(
      subject.sessions.map(target => ({ target })),
      sessionPoints,
      [
        untold('session-first', FIRST, COOKIES, 'session'),
        untold('session-second', SECOND, CUSTOM, 'session'),
        untold('session-others', OTHERS, CUSTOM, 'session'),
        untold('session-strange', STRANGE, CUSTOM, 'session'),
      ],
    ),
}

function sessionPoints(
  { target }: { target: string },
  id: (name: string) => string,
  title: (words: Words) => Words,
): Point[] {
  return [
    point(id('session-first'), title(FIRST), COOKIES, async e => {
      await e.ask(asks('GET', target), all(status(200), givesCookie))
    }),
    point(id('session-second'), title(SECOND), CUSTOM, async e => {
      const first = await e.ask(asks('GET', target), all(status(200), givesCookie))
      const cookie = pairOf(first)
      await e.ask(
        asks('GET', target, { fields: [`Cookie: ${cookie}`] }),
        all(status(200), givesNoOther(cookie)),
      )
    }),
    point(id('session-others'), title(OTHERS), CUSTOM, async e => {
      const first = await e.ask(asks('GET', target), all(status(200), givesCookie))
      await e.ask(asks('GET', target), all(status(200), givesCookie, isAnother(pairOf(first))))
    }),
    point(id('session-strange'), title(STRANGE), CUSTOM, async e => {
      for (const value of ['a=b; session=../../x; ; =; "', `session=${'x'.repeat(4000)}`, '\xff\xfe=1'])
        await e.ask(asks('GET', target, { fields: [`Cookie: ${value}`] }), status(200, 400, 431))
    }),
  ]
}

/** `name=value` of the first Set-Cookie. */
function pairOf({ fields }: Response): string {
  const [, value = ''] = fields.find(([name]) => name === 'set-cookie') ?? []
  return value.split(';')[0]!.trim()
}

/** 16 characters hold the 64 bits below which ids can be guessed (OWASP). */
const SHORTEST_ID = 16

const givesCookie: Expectation = response(
  say(
    'Set-Cookie with HttpOnly and an id of at least 16 characters',
    'Set-Cookie avec HttpOnly et un identifiant d’au moins 16 caractères',
  ),
  answer => {
    const cookie = fieldOf(answer, 'set-cookie')
    if (cookie === null) return say('no Set-Cookie', 'pas de Set-Cookie')
    const id = pairOf(answer).replace(/^[^=]*=/, '')
    return /;\s*httponly\b/i.test(cookie) && id.length >= SHORTEST_ID ? null : plain(`Set-Cookie: ${cookie}`)
  },
)

/** The same again, to make it last longer, is no other. */
function givesNoOther(cookie: string): Expectation {
  return response(say('no other cookie', 'pas d’autre cookie'), answer => {
    const other = pairOf(answer)
    return other === '' || other === cookie
      ? null
      : joined([say('another one', 'un autre'), plain(other)], ': ')
  })
}

function isAnother(cookie: string): Expectation {
  return response(say('another id', 'un autre identifiant'), answer =>
    pairOf(answer) === cookie ? say('the same id', 'le même identifiant') : null,
  )
}
