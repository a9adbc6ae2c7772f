import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { DiskFiles, glob, SnapshotFiles } from './files.ts'

const folder = mkdtempSync(join(tmpdir(), 'veille-files-'))
after(() => rmSync(folder, { recursive: true }))

mkdirSync(join(folder, 'sites'))
mkdirSync(join(folder, '.hidden'))
for (const name of ['b.conf', 'a.conf', 'a.conf~', '.c.conf', 'ab', 'a+b']) {
  writeFileSync(join(folder, 'sites', name), `# ${name}`)
}
writeFileSync(join(folder, '.hidden', 'a.conf'), '')
symlinkSync('loop', join(folder, 'loop'))

describe('a pattern', () => {
  function finds(pattern: string, ...expected: string[]): void {
    it(pattern, () => {
      const found = glob(`${folder}/${pattern}`).map(path => path.slice(folder.length + 1))
      assert.deepEqual(found, expected)
    })
  }
  finds('sites/*.conf', 'sites/a.conf', 'sites/b.conf')
  finds('*/a.conf', 'sites/a.conf')
  finds('sites/.*.conf', 'sites/.c.conf')
  finds('sites/?.conf', 'sites/a.conf', 'sites/b.conf')
  finds('sites/[b-z].conf', 'sites/b.conf')
  finds('sites/[!b].conf', 'sites/a.conf')
  finds('sites/[^b].conf', 'sites/a.conf')
  finds('sites/[[:lower:]].conf', 'sites/a.conf', 'sites/b.conf')
  finds('sites/[[:digit:]a].conf', 'sites/a.conf')
  finds('sites/[]a].conf', 'sites/a.conf')
  finds('sites/a[]+]b', 'sites/a+b')
  finds('sites/[]')
  finds('sites/a\\+b', 'sites/a+b')
  finds('sites/\\*.conf')
  finds('sites/a?b', 'sites/a+b')
  finds('sites/a+*', 'sites/a+b')
  finds('sites/[z-a].conf')
  finds('sites/[a')
  finds('none/*')
  finds('sites/a.conf/*')
  finds('loop/*')
  finds('*/loop')
})

describe('what cannot be read', () => {
  function says(name: string, problem: string): void {
    it(problem, () => {
      const path = join(folder, name)
      assert.deepEqual(new DiskFiles().read(path), { problem: problem.replace('PATH', path) })
    })
  }
  says('none', 'open() "PATH" failed (2: No such file or directory)')
  says('sites/ab/x', 'open() "PATH" failed (20: Not a directory)')
  says('loop', 'open() "PATH" failed (40: Too many levels of symbolic links)')
  says('sites', 'read() "PATH" failed (21: Is a directory)')
})

it('the same is answered later, though the files have changed', () => {
  const disk = new DiskFiles()
  const path = join(folder, 'sites', 'late.conf')
  writeFileSync(path, 'a;')
  disk.read(path)
  disk.glob(`${folder}/sites/l*`)
  rmSync(path)
  const later = new SnapshotFiles(JSON.parse(JSON.stringify(disk.snapshot)))
  assert.deepEqual(later.read(path), { text: 'a;' })
  assert.deepEqual(later.glob(`${folder}/sites/l*`), [path])
  assert.deepEqual(later.glob('/other/*'), [])
})
