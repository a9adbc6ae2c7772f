/**
 * Counts the answers in a stream of bytes, however the bytes are cut: what a client must know, and no more.
 *
 *   Answers.feed(chunk)   takes bytes
 *   Answers.complete      answers received whole; `last` is the head of the last one
 *
 * It reads the status and Content-Length only; an answer without Content-Length throws, since all that bench/
 * asks for has a known length. Not veille's own parser, on purpose: a measure must not share a mistake.
 */
export interface Head {
  status: number
  contentBytes: number
  /** Head and content together. */
  answerBytes: number
  closes: boolean
}

export class Answers {
  complete = 0
  bytes = 0
  last: Head | null = null
  #head = ''
  #current: Head | null = null
  #contentLeft = 0

  feed(chunk: Buffer): void {
    this.bytes += chunk.length
    let at = 0
    while (at < chunk.length) at = this.#current === null ? this.#readHead(chunk, at) : this.#skip(chunk, at)
  }

  #readHead(chunk: Buffer, at: number): number {
    const already = this.#head.length
    this.#head += chunk.toString('latin1', at)
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return chunk.length
    this.#current = readHead(this.#head.slice(0, end + 4))
    this.#contentLeft = this.#current.contentBytes
    this.#head = ''
    if (this.#contentLeft === 0) this.#finish()
    return at + end + 4 - already
  }

  #skip(chunk: Buffer, at: number): number {
    const here = Math.min(chunk.length - at, this.#contentLeft)
    this.#contentLeft -= here
    if (this.#contentLeft === 0) this.#finish()
    return at + here
  }

  #finish(): void {
    this.complete++
    this.last = this.#current
    this.#current = null
  }
}

function readHead(text: string): Head {
  const status = /^HTTP\/1\.[01] (\d{3}) /.exec(text)
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(text)
  if (status === null) throw new Error(`not an HTTP/1.1 answer: ${JSON.stringify(text.slice(0, 60))}`)
  if (status?.[1] === '204')
    return { status: 204, contentBytes: 0, answerBytes: text.length, closes: closes(text) }
  if (length === null) throw new Error(`an answer without Content-Length: ${JSON.stringify(text)}`)
  const contentBytes = Number(length[1])
  return {
    status: Number(status[1]),
    contentBytes,
    answerBytes: text.length + contentBytes,
    closes: closes(text),
  }
}

function closes(text: string): boolean {
  return /\r\nconnection: *close\r\n/i.test(text)
}
