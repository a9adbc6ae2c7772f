import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { beginningOf, isOpenEnded } from './regex-beginning.ts'

function begins(source: string, text: string, end: string): void {
  it(`${source || '(nothing)'} begins with "${text}", ${end}`, () =>
    assert.deepEqual(beginningOf(source), { text, end }))
}

describe('the beginning of an expression', () => {
  begins('^/api', '/api', 'open')
  begins('^/api/.*', '/api/', 'open')
  begins('^/api/(.*)$', '/api/', 'open')
  begins('^/api$', '/api', 'closed')
  begins('^/a\\.b\\-c$', '/a.b-c', 'closed')
  begins('^/api/\\d+', '/api/', 'more')
  begins('^/api/?$', '/api', 'more')
  begins('^/apis?', '/api', 'more')
  begins('^/ap+', '/a', 'more')
  begins('^/(a|b)', '/', 'more')
  begins('^/a|b', '', 'more')
  begins('^/[a|b]c', '/', 'more')
  begins('^/a\\|b', '/a|b', 'open')
  begins('\\.php$', '', 'more')
  begins('api', '', 'more')
  begins('^\\d', '', 'more')
  begins('^$', '', 'closed')
})

describe('an expression that matches every path', () => {
  for (const source of ['', '^', '/', '^/', '.', '.*', '^.*$', '(.*)', '^/(.*)$', '^/.*', '^(.+)$']) {
    begins(source, '', 'open')
  }
  begins('^/.+', '/', 'more')
  begins('$', '', 'more')
})

describe('an expression without an end', () => {
  for (const source of ['/\\.', '^/a', '\\.php', '[.]git']) {
    it(source, () => assert.ok(isOpenEnded(source)))
  }
  for (const source of ['\\.php$', '/\\.(?!well-known)', '\\bapi\\b', 'x(?=y)', '(?<!a)b', 'a\\z']) {
    it(`not ${source}`, () => assert.ok(!isOpenEnded(source)))
  }
})
