import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answered, type StubExchange } from '../../test/exchange-stub.ts'
import { placed } from '../../test/feature-stub.ts'
import { emptyGif } from './empty-gif.ts'

function ask(request: string): StubExchange {
  const { location } = placed([emptyGif], { location: 'empty_gif;' })
  return answered(request, { location })
}

const since = (date: string): string => `GET / HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: ${date}\r\n\r\n`

describe('empty_gif', () => {
  it('is one transparent pixel', () => {
    const x = ask('GET /any')
    assert.equal(x.status, 200)
    assert.equal(x.answerField('content-type'), 'image/gif')
    const bytes = x.answerBytes
    assert.equal(bytes.length, 43)
    assert.equal(bytes.toString('latin1', 0, 6), 'GIF89a')
    assert.deepEqual([bytes.readUInt16LE(6), bytes.readUInt16LE(8)], [1, 1])
    assert.equal(bytes[bytes.length - 1], 0x3b)
  })

  it('has never changed', () => {
    const x = ask(since('Mon, 28 Sep 1970 06:00:00 GMT'))
    assert.equal(x.status, 304)
    assert.equal(x.answerText, '')
    assert.equal(ask(since('Mon, 28 Sep 2020 06:00:00 GMT')).status, 200)
  })

  it('can only be retrieved', () => {
    assert.equal(ask('HEAD /').status, 200)
    const x = ask('POST /')
    assert.equal(x.status, 405)
    assert.equal(x.answerField('allow'), 'GET, HEAD')
  })

  it('is not handed down', () => assert.deepEqual(placed([emptyGif], {}).modules, []))
})
