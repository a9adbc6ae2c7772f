/**
 * Points, and the sections that they are grouped in.
 *
 *   section({ name: 'methods', title, points: subject => [point('head', …), untold('limit', …)] })
 *   point(id, title, rule, examine)       `examine` asks, and throws what `examiner.ts` throws for it where it is not as expected
 *   untold(id, title, rule, word)         a point for which the configuration has no line
 *
 * An id is a name for programs: it stays when the words change. Where several lines of a file give the same point, the target
 * goes behind it.
 */

import type { Examiner } from './examiner.ts'
import type { Subject } from './subject.ts'
import { joined, plain, say, type Words } from './words.ts'

export interface Point {
  readonly id: string
  readonly title: Words
  /** A section of an RFC, or what is usually asked of a student's server. */
  readonly rule: Words
  /** Its answer, whatever it is, takes long: it is asked together with its neighbours of the same kind. */
  readonly isSlow?: true
  /** Words of the configuration without which it is not examined. */
  readonly needs?: readonly string[]
  readonly examine: (e: Examiner) => Promise<void>
}

export interface Section {
  readonly name: string
  readonly title: Words
  points(subject: Subject): Point[]
}

/** No answer to the question, and no fault either. */
export class NotExamined extends Error {
  readonly words: Words

  constructor(words: Words) {
    super(words.en)
    this.words = words
  }
}

/** What is asked of such servers by custom and not by an RFC. */
export const CUSTOM = say('what is asked of such a server', 'ce qu’on demande à un tel serveur')

type Examine = Point['examine']

export function point(id: string, title: Words, rule: Words | string, examine: Examine): Point {
  return { id, title, rule: typeof rule === 'string' ? plain(rule) : rule, examine }
}

export function slowPoint(id: string, title: Words, rule: Words | string, examine: Examine): Point {
  return { ...point(id, title, rule, examine), isSlow: true }
}

/** @param words of the configuration, any of which would do */
export function untold(id: string, title: Words, rule: Words | string, ...words: readonly string[]): Point {
  const list = words.map(word => `“${word}”`)
  const examine = async (): Promise<void> => {
    throw new NotExamined(
      say(
        `the configuration has no line ${list.join(' or ')}`,
        `la configuration n’a pas de ligne ${list.join(' ou ')}`,
      ),
    )
  }
  return { ...point(id, title, rule, examine), needs: words }
}

export type PointAt<T> = (told: T, id: (name: string) => string, title: (words: Words) => Words) => Point[]

/**
 * The same points for each line of a kind, or not examined at all when there is none.
 * @param without the points as they stand in the sheet then
 */
export function forEach<T extends { readonly target: string }>(
  lines: readonly T[],
  make: PointAt<T>,
  without: readonly Point[],
): Point[] {
  if (lines.length === 0) return [...without]
  return lines.flatMap((told, i) => {
    const isOnly = lines.length === 1
    const id = (name: string): string => (isOnly ? name : `${name}-${i + 1}`)
    const title = (words: Words): Words => (isOnly ? words : joined([words, plain(told.target)], ': '))
    return make(told, id, title)
  })
}
