/**
 * Where lines go: stdout or stderr, whatever becomes of them.
 *
 *   const output = outputTo(process.stdout, count => …)
 *   output.write('one or more whole lines\n')
 *
 * A reader that has gone (`veille | head -1`), a full disk, a terminal that was closed: the lines are lost and the server goes on.
 * A reader that is behind does not stop it either: Node queues what a pipe does not take, and beyond a limit lines are dropped.
 */

/** Some ten thousand lines: what a reader may be behind. */
const MOST_QUEUED_BYTES = 1024 * 1024

export interface Output {
  write(lines: string): void
}

/** The part of a writable stream of Node that is needed. */
export interface OutputStream {
  readonly writableLength: number
  write(text: string): boolean
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
}

/** @param onLost told when lines go through again, how many did not */
export function outputTo(stream: OutputStream, onLost: (count: number) => void = () => {}): Output {
  let isGone = false
  let lostCount = 0
  // A disk may have room again later; a reader that has gone does not come back.
  stream.on('error', ({ code }) => (isGone ||= code !== 'ENOSPC' && code !== 'EDQUOT'))
  return {
    write(lines) {
      if (isGone) return
      if (stream.writableLength > MOST_QUEUED_BYTES) {
        lostCount += lines.split('\n').length - 1
        return
      }
      if (lostCount > 0) onLost(lostCount)
      lostCount = 0
      stream.write(lines)
    },
  }
}
