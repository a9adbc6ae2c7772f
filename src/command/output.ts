/**
 * Where lines go: stdout or stderr, whatever becomes of them.
 *
 *   const output = outputTo(process.stdout, count => …)
 *   output.write('one or more whole lines\n')
 *
 * A reader that has gone (`veille | head -1`), a full disk, a terminal that was closed: the lines are lost and the server goes on.
 * A reader that is behind does not stop it either, nor a terminal on which Ctrl-S was pressed: Node queues what is not taken, and
 * beyond a limit lines are dropped.
 */

import { closeSync, constants, openSync } from 'node:fs'

/** Some ten thousand lines: what a reader may be behind. */
const MOST_QUEUED_BYTES = 1024 * 1024

export interface Output {
  write(lines: string): void
}

/** The part of a writable stream of Node that is needed. */
export interface OutputStream {
  readonly isTTY?: boolean
  readonly fd?: number
  readonly writableLength: number
  write(text: string): boolean
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
}

/** @param onLost told when lines go through again, how many did not */
export function outputTo(stream: OutputStream, onLost: (count: number) => void = () => {}): Output {
  let isGone = false
  let lostCount = 0
  if (stream.isTTY === true) doNotWaitFor(stream)
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

/**
 * libuv has opened the terminal anew, so that its own descriptor need not wait and those of other programs stay as they are; Node
 * then makes it wait again, and has no public function to change that. Where the terminal cannot be opened (it belongs to another
 * user), the descriptor is the shell's as well, and is left alone.
 */
function doNotWaitFor(stream: OutputStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?(yes: boolean): void } }
  if (handle?.setBlocking !== undefined && mayOpenAnew(stream.fd ?? -1)) handle.setBlocking(false)
}

function mayOpenAnew(fd: number): boolean {
  try {
    closeSync(openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NOCTTY))
    return true
  } catch {
    return false
  }
}
