/**
 * The value of `Location`: a path becomes an absolute URL, as `absolute_redirect` says (`ngx_http_header_filter`).
 *
 *   locationText(x, '/new/')          'http://www.example.org:8080/new/'
 *   redirect(x, 301, '/new/')         the answer itself: the page for its status, which `error_page` may replace
 *
 * What may not stand in a URI is escaped, other than nginx does it: a decoded path then makes a valid field (RFC 9110 §10.2.2), and
 * nothing in it can begin a field of its own.
 */

import { flag, type SettingsOf } from '../config/directive.ts'
import { formatHost } from '../io/address.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'
import { HANDLED, type Outcome } from '../server/module.ts'

/** Those that lead somewhere with a `Location` (RFC 9110 §15.4). */
export const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

const PLACES = ['http', 'server', 'location']

export const redirectTable = {
  absolute_redirect: flag({
    in: PLACES,
    initial: true,
    doc: 'A redirect to a path of this server names its scheme, host and port. off: the path alone.',
  }),
  server_name_in_redirect: flag({
    in: PLACES,
    initial: false,
    doc: 'The host of such a redirect is the first server_name, in place of the host that was asked for.',
  }),
  port_in_redirect: flag({
    in: PLACES,
    initial: true,
    doc: 'The port at which the request came is named in such a redirect, unless it is the usual one of the scheme.',
  }),
}

export const redirects = defineFeature({
  name: 'redirects',
  nginxModules: ['ngx_http_core_module'],
  table: redirectTable,
})

/**
 * @param status one of `REDIRECT_STATUSES`
 * @param target a path that begins with a slash, or any other reference
 * @param mayNameHost whether `//` at its begin is meant: the administrator has written it
 */
export function redirect(x: Exchange, status: number, target: string, mayNameHost = false): Outcome {
  x.setErrorField('Location', locationText(x, target, mayNameHost))
  x.fail(status)
  return HANDLED
}

/** Where there is no configuration, the path stays a path. */
export function locationText(x: Exchange, target: string, mayNameHost = false): string {
  if (!target.startsWith('/')) return validReference(target)
  const settings = x.location.block?.settings(redirectTable)
  if (settings?.absolute_redirect === true) return validReference(absolute(x, target, settings))
  return validReference(mayNameHost ? target : hostless(target))
}

function absolute(x: Exchange, path: string, settings: SettingsOf<typeof redirectTable>): string {
  const scheme = x.isSecure ? 'https' : 'http'
  const host = (settings.server_name_in_redirect && x.server.name) || x.host || localHost(x)
  return `${scheme}://${host}${settings.port_in_redirect ? portText(x) : ''}${path}`
}

/** What begins with two slashes would name a host (RFC 3986 §4.2): a request for `//evil.example/` must not lead there. */
function hostless(path: string): string {
  return path.startsWith('//') ? `/.${path}` : path
}

/** For HTTP/1.0 without Host: the address that was connected to. */
function localHost(x: Exchange): string {
  const address = x.responder.facts.localAddress
  return 'path' in address ? 'localhost' : formatHost(address.host)
}

function portText(x: Exchange): string {
  const address = x.responder.facts.localAddress
  if ('path' in address || address.port === (x.isSecure ? 443 : 80)) return ''
  return `:${address.port}`
}

/** Everything but the characters of RFC 3986 §2, and the percent sign: escapes stay what they are. */
const NOT_IN_URI = /[^!#-;=?-[\]_a-z~]/

/** @returns the text itself when it is valid, as nearly all are */
export function validReference(text: string): string {
  if (!NOT_IN_URI.test(text)) return text
  return text.replace(/[^!#-;=?-[\]_a-z~]+/gu, escaped)
}

function escaped(text: string): string {
  let result = ''
  for (const byte of Buffer.from(text)) result += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return result
}
