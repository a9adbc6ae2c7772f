/**
 * What a program writes to its stderr, as lines for a log: printable, not too long, not too many.
 *
 *   const lines = new ErrorLines(words => log.error(words))
 *   lines.take(bytes)        tells each line that is complete
 *   lines.end()              and what is left
 *
 * Octets that are UTF-8 are text; controls and everything else are shown as \x1B: a line of a log is one line, and does nothing to a terminal.
 */

import { LF } from '../http/bytes.ts'

/** Longer lines are told in pieces (nginx cuts at 2048, all in all). */
const MOST_LINE_BYTES = 1024
/** Of one program; what comes behind is dropped, and that is told once. */
const MOST_BYTES = 64 * 1024

export class ErrorLines {
  private readonly tell: (words: string) => void
  private rest: Buffer = Buffer.alloc(0)
  private toldBytes = 0

  constructor(tell: (words: string) => void) {
    this.tell = tell
  }

  /** @param bytes are the caller's again after the call */
  take(bytes: Buffer): void {
    if (this.toldBytes > MOST_BYTES) return
    const all = Buffer.concat([this.rest, bytes])
    let at = 0
    while (at < all.length) {
      const end = all.indexOf(LF, at)
      if (end < 0 && all.length - at < MOST_LINE_BYTES) break
      const stop = end < 0 ? at + MOST_LINE_BYTES : Math.min(end, at + MOST_LINE_BYTES)
      this.tellLine(all.subarray(at, stop))
      at = stop === end ? end + 1 : stop
    }
    this.rest = all.subarray(at)
  }

  end(): void {
    this.tellLine(this.rest)
    this.rest = this.rest.subarray(0, 0)
  }

  private tellLine(line: Buffer): void {
    if (line.length === 0 || this.toldBytes > MOST_BYTES) return
    this.toldBytes += line.length
    if (this.toldBytes > MOST_BYTES) this.tell('… and more, which is not logged')
    else this.tell(printable(line))
  }
}

const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufffd]/g

/** A tab may stay; a CR before the line's end is none of the line. */
export function printable(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  const isUtf8 = !text.includes('\ufffd')
  const line = isUtf8 ? text : bytes.toString('latin1')
  const shown = line.replace(/\r$/, '')
  return shown.replace(isUtf8 ? CONTROLS : /[^\t\x20-\x7e]/g, char => {
    const code = char.codePointAt(0)!
    return code < 0x100
      ? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
      : `\\u${code.toString(16).toUpperCase()}`
  })
}
