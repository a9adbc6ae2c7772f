import assert from 'node:assert/strict'
import { it } from 'node:test'
import { scgiHead } from './scgi-request.ts'

it('an SCGI head is a netstring that begins with the length of the content', () => {
  const head = scgiHead(
    [
      ['SCGI', '1'],
      ['REQUEST_METHOD', 'POST'],
      ['CONTENT_LENGTH', '99'],
      ['REQUEST_URI', '/deepthought'],
    ],
    27,
  )
  // The example of the specification.
  assert.equal(
    head?.toString('latin1'),
    '70:CONTENT_LENGTH\x0027\0SCGI\x001\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0,',
  )
})

it('an SCGI head counts octets, and has no NUL but behind a name or value', () => {
  assert.equal(scgiHead([['A', '\xc3\xa9']], 0)?.toString('latin1'), '22:CONTENT_LENGTH\x000\0A\0\xc3\xa9\0,')
  assert.equal(scgiHead([['A', 'b\0c']], 0), null)
  assert.equal(scgiHead([['A\0', 'b']], 0), null)
})
