/**
 * PCRE2 itself, the library that nginx is linked with, for a second opinion about what a regular expression means.
 *
 *   missingPcre2             the word for `skip` when it is not installed, otherwise false
 *   pcre2(source, isCaseless)  a compiled pattern, or the message and offset of its mistake
 *   pattern.match(subject)   its groups, null for no match, or the number of an error such as a limit that was reached
 *
 * As nginx calls it: bytes, not UTF, but for (*UTF8).
 */

import koffi from 'koffi'

const CASELESS = 0x8
const NOMATCH = -1

export interface Pcre2Pattern {
  match(subject: string): (string | undefined)[] | null | number
}

export interface Pcre2Mistake {
  readonly message: string
  readonly at: number
}

interface Library {
  readonly compile: (...args: unknown[]) => unknown
  readonly messageOf: (...args: unknown[]) => number
  readonly newMatch: (...args: unknown[]) => unknown
  readonly match: (...args: unknown[]) => number
  readonly groups: (...args: unknown[]) => unknown
}

function load(): Library | null {
  try {
    const library = koffi.load('libpcre2-8.so.0')
    const bind = <F>(prototype: string): F => library.func(prototype) as unknown as F
    return {
      compile: bind(
        'void *pcre2_compile_8(void *source, size_t length, uint32_t options, void *error, void *offset, void *context)',
      ),
      messageOf: bind('int pcre2_get_error_message_8(int error, void *buffer, size_t length)'),
      newMatch: bind('void *pcre2_match_data_create_from_pattern_8(void *code, void *context)'),
      match: bind(
        'int pcre2_match_8(void *code, void *subject, size_t length, size_t start, uint32_t options, void *match, void *context)',
      ),
      groups: bind('void *pcre2_get_ovector_pointer_8(void *match)'),
    }
  } catch {
    return null
  }
}

const library = load()

export const missingPcre2 = library === null && 'PCRE2 is not installed (apt-get install libpcre2-8-0)'

/** Patterns are not freed: a test compiles some thousands. */
export function pcre2(source: string, isCaseless: boolean): Pcre2Pattern | Pcre2Mistake {
  const { compile, messageOf, newMatch, match, groups } = library!
  const bytes = Buffer.from(source)
  const [error, offset] = [Buffer.alloc(4), Buffer.alloc(8)]
  const code = compile(bytes, bytes.length, isCaseless ? CASELESS : 0, error, offset, null)
  if (code === null) {
    const message = Buffer.alloc(256)
    const length = messageOf(error.readInt32LE(), message, message.length)
    return { message: message.toString('latin1', 0, length), at: Number(offset.readBigUInt64LE()) }
  }
  const found = newMatch(code, null)
  return {
    match(subject) {
      const text = Buffer.from(subject)
      const count = match(code, text, text.length, 0, 0, found, null)
      if (count === NOMATCH) return null
      if (count < 0) return count
      const places = new BigUint64Array(koffi.view(groups(found), count * 16))
      return Array.from({ length: count }, (_, n) => {
        const [from, to] = [places[2 * n]!, places[2 * n + 1]!]
        return from > 0xffffffffn ? undefined : text.toString('utf8', Number(from), Number(to))
      })
    },
  }
}
