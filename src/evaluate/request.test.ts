import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { asks, bytesOf, chunked, content, lineOf, type Part, raw } from './request.ts'

const PLACE = { host: '127.0.0.1', port: 8080, authority: '127.0.0.1:8080' }

describe('the line that a person can repeat', () => {
  function repeats(...parts: Part[]): void {
    const request = raw(...parts)
    const line = lineOf(request, PLACE)
    const command = line.replace(/ \| nc 127\.0\.0\.1 8080$/, '')
    assert.notEqual(command, line)
    const said = execFileSync('/bin/sh', ['-c', command], { maxBuffer: 1e7 })
    assert.deepEqual(said, bytesOf(request, PLACE), line)
  }

  it('says the same bytes, with the server in Host', () => {
    assert.match(
      lineOf(raw('GET / HTTP/1.1\r\nHost: @HOST\r\n\r\n'), PLACE),
      /^printf 'GET \/ HTTP\/1\.1\\r\\nHost: 127\.0\.0\.1:8080\\r\\n\\r\\n' \| nc/,
    )
    repeats('GET / HTTP/1.1\r\nHost: @HOST\r\n\r\n')
  })

  it('says quotes, percent signs, zeros and all other bytes', () => {
    repeats(`it's 100% \\n "x" $HOME \`x\` \0\x001\x7f\xff\t`)
    repeats(Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join(''))
  })

  it('says long runs shortly', () => {
    repeats('GET /', ['a', 100_000], ' HTTP/1.1\r\n\r\n')
    repeats('GET / HTTP/1.1\r\n', ['A: b\r\n', 5000], '\r\n')
    repeats('0\r\n', ['1\r\nx\r\n', 500], ['0', 10])
    assert.ok(lineOf(raw('GET /', ['a', 100_000]), PLACE).length < 100)
  })

  it('is curl’s for a request that is well-formed', () => {
    const url = 'http://127.0.0.1:8080'
    assert.equal(lineOf(asks('GET', '/a?b=c'), PLACE), `curl -i '${url}/a?b=c'`)
    assert.equal(lineOf(asks('HEAD', '/'), PLACE), `curl -I ${url}/`)
    assert.equal(lineOf(asks('GET', '/', { version: '1.0' }), PLACE), `curl -i -0 ${url}/`)
    assert.equal(
      lineOf(asks('DELETE', '/a', { fields: ["X: it's"] }), PLACE),
      `curl -i -X DELETE -H 'X: it'\\''s' ${url}/a`,
    )
    assert.equal(
      lineOf(asks('POST', '/', { content: Buffer.from('a=b') }), PLACE),
      `curl -i -X POST --data-binary a=b ${url}/`,
    )
    assert.equal(
      lineOf(asks('PUT', '/', { content: content(500), chunkBytes: 100 }), PLACE),
      `head -c 500 /dev/urandom | curl -i -X PUT -H 'Transfer-Encoding: chunked' --data-binary @- ${url}/`,
    )
    assert.equal(lineOf(asks('GET', '/', { port: 81 }), PLACE), 'curl -i http://127.0.0.1:81/')
  })
})

it('makes chunks', () => {
  assert.equal(chunked(Buffer.from('abcde'), 3).toString(), '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n')
  assert.equal(chunked(Buffer.alloc(0), 3).toString(), '0\r\n\r\n')
})

it('makes the same content again, other content for another seed, and line ends and zeros within it', () => {
  assert.deepEqual(content(5000, 3), content(5000, 3))
  assert.notDeepEqual(content(5000, 3), content(5000, 4))
  assert.ok(content(5000).includes('\r\n0\r\n\r\n'))
  assert.ok(content(5000).includes(0))
  assert.equal(content(1).length, 1)
})
