import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { INCOMPLETE } from '../http/refusals.ts'
import {
  BAD_LENGTH,
  BAD_LINE,
  BAD_STATUS,
  BAD_VALUE,
  CGI_RULES,
  CgiResponseHead,
  type CgiRules,
  HEAD_CUT,
  HEAD_EMPTY,
  HEAD_TOO_LARGE,
  NO_OUTPUT,
  responseRefusalWords,
} from './cgi-response.ts'

interface Read {
  readonly code: number
  readonly head: CgiResponseHead
  readonly content: string
}

/** Fed in pieces of so many bytes; each piece is overwritten after its call. */
function readIn(pieceBytes: number, output: string, rules: CgiRules = CGI_RULES): Read {
  const head = new CgiResponseHead(rules)
  const bytes = Buffer.from(output, 'latin1')
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = Buffer.from(bytes.subarray(at, at + pieceBytes))
    const code = head.parse(piece)
    piece.fill(0x21)
    if (code === INCOMPLETE) continue
    const content = code < 0 ? '' : bytes.toString('latin1', at + code)
    return { code, head, content }
  }
  return { code: head.endOfOutput(), head, content: '' }
}

/** Cut nowhere, and everywhere. */
function read(output: string, rules: CgiRules = CGI_RULES): Read {
  const whole = readIn(Math.max(1, output.length), output, rules)
  for (const size of [1, 2, 3, 7]) {
    const cut = readIn(size, output, rules)
    assert.deepEqual(
      [cut.head.status, cut.head.reason, cut.head.contentLength, cut.head.lines, cut.content],
      [whole.head.status, whole.head.reason, whole.head.contentLength, whole.head.lines, whole.content],
      `in pieces of ${size}`,
    )
    if (whole.code < 0) assert.equal(cut.code, whole.code)
  }
  return whole
}

function fields(output: string): string[] {
  return read(output).head.lines.map(({ name, value }) => `${name}=${value}`)
}

function refuses(output: string, code: number, rules: CgiRules = CGI_RULES): void {
  assert.equal(responseRefusalWords(read(output, rules).code), responseRefusalWords(code))
}

describe('the head of a program’s output', () => {
  it('ends at the first empty line, with LF, with CR LF, and with both', () => {
    for (const end of ['\n', '\r\n']) {
      const { head, content } = read(`Content-Type: text/plain${end}X-A:1${end}${end}a\n\nb`)
      assert.equal(head.get('content-type'), 'text/plain')
      assert.equal(head.get('x-a'), '1')
      assert.equal(content, 'a\n\nb')
    }
    assert.equal(read('X-A: 1\r\nX-B: 2\n\r\n\n').content, '\n')
  })

  it('may be the whole output', () => {
    const { code, head, content } = read('Status: 204\n\n')
    assert.ok(code > 0)
    assert.equal(head.status, 204)
    assert.equal(content, '')
  })

  it('keeps the order, the spelling and the octets of its fields', () => {
    assert.deepEqual(fields('set-cookie: a=1; Path=/\nX-Q: \xe9\xff \nSET-Cookie:b\nX-Empty:\n\n'), [
      'set-cookie=a=1; Path=/',
      'X-Q=\xe9\xff',
      'SET-Cookie=b',
      'X-Empty=',
    ])
  })

  it('has a status with a reason, with none, or none', () => {
    const status = (output: string) => {
      const { head } = read(output)
      return [head.status, head.reason, head.lines.length]
    }
    assert.deepEqual(status('Status: 418 I am a teapot\n\n'), [418, 'I am a teapot', 0])
    assert.deepEqual(status('status:404\n\n'), [404, '', 0])
    assert.deepEqual(status('Status: 200 \n\n'), [200, '', 0])
    assert.deepEqual(status('Content-Type: a/b\n\n'), [0, '', 1])
    assert.deepEqual(status('Status: 201\nStatus: 404\n\n'), [201, '', 0])
  })

  it('takes a status line where it may, and only as its first line', () => {
    const { head } = read('HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n')
    assert.equal(head.status, 404)
    assert.equal(head.reason, 'Not Found')
    assert.ok(head.hasStatusLine)
    assert.equal(head.get('server'), 'x')
    refuses('X-A: 1\nHTTP/1.1 200 OK\n\n', BAD_LINE)
    refuses('HTTP/1.1 200 OK\n\n', BAD_LINE, { ...CGI_RULES, mayHaveStatusLine: false })
    refuses('HTTP/1.1 20 OK\n\n', BAD_STATUS)
  })

  it('may announce a length, once', () => {
    assert.equal(read('Content-Length: 12\n\n').head.contentLength, 12)
    assert.equal(read('Content-Length: 0\ncontent-length: 0\n\n').head.contentLength, 0)
    assert.equal(read('X-A: 1\n\n').head.contentLength, null)
    for (const value of ['', '-1', '+1', '1, 1', '0x10', '1e3', '9999999999999999'])
      refuses(`Content-Length: ${value}\n\n`, BAD_LENGTH)
    refuses('Content-Length: 1\nContent-Length: 2\n\n', BAD_LENGTH)
  })
})

describe('any output', () => {
  it('is read the same however it is cut, and never throws', () => {
    let seed = 20_261_125
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    const words = [
      'Status: ',
      '200',
      ' OK',
      'HTTP/1.1 ',
      '\n',
      '\r\n',
      '\r',
      ':',
      'X-A: b\n',
      'Content-Length: ',
      '5',
      ' ',
      '\0',
      '\xff',
      '\n\n',
    ]
    let heads = 0
    for (let i = 0; i < 3000; i++) {
      const output = Array.from({ length: 1 + random(12) }, () => words[random(words.length)]).join('')
      if (read(output).code > 0) heads++
    }
    assert.ok(heads > 50 && heads < 2900, String(heads))
  })
})

describe('what is no head', () => {
  it('is refused by name', () => {
    refuses('', NO_OUTPUT)
    refuses('hello', HEAD_CUT)
    refuses('Content-Type: text/plain\n', HEAD_CUT)
    refuses('\nhello', HEAD_EMPTY)
    refuses('\r\nhello', HEAD_EMPTY)
    refuses('hello\nworld\n', BAD_LINE)
    refuses('<html>: a\n\n', BAD_LINE)
    refuses('X A: 1\n\n', BAD_LINE)
    refuses('X-A : 1\n\n', BAD_LINE)
    refuses(': 1\n\n', BAD_LINE)
    refuses('X-A: 1\n folded\n\n', BAD_LINE)
    refuses('X-A: a\rb\n\n', BAD_VALUE)
    refuses('X-A: a\0b\n\n', BAD_VALUE)
    refuses('Status: 200 a\x1bb\n\n', BAD_VALUE)
  })

  it('has a status that is none', () => {
    for (const value of ['1000', '20A', '20', '', 'OK', '-200', '199', '100 Continue', '000', '200OK'])
      refuses(`Status: ${value}\n\n`, BAD_STATUS)
  })

  it('is longer than the limit, to the byte', () => {
    const rules = { ...CGI_RULES, headBytes: 20 }
    const head = (length: number) => `X-A: ${'a'.repeat(length - 7)}\n\n`
    assert.equal(head(20).length, 20)
    assert.equal(readIn(20, head(20), rules).code, 20)
    refuses(head(21), HEAD_TOO_LARGE, rules)
    refuses('a'.repeat(21), HEAD_TOO_LARGE, rules)
    assert.equal(readIn(64 * 1024, 'X: a\n'.repeat(210_000)).code, HEAD_TOO_LARGE)
  })

  it('may be an empty line where that is allowed', () => {
    assert.equal(readIn(10, '\nhello', { ...CGI_RULES, mayBeEmpty: true }).content, 'hello')
  })
})
