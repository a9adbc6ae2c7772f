/**
 * What a site has: what is missing, pages of errors, directories, redirects, types (RFC 9110 §15, §10.2.2).
 */

import type { Examiner } from '../examiner.ts'
import { all, contains, type Expectation, has, response, status } from '../expectation.ts'
import { CUSTOM, forEach, type Point, point, type Section, untold } from '../point.ts'
import { asks, raw } from '../request.ts'
import { fieldOf, type Response, toldResponse } from '../response.ts'
import type { ErrorPage, Redirect, StatusAt, TextAt, Typed } from '../subject.ts'
import { joined, plain, say, type Words } from '../words.ts'

const MISSING = say('what is not there', 'ce qui n’existe pas')
const MISSING_HEAD = say('HEAD of what is not there', 'HEAD de ce qui n’existe pas')
const ERROR_PAGE = say('a page of its own for an error', 'une page choisie pour une erreur')
const STATUS = say('a status that is told', 'un statut annoncé')

/** A person sees something: an answer without content is an empty window. */
const readable: Expectation = response(say('a page to read', 'une page à lire'), answer =>
  answer.content.length > 0 ? null : toldResponse(answer),
)

export const errors: Section = {
  name: 'errors',
  title: say('Error pages', 'Pages d’erreur'),
  points: subject => [
    ...forEach(subject.missing, missingPoints, [
      untold('missing', MISSING, 'RFC 9110 §15.5.5', 'missing'),
      untold('missing-head', MISSING_HEAD, 'RFC 9110 §9.3.2', 'missing'),
    ]),
    point(
      'bad-request-page',
      say('a malformed request gets a page to read', 'une requête mal formée reçoit une page à lire'),
      CUSTOM,
      async e => {
        await e.ask(raw(`GET ${e.page} HTTP/1.1\r\n\r\n`), all(status(400), readable, has('Content-Type')))
      },
    ),
    ...forEach(subject.errorPages, errorPagePoints, [untold('error-page', ERROR_PAGE, CUSTOM, 'error_page')]),
    ...forEach(subject.statuses, statusPoints, [untold('status', STATUS, CUSTOM, 'status')]),
  ],
}

function missingPoints(
  { target, text }: TextAt,
  id: (name: string) => string,
  title: (words: Words) => Words,
): Point[] {
  return [
    point(id('missing'), title(MISSING), 'RFC 9110 §15.5.5', async e => {
      await e.ask(asks('GET', target), all(status(404), readable, has('Content-Type'), contains(text)))
    }),
    point(id('missing-head'), title(MISSING_HEAD), 'RFC 9110 §9.3.2', async e => {
      // Where HEAD is for nobody, 405 is right, too.
      await e.head(target, status(404, 405), status(404))
    }),
  ]
}

function errorPagePoints(told: ErrorPage, id: (name: string) => string): Point[] {
  const { method, target, text } = told
  const title = joined([ERROR_PAGE, plain(`${told.status}`)], ': ')
  return [
    point(id('error-page'), title, CUSTOM, async e => {
      const sent = method === 'GET' || method === 'HEAD' ? {} : { content: Buffer.from('a=b') }
      const page = method === 'HEAD' ? [] : [readable, contains(text)]
      await e.ask(asks(method, target, sent), all(status(told.status), ...page))
    }),
  ]
}

function statusPoints(told: StatusAt, id: (name: string) => string): Point[] {
  return [
    point(id('status'), joined([STATUS, plain(`${told.status} ${told.target}`)], ': '), CUSTOM, async e => {
      await e.ask(asks('GET', told.target), status(told.status))
    }),
  ]
}

const REDIRECT = say('a redirect', 'une redirection')
const REDIRECT_HEAD = say('the same redirect for HEAD', 'la même redirection pour HEAD')
const DIRECTORY = say('a directory without its slash', 'un répertoire sans sa barre oblique')
const DIRECTORY_QUERY = say('the query stays with it', 'la requête (query) y reste')
const TYPE = say('the type of a file', 'le type d’un fichier')

export const redirects: Section = {
  name: 'redirects',
  title: say('Redirects and types', 'Redirections et types'),
  points: subject => [
    ...forEach(subject.redirects, redirectPoints, [
      untold('redirect', REDIRECT, 'RFC 9110 §15.4', 'redirect'),
      untold('redirect-head', REDIRECT_HEAD, 'RFC 9110 §9.3.2', 'redirect'),
    ]),
    ...forEach(
      subject.directories.map(target => ({ target })),
      directoryPoints,
      [
        untold('directory', DIRECTORY, 'RFC 9110 §15.4.2', 'directory'),
        untold('directory-query', DIRECTORY_QUERY, 'RFC 9110 §10.2.2', 'directory'),
      ],
    ),
    ...forEach(subject.types, typePoints, [untold('type', TYPE, 'RFC 9110 §8.3', 'type')]),
  ],
}

function redirectPoints(
  told: Redirect,
  id: (name: string) => string,
  title: (words: Words) => Words,
): Point[] {
  const { target, location } = told
  return [
    point(id('redirect'), title(REDIRECT), 'RFC 9110 §15.4', async e => {
      await e.ask(asks('GET', target), all(status(told.status), leadsTo(e, target, location)))
    }),
    point(id('redirect-head'), title(REDIRECT_HEAD), 'RFC 9110 §9.3.2', async e => {
      // 405 where HEAD is for nobody.
      const expected = all(status(told.status, 405), leadsTo(e, target, location))
      await e.ask(asks('HEAD', target), expected)
    }),
  ]
}

/** Location may be a reference; it is read as a browser reads it. */
function leadsTo(e: Examiner, target: string, location: string): Expectation {
  const base = `http://${e.place.authority}${target}`
  const wanted = new URL(location, base).href
  return response(plain(`Location: ${location}`), answer => {
    if (answer.status === 405) return null
    const found = fieldOf(answer, 'location')
    if (found === null) return joined([toldResponse(answer), say('no Location', 'pas de Location')])
    return URL.canParse(found, base) && new URL(found, base).href === wanted
      ? null
      : toldResponse(answer, ['Location'])
  })
}

function directoryPoints(
  { target }: { target: string },
  id: (name: string) => string,
  title: (words: Words) => Words,
): Point[] {
  const bare = target.replace(/\/$/, '')
  return [
    point(id('directory'), title(DIRECTORY), 'RFC 9110 §15.4.2', async e => {
      await e.ask(asks('GET', bare), all(status(301, 302, 307, 308), leadsTo(e, bare, target)))
    }),
    point(id('directory-query'), title(DIRECTORY_QUERY), 'RFC 9110 §10.2.2', async e => {
      await e.ask(
        asks('GET', `${bare}?a=b`),
        all(status(301, 302, 307, 308), leadsTo(e, bare, `${target}?a=b`)),
      )
    }),
  ]
}

function typePoints(
  { target, type }: Typed,
  id: (name: string) => string,
  title: (words: Words) => Words,
): Point[] {
  return [
    point(id('type'), title(TYPE), 'RFC 9110 §8.3', async e => {
      await e.ask(asks('GET', target), all(status(200), isOfType(type)))
    }),
  ]
}

function isOfType(type: string): Expectation {
  return response(plain(`Content-Type: ${type}`), answer =>
    typeOf(answer) === type.toLowerCase() ? null : toldResponse(answer, ['Content-Type']),
  )
}

function typeOf(answer: Response): string {
  return (fieldOf(answer, 'content-type') ?? '').split(';')[0]!.trim().toLowerCase()
}
