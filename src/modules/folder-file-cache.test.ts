import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { EISDIR, EMFILE, ENOENT } from '../errno.ts'
import { type Directory, openDirectory } from '../io/file.ts'
import { scripted } from '../sys/scripted.ts'
import { type CachedFile, FileCache, IN_MEMORY_BYTES, VALID_MS } from './folder-file-cache.ts'

const place = mkdtempSync(join(tmpdir(), 'veille-cache-'))
after(() => rmSync(place, { recursive: true }))

function write(name: string, content: string | Buffer): void {
  writeFileSync(join(place, name), content)
}

function directory(): Directory {
  const opened = openDirectory(place)
  if (typeof opened === 'number') throw new Error(`errno ${opened}`)
  return opened
}

function found(cache: FileCache, name: string, now: number): CachedFile {
  const file = cache.lookUp(name, now)
  if (typeof file === 'number') throw new Error(`${name}: errno ${-file}`)
  return file
}

function textOf(file: CachedFile): string {
  return String(file.identity.stored.content)
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

describe('the cache of files', () => {
  it('believes what it knows for a second, and then sees a change', () => {
    const cache = new FileCache(directory(), true)
    write('a.txt', 'old')
    assert.equal(textOf(found(cache, 'a.txt', 0)), 'old')
    write('a.txt', 'newer')
    assert.equal(textOf(found(cache, 'a.txt', VALID_MS - 1)), 'old')
    assert.equal(textOf(found(cache, 'a.txt', VALID_MS)), 'newer')
    cache.close()
  })

  it('sees a change that leaves the size as it was', () => {
    const cache = new FileCache(directory(), true)
    write('same.txt', 'one')
    const before = found(cache, 'same.txt', 0)
    write('same.txt', 'two')
    utimesSync(join(place, 'same.txt'), 1, 1)
    const later = found(cache, 'same.txt', VALID_MS)
    assert.equal(textOf(later), 'two')
    assert.notEqual(later.identity.etag, before.identity.etag)
    cache.close()
  })

  it('keeps the same representation as long as the file is the same', () => {
    const cache = new FileCache(directory(), true)
    write('kept.txt', 'kept')
    const first = found(cache, 'kept.txt', 0)
    assert.equal(found(cache, 'kept.txt', 5 * VALID_MS).identity, first.identity)
    cache.close()
  })

  it('believes for a second that a name is not there, and sees it go at once when it looks', () => {
    const cache = new FileCache(directory(), true)
    assert.equal(cache.lookUp('late.txt', 0), -ENOENT)
    write('late.txt', 'here')
    assert.equal(cache.lookUp('late.txt', VALID_MS - 1), -ENOENT)
    assert.equal(textOf(found(cache, 'late.txt', VALID_MS)), 'here')
    rmSync(join(place, 'late.txt'))
    assert.equal(cache.lookUp('late.txt', 2 * VALID_MS), -ENOENT)
    cache.close()
  })

  it('goes on with what it knows when it cannot look for want of descriptors', () => {
    const cache = new FileCache(directory(), true)
    write('known.txt', 'known')
    const before = found(cache, 'known.txt', 0)
    const system = scripted({ openat2: [-EMFILE, -EMFILE] })
    try {
      assert.equal(found(cache, 'known.txt', VALID_MS), before)
      assert.equal(cache.lookUp('unknown.txt', VALID_MS), -EMFILE)
    } finally {
      system.restore()
    }
    write('known.txt', 'changed')
    assert.equal(textOf(found(cache, 'known.txt', VALID_MS)), 'changed')
    cache.close()
  })

  it('does not keep what is a directory', () => {
    const cache = new FileCache(directory(), true)
    assert.equal(cache.lookUp('', 0), -EISDIR)
    cache.close()
  })

  it('keeps the files that it knows when somebody asks for thousands that are not there', () => {
    const cache = new FileCache(directory(), true)
    write('here.txt', 'here')
    const before = found(cache, 'here.txt', 0)
    for (let i = 0; i < 5000; i++) assert.equal(cache.lookUp(`nothing-${i}`, 1), -ENOENT)
    assert.equal(found(cache, 'here.txt', 1), before)
    cache.close()
  })

  it('finds neighbours in other codings, and sees them come and go', () => {
    const cache = new FileCache(directory(), true)
    write('s.css', 'a{}')
    assert.deepEqual(found(cache, 's.css', 0).codings, [])
    assert.ok(!found(cache, 's.css', 0).identity.lines.includes('Vary'))
    write('s.css.gz', 'gz')
    write('s.css.br', 'br')
    const both = found(cache, 's.css', VALID_MS)
    assert.deepEqual(both.codings, ['br', 'gzip'])
    assert.match(both.identity.lines, /Vary: Accept-Encoding\r\n/)
    assert.match(both.encoded[0]!.lines, /Content-Encoding: br\r\n/)
    assert.match(both.encoded[0]!.lines, /Content-Type: text\/css; charset=utf-8\r\n/)
    assert.equal(new Set([both.identity, ...both.encoded].map(r => r.etag)).size, 3)
    rmSync(join(place, 's.css.br'))
    assert.deepEqual(found(cache, 's.css', 2 * VALID_MS).codings, ['gzip'])
    cache.close()
  })

  it('takes no folder for a neighbour', () => {
    const cache = new FileCache(directory(), true)
    write('f.css', 'a{}')
    mkdirSync(join(place, 'f.css.br'))
    assert.deepEqual(found(cache, 'f.css', 0).codings, [])
    assert.ok(!found(cache, 'f.css', 0).identity.lines.includes('Vary'))
    cache.close()
  })

  it('does not look for neighbours when told so', () => {
    const cache = new FileCache(directory(), false)
    write('t.css', 'a{}')
    write('t.css.gz', 'gz')
    assert.deepEqual(found(cache, 't.css', 0).codings, [])
    cache.close()
  })

  it('reads small files and lets them go, holds large ones open, and gives all descriptors back', () => {
    const before = descriptors()
    const cache = new FileCache(directory(), true)
    write('small', Buffer.alloc(IN_MEMORY_BYTES))
    write('large', Buffer.alloc(IN_MEMORY_BYTES + 1))
    assert.equal(found(cache, 'small', 0).identity.stored.file, null)
    assert.equal(found(cache, 'large', 0).identity.stored.content, null)
    assert.equal(descriptors(), before + 2) // the directory, and the large file
    assert.notEqual(found(cache, 'large', VALID_MS).identity.stored.file, null)
    assert.equal(descriptors(), before + 2)
    cache.close()
    assert.equal(descriptors(), before + 1)
  })

  it('gives back the descriptor of a large file that was replaced', () => {
    const cache = new FileCache(directory(), true)
    write('big', Buffer.alloc(70_000, 'a'))
    found(cache, 'big', 0)
    const before = descriptors()
    write('big.new', Buffer.alloc(70_000, 'b'))
    renameSync(join(place, 'big.new'), join(place, 'big'))
    found(cache, 'big', VALID_MS)
    assert.equal(descriptors(), before)
    truncateSync(join(place, 'big'), 10)
    assert.equal(textOf(found(cache, 'big', 2 * VALID_MS)), 'b'.repeat(10))
    assert.equal(descriptors(), before - 1)
    cache.close()
  })

  it('keeps a bounded number of files', () => {
    const cache = new FileCache(directory(), false)
    for (let i = 0; i < 1030; i++) write(`n${i}`, Buffer.alloc(i === 0 ? 65_537 : 1))
    const before = descriptors()
    for (let i = 0; i < 1030; i++) found(cache, `n${i}`, 0)
    assert.equal(descriptors(), before) // the first one, held open, has been pushed out
    cache.close()
  })

  it('never says that a file was changed later than now (RFC 9110 §8.8.2.1)', () => {
    const cache = new FileCache(directory(), true)
    write('future', 'x')
    const tomorrow = Date.now() / 1000 + 86_400
    utimesSync(join(place, 'future'), tomorrow, tomorrow)
    assert.ok(found(cache, 'future', 0).identity.lastModifiedMs <= Date.now())
    cache.close()
  })
})
