import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import { recordingLog } from '../../test/recording-log.ts'
import { movePidFile, removePidFile, writePidFile } from './pid-file.ts'

const top = mkdtempSync(join(tmpdir(), 'veille-pid-'))
after(() => rmSync(top, { recursive: true }))
let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(top, 'test-'))
  path = join(folder, 'nginx.pid')
})

const OWN = `${process.pid}\n`

describe('the pid file', () => {
  it('holds the number of this process and a line end, and nothing else is left in its folder', () => {
    const log = recordingLog()
    assert.ok(writePidFile(path, log))
    assert.equal(readFileSync(path, 'utf8'), OWN)
    assert.deepEqual(readdirSync(folder), ['nginx.pid'])
    writeFileSync(path, 'what a server before has left, and longer than a number')
    assert.ok(writePidFile(path, log))
    assert.equal(readFileSync(path, 'utf8'), OWN)
    removePidFile(path, log)
    assert.ok(!existsSync(path))
    assert.deepEqual(log.lines, [])
  })

  it('is never seen half written: another file takes its name', () => {
    writePidFile(path, recordingLog())
    const { ino } = lstatSync(path)
    writePidFile(path, recordingLog())
    assert.notEqual(lstatSync(path).ino, ino)
  })

  it('of another process is not removed', () => {
    writeFileSync(path, '1\n')
    removePidFile(path, recordingLog())
    assert.equal(readFileSync(path, 'utf8'), '1\n')
  })

  it('may be a link, or no regular file, and stays what it is', () => {
    const target = join(folder, 'target')
    symlinkSync(target, path)
    for (const place of [path, '/dev/null']) {
      assert.ok(writePidFile(place, recordingLog()))
      removePidFile(place, recordingLog())
    }
    assert.ok(lstatSync('/dev/null').isCharacterDevice())
    assert.ok(lstatSync(path).isSymbolicLink())
    assert.equal(readFileSync(target, 'utf8'), OWN)
  })

  it('that cannot be written is told of', () => {
    const log = recordingLog()
    const nowhere = join(folder, 'nowhere', 'nginx.pid')
    assert.ok(!writePidFile(nowhere, log))
    removePidFile(nowhere, log)
    assert.deepEqual(log.lines, [
      `emerg: open() "${nowhere}" failed (2: No such file or directory)`,
      `alert: unlink() "${nowhere}" failed (2: No such file or directory)`,
    ])
  })

  it('is moved, or it is said why not', () => {
    const log = recordingLog()
    const old = `${path}.oldbin`
    writePidFile(path, log)
    assert.ok(movePidFile(path, old, log))
    assert.equal(readFileSync(old, 'utf8'), OWN)
    assert.ok(!movePidFile(path, old, log))
    assert.deepEqual(log.lines, [`alert: rename() ${path} to ${old} failed (2: No such file or directory)`])
  })

  const isRoot = process.getuid?.() === 0
  it('is written where it is when its folder cannot be', {
    skip: isRoot ? 'root can write everywhere' : false,
  }, () => {
    mkdirSync(join(folder, 'closed'))
    const inside = join(folder, 'closed', 'nginx.pid')
    writeFileSync(inside, 'old')
    chmodSync(join(folder, 'closed'), 0o555)
    assert.ok(writePidFile(inside, recordingLog()))
    assert.equal(readFileSync(inside, 'utf8'), OWN)
  })
})
