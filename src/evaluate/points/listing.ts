/**
 * Listings: links that work, names that are escaped (RFC 3986 §2.1, HTML's own rules).
 */

import type { Examiner } from '../examiner.ts'
import { all, contains, type Expectation, has, response, status } from '../expectation.ts'
import { CUSTOM, forEach, NotExamined, type Point, point, type Section, untold } from '../point.ts'
import { asks } from '../request.ts'
import { type Response, toldResponse } from '../response.ts'
import type { Listing } from '../subject.ts'
import { joined, plain, say, type Words } from '../words.ts'
import { fileFor, tidyUp } from './uploaded-file.ts'

const LISTED = say('a directory is listed', 'un répertoire est listé')
const LINKS = say('its links lead somewhere', 'ses liens mènent quelque part')
const NAMES = say(
  'strange names are escaped, and their links work',
  'les noms étranges sont échappés, et leurs liens marchent',
)
const ESCAPED = 'RFC 3986 §2.1'

export const listing: Section = {
  name: 'listing',
  title: say('Listings', 'Listes de répertoires'),
  points: subject =>
    forEach(subject.listings, listingPoints, [
      untold('listing', LISTED, CUSTOM, 'listing'),
      untold('listing-links', LINKS, CUSTOM, 'listing'),
      untold('listing-names', NAMES, ESCAPED, 'listing'),
    ]),
}

function listingPoints(
  { target, names }: Listing,
  id: (name: string) => string,
  title: (words: Words) => Words,
): Point[] {
  return [
    point(id('listing'), title(LISTED), CUSTOM, async e => {
      const listed = names.map(name => linksTo(e, target, name))
      await e.ask(asks('GET', target), all(status(200), has('Content-Type'), contains('<'), ...listed))
    }),
    point(id('listing-links'), title(LINKS), CUSTOM, e => followsLinks(e, target)),
    point(id('listing-names'), title(NAMES), ESCAPED, e => findsStrangeNames(e, target)),
  ]
}

const HREF = /<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/gi
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  '#39': "'",
  '#34': '"',
  '#x27': "'",
}

/** Links as a browser follows them, within this server. */
export function linksOf(html: string, base: string): URL[] {
  const found = [...html.matchAll(HREF)].map(([, a, b, c]) => unescaped(a ?? b ?? c ?? ''))
  const urls = found.flatMap(href => (URL.canParse(href, base) ? [new URL(href, base)] : []))
  return urls.filter(({ host, protocol }) => protocol === 'http:' && host === new URL(base).host)
}

function unescaped(text: string): string {
  return text.replace(/&(#?\w+);/g, (whole, name) => {
    const known = ENTITIES[name.toLowerCase()]
    if (known !== undefined) return known
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10)
    return name.startsWith('#') && code > 0 && code < 0x110000 ? String.fromCodePoint(code) : whole
  })
}

/** One of the links stands for this name. */
function linksTo(e: Examiner, target: string, name: string): Expectation {
  const base = `http://${e.place.authority}${target}`
  return response(
    say(`a link to ${JSON.stringify(name)}`, `un lien vers ${JSON.stringify(name)}`),
    answer => {
      const names = linksOf(answer.content.toString('utf8'), base).map(({ pathname }) => lastName(pathname))
      return names.includes(name)
        ? null
        : joined([
            toldResponse(answer),
            say(`no link to ${JSON.stringify(name)}`, `pas de lien vers ${JSON.stringify(name)}`),
          ])
    },
  )
}

function lastName(pathname: string): string {
  const last = pathname.replace(/\/$/, '').split('/').at(-1)!
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}

/** A listing may be long. */
const MOST_LINKS = 30

async function followsLinks(e: Examiner, target: string): Promise<void> {
  const page = await e.ask(asks('GET', target), status(200))
  const base = `http://${e.place.authority}${target}`
  const links = linksOf(page.content.toString('utf8'), base).filter(({ href }) => href !== base)
  e.told(say('the links of the page', 'les liens de la page'), say('at least one', 'au moins un'))
  e.finds(links.length > 0, say(`${links.length} links`, `${links.length} liens`))
  for (const { pathname, search } of links.slice(0, MOST_LINKS)) await isThere(e, `${pathname}${search}`)
}

/** Only the beginning is waited for: a file may be large. */
async function isThere(e: Examiner, target: string): Promise<void> {
  await e.ask(
    asks('GET', target),
    response(plain('200, 206, 301, 302'), answer =>
      answer.status < 400 || answer.status === 403 ? null : toldResponse(answer),
    ),
  )
}

/** In one name all that has a meaning in HTML or in a URI. */
const STRANGE = ` a b & <i>c "d" 'e' #f ?g %41 +h é`

async function findsStrangeNames(e: Examiner, target: string): Promise<void> {
  const upload = e.subject.uploads.find(
    one => one.how === 'PUT' && one.at !== null && sameFolder(one.at, target),
  )
  if (upload === undefined)
    throw new NotExamined(
      say(
        `no “upload PUT” puts files into ${target}`,
        `aucun « upload PUT » ne met de fichiers dans ${target}`,
      ),
    )
  const name = `${fileFor(upload, 'x').name}${STRANGE}.txt`
  const bytes = Buffer.from('strange but true\n')
  const place = `${upload.target.replace(/\/?$/, '/')}${encodeURIComponent(name)}`
  await e.ask(asks('PUT', place, { content: bytes }), status(200, 201, 204))
  try {
    const page = await e.ask(asks('GET', target), all(status(200), isEscaped, linksTo(e, target, name)))
    const link = linkTo(page, `http://${e.place.authority}${target}`, name)
    await e.ask(asks('GET', link), all(status(200), contains(bytes.toString())))
  } finally {
    await tidyUp(e, place)
  }
}

function sameFolder(a: string, b: string): boolean {
  return a.replace(/\/?$/, '/') === b.replace(/\/?$/, '/')
}

const isEscaped: Expectation = response(
  say('no markup out of a name', 'pas de balise issue d’un nom'),
  answer =>
    answer.content.includes('<i>c')
      ? say('the name stands there as markup: <i>', 'le nom s’y trouve comme balise : <i>')
      : null,
)

function linkTo(page: Response, base: string, name: string): string {
  const { pathname, search } = linksOf(page.content.toString('utf8'), base).find(
    one => lastName(one.pathname) === name,
  )!
  return `${pathname}${search}`
}
