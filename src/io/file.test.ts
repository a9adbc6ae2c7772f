import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  EACCES,
  EAGAIN,
  EBADF,
  EISDIR,
  ELOOP,
  ENAMETOOLONG,
  ENOENT,
  ENOSYS,
  ENOTDIR,
  EPERM,
  EXDEV,
  errnoName,
} from '../errno.ts'
import { F_GETFD } from '../sys/constants.ts'
import * as libc from '../sys/libc.ts'
import { type Answer, type Script, scripted } from '../sys/scripted.ts'
import {
  Directory,
  isDirectory,
  isRegularFile,
  isUnchanged,
  newStatus,
  OpenFile,
  openDirectory,
  statusOf,
} from './file.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'veille-file-')))
const site = join(base, 'site')
const outside = join(base, 'outside')
/** Its name begins like the site's: no part of it. */
const neighbour = join(base, 'site-two')
const socketServer = createServer()

/** Every byte that a file name can hold as text, and other surprises. */
const ODD_NAMES = [
  'space in it',
  ' leading and trailing ',
  '.hidden',
  '...',
  '-rf',
  'quote\'"`',
  'percent%20',
  'back\\slash',
  'question?hash#',
  'semi;colon&amp<lt>',
  'new\nline\ttab\rreturn',
  '\x01\x02\x1b[31mred\x7f',
  'ünïcödé 日本語 🚀',
  'e\u0301 combined',
  '*',
  '~',
  '$HOME',
  'a'.repeat(255),
  ' (deleted)',
]

before(async () => {
  for (const path of [site, outside, neighbour, join(site, 'sub')]) mkdirSync(path)
  writeFileSync(join(site, 'index.html'), 'index')
  writeFileSync(join(site, 'sub', 'page.html'), 'page')
  writeFileSync(join(outside, 'secret'), 'secret')
  writeFileSync(join(neighbour, 'secret'), 'secret')
  const link = (target: string, name: string): void => symlinkSync(target, join(site, name))
  link('index.html', 'inside-relative')
  link('sub/../index.html', 'inside-dots')
  link(join(site, 'sub', 'page.html'), 'inside-absolute')
  link('inside-absolute', 'inside-twice')
  link('sub', 'inside-directory')
  link(join(site, 'sub'), 'inside-absolute-directory')
  link(site, 'to-itself')
  link('../outside/secret', 'outside-relative')
  link(join(outside, 'secret'), 'outside-absolute')
  link('outside-absolute', 'outside-twice')
  link('../outside', 'outside-directory')
  link('../site-two/secret', 'outside-neighbour')
  link('/', 'outside-root')
  link('..', 'outside-parent')
  link('/proc/self/fd/0', 'outside-magic')
  link('nowhere', 'broken')
  link('loop-b', 'loop-a')
  link('loop-a', 'loop-b')
  execFileSync('mkfifo', [join(site, 'fifo')])
  symlinkSync('/dev/zero', join(site, 'device'))
  await new Promise<void>(done => socketServer.listen(join(site, 'socket'), done))
  for (const name of ODD_NAMES) writeFileSync(join(site, name), name)
})

after(() => {
  socketServer.close()
  rmSync(base, { recursive: true })
})

function directory(path = site, followsLinks = false): Directory {
  const opened = openDirectory(path, followsLinks)
  assert.ok(opened instanceof Directory, `a directory, not ${String(opened)}`)
  return opened
}

/** What opening `name` gives: the content, or the name of an error. */
function outcome(root: Directory, name: string): string {
  const file = root.open(name, newStatus())
  if (typeof file === 'number') return errnoName(file)
  const bytes = file.read(1000)
  file.release()
  return String(bytes)
}

/** The same for `status`: the kind. */
function kind(root: Directory, name: string): string {
  const status = newStatus()
  const r = root.status(name, status)
  if (r < 0) return errnoName(r)
  return isDirectory(status) ? 'directory' : isRegularFile(status) ? 'file' : 'other'
}

const EXPECTED: readonly (readonly [name: string, opened: string, looked: string])[] = [
  ['index.html', 'index', 'file'],
  ['sub/page.html', 'page', 'file'],
  ['./sub/./page.html', 'page', 'file'],
  ['', 'EISDIR', 'directory'],
  ['sub', 'EISDIR', 'directory'],
  ['sub/', 'EISDIR', 'directory'],
  ['nothing', 'ENOENT', 'ENOENT'],
  ['nothing/at/all', 'ENOENT', 'ENOENT'],
  ['index.html/', 'ENOTDIR', 'ENOTDIR'],
  ['index.html/x', 'ENOTDIR', 'ENOTDIR'],
  ['b'.repeat(256), 'ENAMETOOLONG', 'ENAMETOOLONG'],
  ['broken', 'ENOENT', 'ENOENT'],
  ['loop-a', 'ELOOP', 'ELOOP'],
  ['index.html\0.png', 'ENOENT', 'ENOENT'],
  ['\0', 'ENOENT', 'ENOENT'],
  ['inside-relative', 'index', 'file'],
  ['inside-dots', 'index', 'file'],
  ['inside-absolute', 'page', 'file'],
  ['inside-twice', 'page', 'file'],
  ['inside-directory', 'EISDIR', 'directory'],
  ['inside-directory/page.html', 'page', 'file'],
  ['inside-absolute-directory/page.html', 'page', 'file'],
  ['to-itself', 'EISDIR', 'directory'],
  ['to-itself/to-itself/index.html', 'index', 'file'],
  ['outside-relative', 'EXDEV', 'EXDEV'],
  ['outside-absolute', 'EXDEV', 'EXDEV'],
  ['outside-twice', 'EXDEV', 'EXDEV'],
  ['outside-directory', 'EXDEV', 'EXDEV'],
  ['outside-directory/secret', 'EXDEV', 'EXDEV'],
  ['outside-neighbour', 'EXDEV', 'EXDEV'],
  ['outside-root', 'EXDEV', 'EXDEV'],
  ['outside-parent', 'EXDEV', 'EXDEV'],
  ['../outside/secret', 'EXDEV', 'EXDEV'],
  ['sub/../../outside/secret', 'EXDEV', 'EXDEV'],
  ['../site-two/secret', 'EXDEV', 'EXDEV'],
  ['..', 'EXDEV', 'EXDEV'],
  ['fifo', 'EACCES', 'other'],
  ['socket', 'EACCES', 'other'],
  ['device', 'EACCES', 'EXDEV'],
]

/** A kernel that cannot do it, or a sandbox that forbids it. */
const SYSTEMS: Record<string, () => Script> = {
  'with openat2': () => ({}),
  'before Linux 5.6 (ENOSYS)': () => ({ openat2: Array<Answer>(10).fill(-ENOSYS) }),
  'in a sandbox that forbids openat2 (EPERM)': () => ({ openat2: Array<Answer>(10).fill(-EPERM) }),
  'while somebody renames (EAGAIN)': () => ({ openat2: Array<Answer>(10).fill(-EAGAIN) }),
}

for (const [system, script] of Object.entries(SYSTEMS)) {
  describe(`a directory, ${system}`, () => {
    for (const [name, opened, looked] of EXPECTED) {
      it(`gives ${opened} and ${looked} for ${JSON.stringify(name).slice(0, 50)}`, () => {
        const root = directory()
        using _system = scripted(script())
        assert.deepEqual([outcome(root, name), kind(root, name)], [opened, looked])
        root.release()
      })
    }

    it('opens names with every odd character', () => {
      const root = directory()
      for (const name of ODD_NAMES) {
        using _system = scripted(script())
        assert.deepEqual([outcome(root, name), kind(root, name)], [name, 'file'])
      }
      root.release()
    })

    it('keeps no descriptor but those of files that are open', () => {
      const root = directory()
      const lowest = (): number => {
        const fd = libc.socket(1, 1)
        libc.close(fd)
        return fd
      }
      const expected = lowest()
      for (const [name] of EXPECTED) {
        using _system = scripted(script())
        outcome(root, name)
        kind(root, name)
        assert.equal(lowest(), expected, name)
      }
      root.release()
    })
  })
}

describe('a directory', () => {
  it('lets links lead out of it when it is told so, and still refuses devices', () => {
    const root = directory(site, true)
    assert.equal(outcome(root, 'outside-relative'), 'secret')
    assert.equal(outcome(root, 'outside-directory/secret'), 'secret')
    assert.equal(outcome(root, 'inside-twice'), 'page')
    assert.equal(kind(root, 'outside-root'), 'directory')
    assert.equal(outcome(root, 'device'), 'EACCES')
    assert.equal(outcome(root, 'fifo'), 'EACCES')
    assert.equal(outcome(root, 'index.html\0'), 'ENOENT')
    root.release()
  })

  it('refuses the place of another file that was put there while it was looked at', () => {
    const root = directory()
    const status = newStatus()
    // It was a regular file when it was looked at, and is a FIFO when it is opened.
    const looked: Answer = (real, args) =>
      (real as (...args: unknown[]) => number)(args[0], args[1], 'index.html', ...args.slice(3))
    using _system = scripted({ statx: [looked] })
    assert.equal(root.open('fifo', status), -EACCES)
    root.release()
  })

  it('may be given through a link, and is known by its real path', () => {
    symlinkSync(site, join(base, 'current'))
    const root = directory(join(base, 'current'))
    assert.equal(root.path, site)
    assert.equal(outcome(root, 'inside-absolute'), 'page')
    root.release()
  })

  it('may be the root of all', () => {
    const root = directory('/')
    assert.equal(root.path, '/')
    assert.equal(outcome(root, join(site, 'index.html').slice(1)), 'index')
    assert.equal(outcome(root, join(site, 'inside-absolute').slice(1)), 'page')
    root.release()
  })

  it('goes on when it is renamed', () => {
    const first = join(base, 'first')
    mkdirSync(first)
    writeFileSync(join(first, 'x'), 'x')
    symlinkSync('x', join(first, 'link'))
    const root = directory(first)
    renameSync(first, join(base, 'second'))
    for (const script of Object.values(SYSTEMS)) {
      using _system = scripted(script())
      assert.equal(outcome(root, 'x'), 'x')
      assert.equal(outcome(root, 'link'), 'x')
    }
    root.release()
  })

  it('is refused when it is none', () => {
    assert.equal(openDirectory(join(site, 'nothing')), -ENOENT)
    assert.equal(openDirectory(join(site, 'index.html')), -ENOTDIR)
    assert.equal(openDirectory(join(site, 'loop-a')), -ELOOP)
    assert.equal(openDirectory(`${site}/${'b'.repeat(256)}`), -ENAMETOOLONG)
  })

  it('says EISDIR of a directory and EXDEV of one outside', () => {
    const root = directory()
    assert.equal(root.open('inside-absolute-directory', newStatus()), -EISDIR)
    assert.equal(root.open('outside-directory', newStatus()), -EXDEV)
    root.release()
  })

  it('respects permissions', { skip: process.getuid?.() === 0 && 'root may read everything' }, () => {
    const path = join(site, 'unreadable')
    writeFileSync(path, '')
    chmodSync(path, 0)
    const root = directory()
    assert.equal(outcome(root, 'unreadable'), 'EACCES')
    assert.equal(kind(root, 'unreadable'), 'file')
    root.release()
    rmSync(path)
  })
})

describe('an open file', () => {
  it('is closed with its last user', () => {
    const root = directory()
    const file = root.open('index.html', newStatus()) as OpenFile
    assert.equal(file.retain(), file)
    file.release()
    assert.ok(libc.fcntl(file.fd, F_GETFD) >= 0)
    file.release()
    assert.equal(libc.fcntl(file.fd, F_GETFD), -EBADF)
    root.release()
  })

  it('gives what is there when it is asked for more', () => {
    const root = directory()
    const file = root.open('index.html', newStatus()) as OpenFile
    assert.equal(String(file.read(3)), 'ind')
    assert.equal(String(file.read(100)), 'index')
    assert.equal(String(file.read(0)), '')
    file.release()
    root.release()
  })

  it('is read on where the system gives less, and says why it cannot be read', () => {
    const file = new OpenFile(openSync(join(site, 'index.html'), 'r'))
    const oneByte: Answer = (real, args) =>
      (real as (...args: unknown[]) => number)(args[0], args[1], 1, args[3])
    using _system = scripted({ pread: [oneByte, oneByte, oneByte] })
    assert.equal(String(file.read(5)), 'index')
    file.release()
    assert.equal(file.read(5), -EBADF)
  })
})

describe('the status of a file', () => {
  it('is what fs.stat says, also of sizes beyond four gigabytes', () => {
    const path = join(site, 'sparse')
    writeFileSync(path, '')
    truncateSync(path, 5 * 1024 ** 3 + 7)
    utimesSync(path, 1e9, 1234567890.5)
    const status = newStatus()
    assert.equal(statusOf(path, status), 0)
    const { mode, size, ino, dev } = statSync(path)
    assert.equal(size, 5_368_709_127)
    assert.deepEqual(
      [status.mode, status.sizeBytes, status.ino, status.modifiedSeconds, status.modifiedNanoseconds],
      [mode, size, ino, 1234567890, 500_000_000],
    )
    assert.ok(status.dev > 0 && dev > 0)
    rmSync(path)
  })

  it('knows times before 1970', () => {
    const path = join(site, 'old')
    writeFileSync(path, '')
    utimesSync(path, new Date(-5000), new Date(-5000))
    const status = newStatus()
    assert.equal(statusOf(path, status), 0)
    assert.deepEqual([status.modifiedSeconds, status.modifiedNanoseconds], [-5, 0])
    rmSync(path)
  })

  it('tells whether a file was touched', () => {
    const path = join(site, 'touched')
    writeFileSync(path, 'a')
    const [first, second] = [newStatus(), newStatus()]
    statusOf(path, first)
    statusOf(path, second)
    assert.equal(isUnchanged(first, second), true)
    for (const key of Object.keys(first) as (keyof typeof first)[]) {
      assert.equal(isUnchanged(first, { ...first, [key]: first[key] + 1 }), false, key)
    }
    rmSync(path)
    assert.equal(statusOf(path, second), -ENOENT)
  })
})
