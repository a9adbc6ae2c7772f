/**
 * `allow_methods`: the methods that a place takes. All others, also those that nobody knows, get 405, with these in `Allow` (RFC 9110
 * §15.5.6).
 *
 *   location / { allow_methods GET; }        HEAD is not named, so it is refused as well
 *
 * `limit_except` has its place beside it: that one changes the rules for some methods, this one says which there are. nginx has nothing of
 * the kind. A location is asked as soon as it is found, before its `return` or `rewrite`; the server's own settings, where no location
 * fits, after the server's. The page of an error is shown whatever it allows: it is not what was asked for.
 */

import { type Call, custom, suggestion } from '../config/directive.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import { refuseMethod } from '../server/phases.ts'

/** The registered methods (IANA, HTTP Method Registry), but for those that no place may take; and one that caches know. */
const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'QUERY'],
  ...['MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'PROPFIND', 'PROPPATCH', 'ACL', 'SEARCH', 'REPORT'],
  ...[
    'BIND',
    'REBIND',
    'UNBIND',
    'LINK',
    'UNLINK',
    'ORDERPATCH',
    'MKCALENDAR',
    'MKREDIRECTREF',
    'UPDATEREDIRECTREF',
  ],
  ...[
    'BASELINE-CONTROL',
    'CHECKIN',
    'CHECKOUT',
    'LABEL',
    'MERGE',
    'MKACTIVITY',
    'MKWORKSPACE',
    'UNCHECKOUT',
    'UPDATE',
    'VERSION-CONTROL',
  ],
  'PURGE',
]

/** Why no place may take them. */
const REFUSED: Readonly<Record<string, string>> = {
  TRACE: 'TRACE would show a script the cookies that are kept from it; it gets 405 everywhere',
  CONNECT: 'CONNECT asks for a tunnel, and there are none here: it gets 501 everywhere',
  PRI: 'PRI belongs to the first line of HTTP/2 and is never a request',
}

const table = {
  allow_methods: custom<readonly string[] | null>({
    in: ['http', 'server', 'location', 'limit_except'],
    initial: null,
    default: null,
    syntax: 'method ...',
    takes: [1, Number.POSITIVE_INFINITY],
    doc: 'The methods that are taken here; any other gets 405, with these in Allow, before anything is done. HEAD and OPTIONS are refused too unless they are named. What then answers may know fewer: files take GET and HEAD. nginx does not have it.',
    read: readMethods,
  }),
}

function readMethods(call: Call): readonly string[] | undefined {
  const methods: string[] = []
  for (const [i, { text }] of call.args.entries()) {
    const method = text.toUpperCase()
    if (!METHODS.includes(method)) {
      return call.fail(
        i,
        `invalid method "${text}"`,
        REFUSED[method] ?? suggestion(method, METHODS, EXPECTED),
      )
    }
    if (methods.includes(method)) call.warn(i, `duplicate method "${text}"`, 'it is named already')
    else methods.push(method)
  }
  return methods
}

const EXPECTED = 'methods with a space between them, such as GET HEAD POST'

export const allowMethods = defineFeature({
  name: 'allow-methods',
  nginxModules: [],
  table,
  bind({ allow_methods: methods }, { kind }): Module | null {
    if (methods === null) return null
    const module = { name: 'allow-methods', allowedMethods: methods }
    // An `if` is entered from a location, which has been asked.
    if (kind === 'if') return module
    const check = checkOf(methods)
    return kind === 'server' ? { ...module, access: check } : { ...module, rewrite: check }
  },
})

/** Do the rules of the place let this method in? */
export function allowsMethod({ block }: BindPlace, method: string): boolean {
  return block.settings(table).allow_methods?.includes(method) ?? true
}

/** Refused already: what is looked for is only the page for that. */
const refused = new WeakSet<Exchange>()

function checkOf(methods: readonly string[]): (x: Exchange) => Outcome {
  const allowed = methods.join(', ')
  return x => {
    if (methods.includes(x.method) || isErrorPage(x)) return DECLINED
    if (x.isTraced) x.tell(`allow_methods: ${x.method} is none of ${allowed}`)
    refused.add(x)
    refuseMethod(x, allowed)
    return HANDLED
  }
}

/** A named location is given the method of the request, and could do with it what it does. */
function isErrorPage(x: Exchange): boolean {
  return x.status !== 0 && (x.isRetrieval || refused.has(x))
}
