import assert from 'node:assert/strict'
import { test } from 'node:test'
import { siteOf } from '../../test/site-stub.ts'

test('content that is larger than client_max_body_size is told of in the words that fail2ban and its like look for', () => {
  const site = siteOf('client_max_body_size 10; location / { return 200; }', 'error')
  const x = site.ask('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n')
  assert.equal(x.record.isTooLarge, true)
  assert.deepEqual(site.lines, ['error: client intended to send too large body: 11 bytes'])
})
