/**
 * The calls that move bytes and connections through watched descriptors: sockets, and the pipes of programs. Nobody else makes them
 * (`test/readiness-sources.test.ts` looks), so that here one can count them, or hold them to a rule.
 *
 *   loop.calls                          those in force in a loop
 *   freeCalls                           at any time: try first, and wait for readiness when the kernel says EAGAIN
 *   new AccountedCalls(account, false)  the same, counted
 *   new AccountedCalls(account, true)   `strict_readiness on`: a call is only made when the poller has said so in this iteration, and
 *                                       one per descriptor; in place of any other there is NOT_TOLD, and its caller watches
 *
 * Results are those of `sys/libc.ts`: counts, or `-errno`. Whether an errno is a reason to try again is asked here as well
 * (`mustWait`): by the strict rules it never is.
 *
 * Regular files are always ready (poll(2)), and are read and written elsewhere.
 */

import { EAGAIN, EINTR } from '../errno.ts'
import { accept4, type Fd, read, recv, send, sendfile, write, writePair } from '../sys/libc.ts'
import { READABLE, type Readiness, WRITABLE } from './poller.ts'
import type { ReadinessAccount } from './readiness-account.ts'

/** No call was made: the poller has not said that the descriptor is ready. Outside the range of errno. */
export const NOT_TOLD = -4097

export interface Calls {
  /** One operation per descriptor and iteration, and none that the poller has not announced. */
  readonly isStrict: boolean
  /** @returns bytes received, 0 at the end of input */
  receive(fd: Fd, buffer: Uint8Array): number
  /** Sends the first `sizeBytes` bytes. @param flags MSG_MORE: more follows at once */
  send(fd: Fd, buffer: Uint8Array, sizeBytes: number, flags: number): number
  /**
   * Sends two buffers without joining them.
   * @param tailBytes that follow behind, and stand in the first buffer behind its `firstBytes`
   * @returns bytes taken of all together
   */
  sendPair(fd: Fd, first: Uint8Array, firstBytes: number, second: Uint8Array, tailBytes: number): number
  /** @returns bytes sent from `offset` of the file, 0 when the file is shorter than that */
  sendFile(fd: Fd, file: Fd, offset: number, sizeBytes: number): number
  /** See `accept4` in `sys/libc.ts`. */
  accept(fd: Fd, address: Uint8Array, flags: number): number
  /** Of a pipe. @returns bytes read, 0 at the end */
  read(fd: Fd, buffer: Uint8Array): number
  /** To a pipe. @returns bytes written, perhaps fewer */
  write(fd: Fd, buffer: Uint8Array): number
  /** Would a call that sends be made now? */
  maySend(fd: Fd): boolean
  /** Nothing was moved, and nothing is wrong: the descriptor is to be watched. */
  mustWait(result: number): boolean
}

export const freeCalls: Calls = {
  isStrict: false,
  receive: recv,
  send,
  sendPair: writePair,
  sendFile: sendfile,
  accept: accept4,
  read,
  write,
  maySend: () => true,
  mustWait: result => result === -EAGAIN || result === -EINTR,
}

export class AccountedCalls implements Calls {
  readonly isStrict: boolean
  private readonly account: ReadinessAccount

  constructor(account: ReadinessAccount, isStrict: boolean) {
    this.account = account
    this.isStrict = isStrict
  }

  receive(fd: Fd, buffer: Uint8Array): number {
    return this.begin(fd, READABLE) ? recv(fd, buffer) : NOT_TOLD
  }

  send(fd: Fd, buffer: Uint8Array, sizeBytes: number, flags: number): number {
    return this.begin(fd, WRITABLE) ? send(fd, buffer, sizeBytes, flags) : NOT_TOLD
  }

  sendPair(fd: Fd, first: Uint8Array, firstBytes: number, second: Uint8Array, tailBytes: number): number {
    return this.begin(fd, WRITABLE) ? writePair(fd, first, firstBytes, second, tailBytes) : NOT_TOLD
  }

  sendFile(fd: Fd, file: Fd, offset: number, sizeBytes: number): number {
    return this.begin(fd, WRITABLE) ? sendfile(fd, file, offset, sizeBytes) : NOT_TOLD
  }

  accept(fd: Fd, address: Uint8Array, flags: number): number {
    if (this.isStrict && !this.account.isFree(fd, READABLE)) return NOT_TOLD
    this.account.noteAccept(fd)
    return accept4(fd, address, flags)
  }

  read(fd: Fd, buffer: Uint8Array): number {
    return this.begin(fd, READABLE) ? read(fd, buffer) : NOT_TOLD
  }

  write(fd: Fd, buffer: Uint8Array): number {
    return this.begin(fd, WRITABLE) ? write(fd, buffer) : NOT_TOLD
  }

  maySend(fd: Fd): boolean {
    return !this.isStrict || this.account.isFree(fd, WRITABLE)
  }

  mustWait(result: number): boolean {
    if (this.isStrict) return result === NOT_TOLD
    const waits = freeCalls.mustWait(result)
    if (waits) this.account.noteDecision()
    return waits
  }

  /** @returns whether the call is to be made; then it is counted */
  private begin(fd: Fd, kind: Readiness): boolean {
    if (this.isStrict && !this.account.isFree(fd, kind)) return false
    this.account.note(fd, kind)
    return true
  }
}
