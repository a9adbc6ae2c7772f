/**
 * Where veille and llhttp may differ on what is a request, and why. Whatever is not in these two lists fails.
 *
 *   STRICTER                 veille refuses what llhttp lets pass
 *   LENIENT                  veille answers what llhttp refuses
 *   explanation(list, …)     which of them a case is
 *
 * Neither list is about reading: a message that both accept has one method, one target and one content.
 */

import { METHODS } from 'node:http'
import {
  BAD_AUTHORITY,
  BAD_CHUNK_EXTENSION,
  BAD_ESCAPE,
  BAD_HOST,
  BAD_LINE_END,
  BAD_PATH_TEXT,
  BAD_REQUEST_LINE,
  BAD_TARGET_CHAR,
  BAD_TARGET_FORM,
  BAD_TRANSFER_CODING,
  BAD_VERSION,
  CODING_NOT_IMPLEMENTED,
  EXPECTATION_FAILED,
  MISSING_HOST,
  NO_SUCH_PATH,
  PATH_ABOVE_ROOT,
  REPEATED_FIELD,
  refusalOf,
  WRONG_SCHEME,
} from '../../src/http/refusals.ts'
import type { Accepted } from './second-opinion.ts'

/** Exactly one of the two parsers has accepted a message. */
interface Difference {
  readonly why: string
  /** Refusals of veille, if it is one of those. */
  readonly codes?: readonly number[]
  /** @param message what the other has accepted @param text all that was sent */
  applies?(message: Accepted, text: string): boolean
}

const TARGETS = 'llhttp takes almost any octet in a target, and leaves its meaning to others'
const HOSTS = 'llhttp knows no Host; node:http only asks whether there is one, if at all'
const TABS = 'llhttp takes no tab behind a number or a word; RFC 9110 §5.6.3 does'

export const STRICTER: readonly Difference[] = [
  { why: TARGETS, codes: [BAD_TARGET_CHAR, BAD_TARGET_FORM, BAD_ESCAPE, BAD_AUTHORITY, WRONG_SCHEME] },
  { why: TARGETS, codes: [BAD_PATH_TEXT, PATH_ABOVE_ROOT, NO_SUCH_PATH] },
  { why: HOSTS, codes: [MISSING_HOST, BAD_HOST] },
  { why: 'llhttp joins fields that may stand once', codes: [REPEATED_FIELD] },
  { why: 'a line without version is HTTP/0.9 to llhttp', codes: [BAD_REQUEST_LINE] },
  { why: 'llhttp takes several spaces before the version', codes: [BAD_VERSION] },
  { why: 'a line feed before the method is nothing to llhttp', codes: [BAD_LINE_END] },
  { why: 'an expectation is for the application in node:http', codes: [EXPECTATION_FAILED] },
  { why: 'other transfer codings are for the application in node:http', codes: [CODING_NOT_IMPLEMENTED] },
  { why: 'an empty Transfer-Encoding is none to llhttp', codes: [BAD_TRANSFER_CODING] },
  { why: 'llhttp takes an empty chunk extension', codes: [BAD_CHUNK_EXTENSION] },
  { why: TABS, applies: (_message, text) => /^connection:[^\r]*close[ \t]*\t/im.test(text) },
]

export const LENIENT: readonly Difference[] = [
  {
    why: 'llhttp takes nothing beyond ASCII in a target',
    applies: message => /[\x80-\xff]/.test(message.target),
  },
  {
    why: 'llhttp refuses methods that are not in its list; to veille they are tokens, and get 501',
    applies: message => message.content === null && !METHODS.includes(message.method),
  },
  {
    why: 'llhttp knows no minor version above 1; RFC 9110 §2.5 wants them treated as 1.1',
    applies: message => message.versionMinor > 1,
  },
  {
    why: 'llhttp takes no white space in chunk extensions; RFC 9112 §7.1.1 does',
    applies: (_message, text) => /^[0-9a-f]+(?:[ \t]|;[^\r\n]*[ \t])/im.test(text),
  },
  {
    why: TABS,
    applies: (_message, text) =>
      /^(?:content-length|transfer-encoding|connection):[^\r\n]*\t[ \t]*\r/im.test(text),
  },
  {
    why: 'llhttp takes no empty member behind chunked; RFC 9110 §5.6.1.2 does',
    applies: (_message, text) => /^transfer-encoding:[^\r\n]*,[ \t]*\r/im.test(text),
  },
]

/** @param words of veille's refusal, '' when there was none @returns why, or null when nobody knows */
export function explanation(
  list: readonly Difference[],
  message: Accepted,
  text: string,
  words: string,
): string | null {
  const found = list.find(
    ({ codes, applies }) =>
      codes?.some(code => refusalOf(code).words === words) === true || applies?.(message, text) === true,
  )
  return found?.why ?? null
}
