import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FieldSection, listMembers } from './fields.ts'
import {
  CONNECTION,
  COOKIE,
  HOST,
  KNOWN_FIELDS,
  knownField,
  knownFieldNamed,
  SINGLETONS,
} from './known-fields.ts'
import { BAD_FIELD_NAME, FIELDS_TOO_LARGE, INCOMPLETE } from './refusals.ts'
import { DEFAULT_HEAD_LIMITS } from './request-head.ts'

function section(...lines: string[]): FieldSection {
  const bytes = Buffer.from(`${lines.map(line => `${line}\r\n`).join('')}\r\n`, 'latin1')
  const fields = new FieldSection(DEFAULT_HEAD_LIMITS)
  assert.equal(fields.parse(bytes, 0, bytes.length), bytes.length)
  return fields
}

describe('a field section', () => {
  it('finds a field by its lower-case name', () => {
    const fields = section('HOST: a', 'x-Custom: b')
    assert.equal(fields.get('host'), 'a')
    assert.equal(fields.get('x-custom'), 'b')
    assert.equal(fields.get('x-custo'), null)
    assert.equal(fields.get('cookie'), null)
    assert.ok(fields.has('host') && fields.has('x-custom') && !fields.has('range'))
  })

  it('joins the lines of one name in their order', () => {
    const fields = section('Accept: a', 'X: 1', 'accept:', 'x: 2', 'ACCEPT: b, c')
    assert.equal(fields.get('accept'), 'a, , b, c')
    assert.deepEqual(fields.getAll('accept'), ['a', '', 'b, c'])
    assert.equal(fields.get('x'), '1, 2')
    assert.deepEqual(fields.getAll('y'), [])
  })

  it('tells empty from absent', () => {
    assert.equal(section('Accept-Encoding:').get('accept-encoding'), '')
    assert.equal(section('X:').get('x'), '')
    assert.equal(section().get('accept-encoding'), null)
  })

  it('counts the lines of the names it knows', () => {
    const fields = section('Cookie: a', 'Host: h', 'Cookie: b', 'X: y', 'Cookie: c')
    assert.equal(fields.known(HOST), 1)
    assert.equal(fields.known(COOKIE), 0)
    assert.equal(fields.known(CONNECTION), -1)
    assert.deepEqual(
      [HOST, COOKIE, CONNECTION].map(id => fields.countOf(id)),
      [1, 3, 0],
    )
    assert.ok(fields.repeatsAnyOf(1 << COOKIE))
    assert.ok(!fields.repeatsAnyOf(SINGLETONS))
    assert.ok(section('Host: a', 'host: a').repeatsAnyOf(SINGLETONS))
  })

  it('does not take one name for another', () => {
    const fields = section('x_y: 1', 'hosx: 2', 'xost: 3', 'h-st: 4', 'HO5T: 5', 'content_length: 6')
    assert.equal(fields.get('x-y'), null)
    for (const name of KNOWN_FIELDS) assert.equal(fields.get(name), null, name)
  })

  it('has room for many lines', () => {
    const lines = Array.from({ length: 999 }, (_, i) => `N${i}: ${i}`)
    const fields = section(...lines, 'Host: last')
    assert.equal(fields.count, 1000)
    assert.equal(fields.get('n500'), '500')
    assert.equal(fields.get('host'), 'last')
    assert.deepEqual([...fields.entries()].slice(0, 2), [
      ['N0', '0'],
      ['N1', '1'],
    ])
  })

  it('remembers nothing when it begins again', () => {
    const fields = section('Cookie: a', 'X: 1', 'Cookie: b', 'Cookie: c', 'X: 2', 'Cookie: d')
    const bytes = Buffer.from('GET / HTTP/1.1\r\nX: 3\r\nCookie: e\r\nCookie: f\r\n\r\n')
    fields.begin(16)
    assert.equal(fields.count, 0)
    assert.equal(fields.get('x'), null)
    assert.equal(fields.parse(bytes, 0, bytes.length), bytes.length)
    assert.equal(fields.get('x'), '3')
    assert.equal(fields.get('cookie'), 'e, f')
    assert.equal(fields.countOf(COOKIE), 2)
  })

  it('is compared with a word without making a string', () => {
    const fields = section('Connection: \t Keep-ALIVE \t', 'X: keep_alive')
    const word = Buffer.from('keep-alive')
    assert.ok(fields.isWord(0, word))
    assert.ok(!fields.isWord(1, word))
    assert.ok(!fields.isWord(0, Buffer.from('keep-aliv')))
  })
})

describe('a section that was read before', () => {
  const AGENT = `User-Agent: ${'veille '.repeat(30)}`
  const LINES = `Host: a\r\n${AGENT}\r\nCookie: one\r\n\r\n`

  /** Reads a message whose section begins behind `prefix`, and gives what it found. */
  function readBehind(fields: FieldSection, prefix: string, lines: string, cut = 0): [string, string][] {
    const bytes = Buffer.from(prefix + lines, 'latin1')
    fields.begin(prefix.length)
    if (cut > 0) assert.equal(fields.parse(bytes, 0, prefix.length + cut), INCOMPLETE)
    assert.equal(fields.parse(bytes, 0, bytes.length), bytes.length)
    return [...fields.entries()]
  }

  it('is found again behind a request line of another length', () => {
    const fields = new FieldSection(DEFAULT_HEAD_LIMITS)
    const first = readBehind(fields, 'GET / ', LINES)
    assert.deepEqual(readBehind(fields, 'GET /a/longer/one ', LINES), first)
    assert.equal(fields.get('cookie'), 'one')
    assert.equal(fields.known(COOKIE), 2)
    assert.ok(!fields.repeatsAnyOf(SINGLETONS))
  })

  it('is read anew when a single byte differs', () => {
    const fields = new FieldSection(DEFAULT_HEAD_LIMITS)
    readBehind(fields, 'GET / ', LINES)
    readBehind(fields, 'GET / ', LINES.replace('one', 'two'))
    assert.equal(fields.get('cookie'), 'two')
    readBehind(fields, 'GET / ', LINES.replace('Cookie', 'Cooked'))
    assert.equal(fields.known(COOKIE), -1)
    assert.equal(fields.get('cooked'), 'one')
    readBehind(fields, 'GET / ', LINES)
    assert.equal(fields.get('cookie'), 'one')
  })

  it('is found again wherever the one before it was cut, and wherever it is cut itself', () => {
    const fields = new FieldSection(DEFAULT_HEAD_LIMITS)
    const expected = readBehind(fields, 'GET / ', LINES)
    for (let cut = 1; cut < LINES.length; cut++) {
      assert.deepEqual(readBehind(fields, 'GET /x ', LINES, cut), expected)
      assert.deepEqual(readBehind(fields, 'GET / ', LINES), expected)
    }
  })

  it('is forgotten when another one breaks off in its place', () => {
    const fields = new FieldSection(DEFAULT_HEAD_LIMITS)
    readBehind(fields, '', LINES)
    fields.begin(0)
    const bad = Buffer.from('X: y\r\nX : z\r\n', 'latin1')
    assert.equal(fields.parse(bad, 0, bad.length), BAD_FIELD_NAME)
    readBehind(fields, '', LINES)
    assert.equal(fields.nameAt(0), 'Host')
  })

  it('does not pass the limit of a head because it once was within it', () => {
    const fields = new FieldSection({ ...DEFAULT_HEAD_LIMITS, headBytes: LINES.length + 10 })
    readBehind(fields, 'GET / ', LINES)
    const late = Buffer.from(`${'x'.repeat(11)}${LINES}`, 'latin1')
    fields.begin(11)
    assert.equal(fields.parse(late, 0, late.length), FIELDS_TOO_LARGE)
  })
})

describe('known fields', () => {
  it('are so few that a set of them is one integer, and spelt so that they can be compared', () => {
    assert.ok(KNOWN_FIELDS.length <= 31)
    for (const name of KNOWN_FIELDS) assert.match(name, /^[a-z-]+$/)
  })

  it('are recognised in any case, whole, and alone', () => {
    for (const [id, name] of KNOWN_FIELDS.entries()) {
      for (const spelling of [name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1)]) {
        const bytes = Buffer.from(`?${spelling}?`)
        assert.equal(knownField(bytes, 1, bytes.length - 1), id, spelling)
      }
      const longer = Buffer.from(`${name}x`)
      assert.equal(knownField(longer, 0, longer.length), -1)
      assert.equal(knownFieldNamed(name), id)
    }
    assert.equal(knownFieldNamed('constructor'), -1)
  })

  it('are not confused with names of the same length, first and last letter', () => {
    for (const name of KNOWN_FIELDS) {
      const twin = Buffer.from(name)
      twin[1] = twin[1] === 0x7a ? 0x79 : 0x7a
      assert.equal(knownField(twin, 0, twin.length), -1, twin.toString())
    }
  })
})

describe('lists (RFC 9110 §5.6.1)', () => {
  const cases: [value: string, ...members: string[]][] = [
    [''],
    [' , \t,'],
    ['a', 'a'],
    ['a,b , c\t', 'a', 'b', 'c'],
    [',a,,b,', 'a', 'b'],
    ['a b, c', 'a b', 'c'],
    ['"a,b",c', '"a,b"', 'c'],
    ['W/"a,\\",b", "c"', 'W/"a,\\",b"', '"c"'],
    ['"a, b', '"a, b'],
    ['"a\\', '"a\\'],
    ['\xa0a\xa0', '\xa0a\xa0'],
  ]
  for (const [value, ...members] of cases) {
    it(`${JSON.stringify(value)} has ${members.length}`, () => assert.deepEqual(listMembers(value), members))
  }
})
