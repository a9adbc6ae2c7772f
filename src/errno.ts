/**
 * Leaf: the error numbers of errno(3), by name, by number and in words.
 *
 *   EAGAIN, EINTR, …      numbers of this platform, positive
 *   errnoName(11)         'EAGAIN'
 *   errnoWords(11)        'resource temporarily unavailable'
 *   errnoForLog(11)       '(11: Resource temporarily unavailable)', as nginx ends its lines
 *
 * Results of system calls are carried as `-errno`; the functions take either sign. Only the numbers that
 * the server itself compares with have a constant; the rest is looked up when it is printed.
 */

import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'

const { errno } = constants

export const EPERM = errno.EPERM
export const ENOENT = errno.ENOENT
export const EINTR = errno.EINTR
export const EIO = errno.EIO
export const ENXIO = errno.ENXIO
export const ECHILD = errno.ECHILD
export const E2BIG = errno.E2BIG
export const EBADF = errno.EBADF
export const ENOEXEC = errno.ENOEXEC
export const EAGAIN = errno.EAGAIN
export const ENOMEM = errno.ENOMEM
export const ESRCH = errno.ESRCH
export const EACCES = errno.EACCES
export const EBUSY = errno.EBUSY
export const EEXIST = errno.EEXIST
export const EXDEV = errno.EXDEV
export const ENOTDIR = errno.ENOTDIR
export const EISDIR = errno.EISDIR
export const EINVAL = errno.EINVAL
export const ENFILE = errno.ENFILE
export const EMFILE = errno.EMFILE
export const EFBIG = errno.EFBIG
export const ENOSPC = errno.ENOSPC
export const EROFS = errno.EROFS
export const EMLINK = errno.EMLINK
export const EPIPE = errno.EPIPE
export const ENAMETOOLONG = errno.ENAMETOOLONG
export const ENOSYS = errno.ENOSYS
export const ELOOP = errno.ELOOP
export const ENOTEMPTY = errno.ENOTEMPTY
export const EOPNOTSUPP = errno.EOPNOTSUPP
export const EDQUOT = errno.EDQUOT
export const EMSGSIZE = errno.EMSGSIZE
export const ENOBUFS = errno.ENOBUFS
export const ECONNABORTED = errno.ECONNABORTED
export const ECONNRESET = errno.ECONNRESET
export const ECONNREFUSED = errno.ECONNREFUSED
export const EAFNOSUPPORT = errno.EAFNOSUPPORT
export const EADDRINUSE = errno.EADDRINUSE
export const EADDRNOTAVAIL = errno.EADDRNOTAVAIL
export const EINPROGRESS = errno.EINPROGRESS
export const ETIMEDOUT = errno.ETIMEDOUT

let known: Map<number, [name: string, words: string]> | null = null

/** Node makes the map anew for each call, which costs 25 µs (Node 20). */
function systemErrors(): Map<number, [name: string, words: string]> {
  known ??= getSystemErrorMap()
  return known
}

/** @param number an errno, or a `-errno` result */
export function errnoName(number: number): string {
  return systemErrors().get(-Math.abs(number))?.[0] ?? `errno ${Math.abs(number)}`
}

/** What strerror(3) would say, in libuv's words. */
export function errnoWords(number: number): string {
  return systemErrors().get(-Math.abs(number))?.[1] ?? 'unknown error'
}

/** Where glibc's words are others than libuv's: tools that read nginx's log know these. */
const GLIBC_WORDS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EALREADY: 'Operation already in progress',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EFAULT: 'Bad address',
  EHOSTUNREACH: 'No route to host',
  EIO: 'Input/output error',
  EISCONN: 'Transport endpoint is already connected',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENFILE: 'Too many open files in system',
  ENOMEM: 'Cannot allocate memory',
  ENOTCONN: 'Transport endpoint is not connected',
  ENOTSUP: 'Operation not supported',
  ERANGE: 'Numerical result out of range',
  ESPIPE: 'Illegal seek',
  ETXTBSY: 'Text file busy',
  EXDEV: 'Invalid cross-device link',
}

export function errnoForLog(number: number): string {
  const words = GLIBC_WORDS[errnoName(number)] ?? errnoWords(number)
  return `(${Math.abs(number)}: ${words.charAt(0).toUpperCase()}${words.slice(1)})`
}
