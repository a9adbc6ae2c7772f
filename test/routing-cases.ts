/**
 * Which location a path is in: the rules of `ngx_http_core_find_location`, as groups for `answer-cases.ts`.
 *
 *   ROUTING_GROUPS
 *
 * Locations are written as a list, those within another one below it and indented; each answers with its number in the list.
 */

import type { Answer, AnswerGroup } from './answer-cases.ts'

/** @param paths a path, and its location as it is written in the list; '' for none */
function routes(title: string, list: string, paths: Readonly<Record<string, string>>): AnswerGroup {
  const lines = list.split('\n').filter(line => line.trim() !== '')
  const names = lines.map(line => line.trim())
  const answers = Object.entries(paths).map(
    ([path, name]): Answer =>
      name === '' ? [`GET ${path}`, 404] : [`GET ${path}`, 200, String(names.indexOf(name))],
  )
  return { title: `locations: ${title}`, server: textOf(lines), answers }
}

function textOf(lines: readonly string[]): string {
  const indents = lines.map(line => line.length - line.trimStart().length)
  return lines
    .map((line, i) => {
      const next = indents[i + 1] ?? indents[0]!
      const closes = '}'.repeat(Math.max(0, (indents[i]! - next) / 2 + 1))
      return `location ${line.trim()} { return 200 "${i}"; ${closes}`
    })
    .join('\n')
}

export const ROUTING_GROUPS: readonly AnswerGroup[] = [
  routes(
    'the longest prefix',
    `
    /
    /a
    /a/
    /a/b/c
    /ab
    /b/`,
    {
      '/': '/',
      '/x': '/',
      '/a': '/a',
      '/a/': '/a/',
      '/a/b': '/a/',
      '/a/b/': '/a/',
      '/a/b/c': '/a/b/c',
      '/a/b/cd': '/a/b/c',
      '/ab': '/ab',
      '/abc/d': '/ab',
      '/aa': '/a',
      '/a-': '/a',
      '/b': '/',
      '/b/': '/b/',
      '/B/': '/',
      '/%61/b/c': '/a/b/c',
      '//a//b/c': '/a/b/c',
      '/x/../a/': '/a/',
      '/a/?/b/c': '/a/',
    },
  ),
  routes('no prefix for all', '/a/\n= /b', { '/a/': '/a/', '/a': '', '/c': '', '/b': '= /b', '/b/c': '' }),
  routes(
    'the very path',
    `
    = /
    /
    = /a
    ^~ /a
    ~ ^/a`,
    { '/': '= /', '/a': '= /a', '/a/': '^~ /a', '/ab': '^~ /a', '/?a': '= /', '/A': '/' },
  ),
  routes(
    'the first expression before prefixes',
    `
    /
    /images/
    ^~ /files/
    /files/open/
    ~ \\.gif$
    ~* \\.(jpg|gif)$
    ~ ^/images/secret
    ~ gif$`,
    {
      '/a.gif': '~ \\.gif$',
      '/a.GIF': '~* \\.(jpg|gif)$',
      '/a.jpg': '~* \\.(jpg|gif)$',
      '/images/a.gif': '~ \\.gif$',
      '/images/secret/a.gif': '~ \\.gif$',
      '/images/secret/a.png': '~ ^/images/secret',
      '/images/a.png': '/images/',
      '/files/a.gif': '^~ /files/',
      '/files': '/',
      '/files/open/a.gif': '~ \\.gif$',
      '/files/open/a.png': '/files/open/',
      '/files/opened.gif': '^~ /files/',
      '/a.gif/': '/',
      '/images/agif': '~ gif$',
      '/a%2Egif': '~ \\.gif$',
      '/a?.gif': '/',
    },
  ),
  routes(
    'nested prefixes',
    `
    /a/
      /a/b/
        /a/b/c/
        = /a/b/c
      = /a/x
    /
      /d/`,
    {
      '/a/': '/a/',
      '/a/b': '/a/',
      '/a/b/': '/a/b/',
      '/a/b/c': '= /a/b/c',
      '/a/b/c/': '/a/b/c/',
      '/a/x': '= /a/x',
      '/a/xy': '/a/',
      '/d/e': '/d/',
      '/d': '/',
    },
  ),
  routes(
    'expressions within a prefix before those outside',
    `
    /a/
      ~ ^/a/b
      ~ \\.gif$
    ~ gif$
    ~ ^/a/c`,
    {
      '/a/x.gif': '~ \\.gif$',
      '/a/b.gif': '~ ^/a/b',
      '/a/c': '~ ^/a/c',
      '/a/c.gif': '~ \\.gif$',
      '/a/cgif': '~ gif$',
      '/a/d': '/a/',
      '/x.gif': '~ gif$',
      '/x': '',
    },
  ),
  routes(
    'expressions outside before nested prefixes, also before their "^~"',
    `
    /a/
      /a/b/
      ^~ /a/c/
      = /a/d.gif
      ~ ^/a/c/e
    ~ \\.gif$`,
    {
      '/a/b/x.gif': '~ \\.gif$',
      '/a/b/x': '/a/b/',
      '/a/c/x.gif': '~ \\.gif$',
      '/a/c/e.gif': '~ \\.gif$',
      '/a/c/e': '^~ /a/c/',
      '/a/d.gif': '= /a/d.gif',
    },
  ),
  routes(
    'a final prefix keeps expressions outside away from all within',
    `
    ^~ /a/
      /a/b/
      ~ ^/a/c
    ~ \\.gif$`,
    {
      '/a/x.gif': '^~ /a/',
      '/a/b/x.gif': '/a/b/',
      '/a/c.gif': '~ ^/a/c',
      '/a.gif': '~ \\.gif$',
    },
  ),
  routes(
    'expressions within an expression',
    `
    ~ ^/(a|b)/
      ~ ^/a/c
      ~ \\.gif$
        ~ ^/a
    ~ gif$
    /`,
    {
      '/a/': '~ ^/(a|b)/',
      '/b/x': '~ ^/(a|b)/',
      '/a/c.gif': '~ ^/a/c',
      '/b/x.gif': '~ \\.gif$',
      '/a/x.gif': '~ ^/a',
      '/a/xgif': '~ ^/(a|b)/',
      '/c/x.gif': '~ gif$',
      '/c/x': '/',
    },
  ),
  routes('other letters than those of ASCII', '/é/\n"/a b"\n~ ü$\n/', {
    '/%C3%A9/x': '/é/',
    '/a%20bc': '"/a b"',
    '/%C3%BC': '~ ü$',
    '/u': '/',
  }),
]
