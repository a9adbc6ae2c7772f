import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { EACCES, EAGAIN, EINTR, ENOENT } from '../errno.ts'
import { scripted } from '../sys/scripted.ts'
import { LogFile, MOST_WAITING_BYTES, type Trouble } from './log-file.ts'

const ENOSPC = 28
let folder = ''
let count = 0

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'veille-log-'))
})

after(() => rmSync(folder, { recursive: true }))

class Told implements Trouble {
  readonly words: string[] = []

  onTrouble(words: string): void {
    this.words.push(`trouble: ${words}`)
  }

  onRecovery(words: string): void {
    this.words.push(`recovery: ${words}`)
  }
}

function opened(): { file: LogFile; told: Told; text: () => string } {
  const told = new Told()
  const file = new LogFile(join(folder, `${count++}.log`), told)
  assert.equal(file.open(), 0)
  return { file, told, text: () => readFileSync(file.path, 'latin1') }
}

/** A pipe by its name, and a descriptor of its reading end. */
function fifo(): { path: string; reader: number } {
  const path = join(folder, `${count++}.fifo`)
  assert.equal(spawnSync('mkfifo', [path]).status, 0)
  return { path, reader: openSync(path, 'r+') }
}

describe('a log file', () => {
  it('collects lines, which leave together at the end of the turn', async () => {
    using system = scripted()
    const { file, text } = opened()
    file.write('one')
    file.write('caf\xc3\xa9')
    assert.equal(text(), '')
    await new Promise(setImmediate)
    assert.equal(text(), 'one\ncaf\xc3\xa9\n')
    assert.equal(system.calls.write, 1)
    file.close()
  })

  it('does not collect without end', () => {
    const { file, text } = opened()
    const line = 'x'.repeat(1023)
    for (let i = 0; i < 100; i++) file.write(line)
    assert.equal(text().length, 64 * 1024)
    file.close()
    assert.equal(text().length, 100 * 1024)
  })

  it('adds to what others have written, and is made readable for all', () => {
    const { file, text } = opened()
    const other = new LogFile(file.path, new Told())
    other.open()
    file.write('a')
    file.flush()
    other.write('b')
    other.flush()
    file.write('c')
    file.flush()
    assert.equal(text(), 'a\nb\nc\n')
    file.close()
    other.close()
  })

  it('says why it cannot be opened', () => {
    assert.equal(new LogFile(join(folder, 'no/such/folder'), new Told()).open(), -ENOENT)
  })

  it('writes on into a file that was moved, until it is reopened', () => {
    const { file, text } = opened()
    file.write('before')
    renameSync(file.path, `${file.path}.1`)
    assert.equal(file.reopen(), 0)
    file.write('after')
    file.close()
    assert.equal(readFileSync(`${file.path}.1`, 'latin1'), 'before\n')
    assert.equal(text(), 'after\n')
  })

  it('stays with the old file when the new one cannot be opened', () => {
    const place = join(folder, 'gone')
    mkdirSync(place)
    const file = new LogFile(join(place, 'log'), new Told())
    file.open()
    renameSync(place, join(folder, 'moved'))
    assert.equal(file.reopen(), -ENOENT)
    file.write('kept')
    file.close()
    assert.equal(readFileSync(join(folder, 'moved', 'log'), 'latin1'), 'kept\n')
  })

  it('tells once that the disk is full, goes on, and counts what was lost', () => {
    const { file, told, text } = opened()
    using system = scripted({ write: [-ENOSPC, -ENOSPC] })
    for (const line of ['a', 'b']) file.write(line)
    file.flush()
    file.write('c')
    file.flush()
    assert.deepEqual(told.words, [
      `trouble: write() to "${file.path}" failed (28: No space left on device), lines are lost`,
    ])
    file.write('d')
    file.flush()
    assert.equal(told.words[1], `recovery: "${file.path}" can be written again, 3 lines were lost`)
    assert.equal(text(), 'd\n')
    assert.equal(system.calls.write, 3)
    file.close()
  })

  it('begins a new line behind one that the disk has cut', () => {
    const { file, told, text } = opened()
    using _system = scripted({
      write: [(real, [fd, bytes]) => real(fd as never, bytes as never, 6 as never), -ENOSPC],
    })
    for (const line of ['one', 'two', 'three']) file.write(line)
    file.flush()
    file.write('four')
    file.flush()
    assert.equal(text(), 'one\ntw\nfour\n')
    assert.match(told.words[1]!, /2 lines were lost/)
    file.close()
  })

  it('goes on after a signal and after a write that was cut short', () => {
    const { file, told, text } = opened()
    using _system = scripted({
      write: [-EINTR, (real, [fd, bytes]) => real(fd as never, bytes as never, 2 as never)],
    })
    file.write('abcdef')
    file.flush()
    assert.equal(text(), 'abcdef\n')
    assert.deepEqual(told.words, [])
    file.close()
  })

  it('keeps what a full pipe does not take, up to a limit', () => {
    const { path, reader } = fifo()
    const told = new Told()
    const file = new LogFile(path, told)
    assert.equal(file.open(), 0)
    const line = 'x'.repeat(999)
    const most = (64 * 1024 + MOST_WAITING_BYTES) / 1000
    for (let i = 0; i < most + 10; i++) file.write(line)
    assert.deepEqual(told.words, [`trouble: the reader of "${path}" is too far behind, lines are lost`])
    const bytes = Buffer.alloc(2 * MOST_WAITING_BYTES)
    let received = 0
    for (;;) {
      const n = readSync(reader, bytes, received, 64 * 1024, null)
      received += n
      file.flush()
      if (told.words.length > 1) break
    }
    file.close()
    const lost = Number(/(\d+) lines? w/.exec(told.words[1]!)![1])
    assert.ok(lost >= 9 && lost < 80, `${lost} lost`)
    // What is still in the pipe.
    while (received < (Math.floor(most) + 10 - lost) * 1000)
      received += readSync(reader, bytes, received, 64 * 1024, null)
    const lines = bytes.toString('latin1', 0, received).trimEnd().split('\n')
    assert.ok(lines.every(one => one === line))
    closeSync(reader)
  })

  it('writes whole lines into a pipe, as many as it takes at once', () => {
    const { path, reader } = fifo()
    const file = new LogFile(path, new Told())
    file.open()
    const sizes: number[] = []
    const note = (real: (...args: never[]) => number, args: unknown[]): number => {
      sizes.push(args[2] as number)
      return real(...(args as never[]))
    }
    using _system = scripted({ write: [note, note, note, note] })
    file.write('x'.repeat(2999))
    file.write('y'.repeat(2999))
    file.write('z'.repeat(4999))
    file.write('')
    file.flush()
    assert.deepEqual(sizes, [3000, 3000, 5000, 1])
    file.close()
    closeSync(reader)
  })

  it('tries a full pipe again by itself', async () => {
    const { file, text } = opened()
    using _system = scripted({ write: [-EAGAIN] })
    file.write('late')
    file.flush()
    assert.equal(text(), '')
    while (text() === '') await new Promise(done => setTimeout(done, 5))
    assert.equal(text(), 'late\n')
    file.close()
  })

  it('writes to a standard output that is a socket, as under systemd', () => {
    const module = JSON.stringify(new URL('./log-file.js', import.meta.url).href)
    const program = `
      const { LogFile } = await import(${module})
      const file = new LogFile('/dev/stdout', { onTrouble: console.error, onRecovery: console.error })
      file.write(String(file.open()))
      file.write(String(file.reopen()))
      file.flush()
      file.close()`
    // Node connects its children by socket pairs.
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'latin1',
    })
    assert.equal(stderr, '')
    assert.equal(stdout, '0\n0\n')
  })

  it('uses a descriptor of somebody else without closing it', () => {
    const path = join(folder, `${count++}.log`)
    const fd = openSync(path, 'a')
    const file = new LogFile('stderr', new Told()).borrow(fd)
    file.write('a')
    assert.equal(file.reopen(), 0)
    file.close()
    assert.equal(readFileSync(path, 'latin1'), 'a\n')
    closeSync(fd)
  })

  it('is given to the user that workers run as', { skip: process.getuid?.() !== 0 }, () => {
    const { file } = opened()
    assert.equal(file.reopen(65534), 0)
    const { uid, mode } = statSync(file.path)
    assert.equal(uid, 65534)
    assert.equal(mode & 0o600, 0o600)
    file.close()
  })

  it('refuses in words of errno what it may not open', { skip: process.getuid?.() === 0 }, () => {
    assert.equal(new LogFile('/etc/shadow', new Told()).open(), -EACCES)
  })
})
