import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { EISDIR, ENOENT } from '../errno.ts'
import type { FileSource, FileStatus, OpenFile } from '../io/file.ts'
import { PathFiles } from '../io/path-files.ts'
import {
  DIRECTORY,
  type FoundFile,
  NO_CACHE,
  NO_REGULAR_FILE,
  OpenFiles,
  OTHER,
  REGULAR,
  type Remembering,
} from './open-files.ts'

const place = mkdtempSync(join(tmpdir(), 'veille-open-'))
after(() => rmSync(place, { recursive: true }))

/** The whole file system, and how often it was asked. */
class Disk implements FileSource {
  looks = 0
  openings = 0
  private readonly files = new PathFiles()

  status(path: string, out: FileStatus): number {
    this.looks++
    return this.files.status(path, out)
  }

  open(path: string, out: FileStatus): OpenFile | number {
    this.openings++
    return this.files.open(path, out)
  }
}

const CACHE: Remembering = {
  mostFiles: 100,
  inactiveMs: 60_000,
  validMs: 1000,
  leastUses: 1,
  remembersErrors: false,
}

/** Changed long enough ago for its time to tell of every change after it. */
function write(name: string, content: string | number, seconds = 1): string {
  const path = join(place, name)
  writeFileSync(path, typeof content === 'string' ? content : Buffer.alloc(content))
  utimesSync(path, seconds, seconds)
  return path
}

function opened(files: OpenFiles, path: string, now: number): FoundFile {
  const found = files.open(path, now)
  if (typeof found === 'number') throw new Error(`${path}: ${found}`)
  found.release()
  return found
}

function textAt(files: OpenFiles, path: string, now: number): string {
  return String(opened(files, path, now).stored.content)
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

describe('files without a cache', () => {
  it('are as they are now, and are read anew only when they have changed', () => {
    const disk = new Disk()
    const files = new OpenFiles(NO_CACHE, disk)
    const path = write('now', 'old')
    assert.equal(textAt(files, path, 0), 'old')
    assert.equal(textAt(files, path, 1), 'old')
    assert.equal(disk.openings, 1)
    write('now', 'new', 2)
    assert.equal(textAt(files, path, 2), 'new')
    unlinkSync(path)
    assert.equal(files.open(path, 3), -ENOENT)
    write('now', 'again')
    assert.equal(textAt(files, path, 4), 'again')
    files.close()
  })

  it('are looked at once for all who ask at the same moment', () => {
    const disk = new Disk()
    const files = new OpenFiles(NO_CACHE, disk)
    const path = write('once', 'once')
    assert.equal(files.kindOf(path, 5), REGULAR)
    opened(files, path, 5)
    opened(files, path, 5)
    assert.equal(disk.looks, 1)
    files.close()
  })

  it('whose time of change is not past are read again, for the next change may show no other time', () => {
    const disk = new Disk()
    const files = new OpenFiles(NO_CACHE, disk)
    const ahead = Math.floor(Date.now() / 1000) + 3600
    const path = write('fresh', 'one', ahead)
    assert.equal(textAt(files, path, 0), 'one')
    write('fresh', 'two', ahead)
    assert.equal(textAt(files, path, 1), 'two')
    files.close()
  })

  it('of some size are open only while they are sent', () => {
    const before = descriptors()
    const files = new OpenFiles(NO_CACHE, new Disk())
    const found = files.open(write('large', 100_000), 0)
    assert.ok(typeof found !== 'number' && found.stored.file !== null)
    assert.equal(descriptors(), before + 1)
    found.release()
    assert.equal(descriptors(), before)
  })

  it('are told apart from what is none', () => {
    const files = new OpenFiles(NO_CACHE, new Disk())
    mkdirSync(join(place, 'folder'))
    execFileSync('mkfifo', [join(place, 'fifo')])
    assert.equal(files.kindOf(join(place, 'folder'), 0), DIRECTORY)
    assert.equal(files.open(join(place, 'folder'), 0), -EISDIR)
    assert.equal(files.kindOf(join(place, 'fifo'), 0), OTHER)
    assert.equal(files.open(join(place, 'fifo'), 0), NO_REGULAR_FILE)
    assert.equal(files.open(`${write('half', '')}\0.png`, 0), -ENOENT)
  })
})

describe('files with a cache', () => {
  it('are believed for a while, and then looked at again', () => {
    const disk = new Disk()
    const files = new OpenFiles(CACHE, disk)
    const path = write('cached', 'old')
    assert.equal(textAt(files, path, 0), 'old')
    write('cached', 'new', 2)
    assert.equal(textAt(files, path, 1000), 'old')
    assert.equal(textAt(files, path, 1001), 'new')
    unlinkSync(path)
    assert.equal(textAt(files, path, 2000), 'new')
    assert.equal(files.open(path, 2002), -ENOENT)
    files.close()
  })

  it('stay open once they are used enough', () => {
    const disk = new Disk()
    const files = new OpenFiles({ ...CACHE, leastUses: 2 }, disk)
    const path = write('much used', 100_000)
    const before = descriptors()
    opened(files, path, 0)
    assert.equal(descriptors(), before)
    opened(files, path, 1)
    opened(files, path, 2)
    assert.equal(descriptors(), before + 1)
    assert.equal(disk.openings, 2)
    files.close()
    assert.equal(descriptors(), before)
  })

  it('that are missing are remembered only when that is wanted', () => {
    const path = join(place, 'missing')
    const looks = (remembersErrors: boolean): number => {
      const disk = new Disk()
      const files = new OpenFiles({ ...CACHE, remembersErrors }, disk)
      assert.equal(files.open(path, 0), -ENOENT)
      assert.equal(files.open(path, 1), -ENOENT)
      return disk.looks
    }
    assert.equal(looks(true), 1)
    assert.equal(looks(false), 2)
  })

  it('are no more than may be, and those that are used stay', () => {
    const disk = new Disk()
    const files = new OpenFiles({ ...CACHE, mostFiles: 3 }, disk)
    const paths = ['a', 'b', 'c', 'd', 'e'].map(name => write(`room-${name}`, name))
    const [first, ...others] = paths
    for (const path of others) {
      opened(files, first!, 0)
      opened(files, path, 0)
    }
    assert.equal(disk.openings, 5)
    opened(files, first!, 0)
    assert.equal(disk.openings, 5)
    opened(files, others[0]!, 0)
    assert.equal(disk.openings, 6)
    files.close()
  })

  it('are forgotten when nobody has used them for long', () => {
    const before = descriptors()
    const files = new OpenFiles({ ...CACHE, inactiveMs: 100 }, new Disk())
    opened(files, write('idle', 100_000), 0)
    assert.equal(descriptors(), before + 1)
    opened(files, write('other', 'x'), 101)
    assert.equal(descriptors(), before)
    files.close()
  })
})

describe('a file that is found', () => {
  it('is described once for the same description', () => {
    const files = new OpenFiles(CACHE, new Disk())
    const found = opened(files, write('described', 'x'), 0)
    const html = { mediaType: 'text/html', coding: null, varies: false, hasEtag: true, takesRanges: true }
    assert.equal(found.as(html), found.as(html))
    assert.equal(found.as({ ...html, mediaType: 'text/css' }).mediaType, 'text/css')
    files.close()
  })
})
