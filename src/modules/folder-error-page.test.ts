/** What the error pages say, and that nothing they are given can break out of them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNested, assertSelfContained } from '../../test/page-assertions.ts'
import { errorPage } from './folder-error-page.ts'

const STATUSES = [
  400, 401, 403, 404, 405, 406, 408, 410, 411, 412, 413, 414, 415, 416, 417, 421, 429, 431, 500, 501, 502,
  503, 504, 505, 507,
]

for (const status of STATUSES) {
  test(`the page for ${status} has its own sentences, is small, well formed and self-contained`, () => {
    const html = errorPage({ status, reason: 'Reason', words: 'A & B.', home: '/' })
    assert.match(html, /<footer>veille: A &amp; B\.<\/footer>/)
    assert.match(errorPage({ status, reason: '', words: '', home: '/' }), /<footer>veille<\/footer>/)
    assert.match(html, new RegExp(`<title>${status} Reason</title>`))
    assert.match(html, /^<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport"/)
    assert.match(html, /prefers-color-scheme:dark/)
    assert.ok(Buffer.byteLength(html) < 3072, `${Buffer.byteLength(html)} bytes`)
    assertNested(html)
    assertSelfContained(html)
  })
}

test('an error without a row says the words that came with it', () => {
  assert.match(
    errorPage({ status: 418, reason: 'Teapot', words: 'Tea only.', home: null }),
    /<p>Tea only\.<\/p>[\s\S]*<footer>veille<\/footer>/,
  )
})

test('an error without a row and without words falls back to its class', () => {
  const sentence = (status: number) =>
    /<h1>.*<\/h1>\n<p>(.*)<\/p>/.exec(errorPage({ status, reason: '', words: '', home: null }))![1]
  assert.equal(sentence(499), 'The server did not accept this request.')
  assert.equal(sentence(599), 'The server could not do what was asked.')
})

test('the lantern burns for 4xx and is out for 5xx', () => {
  const burns = (status: number) =>
    errorPage({ status, reason: '', words: '', home: null }).includes('class="flame"')
  assert.deepEqual([burns(404), burns(500)], [true, false])
})

test('an error page links to the front page only where there is one, and escapes what it is given', () => {
  const bare = errorPage({ status: 404, reason: '<i>', words: '', home: null })
  assert.doesNotMatch(bare, /<a |<i>/)
  assert.match(bare, /<title>404 &lt;i&gt;<\/title>/)
  const linked = errorPage({ status: 418, reason: 'x', words: '<b>&"', home: '/a"b/' })
  assert.match(linked, /<a href="\/a&quot;b\/">/)
  assert.match(linked, /<p>&lt;b&gt;&amp;&quot;<\/p>/)
})
