/**
 * What a complete head must satisfy before anybody acts on it, in the order in which it is checked.
 *
 *   checkRequest(head, isSecure, request)   OK, or the first rule that is broken
 *   RequestFacts                            target, framing, expectation and persistence, found on the way
 *
 * Every refusal here, like those of the parser, ends in one error response and the end of the connection: either
 * the length of the content is not known, or the client speaks a language of its own. Method and version were read
 * before the target, so their syntax is settled; which methods a resource takes is not for this file to say.
 */
import { EXPECTS_CONTINUE, expectation, framingOf, mayPersist, NO_CONTENT } from './framing.ts'
import { SINGLETONS } from './known-fields.ts'
import { isRefusal, METHOD_NOT_IMPLEMENTED, OK, REPEATED_FIELD } from './refusals.ts'
import type { RequestHead } from './request-head.ts'
import { AUTHORITY_FORM, parseHost, parseTarget, Target } from './target.ts'

export class RequestFacts {
  readonly target = new Target()
  /** The bytes of content that follow the head, or CHUNKED. */
  framing = NO_CONTENT
  /** The client has announced content, and waits for 100 (Continue) before it sends it. */
  expectsContinue = false
  /** The connection may be kept for another request. */
  mayPersist = false
  /** The head that all this was found in, as long as it was in order. */
  #head: RequestHead | null = null
  #isSecure = false

  /** Was this very head checked just before, and is it the same again? */
  holdFor(head: RequestHead, isSecure: boolean): boolean {
    return head.isRepeated && head === this.#head && isSecure === this.#isSecure
  }

  belongTo(head: RequestHead | null, isSecure: boolean): void {
    this.#head = head
    this.#isSecure = isSecure
  }
}

/**
 * @param isSecure whether the connection is one of https
 * @param request is overwritten; after a refusal nothing in it means anything
 * @returns OK or a refusal
 */
export function checkRequest(head: RequestHead, isSecure: boolean, request: RequestFacts): number {
  if (request.holdFor(head, isSecure)) return OK
  const result = check(head, isSecure, request)
  request.belongTo(result === OK ? head : null, isSecure)
  return result
}

function check(head: RequestHead, isSecure: boolean, request: RequestFacts): number {
  const target = parseTarget(head, isSecure, request.target)
  if (target !== OK) return target
  if (request.target.form === AUTHORITY_FORM) return METHOD_NOT_IMPLEMENTED

  const host = parseHost(head, request.target)
  if (host !== OK) return host
  if (head.fields.repeatsAnyOf(SINGLETONS)) return REPEATED_FIELD

  const framing = framingOf(head)
  if (isRefusal(framing)) return framing
  const expected = expectation(head)
  if (isRefusal(expected)) return expected

  request.framing = framing
  request.expectsContinue = expected === EXPECTS_CONTINUE && framing !== NO_CONTENT
  request.mayPersist = mayPersist(head)
  return OK
}
