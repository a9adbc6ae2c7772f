/**
 * The fields that the server reads, or that modules often ask for, one row each: a number by which a parsed section finds them at once.
 *
 *   HOST, CONNECTION, …             the numbers
 *   SINGLETONS                      the set of those that may stand on one line only, as bits
 *   knownField(bytes, start, end)   the number of the name in these bytes, in any case, or -1
 *   knownFieldNamed(lowerName)      the same for a lower-case string
 *
 * There are at most 31, so that a set of them is one integer. Who wants to look up a further field needs no row
 * here: every field can be found by its name, at the price of a walk over the section.
 */
import { spells } from './bytes.ts'

const names: string[] = []
let singletons = 0

/** Adds a row. A singleton (RFC 9110 §5.5) has one value: where two lines give two, they contradict each other. */
function field(lowerName: string, mayRepeat: 'list' | 'once' = 'list'): number {
  if (mayRepeat === 'once') singletons |= 1 << names.length
  return names.push(lowerName) - 1
}

export const HOST = field('host', 'once')
export const CONNECTION = field('connection')
export const CONTENT_LENGTH = field('content-length', 'once')
export const TRANSFER_ENCODING = field('transfer-encoding')
export const EXPECT = field('expect')
export const UPGRADE = field('upgrade')
export const CONTENT_TYPE = field('content-type', 'once')
export const CONTENT_ENCODING = field('content-encoding')
export const RANGE = field('range')
export const IF_RANGE = field('if-range')
export const IF_MATCH = field('if-match')
export const IF_NONE_MATCH = field('if-none-match')
export const IF_MODIFIED_SINCE = field('if-modified-since')
export const IF_UNMODIFIED_SINCE = field('if-unmodified-since')
export const ACCEPT = field('accept')
export const ACCEPT_ENCODING = field('accept-encoding')
export const ACCEPT_LANGUAGE = field('accept-language')
export const USER_AGENT = field('user-agent')
export const REFERER = field('referer')
export const ORIGIN = field('origin')
export const COOKIE = field('cookie')
export const AUTHORIZATION = field('authorization')
export const CACHE_CONTROL = field('cache-control')
export const SEC_FETCH_MODE = field('sec-fetch-mode')
export const SEC_FETCH_DEST = field('sec-fetch-dest')
export const X_FORWARDED_FOR = field('x-forwarded-for')
export const X_REQUESTED_WITH = field('x-requested-with')

/** Every known name, at the index of its number. */
export const KNOWN_FIELDS: readonly string[] = names

/** Bit `1 << HOST` and so on, for the fields that a message may hold once. */
export const SINGLETONS = singletons

/** Room for four times the names: most slots are empty, so most unknown names are told by one look. */
const SLOTS = 128
const EMPTY = -1

/**
 * Length, first and last letter of the lower-cased name. Fewer bytes than a hash of the whole name would read,
 * and no less safe: the table holds our names only, so a sender can at most cause the one comparison that a
 * known name costs anyway.
 */
function slotOf(length: number, first: number, last: number): number {
  return (length * 5 + (first | 0x20) * 11 + (last | 0x20) * 3) % SLOTS
}

const bySlot = new Int8Array(SLOTS).fill(EMPTY)
const spelling = KNOWN_FIELDS.map(name => Buffer.from(name, 'latin1'))
for (const [id, name] of spelling.entries()) {
  let slot = slotOf(name.length, name[0]!, name[name.length - 1]!)
  while (bySlot[slot] !== EMPTY) slot = (slot + 1) % SLOTS
  bySlot[slot] = id
}

/** @param start the first byte of a name that is a token and not empty, which ends before `end` */
export function knownField(bytes: Buffer, start: number, end: number): number {
  let slot = slotOf(end - start, bytes[start]!, bytes[end - 1]!)
  for (let id = bySlot[slot]!; id !== EMPTY; id = bySlot[slot]!) {
    if (spells(bytes, start, end, spelling[id]!)) return id
    slot = (slot + 1) % SLOTS
  }
  return -1
}

const byName = new Map(KNOWN_FIELDS.map((name, id) => [name, id]))

export function knownFieldNamed(lowerName: string): number {
  return byName.get(lowerName) ?? -1
}
