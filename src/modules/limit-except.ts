/**
 * `limit_except`: in a location, other rules for all methods but those that are named.
 *
 * For these requests the block takes the place of the location as soon as that is found: what is said in it holds, what it does not say is
 * inherited, and `rewrite`, `return` and the like around it are not run, since they belong to the other methods. The switch is
 * made in `server/phases.ts`.
 */

import { blockRow, type Call, suggestion } from '../config/directive.ts'
import { defineFeature } from '../server/feature.ts'

/** Those that nginx knows. */
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'MKCOL',
  'COPY',
  'MOVE',
  'OPTIONS',
  'PROPFIND',
  'PROPPATCH',
  'LOCK',
  'UNLOCK',
  'PATCH',
]

export const limitExcept = defineFeature({
  name: 'limit-except',
  nginxModules: ['ngx_http_core_module'],
  table: {
    limit_except: blockRow<ReadonlySet<string>>({
      in: ['location'],
      syntax: 'method ... { ... }',
      takes: [1, Number.POSITIVE_INFINITY],
      block: 'limit_except',
      isOnce: true,
      doc: 'Rules for requests with any other method than these; GET is HEAD too. limit_except GET { deny all; } makes a location read-only.',
      read: readMethods,
    }),
  },
})

function readMethods(call: Call): ReadonlySet<string> | undefined {
  const methods = new Set<string>()
  for (const [i, { text }] of call.args.entries()) {
    const method = text.toUpperCase()
    if (!METHODS.includes(method)) {
      return call.fail(
        i,
        `invalid method "${text}"`,
        suggestion(method, METHODS, `one of ${METHODS.join(', ')}`),
      )
    }
    methods.add(method)
  }
  if (methods.has('GET')) methods.add('HEAD')
  return methods
}
