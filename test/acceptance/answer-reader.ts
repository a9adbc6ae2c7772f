/**
 * Reads the answers of one connection, however they are cut, and hands out what they contain.
 *
 *   reader.expect(method)          a request is on its way: its answer is the next one
 *   reader.take(bytes, length)     what came
 *   reader.end()                   the server has closed: the end of an answer without length, or in the middle of one
 *
 * Not veille's own parser, on purpose: a client must not share the mistakes of its server. It is strict where a server must be
 * (RFC 9112 §6, §7), and knows no more than the acceptance case needs.
 */

export interface AnswerHead {
  readonly status: number
  /** Names in lower case; of several lines the last. */
  readonly fields: ReadonlyMap<string, string>
  readonly closes: boolean
}

export interface AnswerSink {
  onHead(head: AnswerHead): void
  /** `bytes` are valid in the call only. */
  onContent(bytes: Buffer, start: number, end: number): void
  onAnswer(): void
  /** The bytes are no answer, or not all of it. */
  onFault(words: string): void
}

const HEAD = 0
const CHUNK_SIZE = 1
const CHUNK_DATA = 2
const CHUNK_END = 3
const TRAILER = 4
const BY_LENGTH = 5
const TO_THE_END = 6
const FAULTY = 7
type State =
  | typeof HEAD
  | typeof CHUNK_SIZE
  | typeof CHUNK_DATA
  | typeof CHUNK_END
  | typeof TRAILER
  | typeof BY_LENGTH
  | typeof TO_THE_END
  | typeof FAULTY

const HEAD_LIMIT = 64 * 1024
/** Bytes that are looked at as text at once: a line about a chunk is short, and megabytes may stand behind it. */
const TEXT_BYTES = 256

export class AnswerReader {
  private readonly sink: AnswerSink
  private state: State = HEAD
  /** The method of the request that is to be answered; null between two. */
  private method: string | null = null
  /** The part of a head or line that has come. */
  private text = ''
  /** Bytes of content, or of a chunk, still to come. */
  private left = 0

  constructor(sink: AnswerSink) {
    this.sink = sink
  }

  expect(method: string): void {
    this.method = method
  }

  take(bytes: Buffer, length: number): void {
    for (let at = 0; at < length && this.state !== FAULTY; ) at = this.step(bytes, at, length)
  }

  end(): void {
    if (this.state === TO_THE_END) this.finish()
    else if (this.method !== null) this.fault('closed before the answer was whole')
  }

  /** @returns where the next step begins */
  private step(bytes: Buffer, at: number, length: number): number {
    if (this.method === null) return this.fault('bytes that nobody has asked for')
    switch (this.state) {
      case HEAD:
        return this.textUpTo('\r\n\r\n', bytes, at, length, head => this.readHead(head))
      case CHUNK_SIZE:
        return this.textUpTo('\r\n', bytes, at, length, line => this.readChunkSize(line))
      case CHUNK_END:
        return this.textUpTo('\r\n', bytes, at, length, line => {
          if (line !== '') return void this.fault('no CRLF behind a chunk')
          this.state = CHUNK_SIZE
        })
      case TRAILER:
        return this.textUpTo('\r\n', bytes, at, length, line => {
          if (line === '') this.finish()
        })
      default:
        return this.content(bytes, at, length)
    }
  }

  private content(bytes: Buffer, at: number, length: number): number {
    const end = this.state === TO_THE_END ? length : Math.min(length, at + this.left)
    this.sink.onContent(bytes, at, end)
    this.left -= end - at
    if (this.state !== TO_THE_END && this.left === 0) {
      if (this.state === CHUNK_DATA) this.state = CHUNK_END
      else this.finish()
    }
    return end
  }

  /** Text may come in pieces, its end too. */
  private textUpTo(
    mark: string,
    bytes: Buffer,
    at: number,
    length: number,
    use: (text: string) => void,
  ): number {
    const already = this.text.length
    const end = Math.min(length, at + TEXT_BYTES)
    this.text += bytes.toString('latin1', at, end)
    const found = this.text.indexOf(mark)
    if (found < 0) return this.text.length > HEAD_LIMIT ? this.fault('a line without end') : end
    const text = this.text.slice(0, found)
    this.text = ''
    use(text)
    return at + found + mark.length - already
  }

  private readHead(text: string): void {
    const [first = '', ...lines] = text.split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/.exec(first)?.[1])
    if (Number.isNaN(status)) return void this.fault(`not a status line: ${JSON.stringify(first)}`)
    if (status < 200) return
    const fields = new Map<string, string>()
    for (const line of lines) {
      const [, name, value] = /^([!#-'*+.^-z|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
      if (name === undefined || value === undefined)
        return void this.fault(`not a field: ${JSON.stringify(line)}`)
      fields.set(name.toLowerCase(), value)
    }
    const closes = /\bclose\b/i.test(fields.get('connection') ?? '')
    this.sink.onHead({ status, fields, closes })
    this.frame(status, fields)
  }

  /** RFC 9112 §6.3, the cases that a client meets. */
  private frame(status: number, fields: ReadonlyMap<string, string>): void {
    const coding = fields.get('transfer-encoding')
    const length = fields.get('content-length')
    if (this.method === 'HEAD' || status === 204 || status === 304) return void this.finish()
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked' || length !== undefined) return void this.fault('two framings')
      this.state = CHUNK_SIZE
    } else if (length === undefined) this.state = TO_THE_END
    else if (!/^\d{1,15}$/.test(length)) this.fault(`Content-Length: ${length}`)
    else if (Number(length) === 0) this.finish()
    else {
      this.state = BY_LENGTH
      this.left = Number(length)
    }
  }

  private readChunkSize(line: string): void {
    if (!/^[\da-f]{1,12}$/i.test(line))
      return void this.fault(`not the size of a chunk: ${JSON.stringify(line)}`)
    this.left = Number.parseInt(line, 16)
    this.state = this.left === 0 ? TRAILER : CHUNK_DATA
  }

  private finish(): void {
    this.state = HEAD
    this.method = null
    this.sink.onAnswer()
  }

  private fault(words: string): number {
    this.state = FAULTY
    this.method = null
    this.sink.onFault(words)
    return Number.POSITIVE_INFINITY
  }
}
