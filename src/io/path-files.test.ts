import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { lchownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openDescriptors } from '../../test/descriptors.ts'
import { EACCES, EINVAL, ELOOP, ENOENT, ENOSYS, EPERM, errnoName } from '../errno.ts'
import { STATX } from '../sys/constants.ts'
import { type Answer, type Script, scripted } from '../sys/scripted.ts'
import { isDirectory, isRegularFile, newStatus } from './file.ts'
import { FOLLOW, openPath, PathFiles, realPath, type Symlinks, statusPath } from './path-files.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'veille-path-')))
const at = (name: string): string => join(base, name)

before(() => {
  mkdirSync(at('real/sub'), { recursive: true })
  mkdirSync(at('real-two'))
  writeFileSync(at('real/page'), 'page')
  writeFileSync(at('real/sub/deep'), 'deep')
  symlinkSync('page', at('real/link'))
  symlinkSync(at('real'), at('current'))
  symlinkSync('../real', at('real/up'))
  symlinkSync('sub', at('real/folder'))
  symlinkSync('nowhere', at('real/broken'))
  symlinkSync('loop', at('real/loop'))
  symlinkSync('/dev/zero', at('real/device-link'))
  execFileSync('mkfifo', [at('real/fifo')])
})
after(() => rmSync(base, { recursive: true }))

/** What opening gives: the content, or the name of an error; and what looking gives: the kind. */
function outcome(path: string, symlinks: Symlinks): [opened: string, looked: string] {
  const files = new PathFiles(symlinks)
  const status = newStatus()
  const looked = files.status(path, status)
  const kind = isDirectory(status) ? 'directory' : isRegularFile(status) ? 'file' : 'other'
  const file = files.open(path, newStatus())
  const opened = typeof file === 'number' ? errnoName(file) : String(file.read(1000))
  if (typeof file !== 'number') file.release()
  return [opened, looked < 0 ? errnoName(looked) : kind]
}

type Row = readonly [path: string, opened: string, looked: string]

/** Without a link on the way all policies are alike. */
const PLAIN: readonly Row[] = [
  ['real/page', 'page', 'file'],
  ['real/sub/deep', 'deep', 'file'],
  ['real//sub/./deep', 'deep', 'file'],
  ['real/sub/../page', 'page', 'file'],
  ['real', 'EISDIR', 'directory'],
  ['real/', 'EISDIR', 'directory'],
  ['real/nothing', 'ENOENT', 'ENOENT'],
  ['real/nothing/at/all', 'ENOENT', 'ENOENT'],
  ['real/page/', 'ENOTDIR', 'ENOTDIR'],
  ['real/page/x', 'ENOTDIR', 'ENOTDIR'],
  [`real/${'b'.repeat(256)}`, 'ENAMETOOLONG', 'ENAMETOOLONG'],
  ['real/page\0.png', 'ENOENT', 'ENOENT'],
  ['real/fifo', 'EACCES', 'other'],
]

const LINKS: readonly Row[] = [
  ['real/link', 'page', 'file'],
  ['real/folder', 'EISDIR', 'directory'],
  ['real/folder/', 'EISDIR', 'directory'],
  ['real/folder/deep', 'deep', 'file'],
  ['real/up/page', 'page', 'file'],
  ['current/page', 'page', 'file'],
  ['current/sub/deep', 'deep', 'file'],
]

const STRANGE: readonly Row[] = [
  ['real/broken', 'ENOENT', 'ENOENT'],
  ['real/loop', 'ELOOP', 'ELOOP'],
  ['real/device-link', 'EACCES', 'other'],
]

function checks(rows: readonly Row[], symlinks: Symlinks, script: () => Script = () => ({})): void {
  for (const [path, ...expected] of rows) {
    const descriptors = openDescriptors()
    {
      using _system = scripted(script())
      assert.deepEqual(outcome(`${base}/${path}`, symlinks), expected, path)
    }
    assert.equal(openDescriptors(), descriptors, `${path} leaves no descriptor open`)
  }
}

function refused(rows: readonly Row[]): Row[] {
  return rows.map(([path]) => [path, 'ELOOP', 'ELOOP'])
}

const always = (errno: number) => (): Script => ({ openat2: Array<Answer>(4).fill(-errno) })

/** A kernel that cannot do it, or a sandbox that forbids it. */
const SYSTEMS: Readonly<Record<string, () => Script>> = {
  'with openat2': () => ({}),
  'before Linux 5.6 (ENOSYS)': always(ENOSYS),
  'in a sandbox that forbids openat2 (EPERM)': always(EPERM),
  'where openat2 does not know the flag (EINVAL)': always(EINVAL),
}

describe('files by their paths', () => {
  it('may be behind links', () => checks([...PLAIN, ...LINKS, ...STRANGE], FOLLOW))

  for (const [system, script] of Object.entries(SYSTEMS)) {
    it(`are refused behind links when that is wanted, ${system}`, () => {
      const symlinks: Symlinks = { policy: 'refuse', from: '' }
      checks(PLAIN, symlinks, script)
      checks(refused([...LINKS, ...STRANGE]), symlinks, script)
    })
  }

  it('may be behind links of their owner when only others are refused', () => {
    checks([...PLAIN, ...LINKS, ...STRANGE.slice(0, 2)], { policy: 'if-not-owner', from: '' })
  })

  it('are refused behind links of somebody else', {
    skip: process.getuid?.() !== 0 && 'only root may give a link away',
  }, () => {
    const symlinks: Symlinks = { policy: 'if-not-owner', from: '' }
    symlinkSync('page', at('real/foreign'))
    symlinkSync('sub', at('real/foreign-folder'))
    for (const name of ['real/foreign', 'real/foreign-folder']) lchownSync(at(name), 12345, 12345)
    checks(
      refused([
        ['real/foreign', '', ''],
        ['real/foreign-folder/deep', '', ''],
      ]),
      symlinks,
    )
    checks(
      [
        ['real/foreign', 'page', 'file'],
        ['real/foreign-folder/deep', 'deep', 'file'],
      ],
      FOLLOW,
    )
    // Where both are somebody else's, he is at home.
    lchownSync(at('real/page'), 12345, 12345)
    checks([['real/foreign', 'page', 'file']], symlinks)
    lchownSync(at('real/page'), 0, 0)
    for (const name of ['real/foreign', 'real/foreign-folder']) rmSync(at(name))
  })

  it('are refused when a link takes their place after they were looked at', () => {
    const lookElsewhere: Answer = (real, args) =>
      (real as (...args: unknown[]) => number)(
        ...args.map(arg => (typeof arg === 'string' ? arg.replace('link', 'page') : arg)),
      )
    using _system = scripted({ openat2: [lookElsewhere] })
    assert.equal(openPath(at('real/link'), newStatus(), { policy: 'refuse', from: '' }), -ELOOP)
  })

  it('are given back when a FIFO takes their place after they were looked at', () => {
    const lookElsewhere: Answer = (_real, args) => {
      ;(args[5] as Buffer).writeUInt16LE(0o100644, STATX.mode)
      return 0
    }
    const descriptors = openDescriptors()
    for (const policy of ['follow', 'refuse'] as const) {
      using _system = scripted({ statx: [lookElsewhere] })
      assert.equal(openPath(at('real/fifo'), newStatus(), { policy, from: '' }), -EACCES)
    }
    assert.equal(openDescriptors(), descriptors)
  })
})

describe('the beginning of a path that may hold links', () => {
  const through: Row[] = [['current/page', 'page', 'file']]
  const cases: readonly (readonly [from: string, rows: Row[]])[] = [
    [at('current'), through],
    [at('current/'), through],
    [at('current/page'), through],
    // Not at a slash, not the beginning, or nothing.
    [at('curr'), refused(through)],
    [at('current/pa'), refused(through)],
    ['/nowhere', refused(through)],
    ['', refused(through)],
    ['/', refused(through)],
    [base, refused(through)],
    // What is behind it is looked at.
    [
      at('current'),
      refused([
        ['current/link', '', ''],
        ['current/folder/deep', '', ''],
      ]),
    ],
    [at('real'), refused([['real-two/../current/page', '', '']])],
  ]
  for (const [from, rows] of cases) {
    it(`is "${from.replace(base, '')}": ${rows[0]!.join(' ')}`, () => {
      for (const script of Object.values(SYSTEMS)) checks(rows, { policy: 'refuse', from }, script)
    })
  }
})

describe('looking at a path', () => {
  it('costs one call where links are followed', () => {
    using system = scripted()
    assert.equal(statusPath(at('real/page'), newStatus()), 0)
    const calls = Object.entries(system.calls).filter(([, n]) => n > 0)
    assert.deepEqual(calls, [['statx', 1]])
  })
})

describe('the real path', () => {
  it('has no links', () => {
    assert.equal(realPath(at('current/sub/../link')), at('real/page'))
    assert.equal(realPath(at('real/folder')), at('real/sub'))
    assert.equal(realPath('/'), '/')
  })

  it('of what is not there is none', () => {
    assert.equal(realPath(at('real/broken')), -ENOENT)
    assert.equal(realPath(at('nothing')), -ENOENT)
    assert.equal(realPath(`${base}\0`), -ENOENT)
    assert.equal(errnoName(realPath(at('real/loop')) as number), 'ELOOP')
  })
})
