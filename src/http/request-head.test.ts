import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { POISONS, piecesOf, poisoned } from '../../test/pieces.ts'
import {
  BAD_ESCAPE,
  BAD_FIELD_NAME,
  BAD_FIELD_VALUE,
  BAD_LINE_END,
  BAD_METHOD,
  BAD_REQUEST_LINE,
  BAD_TARGET_CHAR,
  BAD_TARGET_FORM,
  BAD_VERSION,
  FIELD_LINE_TOO_LONG,
  FIELDS_TOO_LARGE,
  FOLDED_LINE,
  INCOMPLETE,
  METHOD_TOO_LONG,
  REQUEST_LINE_TOO_LONG,
  refusalOf,
  TOO_MANY_EMPTY_LINES,
  TOO_MANY_FIELDS,
  VERSION_NOT_SUPPORTED,
} from './refusals.ts'
import {
  DEFAULT_HEAD_LIMITS,
  type HeadLimits,
  IS_UNTIDY,
  isKnownMethod,
  NEEDS_DECODING,
  RequestHead,
} from './request-head.ts'

/** Stands before the byte that earns a refusal: neither a byte earlier nor a byte later may it be told. */
const MARK = '▶'

const SMALL_LIMITS: HeadLimits = {
  requestLineBytes: 60,
  fieldLineBytes: 20,
  headBytes: 110,
  fieldCount: 4,
  emptyLines: 2,
}

interface Outcome {
  result: number
  /** How many bytes had come when it was told. */
  told: number
  head: RequestHead
}

/** The message lies in another buffer, at another place, each time that more of it has come. */
function read(message: Buffer, pieces: number[], poison: number, limits: HeadLimits): Outcome {
  const head = new RequestHead(limits)
  for (const length of pieces) {
    const { bytes, start, end } = poisoned(message, length, poison)
    const at = head.parse(bytes, start, end)
    if (at !== INCOMPLETE) return { result: at >= 0 ? at - start : at, told: length, head }
  }
  return { result: INCOMPLETE, told: message.length, head }
}

function described(head: RequestHead): unknown {
  const { method, versionMinor, pathNotes, fields } = head
  return { method, target: head.targetText(), versionMinor, pathNotes, fields: [...fields.entries()] }
}

/** Reads in all kinds of pieces; asserts that they agree. */
function readInPieces(text: string, limits = DEFAULT_HEAD_LIMITS): Outcome {
  const message = Buffer.from(text, 'latin1')
  const whole = read(message, [message.length], POISONS[0]!, limits)
  for (const poison of POISONS) {
    for (const pieces of piecesOf(message.length)) {
      const outcome = read(message, pieces, poison, limits)
      assert.equal(outcome.result, whole.result, `in pieces ${pieces.slice(0, 3)} of ${JSON.stringify(text)}`)
      if (whole.result >= 0) assert.deepEqual(described(outcome.head), described(whole.head))
    }
  }
  return whole
}

function accepts(text: string, limits?: HeadLimits): RequestHead {
  const { result, head } = readInPieces(text, limits)
  assert.equal(result, text.length, `${JSON.stringify(text)}: ${result}`)
  assert.ok(head.isComplete)
  return head
}

function refuses(marked: string, code: number, limits = DEFAULT_HEAD_LIMITS): void {
  const at = marked.indexOf(MARK)
  assert.ok(at >= 0, 'the case says which byte earns the refusal')
  const text = marked.replace(MARK, '')
  assert.equal(readInPieces(text, limits).result, code, JSON.stringify(text))
  const message = Buffer.from(text, 'latin1')
  const byteByByte = Array.from({ length: text.length }, (_, i) => i + 1)
  const { told } = read(message, byteByByte, POISONS[2]!, limits)
  assert.equal(told, at + 1, `told after ${JSON.stringify(text.slice(0, told))}`)
}

function waitsFor(text: string, limits?: HeadLimits): RequestHead {
  const { result, head } = readInPieces(text, limits)
  assert.equal(result, INCOMPLETE, JSON.stringify(text))
  assert.ok(!head.isComplete)
  return head
}

const line = (target: string) => `GET ${target} HTTP/1.1\r\n\r\n`
const fields = (lines: string) => `GET / HTTP/1.1\r\n${lines}`

describe('request line (RFC 9112 §3)', () => {
  it('is method, target and version', () => {
    const head = accepts('GET /a/b?c=d HTTP/1.1\r\n\r\n')
    assert.equal(head.method, 'GET')
    assert.equal(head.targetText(), '/a/b?c=d')
    assert.equal(head.pathText(), '/a/b')
    assert.equal(head.queryText(), 'c=d')
    assert.equal(head.versionMinor, 1)
    assert.equal(head.lineText(), 'GET /a/b?c=d HTTP/1.1')
  })

  it('leaves alone what stands behind the head', () => {
    const text = 'GET / HTTP/1.1\r\n\r\n'
    const { result } = readInPieces(`${text}GET /next`)
    assert.equal(result, text.length)
  })

  it('may come after empty lines, and after nothing else', () => {
    accepts('\r\n\r\nGET / HTTP/1.1\r\n\r\n')
    accepts(`${'\r\n'.repeat(16)}GET / HTTP/1.1\r\n\r\n`)
    refuses(`${'\r\n'.repeat(16)}▶\r\nGET / HTTP/1.1\r\n\r\n`, TOO_MANY_EMPTY_LINES)
    refuses('▶\nGET / HTTP/1.1\r\n\r\n', BAD_LINE_END)
    refuses('\r▶GET / HTTP/1.1\r\n\r\n', BAD_LINE_END)
    refuses('\r▶\r\nGET / HTTP/1.1\r\n\r\n', BAD_LINE_END)
    refuses('▶ GET / HTTP/1.1\r\n\r\n', BAD_METHOD)
    refuses('\r\n▶\tGET / HTTP/1.1\r\n\r\n', BAD_METHOD)
    assert.ok(!waitsFor('\r\n\r\n').hasBegun)
    assert.ok(waitsFor('\r\nG').hasBegun)
  })

  it('has single spaces and no others', () => {
    refuses('GET ▶ / HTTP/1.1\r\n\r\n', BAD_REQUEST_LINE)
    refuses('GET / ▶ HTTP/1.1\r\n\r\n', BAD_VERSION)
    refuses('GET▶\t/ HTTP/1.1\r\n\r\n', BAD_METHOD)
    refuses('GET /▶\tHTTP/1.1\r\n\r\n', BAD_TARGET_CHAR)
    refuses('GET /▶\x0bHTTP/1.1\r\n\r\n', BAD_TARGET_CHAR)
    refuses('GET /▶\x0cHTTP/1.1\r\n\r\n', BAD_TARGET_CHAR)
    refuses('GET▶\xa0/ HTTP/1.1\r\n\r\n', BAD_METHOD)
    refuses('GET▶\r/ HTTP/1.1\r\n\r\n', BAD_METHOD)
    refuses('GET / HTTP/1.1▶ \r\n\r\n', BAD_LINE_END)
    refuses('GET / HTTP/1.1▶\t\r\n\r\n', BAD_LINE_END)
    refuses('GET / ▶x HTTP/1.1\r\n\r\n', BAD_VERSION)
  })

  it('misses no part', () => {
    refuses('GET▶\r\n\r\n', BAD_METHOD)
    refuses('GET ▶\r\n\r\n', BAD_REQUEST_LINE)
    refuses('GET /▶\r\n\r\n', BAD_REQUEST_LINE) // HTTP/0.9
    refuses('GET /▶\nHost: a\n\n', BAD_REQUEST_LINE)
    refuses('GET / ▶\r\n\r\n', BAD_VERSION)
    refuses('GET▶/ HTTP/1.1\r\n\r\n', BAD_METHOD)
    refuses('GET ▶ HTTP/1.1\r\n\r\n', BAD_REQUEST_LINE)
  })

  it('ends with CR LF', () => {
    refuses('GET / HTTP/1.1▶\n\r\n', BAD_LINE_END)
    refuses('GET / HTTP/1.1\r▶\r\n', BAD_LINE_END)
    refuses('GET / HTTP/1.1\r▶Host: a\r\n\r\n', BAD_LINE_END)
    refuses('GET / HTTP/1.1\r\n▶\n', BAD_LINE_END)
    refuses('GET / HTTP/1.1\r\n\r▶\r\n', BAD_LINE_END)
  })

  it('is over when its limit is reached', () => {
    const limits = SMALL_LIMITS
    accepts(`GET /${'a'.repeat(44)} HTTP/1.1\r\n\r\n`, limits) // 60 bytes
    refuses(`GET /${'a'.repeat(45)} HTTP/1.1▶\r\n\r\n`, REQUEST_LINE_TOO_LONG, limits)
    refuses(`GET /${'a'.repeat(54)}▶a`, REQUEST_LINE_TOO_LONG, limits)
    refuses(`GET /${'a'.repeat(53)}%▶2`, REQUEST_LINE_TOO_LONG, limits)
    refuses(`GET /?${'a'.repeat(53)}▶a`, REQUEST_LINE_TOO_LONG, limits)
    refuses(`\r\nGET /${'a'.repeat(54)}▶a`, REQUEST_LINE_TOO_LONG, limits)
    refuses(`GET /${'a'.repeat(53)}▶#`, BAD_TARGET_CHAR, limits)
    accepts(`GET /${'a'.repeat(8000)} HTTP/1.1\r\n\r\n`)
    refuses(`GET /${'a'.repeat(8186)}▶a${'a'.repeat(2000)}`, REQUEST_LINE_TOO_LONG)
  })
})

describe('method (RFC 9112 §3.1)', () => {
  it('is a shared string when it is known', () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']) {
      assert.equal(accepts(`${method} / HTTP/1.1\r\n\r\n`).method, method)
      assert.ok(isKnownMethod(method))
    }
  })

  it('is any token, and case counts', () => {
    for (const method of ['get', 'PUN', 'Q', 'PROPFIND', 'GETS', "!#$%&'*+-.^_`|~09"]) {
      assert.equal(accepts(`${method} / HTTP/1.1\r\n\r\n`).method, method)
      assert.ok(!isKnownMethod(method))
    }
  })

  it('is nothing but a token', () => {
    for (const byte of [
      '"',
      '(',
      ')',
      ',',
      '/',
      ':',
      ';',
      '<',
      '=',
      '>',
      '?',
      '@',
      '[',
      '\\',
      ']',
      '{',
      '}',
      '\0',
      '\x7f',
      '\x80',
    ]) {
      refuses(`GE▶${byte}T / HTTP/1.1\r\n\r\n`, BAD_METHOD)
    }
    refuses('▶\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', BAD_METHOD) // a TLS client says hello
  })

  it('is not longer than any that could be known', () => {
    accepts(`${'M'.repeat(32)} / HTTP/1.1\r\n\r\n`)
    refuses(`${'M'.repeat(32)}▶M / HTTP/1.1\r\n\r\n`, METHOD_TOO_LONG)
    assert.equal(refusalOf(METHOD_TOO_LONG).status, 501)
  })
})

describe('target characters', () => {
  it('are those of a URI (RFC 3986 §2)', () => {
    const target = "/azAZ09-._~!$&'()*+,;=:@/[]?azAZ09-._~!$&'()*+,;=:@/?[]"
    assert.equal(accepts(line(target)).targetText(), target)
  })

  it('are also what can be seen and what is beyond ASCII', () => {
    const target = '/"<>^`{|}\x80\xff?"<>\\^`{|}\x80\xff'
    assert.equal(accepts(line(target)).targetText(), target)
  })

  it('are no others', () => {
    for (const byte of ['#', '\t', '\0', '\x01', '\x1f', '\x7f']) {
      refuses(`GET /a▶${byte} HTTP/1.1\r\n\r\n`, BAD_TARGET_CHAR)
      refuses(`GET /?a▶${byte} HTTP/1.1\r\n\r\n`, BAD_TARGET_CHAR)
    }
    refuses('GET /a▶\\ HTTP/1.1\r\n\r\n', BAD_TARGET_CHAR)
  })

  it('are escaped by two hexadecimal digits', () => {
    accepts(line('/%41%aF?%Ff'))
    accepts(line('/?%&%4&%zz&%u0041'))
    refuses('GET /%▶g1 HTTP/1.1\r\n\r\n', BAD_ESCAPE)
    refuses('GET /%4▶g HTTP/1.1\r\n\r\n', BAD_ESCAPE)
    refuses('GET /%▶ HTTP/1.1\r\n\r\n', BAD_ESCAPE)
    refuses('GET /%4▶ HTTP/1.1\r\n\r\n', BAD_ESCAPE)
    refuses('GET /%▶%41 HTTP/1.1\r\n\r\n', BAD_ESCAPE)
  })

  it('are noted when the path needs a second look', () => {
    const notes = (target: string) => accepts(line(target)).pathNotes
    assert.equal(notes('/'), 0)
    assert.equal(notes('/a.b/c.d..?/..//%41'), 0)
    assert.equal(notes('/%41'), NEEDS_DECODING)
    assert.equal(notes('/\xC3\xA9'), NEEDS_DECODING)
    assert.equal(notes('/?\xC3\xA9'), 0)
    assert.equal(notes('//'), IS_UNTIDY)
    assert.equal(notes('/a/.'), IS_UNTIDY)
    assert.equal(notes('/..%2f'), IS_UNTIDY | NEEDS_DECODING)
  })

  it('are * for OPTIONS only', () => {
    assert.equal(accepts('OPTIONS * HTTP/1.1\r\n\r\n').targetText(), '*')
    refuses('GET *▶ HTTP/1.1\r\n\r\n', BAD_TARGET_FORM)
    refuses('PRI *▶ HTTP/2.0\r\n\r\nSM\r\n\r\n', BAD_TARGET_FORM)
  })
})

describe('version (RFC 9112 §2.3)', () => {
  it('is 1 point something', () => {
    assert.equal(accepts('GET / HTTP/1.0\r\n\r\n').versionMinor, 0)
    assert.equal(accepts('GET / HTTP/1.2\r\n\r\n').versionMinor, 2)
    assert.equal(accepts('GET / HTTP/1.9\r\n\r\n').versionMinor, 9)
  })

  it('is not another one', () => {
    for (const version of ['0.9', '2.0', '3.1', '9.9']) {
      refuses(`GET / HTTP/${version}\r▶\n\r\n`, VERSION_NOT_SUPPORTED)
    }
    assert.equal(refusalOf(VERSION_NOT_SUPPORTED).status, 505)
  })

  it('is spelt in one way', () => {
    for (let place = 0; place < 8; place++) {
      const version = 'HTTP/1.1'
      refuses(`GET / ${version.slice(0, place)}▶X${version.slice(place + 1)}\r\n\r\n`, BAD_VERSION)
    }
    refuses('GET / ▶http/1.1\r\n\r\n', BAD_VERSION)
    refuses('GET / HTT▶p/1.1\r\n\r\n', BAD_VERSION)
    refuses('GET / HTTP▶ /1.1\r\n\r\n', BAD_VERSION)
    refuses('GET / HTTP/1▶\r\n\r\n', BAD_VERSION)
    refuses('GET / HTTP/1.▶x\r\n\r\n', BAD_VERSION)
    refuses('GET / HTTP/1▶1\r\n\r\n', BAD_VERSION)
    refuses('GET / HTTP/▶-1.1\r\n\r\n', BAD_VERSION)
    refuses('GET / HTTP/1.1▶1\r\n\r\n', BAD_LINE_END)
    refuses('GET / HTTP/1.▶\r\n\r\n', BAD_VERSION)
    refuses('GET / HTTP/1.▶:\r\n\r\n', BAD_VERSION)
    refuses('GET / ▶FTP/1.1\r\n\r\n', BAD_VERSION)
  })
})

describe('field lines (RFC 9112 §5)', () => {
  it('are kept in order, with their names as received', () => {
    const head = accepts(fields('Host: a\r\nX_y: 1\r\nx_Y:2\r\n\r\n'))
    assert.deepEqual(
      [...head.fields.entries()],
      [
        ['Host', 'a'],
        ['X_y', '1'],
        ['x_Y', '2'],
      ],
    )
  })

  it('have a token as their name, directly before the colon', () => {
    accepts(fields("!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n"))
    refuses(fields('Host▶ : a\r\n\r\n'), BAD_FIELD_NAME)
    refuses(fields('Host▶\t: a\r\n\r\n'), BAD_FIELD_NAME)
    refuses(fields('▶: a\r\n\r\n'), BAD_FIELD_NAME)
    refuses(fields('Host▶\r\n\r\n'), BAD_FIELD_NAME)
    refuses(fields('Host▶\n\r\n'), BAD_FIELD_NAME)
    refuses(fields('Host▶ a: b\r\n\r\n'), BAD_FIELD_NAME)
    for (const byte of [
      '"',
      '(',
      ')',
      ',',
      '/',
      ';',
      '<',
      '=',
      '>',
      '?',
      '@',
      '[',
      '\\',
      ']',
      '{',
      '}',
      '\0',
      '\x7f',
      '\x80',
      '\xff',
    ]) {
      refuses(fields(`Ho▶${byte}st: a\r\n\r\n`), BAD_FIELD_NAME)
      refuses(fields(`▶${byte}: a\r\n\r\n`), BAD_FIELD_NAME)
    }
  })

  it('have a value without the white space around it', () => {
    const valueIn = (text: string) => accepts(fields(`X:${text}\r\n\r\n`)).fields.valueAt(0)
    assert.equal(valueIn(''), '')
    assert.equal(valueIn(' \t '), '')
    assert.equal(valueIn('a'), 'a')
    assert.equal(valueIn(' \t a \t b\t \t'), 'a \t b')
    assert.equal(valueIn('\xa0\x80\xff\xa0'), '\xa0\x80\xff\xa0')
    assert.equal(valueIn(' :,;="\\(){}'), ':,;="\\(){}')
  })

  it('have no controls in a value', () => {
    for (let code = 0; code < 0x20; code++) {
      if (code === 0x09 || code === 0x0a || code === 0x0d) continue
      refuses(fields(`X: a▶${String.fromCharCode(code)}b\r\n\r\n`), BAD_FIELD_VALUE)
    }
    refuses(fields('X: ▶\x7f\r\n\r\n'), BAD_FIELD_VALUE)
    refuses(fields('X:▶\0\r\n\r\n'), BAD_FIELD_VALUE)
    for (let place = 0; place < 12; place++) {
      refuses(fields(`X: ${'a'.repeat(place)}▶\0${'a'.repeat(12)}\r\n\r\n`), BAD_FIELD_VALUE)
    }
  })

  it('end with CR LF', () => {
    refuses(fields('X: a▶\n\r\n'), BAD_LINE_END)
    refuses(fields('X: a\r▶b\r\n\r\n'), BAD_LINE_END)
    refuses(fields('X: a\r▶\r\n\r\n'), BAD_LINE_END)
    refuses(fields('X:▶\n\r\n'), BAD_LINE_END)
    refuses(fields('X: a\r\n▶\n'), BAD_LINE_END)
    refuses(fields('X: a\r\n\r▶X'), BAD_LINE_END)
  })

  it('are not folded', () => {
    refuses(fields('X: a\r\n▶ b\r\n\r\n'), FOLDED_LINE)
    refuses(fields('X: a\r\n▶\tb\r\n\r\n'), FOLDED_LINE)
    refuses(fields('▶ X: a\r\n\r\n'), FOLDED_LINE)
    refuses(fields('X: a\r\n▶ \r\n\r\n'), FOLDED_LINE)
  })

  it('have limits, each of which is 431', () => {
    const limits = SMALL_LIMITS
    accepts(fields(`X: ${'a'.repeat(15)}\r\n\r\n`), limits) // 20 bytes
    refuses(fields(`X: ${'a'.repeat(16)}▶\r\n\r\n`), FIELD_LINE_TOO_LONG, limits)
    refuses(fields(`${'X'.repeat(19)}▶X`), FIELD_LINE_TOO_LONG, limits)
    refuses(fields(`X:${' '.repeat(17)}▶ `), FIELD_LINE_TOO_LONG, limits)
    accepts(fields(`${'A: b\r\n'.repeat(4)}\r\n`), limits)
    refuses(fields(`${'A: b\r\n'.repeat(4)}▶A: b\r\n\r\n`), TOO_MANY_FIELDS, limits)

    const full = `GET /${'a'.repeat(14)} HTTP/1.1\r\n${`X: ${'a'.repeat(15)}\r\n`.repeat(3)}` // 30 + 60 bytes
    accepts(`${full}X: ${'a'.repeat(13)}\r\n\r\n`, limits) // 110 bytes
    refuses(`${full}X: ${'a'.repeat(14)}\r\n▶\r\n`, FIELDS_TOO_LARGE, limits)
    for (const code of [FIELD_LINE_TOO_LONG, TOO_MANY_FIELDS, FIELDS_TOO_LARGE])
      assert.equal(refusalOf(code).status, 431)
  })

  it('may be fifty and more, and 8 kB long', () => {
    assert.equal(accepts(fields(`${'Name: value\r\n'.repeat(60)}\r\n`)).fields.count, 60)
    accepts(fields(`X: ${'a'.repeat(8000)}\r\n\r\n`))
    refuses(fields(`${'a:\r\n'.repeat(1000)}▶a:\r\n`), TOO_MANY_FIELDS)
    refuses(fields(`X: ${'a'.repeat(8188)}▶a`), FIELD_LINE_TOO_LONG)
  })
})

describe('an instance', () => {
  it('serves one request after another', () => {
    const head = new RequestHead()
    for (const [text, target, host] of [
      ['POST /%41/../?q HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n', '/%41/../?q', 'a, b'],
      ['GET /b HTTP/1.1\r\n\r\n', '/b', null],
      ['GET /c HTTP/1.1\r\nHost: c\r\n\r\n', '/c', 'c'],
    ] as const) {
      head.reset()
      const bytes = Buffer.from(text, 'latin1')
      assert.equal(head.parse(bytes, 0, bytes.length), bytes.length)
      assert.equal(head.targetText(), target)
      assert.equal(head.fields.get('host'), host)
    }
    assert.equal(head.pathNotes, 0)
    assert.equal(head.queryText(), null)
    assert.equal(head.versionMinor, 1)
  })

  it('can be reset in the middle of anything', () => {
    const text = '\r\nPOST /%41/..?q HTTP/1.0\r\nHost: a\r\nX: \x00'
    const next = Buffer.from('GET / HTTP/1.1\r\nA: b\r\n\r\n')
    const head = new RequestHead()
    for (let length = 0; length <= text.length; length++) {
      head.parse(Buffer.from(text.slice(0, length), 'latin1'), 0, length)
      head.reset()
      assert.equal(head.parse(next, 0, next.length), next.length)
      assert.deepEqual(described(head), {
        method: 'GET',
        target: '/',
        versionMinor: 1,
        pathNotes: 0,
        fields: [['A', 'b']],
      })
    }
  })

  it('counts empty lines anew', () => {
    const bytes = Buffer.from(`${'\r\n'.repeat(16)}GET / HTTP/1.1\r\n\r\n`)
    const head = new RequestHead()
    for (let times = 0; times < 3; times++) {
      head.reset()
      assert.equal(head.parse(bytes, 0, bytes.length), bytes.length)
    }
  })

  it('has no text of what did not come', () => {
    const head = accepts('GET /abc?d HTTP/1.1\r\n\r\n')
    head.reset()
    const bytes = Buffer.from('GET /a#')
    assert.equal(head.parse(bytes, 0, bytes.length), BAD_TARGET_CHAR)
    assert.deepEqual([head.method, head.targetText(), head.lineText()], ['GET', '', ''])
    assert.equal(waitsFor('GET /a HTTP/1.1').lineText(), '')
    assert.equal(waitsFor('GET /a HTTP/1.1\r\nX').lineText(), 'GET /a HTTP/1.1')
  })

  it('can be copied with its bytes', () => {
    const bytes = Buffer.from('xx\r\nPUT /%41?q HTTP/1.0\r\nHost: a\r\nHost: b\r\nX: y\r\n\r\nyy')
    const head = new RequestHead()
    assert.equal(head.parse(bytes, 2, bytes.length), bytes.length - 2)
    const before = described(head)
    const copy = head.detachedCopy()
    bytes.fill(0)
    head.reset()
    assert.deepEqual(described(copy), before)
    assert.equal(copy.queryText(), 'q')
    assert.equal(copy.lineText(), 'PUT /%41?q HTTP/1.0')
    assert.equal(copy.fields.get('host'), 'a, b')
    assert.equal(copy.fields.get('x'), 'y')
    assert.ok(copy.isComplete)
  })
})
