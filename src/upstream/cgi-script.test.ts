import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FOLDER, findScript, REGULAR_FILE } from './cgi-script.ts'

const MISSING = -2

/** Below /srv; a name that ends in a slash is a directory. */
function find(path: string, there: string[], options: { root?: string; extension?: string } = {}): string {
  const { root = '/srv', extension = '.py' } = options
  const script = findScript(
    path,
    root + path,
    piece => piece.endsWith(extension),
    file => {
      if (there.includes(file)) return REGULAR_FILE
      return there.some(name => name === `${file}/` || name.startsWith(`${file}/`)) ? FOLDER : MISSING
    },
  )
  if (script === null) return 'none'
  return `${script.scriptName} ${script.pathInfo || '-'} ${script.file} ${script.kind}`
}

describe('the program in a path', () => {
  it('may be all of it', () => {
    assert.equal(find('/cgi/x.py', ['/srv/cgi/x.py']), '/cgi/x.py - /srv/cgi/x.py 0')
    assert.equal(find('/x.py', ['/srv/x.py']), '/x.py - /srv/x.py 0')
  })

  it('may be followed by more', () => {
    assert.equal(find('/cgi/x.py/extra/path', ['/srv/cgi/x.py']), '/cgi/x.py /extra/path /srv/cgi/x.py 0')
    assert.equal(find('/cgi/x.py/', ['/srv/cgi/x.py']), '/cgi/x.py / /srv/cgi/x.py 0')
    assert.equal(find('/a.py/b.py', ['/srv/a.py']), '/a.py /b.py /srv/a.py 0')
  })

  it('is behind directories, whatever they are called', () => {
    assert.equal(find('/a.py/b.py/c', ['/srv/a.py/b.py']), '/a.py/b.py /c /srv/a.py/b.py 0')
    assert.equal(find('/a.py/', ['/srv/a.py/']), 'none')
    assert.equal(find('/a.py/readme.txt', ['/srv/a.py/']), 'none')
  })

  it('may be missing', () => {
    assert.equal(find('/x.py/y', []), '/x.py /y /srv/x.py -2')
  })

  it('is not there where no piece may name one', () => {
    assert.equal(find('/x.txt', ['/srv/x.txt']), 'none')
    assert.equal(find('/', ['/srv/']), 'none')
    assert.equal(find('/x.pyc/y', ['/srv/x.pyc']), 'none')
  })

  it('may have any name', () => {
    assert.equal(find('/bin/a/b', ['/srv/bin/a'], { extension: '' }), '/bin/a /b /srv/bin/a 0')
    assert.equal(find('/bin/', ['/srv/bin/a'], { extension: '' }), 'none')
  })

  it('is not cut off the name of a file that is not made of the path', () => {
    const named = (path: string) =>
      findScript(
        path,
        '/srv/other',
        piece => piece.endsWith('.py'),
        () => REGULAR_FILE,
      )
    assert.equal(named('/x.py/more'), null)
    assert.equal(named('/x.py')?.file, '/srv/other')
  })
})
