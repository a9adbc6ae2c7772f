/**
 * The functions of libc that veille calls: one row each, with its prototype and its manual page, then a thin
 * function that gives integers. A result is `>= 0`, or `-errno`; nothing here throws, retries or allocates.
 *
 * Descriptors are plain numbers (`Fd`). Buffers are filled from their start; a caller who wants another place
 * passes a subarray. `native` holds the bound functions; only `scripted.ts` replaces some of them, to let a test
 * play a kernel that is interrupted, full, or reset.
 */

import {
  AT_EMPTY_PATH,
  CLD_EXITED,
  IOVEC_BYTES,
  MSG_NOSIGNAL,
  OPEN_HOW,
  P_PID,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  SIG_UNBLOCK,
  SIGINFO,
  SIGSET_BYTES,
  STATX,
  STATX_BASIC_STATS,
  SYS_openat2,
  SYS_pidfd_open,
  SYS_statx,
  UTIME_OMIT,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from './constants.ts'
import { addressOfBytes, bind, errno } from './ffi.ts'

/** A file descriptor: a small integer, see open(2). */
export type Fd = number

export interface Native {
  socket(domain: number, type: number, protocol: number): number
  bind(fd: Fd, address: Uint8Array, sizeBytes: number): number
  listen(fd: Fd, backlog: number): number
  accept4(fd: Fd, address: Uint8Array, sizeBytes: Uint32Array, flags: number): number
  connect(fd: Fd, address: Uint8Array, sizeBytes: number): number
  getsockname(fd: Fd, address: Uint8Array, sizeBytes: Uint32Array): number
  setsockopt(fd: Fd, level: number, name: number, value: Uint8Array | Int32Array, sizeBytes: number): number
  getsockopt(
    fd: Fd,
    level: number,
    name: number,
    value: Uint8Array | Int32Array,
    sizeBytes: Uint32Array,
  ): number
  recv(fd: Fd, buffer: Uint8Array, sizeBytes: number, flags: number): number
  send(fd: Fd, buffer: Uint8Array, sizeBytes: number, flags: number): number
  sendto(
    fd: Fd,
    buffer: Uint8Array,
    sizeBytes: number,
    flags: number,
    address: Uint8Array,
    addressBytes: number,
  ): number
  read(fd: Fd, buffer: Uint8Array, sizeBytes: number): number
  write(fd: Fd, buffer: Uint8Array, sizeBytes: number): number
  writev(fd: Fd, pieces: Uint8Array, count: number): number
  sendfile(to: Fd, from: Fd, offset: BigInt64Array, sizeBytes: number): number
  pread(fd: Fd, buffer: Uint8Array, sizeBytes: number, offset: number): number
  pwrite(fd: Fd, buffer: Uint8Array, sizeBytes: number, offset: number): number
  shutdown(fd: Fd, how: number): number
  close(fd: Fd): number
  dup2(fd: Fd, to: Fd): number
  fcntl(fd: Fd, command: number, argument: number): number
  ioctl(fd: Fd, request: number, value: Int32Array): number
  pipe2(fds: Int32Array, flags: number): number
  socketpair(domain: number, type: number, protocol: number, fds: Int32Array): number
  unlink(path: string): number
  unlinkat(at: Fd, path: string, flags: number): number
  chmod(path: string, mode: number): number
  fchmod(fd: Fd, mode: number): number
  chown(path: string, uid: number, gid: number): number
  mkdirat(at: Fd, path: string, mode: number): number
  linkat(fromAt: Fd, from: string, toAt: Fd, to: string, flags: number): number
  renameat(fromAt: Fd, from: string, toAt: Fd, to: string): number
  futimens(fd: Fd, times: BigInt64Array): number
  open(path: string, flags: number, mode: number): number
  openat(at: Fd, path: string, flags: number, mode: number): number
  statx(number: number, at: Fd, path: string, flags: number, mask: number, out: Uint8Array): number
  openat2(number: number, at: Fd, path: string, how: Uint8Array, sizeBytes: number): number
  readlink(path: string, buffer: Uint8Array, sizeBytes: number): number
  realpath(path: string, buffer: Uint8Array): number
  memfd_create(name: string, flags: number): number
  ftruncate(fd: Fd, sizeBytes: number): number
  mmap(address: number, sizeBytes: number, protection: number, flags: number, fd: Fd, offset: number): number
  prlimit(pid: number, resource: number, next: BigUint64Array | null, old: BigUint64Array | null): number
  sched_setaffinity(tid: number, sizeBytes: number, mask: Uint8Array): number
  pthread_sigmask(how: number, set: Uint8Array, old: Uint8Array | null): number
  prctl(option: number, argument: number): number
  chdir(path: string): number
  fchdir(fd: Fd): number
  posix_spawn(
    pid: Int32Array,
    path: string,
    actions: number,
    attributes: number,
    argv: Uint8Array,
    environment: Uint8Array,
  ): number
  waitid(kind: number, id: number, info: Uint8Array, options: number): number
  kill(pid: number, signal: number): number
  pidfd_open(number: number, pid: number, flags: number): number
  select(
    count: number,
    read: Int32Array,
    write: Int32Array,
    except: Int32Array | null,
    timeout: BigInt64Array | null,
  ): number
  poll(fds: Uint8Array, count: number, timeoutMs: number): number
  epoll_create1(flags: number): number
  epoll_ctl(epfd: Fd, operation: number, fd: Fd, event: Uint8Array): number
  epoll_wait(epfd: Fd, events: Uint8Array, count: number, timeoutMs: number): number
}

/**
 * Results that C declares `ssize_t` or `long` are taken as `int`: no call here moves more than 2 GiB, and an `int`
 * needs no 64-bit conversion. `syscall(2)`, `open`, `fcntl`, `ioctl` and `prctl` are variadic in C; on both of our
 * processors Linux passes these arguments in the registers of an ordinary call.
 */
const PROTOTYPES: Readonly<Record<keyof Native, string>> = {
  socket: 'int socket(int domain, int type, int protocol)',
  bind: 'int bind(int fd, void *address, uint32_t size)',
  listen: 'int listen(int fd, int backlog)',
  accept4: 'int accept4(int fd, void *address, void *size, int flags)',
  connect: 'int connect(int fd, void *address, uint32_t size)',
  getsockname: 'int getsockname(int fd, void *address, void *size)',
  setsockopt: 'int setsockopt(int fd, int level, int name, void *value, uint32_t size)',
  getsockopt: 'int getsockopt(int fd, int level, int name, void *value, void *size)',
  recv: 'int recv(int fd, void *buffer, size_t size, int flags)',
  send: 'int send(int fd, void *buffer, size_t size, int flags)',
  sendto: 'int sendto(int fd, void *buffer, size_t size, int flags, void *address, uint32_t address_size)',
  read: 'int read(int fd, void *buffer, size_t size)',
  write: 'int write(int fd, void *buffer, size_t size)',
  writev: 'int writev(int fd, void *pieces, int count)',
  sendfile: 'int sendfile(int to, int from, void *offset, size_t size)',
  pread: 'int pread(int fd, void *buffer, size_t size, int64_t offset)',
  pwrite: 'int pwrite(int fd, void *buffer, size_t size, int64_t offset)',
  shutdown: 'int shutdown(int fd, int how)',
  close: 'int close(int fd)',
  dup2: 'int dup2(int fd, int to)',
  fcntl: 'int fcntl(int fd, int command, int64_t argument)',
  ioctl: 'int ioctl(int fd, unsigned long request, void *value)',
  pipe2: 'int pipe2(void *fds, int flags)',
  socketpair: 'int socketpair(int domain, int type, int protocol, void *fds)',
  unlink: 'int unlink(const char *path)',
  unlinkat: 'int unlinkat(int at, const char *path, int flags)',
  chmod: 'int chmod(const char *path, unsigned int mode)',
  fchmod: 'int fchmod(int fd, unsigned int mode)',
  chown: 'int chown(const char *path, unsigned int uid, unsigned int gid)',
  mkdirat: 'int mkdirat(int at, const char *path, unsigned int mode)',
  linkat: 'int linkat(int from_at, const char *from, int to_at, const char *to, int flags)',
  renameat: 'int renameat(int from_at, const char *from, int to_at, const char *to)',
  futimens: 'int futimens(int fd, void *times)',
  open: 'int open(const char *path, int flags, int mode)',
  openat: 'int openat(int at, const char *path, int flags, int mode)',
  statx: 'int syscall(long number, int at, const char *path, int flags, unsigned int mask, void *out)',
  openat2: 'int syscall(long number, int at, const char *path, void *how, size_t size)',
  readlink: 'int readlink(const char *path, void *buffer, size_t size)',
  realpath: 'int64_t realpath(const char *path, void *buffer)',
  memfd_create: 'int memfd_create(const char *name, unsigned int flags)',
  ftruncate: 'int ftruncate(int fd, int64_t size)',
  mmap: 'int64_t mmap(int64_t address, size_t size, int protection, int flags, int fd, int64_t offset)',
  prlimit: 'int prlimit(int pid, int resource, void *next, void *old)',
  sched_setaffinity: 'int sched_setaffinity(int tid, size_t size, void *mask)',
  pthread_sigmask: 'int pthread_sigmask(int how, void *set, void *old)',
  prctl: 'int prctl(int option, int64_t argument)',
  chdir: 'int chdir(const char *path)',
  fchdir: 'int fchdir(int fd)',
  posix_spawn:
    'int posix_spawn(void *pid, const char *path, int64_t actions, int64_t attributes, void *argv, void *environment)',
  waitid: 'int waitid(int kind, unsigned int id, void *info, int options)',
  kill: 'int kill(int pid, int signal)',
  pidfd_open: 'int syscall(long number, int pid, unsigned int flags)',
  select: 'int select(int count, void *read, void *write, void *except, void *timeout)',
  poll: 'int poll(void *fds, unsigned long count, int timeout)',
  epoll_create1: 'int epoll_create1(int flags)',
  epoll_ctl: 'int epoll_ctl(int epfd, int operation, int fd, void *event)',
  epoll_wait: 'int epoll_wait(int epfd, void *events, int count, int timeout)',
}

/** The functions in use: bound once, at start-up. */
export const native: Native = bindAll()

function bindAll(): Native {
  const bound = Object.entries(PROTOTYPES).map(([name, prototype]) => [name, bind(prototype)])
  return Object.fromEntries(bound) as Native
}

function result(returned: number): number {
  return returned >= 0 ? returned : -errno()
}

// Sockets

/** @see socket(2) */
export function socket(domain: number, type: number, protocol = 0): number {
  return result(native.socket(domain, type, protocol))
}

/** @param address a `struct sockaddr_*`, see `io/address.ts` @see bind(2) */
export function bindTo(fd: Fd, address: Uint8Array): number {
  return result(native.bind(fd, address, address.length))
}

/** @see listen(2) */
export function listen(fd: Fd, backlog: number): number {
  return result(native.listen(fd, backlog))
}

const addressSize = new Uint32Array(1)

/**
 * @param address receives the peer's `struct sockaddr_*`
 * @param flags SOCK_NONBLOCK, SOCK_CLOEXEC
 * @returns the new descriptor, or `-errno` (`-EAGAIN`: the queue is empty) @see accept4(2)
 */
export function accept4(fd: Fd, address: Uint8Array, flags: number): number {
  addressSize[0] = address.length
  return result(native.accept4(fd, address, addressSize, flags))
}

/** @returns 0, or `-errno` (`-EINPROGRESS`: wait until the socket is writable) @see connect(2) */
export function connect(fd: Fd, address: Uint8Array): number {
  return result(native.connect(fd, address, address.length))
}

/** @returns the size of the address in bytes, or `-errno` @see getsockname(2) */
export function getsockname(fd: Fd, address: Uint8Array): number {
  addressSize[0] = address.length
  const r = result(native.getsockname(fd, address, addressSize))
  return r < 0 ? r : addressSize[0]!
}

const optionValue = new Int32Array(1)

/** Sets an option whose value is an `int`. @see setsockopt(2) */
export function setsockopt(fd: Fd, level: number, name: number, value: number): number {
  optionValue[0] = value
  return result(native.setsockopt(fd, level, name, optionValue, 4))
}

/** Sets an option whose value is a structure. @see setsockopt(2) */
export function setsockoptBytes(fd: Fd, level: number, name: number, value: Uint8Array): number {
  return result(native.setsockopt(fd, level, name, value, value.length))
}

/** @returns the option's value, an `int >= 0`, or `-errno` @see getsockopt(2) */
export function getsockopt(fd: Fd, level: number, name: number): number {
  addressSize[0] = 4
  const r = result(native.getsockopt(fd, level, name, optionValue, addressSize))
  return r < 0 ? r : optionValue[0]!
}

/** Reads an option whose value is a structure. @returns the bytes that the kernel has filled, or `-errno` @see getsockopt(2) */
export function getsockoptBytes(fd: Fd, level: number, name: number, value: Uint8Array): number {
  addressSize[0] = value.length
  const r = result(native.getsockopt(fd, level, name, value, addressSize))
  return r < 0 ? r : addressSize[0]!
}

/**
 * Receives at most `buffer.length` bytes.
 * @returns bytes received; 0 when the peer has closed its side; or `-errno` (`-EAGAIN`: wait for readiness)
 * @see recv(2)
 */
export function recv(fd: Fd, buffer: Uint8Array): number {
  return result(native.recv(fd, buffer, buffer.length, 0))
}

/**
 * Sends the first `sizeBytes` bytes of `buffer`; never raises SIGPIPE.
 * @param flags MSG_MORE when more follows at once
 * @returns bytes taken by the kernel, perhaps fewer; or `-errno` @see send(2)
 */
export function send(fd: Fd, buffer: Uint8Array, sizeBytes: number, flags = 0): number {
  return result(native.send(fd, buffer, sizeBytes, flags | MSG_NOSIGNAL))
}

/**
 * Sends one datagram.
 * @param to a `struct sockaddr_*` @returns bytes sent, or `-errno` @see sendto(2)
 */
export function sendto(fd: Fd, buffer: Uint8Array, to: Uint8Array): number {
  return result(native.sendto(fd, buffer, buffer.length, MSG_NOSIGNAL, to, to.length))
}

/** @see shutdown(2) */
export function shutdown(fd: Fd, how: number): number {
  return result(native.shutdown(fd, how))
}

/** Two connected sockets. @returns 0 or `-errno` @see socketpair(2) */
export function socketpair(domain: number, type: number, fds: Int32Array): number {
  return result(native.socketpair(domain, type, 0, fds))
}

const outstanding = new Int32Array(1)

/** @param request SIOCOUTQ, … @returns the `int` that the request answers with, or `-errno` @see ioctl(2), tcp(7) */
export function ioctl(fd: Fd, request: number): number {
  const r = result(native.ioctl(fd, request, outstanding))
  return r < 0 ? r : outstanding[0]!
}

// Descriptors and files

/** @returns bytes read, 0 at the end, or `-errno` @see read(2) */
export function read(fd: Fd, buffer: Uint8Array): number {
  return result(native.read(fd, buffer, buffer.length))
}

/** @returns bytes written, perhaps fewer, or `-errno` @see write(2) */
export function write(fd: Fd, buffer: Uint8Array): number {
  return result(native.write(fd, buffer, buffer.length))
}

const pair = Buffer.alloc(3 * IOVEC_BYTES)
const pairWords = new Uint32Array(pair.buffer, pair.byteOffset, (3 * IOVEC_BYTES) / 4)

function setPiece(index: number, address: number, sizeBytes: number): void {
  const word = (index * IOVEC_BYTES) / 4
  pairWords[word] = address % 0x1_0000_0000
  pairWords[word + 1] = Math.floor(address / 0x1_0000_0000)
  pairWords[word + 2] = sizeBytes
}

/**
 * Writes the first `firstBytes` of one buffer and then the other, in one call and without joining them; behind that `tailBytes` more that
 * follow in the first.
 * Unlike send(2), writev(2) raises SIGPIPE on a closed socket; Node ignores that signal.
 * @returns bytes taken of all together, or `-errno` @see writev(2)
 */
export function writePair(
  fd: Fd,
  first: Uint8Array,
  firstBytes: number,
  second: Uint8Array,
  tailBytes = 0,
): number {
  const address = addressOfBytes(first)
  setPiece(0, address, firstBytes)
  setPiece(1, addressOfBytes(second), second.length)
  if (tailBytes === 0) return result(native.writev(fd, pair, 2))
  setPiece(2, address + firstBytes, tailBytes)
  return result(native.writev(fd, pair, 3))
}

const fileOffset = new BigInt64Array(1)

/**
 * Sends a piece of a file without copying it through this process.
 * @returns bytes sent; 0 when the file ends before `offset`; or `-errno` @see sendfile(2)
 */
export function sendfile(to: Fd, from: Fd, offset: number, sizeBytes: number): number {
  fileOffset[0] = BigInt(offset)
  return result(native.sendfile(to, from, fileOffset, sizeBytes))
}

/** @returns bytes read from `offset`, 0 at the end, or `-errno` @see pread(2) */
export function pread(fd: Fd, buffer: Uint8Array, offset: number): number {
  return result(native.pread(fd, buffer, buffer.length, offset))
}

/** @returns bytes written at `offset`, perhaps fewer, or `-errno` @see pwrite(2) */
export function pwrite(fd: Fd, buffer: Uint8Array, offset: number): number {
  return result(native.pwrite(fd, buffer, buffer.length, offset))
}

/** The descriptor is free afterwards whatever the result (Linux, close(2) "Dealing with error returns"). */
export function close(fd: Fd): number {
  return result(native.close(fd))
}

/** `to` is closed first if it is open; it will not be closed on exec(3). @see dup2(2) */
export function dup2(fd: Fd, to: Fd): number {
  return result(native.dup2(fd, to))
}

/** @see fcntl(2) */
export function fcntl(fd: Fd, command: number, argument = 0): number {
  return result(native.fcntl(fd, command, argument))
}

/** @param fds receives the reading end, then the writing end @see pipe2(2) */
export function pipe2(fds: Int32Array, flags: number): number {
  return result(native.pipe2(fds, flags))
}

/** @see unlink(2) */
export function unlink(path: string): number {
  return result(native.unlink(path))
}

/** Relative to the directory `at`. @param flags AT_REMOVEDIR for a directory, else 0 @see unlinkat(2) */
export function unlinkAt(at: Fd, path: string, flags = 0): number {
  return result(native.unlinkat(at, path, flags))
}

/** @param mode permission bits @see chmod(2) */
export function chmod(path: string, mode: number): number {
  return result(native.chmod(path, mode))
}

/** @param mode permission bits, whatever the umask says @see fchmod(2) */
export function fchmod(fd: Fd, mode: number): number {
  return result(native.fchmod(fd, mode))
}

const UNCHANGED = 0xffff_ffff

/** @see chown(2) */
export function chownUser(path: string, uid: number): number {
  return result(native.chown(path, uid, UNCHANGED))
}

/** @param mode permission bits, of which the umask takes some away @see mkdirat(2) */
export function mkdirAt(at: Fd, path: string, mode: number): number {
  return result(native.mkdirat(at, path, mode))
}

/** A second name for a file. @param flags AT_SYMLINK_FOLLOW or 0 @returns 0, or `-errno` (`-EEXIST`: nothing is replaced) @see linkat(2) */
export function linkAt(fromAt: Fd, from: string, toAt: Fd, to: string, flags: number): number {
  return result(native.linkat(fromAt, from, toAt, to, flags))
}

/** What has the name `to` is replaced, at one moment for everybody. @see renameat(2) */
export function renameAt(fromAt: Fd, from: string, toAt: Fd, to: string): number {
  return result(native.renameat(fromAt, from, toAt, to))
}

/** `struct timespec`, twice: the last access, which is left, and the last change. */
const fileTimes = new BigInt64Array(4)

/** @param modifiedSeconds since 1970 @see futimens(3) */
export function setModified(fd: Fd, modifiedSeconds: number): number {
  fileTimes[1] = UTIME_OMIT
  fileTimes[2] = BigInt(modifiedSeconds)
  return result(native.futimens(fd, fileTimes))
}

/** @returns a descriptor or `-errno` @see open(2) */
export function open(path: string, flags: number, mode = 0): number {
  return result(native.open(path, flags, mode))
}

/** Relative to the directory `at`. @returns a descriptor or `-errno` @see openat(2) */
export function openAt(at: Fd, path: string, flags: number, mode = 0): number {
  return result(native.openat(at, path, flags, mode))
}

const how = Buffer.alloc(OPEN_HOW.sizeBytes)
const howWords = new BigUint64Array(how.buffer, how.byteOffset, 3)

function openHow(at: Fd, path: string, flags: number, resolve: number): number {
  howWords[0] = BigInt(flags)
  howWords[2] = BigInt(resolve)
  return result(native.openat2(SYS_openat2, at, path, how, OPEN_HOW.sizeBytes))
}

/**
 * Opens `path`, which must not start with a slash, below the directory `at`; the kernel refuses every way out of it,
 * through `..` as through symbolic links.
 * @returns a descriptor, or `-errno` (`-EXDEV`: it would have left the directory; `-ENOSYS`: before Linux 5.6)
 * @see openat2(2), RESOLVE_BENEATH
 */
export function openBeneath(at: Fd, path: string, flags: number): number {
  return openHow(at, path, flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
}

/** @returns a descriptor, or `-errno` (`-ELOOP`: there is a symbolic link on the way) @see openat2(2), RESOLVE_NO_SYMLINKS */
export function openWithoutLinks(at: Fd, path: string, flags: number): number {
  return openHow(at, path, flags, RESOLVE_NO_SYMLINKS)
}

/** What statx(2) says of a file, as far as a server asks. */
export interface FileStatus {
  /** S_IFMT and permission bits. */
  mode: number
  sizeBytes: number
  modifiedSeconds: number
  modifiedNanoseconds: number
  ino: number
  /** Its owner. */
  uid: number
  /** Major and minor number in one. */
  dev: number
}

const statBytes = Buffer.alloc(STATX.sizeBytes)

function readStatus(out: FileStatus): void {
  out.uid = statBytes.readUInt32LE(STATX.uid)
  out.mode = statBytes.readUInt16LE(STATX.mode)
  out.sizeBytes = statBytes.readUInt32LE(STATX.size) + statBytes.readUInt32LE(STATX.size + 4) * 0x1_0000_0000
  out.modifiedSeconds =
    statBytes.readUInt32LE(STATX.mtimeSeconds) + statBytes.readInt32LE(STATX.mtimeSeconds + 4) * 0x1_0000_0000
  out.modifiedNanoseconds = statBytes.readUInt32LE(STATX.mtimeNanoseconds)
  out.ino = statBytes.readUInt32LE(STATX.ino) + statBytes.readUInt32LE(STATX.ino + 4) * 0x1_0000_0000
  out.dev = statBytes.readUInt32LE(STATX.devMajor) * 0x1_0000_0000 + statBytes.readUInt32LE(STATX.devMinor)
}

/** @param flags AT_SYMLINK_NOFOLLOW or 0 @returns 0 with `out` filled, or `-errno` @see statx(2) */
export function statAt(at: Fd, path: string, flags: number, out: FileStatus): number {
  const r = result(native.statx(SYS_statx, at, path, flags, STATX_BASIC_STATS, statBytes))
  if (r === 0) readStatus(out)
  return r
}

/** @returns 0 with `out` filled, or `-errno` @see statx(2) */
export function fstat(fd: Fd, out: FileStatus): number {
  return statAt(fd, '', AT_EMPTY_PATH, out)
}

/** @returns the size of the target written into `buffer`, or `-errno` @see readlink(2) */
export function readlink(path: string, buffer: Uint8Array): number {
  return result(native.readlink(path, buffer, buffer.length))
}

// Memory and rights of processes

/** A file that is nothing but memory, of size 0. @returns a descriptor or `-errno` @see memfd_create(2) */
export function memfdCreate(name: string, flags: number): number {
  return result(native.memfd_create(name, flags))
}

/** @see ftruncate(2) */
export function ftruncate(fd: Fd, sizeBytes: number): number {
  return result(native.ftruncate(fd, sizeBytes))
}

/** Maps the first `sizeBytes` of a file. @returns an address, or `-errno` @see mmap(2) */
export function mmap(sizeBytes: number, protection: number, flags: number, fd: Fd): number {
  return result(native.mmap(0, sizeBytes, protection, flags, fd, 0))
}

/**
 * Limits of this process: the soft one, then the hard one; RLIM_INFINITY is none.
 * @param next is set, unless null @param old receives what was before, unless null
 * @see prlimit(2)
 */
export function prlimit(resource: number, next: BigUint64Array | null, old: BigUint64Array | null): number {
  return result(native.prlimit(0, resource, next, old))
}

/** @param tid one thread; 0 is the calling one @param mask processor `i` is bit `i & 7` of byte `i >> 3` @see sched_setaffinity(2) */
export function schedSetaffinity(tid: number, mask: Uint8Array): number {
  return result(native.sched_setaffinity(tid, mask.length, mask))
}

/** @see prctl(2) */
export function prctl(option: number, argument: number): number {
  return result(native.prctl(option, argument))
}

/** The folder of the whole process, all its threads. @see chdir(2) */
export function chdir(path: string): number {
  return result(native.chdir(path))
}

/** @see fchdir(2) */
export function fchdir(fd: Fd): number {
  return result(native.fchdir(fd))
}

/**
 * The absolute path without symbolic links.
 * @param buffer at least PATH_MAX (4096) bytes, receives it with a zero at its end
 * @returns 0 or `-errno` @see realpath(3)
 */
export function realpath(path: string, buffer: Uint8Array): number {
  return native.realpath(path, buffer) === 0 ? -errno() : 0
}

/** Bit `n - 1` stands for signal `n`. */
const signalSet = Buffer.alloc(SIGSET_BYTES)

/** Lets this thread hear a signal that was blocked. @returns 0, or `-errno` @see pthread_sigmask(3) */
export function unblockSignal(signal: number): number {
  signalSet.fill(0)
  signalSet[(signal - 1) >> 3] = 1 << ((signal - 1) & 7)
  return 0 - native.pthread_sigmask(SIG_UNBLOCK, signalSet, null)
}

// Children

const spawnedPid = new Int32Array(1)

/**
 * @param actions, attributes addresses of structures of spawn.h
 * @param argv, environment addresses of C strings, and a null
 * @returns the child's number, or `-errno`, also where its execve(2) has failed @see posix_spawn(3), `spawn.ts`
 */
export function posixSpawn(
  path: string,
  actions: number,
  attributes: number,
  argv: Uint8Array,
  environment: Uint8Array,
): number {
  // The number of the error is the result, and errno says nothing.
  const error = native.posix_spawn(spawnedPid, path, actions, attributes, argv, environment)
  return error < 0 ? -errno() : error > 0 ? -error : spawnedPid[0]!
}

/** How a process has ended: by itself, or by a signal. The other one is null. */
export interface ProcessStatus {
  code: number | null
  signal: number | null
}

const childInfo = Buffer.alloc(SIGINFO.sizeBytes)

/**
 * Looks whether a child has ended, without waiting.
 * @param keeps the child stays as a zombie, so that nobody else gets its number
 * @param out filled when it has ended
 * @returns 1: it has ended; 0: it has not; or `-errno` (`-ECHILD`: it is not ours, or not any more) @see waitid(2)
 */
export function waitProcess(pid: number, keeps: boolean, out: ProcessStatus): number {
  childInfo.fill(0)
  const r = result(native.waitid(P_PID, pid, childInfo, WEXITED | WNOHANG | (keeps ? WNOWAIT : 0)))
  if (r < 0 || childInfo.readInt32LE(SIGINFO.pid) === 0) return r
  const status = childInfo.readInt32LE(SIGINFO.status)
  const isExit = childInfo.readInt32LE(SIGINFO.code) === CLD_EXITED
  out.code = isExit ? status : null
  out.signal = isExit ? null : status
  return 1
}

/** @param pid below -1: everybody in the process group `-pid` @see kill(2) */
export function kill(pid: number, signal: number): number {
  return result(native.kill(pid, signal))
}

/**
 * A descriptor that is readable when the process has ended; it is closed on exec(3).
 * @returns the descriptor, or `-errno` (`-ENOSYS`: before Linux 5.3) @see pidfd_open(2)
 */
export function pidfdOpen(pid: number): number {
  return result(native.pidfd_open(SYS_pidfd_open, pid, 0))
}

// Waiting

const selectTime = new BigInt64Array(2)

/**
 * The sets are bitmaps: descriptor `fd` is bit `fd & 31` of word `fd >> 5`. The kernel overwrites them with what is ready.
 * They may be longer than FD_SETSIZE: on Linux the kernel reads as many words as `count` needs.
 * @param timeoutMs -1 waits without end
 * @returns how many descriptors are ready, or `-errno` @see select(2)
 */
export function select(count: number, readable: Int32Array, writable: Int32Array, timeoutMs: number): number {
  if (timeoutMs < 0) return result(native.select(count, readable, writable, null, null))
  selectTime[0] = BigInt(Math.floor(timeoutMs / 1000))
  selectTime[1] = BigInt((timeoutMs % 1000) * 1000)
  return result(native.select(count, readable, writable, null, selectTime))
}

/** @param fds `count` × `struct pollfd` @returns how many are ready, or `-errno` @see poll(2) */
export function poll(fds: Uint8Array, count: number, timeoutMs: number): number {
  return result(native.poll(fds, count, timeoutMs))
}

/** @see epoll_create1(2) */
export function epollCreate(flags: number): number {
  return result(native.epoll_create1(flags))
}

/** @see epoll_ctl(2) */
export function epollControl(epfd: Fd, operation: number, fd: Fd, event: Uint8Array): number {
  return result(native.epoll_ctl(epfd, operation, fd, event))
}

/** @param events receives at most `count` × `struct epoll_event` @returns how many, or `-errno` @see epoll_wait(2) */
export function epollWait(epfd: Fd, events: Uint8Array, count: number, timeoutMs: number): number {
  return result(native.epoll_wait(epfd, events, count, timeoutMs))
}
