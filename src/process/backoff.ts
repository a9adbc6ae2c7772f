/**
 * How long to wait before a worker that has died is replaced, so that one that dies at once does not take a whole processor.
 *
 *   const backoff = new Backoff()               one per place of a worker
 *   backoff.delayAfter(livedMs)                 milliseconds
 *
 * The first death costs no wait: nginx never waits. From the second one in short succession on it doubles, up to a limit; a worker
 * that lives for a while makes everything forgotten.
 */

/** What lived shorter has died "at once". */
const SHORT_LIFE_MS = 5000
const FIRST_DELAY_MS = 100
const MOST_DELAY_MS = 10_000

export class Backoff {
  private shortLives = 0

  delayAfter(livedMs: number): number {
    this.shortLives = livedMs < SHORT_LIFE_MS ? this.shortLives + 1 : 0
    return this.shortLives < 2 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (this.shortLives - 2), MOST_DELAY_MS)
  }
}
