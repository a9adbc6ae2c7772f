/**
 * How fast an answer may leave: nginx's `limit_rate` and `limit_rate_after`, by nginx's formula (`ngx_http_write_filter`).
 *
 *   pace.allowance(now)     bytes that may leave now, 0 for none
 *   pace.count(n, now)      so many have left
 *   pace.nextAt             nothing leaves before
 *
 * At each moment as much may have left as the rate gives for the time that has passed and for one second more, and `afterBytes` on
 * top of it. Once that is used up, nothing leaves for the time that what left since the last such pause takes at the rate. So an
 * answer leaves in shares of about a second, each of which costs one wake-up, and the whole of it takes one second less than it would
 * take at the bare rate. A socket that takes less than it may is not slowed down any further.
 *
 * Times are milliseconds of the loop's clock.
 */

export class Pace {
  nextAt = 0
  private bytesPerSecond: number
  /** What may leave before anything is counted. */
  private afterBytes: number
  private readonly startedAt: number
  private sentBytes = 0
  /** What has left since the last pause, as far as it counts. */
  private shareBytes = 0

  /** @param startedAt when the time began to count: with the request, so that a slow answer has saved something up */
  constructor(bytesPerSecond: number, afterBytes: number, startedAt: number) {
    this.bytesPerSecond = bytesPerSecond
    this.afterBytes = afterBytes
    this.startedAt = startedAt
  }

  /** Another rate; what has left already stays counted. */
  change(bytesPerSecond: number, afterBytes: number): void {
    this.bytesPerSecond = bytesPerSecond
    this.afterBytes = afterBytes
  }

  /** When it is 0, `nextAt` tells until when. */
  allowance(now: number): number {
    if (now < this.nextAt) return 0
    const left = this.left(now)
    if (left < 1) this.nextAt = now + ((1 - left) * 1000) / this.bytesPerSecond
    return Math.max(0, Math.floor(left))
  }

  count(sentBytes: number, now: number): void {
    this.shareBytes += Math.min(sentBytes, Math.max(0, this.sentBytes + sentBytes - this.afterBytes))
    this.sentBytes += sentBytes
    if (this.left(now) >= 1) return
    this.nextAt = now + (this.shareBytes * 1000) / this.bytesPerSecond
    this.shareBytes = 0
  }

  private left(now: number): number {
    const seconds = (now - this.startedAt) / 1000 + 1
    return this.bytesPerSecond * seconds - (this.sentBytes - this.afterBytes)
  }
}
