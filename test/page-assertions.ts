/**
 * The two properties that every page which veille writes must have.
 *
 *   assertNested(html)          every element that needs an end tag has one, in the right order
 *   assertSelfContained(html)   nothing on the page runs or is fetched from elsewhere
 *
 * No parser of HTML: it reads the plain HTML that our own functions write.
 */

import assert from 'node:assert/strict'

export function assertNested(html: string): void {
  const omissible = new Set([
    'html',
    'meta',
    'link',
    'input',
    'body',
    'tr',
    'td',
    'th',
    'wbr',
    'path',
    '!doctype',
  ])
  const open: string[] = []
  const bare = html.replace(/<style>[^<]*<\/style>/, '')
  for (const [, slash, name] of bare.matchAll(/<(\/?)([!a-z][a-z0-9]*)(?:\s[^<>]*)?>/g)) {
    if (omissible.has(name!)) continue
    if (slash === '') open.push(name!)
    else assert.equal(open.pop(), name)
  }
  assert.deepEqual(open, [])
  assert.equal(bare.replace(/<\/?[!a-z][^<>]*>/g, '').search(/[<>]/), -1, 'a bare angle bracket')
}

export function assertSelfContained(html: string): void {
  assert.doesNotMatch(html, /<script|\son[a-z]+=|@import|src=/i)
  for (const [, url] of html.matchAll(/(?:url\("?|<link[^>]* href=")([^")]*)/g)) assert.match(url!, /^data:/)
}
