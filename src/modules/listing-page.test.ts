/** How names, sizes and times are shown, that no name of a file can break out of the page, and the pieces. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNested, assertSelfContained } from '../../test/page-assertions.ts'
import {
  type ListingEntry,
  listingChunks,
  listingJson,
  listingJsonChunks,
  listingPage,
} from './listing-page.ts'

const AT = Date.UTC(2026, 10, 23, 6, 35, 9)

function file(name: string, sizeBytes = 1, modifiedMs = AT): ListingEntry {
  return { name, isDirectory: false, sizeBytes, modifiedMs }
}

function folder(name: string): ListingEntry {
  return { name, isDirectory: true, sizeBytes: 4096, modifiedMs: AT }
}

function listed(...entries: ListingEntry[]): string {
  return listingPage({ path: '/a/', base: '/', entries })
}

/** The `href` of every entry, the parent left out. */
function hrefs(html: string): string[] {
  return [...html.matchAll(/<a class="[^u]" href="([^"]*)"/g)].map(match => match[1]!)
}

// ── Names in listings ───────────────────────────────────────────────────────────────────────────────────────

/** One row: the name, its reference, and how it reads, as HTML. */
const NAMES: [name: string, href: string, label: string][] = [
  ['plain.txt', './plain.txt', 'plain.txt'],
  ['two words.txt', './two%20words.txt', 'two words.txt'],
  ['été.txt', './%C3%A9t%C3%A9.txt', 'été.txt'],
  ['🏮', './%F0%9F%8F%AE', '🏮'],
  ['a?b#c%d&e', './a%3Fb%23c%25d%26e', 'a?b#c%d&amp;e'],
  ['%2e%2e', './%252e%252e', '%2e%2e'],
  [`"'<b>`, './%22%27%3Cb%3E', `&quot;'&lt;b&gt;`],
  ['javascript:alert(1)', './javascript%3Aalert(1)', 'javascript:alert(1)'],
  ['//host', './%2F%2Fhost', '//host'],
  ['\\\\host', './%5C%5Chost', '\\\\host'],
  ['.hidden', './.hidden', '.hidden'],
  ['...', './...', '...'],
  ['line\nend\t\x7f', './line%0Aend%09%7F', 'line␊end␉␡'],
  ['evil\u202egpj.exe', './evil%E2%80%AEgpj.exe', 'evil\ufffdgpj.exe'],
]

for (const [name, href, label] of NAMES) {
  test(`the name ${JSON.stringify(name)} is linked as ${href}`, () => {
    const html = listed(file(name))
    assert.deepEqual(hrefs(html), [href])
    assert.ok(html.includes(`<bdi>${label}</bdi></a>`), html.slice(html.indexOf('<tbody>')))
    assertNested(html)
    // A browser that follows the link asks for exactly this name in this folder, on this host.
    const url = new URL(href, 'http://h/a/')
    assert.equal(url.host, 'h')
    assert.equal(decodeURIComponent(url.pathname), `/a/${name}`)
    assert.equal(url.search + url.hash, '')
  })
}

test('a name that is not well-formed Unicode is shown without a link', () => {
  const html = listed(file('bad\ud800name'))
  assert.deepEqual(hrefs(html), [])
  assert.match(html, /<b title="[^"]*"><bdi>bad\ufffdname<\/bdi><\/b>/)
})

test('a folder is linked and shown with its slash, and has no size', () => {
  assert.match(listed(folder('d')), /<a class="d" href="\.\/d\/"><bdi>d<\/bdi>\/<\/a><td><td><time/)
})

test('an icon follows the ending of the name', () => {
  const classOf = (name: string) => /<a class="([^u])"/.exec(listed(file(name)))![1]
  const names = ['a.TXT', 'a.ts', 'a.png', 'a.mp4', 'a.flac', 'a.tar.gz', 'a', 'a.unknown', 'constructor']
  assert.equal(names.map(classOf).join(''), 'tcpmszfff')
})

// ── Sizes, times, totals, the way up ────────────────────────────────────────────────────────────────────────

const SIZES: [bytes: number, cell: string][] = [
  [0, '<td>0 B<'],
  [999, '<td>999 B<'],
  [1000, '<td title="1,000 bytes">1.0 kB<'],
  [9_949, '<td title="9,949 bytes">9.9 kB<'],
  [9_950, '<td title="9,950 bytes">10 kB<'],
  [999_499, '<td title="999,499 bytes">999 kB<'],
  [999_500, '<td title="999,500 bytes">1.0 MB<'],
  [1_234_567, '<td title="1,234,567 bytes">1.2 MB<'],
  [2 ** 53 - 1, '<td title="9,007,199,254,740,991 bytes">9.0 PB<'],
]

for (const [bytes, cell] of SIZES) {
  test(`${bytes} bytes are shown as ${cell.replace(/<td|<$/g, '')}`, () => {
    assert.ok(listed(file('f', bytes)).includes(cell))
  })
}

test('a time is shown in UTC to the minute and exact to the second for programs', () => {
  assert.match(
    listed(file('f')),
    /<td><time datetime="2026-11-23T06:35:09Z">2026-11-23<span> 06:35<\/span><\/time>\n/,
  )
})

test('a time before the year 0, after 9999, or beyond JavaScript does not break the row', () => {
  assert.match(listed(file('f', 1, -1e14)), /datetime="-001199-02-15T14:13:20Z">-001199-02-15<span> 14:13</)
  assert.match(listed(file('f', 1, 4e14)), /datetime="\+014645-06-30T15:06:40Z">\+014645-06-30<span> 15:06</)
  for (const ms of [8.64e15 + 1, -1e300, Number.NaN]) assert.match(listed(file('f', 1, ms)), /<td>–\n/)
})

test('the footer counts folders and files and adds up the files', () => {
  const footer = (...entries: ListingEntry[]) => /<footer>(.*)<\/footer>/.exec(listed(...entries))![1]
  assert.equal(footer(), 'This folder is empty.')
  assert.equal(footer(folder('a')), '1 folder')
  assert.equal(footer(file('a', 600)), '1 file, 600 B')
  assert.equal(footer(folder('a'), folder('b'), file('c', 600), file('d', 600)), '2 folders, 2 files, 1.2 kB')
})

test('the way up: a link for each folder above, relative, and none at the top', () => {
  const heading = (path: string, base: string) =>
    /<h1>(.*)<\/h1>/
      .exec(listingPage({ path, base, entries: [] }))![1]!
      .replace(/<i>\/<\/i><wbr>|<\/?bdi>/g, '')
  assert.equal(heading('/', '/'), 'Index')
  assert.equal(heading('/', '/docs/'), 'docs')
  assert.equal(heading('/a/', '/'), '<a href="../">Index</a>a')
  assert.equal(
    heading('/a/b<&/c/', '/x/y/'),
    '<a href="../../../">x/y</a><a href="../../">a</a><a href="../">b&lt;&amp;</a>c',
  )
})

test('a parent row stands in every folder but the top one', () => {
  const hasParent = (path: string) =>
    listingPage({ path, base: '/', entries: [] }).includes('href="../">Parent folder<')
  assert.deepEqual([hasParent('/'), hasParent('/a/')], [false, true])
})

test('a listing is well formed, titled and self-contained', () => {
  const html = listingPage({ path: '/a&b/', base: '/x/', entries: NAMES.map(([name]) => file(name)) })
  assert.match(html, /<title>Index of \/x\/a&amp;b\/<\/title>/)
  assertNested(html)
  assertSelfContained(html)
})

// ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────

test('JSON has the fields of nginx: a size only for files, the time as in HTTP', () => {
  const json = listingJson({ path: '/', base: '/', entries: [file('b"\n', 5), folder('a')] })
  assert.deepEqual(JSON.parse(json), [
    { name: 'a', type: 'directory', mtime: 'Mon, 23 Nov 2026 06:35:09 GMT' },
    { name: 'b"\n', type: 'file', mtime: 'Mon, 23 Nov 2026 06:35:09 GMT', size: 5 },
  ])
})

test('JSON of no entries is an empty array; a time beyond JavaScript is left out', () => {
  assert.deepEqual(JSON.parse(listingJson({ path: '/', base: '/', entries: [] })), [])
  const [entry] = JSON.parse(listingJson({ path: '/', base: '/', entries: [file('a', 1, 1e300)] }))
  assert.deepEqual(entry, { name: 'a', type: 'file', size: 1 })
})

// ── In pieces ───────────────────────────────────────────────────────────────────────────────────────────────

test('10,000 entries come in bounded pieces, none empty, every entry once and in order', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `file${(i * 7919) % 10_000}.txt`)
  const listing = { path: '/', base: '/', entries: names.map(name => file(name)) }
  const inOrder = names.map((_, i) => `file${i}.txt`)
  const html = [...listingChunks(listing)]
  const json = [...listingJsonChunks(listing)]
  for (const piece of [...html, ...json]) assert.ok(piece.length > 0 && piece.length < 32 * 1024)
  assert.ok(html.length > 50)
  assert.deepEqual(
    hrefs(html.join('')),
    inOrder.map(name => `./${name}`),
  )
  assert.deepEqual(
    JSON.parse(json.join('')).map((entry: ListingEntry) => entry.name),
    inOrder,
  )
  assert.equal(html.join(''), listingPage(listing))
})

test('a short listing is one piece, so that it can be sent with its length', () => {
  const listing = { path: '/a/', base: '/', entries: [folder('a'), file('b')] }
  assert.deepEqual([...listingChunks(listing)], [listingPage(listing)])
  assert.deepEqual([...listingJsonChunks(listing)], [listingJson(listing)])
})

test('exact sizes are in bytes', () => {
  const html = listingPage({ path: '/', base: '/', entries: [file('a', 123_456)], hasExactSizes: true })
  assert.match(html, /<td>123456<td>/)
})

test('local times are those of the zone of this machine, for people; programs still read UTC', () => {
  const html = listingPage({ path: '/', base: '/', entries: [file('a')], hasLocalTimes: true })
  const here = new Date(AT)
  const shown = `${here.getFullYear()}-11-${here.getDate()}<span> ${String(here.getHours()).padStart(2, '0')}:`
  assert.ok(html.includes(`<time datetime="2026-11-23T06:35:09Z">${shown}`), html)
  assert.doesNotMatch(html, /UTC/)
})
