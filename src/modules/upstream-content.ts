/**
 * The content of a request on its way to a peer.
 *
 *   new StoredFeed(x, content)        of a content that is stored as a whole: it can be given to one peer after another
 *   new StreamedFeed(x)               as it comes from the client: to one peer only
 *   NO_CONTENT                        there is none, or it is not wanted
 *
 *   feed.begin(to)                    the peer is there
 *   feed.goOn()                       it has taken what it was given
 *   feed.stop()                       it wants no more
 */

import { EIO, errnoForLog } from '../errno.ts'
import type { Exchange } from '../server/exchange.ts'
import type { ContentConsumer } from '../server/responder.ts'
import type { StoredContent } from '../server/stored-content.ts'

/** Who takes the content. */
export interface ContentTaker {
  readonly isCongested: boolean
  /** @param bytes are the caller's again after the call */
  write(bytes: Buffer): void
  endContent(): void
}

export interface ContentFeed {
  /** It can be given once only, and was. */
  readonly isSpent: boolean
  begin(to: ContentTaker): void
  goOn(): void
  stop(): void
}

export const NO_CONTENT: ContentFeed = {
  isSpent: false,
  begin: to => to.endContent(),
  goOn() {},
  stop() {},
}

/** A file is read in such pieces, so many in a row before others have their turn. */
const PIECE_BYTES = 64 * 1024
const PIECES_PER_TURN = 8
/** Read into and given on at once: no exchange owns one. */
const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)

export class StoredFeed implements ContentFeed {
  readonly isSpent = false
  private readonly x: Exchange
  private readonly content: StoredContent
  private to: ContentTaker | null = null
  private offset = 0
  private willTakeTurn = false

  constructor(x: Exchange, content: StoredContent) {
    this.x = x
    this.content = content
  }

  begin(to: ContentTaker): void {
    const { bytes } = this.content
    this.to = to
    this.offset = 0
    if (bytes === null) this.goOn()
    else {
      if (bytes.length > 0) to.write(bytes)
      to.endContent()
      this.to = null
    }
  }

  goOn(): void {
    for (let pieces = 0; this.to !== null && !this.to.isCongested; pieces++) {
      if (pieces === PIECES_PER_TURN) {
        this.askForTurn()
        return
      }
      this.givePiece(this.to)
    }
  }

  stop(): void {
    this.to = null
  }

  onTurn(): void {
    this.willTakeTurn = false
    this.goOn()
  }

  onFailure(error: unknown): void {
    this.x.crash(error)
  }

  private askForTurn(): void {
    if (this.willTakeTurn) return
    this.willTakeTurn = true
    this.x.loop.again(this)
  }

  private givePiece(to: ContentTaker): void {
    const { file, sizeBytes } = this.content
    const wanted = Math.min(PIECE_BYTES, sizeBytes - this.offset)
    if (wanted === 0) {
      this.stop()
      to.endContent()
      return
    }
    const n = file?.readInto(piece.subarray(0, wanted), this.offset) ?? -EIO
    if (n <= 0) {
      this.stop()
      this.x.log.crit(`the stored content of a request cannot be read ${errnoForLog(n)}`)
      this.x.fail(500)
      return
    }
    this.offset += n
    to.write(piece.subarray(0, n))
  }
}

export class StreamedFeed implements ContentFeed, ContentConsumer {
  isSpent = false
  private readonly x: Exchange
  private to: ContentTaker | null = null

  constructor(x: Exchange) {
    this.x = x
  }

  begin(to: ContentTaker): void {
    this.isSpent = true
    this.to = to
    this.x.readContent(this)
  }

  goOn(): void {
    if (this.to !== null) this.x.resumeContent()
  }

  /** What still comes is thrown away, so that the next request can be found. */
  stop(): void {
    if (this.to === null) return
    this.to = null
    this.x.resumeContent()
  }

  onContent(bytes: Buffer): void {
    if (this.to === null) return
    this.to.write(bytes)
    if (this.to?.isCongested === true) this.x.pauseContent()
  }

  onContentEnd(): void {
    const { to } = this
    this.to = null
    to?.endContent()
  }
}
