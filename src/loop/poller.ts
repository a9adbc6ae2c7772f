/**
 * The words of readiness, and what `select.ts`, `poll.ts` and `epoll.ts` have in common.
 *
 *   poller.watch(fd, READABLE | WRITABLE)   from the next wait on; 0 stops watching
 *   poller.wait(timeoutMs)                  how many descriptors are ready
 *   poller.readyFd(i), readyFor(i)          which, and for what; valid until the next wait
 *
 * The three behave alike:
 * - level-triggered: what is not consumed is reported again;
 * - `watch` makes no system call: changes are collected, and applied together by the next `wait`;
 * - an error or a hang-up is reported as readiness for whatever is watched: the next recv or send tells its errno;
 * - what cannot be watched is reported to its owner (FAILED), and nobody else notices;
 * - readiness is a hint: a recv may still find nothing, when another reader was faster or a checksum was wrong
 *   (select(2), "BUGS"). Everybody who reads or writes expects EAGAIN.
 *
 * They do not know what a connection is, call nobody, and close nothing but their own descriptor.
 */

import type { Fd } from '../sys/libc.ts'

/** A set of the bits below. */
export type Readiness = number

export const NOTHING = 0
export const READABLE = 1
export const WRITABLE = 2
/** Only reported, never asked for: the system cannot watch this descriptor; its owner should give it up. */
export const FAILED = 4

export interface Poller {
  readonly name: PollerName
  /** Watches `fd` for `interest`, in place of what it was watched for before. */
  watch(fd: Fd, interest: Readiness): void
  /**
   * Other processes watch `fd` as well (a listening socket), and when it is ready one of them is enough. To be said before it is
   * watched; holds until it is forgotten. Only epoll can ask the kernel for that: with select and poll all wake up, and all but one
   * find nothing.
   */
  share(fd: Fd): void
  /**
   * `fd` is about to be closed: whatever the kernel knows of it will be gone. Makes no system call, except for a shared one:
   * @param isShared another process has the same socket open, so that closing ours does not take it out of a kernel's set
   */
  forget(fd: Fd, isShared?: boolean): void
  /**
   * Sleeps until a watched descriptor is ready.
   * @param timeoutMs whole milliseconds; 0 only looks; -1 sleeps without end
   * @returns how many are ready, or `-errno` (`-EINTR`: a signal came first)
   */
  wait(timeoutMs: number): number
  /** @param i from 0 to what `wait` returned - 1 */
  readyFd(i: number): Fd
  readyFor(i: number): Readiness
  /** Gives the poller's own resources back. */
  close(): void
}

export type PollerName = 'select' | 'poll' | 'epoll'
