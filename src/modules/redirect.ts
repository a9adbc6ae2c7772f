/**
 * Redirects to a path of this very server: how they name it.
 *
 *   redirectTo(x, 301, '/a/')      answers; the target is a URL already, or a path that begins with a slash
 *   locationOf(x, '/a/')           the value of `Location` alone
 *
 * nginx makes such a path a whole URL, with the host that was asked for and the port that was reached; three directives change that.
 */

import { flag } from '../config/directive.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'

const EVERYWHERE = ['http', 'server', 'location']

const table = {
  absolute_redirect: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'Redirects that the server makes itself name its scheme, host and port; off leaves the path alone, to which a client adds what it had asked for.',
  }),
  server_name_in_redirect: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'The host in such redirects is the first name of server_name, in place of the one that was asked for.',
  }),
  port_in_redirect: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'Such redirects name the port that the request came to, unless it is the usual one of the scheme. Behind a proxy or a container that maps ports, it is the wrong one: off, or absolute_redirect off.',
  }),
}

export const redirect = defineFeature({ name: 'redirect', nginxModules: ['ngx_http_core_module'], table })

const INITIAL = { absolute_redirect: true, server_name_in_redirect: false, port_in_redirect: true }

/** Answers with a redirect, and the page that belongs to its status. */
export function redirectTo(x: Exchange, status: number, target: string): void {
  x.setErrorField('Location', locationOf(x, target))
  x.fail(status)
}

export function locationOf(x: Exchange, target: string): string {
  if (!target.startsWith('/')) return target
  const settings = x.location.block?.settings(table) ?? INITIAL
  // A path that begins with two slashes would name a host (RFC 3986 §4.2).
  if (!settings.absolute_redirect) return target.startsWith('//') ? `/.${target}` : target
  const scheme = x.isSecure ? 'https' : 'http'
  const { localAddress } = x.responder.facts
  const port = settings.port_in_redirect && 'port' in localAddress ? localAddress.port : 0
  const isUsual = port === 0 || port === (x.isSecure ? 443 : 80)
  return `${scheme}://${hostOf(x, settings.server_name_in_redirect)}${isUsual ? '' : `:${port}`}${target}`
}

function hostOf(x: Exchange, usesServerName: boolean): string {
  if (usesServerName && x.server.name !== '') return x.server.name
  if (x.host !== '') return x.host
  const { localAddress } = x.responder.facts
  if ('path' in localAddress) return x.server.name || 'localhost'
  return localAddress.host.includes(':') ? `[${localAddress.host}]` : localAddress.host
}
