import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findFolder } from './folder.ts'
import { Mistake, REFUSED } from './mistake.ts'

describe('the folder to serve', () => {
  const cwd = process.cwd()
  let top = ''

  before(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'veille-folder-')))
    mkdirSync(join(top, 'site/sub'), { recursive: true })
    writeFileSync(join(top, 'site/page.html'), '')
    symlinkSync('site', join(top, 'link'))
    symlinkSync('nowhere', join(top, 'broken'))
    process.chdir(top)
  })

  after(() => {
    process.chdir(cwd)
    rmSync(top, { recursive: true })
  })

  function refuses(name: string, sentence: string): void {
    it(`is not ${name}`, () =>
      assert.throws(
        () => findFolder(name),
        (error: unknown) => {
          assert.ok(error instanceof Mistake)
          assert.equal(error.message, sentence)
          assert.equal(error.exitCode, REFUSED)
          return true
        },
      ))
  }

  it('is found by any of its names', () => {
    assert.equal(findFolder('.'), top)
    assert.equal(findFolder('site/'), join(top, 'site'))
    assert.equal(findFolder(join(top, 'site/sub/..')), join(top, 'site'))
    assert.equal(findFolder('link'), join(top, 'link'))
  })

  it('is not one that may not be entered', context => {
    if (process.getuid?.() === 0) return context.skip('the administrator may enter every folder')
    mkdirSync(join(top, 'closed'), { mode: 0o600 })
    const message = 'the folder "closed" cannot be reached: permission denied'
    assert.throws(() => findFolder('closed'), { message })
  })

  refuses('stie', 'there is no folder "stie"; did you mean "site"?')
  refuses('site/sud', 'there is no folder "site/sud"; did you mean "sub"?')
  refuses('elsewhere/x', 'there is no folder "elsewhere/x"')
  refuses('site/page.html/x', 'there is no folder "site/page.html/x"')
  refuses('broken', 'there is no folder "broken"')
  refuses('3000', 'there is no folder "3000"; a port is given as --port 3000')
  refuses(
    'site/page.html',
    '"site/page.html" is a file, and veille serves folders; to serve the one it is in: veille site',
  )
})
