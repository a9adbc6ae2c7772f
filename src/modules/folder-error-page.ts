/**
 * The built-in error page: what happened in one sentence, and in another what a person can do about it.
 *
 *   errorPage(page)   the page as a string
 *
 * States the rule that was broken, never the bytes that broke it. Decides no status and sets no field.
 */

import { escapeHtml, pageStart, squeeze } from './page-frame.ts'

export interface ErrorPage {
  status: number
  /** The reason phrase of the status line. */
  reason: string
  /** The rule that was broken, '' when there is nothing to say beyond the status. Without a row below, what happened. */
  words: string
  /** Where the link to the front page leads, or `null` for no link. */
  home: string | null
}

const ERROR_STYLE = squeeze(`
  body{min-height:100vh;min-height:100svh;display:grid;align-content:center;max-width:44rem}
  main{position:relative}
  main:before{content:"";position:absolute;left:1.7rem;bottom:100%;height:100vh;border-left:2px solid var(--line)}
  svg{display:block;width:3.5rem;height:auto;fill:none;stroke:var(--ink);stroke-width:1.2;stroke-linejoin:round;
    overflow:visible}
  .flame{fill:var(--lamp);stroke:none;filter:drop-shadow(0 0 6px var(--lamp))}
  h1{margin:1.6rem 0 1.5rem;font-weight:400;font-size:1.375rem;line-height:1.2}
  b{display:block;margin:0 0 .1em -.05em;font-weight:300;font-size:clamp(5rem,22vw,8.5rem);line-height:.95;
    letter-spacing:-.02em;font-variant-numeric:lining-nums}
  p{margin:0 0 .7rem;max-width:34rem;text-wrap:pretty}
  p+p{color:var(--mist)}
  p+p a{color:var(--ink)}
  footer{margin-top:1.8rem;padding-top:.9rem;border-top:1px solid var(--line)}
`)

/** What happened, and what a person can do. States the rule, never what was sent. */
const SENTENCES = new Map<number, readonly [happened: string, advice: string]>([
  [
    400,
    [
      'The request breaks a rule of HTTP, and veille does not guess what was meant.',
      'If you typed the address, look for a stray character, such as a % without two digits behind it.',
    ],
  ],
  [401, ['This page is for people who have signed in.', 'Sign in and ask again.']],
  [
    403,
    [
      'What is kept at this address is not open to visitors.',
      'If you should be able to see it, ask the person who runs this site.',
    ],
  ],
  [
    404,
    [
      'There is nothing at this address.',
      'It may have moved, or there is a mistake in the link. Check the spelling, capital letters too.',
    ],
  ],
  [
    405,
    [
      'This address does not take that kind of request.',
      'It can probably be opened as an ordinary page; sending or deleting something here does not work.',
    ],
  ],
  [
    406,
    [
      'What is kept here does not come in a form that was asked for.',
      'Ask with fewer conditions: Accept and Accept-Encoding say what your program takes.',
    ],
  ],
  [
    408,
    [
      'The request did not arrive in time, and the server stopped waiting for the rest.',
      'Check your connection and try again.',
    ],
  ],
  [410, ['What was here has been removed for good.', 'Links to it can be removed too.']],
  [411, ['The request does not say how long it is.', 'Send it with a Content-Length.']],
  [
    412,
    [
      'The request was made on a condition that does not hold: this is not the version it speaks of.',
      'Load the page afresh, then repeat what you wanted to do.',
    ],
  ],
  [413, ['What was sent is larger than this server takes.', 'Send something smaller, or send it in parts.']],
  [
    414,
    [
      'The address is longer than this server reads.',
      'Go back and use a shorter one; so long a link is mostly a mistake in the page that made it.',
    ],
  ],
  [415, ['What was sent is of a kind that is not taken here.', 'Send it in another format.']],
  [
    416,
    [
      'The part that was asked for lies outside the file.',
      'The file may have become shorter: load it from the beginning.',
    ],
  ],
  [
    417,
    [
      'The request expects something that this server cannot promise.',
      'Send it again without its Expect field.',
    ],
  ],
  [
    421,
    [
      'This server does not answer for that address.',
      'Check the name of the site, and whether the address begins with http or https.',
    ],
  ],
  [429, ['Too many requests have come from you in a short time.', 'Wait a little, then try again.']],
  [
    431,
    [
      'The request carries more header fields, or longer ones, than this server reads.',
      'Cookies are the usual cause: delete those of this site and try again.',
    ],
  ],
  [
    500,
    [
      'Something went wrong inside the server. The fault is not yours.',
      'Try again in a moment. If it stays, tell the person who runs this site; the reason is in the log.',
    ],
  ],
  [
    501,
    [
      'The request needs something that this server has not learnt.',
      'Its method or its transfer coding is unknown here; use another.',
    ],
  ],
  [
    502,
    [
      'This server asked another one on your behalf and got no usable answer.',
      'Try again in a moment. If it stays, tell the person who runs this site.',
    ],
  ],
  [503, ['The server cannot take your request just now.', 'Wait a little, then try again.']],
  [
    504,
    [
      'This server asked another one on your behalf and waited in vain.',
      'Try again in a moment. If it stays, tell the person who runs this site.',
    ],
  ],
  [
    505,
    ['The request speaks a version of HTTP that is not spoken here.', 'Ask again in HTTP/1.1 or HTTP/1.0.'],
  ],
  [507, ['There is no room left to store what was sent.', 'Tell the person who runs this site.']],
])

/** For a status without a row and without words of its own. */
function sentencesOf(page: ErrorPage): readonly [happened: string, advice: string] {
  const row = SENTENCES.get(page.status)
  if (row !== undefined) return row
  if (page.status >= 500)
    return [page.words || 'The server could not do what was asked.', 'Try again in a moment.']
  return [page.words || 'The server did not accept this request.', 'Check what was asked, and ask again.']
}

/** The watchman's lantern. It burns where the request was at fault; where the server was, it has gone out. */
function lantern(isLit: boolean): string {
  const flame = isLit
    ? '<path class="flame" d="M16 17c5 6 5 11 0 13-5-2-5-7 0-13z"/>'
    : '<path d="M16 30v-4"/>'
  return `<svg viewBox="0 0 32 40" width="56" aria-hidden="true"><path d="M16 0a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM12 12l1-6h6l1 6M8 12h16M11 12c-5 7-4 15-2 21h14c2-6 3-14-2-21M8 33h16l1 5H7z"/>${flame}</svg>`
}

/** @returns the whole page as HTML, under 3 KB unless `words` are long. */
export function errorPage(page: ErrorPage): string {
  const [happened, advice] = sentencesOf(page)
  const home = page.home === null ? '' : ` <a href="${escapeHtml(page.home)}">Go to the front page</a>.`
  const rule = SENTENCES.has(page.status) && page.words !== '' ? `: ${escapeHtml(page.words)}` : ''
  const title = `${page.status} ${page.reason}`.trim()
  return `${pageStart(title, ERROR_STYLE)}<body>
<main>
${lantern(page.status < 500)}
<h1><b>${page.status}</b> ${escapeHtml(page.reason)}</h1>
<p>${escapeHtml(happened)}</p>
<p>${escapeHtml(advice)}${home}</p>
<footer>veille${rule}</footer>
</main>
`
}
