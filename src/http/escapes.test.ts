import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { escapePath, escapeQuery } from './escapes.ts'

describe('a path in a URL', () => {
  const cases: readonly (readonly [path: string, escaped: string])[] = [
    ['/', '/'],
    ['/plain/path.html', '/plain/path.html'],
    ['/a b/é', '/a%20b/%C3%A9'],
    ['/🏮🏮 x', '/%F0%9F%8F%AE%F0%9F%8F%AE%20x'],
    // Measured with nginx 1.22.
    [`/a"<>^\`{|}&=+$,:;@!'()*~%#?[]`, `/a%22%3C%3E%5E%60%7B%7C%7D&=+$,:;@!'()*~%25%23%3F[]`],
    ['/back\\slash', '/back%5Cslash'],
    ['/\x01\x7f\r\n', '/%01%7F%0D%0A'],
    ['/lone \ud800', '/lone%20%EF%BF%BD'],
  ]
  for (const [path, escaped] of cases) {
    it(`${JSON.stringify(path)} is ${escaped}`, () => assert.equal(escapePath(path), escaped))
  }
})

describe('a query in a URL', () => {
  it('has its own escapes, and what else cannot stand there is escaped', () => {
    assert.equal(escapeQuery('a=%20&b=c/d?e+%zz'), 'a=%20&b=c/d?e+%zz')
    assert.equal(escapeQuery('"<>\\^`{|}'), '%22%3C%3E%5C%5E%60%7B%7C%7D')
    assert.equal(escapeQuery('\xC3\xA9\xE9'), '%C3%A9%E9')
  })
})
