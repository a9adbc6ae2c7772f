import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ENOENT } from '../errno.ts'
import { scripted } from '../sys/scripted.ts'
import type { Trouble } from './log-file.ts'
import { type LogPathOptions, LogPaths } from './log-paths.ts'

const QUIET: Trouble = { onTrouble() {}, onRecovery() {} }
let folder = ''
let now = 0

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'veille-paths-'))
})

beforeEach(() => {
  now = 0
})

after(() => rmSync(folder, { recursive: true }))

function paths(options: Partial<LogPathOptions> | null): LogPaths {
  const all = { most: 100, inactiveMs: 10_000, leastUses: 1, validMs: 60_000 }
  return new LogPaths(options === null ? null : { ...all, ...options }, QUIET, () => now)
}

function pathOf(name: string): string {
  return join(folder, name)
}

function text(name: string): string {
  return readFileSync(pathOf(name), 'latin1')
}

describe('logs named by their lines', () => {
  it('are opened for each line where none are kept', () => {
    using system = scripted()
    const logs = paths(null)
    assert.equal(logs.write(pathOf('a'), '1'), 0)
    assert.equal(logs.write(pathOf('a'), '2'), 0)
    assert.equal(text('a'), '1\n2\n')
    assert.equal(system.calls.open, 2)
    assert.equal(system.calls.close, 2)
  })

  it('say why they cannot be opened', () => {
    for (const options of [null, {}]) assert.equal(paths(options).write(pathOf('no/a'), 'x'), -ENOENT)
  })

  it('stay open while they are used', () => {
    using system = scripted()
    const logs = paths({})
    for (const name of ['b', 'c', 'b', 'c', 'b']) logs.write(pathOf(name), 'x')
    assert.equal(system.calls.open, 2)
    logs.flush()
    assert.equal(text('b'), 'x\nx\nx\n')
    logs.close()
    assert.equal(logs.size, 0)
  })

  it('stay open only if they are used often enough', () => {
    const logs = paths({ leastUses: 3 })
    for (const size of [0, 0, 1]) {
      logs.write(pathOf('d'), 'x')
      assert.equal(logs.size, size)
    }
    logs.close()
    for (let i = 0; i < 10; i++, now += 20_000) logs.write(pathOf('e'), 'x')
    assert.equal(logs.size, 0)
    assert.equal(text('e'), 'x\n'.repeat(10))
  })

  it('give way to others', () => {
    const logs = paths({ most: 2 })
    for (const name of ['f', 'g', 'f', 'h']) logs.write(pathOf(name), name)
    assert.equal(logs.size, 2)
    assert.equal(text('g'), 'g\n', 'the one used longest ago')
    assert.equal(text('f'), '')
    logs.close()
  })

  it('are closed when nobody has used them for a while', () => {
    const logs = paths({ inactiveMs: 100 })
    for (const name of ['i', 'j', 'k']) logs.write(pathOf(name), 'x')
    now = 101
    logs.write(pathOf('l'), 'x')
    assert.equal(logs.size, 2)
    logs.close()
  })

  it('are looked at again after a while, in case they were moved', () => {
    const logs = paths({ validMs: 100, inactiveMs: 1000 })
    logs.write(pathOf('m'), '1')
    logs.flush()
    renameSync(pathOf('m'), pathOf('m.1'))
    now = 100
    logs.write(pathOf('m'), '2')
    now = 101
    logs.write(pathOf('m'), '3')
    logs.close()
    assert.equal(text('m.1'), '1\n2\n')
    assert.equal(text('m'), '3\n')
  })

  it('are opened anew when all logs are', () => {
    const logs = paths({})
    logs.write(pathOf('n'), '1')
    renameSync(pathOf('n'), pathOf('n.1'))
    logs.reopen()
    logs.write(pathOf('n'), '2')
    logs.close()
    assert.equal(text('n.1'), '1\n')
    assert.equal(text('n'), '2\n')
  })
})
