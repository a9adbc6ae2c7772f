/**
 * Where the content of a request ends, and whether another request may follow it.
 *
 *   framingOf(head)     the length of the content, or CHUNKED, or a refusal (RFC 9112 §6.3)
 *   mayPersist(head)    whether the connection may be kept for another request (RFC 9112 §9.3)
 *   expectation(head)   whether the client waits for 100 (Continue) before it sends content (RFC 9110 §10.1.1)
 *
 * None of it depends on the method: a GET may have content, and who does not read it takes it for the next request.
 * Where the RFC lets a server repair a message that says two things, this one refuses it.
 */
import { DIGIT, DIGIT_0 } from './bytes.ts'
import { listMembers } from './fields.ts'
import { CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING } from './known-fields.ts'
import {
  BAD_CONTENT_LENGTH,
  BAD_TRANSFER_CODING,
  CODING_IN_HTTP_1_0,
  CODING_NOT_IMPLEMENTED,
  CONTENT_TOO_LARGE,
  EXPECTATION_FAILED,
  LENGTH_AND_CODING,
  OK,
  REPEATED_FIELD,
} from './refusals.ts'
import type { RequestHead } from './request-head.ts'

/** The length of a request that has no content. */
export const NO_CONTENT = 0
/** The content is as long as its chunks say: no length is known, and all are possible. */
export const CHUNKED = Number.POSITIVE_INFINITY

/**
 * RFC 9112 §6.3, with its numbers. Cases 1, 2 and 8 are about responses.
 * @returns how many bytes of content follow the head; CHUNKED; or a refusal, after which the connection must end,
 * because nobody can say where the next request would begin
 */
export function framingOf(head: RequestHead): number {
  const length = head.fields.known(CONTENT_LENGTH)
  const coding = head.fields.known(TRANSFER_ENCODING)
  if (length < 0 && coding < 0) return NO_CONTENT // 7.
  if (length >= 0 && coding >= 0) return LENGTH_AND_CODING // 3. "ought to be handled as an error"
  if (coding >= 0) return codedLength(head) // 4.
  if (head.fields.countOf(CONTENT_LENGTH) > 1) return REPEATED_FIELD // 5. even if they agree
  return decimal(head.fields.valueAt(length)) // 5. and 6.
}

/**
 * Case 4, RFC 9112 §6.1. A coding that we do not know is 501 also where no `chunked` follows, which §6.3 would have
 * be 400: that tells the client what to leave out, and the connection ends either way.
 */
function codedLength(head: RequestHead): number {
  if (head.versionMinor === 0) return CODING_IN_HTTP_1_0
  let last = ''
  let isUnknown = false
  for (const member of listMembers(head.fields.get('transfer-encoding')!)) {
    const coding = member.toLowerCase()
    if (last === 'chunked' || !TOKEN.test(coding)) return BAD_TRANSFER_CODING
    if (coding !== 'chunked') isUnknown = true
    last = coding
  }
  if (last === '') return BAD_TRANSFER_CODING
  return isUnknown ? CODING_NOT_IMPLEMENTED : CHUNKED
}

const TOKEN = /^[!#$%&'*+\-.^_`|~a-z0-9]+$/

/** `1*DIGIT` (RFC 9110 §8.6), of any length: what is too large to count is too large, but not wrong. */
function decimal(text: string): number {
  if (text === '') return BAD_CONTENT_LENGTH
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (DIGIT[code] !== 1) return BAD_CONTENT_LENGTH
    // Once beyond the largest safe integer it stays there, so the rounding of further digits does not matter.
    value = value * 10 + (code - DIGIT_0)
  }
  return value > Number.MAX_SAFE_INTEGER ? CONTENT_TOO_LARGE : value
}

/** RFC 9112 §9.3. `close` wins wherever it stands; HTTP/1.0 has to ask for persistence. */
export function mayPersist(head: RequestHead): boolean {
  const line = head.fields.known(CONNECTION)
  if (line < 0) return head.versionMinor > 0
  // What browsers send: worth 100 ns, because no string is made of it.
  if (head.fields.isWord(line, KEEP_ALIVE) && head.fields.countOf(CONNECTION) === 1) return true
  const options = listMembers(head.fields.get('connection')!.toLowerCase())
  return !options.includes('close') && (head.versionMinor > 0 || options.includes('keep-alive'))
}

const KEEP_ALIVE = Buffer.from('keep-alive', 'latin1')

/** What expectation() returns when the client waits to be told to go on. */
export const EXPECTS_CONTINUE = 1

/**
 * RFC 9110 §10.1.1.
 * @returns EXPECTS_CONTINUE; OK when nothing is expected, or by HTTP/1.0, where the field has no meaning; or a
 * refusal. Whether content is announced at all is for the caller to see.
 */
export function expectation(head: RequestHead): number {
  if (head.fields.known(EXPECT) < 0 || head.versionMinor === 0) return OK
  const expectations = listMembers(head.fields.get('expect')!)
  if (expectations.length === 0) return OK
  return expectations.every(one => one.toLowerCase() === '100-continue')
    ? EXPECTS_CONTINUE
    : EXPECTATION_FAILED
}
