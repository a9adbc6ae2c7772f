import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placed, problemsOf } from '../../test/feature-stub.ts'
import { mediaTypesAt, types } from './types.ts'

function typeOf(path: string, directives: string, http = ''): string {
  const { block } = placed([types], { location: directives, http })
  return mediaTypesAt(block).of(path)
}

describe('the type of a file', () => {
  it('is one of three, or text, where nothing is said', () => {
    assert.equal(typeOf('/a.html', ''), 'text/html')
    assert.equal(typeOf('/a.gif', ''), 'image/gif')
    assert.equal(typeOf('/a.jpg', ''), 'image/jpeg')
    assert.equal(typeOf('/a.css', ''), 'text/plain')
  })

  it('is told by the extension of its path, in any case', () => {
    const table = 'types { text/css css CSS2; image/png png; }'
    assert.equal(typeOf('/a/b.CSS', table), 'text/css')
    assert.equal(typeOf('/a/b.tar.css2', table), 'text/css')
    for (const path of ['/a', '/.css', '/a/.css', '/a.css/b', '/css', '/a.css.', '/a.html']) {
      assert.equal(typeOf(path, table), 'text/plain', path)
    }
  })

  it('is the default where no types know it', () => {
    assert.equal(typeOf('/a.html', 'types { } default_type x/y;'), 'x/y')
    assert.equal(typeOf('/a', 'default_type "";'), '')
  })

  it('is what the innermost block says, and blocks side by side are as one', () => {
    const http = 'types { a/outer html; b/outer css; }'
    assert.equal(typeOf('/a.css', '', http), 'b/outer')
    assert.equal(typeOf('/a.css', 'types { a/inner html; }', http), 'text/plain')
    assert.equal(typeOf('/a.css', 'types { a/inner html; } types { b/inner css; }', http), 'b/inner')
    assert.equal(typeOf('/a.html', 'default_type x/y;', http), 'a/outer')
  })

  it('is shared by blocks that say the same', () => {
    const one = placed([types], { http: 'types { a/b c; }' }).block
    assert.equal(mediaTypesAt(one), mediaTypesAt(one.parent!))
  })

  it('said twice is warned of, and a block among the lines refused', () => {
    assert.deepEqual(problemsOf([types], { location: 'types { a/b x; c/d X; }' }), [
      'duplicate extension "x", content type: "c/d", previous content type: "a/b"',
    ])
    assert.deepEqual(problemsOf([types], { location: 'types { a/b { } }' }), ['unexpected "{"'])
  })
})
