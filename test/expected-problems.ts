/**
 * What a configuration for tests says of itself: the problems that are to be found in it, as comments that are drawn as they are printed.
 *
 *     listen 70000;
 *     #      ^^^^^ error: invalid port in "70000" of the "listen" directive
 *     #      | a port is a number from 1 to 65535
 *
 *   # ^^^ error: SUMMARY           about the line above, where the ^ stand; `warning` the same
 *   # --- note: WORDS              another place that has to do with it
 *   # error: SUMMARY               about no place
 *   # error 7:1: SUMMARY           line and column, where nothing can be drawn: in column 1, within quotes; `note 7:1` the same
 *   # | EXPECTED                   goes on with the comment above: what would be right
 *
 * and what nginx makes of it, where that is another sentence than the first of ours; the reason goes on behind "|":
 *
 *   # nginx 1.22 accepts this
 *   # nginx 1.22 says in line 7: SUMMARY       or, without a place, `says: SUMMARY`
 *   # nginx 1.22 crashes
 *
 *   readExpectations(text)         what a file says
 *   linesOf(problems, …)           what was found, in the same words, for a comparison that shows what differs
 */

import { type Diagnostic, visible } from '../src/config/diagnostic.ts'
import type { Place } from '../src/config/source.ts'

export interface Expectations {
  /** `5:16-20 error: SUMMARY | EXPECTED`, without the last column where it is said in numbers; sorted. */
  readonly lines: readonly string[]
  readonly nginx: NginxOpinion | null
}

/** What nginx says, if it says another thing. */
export interface NginxOpinion {
  /** `accepts this`, `crashes`, or the sentence, as `SUMMARY in line 7`. */
  readonly says: string
  readonly why: string
}

const DRAWN = /^(\s*#\s*)(\^+|-+) (error|warning|note): (.*)$/
const NUMBERED = /^\s*# (error|warning|note)(?: (\d+:\d+))?: (.*)$/
const NGINX = /^\s*# nginx 1\.22 (accepts this|crashes|says(?: in line (\d+))?: (.*))$/
const CONTINUED = /^\s*#\s*\| (.*)$/

/** One comment, with what goes on behind it. */
interface Comment {
  readonly place: string
  readonly kind: string
  readonly summary: string
  more: string
}

export function readExpectations(text: string): Expectations {
  const comments: Comment[] = []
  let above = 0
  for (const [index, line] of text.split('\n').entries()) {
    const comment = readComment(line, above)
    const more = CONTINUED.exec(line)?.[1]
    if (comment !== null) comments.push(comment)
    else if (more !== undefined) continueWith(more, comments.at(-1))
    else above = index + 1
  }
  const nginx = comments.find(({ kind }) => kind === 'nginx')
  return {
    lines: comments
      .filter(({ kind }) => kind !== 'nginx')
      .map(wordsOf)
      .sort(),
    nginx: nginx === undefined ? null : { says: nginx.summary, why: nginx.more },
  }
}

function readComment(line: string, above: number): Comment | null {
  const drawn = DRAWN.exec(line)
  if (drawn !== null) {
    const [, before, marks, kind, summary] = drawn
    const first = before!.length + 1
    return {
      place: `${above}:${first}-${first + marks!.length - 1}`,
      kind: kind!,
      summary: summary!,
      more: '',
    }
  }
  const numbered = NUMBERED.exec(line)
  if (numbered !== null) {
    const [, kind, place = '', summary] = numbered
    return { place, kind: kind!, summary: summary!, more: '' }
  }
  const [, whole, place, sentence] = NGINX.exec(line) ?? []
  if (whole === undefined) return null
  const summary =
    sentence === undefined ? whole : place === undefined ? sentence : `${sentence} in line ${place}`
  return { place: '', kind: 'nginx', summary, more: '' }
}

function continueWith(words: string, comment: Comment | undefined): void {
  if (comment === undefined) throw new Error(`there is nothing that goes on with "${words}"`)
  comment.more += comment.more === '' ? words : ` ${words}`
}

function wordsOf({ place, kind, summary, more }: Omit<Comment, 'more'> & { readonly more?: string }): string {
  return `${place === '' ? '' : `${place} `}${kind}: ${summary}${more ? ` | ${more}` : ''}`
}

/**
 * @param expected the columns at which something ends are left out where these leave them out
 * @param told how a sentence is compared: without what depends on where the file lies
 */
export function linesOf(
  problems: readonly Diagnostic[],
  expected: readonly string[],
  told: (sentence: string) => string,
): string[] {
  const numbered = new Set(expected.map(line => /^\d+:\d+(?= )/.exec(line)?.[0]))
  const placeOf = (place: Place | null): string => {
    if (place === null) return ''
    const start = `${place.line}:${place.column}`
    return numbered.has(start) ? start : `${start}-${place.column + Math.max(shownLength(place), 1) - 1}`
  }
  const own = problems.map(({ severity, place, summary, expected: more }) =>
    wordsOf({ place: placeOf(place), kind: severity, summary: told(visible(summary)), more: told(more) }),
  )
  const related = problems.flatMap(problem =>
    problem.related.map(({ words, place }) =>
      wordsOf({ place: placeOf(place), kind: 'note', summary: words }),
    ),
  )
  return [...own, ...new Set(related)].sort()
}

/** In characters, and no further than the line. */
function shownLength({ source, offset, length }: Place): number {
  return [...source.text.slice(offset, offset + length).split('\n', 1)[0]!].length
}
