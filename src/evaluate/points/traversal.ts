/**
 * Paths that climb: the file behind them never comes, whatever the answer (RFC 9110 §17.3).
 */

import { type Expectation, response } from '../expectation.ts'
import { type Point, point, type Section } from '../point.ts'
import { raw } from '../request.ts'
import { toldResponse } from '../response.ts'
import type { Subject } from '../subject.ts'
import { joined, plain, say } from '../words.ts'

const UP = '../../../../../../../..'

function climbs(subject: Subject): readonly (readonly [id: string, target: string])[] {
  // Below a directory that is there, of which a careless server takes more away.
  const below = subject.listings[0]?.target ?? subject.directories[0] ?? '/'
  return [
    ['dots', `/${UP}/etc/passwd`],
    ['dots-below', `${below}${UP}/etc/passwd`],
    ['escaped-dots', `/${UP.replaceAll('.', '%2e')}/etc/passwd`],
    ['escaped-slash', `${below}${UP.replaceAll('/', '%2f')}%2fetc%2fpasswd`],
    ['backslash', `/${UP.replaceAll('/', '%5c')}%5cetc%5cpasswd`],
    ['double-escape', `/${UP.replaceAll('.', '%252e')}/etc/passwd`],
    ['without-slash', `${below.replace(/\/$/, '')}${UP}/etc/passwd`],
    ['overlong', `/${UP.replaceAll('.', '%c0%ae')}/etc/passwd`],
    ['absolute', '//etc/passwd'],
    ['zero', `/${UP}/etc/passwd%00.html`],
  ]
}

/** What begins every passwd(5). */
const PASSWD = /^root:[^:\n]*:0:0:/m

const hides: Expectation = response(
  say('3xx or 4xx, and never the file', '3xx ou 4xx, et jamais le fichier'),
  answer => {
    const isFile = PASSWD.test(answer.content.toString('latin1'))
    if (isFile) return joined([toldResponse(answer), say('it is /etc/passwd', 'c’est /etc/passwd')])
    return answer.status >= 300 && answer.status < 500 ? null : toldResponse(answer)
  },
)

export const traversal: Section = {
  name: 'traversal',
  title: say('Paths that climb', 'Chemins qui remontent'),
  points: subject => climbs(subject).map(([id, target]) => climbing(id, target)),
}

function climbing(id: string, target: string): Point {
  const title = joined(
    [say('a path that leads out of the site', 'un chemin qui mène hors du site'), plain(id)],
    ': ',
  )
  return point(`climbs-${id}`, title, 'RFC 9110 §17.3', async e => {
    await e.ask(raw(`GET ${target} HTTP/1.1\r\nHost: @HOST\r\n\r\n`), hides)
  })
}
