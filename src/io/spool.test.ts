import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { describe, it } from 'node:test'
import { openDescriptors } from '../../test/descriptors.ts'
import { ENOSPC } from '../errno.ts'
import { scripted } from '../sys/scripted.ts'
import { Spool, type SpoolLimits } from './spool.ts'
import { TemporaryFolder } from './temporary-folder.ts'

const folder = new TemporaryFolder(tmpdir(), [])

function spoolOf(memoryBytes: number, fileBytes: number, changes: Partial<SpoolLimits> = {}): Spool {
  return new Spool({ memoryBytes, fileBytes, open: () => folder.open(), ...changes })
}

/** Each piece that it gives, those of the file in brackets. */
function all(spool: Spool): string[] {
  const list: string[] = []
  for (let next = spool.next(); next !== null; next = spool.next()) {
    if (Buffer.isBuffer(next)) list.push(next.toString())
    else {
      const { file, offset, sizeBytes } = next
      list.push(`[${(file.read(offset + sizeBytes) as Buffer).toString('latin1', offset)}]`)
    }
  }
  return list
}

function add(spool: Spool, ...texts: string[]): void {
  for (const text of texts) {
    const lent = Buffer.from(text)
    assert.equal(spool.add(lent), 0)
    lent.fill('!')
  }
}

describe('what waits', () => {
  it('is in memory first, then in a file, and comes in its order', () => {
    const spool = spoolOf(4, 100)
    add(spool, 'ab', '', 'cd', 'ef', 'gh')
    assert.deepEqual(all(spool), ['ab', 'cd', '[efgh]'])
    assert.ok(spool.isEmpty)
    spool.close()
  })

  it('goes behind what is in the file as long as that is there, and to memory afterwards', () => {
    const spool = spoolOf(2, 100)
    add(spool, 'ab', 'cd')
    assert.equal(String(spool.next()), 'ab')
    add(spool, 'ef')
    assert.deepEqual(all(spool), ['[cdef]'])
    add(spool, 'gh', 'ij')
    assert.deepEqual(all(spool), ['gh', '[ij]'])
    spool.close()
  })

  it('may lie where something has left', () => {
    const spool = spoolOf(0, 4)
    for (const text of ['abcd', 'efgh', 'ijkl']) {
      add(spool, text)
      assert.ok(spool.isFull)
      spool.settle()
      assert.ok(spool.isFull, 'it has not been given')
      assert.deepEqual(all(spool), [`[${text}]`])
      assert.ok(spool.isFull, 'it may still be on its way')
      spool.settle()
      assert.ok(!spool.isFull)
    }
    spool.close()
  })

  it('is never more than the limits and what came last', () => {
    const alone = spoolOf(3, 0)
    add(alone, 'ab')
    assert.ok(!alone.isFull)
    add(alone, 'cd')
    assert.ok(alone.isFull)
    assert.deepEqual(all(alone), ['ab', 'cd'])
    assert.ok(!alone.isFull)
    const both = spoolOf(2, 2)
    add(both, 'ab')
    assert.ok(!both.isFull)
    add(both, 'cd')
    assert.ok(both.isFull)
    alone.close()
    both.close()
  })
})

it('a spool whose file cannot be had, or is full, says so', () => {
  const none = spoolOf(0, 10, { open: () => -ENOSPC })
  assert.equal(none.add(Buffer.from('a')), -ENOSPC)
  const full = spoolOf(0, 10)
  {
    using _ = scripted({ pwrite: [-ENOSPC] })
    assert.equal(full.add(Buffer.from('a')), -ENOSPC)
  }
  full.close()
})

it('a spool leaves nothing open behind', () => {
  const before = openDescriptors()
  const spool = spoolOf(0, 100)
  add(spool, 'abc')
  assert.equal(openDescriptors(), before + 1)
  spool.close()
  spool.close()
  assert.ok(spool.isEmpty)
  assert.equal(openDescriptors(), before)
})
