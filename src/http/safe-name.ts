/**
 * Names of files that somebody else has chosen, made safe to be used in a directory of ours.
 *
 *   safeName('C:\\a\\b.txt')         'b.txt'; '' when nothing is left
 *   numberedName('b.txt', 2)          'b-2.txt'
 *   isStoredName('b.txt')             whether `safeName` could have made it: what else is asked for is not there
 *
 * What is left is one name: no path of Unix or Windows, no controls and nothing that turns the direction of writing, no dot at its begin,
 * no blanks around it, and short enough for a file system with a number added. All else stays as people wrote it, in the one form of
 * Unicode that most file systems and browsers write (NFC).
 */

/** In octets (limits.h). */
const NAME_MAX = 255
/** A number may follow. */
const MOST_BYTES = 240
/** Longer endings are no file type, and may be cut. */
const MOST_ENDING_BYTES = 32

/** Controls of ASCII and Latin-1, line and paragraph separators, marks of direction, and halves of characters. */
const UNWANTED =
  /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu

export function safeName(name: string): string {
  return shortened(cleaned(name))
}

/** A number makes a name longer than `safeName` does. */
export function isStoredName(name: string): boolean {
  return name !== '' && cleaned(name) === name && Buffer.byteLength(name) <= NAME_MAX
}

function cleaned(name: string): string {
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  const plain = last.normalize('NFC').replace(UNWANTED, '_')
  return plain.replace(/^[\s.]+|\s+$/g, '')
}

/** Before the ending, where people look for it. */
export function numberedName(name: string, number: number): string {
  const at = endingAt(name)
  return `${name.slice(0, at)}-${number}${name.slice(at)}`
}

/** `.tar.gz` is one ending. @returns where it begins; the length when there is none */
function endingAt(name: string): number {
  const found = /(?:\.tar)?\.[^.\s]+$/i.exec(name)
  return found === null || found.index === 0 ? name.length : found.index
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MOST_BYTES) return name
  const at = endingAt(name)
  const ending = Buffer.byteLength(name.slice(at)) <= MOST_ENDING_BYTES ? name.slice(at) : ''
  const room = MOST_BYTES - Buffer.byteLength(ending)
  let stem = ''
  let bytes = 0
  for (const character of name) {
    bytes += Buffer.byteLength(character)
    if (bytes > room) break
    stem += character
  }
  return stem.trimEnd() + ending
}
