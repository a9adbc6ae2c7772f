import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Expiry, fieldsFor, parseExpiry } from './expires.ts'

const NOW = Date.parse('2026-11-25T10:00:00.400Z')
const CHANGED = Date.parse('2026-11-20T10:00:00Z')

function gives(
  text: string,
  expires: string | number,
  cacheControl: string,
  lastModified = Number.NaN,
): void {
  const isModified = text.startsWith('modified ')
  const rule = parseExpiry(text.replace('modified ', ''), isModified) as Expiry
  const date = typeof expires === 'number' ? new Date(expires).toUTCString() : expires
  assert.deepEqual(fieldsFor(rule, NOW, lastModified), { expires: date, cacheControl }, text)
}

describe('expires', () => {
  it('counts from now', () => {
    gives('24h', NOW + 86_400_000, 'max-age=86400')
    gives('30', NOW + 30_000, 'max-age=30')
    gives('+1m', NOW + 60_000, 'max-age=60')
    gives('0', NOW, 'max-age=0')
  })

  it('forbids to keep what has expired', () => {
    gives('-1', NOW - 1000, 'no-cache')
    gives('epoch', 'Thu, 01 Jan 1970 00:00:01 GMT', 'no-cache')
  })

  it('has an idea of for ever', () => gives('max', 'Thu, 31 Dec 2037 23:55:55 GMT', 'max-age=315360000'))

  it('counts from the last change of a file, if there is one', () => {
    gives('modified 7d', CHANGED + 7 * 86_400_000, 'max-age=172800', CHANGED)
    gives('modified 1d', CHANGED + 86_400_000, 'no-cache', CHANGED)
    gives('modified 1d', NOW + 86_400_000, 'max-age=86400')
    gives('modified 0', NOW, 'max-age=0', CHANGED)
    gives('modified -1h', CHANGED - 3_600_000, 'no-cache', CHANGED)
  })

  it('knows a time of day by the clock on the wall', () => {
    const now = new Date(2026, 10, 25, 10, 0, 0, 400).getTime()
    const at = (...when: [number, number, number, number, number]) => new Date(...when).toUTCString()
    const daily = (text: string) => fieldsFor(parseExpiry(text, false) as Expiry, now, Number.NaN)
    assert.deepEqual(daily('@15h30m'), { expires: at(2026, 10, 25, 15, 30), cacheControl: 'max-age=19800' })
    assert.deepEqual(daily('@9h'), { expires: at(2026, 10, 26, 9, 0), cacheControl: 'max-age=82800' })
    assert.deepEqual(daily('@10h'), { expires: at(2026, 10, 26, 10, 0), cacheControl: 'max-age=86400' })
    assert.deepEqual(daily('@24h'), { expires: at(2026, 10, 26, 0, 0), cacheControl: 'max-age=50400' })
    assert.deepEqual(daily('@0'), { expires: at(2026, 10, 26, 0, 0), cacheControl: 'max-age=50400' })
  })

  it('says nothing where it is off', () => assert.equal(fieldsFor({ kind: 'off' }, NOW, Number.NaN), null))

  it('refuses what is no time', () => {
    for (const text of ['', 'soon', '-', '1x', '--1', '@', 'MAX']) {
      assert.equal(parseExpiry(text, false), 'invalid value', text)
    }
    for (const text of ['max', 'off', 'epoch']) assert.equal(parseExpiry(text, true), 'invalid value', text)
    assert.equal(parseExpiry('@25h', false), 'daily time value must be less than 24 hours')
    assert.equal(parseExpiry('@3h', true), 'daily time cannot be used with "modified" parameter')
  })
})
