/**
 * What an answer must be: in words, and as a question to the answer.
 *
 *   all(status(405), has('Allow'), usable)    each can be read in the sheet, and the first that does not hold says why
 *
 * A flaw is told as what came; null means that all is well.
 */

import type { Answer, End } from './conversation.ts'
import { isResponse } from './conversation.ts'
import { fieldOf, type Response, toldResponse } from './response.ts'
import { joined, oneOf, plain, say, type Words } from './words.ts'

/** All that came on one connection. */
export interface Outcome {
  /** The final response to the first request, or why there is none. */
  readonly answer: Answer
  /** Responses with 1xx before it. */
  readonly interim: readonly Response[]
  /** Whether something more came that nobody asked for. */
  readonly hasMore: boolean
  readonly end: End
}

export interface Expectation {
  readonly words: Words
  /** Whether the end of the connection must be waited for. */
  readonly end?: 'closed'
  flawOf(outcome: Outcome): Words | null
}

export function all(...parts: readonly Expectation[]): Expectation {
  return {
    words: joined(parts.map(part => part.words)),
    ...(parts.some(({ end }) => end === 'closed') ? { end: 'closed' as const } : {}),
    flawOf(outcome) {
      for (const part of parts) {
        const flaw = part.flawOf(outcome)
        if (flaw !== null) return flaw
      }
      return null
    },
  }
}

/** Either of them is defensible. */
export function either(...parts: readonly Expectation[]): Expectation {
  return {
    words: joined(
      [oneOf(parts.map(part => part.words)), say('(either is defensible)', '(les deux se défendent)')],
      ' ',
    ),
    ...(parts.some(({ end }) => end === 'closed') ? { end: 'closed' as const } : {}),
    flawOf(outcome) {
      const flaws = parts.map(part => part.flawOf(outcome))
      return flaws.includes(null) ? null : flaws[0]!
    },
  }
}

/** A condition on the response; there must be one. */
export function response(words: Words, flawOf: (response: Response) => Words | null): Expectation {
  return {
    words,
    flawOf: ({ answer }) => (isResponse(answer) ? flawOf(answer) : answer.words),
  }
}

export function status(...statuses: readonly number[]): Expectation {
  return response(oneOf(statuses.map(one => plain(String(one)))), answer =>
    statuses.includes(answer.status) ? null : toldResponse(answer, ['Location']),
  )
}

/** Any of 200 to 299. */
export const success: Expectation = response(plain('2xx'), answer =>
  answer.status >= 200 && answer.status < 300 ? null : toldResponse(answer),
)

/** Whatever the server says to it, it has no right to fail. */
export const noServerError: Expectation = response(
  say('an answer, and none of 500 to 504', 'une réponse, et aucune de 500 à 504'),
  answer =>
    answer.status >= 500 && answer.status < 505 && answer.status !== 501 ? toldResponse(answer) : null,
)

export function has(name: string): Expectation {
  return response(plain(name), answer =>
    fieldOf(answer, name.toLowerCase()) !== null
      ? null
      : joined([toldResponse(answer), say(`no ${name}`, `pas de ${name}`)]),
  )
}

export function contains(text: string | null): Expectation {
  if (text === null) return anything
  const shown = JSON.stringify(text)
  return response(say(`${shown} in its content`, `${shown} dans son contenu`), answer =>
    answer.content.includes(text)
      ? null
      : joined([toldResponse(answer), say(`without ${shown}`, `sans ${shown}`)]),
  )
}

/** Adds nothing to the others. */
export const anything: Expectation = response(say('an answer', 'une réponse'), () => null)

/** RFC 9112 §9.3: the field says whether another request may follow, and it is so. */
export const closes: Expectation = {
  words: say('the connection closes', 'la connexion se ferme'),
  end: 'closed',
  flawOf({ answer, end }) {
    if (end === 'closed') return null
    const came = isResponse(answer) ? toldResponse(answer) : answer.words
    return joined([
      came,
      end === 'reset'
        ? say(
            'the connection is reset, so that the answer may be lost',
            'la connexion est coupée (RST) : la réponse peut se perdre',
          )
        : say('the connection stays open', 'la connexion reste ouverte'),
    ])
  },
}

/** No answer at all, but an end. */
export const justCloses: Expectation = {
  words: say('closed without an answer', 'fermée sans réponse'),
  flawOf({ answer }) {
    if (isResponse(answer)) return toldResponse(answer)
    return answer.why === 'closed' || answer.why === 'reset' ? null : answer.words
  },
}

/** Nothing behind it was taken for a request. */
export const single: Expectation = {
  words: say('one answer only', 'une seule réponse'),
  end: 'closed',
  flawOf: ({ hasMore }) => (hasMore ? say('a second answer', 'une deuxième réponse') : null),
}

/** RFC 9112 §6.3: nobody can say where the next request would begin, so there is none. How the end comes is another matter. */
export function refused(...statuses: readonly number[]): Expectation {
  const ends: Expectation = {
    words: say('then the end of the connection', 'puis la fin de la connexion'),
    end: 'closed',
    flawOf: outcome => (outcome.end === 'open' ? closes.flawOf(outcome) : null),
  }
  return all(status(...statuses), single, ends)
}
