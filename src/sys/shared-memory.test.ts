import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { it } from 'node:test'
import { Descriptors, openDescriptors } from '../../test/descriptors.ts'
import { EMFILE, ENOMEM } from '../errno.ts'
import { scripted } from './scripted.ts'
import { createSharedMemory, mapSharedMemory } from './shared-memory.ts'

const SIZE = 8192

it('what a child writes, its parent reads', () => {
  using fds = new Descriptors()
  const { fd, buffer } = createSharedMemory('veille-test', SIZE)
  fds.own(fd)
  const words = new Float64Array(buffer)
  assert.deepEqual(new Set(words), new Set([0]))
  words[1] = 2 ** 53
  const program = `
    import { mapSharedMemory } from ${JSON.stringify(import.meta.resolve('./shared-memory.js'))}
    const buffer = mapSharedMemory(3, ${SIZE})
    const words = new Float64Array(buffer)
    words[2] = words[1] - 1
    console.log(Atomics.add(new Int32Array(buffer), ${SIZE / 4 - 1}, 7))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
  })
  assert.equal(stdout, '0\n', stderr)
  assert.equal(words[2], 2 ** 53 - 1)
  assert.equal(new Int32Array(buffer)[SIZE / 4 - 1], 7)
  assert.equal(new Float64Array(mapSharedMemory(fd, SIZE))[1], 2 ** 53)
})

it('a system that has none left is told of, and nothing stays open', () => {
  const before = openDescriptors()
  for (const name of ['memfd_create', 'ftruncate'] as const) {
    using _system = scripted({ [name]: [-EMFILE] })
    assert.throws(() => createSharedMemory('veille-test', SIZE), new RegExp(`^Error: ${name}: EMFILE`))
  }
  using _system = scripted({ mmap: [-ENOMEM] })
  assert.throws(() => mapSharedMemory(-1, SIZE), /^Error: mmap: ENOMEM/)
  assert.equal(openDescriptors(), before)
})
