import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFromElsewhere } from './origin.ts'

function from(fields: Record<string, string>): boolean {
  return isFromElsewhere({ get: name => fields[name] ?? null })
}

describe('a request comes from a page of another site', () => {
  const host = 'example.org:8080'

  it('when Sec-Fetch-Site says so, whatever Origin says', () => {
    assert.ok(from({ host, 'sec-fetch-site': 'cross-site' }))
    assert.ok(from({ host, 'sec-fetch-site': 'same-site', origin: 'http://example.org:8080' }))
    assert.ok(!from({ host, 'sec-fetch-site': 'same-origin', origin: 'null' }))
    assert.ok(!from({ host, 'sec-fetch-site': 'none' }))
  })

  it('when Origin has another host or port, or hides them', () => {
    assert.ok(from({ host, origin: 'http://evil.example' }))
    assert.ok(from({ host, origin: 'http://example.org' }))
    assert.ok(from({ host, origin: 'http://example.org:8081' }))
    assert.ok(from({ host, origin: 'http://evil.example:8080' }))
    assert.ok(from({ host, origin: 'null' }))
    assert.ok(from({ host, origin: '' }))
    assert.ok(from({ origin: 'http://example.org' }), 'no Host to compare with')
  })

  it('but not when both are the same, or neither field is there, as from curl', () => {
    assert.ok(!from({ host, origin: 'http://example.org:8080' }))
    assert.ok(!from({ host: 'Example.ORG', origin: 'https://example.org' }))
    assert.ok(!from({ host }))
  })
})
