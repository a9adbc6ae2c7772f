/**
 * Whether a browser sends a request in the name of another site's page: such a page can send forms anywhere, also to a server that only
 * its reader can reach, and with whatever cookies that reader has.
 *
 *   isFromElsewhere(fields)     true for what a page of another origin has caused
 *
 * `Sec-Fetch-Site` says it outright where there is one (Fetch Metadata §2.4; browsers send it by TLS, and to the own machine). Else `Origin`
 * does (RFC 6454 §7), which they send with each POST: its host and port are those that `Host` asks for, or it is another one. Programs
 * such as curl send neither.
 */

import type { FieldLookup } from './fields.ts'

/** Of the page's own origin, or what a person has typed. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none'])

export function isFromElsewhere(fields: FieldLookup): boolean {
  const site = fields.get('sec-fetch-site')
  if (site !== null) return !OWN_SITES.has(site)
  const origin = fields.get('origin')
  return origin !== null && hostOf(origin) !== fields.get('host')?.toLowerCase()
}

/** With its port, where that is not the scheme's own; '' for `null`, which nobody can be sure of. */
function hostOf(origin: string): string {
  const at = origin.indexOf('://')
  return at < 0 ? '' : origin.slice(at + 3).toLowerCase()
}
