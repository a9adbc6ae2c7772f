import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openDescriptors } from '../../test/descriptors.ts'
import {
  EACCES,
  EDQUOT,
  EEXIST,
  EINVAL,
  EISDIR,
  EMFILE,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
  EOPNOTSUPP,
  EPERM,
} from '../errno.ts'
import { scripted } from '../sys/scripted.ts'
import { Folder, openFolder } from './folder.ts'
import { CREATED, KEEP, NewFile, newFile, REPLACE, REPLACED, statusForWriting } from './new-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'veille-new-'))
after(() => rmSync(directory, { recursive: true }))

let count = 0
function emptyFolder(): string {
  const path = join(directory, String(count++))
  mkdirSync(path)
  return path
}

function opened(path: string): Folder {
  const folder = openFolder(path)
  assert.ok(folder instanceof Folder)
  return folder
}

function begin(folder: string, mode = 0o600): NewFile {
  const file = newFile(opened(folder), mode)
  assert.ok(file instanceof NewFile, String(file))
  return file
}

function written(folder: string, text: string): NewFile {
  const file = begin(folder)
  assert.equal(file.write(Buffer.from(text)), 0)
  return file
}

/** Both ways, in any file system. */
for (const isNamed of [false, true]) {
  const script = (): ReturnType<typeof scripted> => scripted(isNamed ? { openat: [-EOPNOTSUPP] } : {})

  describe(`a new file ${isNamed ? 'with a hidden name' : 'without a name'}`, () => {
    it('appears when it is complete', () => {
      const folder = emptyFolder()
      const before = openDescriptors()
      using _ = script()
      const file = begin(folder, 0o666)
      file.write(Buffer.from('one '))
      file.write(Buffer.from('two'))
      assert.equal(file.sizeBytes, 7)
      assert.deepEqual(
        readdirSync(folder).filter(name => !name.startsWith('.veille-')),
        [],
      )
      assert.equal(file.commit('a.txt', KEEP), CREATED)
      assert.deepEqual(readdirSync(folder), ['a.txt'])
      assert.equal(readFileSync(join(folder, 'a.txt'), 'utf8'), 'one two')
      assert.equal(statSync(join(folder, 'a.txt')).mode & 0o777, 0o666)
      assert.equal(openDescriptors(), before)
    })

    it('takes the place of another one in one moment', () => {
      const folder = emptyFolder()
      writeFileSync(join(folder, 'a.txt'), 'old')
      using _ = script()
      assert.equal(written(folder, 'new').commit('a.txt', REPLACE), REPLACED)
      assert.deepEqual(readdirSync(folder), ['a.txt'])
      assert.equal(readFileSync(join(folder, 'a.txt'), 'utf8'), 'new')
    })

    it('says that it has replaced nothing', () => {
      const folder = emptyFolder()
      using _ = script()
      assert.equal(written(folder, 'new').commit('a.txt', REPLACE), CREATED)
      assert.deepEqual(readdirSync(folder), ['a.txt'])
    })

    it('leaves another one alone, and may take another name', () => {
      const folder = emptyFolder()
      writeFileSync(join(folder, 'a.txt'), 'old')
      using _ = script()
      const file = written(folder, 'new')
      assert.equal(file.commit('a.txt', KEEP), -EEXIST)
      assert.equal(file.commit('a-1.txt', KEEP), CREATED)
      assert.deepEqual(readdirSync(folder), ['a-1.txt', 'a.txt'])
      assert.equal(readFileSync(join(folder, 'a.txt'), 'utf8'), 'old')
    })

    it('replaces a symbolic link, and not what it leads to', () => {
      const folder = emptyFolder()
      writeFileSync(join(folder, 'target'), 'old')
      symlinkSync('target', join(folder, 'link'))
      using _ = script()
      assert.equal(written(folder, 'new').commit('link', REPLACE), REPLACED)
      assert.equal(readFileSync(join(folder, 'target'), 'utf8'), 'old')
      assert.equal(readFileSync(join(folder, 'link'), 'utf8'), 'new')
    })

    it('leaves nothing when it is discarded, also twice', () => {
      const folder = emptyFolder()
      const before = openDescriptors()
      using _ = script()
      const file = written(folder, 'new')
      file.discard()
      file.discard()
      assert.deepEqual(readdirSync(folder), [])
      assert.equal(openDescriptors(), before)
    })

    it('does not take the place of a directory', () => {
      const folder = emptyFolder()
      mkdirSync(join(folder, 'a'))
      const before = openDescriptors()
      using _ = script()
      const file = written(folder, 'new')
      assert.equal(file.commit('a', REPLACE), -EISDIR)
      file.discard()
      assert.deepEqual(readdirSync(folder), ['a'])
      assert.equal(openDescriptors(), before)
    })

    it('has no name that cannot be one', () => {
      const folder = emptyFolder()
      using _ = script()
      const file = written(folder, 'new')
      assert.equal(file.commit('a\0b', REPLACE), -EINVAL)
      assert.equal(file.commit('x'.repeat(256), REPLACE), -ENAMETOOLONG)
      file.discard()
      assert.deepEqual(readdirSync(folder), [])
    })

    it('has the time that it is given', () => {
      const folder = emptyFolder()
      using _ = script()
      const file = written(folder, 'new')
      assert.equal(file.setModified(1_000_000_000), 0)
      file.commit('a', KEEP)
      assert.equal(statSync(join(folder, 'a')).mtimeMs, 1_000_000_000_000)
    })

    it('tells that the disk is full', () => {
      const folder = emptyFolder()
      using _ = script()
      const file = written(folder, 'new')
      using _full = scripted({ pwrite: [1, -ENOSPC] })
      assert.equal(file.write(Buffer.from('more')), -ENOSPC)
      file.discard()
      assert.deepEqual(readdirSync(folder), [])
    })
  })
}

describe('a new file', () => {
  it('closes the folder also when it cannot be made', () => {
    const folder = emptyFolder()
    const before = openDescriptors()
    using _ = scripted({ openat: [-EACCES], fchmod: [-EPERM] })
    assert.equal(newFile(opened(folder), 0o600), -EACCES)
    assert.equal(newFile(opened(folder), 0o644), -EPERM)
    assert.equal(openDescriptors(), before)
    assert.deepEqual(readdirSync(folder), [])
  })

  it('is not made in a folder that has gone', () => {
    const folder = emptyFolder()
    const held = opened(folder)
    rmSync(folder, { recursive: true })
    assert.equal(newFile(held, 0o600), -ENOENT)
  })

  it('comes to its name where files have only one', () => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'b'), 'old')
    using _ = scripted({ openat: [-EOPNOTSUPP], linkat: [-EPERM, -EPERM] })
    const file = written(folder, 'new')
    assert.equal(file.commit('b', KEEP), -EEXIST)
    assert.equal(file.commit('a', KEEP), CREATED)
    assert.deepEqual(readdirSync(folder), ['a', 'b'])
  })
})

describe('the status of what is refused', () => {
  for (const [errno, status] of [
    [ENOSPC, 507],
    [-EDQUOT, 507],
    [EACCES, 403],
    [ENOENT, 409],
    [EISDIR, 409],
    [ENAMETOOLONG, 414],
    [EMFILE, 503],
    [EINVAL, 500],
  ] as const) {
    it(`is ${status} for ${errno}`, () => assert.equal(statusForWriting(errno), status))
  }
})
