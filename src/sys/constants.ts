/**
 * Numbers of the system's headers and the layouts of its structures, by platform.
 *
 * Linux gives glibc and musl the same numbers: both pass their callers' structures to the kernel unchanged. What
 * differs between processors stands in `PLATFORMS`, one column each; the rest is common. Everything is little-endian.
 * A further platform is one more column (and, for macOS, a `loop/kqueue.ts`).
 */

/** Thrown at start-up on a platform that has no column below; its message is a whole sentence for the user. */
export class UnsupportedPlatform extends Error {}

interface PlatformTable {
  /** fcntl.h */
  readonly O_DIRECTORY: number
  readonly O_NOFOLLOW: number
  /** asm/unistd.h: called by number, because older libcs have no function for them. */
  readonly SYS_statx: number
  readonly SYS_openat2: number
  /** sys/epoll.h: `struct epoll_event` is packed on x86-64 only. */
  readonly EPOLL_EVENT: { readonly sizeBytes: number; readonly data: number }
}

const PLATFORMS: Readonly<Record<string, PlatformTable>> = {
  'linux-x64': {
    O_DIRECTORY: 0o200000,
    O_NOFOLLOW: 0o400000,
    SYS_statx: 332,
    SYS_openat2: 437,
    EPOLL_EVENT: { sizeBytes: 12, data: 4 },
  },
  'linux-arm64': {
    O_DIRECTORY: 0o040000,
    O_NOFOLLOW: 0o100000,
    SYS_statx: 291,
    SYS_openat2: 437,
    EPOLL_EVENT: { sizeBytes: 16, data: 8 },
  },
}

/** @throws {UnsupportedPlatform} */
function tableOf(platform: string): PlatformTable {
  const table = PLATFORMS[platform]
  if (table !== undefined) return table
  throw new UnsupportedPlatform(
    `veille runs on Linux on x86-64 and arm64 processors; this is ${platform.replace('-', ' on ')}.`,
  )
}

export const { O_DIRECTORY, O_NOFOLLOW, SYS_statx, SYS_openat2, EPOLL_EVENT } = tableOf(
  `${process.platform}-${process.arch}`,
)

// fcntl.h
export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_CREAT = 0o100
export const O_EXCL = 0o200
export const O_NOCTTY = 0o400
export const O_APPEND = 0o2000
export const O_NONBLOCK = 0o4000
export const O_CLOEXEC = 0o2000000
export const O_PATH = 0o10000000
export const AT_FDCWD = -100
export const AT_SYMLINK_NOFOLLOW = 0x100
/** A file without a name (open(2), since Linux 3.11). */
export const O_TMPFILE = 0o20000000 | O_DIRECTORY
export const AT_REMOVEDIR = 0x200
export const AT_SYMLINK_FOLLOW = 0x400
export const AT_EMPTY_PATH = 0x1000
export const F_GETFD = 1
export const F_SETFD = 2
export const F_GETFL = 3
export const F_SETFL = 4
export const F_DUPFD_CLOEXEC = 1030
export const F_SETPIPE_SZ = 1031
export const F_GETPIPE_SZ = 1032
export const FD_CLOEXEC = 1

// linux/openat2.h
export const RESOLVE_NO_MAGICLINKS = 0x02
export const RESOLVE_NO_SYMLINKS = 0x04
export const RESOLVE_BENEATH = 0x08
/** `struct open_how`: three 64-bit numbers: flags, mode, resolve. */
export const OPEN_HOW = { sizeBytes: 24, flags: 0, mode: 8, resolve: 16 } as const

// sys/stat.h, linux/stat.h
export const S_IFMT = 0o170000
export const S_IFSOCK = 0o140000
export const S_IFREG = 0o100000
export const S_IFDIR = 0o040000
export const S_IFLNK = 0o120000
/** In place of nanoseconds: this time stays as it is. */
export const UTIME_OMIT = 0x3fff_fffen
export const STATX_BASIC_STATS = 0x7ff
/** `struct statx` has one layout on every processor; that is why it is used rather than `struct stat`. */
export const STATX = {
  sizeBytes: 256,
  uid: 20,
  mode: 28,
  ino: 32,
  size: 40,
  mtimeSeconds: 112,
  mtimeNanoseconds: 120,
  devMajor: 136,
  devMinor: 140,
} as const

// sys/socket.h, netinet/in.h, netinet/tcp.h, sys/un.h
export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000
export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_ERROR = 4
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_KEEPALIVE = 9
export const SO_LINGER = 13
export const SO_REUSEPORT = 15
export const SO_ACCEPTCONN = 30
export const IPPROTO_TCP = 6
export const TCP_NODELAY = 1
export const TCP_KEEPIDLE = 4
export const TCP_KEEPINTVL = 5
export const TCP_KEEPCNT = 6
export const TCP_DEFER_ACCEPT = 9
export const TCP_INFO = 11
export const TCP_FASTOPEN = 23
export const IPPROTO_IPV6 = 41
export const IPV6_V6ONLY = 26
export const MSG_NOSIGNAL = 0x4000
export const MSG_MORE = 0x8000
/** `struct tcp_info`, as far as it is read; times in microseconds, the window in segments, the space in bytes. */
export const TCP_INFO_LAYOUT = { sizeBytes: 104, rtt: 68, rttvar: 72, sndCwnd: 80, rcvSpace: 96 } as const
export const SHUT_WR = 1
export const SHUT_RDWR = 2
/** linux/sockios.h: bytes that the peer has not acknowledged yet. */
export const SIOCOUTQ = 0x5411
/** `struct sockaddr_in` and its sisters; ports are in network byte order. */
export const SOCKADDR_IN = { sizeBytes: 16, port: 2, address: 4 } as const
export const SOCKADDR_IN6 = { sizeBytes: 28, port: 2, address: 8, scope: 24 } as const
export const SOCKADDR_UN = { sizeBytes: 110, path: 2 } as const
/** Large enough for each of them: `struct sockaddr_storage`. */
export const SOCKADDR_STORAGE_BYTES = 128
/** `struct iovec`: address and length, 64 bits each. */
export const IOVEC_BYTES = 16

// sys/epoll.h
export const EPOLL_CLOEXEC = 0o2000000
export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_DEL = 2
export const EPOLL_CTL_MOD = 3
export const EPOLLIN = 0x001
export const EPOLLOUT = 0x004
export const EPOLLERR = 0x008
export const EPOLLHUP = 0x010
/** One of those who wait for it is woken, not all; only with EPOLL_CTL_ADD (epoll_ctl(2)). */
export const EPOLLEXCLUSIVE = 1 << 28

// poll.h
export const POLLIN = 0x001
export const POLLOUT = 0x004
export const POLLERR = 0x008
export const POLLHUP = 0x010
export const POLLNVAL = 0x020
/** `struct pollfd`: int fd, short events, short revents. */
export const POLLFD = { sizeBytes: 8, events: 4, revents: 6 } as const

// sys/mman.h
export const MFD_CLOEXEC = 1
export const PROT_READ = 1
export const PROT_WRITE = 2
export const MAP_SHARED = 1

// sys/resource.h, sys/prctl.h
export const RLIMIT_CORE = 4
export const RLIMIT_NOFILE = 7
/** "No limit": RLIM_INFINITY. */
export const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn
export const PR_SET_DUMPABLE = 4

/** pwd.h, grp.h: the fields that follow two pointers, name and password. */
export const PASSWD = { sizeBytes: 48, uid: 16, gid: 20 } as const
export const GROUP = { sizeBytes: 32, gid: 16 } as const

/** `struct addrinfo`, netdb.h: the same in glibc and musl on 64 bits. */
export const ADDRINFO = { sizeBytes: 48, socktype: 8, addressBytes: 16, address: 24, next: 40 } as const

/** signal(7), pthread_sigmask(3): Linux's numbers on every processor that we know. */
export const SIG_UNBLOCK = 1
export const SIGKILL = 9
export const SIGTERM = 15

// spawn.h: the same in glibc and musl.
export const POSIX_SPAWN_SETSIGDEF = 0x04
export const POSIX_SPAWN_SETSIGMASK = 0x08
export const POSIX_SPAWN_SETSID = 0x80
/** `posix_spawnattr_t` takes 336 bytes, `posix_spawn_file_actions_t` 80; they are opaque, so there is room to spare. */
export const SPAWN_STRUCTURE_BYTES = 512
/** `sigset_t` has room for 1024 signals. */
export const SIGSET_BYTES = 128

// sys/wait.h
export const P_PID = 1
export const WNOHANG = 1
export const WEXITED = 4
export const WNOWAIT = 0x01000000
export const CLD_EXITED = 1
/** `siginfo_t` as waitid(2) fills it. */
export const SIGINFO = { sizeBytes: 128, code: 8, pid: 16, status: 24 } as const
/** asm/unistd.h: one number for all processors, as for every call since Linux 5.0. */
export const SYS_pidfd_open = 434
