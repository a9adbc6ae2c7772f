import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { didYouMean } from '../config/nearest.ts'
import { readSubject } from './configuration.ts'
import { DIRECTIVES, wordTable } from './directives.ts'
import { pointTable } from './points/index.ts'
import { emptySubject, type Subject } from './subject.ts'

function reads(text: string): Subject {
  const { subject, mistakes } = readSubject(text, 'a.conf', didYouMean)
  assert.deepEqual(mistakes, [])
  return subject
}

function refuses(text: string, ...expected: readonly string[]): void {
  assert.deepEqual(readSubject(text, 'a.conf', didYouMean).mistakes, expected)
}

describe('what is told', () => {
  it('is nothing in an empty file, or in comments', () => {
    assert.deepEqual(reads(''), emptySubject())
    assert.deepEqual(reads('# page /a\n\n  \t\r\n'), emptySubject())
  })

  it('is a word and what follows it', () => {
    const subject = reads(`
page /a "say \\"hello\\" \\\\ # no comment"   # a comment
limit /post_body 100
limit /up 8k PUT
upload PUT /put/
upload POST /raw/NAME
upload form /form nowhere
upload form /form /files/
redirect /old 301 /new
host example.com / "I am"
listing /files/ "a b" c
directory /sub
cgi_echo /a.bla upper
siege 10 20`)
    assert.deepEqual(subject.page, { target: '/a', text: 'say "hello" \\ # no comment' })
    assert.deepEqual(subject.limits, [
      { target: '/post_body', bytes: 100, method: 'POST' },
      { target: '/up', bytes: 8192, method: 'PUT' },
    ])
    assert.deepEqual(
      subject.uploads.map(({ how, at }) => `${how} ${at}`),
      ['PUT /put/', 'POST /raw/', 'form null', 'form /files/'],
    )
    assert.deepEqual(subject.redirects, [{ target: '/old', status: 301, location: '/new' }])
    assert.deepEqual(subject.hosts, [{ name: 'example.com', target: '/', text: 'I am' }])
    assert.deepEqual(subject.listings, [{ target: '/files/', names: ['a b', 'c'] }])
    assert.deepEqual(subject.directories, ['/sub/'])
    assert.deepEqual(subject.echoes, [{ target: '/a.bla', isUpper: true }])
    assert.deepEqual(subject.siege, { clients: 10, requests: 20 })
  })

  it('is taken by every word', () => {
    for (const { take, word } of DIRECTIVES) {
      const subject = emptySubject()
      take(subject, ['1', '2', '3', '4'])
      assert.notDeepEqual(subject, emptySubject(), word)
    }
  })
})

describe('a mistake', () => {
  it('is told with its place and the nearest right word', () => {
    refuses('\nmising /nope', 'a.conf:2:1: unknown word "mising"; did you mean "missing"?')
    refuses('Page /', 'a.conf:1:1: unknown word "Page"; did you mean "page"?')
    refuses(
      'client_max_body_size /a 100',
      'a.conf:1:1: unknown word "client_max_body_size"; did you mean "limit"?',
    )
    refuses(
      '  method_not_allowed PSOT /',
      'a.conf:1:22: expected a method such as POST, found "PSOT"; did you mean "POST"?',
    )
  })

  it('is a missing, a wrong or an extra argument', () => {
    refuses(
      'limit /a',
      'a.conf:1:9: expected a number of bytes up to 64m, such as 100 or 8k, found the end of the line: limit TARGET BYTES [METHOD]',
    )
    refuses('limit a 10', 'a.conf:1:7: expected a target that begins with "/" and has no blank, found "a"')
    refuses(
      'limit /a 65m',
      'a.conf:1:10: expected a number of bytes up to 64m, such as 100 or 8k, found "65m"',
    )
    refuses('session /a /b', 'a.conf:1:12: expected the end of the line, found "/b": session TARGET')
    refuses('port 65536 /', 'a.conf:1:6: expected a port from 1 to 65535, found "65536"')
    refuses('upload put /a', 'a.conf:1:8: expected PUT, POST or form, found "put"; did you mean "PUT"?')
    refuses('head_timeout 0', 'a.conf:1:14: expected seconds from 1 to 120, found "0"')
    refuses(
      'cgi_echo /a uper',
      'a.conf:1:13: expected upper, or nothing, found "uper"; did you mean "upper"?',
    )
  })

  it('is a text that does not end', () => {
    refuses(
      'page / "a',
      'a.conf:1:8: a text that begins with a quote ends with one, and a blank follows it; within, write \\" and \\\\',
    )
    refuses(
      'page / "a"b',
      'a.conf:1:8: a text that begins with a quote ends with one, and a blank follows it; within, write \\" and \\\\',
    )
  })

  it('does not hide the next one', () => {
    assert.equal(readSubject('pgae /\nlimit\npage /', 'a.conf', didYouMean).mistakes.length, 2)
  })
})

it('stands in the guide, word by word and point by point', () => {
  const root = dirname(createRequire(import.meta.url).resolve('veille/package.json'))
  const guide = readFileSync(join(root, 'docs/evaluate.md'), 'utf8')
  assert.ok(guide.includes(wordTable()), 'npm run generate')
  assert.ok(guide.includes(pointTable()), 'npm run generate')
})
