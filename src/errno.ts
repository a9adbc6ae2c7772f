/**
 * Leaf: the error numbers of errno(3), by name, by number and in words.
 *
 *   EAGAIN, EINTR, …      numbers of this platform, positive
 *   errnoName(11)         'EAGAIN'
 *   errnoWords(11)        'resource temporarily unavailable'
 *
 * Results of system calls are carried as `-errno`; both functions take either sign. Only the numbers that
 * the server itself compares with have a constant; the rest is looked up when it is printed.
 */

import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'

const { errno } = constants

export const EPERM = errno.EPERM
export const ENOENT = errno.ENOENT
export const EINTR = errno.EINTR
export const EBADF = errno.EBADF
export const EAGAIN = errno.EAGAIN
export const ENOMEM = errno.ENOMEM
export const EACCES = errno.EACCES
export const EXDEV = errno.EXDEV
export const ENOTDIR = errno.ENOTDIR
export const EISDIR = errno.EISDIR
export const EINVAL = errno.EINVAL
export const ENFILE = errno.ENFILE
export const EMFILE = errno.EMFILE
export const EPIPE = errno.EPIPE
export const ENAMETOOLONG = errno.ENAMETOOLONG
export const ENOSYS = errno.ENOSYS
export const ELOOP = errno.ELOOP
export const ENOBUFS = errno.ENOBUFS
export const ECONNABORTED = errno.ECONNABORTED
export const ECONNRESET = errno.ECONNRESET
export const ECONNREFUSED = errno.ECONNREFUSED
export const EAFNOSUPPORT = errno.EAFNOSUPPORT
export const EADDRINUSE = errno.EADDRINUSE
export const EADDRNOTAVAIL = errno.EADDRNOTAVAIL
export const EINPROGRESS = errno.EINPROGRESS

/** @param number an errno, or a `-errno` result */
export function errnoName(number: number): string {
  return getSystemErrorMap().get(-Math.abs(number))?.[0] ?? `errno ${Math.abs(number)}`
}

/** What strerror(3) would say, in libuv's words. */
export function errnoWords(number: number): string {
  return getSystemErrorMap().get(-Math.abs(number))?.[1] ?? 'unknown error'
}
