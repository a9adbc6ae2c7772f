/**
 * All sections, in the order of the sheet: first what everybody has, then what is special, then what hurts.
 *
 *   SECTIONS
 *   pointTable()    the list of docs/evaluate.md
 */

import type { Section } from '../point.ts'
import { emptySubject } from '../subject.ts'
import { cgi } from './cgi.ts'
import { disconnects, slow } from './clients.ts'
import { connections, pieces } from './connection.ts'
import { errors, redirects } from './files.ts'
import { hosts } from './hosts.ts'
import { limits } from './limits.ts'
import { listing } from './listing.ts'
import { malformed } from './malformed.ts'
import { methods } from './methods.ts'
import { sessions } from './sessions.ts'
import { siege } from './siege.ts'
import { traversal } from './traversal.ts'
import { uploads } from './uploads.ts'

export const SECTIONS: readonly Section[] = [
  methods,
  errors,
  hosts,
  redirects,
  listing,
  limits,
  uploads,
  cgi,
  sessions,
  malformed,
  pieces,
  connections,
  traversal,
  slow,
  disconnects,
  siege,
]

export function pointTable(): string {
  const subject = emptySubject()
  return SECTIONS.map(section => {
    const rows = section.points(subject).map(({ id, title, rule, needs = [] }) => {
      const told = needs.map(word => `\`${word}\``).join(' or ')
      return `| \`${id}\` | ${title.en} | ${rule.en} | ${told} |\n`
    })
    return `### ${section.title.en} (\`${section.name}\`)\n\n| id | point | rule | needs |\n|---|---|---|---|\n${rows.join('')}\n`
  }).join('')
}
