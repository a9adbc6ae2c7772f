import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  etagOf,
  evaluate,
  ifRangeHolds,
  lastModifiedOf,
  type ModifiedSince,
  NOT_MODIFIED,
  PRECONDITION_FAILED,
  PROCEED,
  type Validators,
  type Verdict,
} from './conditions.ts'
import type { FieldLookup } from './fields.ts'

const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT'
const SAME = 'Sun, 06 Nov 1994 08:49:37 GMT'
const AFTER = 'Sun, 06 Nov 1994 08:49:38 GMT'
/** The file was written 250.7 ms after the second that Last-Modified can name. */
const FILE: Validators = { etag: '"v1"', lastModifiedMs: Date.UTC(1994, 10, 6, 8, 49, 37) + 250.7 }
const WEAK_FILE: Validators = { ...FILE, etag: 'W/"v1"' }
const UNTAGGED: Validators = { ...FILE, etag: '' }
const UNDATED: Validators = { ...FILE, lastModifiedMs: Number.NaN }

function lookup(head: string): FieldLookup {
  const byName = new Map<string, string>()
  for (const line of head === '' ? [] : head.split('\n')) {
    const [name = '', value = ''] = line.split(/: ?(.*)/s)
    const earlier = byName.get(name.toLowerCase())
    byName.set(name.toLowerCase(), earlier === undefined ? value : `${earlier}, ${value}`)
  }
  return { get: lowerName => byName.get(lowerName) ?? null }
}

function expecting(verdict: Verdict, word: string) {
  return (head: string, current: Validators | null = FILE, method: string = 'GET') => {
    it(`${word}: ${method} of ${current?.etag ?? 'nothing'} with ${head}`, () => {
      assert.equal(evaluate(lookup(head), method, current), verdict)
    })
  }
}

const proceeds = expecting(PROCEED, 'proceeds')
const is304 = expecting(NOT_MODIFIED, '304')
const is412 = expecting(PRECONDITION_FAILED, '412')

describe('1. If-Match', () => {
  proceeds('')
  proceeds('If-Match: "v1"')
  proceeds('If-Match: "v0", "v1"')
  proceeds('If-Match: "v0"\nIf-Match: "v1"')
  proceeds('If-Match: *')
  is412('If-Match: "v0"')
  is412('If-Match: W/"v1"')
  is412('If-Match: "v1"', WEAK_FILE)
  is412('If-Match: W/"v1"', WEAK_FILE)
  proceeds('If-Match: *', WEAK_FILE)
  proceeds('If-Match: *', UNTAGGED)
  is412('If-Match: ""', UNTAGGED)
  is412('If-Match:')
  is412('If-Match: *', null, 'PUT')
  is412('If-Match: "v1"', null, 'PUT')
  proceeds('If-Match: "v1"', FILE, 'PUT')
  is412('If-Match: "v0"', FILE, 'HEAD')
})

describe('2. If-Unmodified-Since', () => {
  proceeds(`If-Unmodified-Since: ${SAME}`)
  proceeds(`If-Unmodified-Since: ${AFTER}`)
  is412(`If-Unmodified-Since: ${BEFORE}`)
  is412(`If-Unmodified-Since: ${BEFORE}`, FILE, 'DELETE')
  is412('If-Unmodified-Since: Sunday, 06-Nov-94 08:49:36 GMT')
  is412('If-Unmodified-Since: Sun Nov  6 08:49:36 1994')
  proceeds('If-Unmodified-Since: yesterday')
  proceeds(`If-Unmodified-Since: ${BEFORE}\nIf-Unmodified-Since: ${BEFORE}`)
  proceeds(`If-Unmodified-Since: ${BEFORE}`, UNDATED)
  proceeds(`If-Unmodified-Since: ${BEFORE}`, null)
  proceeds(`If-Match: "v1"\nIf-Unmodified-Since: ${BEFORE}`)
  is412(`If-Match: "v0"\nIf-Unmodified-Since: ${AFTER}`)
})

describe('3. If-None-Match', () => {
  is304('If-None-Match: "v1"')
  is304('If-None-Match: "v0", "v1"')
  is304('If-None-Match: "v0"\nIf-None-Match: "v1"')
  is304('If-None-Match: W/"v1"')
  is304('If-None-Match: "v1"', WEAK_FILE)
  is304('If-None-Match: W/"v1"', WEAK_FILE)
  is304('If-None-Match: *')
  is304('If-None-Match: "v1"', FILE, 'HEAD')
  is412('If-None-Match: "v1"', FILE, 'PUT')
  is412('If-None-Match: *', FILE, 'PUT')
  proceeds('If-None-Match: *', null, 'PUT')
  proceeds('If-None-Match: "v1"', null)
  proceeds('If-None-Match: "v0"')
  proceeds('If-None-Match: "V1"')
  proceeds('If-None-Match: ""')
  proceeds('If-None-Match: ""', UNTAGGED)
  proceeds('If-None-Match:')
  is304('If-Match: "v1"\nIf-None-Match: "v1"')
  is412('If-Match: "v0"\nIf-None-Match: "v1"')
  is412(`If-Unmodified-Since: ${BEFORE}\nIf-None-Match: "v1"`)
})

describe('lists of entity tags', () => {
  is304('If-None-Match: "v0" , "v1"')
  is304('If-None-Match: "v0","v1"')
  is304('If-None-Match: ,, "v0",\t,"v1" ,')
  is304('If-None-Match: "a,b", "v1"')
  is304('If-None-Match: "a,b"', { ...FILE, etag: '"a,b"' })
  is304('If-None-Match: "\x80\xff"', { ...FILE, etag: '"\x80\xff"' })
  is304('If-None-Match: "a\\"', { ...FILE, etag: '"a\\"' }) // no escapes: the backslash is a character
  is304('If-None-Match: ""', { ...FILE, etag: '""' })
  is304('If-None-Match: "*"', { ...FILE, etag: '"*"' })
  proceeds('If-None-Match: "*"')
  proceeds('If-None-Match: "a, "v1"", "b"')
  proceeds('If-None-Match: v1')
  proceeds('If-None-Match: w/"v1"')
  proceeds('If-None-Match: W/ "v1"')
  proceeds("If-None-Match: 'v1'")
  proceeds('If-None-Match: "v1')
  proceeds('If-None-Match: v1"')
  proceeds('If-None-Match: "v 1"', { ...FILE, etag: '"v 1"' })
  proceeds('If-None-Match: "v1" "v2"')
  proceeds('If-None-Match: "v1""v2"')
  proceeds('If-None-Match: "v1", v2')
  proceeds('If-None-Match: v0, "v1"')
  proceeds('If-None-Match: "v1"; q=1')
  proceeds('If-None-Match: *, "v1"')
  proceeds('If-None-Match: "v1", *')
  proceeds('If-None-Match: *\nIf-None-Match: *')
  is412('If-Match: "v1", v2')
  is412('If-Match: *, "v1"')

  it('reads a long list in time proportional to it', () => {
    const list = `${'"v0",   ,'.repeat(20_000)}x`
    assert.equal(evaluate(lookup(`If-None-Match: ${list}`), 'GET', FILE), PROCEED)
  })
})

describe('4. If-Modified-Since', () => {
  is304(`If-Modified-Since: ${SAME}`)
  is304(`If-Modified-Since: ${AFTER}`)
  is304('If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT')
  is304('If-Modified-Since: Sun Nov  6 08:49:37 1994')
  is304(`If-Modified-Since: ${SAME}`, FILE, 'HEAD')
  is304('If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT')
  proceeds(`If-Modified-Since: ${BEFORE}`)
  proceeds(`If-Modified-Since: ${SAME}`, FILE, 'POST')
  proceeds('If-Modified-Since: 784111777')
  proceeds('If-Modified-Since:')
  proceeds(`If-Modified-Since: ${SAME}; length=4`)
  proceeds(`If-Modified-Since: ${SAME}\nIf-Modified-Since: ${SAME}`)
  proceeds(`If-Modified-Since: ${SAME}`, UNDATED)
  proceeds(`If-Modified-Since: ${SAME}`, null)
  proceeds(`If-None-Match: "v0"\nIf-Modified-Since: ${SAME}`)
  proceeds(`If-None-Match: garbage\nIf-Modified-Since: ${SAME}`)
  is304(`If-None-Match: "v1"\nIf-Modified-Since: ${BEFORE}`)
  is304(`If-Unmodified-Since: ${SAME}\nIf-Modified-Since: ${SAME}`)
})

describe('methods without a representation ignore conditions', () => {
  for (const method of ['OPTIONS', 'CONNECT', 'TRACE']) {
    proceeds('If-Match: "v0"', FILE, method)
    proceeds('If-None-Match: *', FILE, method)
    proceeds(`If-Unmodified-Since: ${BEFORE}`, FILE, method)
  }
  is412('If-Match: "v0"', FILE, 'options') // methods are case-sensitive: this one is not OPTIONS
})

function honoursRange(head: string, current: Validators = FILE): void {
  it(`honours Range: ${current.etag} with ${head}`, () =>
    assert.equal(ifRangeHolds(lookup(head), current), true))
}

function ignoresRange(head: string, current: Validators = FILE): void {
  it(`ignores Range: ${current.etag} with ${head}`, () =>
    assert.equal(ifRangeHolds(lookup(head), current), false))
}

describe('5. If-Range', () => {
  honoursRange('')
  honoursRange('If-Range: "v1"')
  honoursRange(`If-Range: ${SAME}`)
  honoursRange('If-Range: Sunday, 06-Nov-94 08:49:37 GMT')
  honoursRange('If-Range: Sun Nov  6 08:49:37 1994')
  ignoresRange('If-Range: "v0"')
  ignoresRange('If-Range: W/"v1"')
  ignoresRange('If-Range: W/"v1"', WEAK_FILE)
  ignoresRange('If-Range: "v1"', WEAK_FILE)
  ignoresRange('If-Range: "v1", "v1"')
  ignoresRange('If-Range: "v1"\nIf-Range: "v1"')
  ignoresRange('If-Range: *')
  ignoresRange('If-Range:')
  ignoresRange('If-Range:', UNTAGGED)
  ignoresRange('If-Range: v1')
  ignoresRange(`If-Range: ${BEFORE}`)
  ignoresRange(`If-Range: ${AFTER}`)
  ignoresRange(`If-Range: ${SAME}`, UNDATED)
  ignoresRange('If-Range: yesterday', UNDATED)
})

describe('validators', () => {
  const MTIME = 1_700_000_000_123.456

  it('tags a version by time and size', () => assert.equal(etagOf(MTIME, 1000), '"60a2418202240-3e8"'))
  it('another one a microsecond later', () =>
    assert.notEqual(etagOf(MTIME + 0.001, 1000), etagOf(MTIME, 1000)))
  it('another one for another size', () => assert.notEqual(etagOf(MTIME, 1001), etagOf(MTIME, 1000)))
  it('another one per content coding', () => {
    const tags = ['', 'br', 'gzip', 'zstd'].map(coding => etagOf(MTIME, 1000, coding))
    assert.equal(new Set(tags).size, 4)
    assert.equal(tags[1], '"60a2418202240-3e8-br"')
  })
  it('makes tags that If-None-Match and If-Range can name', () => {
    for (const etag of [etagOf(MTIME, 0), etagOf(0, 2 ** 53 - 1, 'br'), etagOf(-86_400_000, 5)]) {
      const current = { etag, lastModifiedMs: MTIME }
      assert.equal(evaluate(lookup(`If-None-Match: "x", ${etag}`), 'GET', current), NOT_MODIFIED)
      assert.equal(ifRangeHolds(lookup(`If-Range: ${etag}`), current), true)
    }
  })

  it('dates a file by its second', () => assert.equal(lastModifiedOf(MTIME, MTIME + 1e6), 1_700_000_000_000))
  it('dates a file from the future by now', () =>
    assert.equal(lastModifiedOf(MTIME + 1e9, MTIME), 1_700_000_000_000))
  it('dates a file from before 1970', () => assert.equal(lastModifiedOf(-1, 0), -1000))
})

describe('how If-Modified-Since is compared', () => {
  const verdict = (mode: ModifiedSince, date: string): Verdict =>
    evaluate(lookup(`If-Modified-Since: ${date}`), 'GET', FILE, mode)
  it('exact: only the very date means that nothing has changed', () => {
    assert.equal(verdict('exact', SAME), NOT_MODIFIED)
    assert.equal(verdict('exact', AFTER), PROCEED)
    assert.equal(verdict('exact', BEFORE), PROCEED)
    assert.equal(verdict('exact', 'yesterday'), PROCEED)
  })
  it('before: a later date too, as the RFC says', () => {
    assert.equal(verdict('before', SAME), NOT_MODIFIED)
    assert.equal(verdict('before', AFTER), NOT_MODIFIED)
    assert.equal(verdict('before', BEFORE), PROCEED)
  })
  it('off: not at all', () => {
    assert.equal(verdict('off', SAME), PROCEED)
  })
})
