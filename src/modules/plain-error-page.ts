/**
 * The built-in page of an error on a site that is configured: the status, the rule that was broken where there is one, and who says
 * so. Short, since such pages are what scanners get by the thousand; a site that wants a better one has `error_page`.
 *
 * A page is made once for each status, rule and name of the server.
 */

import { flag } from '../config/directive.ts'
import { fieldLine } from '../http/response-head.ts'
import { reasonPhrase } from '../http/status.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'
import { HANDLED, type Module, type Outcome } from '../server/module.ts'
import { escapeHtml } from './page-frame.ts'

const PLACES = ['http', 'server', 'location']

export const plainErrorPage = defineFeature({
  name: 'plain-error-page',
  nginxModules: ['ngx_http_core_module'],
  table: {
    msie_padding: flag({
      in: PLACES,
      initial: true,
      doc: 'Error pages are made longer for browsers that would show a page of their own in place of a short one.',
      withoutEffect: 'no browser of today does that, and each answer would be 400 bytes longer',
    }),
    msie_refresh: flag({
      in: PLACES,
      initial: false,
      doc: 'Redirects are sent as pages that refresh themselves, for Internet Explorer.',
      withoutEffect: 'that browser follows redirects since its version 4, and is out of use',
    }),
  },
  bind: () => PLAIN_ERROR_PAGES,
})

/** See `Exchange.origin`. */
export const OWN_PAGE = 'the page that the server itself has'

/** What nginx has codes of its own for; clients are told 400. */
const SPECIAL: Readonly<Record<number, string>> = {
  494: 'The fields of the request are longer than this server reads.',
  495: 'The certificate of the client is not valid.',
  496: 'The client has sent no certificate, and this server asks for one.',
  497: 'The request was sent in plain text to a port that expects TLS.',
}

/** The sentences of `http/refusals.ts` and some of modules; beyond that a page is made each time. */
const MOST_WORDS = 128

const LINES = fieldLine('Content-Type', 'text/html')

class PlainErrorPages implements Module {
  readonly name = 'plain-error-page'
  /** By the server's name, then by status. */
  private readonly pages = new Map<string, (Buffer | undefined)[]>()
  /** Those with words: by words, name and status. */
  private readonly wordy = new Map<string, Buffer>()

  failure(x: Exchange, failed: number): Outcome {
    const words = SPECIAL[failed] ?? x.failureWords
    const status = failed in SPECIAL ? 400 : failed
    const line = x.location.serverLine
    x.setPreparedLines(LINES)
    if (x.isTraced) x.origin = `${OWN_PAGE} for ${status}`
    x.answer(status, words === '' ? this.page(status, line) : this.wordyPage(status, words, line))
    return HANDLED
  }

  private page(status: number, line: string): Buffer {
    let pages = this.pages.get(line)
    if (pages === undefined) {
      pages = []
      this.pages.set(line, pages)
    }
    pages[status] ??= Buffer.from(pageOf(status, '', nameIn(line)))
    return pages[status]
  }

  private wordyPage(status: number, words: string, line: string): Buffer {
    const key = `${status} ${line}${words}`
    const known = this.wordy.get(key)
    if (known !== undefined) return known
    const page = Buffer.from(pageOf(status, words, nameIn(line)))
    if (this.wordy.size < MOST_WORDS) this.wordy.set(key, page)
    return page
  }
}

export const PLAIN_ERROR_PAGES: Module = new PlainErrorPages()

/** Of the field `Server`: `veille/1.0`. */
function nameIn(serverLine: string): string {
  return serverLine.slice('Server: '.length).trim()
}

const STYLE = 'body{font:1.1em/1.5 system-ui,sans-serif;max-width:36em;margin:3em auto;padding:0 1em}'

function pageOf(status: number, words: string, server: string): string {
  const title = `${status} ${reasonPhrase(status)}`.trim()
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
${words === '' ? '' : `<p>${escapeHtml(words)}</p>\n`}<hr>
<p>${escapeHtml(server)}</p>
`
}
