/**
 * Regular expressions of directives, with what is wrong in them told as nginx tells it.
 *
 *   checkedPattern(source, isCaseless, place, problems)   the pattern; null when it is none, and that is reported
 */

import type { Problems } from './diagnostic.ts'
import { type Pattern, refusalText, translateRegex } from './regex.ts'
import { stallRisk } from './regex-stall.ts'
import type { Place } from './source.ts'

const NO_WILDCARD =
  'a regular expression is no wildcard: "*" repeats what stands before it, and any text is ".*"'

/** @param place of the word in which the expression stands, or ends */
export function checkedPattern(
  source: string,
  isCaseless: boolean,
  place: Place,
  problems: Problems,
): Pattern | null {
  const found = translateRegex(source, isCaseless)
  if ('mistake' in found) {
    problems.error(place, refusalText(source, found), /^[*?+]/.test(source) ? NO_WILDCARD : '')
    return null
  }
  if (found.caution !== '')
    problems.warn(place, `the groups of "${source}" are not quite nginx's`, found.caution)
  const risk = stallRisk(source, isCaseless)
  if (risk !== null) problems.warn(place, `the regular expression "${source}" may take very long`, risk)
  return found
}
