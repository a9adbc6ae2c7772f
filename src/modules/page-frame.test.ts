/** The frame of the built-in pages; and that the checks which all pages pass would notice a fault. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNested, assertSelfContained } from '../../test/page-assertions.ts'
import { escapeHtml, pageStart, squeeze } from './page-frame.ts'

test('the frame is well formed and self-contained, and its title is text', () => {
  const html = `${pageStart('<script>&', 'p{color:red}')}<body>`
  assert.match(html, /<title>&lt;script&gt;&amp;<\/title>/)
  assert.match(html, /p\{color:red\}<\/style>/)
  assertNested(html)
  assertSelfContained(html)
})

test('the checks of pages notice what they are for', () => {
  assert.throws(() => assertNested('<main><b></main>'))
  assert.throws(() => assertNested('<main>'))
  assert.throws(() => assertNested('<main>a < b</main>'))
  assert.throws(() => assertSelfContained('<script>'))
  assert.throws(() => assertSelfContained('<p onclick="x">'))
  assert.throws(() => assertSelfContained('<link rel="icon" href="/favicon.ico">'))
  assert.throws(() => assertSelfContained('p{background:url(//h/x)}'))
})

test('text is safe between tags and between double quotes', () => {
  assert.equal(escapeHtml(`<a b="c">&'`), `&lt;a b=&quot;c&quot;&gt;&amp;'`)
  assert.equal(escapeHtml('plain'), 'plain')
})

test('a style sheet loses its line ends and indents, nothing else', () => {
  assert.equal(squeeze('\n  a b{\n    c:d e}\n'), 'a b{c:d e}')
})
