/** The layouts and numbers of `constants.ts` held against this machine, with Node's own modules as a second opinion. */

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  constants as fsConstants,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, connect as netConnect } from 'node:net'
import { constants as osConstants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { getSystemErrorMap } from 'node:util'
import { Descriptors, descriptorLimits, drain, fill } from '../../test/descriptors.ts'
import * as errnos from '../errno.ts'
import * as constants from './constants.ts'
import { bind, errno, setErrno } from './ffi.ts'
import * as libc from './libc.ts'
import { scripted } from './scripted.ts'

const directory = mkdtempSync(join(tmpdir(), 'veille-libc-'))
after(() => rmSync(directory, { recursive: true }))

const X = Buffer.from('x')
const isGlibc = !readdirSync('/lib').some(name => name.startsWith('ld-musl'))

function status(): libc.FileStatus {
  return { mode: 0, sizeBytes: 0, modifiedSeconds: 0, modifiedNanoseconds: 0, ino: 0, uid: 0, dev: 0 }
}

describe('constants', () => {
  it('are those that Node was compiled with', () => {
    const known = { ...fsConstants, ...osConstants.errno } as Record<string, number>
    const ours = Object.entries(constants).filter(([name]) => name in known)
    assert.ok(ours.length >= 8, 'O_RDONLY, S_IFMT and their like')
    for (const [name, value] of ours) assert.equal(value, known[name], name)
  })

  it('of errno are found by number and in words', () => {
    assert.equal(errnos.errnoName(-errnos.EAGAIN), 'EAGAIN')
    assert.equal(errnos.errnoName(errnos.EMFILE), 'EMFILE')
    assert.equal(errnos.errnoWords(-errnos.EADDRINUSE), 'address already in use')
    assert.equal(errnos.errnoName(99999), 'errno 99999')
    assert.equal(errnos.errnoWords(99999), 'unknown error')
    for (const [name, value] of Object.entries(errnos)) {
      if (typeof value === 'number')
        assert.equal(value, (osConstants.errno as Record<string, number>)[name], name)
    }
  })

  it('of errno are told as glibc tells them', {
    skip: isGlibc ? false : 'another libc has other words',
  }, () => {
    const strerror = bind<(number: number) => string>('const char *strerror(int number)')
    const unusual = ['EILSEQ', 'ENOTRECOVERABLE']
    for (const [name, number] of Object.entries(osConstants.errno)) {
      if (getSystemErrorMap().has(-number) && !unusual.includes(name))
        assert.equal(errnos.errnoForLog(-number), `(${number}: ${strerror(number)})`, name)
    }
  })

  const includes = [
    'sys/epoll.h',
    'sys/socket.h',
    'sys/un.h',
    'netinet/in.h',
    'poll.h',
    'sys/uio.h',
    'sys/stat.h',
    'sys/mman.h',
    'sys/prctl.h',
    'pwd.h',
    'grp.h',
    'linux/openat2.h',
    'sys/wait.h',
    'spawn.h',
  ]
  const compiler = spawnSync('cc', ['--version']).status === 0
  const headers =
    compiler && includes.every(name => existsSync(`/usr/include/${name}`) || name.startsWith('sys/'))
  it('and layouts are those of the headers', {
    skip: headers ? false : 'needs cc and the headers of Linux',
  }, () => {
    const numbers = Object.entries(constants).filter(([, value]) => typeof value === 'number')
    const names = numbers.map(([name]) => name).filter(name => !name.endsWith('_BYTES'))
    const layouts: Record<string, number> = {
      'sizeof(struct epoll_event)': constants.EPOLL_EVENT.sizeBytes,
      'offsetof(struct epoll_event, data)': constants.EPOLL_EVENT.data,
      'sizeof(struct pollfd)': constants.POLLFD.sizeBytes,
      'offsetof(struct pollfd, revents)': constants.POLLFD.revents,
      'sizeof(struct sockaddr_in)': constants.SOCKADDR_IN.sizeBytes,
      'offsetof(struct sockaddr_in, sin_addr)': constants.SOCKADDR_IN.address,
      'sizeof(struct sockaddr_in6)': constants.SOCKADDR_IN6.sizeBytes,
      'offsetof(struct sockaddr_in6, sin6_addr)': constants.SOCKADDR_IN6.address,
      'offsetof(struct sockaddr_in6, sin6_scope_id)': constants.SOCKADDR_IN6.scope,
      'sizeof(struct sockaddr_un)': constants.SOCKADDR_UN.sizeBytes,
      'sizeof(struct sockaddr_storage)': constants.SOCKADDR_STORAGE_BYTES,
      'sizeof(struct iovec)': constants.IOVEC_BYTES,
      'sizeof(struct open_how)': constants.OPEN_HOW.sizeBytes,
      'offsetof(struct open_how, resolve)': constants.OPEN_HOW.resolve,
      'sizeof(struct passwd)': constants.PASSWD.sizeBytes,
      'offsetof(struct passwd, pw_uid)': constants.PASSWD.uid,
      'offsetof(struct passwd, pw_gid)': constants.PASSWD.gid,
      'sizeof(struct group)': constants.GROUP.sizeBytes,
      'offsetof(struct group, gr_gid)': constants.GROUP.gid,
      'sizeof(siginfo_t)': constants.SIGINFO.sizeBytes,
      'offsetof(siginfo_t, si_code)': constants.SIGINFO.code,
      'offsetof(siginfo_t, si_pid)': constants.SIGINFO.pid,
      'offsetof(siginfo_t, si_status)': constants.SIGINFO.status,
      'sizeof(sigset_t)': constants.SIGSET_BYTES,
      'sizeof(struct statx)': constants.STATX.sizeBytes,
      'offsetof(struct statx, stx_mode)': constants.STATX.mode,
      'offsetof(struct statx, stx_ino)': constants.STATX.ino,
      'offsetof(struct statx, stx_size)': constants.STATX.size,
      'offsetof(struct statx, stx_mtime)': constants.STATX.mtimeSeconds,
      'offsetof(struct statx, stx_mtime.tv_nsec)': constants.STATX.mtimeNanoseconds,
      'offsetof(struct statx, stx_dev_major)': constants.STATX.devMajor,
      'offsetof(struct statx, stx_dev_minor)': constants.STATX.devMinor,
    }
    const opaque = ['sizeof(posix_spawnattr_t)', 'sizeof(posix_spawn_file_actions_t)']
    const lines = [...names, ...Object.keys(layouts), ...opaque].map(
      what => `printf("%s\\t%lld\\n", "${what}", (long long)(${what}));`,
    )
    const source = join(directory, 'layouts.c')
    writeFileSync(
      source,
      `#define _GNU_SOURCE\n#include <stdio.h>\n#include <stddef.h>\n#include <fcntl.h>\n#include <netinet/tcp.h>\n#include <sys/ioctl.h>
#include <linux/sockios.h>\n#include <signal.h>\n#include <sys/resource.h>\n#include <sys/syscall.h>
${includes.map(name => `#include <${name}>`).join('\n')}
int main(void) { ${lines.join('\n')} return 0; }\n`,
    )
    execFileSync('cc', ['-w', '-o', join(directory, 'layouts'), source])
    const found = execFileSync(join(directory, 'layouts'), { encoding: 'utf8' })
    const real = new Map(
      found
        .trim()
        .split('\n')
        .map(line => line.split('\t') as [string, string]),
    )
    for (const name of names) {
      assert.equal((constants as unknown as Record<string, number>)[name], Number(real.get(name)), name)
    }
    for (const [what, size] of Object.entries(layouts)) assert.equal(size, Number(real.get(what)), what)
    for (const what of opaque) assert.ok(constants.SPAWN_STRUCTURE_BYTES >= Number(real.get(what)), what)
  })
})

describe('an unsupported platform', () => {
  const cases: [platform: string, arch: string, words: string][] = [
    ['darwin', 'arm64', 'darwin on arm64'],
    ['win32', 'x64', 'win32 on x64'],
    ['linux', 'ia32', 'linux on ia32'],
  ]
  for (const [platform, arch, words] of cases) {
    it(`is told so in one sentence: ${words}`, () => {
      const script = `
        Object.defineProperty(process, 'platform', { value: '${platform}' })
        Object.defineProperty(process, 'arch', { value: '${arch}' })
        try {
          await import(${JSON.stringify(import.meta.resolve('./constants.js'))})
        } catch (error) {
          console.log(error.constructor.name + ': ' + error.message)
        }`
      const stdout = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      })
      assert.equal(
        stdout,
        `UnsupportedPlatform: veille runs on Linux on x86-64 and arm64 processors; this is ${words}.\n`,
      )
    })
  }
})

describe('results', () => {
  it('are numbers from 0 on, or -errno', () => {
    assert.equal(libc.close(-1), -errnos.EBADF)
    assert.equal(libc.read(-1, X), -errnos.EBADF)
    assert.equal(libc.open(join(directory, 'nothing'), constants.O_RDONLY), -errnos.ENOENT)
    assert.equal(libc.open(directory, constants.O_WRONLY), -errnos.EISDIR)
    assert.equal(libc.unlink(join(directory, 'nothing')), -errnos.ENOENT)
    assert.equal(libc.socket(12345, constants.SOCK_STREAM), -errnos.EAFNOSUPPORT)
    assert.equal(libc.epollControl(-1, constants.EPOLL_CTL_ADD, 0, Buffer.alloc(12)), -errnos.EBADF)
  })

  it('read the error number of this thread', () => {
    setErrno(errnos.EMFILE)
    assert.equal(errno(), errnos.EMFILE)
    libc.close(-1)
    assert.equal(errno(), errnos.EBADF)
  })
})

describe('sockets', () => {
  it('have the address that Node sees, in both families', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const server = createServer()
      await new Promise<void>(done => server.listen(0, host, done))
      const { port } = server.address() as { port: number }
      const isIPv4 = host === '127.0.0.1'
      const client = netConnect(port, host)
      await new Promise<void>(done => client.once('connect', done))
      const fd = (client as unknown as { _handle: { fd: number } })._handle.fd
      const bytes = Buffer.alloc(constants.SOCKADDR_STORAGE_BYTES)
      const size = libc.getsockname(fd, bytes)
      const layout = isIPv4 ? constants.SOCKADDR_IN : constants.SOCKADDR_IN6
      assert.equal(size, layout.sizeBytes)
      assert.equal(bytes.readUInt16LE(0), isIPv4 ? constants.AF_INET : constants.AF_INET6)
      assert.equal(bytes.readUInt16BE(layout.port), client.localPort)
      const address = bytes.subarray(layout.address, layout.address + (isIPv4 ? 4 : 16))
      assert.equal(address.toString('hex'), isIPv4 ? '7f000001' : `${'0'.repeat(31)}1`)
      client.destroy()
      server.close()
    }
  })

  it('carry bytes, and say when there are none', () => {
    using fds = new Descriptors()
    const [a, b] = fds.pair()
    assert.equal(libc.recv(b, Buffer.alloc(4)), -errnos.EAGAIN)
    assert.equal(libc.send(a, Buffer.from('abcdef'), 3, 0), 3)
    const bytes = Buffer.alloc(10)
    assert.equal(libc.recv(b, bytes), 3)
    assert.equal(bytes.toString('latin1', 0, 3), 'abc')
    libc.shutdown(a, constants.SHUT_WR)
    assert.equal(libc.recv(b, bytes), 0)
    fds.close(b)
    assert.equal(libc.send(a, X, 1, 0), -errnos.EPIPE, 'and no SIGPIPE')
  })

  it('take two buffers as one', () => {
    using fds = new Descriptors()
    const [a, b] = fds.pair()
    const bytes = Buffer.alloc(100)
    assert.equal(libc.writePair(a, Buffer.from('head, not this'), 4, Buffer.from(' and content')), 16)
    assert.equal(bytes.toString('latin1', 0, libc.read(b, bytes)), 'head and content')
    assert.equal(libc.writePair(a, bytes, 0, Buffer.from('alone')), 5)
    assert.equal(bytes.toString('latin1', 0, libc.read(b, bytes)), 'alone')
    // Small views of one large allocation, as Buffer's own pool gives them.
    const pooled = Buffer.from('xxpooledxx').subarray(2, 8)
    assert.equal(libc.writePair(a, pooled, 6, pooled.subarray(3)), 9)
    assert.equal(bytes.toString('latin1', 0, libc.read(b, bytes)), 'pooledled')
    assert.equal(libc.writePair(a, Buffer.from('<>!'), 1, Buffer.from('around'), 1), 8)
    assert.equal(bytes.toString('latin1', 0, libc.read(b, bytes)), '<around>')
  })

  it('take options, and say what was not acknowledged', () => {
    using fds = new Descriptors()
    const [near, far] = fds.tcpPair()
    assert.equal(libc.setsockopt(near, constants.IPPROTO_TCP, constants.TCP_NODELAY, 1), 0)
    assert.notEqual(libc.getsockopt(near, constants.IPPROTO_TCP, constants.TCP_NODELAY), 0)
    assert.equal(libc.getsockopt(near, constants.SOL_SOCKET, constants.SO_ACCEPTCONN), 0)
    assert.equal(libc.ioctl(far, constants.SIOCOUTQ), 0)
    fill(far)
    assert.ok(libc.ioctl(far, constants.SIOCOUTQ) > 0)
    assert.equal(libc.ioctl(-1, constants.SIOCOUTQ), -errnos.EBADF)
  })
})

describe('datagrams', () => {
  it('come to an address one by one', () => {
    using fds = new Descriptors()
    const path = join(directory, 'datagrams')
    const address = Buffer.concat([Buffer.from([constants.AF_UNIX, 0]), Buffer.from(`${path}\0`)])
    const receiver = fds.own(libc.socket(constants.AF_UNIX, constants.SOCK_DGRAM | constants.SOCK_NONBLOCK))
    assert.equal(libc.bindTo(receiver, address), 0)
    const sender = fds.own(libc.socket(constants.AF_UNIX, constants.SOCK_DGRAM))
    assert.equal(libc.sendto(sender, Buffer.from('one'), address), 3)
    assert.equal(libc.sendto(sender, Buffer.from('two'), address), 3)
    const bytes = Buffer.alloc(10)
    assert.equal(bytes.toString('latin1', 0, libc.recv(receiver, bytes)), 'one')
    assert.equal(bytes.toString('latin1', 0, libc.recv(receiver, bytes)), 'two')
    libc.unlink(path)
    assert.equal(libc.sendto(sender, X, address), -errnos.ENOENT)
  })
})

describe('the process', () => {
  it('knows its limits, and sets them', () => {
    const before = new BigUint64Array(2)
    assert.equal(libc.prlimit(constants.RLIMIT_NOFILE, null, before), 0)
    assert.deepEqual([...before].map(Number), descriptorLimits())
    const lower = new BigUint64Array([before[0]! - 1n, before[1]!])
    assert.equal(libc.prlimit(constants.RLIMIT_NOFILE, lower, null), 0)
    assert.deepEqual(descriptorLimits(), [...lower].map(Number))
    assert.equal(libc.prlimit(constants.RLIMIT_NOFILE, before, null), 0)
    assert.equal(libc.prlimit(constants.RLIMIT_NOFILE, new BigUint64Array([2n, 1n]), null), -errnos.EINVAL)
  })

  it('runs on the processors that it is told', () => {
    const allowed = (): string =>
      /Cpus_allowed:\s+(\S+)/.exec(readFileSync('/proc/thread-self/status', 'utf8'))![1]!
    const before = allowed()
    const words = before.split(',').reverse()
    const mask = Buffer.from(new Uint32Array(words.map(word => Number.parseInt(word, 16))).buffer)
    const first = Buffer.alloc(mask.length)
    const at = mask.findIndex(byte => byte !== 0)
    first[at] = mask[at]! & -mask[at]!
    assert.equal(libc.schedSetaffinity(0, first), 0)
    assert.equal(allowed().match(/[1-9a-f]/g)?.length, 1)
    assert.equal(libc.schedSetaffinity(0, mask), 0)
    assert.equal(allowed(), before)
    assert.equal(libc.schedSetaffinity(0, Buffer.alloc(8)), -errnos.EINVAL)
  })

  it('has a descriptor under another number as well', () => {
    using fds = new Descriptors()
    const [a, b] = fds.pair()
    const other = fds.own(libc.fcntl(a, constants.F_DUPFD_CLOEXEC, 100))
    assert.ok(other >= 100)
    assert.equal(libc.dup2(b, other), other)
    assert.equal(libc.write(other, X), 1)
    assert.equal(drain(a), 1)
    assert.equal(libc.dup2(-1, other), -errnos.EBADF)
  })

  it('can be looked into, or not', () => {
    assert.equal(libc.prctl(constants.PR_SET_DUMPABLE, 1), 0)
    assert.equal(libc.prctl(constants.PR_SET_DUMPABLE, 77), -errnos.EINVAL)
  })
})

describe('files', () => {
  it('beyond four gigabytes are measured, read and sent from anywhere', () => {
    const path = join(directory, 'sparse')
    const size = 5 * 1024 ** 3
    writeFileSync(path, '')
    truncateSync(path, size)
    writeFileSync(path, 'end', { flag: 'a' })
    using fds = new Descriptors()
    const file = fds.own(libc.open(path, constants.O_RDONLY | constants.O_CLOEXEC))
    const found = status()
    assert.equal(libc.fstat(file, found), 0)
    assert.equal(found.sizeBytes, size + 3)
    const bytes = Buffer.alloc(10)
    assert.equal(libc.pread(file, bytes, size), 3)
    assert.equal(bytes.toString('latin1', 0, 3), 'end')
    const [a, b] = fds.pair()
    assert.equal(libc.sendfile(a, file, size + 1, 100), 2)
    assert.equal(libc.sendfile(a, file, size + 3, 100), 0, 'the end')
    assert.equal(bytes.toString('latin1', 0, libc.read(b, bytes)), 'nd')
    rmSync(path)
  })

  it('have the status that Node sees, links as what they are or what they lead to', () => {
    const path = join(directory, 'file')
    writeFileSync(path, 'content', { mode: 0o640 })
    symlinkSync(path, `${path}-link`)
    for (const flags of [0, constants.AT_SYMLINK_NOFOLLOW]) {
      const found = status()
      assert.equal(libc.statAt(constants.AT_FDCWD, `${path}-link`, flags, found), 0)
      const expected =
        flags === 0 ? lstatSync(path, { bigint: true }) : lstatSync(`${path}-link`, { bigint: true })
      assert.deepEqual(
        [found.mode, found.sizeBytes, found.ino, found.modifiedSeconds * 1e9 + found.modifiedNanoseconds],
        [expected.mode, expected.size, expected.ino, expected.mtimeNs].map(Number),
      )
    }
  })

  it('are opened beneath a directory only', () => {
    using fds = new Descriptors()
    writeFileSync(join(directory, 'inside'), 'x')
    const at = fds.own(libc.open(directory, constants.O_PATH | constants.O_DIRECTORY | constants.O_CLOEXEC))
    assert.ok(fds.own(libc.openBeneath(at, 'inside', constants.O_RDONLY | constants.O_CLOEXEC)) > 0)
    assert.equal(libc.openBeneath(at, '../etc', constants.O_RDONLY), -errnos.EXDEV)
    assert.equal(libc.openBeneath(at, '/etc', constants.O_RDONLY), -errnos.EXDEV)
    assert.equal(libc.openBeneath(at, 'nothing', constants.O_RDONLY), -errnos.ENOENT)
  })

  it('are read through their links', () => {
    symlinkSync('/some/where/ü', join(directory, 'link'))
    const bytes = Buffer.alloc(100)
    assert.equal(bytes.toString('utf8', 0, libc.readlink(join(directory, 'link'), bytes)), '/some/where/ü')
    assert.equal(libc.readlink(directory, bytes), -errnos.EINVAL)
  })
})

describe('a scripted system', () => {
  it('gives the answers of its script, then those of the kernel, and counts both', () => {
    using fds = new Descriptors()
    const [a, b] = fds.pair()
    using system = scripted({ write: [-errnos.EAGAIN, 0, (_real, args) => (args[2] as number) * 100] })
    assert.deepEqual(
      [1, 2, 3, 4].map(() => libc.write(a, X)),
      [-errnos.EAGAIN, 0, 100, 1],
    )
    assert.equal(system.calls.write, 4)
    assert.equal(system.calls.read, 0)
    assert.equal(drain(b), 1)
    assert.equal(system.calls.read, 2)
  })

  it('may ask the kernel on its way', () => {
    using fds = new Descriptors()
    const [a, b] = fds.pair()
    using _system = scripted({
      write: [(real, args) => (real as (...args: unknown[]) => number)(args[0], args[1], 1)],
    })
    assert.equal(libc.write(a, Buffer.from('abc')), 1)
    assert.equal(drain(b), 1)
  })

  it('is over when it is restored, also after an exception', () => {
    const real = { ...libc.native }
    assert.throws(() => {
      using _system = scripted({ close: [-errnos.EINTR] })
      throw new Error('the test failed')
    })
    assert.deepEqual({ ...libc.native }, real)
    assert.equal(libc.close(-1), -errnos.EBADF)
  })
})

describe('a signal', () => {
  it('is heard again, also when it was not blocked', () => {
    assert.equal(libc.unblockSignal(10), 0)
    const blocked = /^SigBlk:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!
    assert.equal(BigInt(`0x${blocked}`) & (1n << 9n), 0n)
  })
})
