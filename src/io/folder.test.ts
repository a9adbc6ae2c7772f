import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openDescriptors } from '../../test/descriptors.ts'
import { ELOOP, ENOENT, ENOTDIR } from '../errno.ts'
import { newStatus } from './file.ts'
import { Folder, makeFolders, openFolder, openWay } from './folder.ts'

const directory = mkdtempSync(join(tmpdir(), 'veille-folder-'))
after(() => rmSync(directory, { recursive: true }))
mkdirSync(join(directory, 'here'))
writeFileSync(join(directory, 'file'), '')
symlinkSync('here', join(directory, 'link'))

function opened(folder: Folder | number): Folder {
  assert.ok(folder instanceof Folder, String(folder))
  return folder
}

describe('a folder', () => {
  it('is what its path leads to, also when that is renamed', () => {
    const path = join(directory, 'one')
    mkdirSync(path)
    const before = openDescriptors()
    const folder = opened(openFolder(path))
    const around = opened(openFolder(directory))
    assert.equal(around.rename('one', around, 'two'), 0)
    assert.equal(folder.make('inner', 0o700), 0)
    assert.ok(existsSync(join(directory, 'two', 'inner')))
    assert.equal(folder.removeFolder('inner'), 0)
    assert.equal(around.removeFolder('two'), 0)
    assert.equal(folder.status('inner', newStatus()), -ENOENT)
    folder.close()
    around.close()
    assert.equal(openDescriptors(), before)
  })

  it('is reached through links, unless they are not to be followed', () => {
    opened(openFolder(join(directory, 'link'))).close()
    assert.equal(openFolder(join(directory, 'link'), { policy: 'refuse', from: directory }), -ELOOP)
    assert.equal(openFolder(join(directory, 'file')), -ENOTDIR)
    assert.equal(openFolder(`${directory}/a\0b`), -ENOENT)
  })
})

describe('the way to a folder', () => {
  it('goes as far as there are folders', () => {
    const before = openDescriptors()
    const way = openWay(join(directory, 'here', 'x', 'y'))
    assert.ok(typeof way === 'object')
    assert.deepEqual(way.missing, ['x', 'y'])
    const made = opened(makeFolders(way.folder, way.missing, 0o700))
    assert.equal(made.make('z', 0o700), 0)
    assert.ok(existsSync(join(directory, 'here', 'x', 'y', 'z')))
    made.close()
    opened(makeFolders(way.folder, way.missing, 0o700)).close()
    way.folder.close()
    assert.equal(openDescriptors(), before)
  })

  it('ends at a file, and goes through no link that comes meanwhile', () => {
    assert.equal(openWay(join(directory, 'file', 'x')), -ENOTDIR)
    const way = openWay(directory)
    assert.ok(typeof way === 'object')
    assert.deepEqual(way.missing, [])
    const before = openDescriptors()
    assert.equal(makeFolders(way.folder, ['link', 'x'], 0o700), -ENOTDIR)
    assert.equal(openDescriptors(), before)
    way.folder.close()
  })
})
