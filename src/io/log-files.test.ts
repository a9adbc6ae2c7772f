import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it, mock } from 'node:test'
import { ENOENT } from '../errno.ts'
import { createLog } from '../log.ts'
import { scripted } from '../sys/scripted.ts'
import type { BufferOptions } from './log-buffer.ts'
import { LogFiles } from './log-files.ts'

const ENOSPC = 28
let folder = ''
let files: LogFiles
const words: string[] = []

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'veille-logs-'))
})

beforeEach(() => {
  files = new LogFiles()
  files.log = createLog('warn', (level, line) => words.push(`[${level}] ${line}`))
  words.length = 0
})

after(() => rmSync(folder, { recursive: true }))

function pathOf(name: string): string {
  return join(folder, name)
}

function text(name: string): string {
  return readFileSync(pathOf(name), 'latin1')
}

function buffer(sizeBytes: number, changes: Partial<BufferOptions> = {}): BufferOptions {
  return { sizeBytes, flushMs: null, gzipLevel: null, ...changes }
}

describe('the logs of a configuration', () => {
  it('are opened once for each path', () => {
    using system = scripted()
    const a = files.sink(pathOf('a'), null)!
    const b = files.sink(pathOf('a'), null)!
    assert.equal(files.file(pathOf('a')), files.file(pathOf('a')))
    assert.deepEqual(files.open(), [])
    assert.equal(system.calls.open, 1)
    a.write('1')
    b.write('2')
    files.close()
    assert.equal(text('a'), '1\n2\n')
  })

  it('say which of them cannot be opened', () => {
    files.sink(pathOf('none/a'), null)
    files.sink(pathOf('b'), null)
    assert.deepEqual(files.open(), [{ path: pathOf('none/a'), errno: -ENOENT }])
    files.close()
  })

  it('go on under their names after a rotation, and lose no line', () => {
    const plain = files.sink(pathOf('plain'), null)!
    const buffered = files.sink(pathOf('buffered'), buffer(1000))!
    files.open()
    for (const sink of [plain, buffered]) sink.write('before')
    for (const name of ['plain', 'buffered']) renameSync(pathOf(name), pathOf(`${name}.1`))
    files.reopen()
    for (const sink of [plain, buffered]) sink.write('after')
    files.close()
    for (const name of ['plain', 'buffered']) {
      assert.equal(text(`${name}.1`), 'before\n')
      assert.equal(text(name), 'after\n')
    }
    assert.deepEqual(words, [])
  })

  it('stay where they are when their folder has vanished, and say so', () => {
    mkdirSync(pathOf('folder'))
    files.sink(pathOf('folder/a'), null)
    files.open()
    rmSync(pathOf('folder'), { recursive: true })
    files.reopen()
    assert.equal(words.length, 1)
    assert.match(words[0]!, /^\[alert\] open\(\) ".*folder\/a" failed \(2: No such file or directory\)/)
    files.close()
  })

  it('tell the log of errors that the disk is full, although that is one of them', () => {
    const errors = files.file(pathOf('errors'))
    files.log = createLog('warn', (level, line) => {
      words.push(line)
      errors.write(`[${level}] ${line}`)
      errors.flush()
    })
    files.open()
    using _system = scripted({ write: [-ENOSPC, -ENOSPC] })
    files.log.warn('lost')
    assert.equal(words.length, 2)
    files.log.warn('kept')
    assert.match(text('errors'), /^\[warn\] kept\n\[warn\] ".*" can be written again, 2 lines were lost\n$/)
    files.close()
  })

  it('tell at their end what was lost', () => {
    const errors = files.file(pathOf('last-words'))
    files.log = createLog('warn', (level, line) => errors.write(`[${level}] ${line}`))
    const sink = files.sink('/dev/full', null)!
    files.open()
    sink.write('a')
    files.flush()
    sink.write('b')
    files.close()
    const [first, second] = text('last-words').trimEnd().split('\n')
    assert.match(first!, /^\[alert\] write\(\) to "\/dev\/full" failed \(28: .*\), lines are lost$/)
    assert.equal(second, '[warn] "/dev/full" is closed, 2 lines were lost')
  })

  it('flush, reopen and close what is attached to them', () => {
    const calls: string[] = []
    files.attach({
      flush: () => calls.push('flush'),
      reopen: () => calls.push('reopen'),
      close: () => calls.push('close'),
    })
    files.reopen()
    files.close()
    assert.deepEqual(calls, ['flush', 'reopen', 'flush', 'close'])
  })
})

describe('a buffer of a log', () => {
  it('is written when the next line does not fit', () => {
    const sink = files.sink(pathOf('fits'), buffer(10))!
    files.open()
    const file = files.file(pathOf('fits'))
    sink.write('1234')
    sink.write('5678')
    file.flush()
    assert.equal(text('fits'), '')
    sink.write('9')
    file.flush()
    assert.equal(text('fits'), '1234\n5678\n')
    sink.write('longer than the buffer')
    file.flush()
    assert.equal(text('fits'), '1234\n5678\n9\nlonger than the buffer\n')
    files.close()
  })

  it('is written some time after its first line', () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const sink = files.sink(pathOf('time'), buffer(1000, { flushMs: 5000 }))!
    files.open()
    const file = files.file(pathOf('time'))
    const waited = (ms: number): string => {
      mock.timers.tick(ms)
      file.flush()
      return text('time')
    }
    sink.write('a')
    assert.equal(waited(3000), '')
    sink.write('b')
    assert.equal(waited(1999), '')
    assert.equal(waited(1), 'a\nb\n')
    sink.write('c')
    assert.equal(waited(4999), 'a\nb\n')
    assert.equal(waited(1), 'a\nb\nc\n')
    mock.timers.reset()
    files.close()
  })

  it('becomes a member of a gzip file', () => {
    const sink = files.sink(pathOf('z.gz'), buffer(20, { gzipLevel: 1 }))!
    files.open()
    const lines = ['first line', 'caf\xc3\xa9', 'the third, which is longer than the buffer', 'last']
    for (const line of lines) sink.write(line)
    files.close()
    const { stdout } = spawnSync('zcat', [pathOf('z.gz')])
    assert.equal(stdout.toString('latin1'), `${lines.join('\n')}\n`)
    assert.equal(readFileSync(pathOf('z.gz')).indexOf(Buffer.from([0x1f, 0x8b, 8]), 1) > 0, true)
  })

  it('serves all who name its path, unless they want another one', () => {
    const options = buffer(100)
    const first = files.sink(pathOf('shared'), null)!
    assert.ok(files.sink(pathOf('shared'), options))
    assert.ok(files.sink(pathOf('shared'), buffer(100)))
    assert.equal(files.sink(pathOf('shared'), buffer(101)), null)
    assert.equal(files.sink(pathOf('shared'), buffer(100, { gzipLevel: 1 })), null)
    assert.equal(files.sink(pathOf('shared'), buffer(100, { flushMs: 1 })), null)
    writeFileSync(pathOf('shared'), '')
    files.open()
    first.write('waits too')
    files.file(pathOf('shared')).flush()
    assert.equal(text('shared'), '')
    files.close()
    assert.equal(text('shared'), 'waits too\n')
  })
})
