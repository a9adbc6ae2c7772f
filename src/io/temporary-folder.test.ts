import assert from 'node:assert/strict'
import { existsSync, fstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { EACCES, EEXIST, ENOENT, EOPNOTSUPP } from '../errno.ts'
import { scripted } from '../sys/scripted.ts'
import { OpenFile } from './file.ts'
import { TemporaryFolder } from './temporary-folder.ts'

const directory = mkdtempSync(join(tmpdir(), 'veille-temporary-'))
after(() => rmSync(directory, { recursive: true }))

let count = 0
function newFolder(...levels: number[]): TemporaryFolder {
  const folder = new TemporaryFolder(join(directory, String(count++)), levels)
  assert.equal(folder.make(null), null)
  return folder
}

function fileOf(opened: OpenFile | number): OpenFile {
  assert.ok(opened instanceof OpenFile, String(opened))
  return opened
}

describe('a temporary folder', () => {
  it('is made for its owner alone, and may be there already', () => {
    const folder = newFolder()
    assert.equal(statSync(folder.path).mode & 0o777, 0o700)
    assert.equal(folder.make(process.getuid!()), null)
  })

  it('tells in words what it could not make', () => {
    const folder = new TemporaryFolder(join(directory, 'no', 'parent'), [])
    assert.deepEqual(folder.make(null), { words: `mkdir() "${folder.path}" failed`, errno: -ENOENT })
    using _ = scripted({ mkdirat: [-EEXIST], chown: [-EACCES] })
    const other = new TemporaryFolder(directory, [])
    const failure = other.make(process.getuid!() + 1)
    assert.deepEqual(failure, {
      words: `chown("${directory}", ${process.getuid!() + 1}) failed`,
      errno: -EACCES,
    })
  })

  it('gives files without a name', () => {
    const folder = newFolder()
    const file = fileOf(folder.open())
    assert.deepEqual(readdirSync(folder.path), [])
    assert.equal(file.write(Buffer.from('hello'), 0), 0)
    assert.equal(String(file.read(5)), 'hello')
    file.release()
  })

  it('takes the name away where files have one from the beginning', () => {
    const folder = newFolder()
    using system = scripted({ open: [-EOPNOTSUPP] })
    const file = fileOf(folder.open())
    assert.equal(system.calls.open, 2)
    assert.deepEqual(readdirSync(folder.path), [])
    assert.equal(fstatSync(file.fd).nlink, 0)
    file.release()
  })

  it('gives files with names of ten digits, below folders of their last ones', () => {
    const folder = newFolder(1, 2)
    const named = folder.openNamed()
    assert.ok(typeof named === 'object')
    const [, last, before, name] = named.path.slice(folder.path.length).split('/') as string[]
    assert.match(name!, /^\d{10}$/)
    assert.equal(last, name!.slice(-1))
    assert.equal(before, name!.slice(-3, -1))
    named.file.write(Buffer.from('kept'), 0)
    named.file.release()
    assert.equal(readFileSync(named.path, 'utf8'), 'kept')
    assert.equal(statSync(named.path).mode & 0o777, 0o600)
    assert.equal(folder.remove(named.path), 0)
    assert.equal(existsSync(named.path), false)
  })

  it('looks for another name when one is taken', () => {
    const folder = newFolder()
    using system = scripted({ open: [-EEXIST, -EEXIST] })
    const named = folder.openNamed()
    assert.ok(typeof named === 'object')
    assert.equal(system.calls.open, 3)
    named.file.release()
  })

  it('that has gone is an error of the opening', () => {
    const folder = new TemporaryFolder(join(directory, 'gone'), [])
    assert.equal(folder.open(), -ENOENT)
    assert.equal(folder.openNamed(), -ENOENT)
  })
})
