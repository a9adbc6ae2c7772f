import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MOST_UWSGI_BYTES, uwsgiHead } from './uwsgi-request.ts'

it('a uwsgi head has its size and modifiers, then names and values with their lengths', () => {
  const head = uwsgiHead(
    [
      ['REQUEST_METHOD', 'GET'],
      ['X', ''],
    ],
    { first: 5, second: 7 },
  )
  assert.equal(head?.toString('latin1'), '\x05\x1a\x00\x07\x0e\x00REQUEST_METHOD\x03\x00GET\x01\x00X\x00\x00')
  assert.deepEqual([...uwsgiHead([], { first: 0, second: 0 })!], [0, 0, 0, 0])
})

it('a uwsgi head is no longer than its 16 bits can say', () => {
  const none = { first: 0, second: 0 }
  const most = uwsgiHead([['A', 'b'.repeat(MOST_UWSGI_BYTES - 5)]], none)
  assert.deepEqual([most?.length, most?.readUInt16LE(1)], [MOST_UWSGI_BYTES + 4, MOST_UWSGI_BYTES])
  assert.equal(uwsgiHead([['A', 'b'.repeat(MOST_UWSGI_BYTES - 4)]], none), null)
})
