import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fieldOf, type Response, ResponseReader } from './response.ts'

/** In pieces of one byte, too: where it is cut does not matter. */
function read(text: string, method = 'GET', hasEnded = false): ReturnType<ResponseReader['next']> {
  const results = [text.length, 1].map(size => {
    const reader = new ResponseReader()
    let result: ReturnType<ResponseReader['next']> = null
    for (let at = 0; at < text.length && result === null; at += size) {
      reader.push(Buffer.from(text.slice(at, at + size), 'latin1'))
      result = reader.next(method)
    }
    if (hasEnded) reader.end()
    return result ?? reader.next(method)
  })
  const [whole, bitByBit] = results
  assert.deepEqual(isFlaw(bitByBit!) ? 'flaw' : bitByBit, isFlaw(whole!) ? 'flaw' : whole)
  return whole!
}

function isFlaw(result: ReturnType<ResponseReader['next']>): boolean {
  return result !== null && 'flaw' in result
}

function content(text: string, method = 'GET', hasEnded = false): string {
  const result = read(text, method, hasEnded)
  assert.ok(result !== null && 'status' in result, JSON.stringify(result))
  return result.content.toString('latin1')
}

describe('the end of a response', () => {
  it('is told by its length, by its chunks, or by the end of the connection', () => {
    assert.equal(content('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef'), 'abc')
    assert.equal(
      content(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\n',
      ),
      'abc0123456789',
    )
    assert.equal(content('HTTP/1.0 200 OK\r\n\r\nabc', 'GET', true), 'abc')
    assert.equal(read('HTTP/1.0 200 OK\r\n\r\nabc'), null)
    assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab', 'GET', true), null)
  })

  it('comes at once to HEAD, 204, 304 and 1xx', () => {
    assert.equal(content('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', 'HEAD'), '')
    for (const status of [100, 204, 304]) assert.equal(content(`HTTP/1.1 ${status} X\r\n\r\n`), '')
  })

  it('is where the next one begins', () => {
    const reader = new ResponseReader()
    reader.push(
      Buffer.from(
        'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nb',
      ),
    )
    assert.equal((reader.next('GET') as Response).status, 200)
    assert.equal((reader.next('GET') as Response).status, 404)
    assert.equal(reader.bytes.length, 0)
  })
})

it('has its fields by name, lines joined', () => {
  const response = read('HTTP/1.1 204\r\nAllow: GET\r\nALLOW: HEAD \r\n\r\n') as Response
  assert.equal(fieldOf(response, 'allow'), 'GET, HEAD')
  assert.equal(fieldOf(response, 'x'), null)
})

describe('a flaw', () => {
  for (const [words, text] of [
    ['no HTTP', 'hello, world\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['a field without a colon', 'HTTP/1.1 200 OK\r\nnothing\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    [
      'a chunk that is longer than its size',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n',
    ],
  ] as const) {
    it(`is ${words}`, () => assert.ok(isFlaw(read(text))))
  }
})
