import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import { openDescriptors } from '../../test/descriptors.ts'
import { EEXIST, EMFILE, ENOENT } from '../errno.ts'
import { Folder, openFolder } from './folder.ts'
import { copyTree, errnoOf, removeTree } from './tree.ts'

const directory = mkdtempSync(join(tmpdir(), 'veille-tree-'))
const opened = openFolder(directory)
assert.ok(opened instanceof Folder)
const folder = opened
after(() => {
  folder.close()
  rmSync(directory, { recursive: true })
})

const OTHER_ENCODING = Buffer.from([0x66, 0xe9])

beforeEach(() => {
  rmSync(join(directory, 'a'), { recursive: true, force: true })
  rmSync(join(directory, 'b'), { recursive: true, force: true })
  mkdirSync(join(directory, 'a', 'inner', 'empty'), { recursive: true })
  writeFileSync(join(directory, 'a', 'inner', 'file'), 'text')
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/a/`), OTHER_ENCODING]), 'text')
  writeFileSync(join(directory, 'outside'), 'stays')
  symlinkSync('..', join(directory, 'a', 'up'))
  symlinkSync('../outside', join(directory, 'a', 'link'))
})

async function failure(work: Promise<void>): Promise<number> {
  try {
    await work
  } catch (error) {
    return errnoOf(error)
  }
  return 0
}

describe('removeTree', () => {
  it('removes all that is in it, and nothing that a link leads to', async () => {
    const before = openDescriptors()
    await removeTree(folder.fd, 'a')
    assert.deepEqual(readdirSync(directory), ['outside'])
    assert.equal(openDescriptors(), before)
  })

  it('removes a link or a file', async () => {
    symlinkSync('a', join(directory, 'b'))
    await removeTree(folder.fd, 'b')
    assert.ok(existsSync(join(directory, 'a', 'inner', 'file')))
    assert.equal(await failure(removeTree(folder.fd, 'b')), -ENOENT)
  })

  it('gives up where directories are too deep, and keeps no descriptor', async () => {
    mkdirSync(join(directory, 'b', ...new Array<string>(120).fill('d')), { recursive: true })
    const before = openDescriptors()
    assert.equal(await failure(removeTree(folder.fd, 'b')), -EMFILE)
    assert.equal(openDescriptors(), before)
  })
})

describe('copyTree', () => {
  it('copies all that is in it, links as links', async () => {
    chmodSync(join(directory, 'a', 'inner', 'file'), 0o640)
    chmodSync(join(directory, 'a', 'inner'), 0o750)
    utimesSync(join(directory, 'a', 'inner', 'file'), 1000, 2000)
    const before = openDescriptors()
    await copyTree(folder.fd, 'a', folder.fd, 'b')
    assert.equal(openDescriptors(), before)
    const b = join(directory, 'b')
    const read = { encoding: 'buffer' } as const
    assert.deepEqual(readdirSync(b, read).sort(), readdirSync(join(directory, 'a'), read).sort())
    assert.deepEqual(readdirSync(join(b, 'inner')).sort(), ['empty', 'file'])
    assert.equal(readFileSync(join(b, 'inner', 'file'), 'utf8'), 'text')
    assert.equal(statSync(join(b, 'inner', 'file')).mode & 0o777, 0o640)
    assert.equal(statSync(join(b, 'inner', 'file')).mtimeMs, 2_000_000)
    assert.equal(statSync(join(b, 'inner')).mode & 0o777, 0o750)
    assert.equal(readlinkSync(join(b, 'up')), '..')
  })

  it('copies a directory alone', async () => {
    await copyTree(folder.fd, 'a', folder.fd, 'b', false)
    assert.deepEqual(readdirSync(join(directory, 'b')), [])
  })

  it('replaces nothing', async () => {
    mkdirSync(join(directory, 'b'))
    assert.equal(await failure(copyTree(folder.fd, 'a', folder.fd, 'b')), -EEXIST)
  })
})
